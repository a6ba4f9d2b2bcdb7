"""What a student's day looks like. A constant number of queries, whatever the student has done."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from django.db.models import Count, F, Q, Sum
from django.db.models.functions import Coalesce
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.models import User
from assessments.enums import PageState
from assessments.models import Attempt, PaperQuestion, Response, SheetPage
from assessments.selectors.exam_pages import exam_rows
from common.templatetags.ui import marks, when
from courses.models import Programme, Unit
from evaluations.enums import OPEN_STATES, EvaluationState
from evaluations.models import Annotation, Evaluation, QuestionMark
from evaluations.selectors.ink import annotation_values
from notifications.enums import NotificationKind
from notifications.models import Notification

TREND_POINTS = 12
GOAL_PERCENT = 75


@dataclass(frozen=True)
class Task:
    """One line of the day's plan. `state` is done, now or todo."""

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
    """Everything the student's first page shows. 11 queries."""
    rows = exam_rows(user=user, now=now)
    evaluations: list[Any] = list(
        Evaluation.objects.filter(attempt__student=user)
        .select_related("attempt__exam", "attempt__paper", "teacher")
        .annotate(marked=Count("marks"))
        .order_by("-id")[: TREND_POINTS + 6]
    )
    released = [e for e in evaluations if e.state == EvaluationState.RELEASED]
    unread, read_today = _returned_notices(user, now)
    programme = rows[0]["exam"].programme if rows else None
    home = StudentHome(
        tasks=_tasks(rows, released, unread),
        done_today=_done_today(user, now) + read_today,
        returned=_returned(released),
        with_teacher=_with_teacher([e for e in evaluations if e.state in OPEN_STATES][:2]),
        trend=_trend(released),
        units=unit_percentages(user=user, programme=programme) if programme and released else [],
        programme=programme,
    )
    if programme and programme.board_exam_on:
        home.days_to_board = max(0, (programme.board_exam_on - timezone.localdate(now)).days)
    return home


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
        if row["status"] == "open":
            facts = {"marks": marks(row["marks"]), "minutes": row["exam"].duration_minutes}
            note = _("%(marks)s marks, %(minutes)s min") % facts
            url = reverse("exam-detail", args=[row["exam"].pk])
            tasks.append(Task(row["exam"].title, note, url, _("See and start")))
    first = [Task(**(vars(tasks[0]) | {"state": "now"}))] if tasks else []
    return first + tasks[1:3]


def _midnight(now: datetime) -> datetime:
    return timezone.localtime(now).replace(hour=0, minute=0, second=0, microsecond=0)


def _returned_notices(user: User, now: datetime) -> tuple[set[str], bool]:
    """The addresses of returned papers not looked at yet, and whether one was read today. One query."""
    notices = (
        Notification.objects.filter(user=user, kind=NotificationKind.PAPER_RETURNED)
        .filter(Q(read_at__isnull=True) | Q(read_at__gte=_midnight(now)))
        .values_list("url", "read_at")
    )
    unread = {url for url, read_at in notices if read_at is None}
    return unread, any(read_at for _url, read_at in notices)


def _done_today(user: User, now: datetime) -> int:
    """Stripes of the day for work: submitted an exam, handed in sheets. 0–2. One query."""
    start = _midnight(now)
    did = Attempt.objects.filter(student=user, submitted_at__gte=start).aggregate(
        submitted=Count("pk"), handed_in=Count("pk", filter=Q(handed_in_at__gte=start))
    )
    return bool(did["submitted"]) + bool(did["handed_in"])


def _returned(released: list[Evaluation]) -> dict[str, Any] | None:
    """The latest marked paper, its first page, a comment of the teacher and the change against the one before."""
    if not released:
        return None
    latest, before = released[0], released[1] if len(released) > 1 else None
    said = QuestionMark.objects.filter(evaluation=latest).exclude(comment="").order_by("-marks")
    pages = SheetPage.objects.filter(upload__attempt=latest.attempt_id, state=PageState.READY)
    page = pages.order_by("upload__page_number", "index").first()
    totals = (latest.total_marks, before.total_marks) if before and before.max_marks == latest.max_marks else ()
    hours = round((latest.released_at - latest.submitted_at) / timedelta(hours=1)) if latest.released_at else None
    return {
        "evaluation": latest,
        "comment": said.values_list("comment", flat=True).first(),
        "page": page,
        "ink": [_ink(latest, page)] if page else [],
        "change": totals[0] - totals[1] if totals and None not in totals else None,
        "hours": hours,
    }


def _ink(evaluation: Evaluation, page: SheetPage) -> dict[str, Any]:
    """What marking-ink.js needs to draw the teacher's marks over one page. One query."""
    drawn = Annotation.objects.filter(evaluation=evaluation, page=page, deleted_at__isnull=True).order_by("updated_at")
    annotations = [annotation_values(annotation) for annotation in drawn]
    return {"id": page.pk, "width": page.width, "height": page.height, "annotations": annotations}


def _with_teacher(evaluations: list[Any]) -> list[dict[str, Any]]:
    """Received → Marking → Back, with the number of written questions done so far. One query."""
    if not evaluations:
        return []
    papers = [evaluation.attempt.paper_id for evaluation in evaluations]
    written = dict(
        PaperQuestion.objects.filter(paper__in=papers, is_written=True)
        .values_list("paper_id")
        .annotate(total=Count("number", distinct=True))
    )
    cards = []
    for evaluation in evaluations:
        total = written.get(evaluation.attempt.paper_id, 0)
        done = min(evaluation.marked, total)
        begun = evaluation.state == EvaluationState.IN_PROGRESS
        note = _("%(done)s of %(total)s done") % {"done": done, "total": total} if begun else _("waiting for a teacher")
        if evaluation.state == EvaluationState.ASSIGNED:
            note = _("with a teacher")
        cards.append(
            {
                "evaluation": evaluation,
                "steps": [
                    {"label": _("Received"), "note": when(evaluation.submitted_at), "state": "done"},
                    {"label": _("Marking"), "note": note, "state": "now", "percent": 100 * done / max(total, 1)},
                    {"label": _("Back"), "note": _("by %(when)s") % {"when": when(evaluation.due_at)}, "state": "todo"},
                ],
            }
        )
    return cards


def _trend(released: list[Evaluation]) -> list[dict[str, Any]]:
    """The last marked papers in per cent, oldest first."""
    points = []
    for paper in released[:TREND_POINTS]:
        if paper.total_marks is not None and paper.max_marks and paper.released_at:
            label = date_format(timezone.localtime(paper.released_at), "j M")
            points.append({"label": label, "value": round(100 * paper.total_marks / paper.max_marks)})
    return points[::-1]


def unit_percentages(*, user: User, programme: Programme) -> list[dict[str, Any]]:
    """Marks won of marks possible per unit over all released papers, weakest first. Three queries."""
    attempts = Evaluation.objects.filter(attempt__student=user, state=EvaluationState.RELEASED).values("attempt_id")
    unit = "question__version__question__chapter__unit"
    sums: dict[Any, list[Decimal]] = {}
    objective = (
        Response.objects.filter(attempt__in=attempts, question__is_written=False)
        .values(unit)
        .annotate(won=Coalesce(Sum("marks"), Decimal(0)), possible=Sum("question__marks"))
    )
    written = (
        QuestionMark.objects.filter(evaluation__attempt__in=attempts)
        .values(unit)
        .annotate(won=Sum("marks"), possible=Sum(F("question__marks")))
    )
    for row in [*objective, *written]:
        pair = sums.setdefault(row[unit], [Decimal(0), Decimal(0)])
        pair[0] += row["won"]
        pair[1] += row["possible"]
    rows = []
    for unit_row in Unit.objects.filter(programme=programme):
        won, possible = sums.get(unit_row.pk, (Decimal(0), Decimal(0)))
        if possible:
            lost = possible - won
            note = ngettext("%(n)s mark lost so far", "%(n)s marks lost so far", int(lost)) % {"n": marks(lost)}
            percent = round(100 * won / possible)
            rows.append({"label": unit_row.name, "value": percent, "goal": GOAL_PERCENT, "note": note})
    return sorted(rows, key=lambda row: row["value"])
