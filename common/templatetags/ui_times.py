"""Times in templates, absolute and relative, in the zone that is active for the person. Registered as a builtin."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from django import template
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from common.templatetags.ui import NOTHING

register = template.Library()

SOON = timedelta(hours=24)


def clock_text(moment: datetime) -> str:
    """Time of day: 6 pm, 9:12 pm."""
    hour = moment.hour % 12 or 12
    clock = f"{hour}" if moment.minute == 0 else f"{hour}:{moment.minute:02}"
    return _part_of_day(moment.hour) % {"clock": clock}


def _part_of_day(hour: int) -> str:
    """How a time in this hour is written. Languages that say "6 in the evening" have more than two parts of a day."""
    if hour < 4:
        return pgettext("time from midnight to 4", "%(clock)s am")
    if hour < 12:
        return pgettext("time from 4 to noon", "%(clock)s am")
    if hour < 16:
        return pgettext("time from noon to 4", "%(clock)s pm")
    if hour < 20:
        return pgettext("time from 4 to 8 in the evening", "%(clock)s pm")
    return pgettext("time from 8 in the evening to midnight", "%(clock)s pm")


@register.filter
def clock(moment: datetime | None) -> str:
    """Time of day in the person's zone: 6 pm."""
    return NOTHING if moment is None else clock_text(timezone.localtime(moment))


@register.filter
def when(moment: datetime | None, now: datetime | None = None) -> str:
    """Short: "Fri 9:12 pm" within six days of `now`, else "Fri 14 Nov, 9:12 pm", and the year when it is another."""
    if moment is None:
        return NOTHING
    local, today = timezone.localtime(moment), timezone.localtime(now)
    if abs((local.date() - today.date()).days) <= 6:
        return f"{date_format(local, 'D')} {clock_text(local)}"
    return f"{date_format(local, 'D j M' if local.year == today.year else 'D j M Y')}, {clock_text(local)}"


def span_text(span: timedelta) -> str:
    """A length of time in one unit, rounded down: 3 d, 21 h, 40 min, under a minute."""
    minutes = int(span.total_seconds() // 60)
    if minutes >= 72 * 60:
        return _("%(n)d d") % {"n": minutes // 1440}
    if minutes >= 60:
        return _("%(n)d h") % {"n": minutes // 60}
    return _("%(n)d min") % {"n": minutes} if minutes else _("under a minute")


@register.filter
def seconds_text(seconds: float | None) -> str:
    """A length of time in two units: 45 s, 2 min 10 s, 2 h 20 min."""
    if seconds is None:
        return NOTHING
    minutes, rest = divmod(round(seconds), 60)
    if minutes >= 60:
        hours, minutes = divmod(round(seconds / 60), 60)
        return _("%(h)d h %(m)d min") % {"h": hours, "m": minutes} if minutes else _("%(n)d h") % {"n": hours}
    if minutes:
        return _("%(m)d min %(s)d s") % {"m": minutes, "s": rest} if rest else _("%(n)d min") % {"n": minutes}
    return _("%(n)d s") % {"n": rest}


@register.filter
def left(moment: datetime | None, now: datetime | None = None) -> str:
    """Distance to a deadline: "21 h left", "3 h late"."""
    if moment is None:
        return NOTHING
    span = moment - (now or timezone.now())
    if span < timedelta():
        return _("%(span)s late") % {"span": span_text(-span)}
    return _("%(span)s left") % {"span": span_text(span)}


@register.filter
def ago(moment: datetime | None, now: datetime | None = None) -> str:
    """Distance to something past: "3 h ago", "just now"."""
    if moment is None:
        return NOTHING
    span = (now or timezone.now()) - moment
    return _("just now") if span < timedelta(minutes=1) else _("%(span)s ago") % {"span": span_text(span)}


@register.filter
def due_phrase(moment: datetime | None, now: datetime | None = None) -> str:
    """The promise in words: "by Sun 6 pm, 21 h left"; past it, "due Sun 6 pm, 3 h late"."""
    if moment is None:
        return NOTHING
    now = now or timezone.now()
    word = _("by %(when)s") if moment >= now else _("due %(when)s")
    return f"{word % {'when': when(moment, now)}}, {left(moment, now)}"


def due_state(moment: datetime, now: datetime) -> str:
    """late, soon (under a day) or calm."""
    return "late" if moment < now else "soon" if moment - now < SOON else "calm"


@register.inclusion_tag("components/due.html")
def due(moment: datetime | None, now: datetime | None = None) -> dict[str, Any]:
    """{% due paper.due_at %}: the promise, absolute and relative; the relative part keeps itself fresh."""
    if moment is None:
        return {"moment": None}
    now = now or timezone.now()
    word = _("by %(when)s") if moment >= now else _("due %(when)s")
    return {
        "moment": moment,
        "stamp": moment.astimezone(UTC).isoformat(),
        "absolute": word % {"when": when(moment, now)},
        "relative": left(moment, now),
        "state": due_state(moment, now),
    }


@register.simple_tag
def moment(value: datetime | None, relative: str = "", now: datetime | None = None) -> SafeString | str:
    """{% moment dt %} or {% moment dt "ago" %}: a <time>, absolute text, relative text refreshed by app.js."""
    if value is None:
        return NOTHING
    stamp = value.astimezone(UTC).isoformat()
    if relative in {"ago", "left"}:
        text = ago(value, now) if relative == "ago" else left(value, now)
        return format_html(
            '<time datetime="{}" data-relative="{}" title="{}">{}</time>', stamp, relative, when(value, now), text
        )
    return format_html('<time datetime="{}">{}</time>', stamp, when(value, now))
