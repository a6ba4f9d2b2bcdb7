"""Calibration scripts: marked papers, or some questions of them, with agreed marks and why, chosen by staff or
moderators.

Other teachers see the pages, without a name. That is a use of a student's pages outside of the marking of their own
paper, so it needs the consent that the export of pages needs (ConsentKind.SCAN_USE), when a script is chosen and each
time it is used (`selectors/calibration.usable_scripts`, `EvaluationQuerySet.visible_to`).
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from accounts.models import User
from accounts.services.audit import record_event
from assessments.models import Paper, PaperQuestion
from common.errors import ConflictError, DomainError
from evaluations.enums import DONE_STATES, EvaluationRole, ScriptState, ScriptUse
from evaluations.models import CalibrationMark, CalibrationScript, Evaluation, ExamChecks, QuestionMark
from evaluations.models.evaluation import agreed_to_scans
from evaluations.services.marking import checked_text, scheme_of
from evaluations.services.totals import checked_free_marks, checked_steps, plain, question_total
from evaluations.services.transitions import lock_evaluation

LONGEST = 500


class ScriptError(DomainError):
    """This paper cannot be a calibration script, or the script cannot be changed so. `number` in the details: of the
    question it is about."""


def choose_script(
    *, checks: ExamChecks, record: Evaluation, numbers: Collection[int], use: str, actor: User, now: datetime
) -> CalibrationScript:
    """Makes a finished paper of the exam, or of one with the same questions, a script that is still to be prepared; its
    reference marks begin as the paper's own. `numbers`: only these questions; none: all that the exam has too.

    Raises ScriptError (not marked, no consent, other questions), ConflictError where it is a script of the exam
    already.
    """
    if use not in ScriptUse.values:
        raise ScriptError(_("Say for what the script is used."), "bad_use")
    with transaction.atomic():
        locked = lock_evaluation(record.pk)
        if locked.role != EvaluationRole.RECORD or locked.state not in DONE_STATES:
            raise ScriptError(_("Choose a paper that is marked."), "not_marked")
        if not agreed_to_scans(locked.attempt.student_id).exists():
            raise ScriptError(_("This student has not agreed that others see the pages."), "no_consent")
        if checks.scripts.filter(record=locked).exclude(state=ScriptState.RETIRED).exists():
            raise ConflictError(_("This paper is a script of the exam already."), "chosen_already")
        script = CalibrationScript.objects.create(
            checks=checks,
            record=locked,
            numbers=_numbers(checks, locked, set(numbers)),
            use=use,
            chosen_by=actor,
            chosen_at=now,
        )
        marks = QuestionMark.objects.filter(evaluation=locked)
        if script.numbers is not None:
            marks = marks.filter(question__number__in=script.numbers)
        CalibrationMark.objects.bulk_create(
            CalibrationMark(
                script=script,
                question_id=mark.question_id,
                marks=mark.marks,
                steps=mark.steps,
                words=mark.comment[:LONGEST],
            )
            for mark in marks
        )
        _audit("script.chosen", script, actor, now, after={"record": locked.pk, "numbers": script.numbers, "use": use})
    return script


def save_references(
    *,
    script: CalibrationScript,
    said: Mapping[UUID, tuple[Mapping[str, Decimal], Decimal | None, str]],
    actor: User,
    now: datetime,
) -> None:
    """The agreed marks by question: by its steps, or free, and why. All or none; audited. Raises ScriptError and
    MarkError (`number` in the details), ConflictError once the script is in use."""
    with transaction.atomic():
        locked = _lock_draft(script)
        for mark in locked.marks.select_related("question").filter(question__in=list(said)):
            before = {"marks": mark.marks, "steps": mark.steps}
            try:
                _agree(mark, *said[mark.question_id])
            except DomainError as error:
                number = mark.question.number
                told = f"{_('Question %s') % number}: {error.message}"
                raise ScriptError(told, error.code, number=number) from error
            after = {"marks": mark.marks, "steps": mark.steps}
            if after != before:
                after |= {"number": mark.question.number}
                _audit("script.reference", locked, actor, now, before=before, after=after)


def _agree(mark: CalibrationMark, steps: Mapping[str, Decimal], free_marks: Decimal | None, words: str) -> None:
    mark.words = checked_text(words.strip(), LONGEST)
    if free_marks is not None:
        mark.marks, mark.steps = checked_free_marks(free_marks, mark.question.marks, mark.words), {}
    else:
        scheme = scheme_of(mark.question)
        given = checked_steps(scheme, steps)
        mark.steps = {key: plain(value) for key, value in given.items()}
        mark.marks = question_total(scheme, given, mark.question.marks)
    mark.save(update_fields=["marks", "steps", "words"])


def open_script(*, script: CalibrationScript, actor: User, now: datetime) -> CalibrationScript:
    """From now on teachers get it, and it does not change any more. Raises ScriptError while a question has no
    words."""
    with transaction.atomic():
        locked = _lock_draft(script)
        marks = list(locked.marks.select_related("question").order_by("question__number"))
        if not marks:
            raise ScriptError(_("No question of this paper has a mark."), "nothing_marked")
        silent = next((mark.question.number for mark in marks if not mark.words.strip()), None)
        if silent is not None:
            raise ScriptError(_("Say why for question %s.") % silent, "words_missing", number=silent)
        if not agreed_to_scans(locked.record.attempt.student_id).exists():
            raise ScriptError(_("This student has not agreed that others see the pages."), "no_consent")
        _move(locked, ScriptState.READY, actor, now)
    return locked


def retire_script(*, script: CalibrationScript, actor: User, now: datetime) -> CalibrationScript:
    """Nobody gets it any more; who has it finishes it. Repeating is fine."""
    with transaction.atomic():
        locked: CalibrationScript = CalibrationScript.objects.select_for_update().get(pk=script.pk)
        if locked.state != ScriptState.RETIRED:
            _move(locked, ScriptState.RETIRED, actor, now)
    return locked


def _numbers(checks: ExamChecks, record: Evaluation, wanted: set[int]) -> list[int] | None:
    """The written numbers of the paper that the exam has too, in the same versions; None for all of the paper."""
    written = PaperQuestion.objects.filter(paper=record.attempt.paper_id, is_written=True)
    versions: dict[int, set[UUID]] = {}
    for number, version in written.values_list("number", "version_id"):
        versions.setdefault(number, set()).add(version)
    if unknown := wanted - versions.keys():
        raise ScriptError(_("Question %s is not a written one of this paper.") % min(unknown), "unknown_question")
    if record.attempt.exam_id != checks.pk:
        papers = Paper.objects.filter(Q(pk=checks.exam.paper_id) | Q(attempts__exam=checks.pk))
        here = PaperQuestion.objects.filter(paper__in=papers, is_written=True)
        known = set(here.values_list("version_id", flat=True))
        versions = {number: found for number, found in versions.items() if found <= known}
        if not versions or not wanted <= versions.keys():
            raise ScriptError(_("This exam does not have the same questions."), "other_questions")
        return sorted(wanted or versions)
    return sorted(wanted) if wanted and wanted != versions.keys() else None


def _lock_draft(script: CalibrationScript) -> CalibrationScript:
    rows = CalibrationScript.objects.select_for_update(of=("self",)).select_related("record__attempt", "checks")
    locked: CalibrationScript = rows.get(pk=script.pk)
    if locked.state != ScriptState.DRAFT:
        raise ConflictError(_("This script is in use; it does not change any more."), "not_a_draft")
    return locked


def _move(locked: CalibrationScript, state: str, actor: User, now: datetime) -> None:
    before, after = {"state": locked.state}, {"state": state}
    CalibrationScript.objects.filter(pk=locked.pk).update(**after)
    locked.refresh_from_db(fields=["state"])
    _audit("script.moved", locked, actor, now, before=before, after=after)


def _audit(
    action: str,
    script: CalibrationScript,
    actor: User,
    now: datetime,
    *,
    before: Mapping[str, object] | None = None,
    after: Mapping[str, object],
) -> None:
    record_event(actor=actor, action=action, obj=script, before=before or {}, after=after, now=now)
