"""What may still be asked about a paper that is back, and until when."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import F, Q

from assessments.enums import RevealItem, RevealWhen
from assessments.models import Attempt, Exam
from assessments.selectors.reveal import Shown
from evaluations.enums import EvaluationState
from evaluations.models import AfterMarksPolicy, Evaluation


@dataclass(frozen=True)
class Window:
    """A time in which something may be asked; both None where it never may."""

    opens_at: datetime | None = None
    closes_at: datetime | None = None

    def state(self, now: datetime) -> str:
        """ "never", "soon", "open" or "over"."""
        if self.opens_at is None or self.closes_at is None:
            return "never"
        if now < self.opens_at:
            return "soon"
        return "open" if now < self.closes_at else "over"


@dataclass(frozen=True)
class AfterMarks:
    """The rules of a paper and the times that follow from them."""

    policy: AfterMarksPolicy
    questions: Window
    remarks: Window


def policy_for(exam: Exam) -> AfterMarksPolicy:
    """The exam's own row, else that of all exams, else the defaults, unsaved. One query."""
    rows = AfterMarksPolicy.objects.filter(Q(exam=exam) | Q(exam=None)).select_related("remark_policy__calendar")
    found: AfterMarksPolicy | None = rows.order_by(F("exam").asc(nulls_last=True)).first()
    return found or AfterMarksPolicy()


def after_marks(attempt: Attempt, record: Evaluation | None, shown: Shown) -> AfterMarks:
    """One query. Nothing may be asked of marks that are not `shown`, nor of a paper that no teacher marked."""
    policy = policy_for(attempt.exam)
    begins = record.released_at if record is not None and record.state == EvaluationState.RELEASED else None
    if begins is None or RevealItem.MARKS not in shown:
        return AfterMarks(policy, Window(), Window())
    ends = max(begins, _shown_from(attempt.exam) or begins)
    return AfterMarks(
        policy,
        _window(begins, ends, policy.question_hours, policy.question_days),
        _window(begins, ends, policy.remark_hours, policy.remark_days),
    )


def _shown_from(exam: Exam) -> datetime | None:
    """Marks that appear when the exam closes give the whole time from then."""
    waits = exam.reveal_rules[RevealItem.MARKS] in (RevealWhen.CLOSED, RevealWhen.ALL_SAT)
    return exam.closes_at if waits else None


def _window(begins: datetime, ends: datetime, hours: int, days: int) -> Window:
    return Window(begins + timedelta(hours=hours), ends + timedelta(days=days)) if days else Window()
