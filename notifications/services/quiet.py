"""When a person may be disturbed, by the clocks of their zone. Pure arithmetic, no database.

Quiet hours last from when the clocks first come to their beginning until the clocks are past their end for good: in a
night in which an hour comes twice both are quiet, and what the clocks skip begins or ends with the skip.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from common.local_times import moment_reached

DIGEST_AT = time(18)
DAY = timedelta(days=1)


@dataclass(frozen=True)
class Hours:
    """A person's quiet hours (`quiet_from` None: none; they may cross midnight) and when the mail of the day comes."""

    zone: ZoneInfo
    quiet_from: time | None = None
    quiet_until: time | None = None
    digest_at: time = DIGEST_AT

    def quiet_end(self, moment: datetime) -> datetime | None:
        """When the quiet hours end in which `moment` lies (UTC); None when it lies in none. Their end is not quiet."""
        if self.quiet_from is None or self.quiet_until is None or self.quiet_from == self.quiet_until:
            return None
        today = self.local_day(moment)
        ends = [
            end
            for day in (today - DAY, today)
            for start, end in [self._quiet(day, self.quiet_from, self.quiet_until)]
            if start <= moment < end
        ]
        # Where a zone leaves a day out, the hours that end in it meet those that begin in it.
        return next((self.quiet_end(end) or end for end in sorted(ends, reverse=True)), None)

    def next_digest(self, moment: datetime) -> datetime:
        """The next moment (UTC) after `moment` a mail of the day goes; quiet hours put it off to their end."""
        today = self.local_day(moment)
        for day in (today - DAY, today, today + DAY, today + 2 * DAY):
            due = moment_reached(datetime.combine(day, self.digest_at), self.zone)
            due = self.quiet_end(due) or due
            if due > moment:
                return due
        raise AssertionError("three days hold no time of day")

    def local_day(self, moment: datetime) -> date:
        return moment.astimezone(UTC).astimezone(self.zone).date()

    def _quiet(self, day: date, start: time, end: time) -> tuple[datetime, datetime]:
        """The quiet hours that begin on this day."""
        last = datetime.combine(day + DAY if end <= start else day, end)
        first = moment_reached(datetime.combine(day, start), self.zone)
        return first, moment_reached(last, self.zone, last=True)
