"""Pathfinders: made, put out, begun, and answered by the score that a higher app tells."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db import IntegrityError, transaction
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _

from accounts.models import User
from accounts.services.audit import record_event
from common.errors import NotPermittedError
from courses.enums import PathfinderKind
from courses.models import LearningPath, Pathfinder, PathfinderPath, PathfinderRun
from courses.selectors.pathfinders import choices_of, offered_interests, open_run, pathfinders_leading_to
from courses.services.checks import CourseError, checked_title, note_change, require_seen
from courses.services.path_fit import Candidate, fits
from notifications.enums import NotificationKind
from notifications.services.inbox import notify

FIELDS = {"title", "intro", "kind", "target"}


def make_pathfinder(*, title: str, actor: User, now: datetime) -> Pathfinder:
    """Seen by its maker and staff until it is published. Raises CourseError."""
    if not actor.has_perm("courses.make_course"):
        raise NotPermittedError(_("Only verified teachers and staff make pathfinders."), "not_permitted")
    with transaction.atomic():
        made: Pathfinder = Pathfinder.objects.create(title=checked_title(title), created_by=actor)
        record_event(actor=actor, action="pathfinder.made", obj=made, after={"title": made.title}, now=now)
    return made


def change_pathfinder(
    *,
    pathfinder: Pathfinder,
    fields: Mapping[str, Any],
    begins: Mapping[UUID, int | None],
    seen: int | None,
    actor: User,
    now: datetime,
) -> Pathfinder:
    """Changes names of FIELDS, and which paths it knows: from how many per cent each is recommended, or None.

    Raises CourseError: path_unknown, percent_invalid and those of `publish_pathfinder`; ConflictError.
    """
    wanted = {name: fields[name] for name in FIELDS & set(fields)}
    if "title" in wanted:
        wanted["title"] = checked_title(str(wanted["title"]))
    if any(number is not None and not 0 <= number <= 100 for number in begins.values()):
        raise CourseError(_("Per cent go from 0 to 100."), "percent_invalid")
    with transaction.atomic():
        locked = _lock(pathfinder, seen, actor)
        known = LearningPath.objects.visible_to(actor).filter(pk__in=begins, is_published=True)
        if known.count() != len(begins):
            raise CourseError(_("A pathfinder knows only paths that are out."), "path_unknown")
        before = {name: getattr(locked, name) for name in wanted} | {"paths": _begins(locked)}
        for name, value in wanted.items():
            setattr(locked, name, value)
        locked.choices.exclude(path__in=list(begins)).delete()
        for path_id, number in begins.items():
            PathfinderPath.objects.update_or_create(
                pathfinder=locked, path_id=path_id, defaults={"from_percent": number}
            )
        _require_way(locked)
        after = {**wanted, "paths": _begins(locked)}
        note_change(actor=actor, action="pathfinder.changed", obj=locked, before=before, after=after, now=now)
        return _saved(locked)


def publish_pathfinder(
    *, pathfinder: Pathfinder, publish: bool, seen: int | None, actor: User, now: datetime
) -> Pathfinder:
    """Offers it to students, or takes it back. Raises CourseError: leads_nowhere, no_lowest; ConflictError."""
    with transaction.atomic():
        locked = _lock(pathfinder, seen, actor)
        if locked.is_published == publish:
            return locked
        locked.is_published = publish
        _require_way(locked)
        record_event(
            actor=actor, action="pathfinder.published" if publish else "pathfinder.taken_back", obj=locked,
            after={"published": publish}, now=now,
        )  # fmt: skip
        return _saved(locked)


def begin_run(*, pathfinder: Pathfinder, interests: Collection[str], student: User, now: datetime) -> PathfinderRun:
    """Keeps the interests for the score to come. Beginning again before it came takes the new interests.

    Raises CourseError: not_open.
    """
    if not pathfinder.is_published:
        raise CourseError(_("This pathfinder is not open."), "not_open")
    kept = _known(pathfinder, interests)
    with transaction.atomic():
        row, _made = PathfinderRun.objects.update_or_create(
            pathfinder=pathfinder, student=student, answered_at=None, defaults={"interests": kept},
            create_defaults={"interests": kept, "begun_at": now},
        )  # fmt: skip
    return row


def take_score(
    *, kind: str, target: UUID, student: User, score: Decimal, out_of: Decimal, source: UUID, now: datetime
) -> list[PathfinderRun]:
    """A higher app says what `student` reached in the thing `target`, by the attempt or result `source`.

    Answers what the person began, or a run without interests where they came another way; tells them. May be called
    any number of times for the same source: it counts once. Returns the runs answered now.
    """
    if out_of <= 0 or score < 0:
        return []
    answered = []
    for pathfinder in pathfinders_leading_to(kind=kind, target=target).order_by("pk"):
        try:
            with transaction.atomic():
                run = _answer(pathfinder, student, min(score, out_of), out_of, source, now)
        except IntegrityError:
            # The same source a moment ago.
            continue
        if run is not None:
            answered.append(run)
    return answered


def change_interests(*, run: PathfinderRun, interests: Collection[str], now: datetime) -> PathfinderRun:
    """What fits with other interests and the same score."""
    with transaction.atomic():
        locked: PathfinderRun = PathfinderRun.objects.select_for_update(no_key=True, of=("self",)).get(pk=run.pk)
        locked.interests = _known(locked.pathfinder, interests)
        if locked.answered_at is not None:
            locked.fits = _fits(locked)
        locked.save(update_fields=["interests", "fits"])
    return locked


# --- Inside ----------------------------------------------------------------------------------------------------------
def _answer(
    pathfinder: Pathfinder, student: User, score: Decimal, out_of: Decimal, source: UUID, now: datetime
) -> PathfinderRun | None:
    if PathfinderRun.objects.filter(pathfinder=pathfinder, source=source).exists():
        return None
    run = open_run(pathfinder, student)
    if run is None:
        last = PathfinderRun.objects.filter(pathfinder=pathfinder, student=student).order_by("-pk").first()
        interests = last.interests if last else []
        run = PathfinderRun(pathfinder=pathfinder, student=student, interests=interests, begun_at=now)
    run.answered_at, run.source, run.score, run.out_of = now, source, score, out_of
    run.fits = _fits(run)
    run.save()
    best = next((fit for fit in run.fits if fit["recommended"]), None)
    if best is not None:
        with translation.override(student.language):
            title = _("A path for you: %s") % best["title"]
            body = _("This is what your answers in “%(pathfinder)s” say, and why.") % {"pathfinder": pathfinder}
        notify(
            user=student, kind=NotificationKind.PATH_NEWS, cause=f"pathfinder:{run.pk}", title=title, body=body,
            url=reverse("pathfinder-page", args=[pathfinder.pk]), now=now,
        )  # fmt: skip
    return run


def _fits(run: PathfinderRun) -> list[dict[str, Any]]:
    """What is told, as it is kept."""
    assert run.score is not None
    assert run.out_of is not None
    candidates = [
        Candidate(str(row.path_id), row.path.title, row.from_percent, tuple(row.path.interests))
        for row in choices_of(run.pathfinder)
    ]
    found = fits(percent=100 * run.score / run.out_of, interests=run.interests, candidates=candidates)
    return [
        {
            "path": fit.key, "title": fit.title, "share": fit.share, "met": list(fit.met),
            "reach": list(fit.reach) if fit.reach else None, "recommended": fit.is_recommended,
        }
        for fit in found
    ]  # fmt: skip


def _known(pathfinder: Pathfinder, interests: Collection[str]) -> list[str]:
    offered = offered_interests(choices_of(pathfinder))
    return [word for word in offered if word in interests]


def _begins(pathfinder: Pathfinder) -> dict[str, int | None]:
    return {str(path): number for path, number in pathfinder.choices.values_list("path_id", "from_percent")}


def _lock(pathfinder: Pathfinder, seen: int | None, actor: User) -> Pathfinder:
    if not actor.has_perm("courses.arrange_pathfinder", pathfinder):
        raise NotPermittedError(_("Only staff and whoever made this pathfinder may change it."), "not_yours")
    locked: Pathfinder = Pathfinder.objects.select_for_update(no_key=True).get(pk=pathfinder.pk)
    require_seen(locked.version, seen)
    return locked


def _saved(pathfinder: Pathfinder) -> Pathfinder:
    pathfinder.version += 1
    pathfinder.save()
    return pathfinder


def _require_way(pathfinder: Pathfinder) -> None:
    """What is out leads to an assessment, and has a path for somebody who knows nothing yet."""
    if not pathfinder.is_published:
        return
    if pathfinder.target is None or pathfinder.kind not in PathfinderKind.values:
        raise CourseError(_("Say to which quiz or assessment it leads."), "leads_nowhere")
    if not pathfinder.choices.filter(from_percent=0, path__is_published=True).exists():
        raise CourseError(_("One path has to begin at 0 per cent, so that everybody is told one."), "no_lowest")
