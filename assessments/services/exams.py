"""Setting exams. The rows are checked by the model and the database; here they are saved with their audit event."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from accounts.models import User
from accounts.services.audit import record_event
from assessments.enums import WRITTEN_TYPES, Behaviour
from assessments.models import Attempt, BlueprintSlot, Exam
from common.errors import DomainError
from courses.models import Cohort

RECORDED = (
    "title", "programme_id", "blueprint_id", "paper_id", "duration_minutes", "upload_grace_minutes", "opens_at",
    "closes_at", "max_attempts", "release", "hide_names", "is_published", "behaviour", "tries", "try_penalty",
    "reveal_answers", "reveal_correctness", "reveal_marks", "reveal_key", "reveal_explanation", "reveal_scheme",
    "reveal_comments", "purpose", "chapter_id", "shuffle_questions", "shuffle_options", "pass_percent",
    "calculator", "marking",
)  # fmt: skip
BEHAVES = ("behaviour", "tries", "try_penalty")
# What students met while they sat it; a result is read by the same.
SETTLED = (*BEHAVES, "shuffle_questions", "shuffle_options")


def exam_problems(exam: Exam) -> list[str]:
    """What cannot be set so, as sentences: the constraints of the model, which the database holds as well, and what a
    quiz needs."""
    problems: list[str] = []
    try:
        exam.validate_constraints()
    except ValidationError as error:
        problems += error.messages
    return problems + quiz_problems(exam)


def quiz_problems(exam: Exam) -> list[str]:
    """A quiz is marked at once and uses up nothing, so no teacher may be bound by it; and its chapter is its own."""
    problems = []
    if exam.is_quiz and _has_written(exam):
        problems.append(_("A quiz is marked at once: choose a paper without written questions."))
    if exam.chapter is not None and exam.chapter.unit.programme_id != exam.programme_id:
        problems.append(_("The chapter belongs to another programme than the quiz."))
    return problems


def save_exam(*, exam: Exam, actor: User, now: datetime) -> Exam:
    """Saves a new or changed exam and records what changed. Sittings that have started keep their own deadlines.

    Raises DomainError: those of check_behaviour.
    """
    with transaction.atomic():
        old = Exam.objects.select_for_update(of=("self",)).filter(pk=exam.pk).first()
        check_behaviour(exam, old)
        exam.save()
        after = {name: getattr(exam, name) for name in RECORDED}
        before = {name: getattr(old, name) for name in RECORDED} if old else {}
        changed = {name: value for name, value in after.items() if not old or before[name] != value}
        if changed:
            action = "exam.changed" if old else "exam.created"
            past = {name: before[name] for name in changed if old}
            record_event(actor=actor, action=action, obj=exam, before=past, after=changed, now=now)
    return exam


def check_behaviour(exam: Exam, old: Exam | None) -> None:
    """Raises DomainError where the exam cannot behave as it says: certainty_written, behaviour_in_use."""
    # Whoever has sat it was told by the old rules what their answers earn, and is marked again by the exam's.
    changes = old is not None and any(getattr(exam, name) != getattr(old, name) for name in SETTLED)
    if changes and Attempt.objects.filter(exam=old).exists():
        message = _("Students have sat this exam; how it behaves can no longer change. Set it again instead.")
        raise DomainError(message, "behaviour_in_use")
    if exam.behaviour == Behaviour.CERTAINTY and _has_written(exam):
        message = _("Certainty needs a paper without written questions: a teacher’s marks are not right or wrong.")
        raise DomainError(message, "certainty_written")


def _has_written(exam: Exam) -> bool:
    if exam.paper is not None:
        return bool(exam.paper.written_marks)
    slots = BlueprintSlot.objects.filter(section__blueprint=exam.blueprint_id).values_list("types", flat=True)
    return any(kind in WRITTEN_TYPES for types in slots for kind in types)


def set_cohorts(*, exam: Exam, cohorts: Collection[Cohort], actor: User, now: datetime) -> None:
    """Sets the exam for exactly these cohorts."""
    with transaction.atomic():
        Exam.objects.select_for_update(of=("self",)).get(pk=exam.pk)
        before = set(exam.cohorts.values_list("pk", flat=True))
        after = {cohort.pk for cohort in cohorts}
        if before != after:
            exam.cohorts.set(cohorts)
            record_event(
                actor=actor,
                action="exam.cohorts_changed",
                obj=exam,
                before={"cohorts": before},
                after={"cohorts": after},
                now=now,
            )
