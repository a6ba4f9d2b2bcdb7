"""Papers whose pictures are not kept any more, and moderators of papers that waited from before."""

from __future__ import annotations

from typing import Any

import pytest
from django.urls import reverse

from assessments.models import SheetPage
from evaluations.services.finishing import finalise_evaluation
from evaluations.tests.builders import marking, written
from evaluations.tests.test_schemes import give
from tests.factories import NOW

pytestmark = pytest.mark.django_db
SAID = "The picture of this page is not kept any more."


def test_a_result_without_its_pictures_says_so(cast: Any, client: Any) -> None:
    paper = marking(cast.exam, cast.student, cast.teacher)
    give(paper, written(cast.exam, 4), cast.teacher, s1="1")
    give(paper, written(cast.exam, 5, "a"), cast.teacher, s1="1")
    finalise_evaluation(evaluation=paper, actor=cast.teacher, now=NOW)
    SheetPage.objects.update(screen_key="erased/page", thumb_key="erased/page")
    client.force_login(cast.student)
    page = client.get(reverse("result-page", args=[paper.attempt_id])).content.decode()
    assert page.count(SAID) == 2
    assert "erased/" not in page
    client.force_login(cast.staff)
    desk = client.get(reverse("marking-desk", args=[paper.pk])).content.decode()
    assert "erased/" not in desk
    bundle = client.post(reverse("result-bundle", args=[paper.attempt_id]))
    assert (bundle.status_code, "not kept any more" in bundle.content.decode()) == (422, True)
