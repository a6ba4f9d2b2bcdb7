"""A lesson that asks for a written paper to be passed is done when the marked paper is back."""

import pytest

from assessments.models import Exam
from assessments.tests.test_course_lessons import done, lesson_to
from courses.enums import LessonKind
from evaluations.enums import EvaluationState
from evaluations.models import Evaluation
from evaluations.services.course_lessons import complete_by_release, complete_missed_passes
from evaluations.signals import evaluation_released
from evaluations.tests.builders import evaluation_of, hand_in
from tests.factories import NOW

pytestmark = pytest.mark.django_db


def released(cast, marks: str) -> Evaluation:
    """Of 12 marks; 6 of them pass."""
    Exam.objects.filter(pk=cast.exam.pk).update(pass_percent=50)
    cast.exam.refresh_from_db()
    return evaluation_of(
        hand_in(cast.exam, cast.student),
        teacher=cast.teacher,
        state=EvaluationState.RELEASED,
        finalised_at=NOW,
        released_at=NOW,
        total_marks=marks,
    )


@pytest.mark.parametrize(("marks", "passes"), [("5.5", 0), ("6", 1)])
@pytest.mark.parametrize("kind", [LessonKind.QUIZ, LessonKind.PROJECT])
def test_passing_does_the_lesson_once(cast, marks, passes, kind):
    record = released(cast, marks)
    lesson = lesson_to(cast, cast.exam, kind=kind)
    assert evaluation_released.has_listeners()
    for _delivery in range(2):
        assert complete_by_release(evaluation_id=record.pk, now=NOW) == passes
    assert done() == ({lesson.pk} if passes else set())
    assert complete_missed_passes(now=NOW) == 0


@pytest.mark.parametrize(("marks", "passes"), [("5.5", 0), ("6", 1)])
def test_the_sweep_does_what_was_dropped(cast, marks, passes):
    released(cast, marks)
    lesson_to(cast, cast.exam)
    assert (complete_missed_passes(now=NOW), complete_missed_passes(now=NOW)) == (passes, 0)


def test_marks_that_are_not_back_tell_nothing(cast):
    record = released(cast, "12")
    lesson_to(cast, cast.exam)
    Evaluation.objects.filter(pk=record.pk).update(state=EvaluationState.FINALISED)
    assert complete_by_release(evaluation_id=record.pk, now=NOW) == complete_missed_passes(now=NOW) == 0
