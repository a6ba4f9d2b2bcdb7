"""Reading the flight record of an attempt: spells with what could be credited for them, devices, integrity facts, and
which answers stood at a moment."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db.models import Aggregate, Count, IntegerField, OuterRef, QuerySet, Subquery, Sum
from django.db.models.fields.json import KT
from django.db.models.functions import Cast

from assessments.enums import OUTAGES, SPELLS, TOLD_EVENTS, FlightEvent
from assessments.models import Attempt, AttemptEvent
from assessments.selectors.outages import Span, length, lost_spans, whole_minutes

# Shorter ones are listed and not offered: an answer that waits a moment loses no time.
LEAST = timedelta(seconds=20)
# A page that was opened so long after the last sign of life had been away, whoever tells so.
SILENCE = timedelta(seconds=60)
# What the server itself saw the student do, and what reached it: signs of life.
SIGNS = TOLD_EVENTS | {FlightEvent.ANSWER, FlightEvent.STARTED, FlightEvent.REFUSED}


@dataclass(frozen=True)
class Spell:
    """A time in which something was so. `event`: which line it is, or for one that only the server's silence shows, the
    line of the opening that ended it (`is_told` False). `lost` is what a credit would make up for."""

    event: int
    kind: str
    device: UUID | None
    span: Span
    told_at: datetime
    is_told: bool = True
    lost: list[Span] = field(default_factory=list)
    credited_minutes: int = 0

    @property
    def began_at(self) -> datetime:
        return self.span[0]

    @property
    def ended_at(self) -> datetime:
        return self.span[1]

    @property
    def seconds(self) -> int:
        return round((self.span[1] - self.span[0]).total_seconds())

    @property
    def is_outage(self) -> bool:
        return self.kind in OUTAGES

    @property
    def minutes(self) -> int:
        """Whole minutes that a credit would give now."""
        lost = length(self.lost)
        return whole_minutes(lost) if lost >= LEAST and not self.credited_minutes else 0


@dataclass(frozen=True)
class Device:
    """One browser that the attempt was open in, named by a letter in the order of first sight."""

    id: UUID
    letter: str
    form: str
    system: str
    browser: str
    skew_ms: int | None
    first_at: datetime
    last_at: datetime


def events_of(attempt: Attempt) -> list[AttemptEvent]:
    """Every line in the order in which the server learned of it. One query."""
    return list(AttemptEvent.objects.filter(attempt=attempt.pk).order_by("id"))


def events_by_attempt(attempts: Iterable[Attempt]) -> dict[UUID, list[AttemptEvent]]:
    """As `events_of`, of several attempts, without what was answered. Two queries."""
    by_id: dict[UUID, list[AttemptEvent]] = {attempt.pk: [] for attempt in attempts}
    rows = AttemptEvent.objects.filter(attempt__in=list(by_id))
    for event in rows.filter(kind=FlightEvent.ANSWER).defer("data").iterator():
        by_id[event.attempt_id].append(event)
    for event in rows.exclude(kind=FlightEvent.ANSWER).iterator():
        by_id[event.attempt_id].append(event)
    return {pk: sorted(found, key=lambda event: event.pk) for pk, found in by_id.items()}


def happened_at(event: AttemptEvent) -> datetime:
    return event.began_at or event.at


def writing_windows(attempt: Attempt, events: Iterable[AttemptEvent], now: datetime) -> list[Span]:
    """When the attempt could be written: from its start to its end, and again after it was opened again."""
    windows: list[Span] = []
    opened: datetime | None = attempt.started_at
    for event in events:
        if event.kind == FlightEvent.SUBMITTED and opened is not None:
            windows.append((opened, max(opened, event.began_at or event.at)))
            opened = None
        elif event.kind == FlightEvent.REOPENED:
            opened = opened or event.at
    if opened is not None:
        end = attempt.submitted_at or min(now, attempt.ends_at)
        windows.append((opened, max(opened, end)))
    return windows


def spells_of(attempt: Attempt, events: Sequence[AttemptEvent], now: datetime) -> list[Spell]:
    """Every spell in the order of its beginning, outages with what could be credited for them."""
    credits = {event.about: event for event in events if event.kind == FlightEvent.CREDITED}
    taken = [span for event in credits.values() for span in _spans(event)]
    signs = [event.at for event in events if event.kind in SIGNS]
    windows = writing_windows(attempt, events, now)
    made = []
    for spell in [*_told(events), *_silent(attempt, events)]:
        if spell.kind in OUTAGES:
            lost = lost_spans(spell.span, windows=windows, signs=signs, credited=taken)
            credit = credits.get(spell.event)
            minutes = (credit.data or {}).get("seconds", 0) // 60 if credit is not None else 0
            made.append(replace(spell, lost=lost, credited_minutes=minutes))
        else:
            made.append(spell)
    return sorted(made, key=lambda spell: spell.span)


def _spans(credit: AttemptEvent) -> list[Span]:
    spans: list[list[str]] = (credit.data or {}).get("spans", [])
    return [(datetime.fromisoformat(begin), datetime.fromisoformat(end)) for begin, end in spans]


def _told(events: Iterable[AttemptEvent]) -> list[Spell]:
    return [
        Spell(event.pk, event.kind, event.device, _span(event), event.at)
        for event in events
        if event.kind in SPELLS and event.began_at is not None
    ]


def _span(event: AttemptEvent) -> Span:
    began = happened_at(event)
    return began, began + timedelta(milliseconds=event.ms or 0)


def _silent(attempt: Attempt, events: Sequence[AttemptEvent]) -> list[Spell]:
    """Times without a sign of life that ended with an opening of the page: the power was off, or a new computer was
    fetched, and nobody could tell. Where the device tells of it too, that line stands for it."""
    told = [_span(event) for event in events if event.kind == FlightEvent.CLOSED]
    lives = sorted(
        [attempt.started_at]
        + [_span(event)[1] for event in events if event.kind in SIGNS and event.kind != FlightEvent.CLOSED]
        + [
            event.at
            for event in events
            if event.kind in (FlightEvent.ANSWER, FlightEvent.REFUSED, FlightEvent.REOPENED)
        ]
    )
    made = []
    for event in events:
        if event.kind != FlightEvent.OPENED:
            continue
        opened = happened_at(event)
        last = max((moment for moment in lives if moment < opened), default=opened)
        if opened - last < SILENCE or any(begin < opened and end > last for begin, end in told):
            continue
        made.append(Spell(event.pk, FlightEvent.CLOSED, event.device, (last, opened), event.at, is_told=False))
    return made


def devices_of(events: Iterable[AttemptEvent]) -> list[Device]:
    """The devices in the order of first sight."""
    found: dict[UUID, list[AttemptEvent]] = {}
    for event in events:
        if event.device is not None:
            found.setdefault(event.device, []).append(event)
    devices = []
    for number, (device, rows) in enumerate(found.items()):
        told = [row.data for row in rows if row.kind == FlightEvent.OPENED and row.data]
        opened: dict[str, Any] = told[-1] if told else {}
        moments = [happened_at(row) for row in rows]
        devices.append(
            Device(
                id=device,
                letter=_letter(number),
                form=opened.get("form", ""),
                system=opened.get("system", ""),
                browser=opened.get("browser", ""),
                skew_ms=opened.get("skew_ms"),
                first_at=min(moments),
                last_at=max(row.at for row in rows),
            )
        )
    return devices


def _letter(number: int) -> str:
    return chr(ord("A") + number) if number < 26 else str(number + 1)


@dataclass(frozen=True)
class Standing:
    """What stood for one question at a moment, and when that had been saved."""

    answer: dict[str, Any]
    marked: bool
    certainty: int | None
    saved_at: datetime
    saves: int


def answers_at(events: Iterable[AttemptEvent], moment: datetime) -> dict[UUID, Standing]:
    """Which answers the server had at `moment`, by question: what the highest `seq` saved by then left standing."""
    standing: dict[UUID, Standing] = {}
    for event in events:
        if event.kind != FlightEvent.ANSWER or event.at > moment or event.question is None:
            continue
        old, said = standing.get(event.question), event.data or {}
        standing[event.question] = Standing(
            answer=said.get("answer", old.answer if old else {}),
            marked=said.get("marked", old.marked if old else False),
            certainty=said.get("certainty", old.certainty if old else None),
            saved_at=event.at,
            saves=(old.saves if old else 0) + 1,
        )
    return standing


@dataclass(frozen=True)
class Facts:
    """What SPEC §3.7 calls the integrity log: counted, and left to the reader."""

    hidden: int
    hidden_seconds: int
    unfocused: int
    pastes: int
    pasted_characters: int
    devices: int
    second_tabs: int

    @property
    def are_none(self) -> bool:
        return not (self.hidden or self.unfocused or self.pastes or self.second_tabs or self.devices > 1)


def with_integrity_facts(attempts: QuerySet[Attempt]) -> QuerySet[Attempt]:
    """`attempts` with what `integrity_facts` reads, in the same query: pages of results have none to spare."""

    def of(kind: str, value: Aggregate) -> Subquery:
        rows = AttemptEvent.objects.filter(attempt=OuterRef("pk"), kind=kind).order_by().values("attempt")
        return Subquery(rows.annotate(found=value).values("found"))

    return attempts.annotate(
        facts_hidden=of(FlightEvent.HIDDEN, Count("pk")),
        facts_hidden_ms=of(FlightEvent.HIDDEN, Sum("ms")),
        facts_unfocused=of(FlightEvent.UNFOCUSED, Count("pk")),
        facts_pastes=of(FlightEvent.PASTE, Count("pk")),
        facts_pasted=of(FlightEvent.PASTE, Sum(Cast(KT("data__characters"), IntegerField()))),
        facts_devices=of(FlightEvent.OPENED, Count("device", distinct=True)),
        facts_second_tabs=of(FlightEvent.SECOND_TAB, Count("pk")),
    )


def integrity_facts(attempt: Any) -> Facts | None:
    """The facts of an attempt from `with_integrity_facts`; None where no page told anything."""
    if getattr(attempt, "facts_devices", None) is None:
        return None
    return Facts(
        hidden=attempt.facts_hidden or 0,
        hidden_seconds=(attempt.facts_hidden_ms or 0) // 1000,
        unfocused=attempt.facts_unfocused or 0,
        pastes=attempt.facts_pastes or 0,
        pasted_characters=attempt.facts_pasted or 0,
        devices=attempt.facts_devices,
        second_tabs=attempt.facts_second_tabs or 0,
    )


def overlapping_outages(attempt: Attempt, events: Sequence[AttemptEvent], span: Span, now: datetime) -> list[Spell]:
    """The outages of an attempt that overlap `span`, for a credit to many at once."""
    spells = spells_of(attempt, events, now)
    return [one for one in spells if one.is_outage and one.began_at < span[1] and one.ended_at > span[0]]
