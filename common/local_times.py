"""Local times into UTC. Where clocks change, a local time may not exist, or come twice.

The rules, the same for every form: a time that does not exist is refused, with the next one that does; of one that
comes twice the first is meant. A stored moment that is the second of two is not moved by being shown in a form and sent
again. Whatever leaves these fields is in UTC, as Python compares and subtracts times of one zone by their hands, not by
what has passed.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _


class SkippedTimeError(ValueError):
    """The clocks skip this local time; `instead` (aware, local) is as long after the change as it is within the gap."""

    def __init__(self, instead: datetime) -> None:
        super().__init__(f"The clocks skip this time; {instead.isoformat()} exists.")
        self.instead = instead


def moment_of(wall: datetime, zone: tzinfo) -> datetime:
    """The UTC moment at which the clocks of `zone` show the naive `wall`, the first of two. Raises SkippedTimeError,
    and OverflowError at the ends of the calendar."""
    moment = wall.replace(tzinfo=zone, fold=0).astimezone(UTC)
    shown = moment.astimezone(zone)
    if shown.replace(tzinfo=None) != wall:
        raise SkippedTimeError(shown)
    return moment


def moment_reached(wall: datetime, zone: tzinfo, *, last: bool = False) -> datetime:
    """The UTC moment at which the clocks of `zone` come to the naive `wall`: the first of one that comes twice (or the
    `last`); of one that is skipped, the skip."""
    moment = wall.replace(tzinfo=zone, fold=int(last)).astimezone(UTC)
    if moment.astimezone(zone).replace(tzinfo=None) == wall:
        return moment
    ends = [wall.replace(tzinfo=zone, fold=fold).astimezone(UTC) for fold in (1, 0)]
    return _clock_change(ends[0], ends[1], zone)


def _clock_change(before: datetime, after: datetime, zone: tzinfo) -> datetime:
    """The moment between two UTC moments, to the second, at which the zone's offset changes."""
    offset = before.astimezone(zone).utcoffset()
    while after - before > timedelta(seconds=1):
        middle = before + (after - before) // 2
        if middle.astimezone(zone).utcoffset() == offset:
            before = middle
        else:
            after = middle
    return after.replace(microsecond=0)


def day_start(moment: datetime, zone: tzinfo | None = None, *, days: int = 0) -> datetime:
    """The first moment (UTC) of the local day of `moment`, or of so many `days` after it; `zone`: the active one."""
    zone = zone or timezone.get_current_timezone()
    local = moment.astimezone(zone) + timedelta(days=days)
    midnight = local.replace(hour=0, minute=0, second=0, microsecond=0, tzinfo=None)
    try:
        return moment_of(midnight, zone)
    except SkippedTimeError as error:
        return error.instead.astimezone(UTC)


def full_hour(moment: datetime) -> datetime:
    """The full hour, in the active zone, in which `moment` lies, as a local time that exists; what a form suggests."""
    hour = timezone.localtime(moment).replace(minute=0, second=0, microsecond=0)
    return timezone.localtime(hour.astimezone(UTC))


def same_time(local: datetime, *, days: int) -> datetime:
    """The same time of day so many days later, or what follows the clocks' skip of it; what a form suggests."""
    return (local + timedelta(days=days)).astimezone(UTC).astimezone(local.tzinfo)


def _in_utc(read: Callable[[], datetime | None]) -> datetime | None:
    """What a field of Django's reads, in UTC. Django refuses alike what comes twice and what never comes."""
    try:
        try:
            found = read()
        except ValidationError as error:
            if error.code != "ambiguous_timezone" or not isinstance(error.params, dict):
                raise
            found = moment_of(error.params["datetime"], error.params["current_timezone"])
        return found.astimezone(UTC) if found else None
    except SkippedTimeError as skipped:
        message = _("The clocks skip this time on that day. Choose %(when)s or another time.")
        when = date_format(skipped.instead, "j F Y, H:i")
        raise ValidationError(message, code="skipped_time", params={"when": when}) from skipped
    except OverflowError as error:
        raise ValidationError(forms.DateTimeField.default_error_messages["invalid"], code="invalid") from error


def _unmoved(found: datetime | None, initial: Any) -> datetime | None:
    """`initial`, where it is the second of two moments of one name and the form was sent with that name."""
    if found and isinstance(initial, datetime) and timezone.is_aware(initial):
        zone = timezone.get_current_timezone()
        before, after = initial.astimezone(zone), found.astimezone(zone)
        if before.fold and f"{before:%Y-%m-%d %H:%M}" == f"{after:%Y-%m-%d %H:%M}":
            return initial.astimezone(UTC)
    return found


class LocalDateTimeField(forms.DateTimeField):
    """A local time of the person's zone in one input; cleaned to UTC."""

    widget: Any = forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M")
    input_formats: Any = ("%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S")

    def to_python(self, value: Any) -> datetime | None:
        return _in_utc(lambda: super(LocalDateTimeField, self).to_python(value))

    def _clean_bound_field(self, bf: forms.BoundField) -> datetime | None:
        return _unmoved(super()._clean_bound_field(bf), bf.initial)  # type: ignore[misc] # Django's, without stubs


class LocalSplitDateTimeField(forms.SplitDateTimeField):
    """A local time in two inputs, as the back office has it; cleaned to UTC."""

    def compress(self, data_list: Any) -> datetime | None:
        return _in_utc(lambda: super(LocalSplitDateTimeField, self).compress(data_list))

    def _clean_bound_field(self, bf: forms.BoundField) -> datetime | None:
        return _unmoved(super()._clean_bound_field(bf), bf.initial)  # type: ignore[misc] # Django's, without stubs
