"""A project as its student sees it: the task, what they have handed in, and what became of it."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import OuterRef, Subquery
from django.urls import reverse

from accounts.models import User
from assessments.enums import AttemptState, PageState, RevealItem
from assessments.models import Attempt, Project, Submission
from assessments.selectors.projects import rubric_of, task_of, work_pages
from assessments.selectors.reveal import shown_by_exam
from assessments.services.submissions import last_moment
from evaluations.enums import EvaluationRole, EvaluationState
from evaluations.models import Evaluation, QuestionMark, Transition
from evaluations.selectors.records import record_of, with_records

#: Nobody has opened it on the desk.
UNTOUCHED = (EvaluationState.QUEUED, EvaluationState.ASSIGNED)


def project_page(*, project: Project, person: User, now: datetime) -> dict[str, Any]:
    """The context of the page; at most nine queries, however often something was handed in."""
    version = task_of(project.exam.paper)
    rows = _submissions(project, person, now)
    current = rows[0] if rows else None
    state = current["state"] if current else "new"
    if state == "withdrawn":
        state = "new"
    is_over = now >= last_moment(project)
    return {
        "project": project,
        "exam": project.exam,
        "lesson": project.lesson,
        "version": version,
        "rubric": rubric_of(version),
        "files": list(project.files.all()),
        "state": state,
        "is_over": is_over,
        "is_late": now > project.due_at,
        "last_moment": last_moment(project),
        "current": current if state != "new" else None,
        "earlier": rows if state == "new" else rows[1:],
        "pages": _pages(current["submission"].attempt_id) if current and state in ("open", "with_us") else [],
        "receipt": str(current["attempt"].pk)[-8:].upper() if current else "",
        "may_begin": state in ("new", "returned") and not is_over,
    }


def desk_work(evaluation: Evaluation) -> dict[str, Any]:
    """What the marker of a project sees beside the pages: the link, how late it is, what it revises. Two queries."""
    rows = Submission.objects.select_related("attempt__exam__project")
    submission = rows.get(pk=evaluation.attempt_id)
    before = Submission.objects.filter(
        attempt__exam=evaluation.attempt.exam_id,
        attempt__student=evaluation.attempt.student_id,
        number__lt=submission.number,
        is_returned=True,
    )
    reason = Transition.objects.filter(
        evaluation__attempt=OuterRef("pk"), evaluation__role=EvaluationRole.RECORD, name="return"
    )
    earlier = list(before.annotate(reason=Subquery(reason.order_by("-id").values("reason")[:1])).order_by("number"))
    return {
        "submission": submission,
        "late_marks": evaluation.late_marks,
        "earlier": earlier,
        "may_return": len(earlier) < submission.attempt.exam.project.revisions,
    }


def _submissions(project: Project, person: User, now: datetime) -> list[dict[str, Any]]:
    """Those of the person, the newest first, with where each stands."""
    attempts = with_records(Attempt.objects.filter(exam=project.pk, student=person))
    found = list(attempts.select_related("submission", "exam", "paper").order_by("-submission__number"))
    records = {attempt.pk: record_of(attempt) for attempt in found}
    keys = [record.pk for record in records.values() if record]
    reasons = dict(
        Transition.objects.filter(evaluation__in=keys, name="return").order_by("id").values_list("evaluation", "reason")
    )
    waiting = [record.pk for record in records.values() if record and record.state in UNTOUCHED]
    marks = QuestionMark.objects.filter(evaluation__in=waiting) if waiting else QuestionMark.objects.none()
    marked = set(marks.values_list("evaluation", flat=True))
    shows = bool(found) and RevealItem.MARKS in shown_by_exam([project.exam], now)[project.pk]
    return [_row(attempt, records[attempt.pk], reasons, marked, shows) for attempt in found]


def _row(
    attempt: Any, record: Evaluation | None, reasons: dict[UUID, str], marked: set[UUID], shows: bool
) -> dict[str, Any]:
    submission: Submission = attempt.submission
    is_back = record is not None and record.state == EvaluationState.RELEASED
    untouched = record is None or (record.state in UNTOUCHED and not record.active_seconds and record.pk not in marked)
    return {
        "submission": submission,
        "attempt": attempt,
        "record": record,
        "state": _state(attempt, record, submission),
        "reason": reasons.get(record.pk, "") if record else "",
        "due_at": record.due_at if record else None,
        "won": record.total_marks if record and is_back and shows else None,
        "most": record.max_marks if record else attempt.paper.total_marks,
        "may_withdraw": attempt.state == AttemptState.HANDED_IN and untouched and not submission.is_returned,
    }


def _state(attempt: Attempt, record: Evaluation | None, submission: Submission) -> str:
    """new is nothing; open, with_us, returned, back, withdrawn."""
    if attempt.state == AttemptState.CANCELLED:
        return "withdrawn"
    if attempt.state == AttemptState.SUBMITTED:
        return "open"
    if record is not None and record.state == EvaluationState.RELEASED:
        return "back"
    return "returned" if submission.is_returned else "with_us"


def _pages(attempt_id: UUID) -> list[dict[str, Any]]:
    return [
        {
            "number": number,
            "state": page.state,
            "thumb": reverse("page-image", args=[page.pk, "thumb"]) if page.state == PageState.READY else "",
        }
        for number, page in enumerate(work_pages(attempt_id), start=1)
    ]
