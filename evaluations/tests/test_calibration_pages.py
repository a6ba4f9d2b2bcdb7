"""The pages of calibration: a script from its choice to its use, practice at the desk, decisions, and their cost."""

from __future__ import annotations

from typing import Any

import pytest
from django.urls import reverse
from django.utils import timezone

from evaluations.enums import EvaluationState, ScriptState, StandingState
from evaluations.models import CalibrationScript, Evaluation, ExamChecks, MarkerStanding
from evaluations.tests.calibration import asking, marked_record, practise, ready_script

pytestmark = pytest.mark.django_db


@pytest.fixture
def checks(cast: Any) -> ExamChecks:
    return asking(cast.exam, cast.colleague)


def test_a_script_from_its_choice_to_its_use(client: Any, cast: Any) -> None:
    checks = asking(cast.exam, cast.colleague, scripts=0)
    record = marked_record(cast.exam, cast.colleague)
    client.force_login(cast.staff)
    choose = reverse("calibration-choose", args=[checks.pk])
    page = client.get(choose).content.decode()
    assert record.short_id in page
    assert record.attempt.student.name not in page
    wrong = client.post(choose, {"paper": record.pk, "use": "practice", "numbers": "four"})
    assert (wrong.status_code, "such as 4, 6" in wrong.content.decode()) == (422, True)
    client.post(choose, {"paper": record.pk, "use": "practice", "numbers": "4"})
    script = CalibrationScript.objects.get()
    url = reverse("calibration-script", args=[script.pk])
    key = script.marks.get().question_id
    bad = client.post(url, {f"words-{key}": "Why", f"free-{key}": "77"})
    assert (bad.status_code, "at most 3" in bad.content.decode(), "77" in bad.content.decode()) == (422, True, True)
    assert client.post(url, {f"words-{key}": "", f"free-{key}": "0", "open": "1"}).status_code == 422
    client.post(url, {f"words-{key}": "The unit is missing.", f"free-{key}": "1.5", "open": "1"})
    script.refresh_from_db()
    assert (script.state, str(script.marks.get().marks)) == (ScriptState.READY, "1.50")
    assert client.post(url, {f"words-{key}": "Later"}).status_code == 409
    client.post(reverse("calibration-retire", args=[script.pk]))
    script.refresh_from_db()
    assert script.state == ScriptState.RETIRED


def test_a_teacher_practises_from_the_queue_to_the_feedback(client: Any, cast: Any, checks: ExamChecks) -> None:
    client.force_login(cast.teacher)
    assert "mark 2 practice papers first" in client.get(reverse("marking-queue")).content.decode()
    desk = client.post(reverse("practice-begin", args=[checks.pk]))
    first = Evaluation.objects.filter(state=EvaluationState.PRACTICE).order_by("id")[0]
    assert desk.url == reverse("marking-desk", args=[first.pk])
    page = client.get(desk.url).content.decode()
    assert "nobody waits for it" in page
    assert first.attempt.student.name not in page
    feedback = reverse("practice-feedback", args=[first.pk])
    assert client.get(feedback).url == desk.url, "nothing before it is finished"
    assert client.post(reverse("marking-finalise", args=[first.pk])).status_code == 422
    now = timezone.now()
    practise(first, cast.teacher, four="0.5", now=now)
    page = client.get(feedback).content.decode()
    assert "You ½, agreed 2 of 3" in page
    assert "Next practice paper" in page
    assert first.attempt.student.name not in page
    practise(Evaluation.objects.get(state=EvaluationState.PRACTICE), cast.teacher, four="0", now=now)
    page = client.get(reverse("practice-page", args=[checks.pk])).content.decode()
    assert "2 rounds are left" in page


def test_staff_decide_and_say_why(client: Any, cast: Any, checks: ExamChecks) -> None:
    client.force_login(cast.staff)
    url = reverse("calibration-standing", args=[checks.pk])
    asked = {"teacher": cast.teacher.pk, "decision": "waive"}
    assert client.post(url, asked).status_code == 422
    assert client.post(url, {**asked, "reason": "x", "decision": "promote"}).status_code == 422
    assert client.post(url, {**asked, "reason": "Wrote the scheme"}).status_code == 302
    assert MarkerStanding.objects.get().state == StandingState.WAIVED
    assert client.post(url, {**asked, "reason": "Again"}).status_code == 409
    assert "Wrote the scheme" in client.get(reverse("calibration-page", args=[checks.pk])).content.decode()
    again = reverse("calibration-resample", args=[checks.pk, cast.colleague.pk])
    assert "hours of marking" in client.get(again, {"percent": "100"}).content.decode()
    for said in ({"percent": "200"}, {"percent": "x"}, {"from": "day", "day": "no"}):
        assert client.get(again, said).status_code == 422


def test_practice_is_asked_for_only_once_there_is_a_script(client: Any, cast: Any) -> None:
    """Else nobody could have a paper of the exam."""
    checks = asking(cast.exam, cast.colleague, papers=0, scripts=0)
    client.force_login(cast.staff)
    url = reverse("admin:evaluations_examchecks_change", args=[checks.pk])
    form = client.get(url).context["adminform"].form
    said = {name: value for name in form.fields if (value := form[name].value()) not in (None, [])}
    asked = client.post(url, {**said, "practice_papers": "2"})
    assert (asked.status_code, "Put a practice script to use first" in asked.content.decode()) == (200, True)
    ready_script(checks, marked_record(cast.exam, cast.colleague))
    assert client.post(url, {**said, "practice_papers": "2"}).status_code == 302
    checks.refresh_from_db()
    assert checks.practice_papers == 2


def test_the_page_costs_the_same_for_many_scripts_and_papers(
    client: Any, cast: Any, checks: ExamChecks, django_assert_max_num_queries: Any
) -> None:
    client.force_login(cast.staff)
    url = reverse("calibration-page", args=[checks.pk])
    client.get(url)
    with django_assert_max_num_queries(14) as few:
        client.get(url)
    for _each in range(4):
        ready_script(checks, marked_record(cast.exam, cast.colleague), use="seed")
    with django_assert_max_num_queries(len(few)):
        client.get(url)
