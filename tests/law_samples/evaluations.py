"""One or more rows of every model of evaluations around the fixed cast, for the law tests."""

from __future__ import annotations

import uuid
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from django.db.models import Model

from evaluations.enums import EvaluationRole, EvaluationState
from evaluations.models import (
    AfterMarksPolicy,
    Annotation,
    AssignmentDecision,
    BankComment,
    BreachWarning,
    CalibrationMark,
    CalibrationPair,
    CalibrationScript,
    Clarification,
    ClarificationMessage,
    DeskKeys,
    DeskOperation,
    Evaluation,
    ExamChecks,
    ForecastRun,
    Holiday,
    LaterFlag,
    MarkCorrection,
    MarkedPaper,
    MarkerForecast,
    MarkerStanding,
    MarkEvent,
    MarkingGroup,
    MarkingSpeed,
    MarkPair,
    OpeningHours,
    PaperForecast,
    PictureRequest,
    PracticePaper,
    PracticeRound,
    QuestionMark,
    RemarkRequest,
    RemarkStep,
    RemarkToken,
    Reminder,
    SchemeLook,
    SchemeRevision,
    SchemeRun,
    SlaBreach,
    SlaPause,
    SlaPolicy,
    Transition,
    WorkingCalendar,
)
from evaluations.tests.builders import evaluation_of, hand_in, written
from evaluations.tests.calibration import agree
from tests import factories
from tests.factories import NOW


def samples(cast: Any) -> dict[type[Model], list[Model]]:
    """Papers of the student in every state, of the classmate and of a stranger, and what hangs on each."""
    exams = [factories.ExamFactory(for_cohorts=[cast.cohort]) for _ in EvaluationState]
    made = [
        evaluation_of(hand_in(exam, cast.student), teacher=_teacher(cast, state), state=state)
        for exam, state in zip(exams, EvaluationState, strict=True)
    ]
    made.append(_with(cast.colleague, exams[0], cast.classmate, EvaluationState.IN_PROGRESS))
    made.append(_with(cast.colleague, exams[1], cast.classmate, EvaluationState.RELEASED))
    made.append(_with(cast.newcomer, exams[2], cast.classmate, EvaluationState.ASSIGNED))
    made.append(_with(cast.teacher, exams[0], cast.outsider, EvaluationState.RELEASED))
    moderated = made[0]
    checks = ExamChecks.objects.create(exam=moderated.attempt.exam)
    checks.moderators.set([cast.colleague, cast.newcomer])
    hanging = [row for evaluation in made for row in _hanging(evaluation, cast)]
    rows: dict[type[Model], list[Model]] = {}
    for row in hanging:
        rows.setdefault(type(row), []).append(row)
    return rows | _office(cast, made, checks)


def _schemes(cast: Any, paper: Evaluation) -> dict[type[Model], list[Model]]:
    """A marking scheme that was changed after marking had begun."""
    question = written(paper.attempt.exam, 4)
    revision = SchemeRevision.objects.create(
        exam=paper.attempt.exam,
        version=question.version,
        number=1,
        reason="The board's answer",
        actor=cast.staff,
        at=NOW,
    )
    return {
        SchemeRevision: [revision],
        SchemeRun: [SchemeRun.objects.create(revision=revision)],
        SchemeLook: [SchemeLook.objects.create(revision=revision, evaluation=paper, question=question)],
    }


def _office(cast: Any, made: list[Evaluation], checks: ExamChecks) -> dict[type[Model], list[Model]]:
    """What the institute keeps: calendars, promises, rules, comments, speeds, forecasts."""
    calendar = WorkingCalendar.objects.get(slug="institute")
    rows: dict[type[Model], list[Model]] = {
        Holiday: [Holiday.objects.create(calendar=calendar, date=date(2026, 12, 25), name="Christmas")]
    }
    rows[ExamChecks] = [checks]
    rows[MarkPair] = [
        MarkPair.objects.create(
            evaluation=made[1],
            question=written(made[1].attempt.exam, 4),
            first=cast.teacher,
            second=cast.colleague,
            first_marks=Decimal(1),
            second_marks=Decimal(2),
            max_marks=Decimal(2),
            at=NOW,
        )
    ]
    rows |= _calibration(cast, checks, made)
    rows |= _schemes(cast, made[1])
    rows[WorkingCalendar] = [calendar]
    rows[OpeningHours] = list(calendar.opening_hours.all())
    rows[ForecastRun] = [ForecastRun.objects.create(made_at=NOW, papers=0, unseen=0)]
    rows[MarkerForecast] = [
        MarkerForecast.objects.create(
            teacher=cast.teacher, made_at=NOW, papers=0, work_seconds=0, free_seconds=0, late=0
        )
    ]
    rows[AfterMarksPolicy] = [AfterMarksPolicy.objects.create()]
    rows[SlaPolicy] = list(SlaPolicy.objects.all())
    rows[BankComment] = [
        BankComment.objects.create(owner=person, text="Show the working.")
        for person in (cast.teacher, cast.colleague, None)
    ]
    rows[DeskKeys] = [DeskKeys.objects.create(person=cast.teacher, keys={"tool_tick": "q"})]
    rows[MarkedPaper] = [
        MarkedPaper.objects.create(attempt=one.attempt, variant="name,answers", asked_at=NOW) for one in made
    ]
    rows[MarkingGroup] = [MarkingGroup.objects.create(exam=cast.exam, numbers=[4], first_number=4)]
    rows[MarkingSpeed] = [
        MarkingSpeed.objects.create(
            teacher=one.teacher_profile,
            question_type="short_answer",
            seconds_per_mark=40,
            spread=0.4,
            papers=3,
            updated_at=NOW,
        )
        for one in (cast.teacher, cast.colleague)
    ]
    return rows


def _teacher(cast: Any, state: str) -> Any:
    return None if state == EvaluationState.QUEUED else cast.teacher


def _with(teacher: Any, exam: Any, student: Any, state: str) -> Evaluation:
    return evaluation_of(hand_in(exam, student), teacher=teacher, state=state)


def _again(evaluation: Evaluation, question: Any, marker: Any, cast: Any) -> list[Model]:
    """A re-mark that waits at the colleague's, its step and token, and a corrected mark."""
    student = evaluation.attempt.student
    remark = evaluation_of(
        evaluation.attempt, teacher=cast.colleague, role="remark", record=evaluation, numbers=[4], is_remark=True
    )
    asked = RemarkRequest.objects.create(
        evaluation=evaluation, remark=remark, question=question, reason="Why?", asked_by=student, asked_at=NOW,
        first_marker=marker, marks_before=Decimal(1),
    )  # fmt: skip
    token = RemarkToken.objects.create(
        student=student, exam=evaluation.attempt.exam, request=asked, kind="spent", at=NOW
    )
    corrected = MarkCorrection.objects.create(
        evaluation=evaluation, question=question, before=Decimal(1), after=Decimal(2), total_before=Decimal(4),
        total_after=Decimal(5), reason="Seen again.", actor=marker, at=NOW,
    )  # fmt: skip
    return [asked, RemarkStep.objects.create(request=asked, before=Decimal(1)), token, corrected]


def _discussed(evaluation: Evaluation, marker: Any) -> list[Model]:
    thread = Clarification.objects.create(evaluation=evaluation, marker=marker, opened_at=NOW, last_at=NOW)
    said = {"clarification": thread, "side": "student", "author": evaluation.attempt.student, "at": NOW}
    return [thread, ClarificationMessage.objects.create(id=uuid.uuid4(), text="Why?", **said)]


def _calibration(cast: Any, checks: ExamChecks, made: list[Evaluation]) -> dict[type[Model], list[Model]]:
    """Practice of the teacher on the papers of two students, one of whom does not agree (any more)."""
    agree(made[0].attempt.student)
    papers, given = [], []
    at_work = PracticeRound.objects.create(checks=checks, teacher=cast.teacher, number=1, started_at=NOW)
    for record in (made[0], made[-1]):
        script = CalibrationScript.objects.create(
            checks=checks, record=record, state="ready", chosen_by=cast.staff, chosen_at=NOW
        )
        question = written(record.attempt.exam, 4)
        given.append(script.marks.create(question=question, marks=Decimal(2), words="The unit is missing."))
        practice = evaluation_of(
            record.attempt, teacher=cast.teacher, state=EvaluationState.PRACTICE, role=EvaluationRole.PRACTICE,
            record=record, is_remark=True,
        )  # fmt: skip
        papers.append(
            PracticePaper.objects.create(
                evaluation=practice, script=script, teacher=cast.teacher, round=at_work, given_at=NOW
            )
        )
    pair = CalibrationPair.objects.create(
        paper=papers[0], question=given[0].question, teacher=cast.teacher, given=Decimal(1), reference=Decimal(2),
        max_marks=Decimal(3), is_within=True, at=NOW,
    )  # fmt: skip
    stands = [
        MarkerStanding.objects.create(checks=checks, teacher=person, updated_at=NOW)
        for person in (cast.teacher, cast.colleague)
    ]
    return {
        CalibrationScript: [paper.script for paper in papers],
        CalibrationMark: list(given),
        PracticeRound: [at_work],
        PracticePaper: list(papers),
        CalibrationPair: [pair],
        MarkerStanding: list(stands),
        Evaluation: [*made, *(paper.evaluation for paper in papers), _to_moderate(made[0])],
    }


def _to_moderate(record: Evaluation) -> Evaluation:
    """What a moderator decides of a paper, while nobody has taken it up."""
    return evaluation_of(
        record.attempt, state=EvaluationState.MODERATION, role=EvaluationRole.MODERATION, record=record
    )


def _hanging(evaluation: Evaluation, cast: Any) -> list[Model]:
    """A row of each model that points at an evaluation."""
    question = written(evaluation.attempt.exam, 4)
    page = evaluation.attempt.uploads.first().pages.first()
    marker = evaluation.teacher or cast.teacher
    mark = {"evaluation": evaluation, "question": question, "version": 1, "marks": Decimal(1)}
    return [
        MarkEvent.objects.create(**mark, actor=marker, at=NOW),
        QuestionMark.objects.create(**mark, updated_at=NOW),
        Annotation.objects.create(
            id=uuid.uuid4(),
            evaluation=evaluation,
            page=page,
            kind="tick",
            geometry={"x": 0.5, "y": 0.5},
            author=marker,
            updated_at=NOW,
        ),
        DeskOperation.objects.create(
            id=uuid.uuid4(), evaluation=evaluation, actor=marker, at=NOW, kind="mark", target=question.pk, version=1
        ),
        LaterFlag.objects.create(evaluation=evaluation, question=question, flagged_at=NOW),
        Transition.objects.create(evaluation=evaluation, at=NOW, name="open", to_state=evaluation.state),
        AssignmentDecision.objects.create(evaluation=evaluation, at=NOW, reason="Nobody is available."),
        PictureRequest.objects.create(
            evaluation=evaluation,
            page=page,
            reason="blurred",
            frozen={},
            asked_by=marker,
            asked_at=NOW,
            answer_by=NOW + timedelta(hours=24),
        ),
        SlaPause.objects.create(
            evaluation=evaluation,
            started_at=NOW,
            ended_at=NOW,
            due_before=evaluation.due_at,
            due_after=evaluation.due_at,
        ),
        PaperForecast.objects.create(evaluation=evaluation, expected_at=NOW, late_chance=0.2, made_at=NOW),
        BreachWarning.objects.create(evaluation=evaluation, warned_at=NOW, due_at=NOW, late_chance=0.7),
        Reminder.objects.create(
            evaluation=evaluation, rung="half", teacher=marker, promised_from=NOW, at=NOW, is_told=True
        ),
        *_discussed(evaluation, marker),
        *_again(evaluation, question, marker, cast),
        SlaBreach.objects.create(evaluation=evaluation, due_at=NOW - timedelta(hours=1), flagged_at=NOW),
    ]
