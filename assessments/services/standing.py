"""Where a student stands with the questions they have checked: what they may be told, and nothing of the key."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from assessments.enums import Behaviour
from assessments.models import Attempt, PaperQuestion, Try
from assessments.services.behaviours import Rules, Verdict, gains, hints_earned, is_closed, tried_marks, tries_left
from assessments.services.judging import rules_of
from common.templatetags.ui import marks as in_halves


@dataclass(frozen=True)
class Standing:
    """One question. `outcome` of the last try is right, partly, wrong or unknown (a key that cannot be used), empty
    before the first; `marks` is what counts so far; `hints` are those earned, as HTML; `explanation_html` is empty
    until the question is closed."""

    tries: int = 0
    tries_left: int = 0
    outcome: str = ""
    is_closed: bool = False
    marks: Decimal = Decimal(0)
    message: str = ""
    hints: list[str] = field(default_factory=list)
    explanation_html: str = ""


def untried(rules: Rules) -> Standing:
    """Before the first try."""
    left = tries_left(rules, [])
    return Standing(tries_left=left, message=_left(left))


def question_help(attempt: Attempt) -> Callable[[dict[str, Any]], dict[str, Any]]:
    """What the exam page shows with a question (as `paper_for_student` gives it) besides its controls: a "standing"
    where it can be checked, "gains" where certainty is asked. Two queries at most."""
    rules, tried = rules_of(attempt.exam), standings(attempt)
    fresh = untried(rules)

    def of(question: dict[str, Any]) -> dict[str, Any]:
        if question["is_written"]:
            return {}
        if rules.has_tries:
            return {"standing": tried.get(question["id"], fresh)}
        if rules.behaviour == Behaviour.CERTAINTY:
            names = (_("Not sure"), _("Fairly sure"), _("Certain"))
            rows = zip(names, gains(Decimal(question["marks"])), strict=True)
            return {"gains": [{"name": name, "level": row[0], "right": row[1], "wrong": -row[2]} for name, row in rows]}
        return {}

    return of


def standings(attempt: Attempt, *, only: UUID | None = None) -> dict[str, Standing]:
    """By question id, of the questions that were tried. No query where the exam has no tries, otherwise two."""
    rules = rules_of(attempt.exam)
    if not rules.has_tries:
        return {}
    rows = Try.objects.filter(attempt=attempt).order_by("question", "number")
    if only is not None:
        rows = rows.filter(question=only)
    tried: dict[UUID, list[Verdict]] = defaultdict(list)
    for row in rows:
        tried[row.question_id].append(Verdict(row.is_correct, row.marks))
    questions = _questions(tried) if tried else []
    return {str(question.pk): standing(rules, question, tried[question.pk]) for question in questions}


def _questions(ids: Collection[UUID]) -> list[PaperQuestion]:
    return list(PaperQuestion.objects.filter(pk__in=ids).select_related("version"))


def standing(rules: Rules, question: PaperQuestion, tries: list[Verdict]) -> Standing:
    if not tries:
        return untried(rules)
    shown, closed, left = question.shown, is_closed(rules, tries), tries_left(rules, tries)
    outcome, counts = outcome_of(tries[-1]), tried_marks(rules, question.marks, tries)
    return Standing(
        tries=len(tries),
        tries_left=left,
        outcome=outcome,
        is_closed=closed,
        marks=counts,
        message=_said(outcome, counts, question.marks, left),
        hints=shown.hints[: hints_earned(tries, len(shown.hints))],
        explanation_html=shown.explanation_html if closed else "",
    )


def outcome_of(verdict: Verdict) -> str:
    if verdict.is_correct is None:
        return "unknown"
    return "right" if verdict.is_correct else "partly" if verdict.marks else "wrong"


def _said(outcome: str, counts: Decimal, maximum: Decimal, left: int) -> str:
    """One or two sentences about the last try."""
    so_far = {"marks": in_halves(counts), "most": in_halves(maximum)}
    if outcome == "right":
        return _("Right. %(marks)s of %(most)s counts.") % so_far
    words = {
        "partly": _("Partly right. %(marks)s of %(most)s so far.") % so_far,
        "wrong": _("Not right."),
        "unknown": _("This answer could not be judged."),
    }
    return f"{words[outcome]} {_left(left)}"


def _left(left: int) -> str:
    if not left:
        return _("No tries are left.")
    return ngettext("%(count)d try left.", "%(count)d tries left.", left) % {"count": left}
