"""How fast each teacher marks: from their finished papers to rows, and from rows to their pace."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from datetime import datetime
from decimal import Decimal
from math import exp
from uuid import UUID

from django.db.models import Avg, F
from django.db.models.functions import Ln

from accounts.models import TeacherProfile, User
from evaluations.models import Evaluation, MarkEvent, MarkingSpeed
from evaluations.services.speeds import (
    PAPERS,
    Pace,
    Sign,
    Spent,
    measured_speed,
    new_speed,
    time_spent,
    whole,
)
from evaluations.services.workload import work_to_do

#: The type under which the speed with whole papers is kept.
WHOLE = ""


def learn_speed(*, evaluation: Evaluation, teacher: User, now: datetime) -> None:
    """From a paper that was just finished for the first time, in the same transaction: the teacher's mean over all
    types, which is also the start value of all, then each type."""
    profile = TeacherProfile.objects.select_for_update(no_key=True).get(user=teacher)
    marks = Decimal(sum(work_to_do(evaluation)["marks"].values()))
    speed = new_speed(profile.seconds_per_mark, active_seconds=evaluation.active_seconds, written_marks=marks)
    if speed != profile.seconds_per_mark:
        profile.seconds_per_mark = speed
        profile.save(update_fields=["seconds_per_mark"])
    measure_speeds(profile=profile, now=now)


def lock_profiles(teachers: Collection[UUID | None]) -> None:
    """Locks the profiles of several teachers in the order of their ids, until the transaction ends."""
    rows = TeacherProfile.objects.select_for_update(no_key=True).filter(user__in=[one for one in teachers if one])
    list(rows.order_by("pk").values_list("pk", flat=True))


def paces_of(profiles: Collection[TeacherProfile]) -> dict[UUID, Pace]:
    """The pace of each teacher. One query."""
    by_type: dict[UUID, dict[str, float]] = defaultdict(dict)
    spread: dict[UUID, dict[str, float]] = defaultdict(dict)
    rows = MarkingSpeed.objects.filter(teacher__in=[profile.pk for profile in profiles])
    for teacher, kind, seconds, width in rows.values_list("teacher_id", "question_type", "seconds_per_mark", "spread"):
        if kind == WHOLE:
            spread[teacher] = {"spread": width}
        else:
            by_type[teacher][kind] = seconds
    return {
        profile.pk: Pace(usual=float(profile.seconds_per_mark), by_type=by_type[profile.pk], **spread[profile.pk])
        for profile in profiles
    }


def measure_speeds(*, profile: TeacherProfile, now: datetime) -> int:
    """Works out a teacher's speeds from their last finished papers; returns how many types are known of.

    The same again changes nothing. The caller has locked the profile. What a type takes before it is measured: the
    teacher's seconds per mark, times what it takes others more than their own.
    """
    papers = _last_papers(profile)
    rates: dict[str, list[float]] = defaultdict(list)
    for spent in papers:
        for kind, one in spent.items():
            rates[kind].append(one.rate)
        rates[WHOLE].append(whole(spent.values()).rate)
    if not rates:
        return 0
    usual, factors = float(profile.seconds_per_mark), _type_factors(profile)
    rows = []
    for kind in sorted(rates):
        speed = measured_speed(rates[kind], prior=usual * factors.get(kind, 1.0))
        rows.append(
            MarkingSpeed(
                teacher=profile,
                question_type=kind,
                seconds_per_mark=speed.seconds_per_mark,
                spread=speed.spread,
                papers=speed.papers,
                updated_at=now,
            )
        )
    MarkingSpeed.objects.bulk_create(
        rows,
        update_conflicts=True,
        unique_fields=["teacher", "question_type"],
        update_fields=["seconds_per_mark", "spread", "papers", "updated_at"],
    )
    return len(rows)


def _last_papers(profile: TeacherProfile) -> list[dict[str, Spent]]:
    """The teacher's time on each of their last papers until it was finished first; corrections later do not count."""
    finished = Evaluation.objects.filter(teacher=profile.pk, finalised_at__isnull=False).order_by("-finalised_at", "id")
    last = list(finished.values_list("pk", flat=True)[:PAPERS])
    rows = MarkEvent.objects.filter(evaluation__in=last, worked_from=None, at__lte=F("evaluation__finalised_at"))
    events = rows.order_by("at", "id")
    signs: dict[UUID, list[Sign]] = {paper: [] for paper in last}
    for paper, question, kind, marks, active, actor, withdraws in events.values_list(
        "evaluation_id", "question_id", "question__type", "question__marks", "active_seconds", "actor_id", "withdraws"
    ):
        # A question whose mark was taken back took time, and is not marked.
        carried = 0.0 if withdraws is not None else float(marks)
        signs[paper].append(Sign(question, kind, carried, active, actor == profile.pk))
    return [spent for each in signs.values() if (spent := time_spent(each))]


def _type_factors(profile: TeacherProfile) -> dict[str, float]:
    """How much longer each type takes other teachers than their own marks do on the whole, on geometric average."""
    others = MarkingSpeed.objects.exclude(teacher=profile).exclude(question_type=WHOLE).order_by()
    effects = others.values("question_type").annotate(
        effect=Avg(Ln("seconds_per_mark") - Ln("teacher__seconds_per_mark"))
    )
    return {row["question_type"]: exp(row["effect"]) for row in effects}
