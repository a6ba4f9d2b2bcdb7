"""The flight record as a picture: which lanes there are and what lies where on them. Pure geometry, no ORM."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

WIDTH, LEFT, RIGHT, LANE, TOP = 1000.0, 150.0, 16.0, 30.0, 26.0
# Minutes between two times on the axis; the first that leaves them readable is taken.
STEPS = (1, 2, 5, 10, 15, 30, 60, 120, 360, 720, 1440)
MOST_TIMES = 9
# A spell of a second is drawn so wide that it can be seen.
LEAST_WIDTH = 3.0


@dataclass(frozen=True)
class Bar:
    x: float
    width: float
    title: str
    is_credited: bool = False


@dataclass(frozen=True)
class Mark:
    x: float
    title: str


@dataclass(frozen=True)
class Lane:
    """`name` chooses the colour."""

    name: str
    label: str
    y: float
    bars: list[Bar] = field(default_factory=list)
    marks: list[Mark] = field(default_factory=list)


@dataclass(frozen=True)
class Source:
    """What a lane shows: spans and moments, each with its words."""

    name: str
    label: str
    spans: Sequence[tuple[datetime, datetime, str, bool]] = ()
    moments: Sequence[tuple[datetime, str]] = ()


@dataclass(frozen=True)
class Picture:
    width: float
    height: float
    left: float
    right: float
    bottom: float
    lanes: list[Lane]
    times: list[tuple[float, datetime]]
    ends_x: float

    @property
    def axis_y(self) -> float:
        return self.bottom + 18


def draw(sources: Iterable[Source], *, began: datetime, ended: datetime, ends_at: datetime) -> Picture:
    """Lanes from top to bottom over one axis from `began` to `ended`; `ends_at` is the line of the deadline."""
    ended = max(ended, began + timedelta(minutes=1))
    scale = (WIDTH - LEFT - RIGHT) / (ended - began).total_seconds()

    def x(moment: datetime) -> float:
        seconds = (min(max(moment, began), ended) - began).total_seconds()
        return round(LEFT + seconds * scale, 1)

    lanes = []
    for number, source in enumerate(sources):
        bars = [
            Bar(x(begin), max(LEAST_WIDTH, round(x(end) - x(begin), 1)), title, done)
            for begin, end, title, done in source.spans
        ]
        marks = [Mark(x(moment), title) for moment, title in source.moments]
        lanes.append(Lane(source.name, source.label, TOP + number * LANE, bars, marks))
    bottom = TOP + len(lanes) * LANE
    times = [(x(moment), moment) for moment in axis_times(began, ended)]
    return Picture(WIDTH, bottom + 28, LEFT, WIDTH - RIGHT, bottom, lanes, times, x(ends_at))


def axis_times(began: datetime, ended: datetime) -> list[datetime]:
    """Round moments between the two, at most MOST_TIMES."""
    minutes = (ended - began) / timedelta(minutes=1)
    step = timedelta(minutes=next((one for one in STEPS if minutes / one <= MOST_TIMES), max(1, round(minutes / 8))))
    midnight = began.replace(hour=0, minute=0, second=0, microsecond=0)
    first = midnight + -(-(began - midnight) // step) * step
    count = max(0, (ended - first) // step + 1)
    return [first + number * step for number in range(min(count, MOST_TIMES + 1))]
