"""Reading pathfinders: what is out, what somebody was told, and what higher apps ask."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any
from uuid import UUID

from django.db.models import F, QuerySet

from courses.models import LearningPath, Pathfinder, PathfinderPath, PathfinderRun


def open_pathfinders() -> list[Pathfinder]:
    """Those that are out, by title. One query."""
    return list(Pathfinder.objects.filter(is_published=True).order_by("title", "pk")[:5])


def pathfinders_leading_to(*, kind: str, target: UUID) -> QuerySet[Pathfinder]:
    """The pathfinders that are out and read the score of this thing of a higher app."""
    return Pathfinder.objects.filter(is_published=True, kind=kind, target=target)


def waiting_runs(kind: str) -> QuerySet[PathfinderRun]:
    """Runs of pathfinders that are out, begun and without a score, each with its `target`."""
    runs: QuerySet[PathfinderRun] = PathfinderRun.objects.filter(
        answered_at__isnull=True, pathfinder__is_published=True, pathfinder__kind=kind
    )
    return runs.annotate(target=F("pathfinder__target")).order_by("pk")


def choices_of(pathfinder: Pathfinder) -> list[PathfinderPath]:
    """Its paths that are out, with their words. One query."""
    rows = PathfinderPath.objects.filter(pathfinder=pathfinder, path__is_published=True).select_related("path")
    return list(rows.order_by("from_percent", "path__title", "pk"))


def offered_interests(choices: Collection[PathfinderPath]) -> list[str]:
    """The interests that any of the paths meets, in the order of the alphabet."""
    return sorted({word for choice in choices for word in choice.path.interests})


def latest_run(pathfinder: Pathfinder, user: Any) -> PathfinderRun | None:
    """What the person was told last."""
    runs = PathfinderRun.objects.filter(pathfinder=pathfinder, student=user.pk, answered_at__isnull=False)
    found: PathfinderRun | None = runs.order_by("-answered_at", "-pk").first()
    return found


def open_run(pathfinder: Pathfinder, user: Any) -> PathfinderRun | None:
    """What the person has begun and not answered."""
    runs = PathfinderRun.objects.filter(pathfinder=pathfinder, student=user.pk, answered_at__isnull=True)
    found: PathfinderRun | None = runs.first()
    return found


def own_pathfinders(user: Any) -> QuerySet[Pathfinder]:
    """Those that a person makes (staff: all), by title."""
    rows = Pathfinder.objects.all() if user.is_staff else Pathfinder.objects.filter(created_by=user)
    return rows.order_by("title", "pk")


def paths_to_choose(user: Any, pathfinder: Pathfinder) -> list[LearningPath]:
    """Paths that are out, each with `choice`, its row in this pathfinder or None. Two queries."""
    mine = {row.path_id: row for row in PathfinderPath.objects.filter(pathfinder=pathfinder)}
    rows = list(LearningPath.objects.visible_to(user).filter(is_published=True).order_by("title", "pk")[:100])
    for path in rows:
        path.choice = mine.get(path.pk)  # type: ignore[attr-defined]
    return rows
