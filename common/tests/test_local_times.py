"""Local times into UTC and back, in zones whose clocks change: by an hour, half an hour, a whole day, at midnight."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django import forms
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from common.local_times import (
    LocalDateTimeField,
    LocalSplitDateTimeField,
    SkippedTimeError,
    day_start,
    full_hour,
    moment_of,
    same_time,
)

# A moment near which each changes its clocks. Morocco's go back for Ramadan; Samoa left out 30 December 2011; in Havana
# it is midnight that is skipped or comes twice.
CHANGES = {
    "Europe/London": ("2026-03-29T01:00", "2026-10-25T01:00"),
    "America/New_York": ("2026-03-08T07:00", "2026-11-01T06:00"),
    "Australia/Lord_Howe": ("2026-04-04T15:00", "2026-10-03T15:30"),
    "Africa/Casablanca": ("2026-02-15T02:00", "2026-03-22T02:00"),
    "America/Havana": ("2026-03-08T05:00", "2026-11-01T05:00"),
    "Pacific/Apia": ("2011-12-30T10:00", "2011-09-24T14:00"),
    "Asia/Kolkata": ("2026-03-29T01:00",),
}
MINUTE = timedelta(minutes=1)


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@st.composite
def moments(draw) -> tuple[ZoneInfo, datetime]:
    """A zone and a whole minute in UTC, mostly within two days of a change of its clocks."""
    name = draw(st.sampled_from(sorted(CHANGES)))
    near = utc(draw(st.sampled_from(CHANGES[name]))) + MINUTE * draw(st.integers(-2880, 2880))
    anywhere = draw(st.datetimes(datetime(2010, 1, 1), datetime(2035, 1, 1), timezones=st.just(UTC)))  # noqa: DTZ001
    return ZoneInfo(name), near if draw(st.integers(0, 4)) else anywhere.replace(second=0, microsecond=0)


@st.composite
def walls(draw) -> tuple[ZoneInfo, datetime]:
    """What a clock on a wall shows, or would show: times that are skipped are among them."""
    zone, moment = draw(moments())
    wall = moment.astimezone(zone).replace(tzinfo=None, fold=0) + MINUTE * draw(st.integers(-90, 90))
    return zone, wall


def all_moments(zone: ZoneInfo, wall: datetime) -> list[datetime]:
    """Every moment at which the clocks of `zone` show `wall`, found without `fold`: by trying all offsets around it."""
    around = [(wall + timedelta(hours=h)).replace(tzinfo=UTC).astimezone(zone).utcoffset() for h in range(-50, 51)]
    tried = {(wall - offset).replace(tzinfo=UTC) for offset in around}
    return sorted(found for found in tried if found.astimezone(zone).replace(tzinfo=None) == wall)


@given(walls())
def test_a_local_time_is_its_first_moment_and_one_that_never_comes_is_refused(given_wall):
    zone, wall = given_wall
    found = all_moments(zone, wall)

    if found:
        assert moment_of(wall, zone) == found[0]
        return
    with pytest.raises(SkippedTimeError) as refused:
        moment_of(wall, zone)
    instead = refused.value.instead
    assert all_moments(zone, instead.replace(tzinfo=None)) == [instead.astimezone(UTC)]
    assert wall < instead.replace(tzinfo=None) <= wall + timedelta(days=1)


@given(walls(), st.integers(0, 600))
def test_what_is_later_on_the_clock_is_not_earlier_in_the_world(given_wall, minutes):
    zone, wall = given_wall
    try:
        first, second = moment_of(wall, zone), moment_of(wall + minutes * MINUTE, zone)
    except SkippedTimeError:
        return
    assert first <= second


class OneInput(forms.Form):
    at = LocalDateTimeField()


class TwoInputs(forms.Form):
    at = LocalSplitDateTimeField()


def as_typed(form: type[forms.Form], wall: datetime) -> dict[str, str]:
    return (
        {"at": f"{wall:%Y-%m-%dT%H:%M}"}
        if form is OneInput
        else {"at_0": f"{wall:%Y-%m-%d}", "at_1": f"{wall:%H:%M:%S}"}
    )


@pytest.mark.parametrize("form", [OneInput, TwoInputs])
@given(given_wall=walls())
def test_forms_take_every_time_that_exists_and_refuse_the_others_in_a_sentence(form, given_wall):
    zone, wall = given_wall
    found = all_moments(zone, wall)

    with timezone.override(zone):
        sent = form(as_typed(form, wall))
        assert sent.is_valid() == bool(found)
        if found:
            assert sent.cleaned_data["at"] == found[0]
            assert sent.cleaned_data["at"].tzinfo is UTC
        else:
            assert sent.errors["at"][0].startswith("The clocks skip this time on that day. Choose ")


@pytest.mark.parametrize("form", [OneInput, TwoInputs])
@given(given_moment=moments())
def test_what_a_form_shows_and_gets_back_unchanged_has_not_moved(form, given_moment):
    zone, moment = given_moment

    with timezone.override(zone):
        sent = form(as_typed(form, timezone.localtime(moment)), initial={"at": moment})
        assert sent.is_valid(), sent.errors
        assert sent.cleaned_data["at"] == moment
        # The back office logs what changed; it has two inputs.
        assert form is OneInput or not sent.has_changed()


@pytest.mark.parametrize("form", [OneInput, TwoInputs])
@pytest.mark.parametrize("year", ["0001-01-01", "9999-12-31"])
@pytest.mark.parametrize("zone", ["Asia/Kolkata", "America/New_York"])
def test_the_ends_of_the_calendar_are_no_error_of_ours(form, year, zone):
    with timezone.override(ZoneInfo(zone)):
        for clock in ("00:00", "23:59"):
            sent = form({"at": f"{year}T{clock}", "at_0": year, "at_1": clock})
            if sent.is_valid():
                assert sent.cleaned_data["at"].tzinfo is UTC
            else:
                assert sent.errors["at"] == ["Enter a valid date/time."]


def test_the_sentence_names_the_next_time_that_exists():
    with timezone.override(ZoneInfo("Europe/London")):
        sent = OneInput({"at": "2026-03-29T01:30"})
        assert sent.errors["at"] == [
            "The clocks skip this time on that day. Choose 29 March 2026, 02:30 or another time."
        ]


@given(moments())
def test_a_day_begins_before_its_moments_and_ends_after_them(given_moment):
    zone, moment = given_moment
    start, end = day_start(moment, zone), day_start(moment, zone, days=1)
    local: date = moment.astimezone(zone).date()

    assert start <= moment < end
    assert start.astimezone(zone).date() == local
    assert (start - timedelta(microseconds=1)).astimezone(zone).date() < local
    assert end.astimezone(zone).date() > local
    assert (end - timedelta(microseconds=1)).astimezone(zone).date() == local


@given(moments())
def test_what_a_form_suggests_exists_and_stays(given_moment):
    zone, moment = given_moment
    with timezone.override(zone):
        opens = full_hour(moment)
        closes = same_time(opens, days=1)
        for suggested in (opens, closes):
            sent = OneInput(as_typed(OneInput, suggested), initial={"at": suggested})
            assert sent.is_valid(), sent.errors
            assert sent.cleaned_data["at"] == suggested.astimezone(UTC)
        assert timedelta(hours=22) <= closes.astimezone(UTC) - opens.astimezone(UTC) <= timedelta(hours=26) or (
            zone.key == "Pacific/Apia"
        )
        assert moment - timedelta(hours=2) < opens.astimezone(UTC) <= moment
