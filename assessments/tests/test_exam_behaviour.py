"""How an exam behaves is chosen once: checked against its paper, recorded, and fixed when somebody has sat it."""

from __future__ import annotations

from decimal import Decimal

import pytest

from accounts.models import AuditEvent
from assessments.enums import Behaviour
from assessments.models import Blueprint, BlueprintSection, BlueprintSlot, Exam
from assessments.services.attempts import start_attempt
from assessments.services.exams import save_exam
from assessments.services.paper_drafts import set_paper
from common.errors import DomainError
from tests import factories
from tests.cast import Cast
from tests.factories import NOW

pytestmark = pytest.mark.django_db
ONE_CHOICE = [("A", 1, "", "single_choice", "1", ())]


def test_recorded_when_it_changes(cast: Cast) -> None:
    exam = Exam.objects.get(pk=cast.exam.pk)
    exam.behaviour, exam.try_penalty = Behaviour.ADAPTIVE, Decimal("0.1")
    save_exam(exam=exam, actor=cast.staff, now=NOW)
    event = AuditEvent.objects.get(action="exam.changed")
    assert (event.before, event.after) == (
        {"behaviour": "deferred", "try_penalty": "0.33"},
        {"behaviour": "adaptive", "try_penalty": "0.1"},
    )


def test_fixed_once_somebody_has_sat_it(cast: Cast) -> None:
    start_attempt(exam=cast.exam, student=cast.student, now=NOW)
    exam = Exam.objects.get(pk=cast.exam.pk)
    exam.title = "Another name"
    save_exam(exam=exam, actor=cast.staff, now=NOW)
    exam.tries = 5
    with pytest.raises(DomainError, match="can no longer change") as refused:
        save_exam(exam=exam, actor=cast.staff, now=NOW)
    assert refused.value.code == "behaviour_in_use"
    assert Exam.objects.get(pk=exam.pk).tries == 3


def test_certainty_needs_a_paper_that_keys_mark(cast: Cast) -> None:
    known = {"cohorts": [cast.cohort], "title": "Sure?", "opens_at": NOW, "closes_at": None, "duration_minutes": 30}
    with pytest.raises(DomainError, match="without written questions"):
        set_paper(paper=cast.exam.paper, behaviour=Behaviour.CERTAINTY, actor=cast.teacher, now=NOW, **known)
    bare = factories.small_paper(ONE_CHOICE, "Choices")
    exam = set_paper(paper=bare, behaviour=Behaviour.CERTAINTY, actor=cast.teacher, now=NOW, **known)
    assert Exam.objects.get(pk=exam.pk).behaviour == Behaviour.CERTAINTY


@pytest.mark.parametrize(("kinds", "fits"), [(["single_choice", "numeric"], True), (["numeric", "long_answer"], False)])
def test_certainty_looks_at_the_slots_of_a_blueprint(cast: Cast, kinds: list[str], fits: bool) -> None:
    unit = factories.UnitFactory()
    blueprint = Blueprint.objects.create(
        programme=unit.programme, slug="b", name="B", kind="custom", duration_minutes=10, total_marks=1
    )
    section = BlueprintSection.objects.create(blueprint=blueprint, label="A", title="A", position=1)
    BlueprintSlot.objects.create(section=section, number=1, unit=unit, types=kinds, marks=1)
    exam = factories.ExamFactory.build(
        programme=unit.programme, blueprint=blueprint, paper=None, behaviour=Behaviour.CERTAINTY
    )
    if fits:
        save_exam(exam=exam, actor=cast.staff, now=NOW)
        return
    with pytest.raises(DomainError, match="without written questions"):
        save_exam(exam=exam, actor=cast.staff, now=NOW)
