"""What the back office shows of the flight record of an attempt: picture, outages, lines, answers of a moment."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from assessments.enums import (
    SPELLS,
    AttemptState,
    DeviceBrowser,
    DeviceForm,
    DeviceSystem,
    FlightEvent,
    SubmitReason,
)
from assessments.models import Attempt, AttemptEvent
from assessments.selectors.attempts import shown_numbers
from assessments.selectors.flight_picture import Picture, Source, draw
from assessments.selectors.flight_record import (
    Device,
    Spell,
    answers_at,
    devices_of,
    events_of,
    happened_at,
    spells_of,
)

LINES = 200


def flight_page(*, attempt: Attempt, now: datetime, at: datetime | None, after: int) -> dict[str, Any]:
    """The context of the page: at most two queries, whatever the record holds. `at`: the moment to replay; `after`: the
    line after which the table goes on."""
    events = events_of(attempt)
    numbers = shown_numbers(attempt)
    spells, devices = spells_of(attempt, events, now), devices_of(events)
    letters = {device.id: device.letter for device in devices}
    lines = [event for event in events if event.pk > after][: LINES + 1]
    end = attempt.submitted_at or min(now, attempt.ends_at)
    return {
        "picture": _picture(attempt, events, spells, devices, numbers, now),
        "outages": [(spell, letters.get(spell.device, "")) for spell in spells if spell.is_outage],  # type: ignore[arg-type]
        "devices": [(device, device_words(device)) for device in devices],
        "lines": [_line(event, letters, numbers) for event in lines[:LINES]],
        "next": lines[LINES - 1].pk if len(lines) > LINES else None,
        "moment": at or end,
        "standing": _standing(events, numbers, at or end),
        "is_live": attempt.state == AttemptState.IN_PROGRESS,
    }


def device_words(device: Device) -> str:
    """ "Phone, Android, Chrome"; empty until the device has said what it is."""
    kinds = ((DeviceForm, device.form), (DeviceSystem, device.system), (DeviceBrowser, device.browser))
    return ", ".join(str(kind(value).label) for kind, value in kinds if value in kind.values)


def span_words(seconds: int) -> str:
    """ "45 s", "12 min 5 s", "1 h 3 min"."""
    if seconds < 60:
        return _("%(s)d s") % {"s": seconds}
    if seconds < 3600:
        return _("%(min)d min %(s)d s") % {"min": seconds // 60, "s": seconds % 60}
    return _("%(h)d h %(min)d min") % {"h": seconds // 3600, "min": seconds // 60 % 60}


def _clock(moment: datetime) -> str:
    return date_format(timezone.localtime(moment), "H:i:s")


def _picture(
    attempt: Attempt,
    events: Sequence[AttemptEvent],
    spells: Sequence[Spell],
    devices: Sequence[Device],
    numbers: dict[UUID, int],
    now: datetime,
) -> Picture:
    last = max([attempt.started_at, *(event.at for event in events)])
    ended = max(last, attempt.submitted_at or min(now, attempt.ends_at))
    saves = [
        (event.at, f"{_clock(event.at)} {question_words(event.question, numbers)}")
        for event in events
        if event.kind == FlightEvent.ANSWER
    ]
    office = (FlightEvent.EXTENDED, FlightEvent.REOPENED, FlightEvent.CREDITED, FlightEvent.SUBMITTED)
    sources = [
        Source("answers", _("Answers saved"), moments=saves),
        *(
            Source(name, label, spans=_spans(spells, kinds))
            for name, label, kinds in (
                ("offline", _("No connection"), [FlightEvent.OFFLINE]),
                ("closed", _("Page not open"), [FlightEvent.CLOSED]),
                ("hidden", _("Not in front"), [FlightEvent.HIDDEN, FlightEvent.UNFOCUSED]),
            )
        ),
        *(
            Source(
                "device",
                _("Device %(letter)s") % {"letter": device.letter},
                spans=[(device.first_at, device.last_at, device_words(device), False)],
            )
            for device in devices[:8]
        ),
        Source(
            "office",
            _("Time given, end"),
            moments=[
                (event.at, f"{_clock(event.at)} {event.get_kind_display()}") for event in events if event.kind in office
            ],
        ),
    ]
    return draw(sources, began=attempt.started_at, ended=ended, ends_at=attempt.ends_at)


def _spans(spells: Sequence[Spell], kinds: Sequence[str]) -> list[tuple[datetime, datetime, str, bool]]:
    return [
        (
            spell.began_at,
            spell.ended_at,
            f"{_clock(spell.began_at)} – {_clock(spell.ended_at)}, {span_words(spell.seconds)}",
            bool(spell.credited_minutes),
        )
        for spell in spells
        if spell.kind in kinds
    ]


def question_words(question: UUID | None, numbers: dict[UUID, int]) -> str:
    number = numbers.get(question) if question else None
    return _("question %(n)d") % {"n": number} if number else ""


def _line(event: AttemptEvent, letters: dict[UUID, str], numbers: dict[UUID, int]) -> dict[str, Any]:
    return {
        "event": event,
        "happened_at": happened_at(event),
        "device": letters.get(event.device, "") if event.device else "",
        "what": event.get_kind_display(),
        "more": ", ".join(filter(None, [question_words(event.question, numbers), _details(event)])),
        "is_late": (event.at - happened_at(event)).total_seconds() - (event.ms or 0) / 1000 > 60,
    }


def _details(event: AttemptEvent) -> str:
    data: dict[str, Any] = event.data or {}
    if event.kind in SPELLS:
        return span_words((event.ms or 0) // 1000)
    if event.kind == FlightEvent.ANSWER:
        return answer_words(data.get("answer"))
    if event.kind == FlightEvent.PASTE:
        count = int(data.get("characters", 0))
        return ngettext("%(n)d character", "%(n)d characters", count) % {"n": count}
    if event.kind in (FlightEvent.EXTENDED, FlightEvent.REOPENED, FlightEvent.CREDITED):
        return span_words(int(data.get("seconds", 0)))
    if event.kind in (FlightEvent.OPENED, FlightEvent.SKEW) and abs(data.get("skew_ms", 0)) >= 2000:
        skew = data["skew_ms"] // 1000
        text = _("its clock is %(span)s fast") if skew > 0 else _("its clock is %(span)s slow")
        return text % {"span": span_words(abs(skew))}
    reasons = dict(SubmitReason.choices) | {
        "already_submitted": _("it was submitted"),
        "attempt_cancelled": _("it was cancelled"),
    }
    code = str(data.get("code") or data.get("reason") or "")
    return str(reasons.get(code, code))


def answer_words(answer: dict[str, Any] | None) -> str:
    """An answer in one line, as a person would note it; "" for none."""
    if not answer:
        return _("cleared") if answer == {} else ""
    if answer.get("not_attempted"):
        return _("not attempted")
    if answer.get("on_paper"):
        return _("on paper")
    for key in ("value", "text"):
        if key in answer:
            return str(answer[key])[:200]
    for key in ("choices", "order"):
        if key in answer:
            return ", ".join(map(str, answer[key]))
    pairs = answer.get("blanks") or answer.get("pairs") or {}
    return "; ".join(f"{label}: {value}" for label, value in pairs.items())[:200]


def _standing(events: Sequence[AttemptEvent], numbers: dict[UUID, int], moment: datetime) -> list[dict[str, Any]]:
    stood = answers_at(events, moment)
    rows = [
        {"number": numbers.get(question, 0), "words": answer_words(found.answer), "stood": found}
        for question, found in stood.items()
    ]
    return sorted(rows, key=lambda row: row["number"])
