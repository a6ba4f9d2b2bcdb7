"""The calibration of an exam, for staff and the exam's moderators: its scripts, and who may mark."""

from datetime import datetime
from decimal import Decimal, InvalidOperation
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts.models import User
from common.access import get_permitted
from common.errors import DomainError
from common.htmx import render_page
from evaluations.models import CalibrationScript, Evaluation, ExamChecks
from evaluations.selectors.calibration_page import (
    calibration_page,
    exams_to_choose,
    papers_to_choose,
    script_page,
)
from evaluations.services.calibration_scripts import choose_script, open_script, retire_script, save_references
from evaluations.services.resampling import last_good, plan_resample, resample
from evaluations.services.standings import Decision, decide_standing

PREPARE = "evaluations.prepare_scripts"


def _checks(request: HttpRequest, exam_id: UUID, permission: str = PREPARE) -> ExamChecks:
    found: ExamChecks = get_permitted(request.user, permission, ExamChecks.objects.select_related("exam"), exam_id)
    return found


def _script(request: HttpRequest, script_id: UUID) -> CalibrationScript:
    rows = CalibrationScript.objects.select_related("checks__exam", "record__attempt__exam")
    found: CalibrationScript = get_permitted(request.user, "evaluations.view_calibrationscript", rows, script_id)
    return found


@require_GET
def calibration(request: HttpRequest, exam_id: UUID) -> HttpResponse:
    page = calibration_page(checks=_checks(request, exam_id), reader=request.user)
    return render_page(request, "evaluations/calibration.html", page)


@require_http_methods(["GET", "HEAD", "POST"])
def choose(request: HttpRequest, exam_id: UUID) -> HttpResponse:
    """Marked papers that can become scripts; sending one makes it a script to be prepared."""
    checks, problem, status = _checks(request, exam_id), "", 200
    exams = exams_to_choose(checks)
    asked = request.GET.get("exam", "")
    chosen = next((key for key, _title in exams if str(key) == asked), checks.pk)
    if request.method == "POST":
        try:
            script = choose_script(
                checks=checks,
                record=_record(request.POST.get("paper", "")),
                numbers=_numbers(request.POST.get("numbers", "")),
                use=request.POST.get("use", ""),
                actor=request.user,
                now=timezone.now(),
            )
        except DomainError as error:
            problem, status = error.message, error.status
        else:
            return redirect("calibration-script", script.pk)
    context = calibration_page(checks=checks, reader=request.user) | {
        "papers": papers_to_choose(checks=checks, exam_id=chosen),
        "exams": exams,
        "chosen": chosen,
        "problem": problem,
    }
    return render_page(request, "evaluations/calibration_choose.html", context, status=status)


@require_http_methods(["GET", "HEAD", "POST"])
def script(request: HttpRequest, script_id: UUID) -> HttpResponse:
    """Its reference marks; sending them saves, and with `open` teachers get it from now on."""
    found, said, problem, status = _script(request, script_id), {}, "", 200
    if request.method == "POST":
        said = request.POST.dict()
        now = timezone.now()
        try:
            save_references(script=found, said=_said(found, said), actor=request.user, now=now)
            if "open" in said:
                open_script(script=found, actor=request.user, now=now)
        except DomainError as error:
            problem, status = error.message, error.status
        else:
            messages.success(request, _("The script is in use.") if "open" in said else _("Saved."))
            if "open" in said:
                return redirect("calibration-page", found.checks_id)
            return redirect("calibration-script", found.pk)
    page = script_page(script=found, said=said, problem=problem)
    return render_page(request, "evaluations/calibration_script.html", page, status=status)


@require_POST
def retire(request: HttpRequest, script_id: UUID) -> HttpResponse:
    found = _script(request, script_id)
    retire_script(script=found, actor=request.user, now=timezone.now())
    messages.success(request, _("Nobody gets this script any more."))
    return redirect("calibration-page", found.checks_id)


@require_POST
def standing(request: HttpRequest, exam_id: UUID) -> HttpResponse:
    """Staff decide of one teacher: without practice, more rounds, a pause, its end."""
    checks = _checks(request, exam_id, "evaluations.decide_standings")
    teacher = get_object_or_404(User, pk=_uuid(request.POST.get("teacher", "")), is_teacher=True)
    decision = request.POST.get("decision", "")
    try:
        if decision not in list(Decision):
            raise DomainError(_("Say what you decide."), "bad_decision")
        decide_standing(
            checks=checks, teacher=teacher, decision=Decision(decision), reason=request.POST.get("reason", ""),
            actor=request.user, now=timezone.now(),
        )  # fmt: skip
    except DomainError as error:
        page = calibration_page(checks=checks, reader=request.user)
        page |= {"problem": error.message, "problem_at": teacher.pk}
        return render_page(request, "evaluations/calibration.html", page, status=error.status)
    messages.success(request, _("Decided. The teacher has been told."))
    return redirect("calibration-page", checks.pk)


@require_http_methods(["GET", "HEAD", "POST"])
def second_look(request: HttpRequest, exam_id: UUID, teacher_id: UUID) -> HttpResponse:
    """What a second look at a marker's papers would be, by the time and share asked for; sending it does it."""
    checks = _checks(request, exam_id, "evaluations.decide_standings")
    teacher = get_object_or_404(User, pk=teacher_id, is_teacher=True)
    good = last_good(checks, teacher)
    said = request.POST if request.method == "POST" else request.GET
    context: dict[str, Any] = {"checks": checks, "exam": checks.exam, "teacher": teacher, "good": good, "status": 200}
    context |= {"percent": said.get("percent", "20"), "from": said.get("from", "good" if good else "all")}
    context |= {"day": said.get("day", ""), "reason": said.get("reason", "")}
    try:
        asked = {"checks": checks, "teacher": teacher, **_span(said, good)}
        if request.method == "POST":
            done = resample(**asked, reason=context["reason"], actor=request.user, now=timezone.now())
            messages.success(request, _("%d papers are looked at again.") % done.papers)
            return redirect("calibration-page", checks.pk)
        context["plan"] = plan_resample(**asked)
    except DomainError as error:
        context |= {"problem": error.message, "status": error.status}
    return render_page(request, "evaluations/calibration_resample.html", context, status=context["status"])


def _span(said: QueryDict, good: datetime | None) -> dict[str, Any]:
    """Since when, and which share."""
    percent, since = said.get("percent", "20"), said.get("from", "good" if good else "all")
    if not (percent.isdecimal() and len(percent) <= 3):
        raise DomainError(_("Choose a share from 1 to 100 per cent."), "bad_percent")
    moment = good if since == "good" else None
    if since == "day":
        try:
            moment = timezone.make_aware(datetime.fromisoformat(said.get("day", "")[:10]))
        except ValueError:
            raise DomainError(_("Choose a day."), "bad_day") from None
    return {"since": moment, "percent": int(percent)}


def _uuid(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        return UUID(int=0)


def _record(text: str) -> Evaluation:
    found = Evaluation.objects.records().filter(pk=_uuid(text)).first()
    if found is None:
        raise DomainError(_("Choose a paper that is marked."), "not_marked")
    return found


def _numbers(text: str) -> list[int]:
    """“4, 6” → [4, 6]; nothing: all."""
    parts = text.replace(",", " ").split()
    if not all(part.isdecimal() and len(part) <= 3 for part in parts):
        raise DomainError(_("Write the numbers of questions, such as 4, 6."), "bad_numbers")
    return [int(part) for part in parts]


def _said(found: CalibrationScript, said: dict[str, str]) -> dict[UUID, tuple[dict[str, Decimal], Decimal | None, str]]:
    """By question: its steps, or free marks, and why."""
    made = {}
    for question in found.marks.values_list("question_id", flat=True):
        if f"words-{question}" not in said:
            continue
        start = f"step-{question}-"
        steps = {name.removeprefix(start): _marks(text) for name, text in said.items() if name.startswith(start)}
        free = said.get(f"free-{question}", "").strip()
        made[question] = (
            {key: value for key, value in steps.items() if value},
            _marks(free) if free else None,
            said[f"words-{question}"],
        )
    if not made:
        raise DomainError(_("Say marks and why of at least one question."), "nothing_said")
    return made


def _marks(text: str) -> Decimal:
    try:
        return Decimal(text.replace("½", ".5").replace(",", ".").strip() or "0")
    except InvalidOperation:
        raise DomainError(_("Marks come in halves: 0.5, 1, 1.5 …"), "half_marks") from None
