"""Quiet hours and the time of the mail of the day, over zones and nights in which clocks change."""

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from notifications.services.quiet import Hours

INDIA, LONDON, NEW_YORK = "Asia/Kolkata", "Europe/London", "America/New_York"


def utc(text):
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def hours(zone, quiet="", digest="18:00"):
    start, _dash, end = quiet.partition("-")
    times = [time.fromisoformat(text) if text else None for text in (start, end)]
    return Hours(ZoneInfo(zone), *times, time.fromisoformat(digest))


@pytest.mark.parametrize(
    ("zone", "quiet", "moment", "end"),
    [
        (INDIA, "", "2026-06-01T20:00", None),
        (INDIA, "22:00-07:00", "2026-06-01T16:29:59", None),
        (INDIA, "22:00-07:00", "2026-06-01T16:30", "2026-06-02T01:30"),
        (INDIA, "22:00-07:00", "2026-06-01T20:00", "2026-06-02T01:30"),
        (INDIA, "22:00-07:00", "2026-06-02T01:29:59", "2026-06-02T01:30"),
        (INDIA, "22:00-07:00", "2026-06-02T01:30", None),
        # Within one day, and one that ends at midnight.
        (INDIA, "13:00-15:30", "2026-06-01T07:29:59", None),
        (INDIA, "13:00-15:30", "2026-06-01T07:30", "2026-06-01T10:00"),
        (INDIA, "13:00-15:30", "2026-06-01T10:00", None),
        (INDIA, "20:00-00:00", "2026-06-01T18:29", "2026-06-01T18:30"),
        (INDIA, "20:00-00:00", "2026-06-01T18:30", None),
        (INDIA, "00:00-06:00", "2026-06-01T18:30", "2026-06-02T00:30"),
        # Two equal times are none.
        (INDIA, "22:00-22:00", "2026-06-01T20:00", None),
        # The night in which London's clocks go forward (01:00 UTC) is an hour shorter, the one back an hour longer.
        (LONDON, "22:00-07:00", "2026-03-28T23:00", "2026-03-29T06:00"),
        (LONDON, "22:00-07:00", "2026-10-24T23:00", "2026-10-25T07:00"),
        # 01:30 is skipped: what ends or begins then ends or begins with the skip.
        (LONDON, "22:00-01:30", "2026-03-29T00:59:59", "2026-03-29T01:00"),
        (LONDON, "22:00-01:30", "2026-03-29T01:00", None),
        (LONDON, "01:30-05:00", "2026-03-29T00:59:59", None),
        (LONDON, "01:30-05:00", "2026-03-29T01:00", "2026-03-29T04:00"),
        # 01:30 comes twice (00:30 and 01:30 UTC): quiet until the second, and from the first.
        (LONDON, "22:00-01:30", "2026-10-25T00:30", "2026-10-25T01:30"),
        (LONDON, "22:00-01:30", "2026-10-25T01:15", "2026-10-25T01:30"),
        (LONDON, "22:00-01:30", "2026-10-25T01:30", None),
        (LONDON, "01:30-05:00", "2026-10-25T00:29:59", None),
        (LONDON, "01:30-05:00", "2026-10-25T00:30", "2026-10-25T05:00"),
        (LONDON, "01:30-05:00", "2026-10-25T01:00", "2026-10-25T05:00"),
        (NEW_YORK, "21:30-06:30", "2026-11-01T05:30", "2026-11-01T11:30"),
        # Samoa left 30 December 2011 out: what ends in it ends with the skip, where what begins in it begins.
        ("Pacific/Apia", "01:00-00:15", "2011-12-30T09:59", "2011-12-30T10:15"),
    ],
)
def test_quiet_hours_end(zone, quiet, moment, end):
    assert hours(zone, quiet).quiet_end(utc(moment)) == (utc(end) if end else None)


@pytest.mark.parametrize(
    ("zone", "quiet", "digest", "moment", "due"),
    [
        (INDIA, "", "18:00", "2026-06-01T12:29:59", "2026-06-01T12:30"),
        (INDIA, "", "18:00", "2026-06-01T12:30", "2026-06-02T12:30"),
        (INDIA, "", "00:00", "2026-06-01T12:00", "2026-06-01T18:30"),
        # In quiet hours it waits for their end.
        (INDIA, "17:00-19:00", "18:00", "2026-06-01T12:00", "2026-06-01T13:30"),
        (INDIA, "17:00-19:00", "18:00", "2026-06-01T13:00", "2026-06-01T13:30"),
        (INDIA, "22:00-07:00", "23:00", "2026-06-01T20:00", "2026-06-02T01:30"),
        (LONDON, "", "18:00", "2026-03-28T18:00", "2026-03-29T17:00"),
        (LONDON, "", "01:30", "2026-03-28T12:00", "2026-03-29T01:00"),
        (LONDON, "", "01:30", "2026-10-24T12:00", "2026-10-25T00:30"),
        (LONDON, "", "01:30", "2026-10-25T00:45", "2026-10-26T01:30"),
        (NEW_YORK, "", "18:00", "2026-11-01T02:00", "2026-11-01T23:00"),
    ],
)
def test_mail_of_the_day_is_due(zone, quiet, digest, moment, due):
    assert hours(zone, quiet, digest).next_digest(utc(moment)) == utc(due)


TIMES = st.builds(time, st.integers(0, 23), st.sampled_from([0, 15, 30, 59]))
ZONES = st.sampled_from([INDIA, LONDON, NEW_YORK, "Australia/Lord_Howe", "America/Havana", "Pacific/Apia"])
NEAR = ["2026-03-29T01:00", "2026-10-25T01:00", "2026-11-01T06:00", "2026-04-04T15:00", "2011-12-30T10:00"]


@given(ZONES, TIMES, TIMES, TIMES, st.sampled_from(NEAR), st.integers(-2880, 2880))
def test_ends_are_not_quiet_and_days_come_one_after_the_other(zone, start, end, digest, near, minutes):
    own = Hours(ZoneInfo(zone), start, end, digest)
    moment = utc(near) + timedelta(minutes=minutes)
    quiet_end = own.quiet_end(moment)
    if quiet_end:
        assert quiet_end > moment
        assert own.quiet_end(quiet_end) is None
    due = own.next_digest(moment)
    assert moment < due < moment + timedelta(hours=51)
    assert own.quiet_end(due) is None
    assert own.next_digest(due) > due
