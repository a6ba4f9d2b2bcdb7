"""The picture of a simulation as SVG: share kept by number of teachers, and the queue over time. Colours for paper of
any brightness: nothing is drawn behind, and every grey is a middle one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from xml.sax.saxutils import escape

from common.charts import nice_ticks
from evaluations.services.simulation import Answer, Question

WIDTH, HEIGHT = 760, 606
LEFT, RIGHT = 64.0, 736.0
INK, GRID, LINE, GOAL = "#7b828c", "#7b828c", "#3f83d6", "#d0702f"


@dataclass(frozen=True)
class Frame:
    """One chart: where it stands, and the numbers at its edges."""

    top: float
    bottom: float
    first: float
    last: float
    low: float
    high: float

    def x(self, value: float) -> float:
        return round(LEFT + (value - self.first) / (self.last - self.first) * (RIGHT - LEFT), 1)

    def y(self, value: float) -> float:
        return round(self.bottom - (value - self.low) / (self.high - self.low) * (self.bottom - self.top), 1)

    def path(self, points: Sequence[tuple[float, float]]) -> str:
        return "M" + "L".join(f"{self.x(x):g} {self.y(y):g}" for x, y in points)


def plot(question: Question, answer: Answer, *, target: float) -> str:
    shown = next((row for row in answer.rows if row.teachers == answer.needed), answer.rows[-1])
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" width="{WIDTH}" height="{HEIGHT}" '
        f'role="img" font-family="system-ui, sans-serif" font-size="13" fill="{INK}">',
        f"<title>{escape(_title(question, answer, target))}</title>",
        *_kept(answer, target),
        *_queue(question, shown.teachers, shown.waiting([hour * 3600.0 for hour in range(question.days * 24 + 49)])),
        "</svg>",
    ]
    return "\n".join(parts) + "\n"


def _title(question: Question, answer: Answer, target: float) -> str:
    found = f"{answer.needed} teachers keep" if answer.needed else "no number played keeps"
    return f"{question.papers_a_day:g} papers a day: {found} {100 * target:g} % of the promises"


def _kept(answer: Answer, target: float) -> list[str]:
    rows = [(float(row.teachers), 100 * row.kept) for row in answer.rows]
    least = min(kept for _, kept in rows)
    ticks = [tick for tick in nice_ticks(min(least, 100 * target) - 0.2, 100) if 0 <= tick <= 100]
    frame = Frame(46, 250, rows[0][0] - 0.5, rows[-1][0] + 0.5, ticks[0], 100)
    step = max(1, -(-len(rows) // 16))
    goal = frame.y(100 * target)
    return [
        *_axes(frame, ticks, "Promises kept, %", "Teachers"),
        *(_below(frame, teachers, f"{teachers:g}") for teachers, _ in rows[::step]),
        f'<path d="M{LEFT:g} {goal:g}H{RIGHT:g}" stroke="{GOAL}" stroke-width="1.5" stroke-dasharray="6 4"/>',
        f'<path d="{frame.path(rows)}" fill="none" stroke="{LINE}" stroke-width="2"/>',
        *(_dot(frame, teachers, kept, teachers == answer.needed) for teachers, kept in rows),
        f'<text x="{RIGHT:g}" y="22" text-anchor="end" fill="{GOAL}">– – wanted: {100 * target:g} %</text>',
    ]


def _queue(question: Question, teachers: int, waiting: Sequence[int]) -> list[str]:
    ticks = nice_ticks(0, max(1, *waiting))
    frame = Frame(346, 550, 0, len(waiting) - 1, 0, ticks[-1])
    days = range(0, (len(waiting) - 1) // 24 + 1, max(1, question.days // 10))
    line = frame.path([(float(hour), float(count)) for hour, count in enumerate(waiting)])
    names = [(day * 24.0, question.start + timedelta(days=day)) for day in days]
    return [
        *_axes(frame, ticks, f"Papers waiting or being marked, with {teachers} teachers", "Day, from its midnight"),
        *(_below(frame, hour, f"{day.day} {day:%b}") for hour, day in names if hour < len(waiting) - 18),
        f'<path d="{line}L{RIGHT:g} {frame.bottom:g}L{LEFT:g} {frame.bottom:g}Z" fill="{LINE}" fill-opacity=".18"/>',
        f'<path d="{line}" fill="none" stroke="{LINE}" stroke-width="1.5" stroke-linejoin="round"/>',
    ]


def _axes(frame: Frame, ticks: Sequence[float], title: str, below: str) -> list[str]:
    parts = [
        f'<text x="{LEFT:g}" y="{frame.top - 24:g}" font-size="15" font-weight="600">{escape(title)}</text>',
        f'<text x="{RIGHT:g}" y="{frame.bottom + 42:g}" text-anchor="end">{escape(below)}</text>',
    ]
    for tick in ticks:
        y = frame.y(tick)
        strong = 1 if tick == ticks[0] else 0.3
        parts.append(f'<path d="M{LEFT:g} {y:g}H{RIGHT:g}" stroke="{GRID}" stroke-opacity="{strong:g}"/>')
        parts.append(f'<text x="{LEFT - 10:g}" y="{y + 4:g}" text-anchor="end">{tick:g}</text>')
    return parts


def _below(frame: Frame, value: float, text: str) -> str:
    return f'<text x="{frame.x(value):g}" y="{frame.bottom + 20:g}" text-anchor="middle">{escape(text)}</text>'


def _dot(frame: Frame, teachers: float, kept: float, is_answer: bool) -> str:
    radius, colour = (7, GOAL) if is_answer else (4, LINE)
    return (
        f'<circle cx="{frame.x(teachers):g}" cy="{frame.y(kept):g}" r="{radius}" fill="{colour}">'
        f"<title>{teachers:g} teachers: {kept:.2f} %</title></circle>"
    )
