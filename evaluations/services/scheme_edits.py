"""Changing a marking scheme after marking has begun: what is asked for, checked; what would come of it; the change."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from typing import Any, NoReturn

from django.db import transaction
from django.db.models import Max
from django.utils.translation import gettext as _

from accounts.models import User
from accounts.services.audit import record_event
from assessments.enums import StepKind
from assessments.models import Exam, MarkingStep, PaperQuestion, QuestionVersion
from common.content import ContentError, render_content
from common.errors import ConflictError, DomainError, NotPermittedError
from evaluations.enums import PRACTICE_ROLES
from evaluations.models import Evaluation, SchemeRevision, SchemeRun
from evaluations.selectors.schemes import Scheme, SchemeLine, changes_in_words, scheme_histories
from evaluations.services.marking import checked_text
from evaluations.services.scheme_preview import Preview, preview_marks
from evaluations.services.scheme_runs import ask_run
from evaluations.services.totals import in_halves

MOST_STEPS = 40
LONGEST_STEP = 2000
LONGEST_REASON = 1000


class SchemeError(DomainError):
    """The scheme cannot be changed so. `step` in the details: of the step it is about, counted from 1."""


@dataclass(frozen=True)
class StepEdit:
    """A step as it is to be. `id`: of a step that the question has or had in this exam, "" of a new one."""

    id: str
    text: str
    marks: Decimal
    kind: str = StepKind.METHOD
    follows: tuple[int, ...] = ()
    part: str = ""
    alternative: str = ""
    method: int = 1


@dataclass(frozen=True)
class SchemeEdit:
    """The whole scheme as it is to be: a step that is left out does not count any more. See SchemeRevision."""

    steps: tuple[StepEdit, ...]
    reason: str
    is_given: bool = False
    asks_again: bool = False
    may_lower: bool = False


def preview_scheme(*, exam: Exam, version: QuestionVersion, edit: SchemeEdit, actor: User) -> Preview:
    """What would come of it; nothing is written. Raises SchemeError, NotPermittedError."""
    before, lines = _checked(exam, version, edit, actor)
    return preview_marks(exam=exam, version=version, before=before, lines=lines, edit_flags=_flags(edit))


def change_scheme(
    *, exam: Exam, version: QuestionVersion, edit: SchemeEdit, digest: str, actor: User, now: datetime
) -> SchemeRevision:
    """Makes the change that was previewed as `digest`; the marks follow in the background (services/scheme_runs).

    Raises ConflictError when anything changed since that preview, SchemeError, NotPermittedError.
    """
    with transaction.atomic():
        # One change of an exam at a time.
        Exam.objects.select_for_update(of=("self",)).get(pk=exam.pk)
        before, lines = _checked(exam, version, edit, actor)
        found = preview_marks(exam=exam, version=version, before=before, lines=lines, edit_flags=_flags(edit))
        if found.digest != digest:
            raise ConflictError(_("Marks changed since this preview. Look at the new one."), "preview_old")
        revision = SchemeRevision.objects.create(
            exam=exam,
            version=version,
            number=before.number + 1,
            steps=[line.stored() for line in _with_ids(exam, version, lines)],
            is_given=edit.is_given,
            asks_again=edit.asks_again,
            may_lower=edit.may_lower,
            reason=edit.reason.strip(),
            actor=actor,
            at=now,
        )
        total = Evaluation.objects.filter(attempt__exam=exam).exclude(role__in=PRACTICE_ROLES).count()
        SchemeRun.objects.create(revision=revision, total=total)
        record_event(
            actor=actor,
            action="scheme.changed",
            obj=revision,
            before={"steps": [line.stored() for line in before.lines], "given": before.is_given},
            after={"steps": revision.steps, **_flags(edit)},
            reason=edit.reason[:300],
            now=now,
        )
        ask_run(revision)
    return revision


def _flags(edit: SchemeEdit) -> dict[str, bool]:
    return {"given": edit.is_given, "asks_again": edit.asks_again, "may_lower": edit.may_lower}


def _checked(
    exam: Exam, version: QuestionVersion, edit: SchemeEdit, actor: User
) -> tuple[Scheme, tuple[SchemeLine, ...]]:
    """The scheme of now, and the lines it is to have; new ones without an id."""
    history = scheme_histories(exam.pk, [version.pk])[version.pk]
    if not _written(exam, version).exists():
        _refuse(_("This question is not a written one of the exam."), "unknown_question")
    if not edit.reason.strip():
        _refuse(_("Say why: students whose marks change read it."), "reason_missing")
    checked_text(edit.reason, LONGEST_REASON)
    if edit.may_lower and not actor.is_staff:
        raise NotPermittedError(_("Only staff let marks fall that are back with students."), "not_staff")
    if history.now.is_given and not edit.is_given:
        _refuse(_("Everybody has the marks of this question already; that stays."), "given_already")
    if len(edit.steps) > MOST_STEPS:
        _refuse(_("A scheme has at most %s steps.") % MOST_STEPS, "too_many")
    known = {line.id: line for scheme in history.schemes for line in scheme.lines}
    lines = tuple(_line(place, one, known, version) for place, one in enumerate(edit.steps, start=1))
    _check_set(lines)
    made = replace(history.now, lines=lines)
    changed = changes_in_words(history.now, made) or [one.id for one in lines] != [one.id for one in history.now.lines]
    if not changed and edit.is_given == history.now.is_given:
        _refuse(_("Nothing is changed yet."), "unchanged")
    if not lines and not edit.is_given:
        _refuse(_("Keep a step, or give everybody the marks."), "no_steps")
    return history.now, lines


def _written(exam: Exam, version: QuestionVersion) -> Any:
    return PaperQuestion.objects.filter(
        paper__in=exam.attempts.values("paper_id"), version=version, is_written=True
    ) | PaperQuestion.objects.filter(paper=exam.paper_id, version=version, is_written=True)


def _line(place: int, edit: StepEdit, known: dict[str, SchemeLine], version: QuestionVersion) -> SchemeLine:
    if edit.id and edit.id not in known:
        _refuse(_("Step %s does not belong to this question.") % place, "unknown_step", step=place)
    if not in_halves(edit.marks) or not 0 < edit.marks <= version.marks:
        told = _("Step %(n)s: give half marks from 0.5 to %(most)s.") % {"n": place, "most": version.marks.normalize()}
        _refuse(told, "step_marks", step=place)
    text = checked_text(edit.text.strip().replace("\r\n", "\n"), LONGEST_STEP)
    if not text:
        _refuse(_("Step %s has no words.") % place, "step_text", step=place)
    if edit.kind not in StepKind.values:
        _refuse(_("Step %s: there is no such kind of step.") % place, "step_kind", step=place)
    parts = {part["label"] for part in version.parts}
    if edit.part and edit.part not in parts:
        _refuse(_("Step %s: the question has no such part.") % place, "step_part", step=place)
    if edit.method < 1 or edit.method > max(len(version.method_titles or ()), 4):
        _refuse(_("Step %s: there is no such method.") % place, "step_method", step=place)
    before = known.get(edit.id)
    html = before.html if before is not None and before.text == text else _html(place, text)
    return SchemeLine(
        edit.id, edit.part, edit.alternative[:2], edit.kind, text, html, edit.marks, edit.follows, edit.method
    )


def _html(place: int, text: str) -> str:
    try:
        return str(render_content(text).html)
    except ContentError as error:
        raise SchemeError(f"{_('Step %s') % place}: {error}", "step_text", step=place) from error


def _check_set(lines: tuple[SchemeLine, ...]) -> None:
    """No step twice, and each builds only on earlier ones of its method, part and alternative."""
    ids = Counter(line.id for line in lines if line.id)
    places: dict[int, list[SchemeLine]] = {}
    for place, line in enumerate(lines, start=1):
        if line.id and ids[line.id] > 1:
            _refuse(_("Step %s is there twice.") % place, "step_twice", step=place)
        earlier = places.setdefault(line.method, [])
        for number in line.follows:
            if not 0 < number <= len(earlier):
                _refuse(_("Step %s can build only on a step before it.") % place, "step_follows", step=place)
            other = earlier[number - 1]
            if (other.part, other.alternative) != (line.part, line.alternative):
                told = _("Step %s cannot build on a step of another part or alternative.") % place
                _refuse(told, "step_follows", step=place)
        earlier.append(line)


def _with_ids(exam: Exam, version: QuestionVersion, lines: tuple[SchemeLine, ...]) -> list[SchemeLine]:
    """New steps become rows, so that ink and re-marks can point at them. The version's row is locked: two exams may
    give the same question steps at once."""
    QuestionVersion.objects.select_for_update(of=("self",)).get(pk=version.pk)
    last = MarkingStep.everywhere.filter(version=version).aggregate(last=Max("position"))["last"] or 0
    made = []
    for line in lines:
        if not line.id:
            last += 1
            row = MarkingStep.everywhere.create(
                version=version,
                position=last,
                part=line.part,
                alternative=line.alternative,
                kind=line.kind,
                text_source=line.text,
                text_html=line.html,
                marks=line.marks,
                follows=list(line.follows) or None,
                method=line.method if line.method > 1 else None,
                exam=exam,
            )
            line = replace(line, id=str(row.pk))
        made.append(line)
    return made


def _refuse(message: str, code: str, **details: object) -> NoReturn:
    raise SchemeError(message, code, **details)
