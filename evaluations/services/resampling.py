"""A second look at papers of a marker who drifts: blind, by the ways there are. Staff see first what it would be.

A marked paper that is not back yet gets a blind second marking with a promise of its own; of one that is back the
questions that carry most are marked again by somebody else, as a re-check that costs its student nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.db.models import Avg
from django.utils.translation import gettext as _

from accounts.models import TeacherProfile, User
from accounts.services.audit import record_event
from common.errors import DomainError
from courses.models import TeachingQualification
from evaluations.enums import EvaluationState
from evaluations.models import Evaluation, ExamChecks, QuestionMark, RemarkRequest
from evaluations.selectors.marker_charts import marker_charts
from evaluations.services.assignment import assign_shares
from evaluations.services.double_marking import is_sampled
from evaluations.services.remarks import open_recheck
from evaluations.services.second_marking import open_second
from evaluations.services.transitions import lock_evaluation

#: More papers than this are not looked at again at once.
MOST = 200
#: Of a paper that is back so many questions are marked again.
QUESTIONS = 3
USUAL_SECONDS = 45.0


class ResampleError(DomainError):
    """These papers cannot be looked at again."""


@dataclass(frozen=True)
class Resample:
    """What a second look would be. `held`: papers that would be marked twice; `questions`: of papers that are back
    those that would be marked again; `hours`: the marking of both at the usual pace of the others."""

    since: datetime | None
    percent: int
    held: list[Evaluation]
    questions: list[tuple[Evaluation, list[UUID]]]
    hours: float

    @property
    def papers(self) -> int:
        return len(self.held) + len(self.questions)

    @property
    def rechecks(self) -> int:
        return sum(len(each) for _record, each in self.questions)


def last_good(checks: ExamChecks, teacher: User) -> datetime | None:
    """When the marker last finished a paper with agreed marks within the exam's bound, if ever."""
    chart = marker_charts(checks, [teacher.pk]).get(teacher.pk)
    pairs = zip(chart.at, chart.values, strict=True) if chart else ()
    good = [at for at, value in pairs if abs(value) <= checks.practice_bias / 100]
    return good[-1] if good else None


def plan_resample(*, checks: ExamChecks, teacher: User, since: datetime | None, percent: int) -> Resample:
    """Of the papers that the marker finished since then a sample, drawn from the papers' ids. Nothing is written."""
    if not 1 <= percent <= 100:
        raise ResampleError(_("Choose a share from 1 to 100 per cent."), "bad_percent")
    rows = Evaluation.objects.records().filter(
        attempt__exam=checks.pk, teacher=teacher, is_shared=False,
        state__in=(EvaluationState.FINALISED, EvaluationState.RELEASED),
    )  # fmt: skip
    rows = rows.filter(finalised_at__gte=since) if since is not None else rows
    rows = rows.exclude(shares__role="second").select_related("attempt__paper").order_by("finalised_at", "id")
    drawn = [row for row in rows if is_sampled(row.pk, percent)]
    if len(drawn) > MOST:
        raise ResampleError(
            _("These are more than %d papers. Choose a later time or a smaller share.") % MOST, "too_many"
        )
    held = [row for row in drawn if row.state == EvaluationState.FINALISED]
    questions = _questions([row for row in drawn if row.state == EvaluationState.RELEASED])
    marks = sum(float(row.attempt.paper.written_marks) for row in held)
    marks += sum(float(mark.question.marks) for _record, each in questions for mark in each)
    return Resample(
        since=since,
        percent=percent,
        held=held,
        questions=[(record, [mark.question_id for mark in each]) for record, each in questions],
        hours=marks * _pace(checks, teacher) / 3600,
    )


def resample(
    *, checks: ExamChecks, teacher: User, since: datetime | None, percent: int, reason: str, actor: User, now: datetime
) -> Resample:
    """Does what the plan says; what was changed meanwhile is left out. Audited. Raises ResampleError."""
    reason = reason.strip()
    if not reason or len(reason) > 200:
        raise ResampleError(_("Give a reason, in at most 200 characters."), "reason_missing")
    plan = plan_resample(checks=checks, teacher=teacher, since=since, percent=percent)
    if not plan.papers:
        raise ResampleError(_("There is nothing to look at again."), "nothing")
    done = {"second": 0, "rechecks": 0}
    for record in plan.held:
        done["second"] += _mark_twice(record, reason, actor, now)
    for record, questions in plan.questions:
        for question in questions:
            try:
                open_recheck(record=record, question_id=question, steps=[], reason=reason, actor=actor, now=now)
            except DomainError:  # asked for, or opened for correction, meanwhile
                continue
            done["rechecks"] += 1
    after = {**done, "teacher": teacher.pk, "since": since, "percent": percent}
    record_event(actor=actor, action="marker.resampled", obj=checks, before={}, after=after, reason=reason, now=now)
    return plan


def _mark_twice(record: Evaluation, reason: str, actor: User, now: datetime) -> bool:
    with transaction.atomic():
        locked = lock_evaluation(record.pk)
        if locked.state != EvaluationState.FINALISED:
            return False
        second = open_second(record=locked, why=reason, actor=actor, now=now, is_promised_anew=True)
    assign_shares(shares=[second], now=now)
    return True


def _questions(records: Sequence[Evaluation]) -> list[tuple[Evaluation, list[QuestionMark]]]:
    """Of each paper the marked questions that carry most and were not asked about yet. Two queries."""
    known = set(RemarkRequest.objects.filter(evaluation__in=records).values_list("evaluation_id", "question_id"))
    by_record: dict[UUID, list[QuestionMark]] = {record.pk: [] for record in records}
    marks = QuestionMark.objects.filter(evaluation__in=records).select_related("question")
    for mark in marks.order_by("-question__marks", "question__number", "question__alternative"):
        mine = by_record[mark.evaluation_id]
        if (mark.evaluation_id, mark.question_id) not in known and len(mine) < QUESTIONS:
            mine.append(mark)
    return [(record, by_record[record.pk]) for record in records if by_record[record.pk]]


def _pace(checks: ExamChecks, teacher: User) -> float:
    """Seconds per mark of the others who are qualified, on average."""
    others = TeachingQualification.objects.filter(programme=checks.exam.programme_id).exclude(teacher=teacher)
    profiles = TeacherProfile.objects.filter(user__in=others.values("teacher"), verified_at__isnull=False)
    return float(profiles.aggregate(mean=Avg("seconds_per_mark"))["mean"] or USUAL_SECONDS)
