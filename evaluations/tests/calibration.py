"""Scripts, practice and standings that tests of calibration start from."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal as D
from typing import Any

from accounts.enums import ConsentKind
from accounts.models import Consent, User
from evaluations.enums import EvaluationState, ScriptState, ScriptUse
from evaluations.models import CalibrationScript, Evaluation, ExamChecks, MarkEvent, QuestionMark
from evaluations.services.finishing import finalise_evaluation
from evaluations.services.marking import save_mark
from evaluations.tests.builders import default_policy, evaluation_of, hand_in, written
from tests import factories
from tests.factories import NOW

#: Question 4 and the first alternative of 5 of a script, as agreed.
FOUR, FIVE = "2", "3"


def agree(student: User) -> None:
    Consent.objects.get_or_create(
        person=student, kind=ConsentKind.SCAN_USE, withdrawn_at=None,
        defaults={"given_by": student, "text_version": "1", "given_at": NOW},
    )  # fmt: skip


def marked_record(exam: Any, marker: User, student: User | None = None, **fields: Any) -> Evaluation:
    """A paper that `marker` has marked as agreed, of a student who agrees that others see it."""
    student = student or factories.StudentFactory()
    agree(student)
    fields = {"state": EvaluationState.RELEASED, "finalised_at": NOW, "written_marks": D(5), **fields}
    record = evaluation_of(hand_in(exam, student), teacher=marker, **fields)
    for number, alternative, marks in ((4, "", FOUR), (5, "a", FIVE)):
        values = {"version": 1, "marks": D(marks), "comment": "As the scheme says."}
        question = written(exam, number, alternative)
        MarkEvent.objects.create(evaluation=record, question=question, actor=marker, at=NOW, **values)
        QuestionMark.objects.create(evaluation=record, question=question, updated_at=NOW, **values)
    return record


def ready_script(
    checks: ExamChecks, record: Evaluation, use: str = ScriptUse.PRACTICE, **fields: Any
) -> CalibrationScript:
    fields = {"state": ScriptState.READY, "chosen_by": record.teacher, "chosen_at": NOW, **fields}
    script = CalibrationScript.objects.create(checks=checks, record=record, use=use, **fields)
    for mark in QuestionMark.objects.filter(evaluation=record):
        script.marks.create(question=mark.question, marks=mark.marks, words="The unit is asked for.")
    return script


def asking(exam: Any, marker: User, *, papers: int = 2, scripts: int = 2, **fields: Any) -> ExamChecks:
    """An exam that asks for practice, with as many scripts of papers that `marker` has marked."""
    default_policy()
    checks, _made = ExamChecks.objects.update_or_create(exam=exam, defaults={"practice_papers": papers, **fields})
    for _each in range(scripts):
        ready_script(checks, marked_record(exam, marker))
    return checks


def practise(evaluation: Evaluation, teacher: User, *, four: str = FOUR, five: str = FIVE, now: datetime = NOW) -> Any:
    """The teacher marks a practice paper or a seed and finishes it."""
    exam = evaluation.attempt.exam
    for question, marks in ((written(exam, 4), four), (written(exam, 5, "a"), five)):
        save_mark(
            evaluation=evaluation, question_id=question.pk, version=0, steps={}, comment="As it stands.",
            free_marks=D(marks), actor=teacher, now=now,
        )  # fmt: skip
    return finalise_evaluation(evaluation=evaluation, actor=teacher, now=now)
