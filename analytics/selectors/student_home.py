"""What a student's day looks like. A constant number of queries, whatever the student has done."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from math import ceil
from typing import Any
from uuid import UUID

from django.db.models import Case, Count, Exists, F, OuterRef, Q, Subquery, Sum, When
from django.db.models.functions import Coalesce
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.models import User
from assessments.enums import PageState, RevealItem, RevealWhen
from assessments.models import Attempt, Exam, PaperQuestion, Response, SheetPage
from assessments.selectors.exam_pages import exam_rows
from assessments.selectors.reveal import Shown, exams_hiding, shown_by_exam
from common.local_times import day_start
from common.templatetags.ui import marks
from common.templatetags.ui_times import when
from courses.models import Programme
from evaluations.enums import PROMISED_STATES, EvaluationState
from evaluations.models import Annotation, Evaluation, QuestionMark
from evaluations.selectors.ink import annotation_values, revealed_ink
from evaluations.selectors.queues import with_counts
from evaluations.selectors.totals import MarkedQuestion, counted_alternatives
from notifications.enums import NotificationKind
from notifications.models import Notification

TREND_POINTS = 12
# More papers than this are never with teachers at once.
MOST_OPEN = 20
GOAL_PERCENT = 75
# What leads to a result that is worth another look.
RESULT_NEWS = (NotificationKind.PAPER_RETURNED, NotificationKind.MARKS_CHANGED)


@dataclass(frozen=True)
class Task:
    """One line of the day's plan. `state` is now for the first, todo for the others."""

    title: str
    note: str
    url: str
    action: str
    icon: str = "play"
    state: str = "todo"


@dataclass
class StudentHome:
    tasks: list[Task] = field(default_factory=list)
    done_today: int = 0
    returned: dict[str, Any] | None = None
    with_teacher: list[dict[str, Any]] = field(default_factory=list)
    trend: list[dict[str, Any]] = field(default_factory=list)
    units: list[dict[str, Any]] = field(default_factory=list)
    programme: Programme | None = None
    days_to_board: int | None = None


def student_home(*, user: User, now: datetime) -> StudentHome:
    """Everything the student's first page shows. 10 queries, up to 3 more where exams reveal things later."""
    rows = exam_rows(user=user, now=now)
    papers = _papers(user)
    released = [paper for paper in papers if paper.state == EvaluationState.RELEASED]
    being_marked = sorted((paper for paper in papers if paper.state in PROMISED_STATES), key=lambda paper: paper.due_at)
    unread, read_today = _returned_notices(user, now)
    programme = rows[0]["exam"].programme if rows else None
    shown = shown_by_exam([paper.attempt.exam for paper in released], now)
    hidden: set[UUID] = set()
    if released and released[0].has_rules:
        hidden = exams_hiding(RevealItem.MARKS, Exam.objects.filter(attempts__student=user), now)
    told = [paper for paper in released if RevealItem.MARKS in shown[paper.attempt.exam_id]]
    home = StudentHome(
        tasks=_tasks(rows, released, unread),
        done_today=_done_today(user, now) + read_today,
        returned=_returned(released, told, shown),
        with_teacher=[_with_teacher(paper) for paper in being_marked[:2]],
        trend=_trend(told),
        units=unit_percentages(user=user, programme=programme, hidden=hidden) if programme and released else [],
        programme=programme,
    )
    if programme and programme.board_exam_on:
        home.days_to_board = max(0, (programme.board_exam_on - timezone.localdate(now)).days)
    return home


def _papers(user: User) -> list[Any]:
    """Papers that are being marked, then those that are back, the last returned first. One query.

    Each with `written`, `done` and `said`, the teacher's comment on the best of the commented answers; and all with
    `has_rules`: whether an exam among all their papers shows the marks later than at once.
    """
    is_back = Case(When(state=EvaluationState.RELEASED, then=True), default=False)
    comments = QuestionMark.objects.filter(evaluation=OuterRef("pk")).exclude(comment="").order_by("-marks", "pk")
    rows = Evaluation.objects.records().filter(
        attempt__student=user, state__in=[*PROMISED_STATES, EvaluationState.RELEASED]
    )
    told = with_counts(rows.select_related("attempt__exam", "teacher"))
    ruled = Attempt.objects.filter(student=user).exclude(exam__reveal_marks=RevealWhen.AT_ONCE)
    told = told.annotate(said=Subquery(comments.values("comment")[:1]), has_rules=Exists(ruled))
    return list(told.order_by(is_back, F("released_at").desc(nulls_last=True), "-id")[: MOST_OPEN + TREND_POINTS])


def _tasks(rows: list[dict[str, Any]], released: list[Evaluation], unread: set[str]) -> list[Task]:
    """At most three next steps: carry on, photograph, read the marking, sit an open exam."""
    tasks = []
    for row in rows:
        title = row["exam"].title
        if row["live"]:
            url = reverse("attempt-page", args=[row["live"].pk])
            note = _("Ends %(when)s") % {"when": when(row["live"].ends_at)}
            tasks.append(Task(title, note, url, _("Carry on"), "play"))
        elif row["sheets"]:
            url = reverse("sheets-page", args=[row["sheets"].pk])
            note = _("Photograph your pages before %(when)s") % {"when": when(row["sheets"].sheets_due_at)}
            tasks.append(Task(title, note, url, _("Photograph"), "camera"))
    for evaluation in released:
        url = reverse("result-page", args=[evaluation.attempt_id])
        if url in unread:
            note = _("Your marked paper is back")
            tasks.append(Task(evaluation.attempt.exam.title, note, url, _("Read the marking"), "file-text"))
    for row in rows:
        # A quiz stays open for ever; it is a task until it was tried once.
        if row["status"] == "open" and not (row["exam"].is_quiz and row["last"]):
            facts = {"marks": marks(row["marks"]), "minutes": row["terms"].minutes}
            worded = ngettext("%(marks)s mark, %(minutes)s min", "%(marks)s marks, %(minutes)s min", ceil(row["marks"]))
            note = worded % facts
            url = reverse("exam-detail", args=[row["exam"].pk])
            tasks.append(Task(row["exam"].title, note, url, _("See and start")))
    first = [Task(**(vars(tasks[0]) | {"state": "now"}))] if tasks else []
    return first + tasks[1:3]


def _returned_notices(user: User, now: datetime) -> tuple[set[str], bool]:
    """The addresses of returned papers not looked at yet, and whether one was read today. One query."""
    notices = (
        Notification.objects.filter(user=user, kind__in=RESULT_NEWS)
        .filter(Q(read_at__isnull=True) | Q(read_at__gte=day_start(now)))
        .values_list("url", "read_at")
    )
    unread = {url for url, read_at in notices if read_at is None}
    return unread, any(read_at for _url, read_at in notices)


def _done_today(user: User, now: datetime) -> int:
    """Stripes of the day for work: submitted an exam, handed in sheets. 0–2. One query."""
    start = day_start(now)
    did = (
        Attempt.objects.counted()
        .filter(student=user, submitted_at__gte=start)
        .aggregate(submitted=Count("pk"), handed_in=Count("pk", filter=Q(handed_in_at__gte=start)))
    )
    return bool(did["submitted"]) + bool(did["handed_in"])


def _returned(released: list[Any], told: list[Any], shown: dict[Any, Shown]) -> dict[str, Any] | None:
    """The latest returned paper: as far as its exam shows them its first page, a comment of the teacher, its marks and
    the change against the one before of those whose marks are known, `told`."""
    if not released:
        return None
    latest, seen = released[0], shown[released[0].attempt.exam_id]
    before = told[1] if len(told) > 1 and told[0] is latest else None
    page = None
    if RevealItem.ANSWERS in seen:
        pages = SheetPage.objects.filter(upload__attempt=latest.attempt_id, state=PageState.READY)
        page = pages.order_by("upload__page_number", "index").first()
    totals = (latest.total_marks, before.total_marks) if before and before.max_marks == latest.max_marks else ()
    took = latest.released_at - latest.submitted_at if latest.released_at else None
    return {
        "evaluation": latest,
        "shows_marks": RevealItem.MARKS in seen,
        "comment": latest.said if RevealItem.COMMENTS in seen else "",
        "page": page,
        "ink": [_ink(latest, page, seen)] if page else [],
        "change": totals[0] - totals[1] if totals and None not in totals else None,
        "hours": max(1, round(took / timedelta(hours=1))) if took else None,
    }


def _ink(evaluation: Evaluation, page: SheetPage, shown: Shown) -> dict[str, Any]:
    """What marking-ink.js needs to draw the teacher's marks over one page. One query."""
    drawn = Annotation.objects.filter(evaluation=evaluation, page=page, deleted_at__isnull=True).order_by("updated_at")
    annotations = revealed_ink([annotation_values(annotation) for annotation in drawn], shown)
    return {"id": page.pk, "width": page.width, "height": page.height, "annotations": annotations}


def _with_teacher(paper: Any) -> dict[str, Any]:
    """Received → Marking → Back, with the number of written questions done so far."""
    total = paper.written or 0
    done = min(paper.done or 0, total)
    note = {
        EvaluationState.QUEUED: _("waiting for a teacher"),
        EvaluationState.ASSIGNED: _("with a teacher"),
        EvaluationState.IN_PROGRESS: _("%(done)s of %(total)s done") % {"done": done, "total": total},
    }.get(paper.state, _("with a teacher"))
    back = _("by %(when)s") % {"when": when(paper.due_at)}
    if paper.paused_at is not None:
        back = _("waits for a picture")
    return {
        "evaluation": paper,
        "steps": [
            {"label": _("Received"), "note": when(paper.submitted_at), "state": "done"},
            {"label": _("Marking"), "note": note, "state": "now", "percent": 100 * done / max(total, 1)},
            {"label": _("Back"), "note": back, "state": "todo"},
        ],
    }


def _trend(released: list[Evaluation]) -> list[dict[str, Any]]:
    """The last marked papers in per cent, oldest first."""
    points = []
    for paper in released[:TREND_POINTS]:
        if paper.total_marks is not None and paper.max_marks and paper.released_at:
            label = date_format(timezone.localtime(paper.released_at), "j M")
            points.append({"label": label, "value": round(100 * paper.total_marks / paper.max_marks)})
    return points[::-1]


def unit_percentages(*, user: User, programme: Programme, hidden: Collection[UUID] = ()) -> list[dict[str, Any]]:
    """Marks won of marks possible per unit over all returned papers but those of the `hidden` exams, whose marks are
    not shown yet; weakest first. Three queries: the papers are named by their ids, because PostgreSQL without fresh
    statistics joined every answer with every paper.

    What was not answered counts as lost. Of an internal choice one alternative counts, as in the total of the paper.
    """
    unit = "version__question__chapter__unit"
    counted = Evaluation.objects.records().filter(attempt__student=user, state=EvaluationState.RELEASED)
    counted = counted.exclude(attempt__exam__in=hidden) if hidden else counted
    attempts = dict(counted.values_list("attempt_id", "pk"))
    possible = (
        PaperQuestion.objects.filter(
            paper__attempts__in=list(attempts),
            alternative__in=["", "a"],
            **{f"{unit}__programme": programme},
        )
        .order_by()
        .values(unit, f"{unit}__name")
        .annotate(possible=Sum("marks"))
    )
    won: dict[Any, Decimal] = defaultdict(Decimal)
    for unit_id, total in _won(attempts, f"question__{unit}"):
        won[unit_id] += total
    rows = []
    for row in possible:
        # The two alternatives of a choice may belong to two units; no unit shows more than all of its marks.
        got = min(won[row[unit]], row["possible"])
        lost = row["possible"] - got
        note = ngettext("%(n)s mark lost so far", "%(n)s marks lost so far", ceil(lost)) % {"n": marks(lost)}
        percent = round(100 * got / row["possible"])
        rows.append({"label": row[f"{unit}__name"], "value": percent, "goal": GOAL_PERCENT, "note": note})
    return sorted(rows, key=lambda row: (row["value"], row["label"]))


def _won(attempts: Mapping[UUID, UUID], unit: str) -> Iterable[tuple[Any, Decimal]]:
    """Pairs of unit and marks won in it over these papers, given by attempt and evaluation. Two queries.

    Only the few questions of an internal choice are looked at one by one; which alternative counts is the paper's rule.
    """
    objective = Response.objects.filter(attempt__in=list(attempts), question__is_written=False)
    written = QuestionMark.objects.filter(evaluation__in=list(attempts.values()))
    sums = [
        rows.order_by().values_list(unit).annotate(won=Coalesce(Sum("marks"), Decimal(0)))
        for rows in (objective, written.filter(question__alternative=""))
    ]
    yield from sums[0].union(sums[1], all=True)
    papers: dict[UUID, dict[MarkedQuestion, Any]] = defaultdict(dict)
    choices = written.exclude(question__alternative="")
    for paper, number, letter, got, unit_id in choices.values_list(
        "evaluation_id", "question__number", "question__alternative", "marks", unit
    ):
        papers[paper][MarkedQuestion(number, letter, got)] = unit_id
    for paper_units in papers.values():
        counted = counted_alternatives(paper_units)
        for question, unit_id in paper_units.items():
            if counted[question.number] == question.alternative:
                yield unit_id, question.marks
