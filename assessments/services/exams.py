"""Setting exams. The rows are checked by the model and the database; here they are saved with their audit event."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from django.core.exceptions import ValidationError
from django.db import transaction

from accounts.models import User
from accounts.services.audit import record_event
from assessments.models import Exam
from courses.models import Cohort

RECORDED = (
    "title", "programme_id", "blueprint_id", "paper_id", "duration_minutes", "upload_grace_minutes", "opens_at",
    "closes_at", "max_attempts", "release", "hide_names", "is_published", "reveal_answers", "reveal_correctness",
    "reveal_marks", "reveal_key", "reveal_explanation", "reveal_scheme", "reveal_comments",
)  # fmt: skip


def exam_problems(exam: Exam) -> list[str]:
    """What the constraints of the model say about `exam`, as sentences; the database refuses the same."""
    try:
        exam.validate_constraints()
    except ValidationError as error:
        return list(error.messages)
    return []


def save_exam(*, exam: Exam, actor: User, now: datetime) -> Exam:
    """Saves a new or changed exam and records what changed. Sittings that have started keep their own deadlines."""
    with transaction.atomic():
        old = Exam.objects.select_for_update(of=("self",)).filter(pk=exam.pk).first()
        exam.save()
        after = {name: getattr(exam, name) for name in RECORDED}
        before = {name: getattr(old, name) for name in RECORDED} if old else {}
        changed = {name: value for name, value in after.items() if not old or before[name] != value}
        if changed:
            action = "exam.changed" if old else "exam.created"
            past = {name: before[name] for name in changed if old}
            record_event(actor=actor, action=action, obj=exam, before=past, after=changed, now=now)
    return exam


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
