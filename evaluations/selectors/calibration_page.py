"""The calibration of an exam, for staff and its moderators: scripts, what can become one, markers and how they
stand."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db.models import Count, Exists, F, OuterRef, Q, QuerySet
from django.utils.translation import ngettext

from accounts.models import User
from assessments.models import PaperQuestion
from courses.models import TeachingQualification
from evaluations.enums import CLEARED, DONE_STATES, ScriptState, ScriptUse, StandingState
from evaluations.models import (
    CalibrationMark,
    CalibrationScript,
    Evaluation,
    ExamChecks,
    MarkerStanding,
    PracticeRound,
)
from evaluations.models.evaluation import agreed_to_scans
from evaluations.selectors.control_charts import FEWEST, ChartPoint
from evaluations.selectors.desk import StepView, steps_by_question
from evaluations.selectors.desk_page import page_json
from evaluations.selectors.marker_charts import marker_charts, words_of
from evaluations.selectors.practice_page import last_rounds
from evaluations.selectors.sheets import page_views

#: So many papers are offered to be scripts.
MOST = 100
WIDTH, HEIGHT, EDGE = 200.0, 56.0, 5.0


@dataclass(frozen=True)
class ChartDrawing:
    """The chart of severity in units of its drawing, the middle line is no difference. `text`: in words."""

    points: list[tuple[float, float, bool]]
    upper: str
    lower: str
    text: str


@dataclass(frozen=True)
class MarkerRow:
    """A teacher who is qualified for the exam. `needs_none`: staff or a moderator. `is_cleared`: papers come. `chart`:
    where there are papers with agreed marks; `out`: what left its limits."""

    teacher: UUID
    name: str
    standing: MarkerStanding | None
    round: PracticeRound | None
    needs_none: bool
    is_cleared: bool
    chart: ChartDrawing | None = None
    out: str = ""

    @property
    def is_paused(self) -> bool:
        return self.standing is not None and self.standing.paused_at is not None

    @property
    def is_stuck(self) -> bool:
        return self.standing is not None and self.standing.state == StandingState.FAILED


@dataclass(frozen=True)
class ReferenceRow:
    """One question of a script. `steps`: each with its marks as text; `free`: free marks as text, empty with steps."""

    mark: CalibrationMark
    html: str
    steps: list[tuple[StepView, str]]
    free: str
    words: str
    pages: list[int]


def calibration_page(*, checks: ExamChecks, reader: User) -> dict[str, Any]:
    """The context of the page. About ten queries."""
    agreed = Exists(agreed_to_scans(OuterRef("record__attempt__student")))
    scripts = list(
        CalibrationScript.objects.filter(checks=checks)
        .annotate(agreed=agreed, papers_done=Count("papers", filter=Q(papers__finished_at__isnull=False)))
        .select_related("record__attempt__exam")
        .order_by("state", "id")
    )
    usable = sum(s.agreed and s.state == ScriptState.READY and s.use == ScriptUse.PRACTICE for s in scripts)
    markers = marker_rows(checks)
    return {
        "checks": checks,
        "exam": checks.exam,
        "scripts": scripts,
        "usable": usable,
        "is_short": usable < checks.practice_papers,
        "no_seeds": bool(checks.seed_every)
        and not any(s.agreed and s.state == ScriptState.READY and s.use == ScriptUse.SEED for s in scripts),
        "markers": markers,
        "may_mark": sum(row.is_cleared for row in markers),
        "may_decide": reader.has_perm("evaluations.decide_standings"),
        "uses": ScriptUse.choices,
    }


def papers_to_choose(*, checks: ExamChecks, exam_id: UUID | None) -> QuerySet[Evaluation]:
    """Marked papers of the exam, or of `exam_id`, whose student agrees and that are no script of it yet, the newest
    first."""
    known = CalibrationScript.objects.filter(checks=checks, record=OuterRef("pk")).exclude(state=ScriptState.RETIRED)
    rows = Evaluation.objects.records().filter(
        ~Exists(known),
        Exists(agreed_to_scans(OuterRef("attempt__student"))),
        attempt__exam=exam_id or checks.pk,
        state__in=DONE_STATES,
    )
    return rows.select_related("attempt__exam").order_by("-finalised_at")[:MOST]


def exams_to_choose(checks: ExamChecks) -> list[tuple[UUID, str]]:
    """The exam and earlier ones with a question of it in the same version, with papers that could be chosen."""
    papers = Q(paper=checks.exam.paper_id) | Q(paper__attempts__exam=checks.pk)
    versions = PaperQuestion.objects.filter(papers, is_written=True).values("version")
    same = PaperQuestion.objects.filter(paper=OuterRef("attempt__paper"), is_written=True, version__in=versions)
    rows = Evaluation.objects.records().filter(
        Exists(same), Exists(agreed_to_scans(OuterRef("attempt__student"))), state__in=DONE_STATES
    )
    found = rows.order_by("-attempt__exam_id").values_list("attempt__exam_id", "attempt__exam__title").distinct()[:20]
    own = (checks.pk, checks.exam.title)
    return [own, *(one for one in found if one[0] != checks.pk)]


def marker_rows(checks: ExamChecks) -> list[MarkerRow]:
    """Verified teachers of the programme, by name, with their charts. Seven queries."""
    named = set(checks.moderators.values_list("pk", flat=True))
    standings = {one.teacher_id: one for one in MarkerStanding.objects.filter(checks=checks).select_related("by")}
    rounds = {one.teacher_id: one for one in last_rounds(checks)}
    rows = TeachingQualification.objects.filter(
        programme=checks.exam.programme_id,
        teacher__is_active=True,
        teacher__is_teacher=True,
        teacher__teacher_profile__verified_at__isnull=False,
    )
    people = rows.annotate(name=F("teacher__name"), staff=F("teacher__is_staff")).order_by("name", "teacher_id")
    made, charts = [], marker_charts(checks)
    for key, name, is_staff in people.values_list("teacher_id", "name", "staff"):
        standing, free = standings.get(key), is_staff or key in named
        cleared = free or not checks.practice_papers or (standing is not None and standing.state in CLEARED)
        paused = standing is not None and standing.paused_at is not None
        chart = charts.get(key)
        drawn, out = (draw_chart(chart.points), words_of(chart.signals)) if chart else (None, "")
        made.append(MarkerRow(key, name, standing, rounds.get(key), free, cleared and not paused, drawn, out))
    return made


def draw_chart(points: Sequence[ChartPoint]) -> ChartDrawing:
    """The moving average with its limits. Pure."""
    reach = max([abs(each) for point in points for each in (point.average, point.limit)] or [1.0]) or 1.0
    step = (WIDTH - 2 * EDGE) / max(1, len(points) - 1)

    def place(n: int, value: float) -> tuple[float, float]:
        return round(EDGE + step * n, 1), round(HEIGHT / 2 - value / reach * (HEIGHT / 2 - EDGE), 1)

    def line(values: Iterable[float]) -> str:
        return " ".join(f"{x},{y}" for x, y in (place(n, value) for n, value in enumerate(values)))

    last = points[-1]
    return ChartDrawing(
        # As the rules have it, a few papers are not judged.
        points=[(*place(n, point.average), point.is_out and n + 1 >= FEWEST) for n, point in enumerate(points)],
        upper=line(point.limit for point in points),
        lower=line(-point.limit for point in points),
        text=ngettext(
            "%(n)d paper, moving average %(now)+.1f %%, limits ± %(limit).1f %%",
            "%(n)d papers, moving average %(now)+.1f %%, limits ± %(limit).1f %%",
            len(points),
        )
        % {"n": len(points), "now": 100 * last.average, "limit": 100 * last.limit},
    )


def script_page(
    *, script: CalibrationScript, said: Mapping[str, str] | None = None, problem: str = ""
) -> dict[str, Any]:
    """A script with its pages, without ink, and its reference marks. Six queries. `said`: what was just typed."""
    rows = list(script.marks.select_related("question__version").order_by("question__number", "question__alternative"))
    steps = steps_by_question([row.question for row in rows], None)
    pages = [page_json(page) for page in page_views(script.record.attempt_id, None)]
    wanted = set(script.numbers or ())
    if any(wanted.intersection(page["questions"]) for page in pages):
        pages = [page for page in pages if not page["questions"] or wanted.intersection(page["questions"])]
    return {
        "script": script,
        "checks": script.checks,
        "exam": script.checks.exam,
        "questions": [_reference(row, steps[row.question_id], said or {}, pages) for row in rows],
        "pages": pages,
        "is_draft": script.state == ScriptState.DRAFT,
        "problem": problem,
        "total": sum((row.marks for row in rows), Decimal(0)),
    }


def _reference(
    mark: CalibrationMark, steps: list[StepView], said: Mapping[str, str], pages: list[dict[str, Any]]
) -> ReferenceRow:
    is_free = bool(mark.marks) and not mark.steps
    key = str(mark.question_id)
    return ReferenceRow(
        mark=mark,
        html=mark.question.shown.text_html,
        steps=[(step, said.get(f"step-{key}-{step.id}", mark.steps.get(str(step.id), "0"))) for step in steps],
        free=said.get(f"free-{key}", f"{mark.marks.normalize():f}" if is_free else ""),
        words=said.get(f"words-{key}", mark.words),
        pages=[page["number"] for page in pages if mark.question.number in page["questions"]],
    )
