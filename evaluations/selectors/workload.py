"""How much each teacher has to do, until when, and how they kept their promises of late."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from django.db.models import Count, F, Q, Sum
from django.utils import timezone

from accounts.models import Leave, TeacherProfile
from evaluations.enums import EvaluationState
from evaluations.models import Evaluation
from evaluations.models.evaluation import late_at

WITH_A_TEACHER = (EvaluationState.ASSIGNED, EvaluationState.IN_PROGRESS)
#: Promises kept are counted over so many days.
LOOKED_BACK = timedelta(days=30)


@dataclass(frozen=True)
class Workload:
    """One teacher. `work` and `free` are hours of marking: of their promised papers, and what they have until the last
    of these is due, as the forecast's last run saw them (without a run, what was expected when the papers were given,
    and None). `done_at`: by when all is done in four of five plays. `late_ahead`: papers expected late."""

    id: UUID
    name: str
    papers: int
    cap: int
    late: int
    work: float
    free: float | None
    done_at: datetime | None
    late_ahead: float
    leave: tuple[date, date] | None
    on_leave: bool
    finished: int
    in_time: int

    @property
    def load(self) -> float | None:
        """Work over the time for it, None where there is neither a forecast nor time."""
        return self.work / self.free if self.free else None

    @property
    def is_over(self) -> bool:
        return self.free is not None and self.work > self.free

    @property
    def kept(self) -> float | None:
        """The share of promises kept, None without any."""
        return self.in_time / self.finished if self.finished else None


def workloads(now: datetime) -> list[Workload]:
    """Every verified teacher, the fullest first. Four queries."""
    today = timezone.localtime(now, timezone.get_default_timezone()).date()
    loads, kept = _open_loads(now), _kept(now)
    leaves: dict[UUID, tuple[date, date]] = {}
    for teacher, first, last in (
        Leave.objects.filter(ends_on__gte=today)
        .order_by("starts_on", "ends_on")
        .values_list("teacher_id", "starts_on", "ends_on")
    ):
        leaves.setdefault(teacher, (first, last))
    profiles = TeacherProfile.objects.filter(
        user__is_active=True, user__is_teacher=True, verified_at__isnull=False
    ).select_related("user__marker_forecast")
    made = [_load(profile, loads, kept, leaves.get(profile.pk), today) for profile in profiles]
    return sorted(made, key=lambda one: (-(one.load or 0), -one.work, one.name))


def _open_loads(now: datetime) -> dict[UUID | None, Any]:
    rows = Evaluation.objects.filter(state__in=WITH_A_TEACHER).order_by().values("teacher_id")
    promised = Q(finalised_at__isnull=True)
    counted = rows.annotate(
        papers=Count("pk"),
        late=Count("pk", filter=promised & late_at(now)),
        seconds=Sum("expected_seconds", filter=promised, default=0),
    )
    return {row["teacher_id"]: row for row in counted}


def _kept(now: datetime) -> dict[UUID | None, Any]:
    rows = Evaluation.objects.filter(finalised_at__gte=now - LOOKED_BACK).order_by().values("teacher_id")
    counted = rows.annotate(finished=Count("pk"), in_time=Count("pk", filter=Q(finalised_at__lte=F("due_at"))))
    return {row["teacher_id"]: row for row in counted}


def _load(
    profile: TeacherProfile,
    loads: dict[UUID | None, Any],
    kept: dict[UUID | None, Any],
    leave: tuple[date, date] | None,
    today: date,
) -> Workload:
    row, done = loads.get(profile.pk, {}), kept.get(profile.pk, {})
    seen = getattr(profile.user, "marker_forecast", None)
    return Workload(
        id=profile.pk,
        name=profile.user.name,
        papers=row.get("papers", 0),
        cap=profile.open_paper_cap,
        late=row.get("late", 0),
        work=(seen.work_seconds if seen else row.get("seconds", 0)) / 3600,
        free=seen.free_seconds / 3600 if seen and seen.papers else None,
        done_at=seen.done_at if seen else None,
        late_ahead=seen.late if seen else 0.0,
        leave=leave,
        on_leave=leave is not None and leave[0] <= today,
        finished=done.get("finished", 0),
        in_time=done.get("in_time", 0),
    )
