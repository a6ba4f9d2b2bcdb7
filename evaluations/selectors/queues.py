"""What is waiting, for the teacher and for staff."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db.models import Count, Exists, OuterRef, Q, QuerySet, Subquery
from django.utils import timezone

from accounts.models import User
from assessments.models import PaperQuestion
from common.local_times import day_start
from evaluations.enums import OPEN_STATES, EvaluationRole, EvaluationState
from evaluations.models import Evaluation, MarkingGroup, QuestionMark, SlaBreach
from evaluations.models.evaluation import agreed_to_scans, late_at
from evaluations.selectors.calibration import WITH_SCRIPT, shown_exam, shown_name
from evaluations.selectors.conflicts import open_to
from evaluations.selectors.remembering import remembered

SOON = timedelta(hours=6)
#: Of the papers that are with a teacher the nearest so many are listed, and those that are begun.
MOST_LISTED = 60
#: More papers that wait are not counted: who reads the number can do no more with it.
MOST_WAITING = 99
WITH_A_TEACHER = (EvaluationState.ASSIGNED, EvaluationState.IN_PROGRESS)


@dataclass(frozen=True)
class QueueRow:
    """One paper of a teacher's queue. `student_name` is empty where the exam hides names, `numbers` for a whole
    paper."""

    id: UUID
    attempt_id: UUID
    label: str
    numbers: str
    exam_title: str
    paper_title: str
    student_name: str
    state: str
    state_label: str
    submitted_at: datetime
    due_at: datetime
    policy: str
    is_late: bool
    is_paused: bool
    written_questions: int
    marked_questions: int
    expected_minutes: int


@dataclass(frozen=True)
class StateCount:
    state: str
    label: str
    count: int


@dataclass(frozen=True)
class StaffBoard:
    """The state of the queue at `now`. Days are days of the institute's zone (settings.TIME_ZONE)."""

    now: datetime
    states: list[StateCount]
    open: int
    waiting: int
    late: int
    due_within_6h: int
    due_today: int
    finalised_today: int
    breached_today: int
    marked_not_released: int

    @property
    def assigned(self) -> int:
        """Of the `open` papers so many are with a teacher: how far the giving out of a large cohort is."""
        return self.open - self.waiting


def count_of(rows: QuerySet[Any], outer: str, *, distinct: str = "pk") -> Subquery:
    """How many of `rows` there are per `outer`, as a subquery."""
    return Subquery(rows.order_by().values(outer).annotate(n=Count(distinct, distinct=True)).values("n"))


def with_counts(rows: QuerySet[Evaluation]) -> QuerySet[Any]:
    """With `written`, how many questions there are to mark, and `done`, how many of them have a mark; a choice is one.

    None where there is none.
    """
    written = PaperQuestion.objects.filter(paper=OuterRef("attempt__paper"), is_written=True)
    marked = QuestionMark.objects.filter(evaluation=OuterRef("pk"))
    return rows.annotate(
        written=count_of(written, "paper", distinct="number"),
        done=count_of(marked, "evaluation", distinct="question__number"),
    )


def queue_for(teacher: User, now: datetime) -> list[QueueRow]:
    """Of the open papers that are with the teacher the MOST_LISTED nearest deadlines, and what is begun, the nearest
    first. One query."""
    mine = _with(teacher)
    nearest = mine.order_by("due_at", "id").values("pk")[:MOST_LISTED]
    rows = mine.filter(Q(pk__in=nearest) | Q(state=EvaluationState.IN_PROGRESS))
    rows = rows.select_related("attempt__exam", "attempt__paper", "attempt__student", "policy", *WITH_SCRIPT)
    listed: list[Any] = list(with_counts(rows).order_by("due_at", "id"))
    found = [_queue_row(row, now) for row in listed]
    # What nobody waits for never stands before what is due soon.
    seeds = {row.pk for row in listed if row.role == EvaluationRole.SEED}
    last = max((row.due_at for row in found if row.id not in seeds and row.due_at < now + SOON), default=now)
    return sorted(found, key=lambda row: (max(row.due_at, last) if row.id in seeds else row.due_at, row.id in seeds))


def count_with(teacher: User) -> int:
    """How many open papers are with the teacher."""
    return _with(teacher).count()


def _with(teacher: User) -> QuerySet[Evaluation]:
    """What is with the teacher to be marked, seeded scripts among it."""
    seeds = Q(role=EvaluationRole.SEED, state=EvaluationState.PRACTICE)
    agreed = Exists(agreed_to_scans(OuterRef("attempt__student")))
    return Evaluation.objects.filter(Q(state__in=WITH_A_TEACHER) | (seeds & agreed), teacher=teacher)


def waiting_for(teacher: User) -> int:
    """How many unassigned papers the teacher could pull; counted up to MOST_WAITING and one more."""
    return pullable_by(teacher).filter(paused_at=None).order_by("due_at", "id")[: MOST_WAITING + 1].count()


def pullable_by(teacher: User) -> QuerySet[Evaluation]:
    """The unassigned papers that the teacher could pull: qualified for, and without a conflict of interest."""
    programmes = teacher.qualifications.values("programme_id")
    waiting = Evaluation.objects.filter(state=EvaluationState.QUEUED, attempt__exam__programme__in=programmes)
    named = MarkingGroup.teachers.through.objects.filter(markinggroup=OuterRef("group"))
    meant = Q(group=None) | ~Exists(named) | Exists(named.filter(user=teacher))
    return open_to(waiting.filter(meant), teacher)


def to_moderate(person: User) -> int:
    """How many papers wait for a decision that the person may make, and that nobody else has taken up."""
    waiting = undecided_for(person).filter(Q(teacher=None) | Q(teacher=person))
    return waiting.count()


def undecided_for(person: User) -> QuerySet[Evaluation]:
    """What waits between two markings for a decision that the person may make."""
    rows = Evaluation.objects.filter(role=EvaluationRole.MODERATION, state=EvaluationState.MODERATION)
    return rows.visible_to(person)


def staff_board(now: datetime | None = None) -> StaffBoard:
    """Counts by state and what is due. Four queries, over open rows and today's only."""
    now = now or timezone.now()
    institute = timezone.get_default_timezone()
    midnight, tomorrow = day_start(now, institute), day_start(now, institute, days=1)
    is_open = Q(finalised_at__isnull=True)
    open_rows = Evaluation.objects.filter(state__in=OPEN_STATES)
    wanted = {
        **{state.value: Count("pk", filter=Q(state=state)) for state in OPEN_STATES},
        "late": Count("pk", filter=is_open & late_at(now)),
        "soon": Count("pk", filter=is_open & Q(due_at__gte=now, due_at__lt=now + SOON)),
        "today": Count("pk", filter=is_open & Q(due_at__gte=midnight, due_at__lt=tomorrow)),
    }
    done = Evaluation.objects.records().filter(state=EvaluationState.FINALISED)
    counts, _at = remembered("staff-board", lambda: {"done": done.count(), **open_rows.aggregate(**wanted)}, now=now)
    today = Evaluation.objects.records().filter(finalised_at__gte=midnight, finalised_at__lt=tomorrow).count()
    return StaffBoard(
        now=now,
        states=[StateCount(state.value, str(state.label), counts[state]) for state in OPEN_STATES],
        open=sum(counts[state] for state in OPEN_STATES),
        waiting=counts[EvaluationState.QUEUED],
        late=counts["late"],
        due_within_6h=counts["soon"],
        due_today=counts["today"],
        finalised_today=today,
        breached_today=SlaBreach.objects.filter(flagged_at__gte=midnight, flagged_at__lt=tomorrow).count(),
        marked_not_released=counts["done"],
    )


def _queue_row(row: Any, now: datetime) -> QueueRow:
    attempt, exam, state = row.attempt, shown_exam(row), row.told_state
    return QueueRow(
        id=row.pk,
        attempt_id=attempt.pk,
        label=row.short_id,
        numbers=row.numbers_label,
        exam_title=exam.title,
        paper_title=attempt.paper.title if exam == attempt.exam else exam.title,
        student_name=shown_name(row, exam),
        state=state,
        state_label=str(EvaluationState(state).label),
        submitted_at=row.submitted_at,
        due_at=row.due_at,
        policy=row.policy.name,
        is_late=row.is_late(now),
        is_paused=row.paused_at is not None,
        written_questions=len(row.numbers) if row.numbers else row.written or 0,
        marked_questions=row.done or 0,
        expected_minutes=max(1, round(row.expected_seconds / 60)),
    )
