"""Saving the red ink: a batch at a time, checked, versioned, repeatable."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NoReturn
from uuid import UUID

from django.db import IntegrityError, transaction
from django.db.models import Q

from accounts.models import User
from assessments.enums import UploadState
from assessments.models import MarkingStep, PaperQuestion, SheetPage
from common.content import remark_line, render_remark
from common.errors import ConflictError, DomainError
from evaluations.enums import AnnotationKind
from evaluations.models import Annotation, Evaluation
from evaluations.selectors.ink import annotation_values
from evaluations.services.claims import lock_claimed, renewed_lease
from evaluations.services.comment_bank import link_comments, note_uses

BATCH = 500
MAX_POINTS = 2000
TEXT_LENGTH = 1000
# A stroke may leave the page a little; further out it is a mistake of the program that sent it.
SLACK = 0.05
DRAWN = {AnnotationKind.PEN, AnnotationKind.HIGHLIGHT, AnnotationKind.UNDERLINE}
SHOWN_MARKS = re.compile(r"[0-9.+½]{0,8}")


class AnnotationError(DomainError):
    """Ink that cannot be stored. `item` in the details is its id."""


class AnnotationConflict(ConflictError):
    """Newer versions exist. `current` in the details lists them; nothing of the batch was saved."""


@dataclass(frozen=True)
class AnnotationInput:
    """One annotation as the marker's screen sends it; `version` is the one it last saw, 0 for a new one."""

    id: UUID
    page: UUID
    kind: str
    geometry: dict[str, Any]
    text: str = ""
    question: UUID | None = None
    step: UUID | None = None
    marks: str = ""
    version: int = 0
    deleted: bool = False


@dataclass
class InkBatch:
    """What is known about the rows that some changes touch, and what becomes of them; `write` stores it."""

    evaluation: Evaluation
    pages: set[UUID]
    questions: dict[UUID, UUID]
    steps: dict[UUID, UUID]
    existing: dict[UUID, Annotation]
    created: dict[UUID, Annotation] = field(default_factory=dict)
    changed: dict[UUID, Annotation] = field(default_factory=dict)
    reworded: set[UUID] = field(default_factory=set)

    @classmethod
    def load(cls, evaluation: Evaluation, items: Iterable[AnnotationInput]) -> InkBatch:
        attempt = evaluation.attempt
        pages = SheetPage.objects.filter(upload__attempt=attempt.pk, upload__state=UploadState.VERIFIED)
        questions = PaperQuestion.objects.filter(paper=attempt.paper_id, is_written=True)
        by_question = dict(questions.values_list("pk", "version_id"))
        of_exam = Q(exam=None) | Q(exam=attempt.exam_id)
        steps = MarkingStep.everywhere.filter(of_exam, version__in=by_question.values())
        rows = Annotation.objects.filter(pk__in=[item.id for item in items])
        return cls(
            evaluation=evaluation,
            pages=set(pages.values_list("pk", flat=True)),
            questions=by_question,
            steps=dict(steps.values_list("pk", "version_id")),
            existing={row.pk: row for row in rows},
        )

    def is_there(self, item: AnnotationInput) -> bool:
        """Whether the row is already as `item` says, or gone as it says. Raises AnnotationError for what cannot be."""
        values = self.checked_values(item)
        known = self.existing.get(item.id)
        if known is None:
            return item.deleted
        return (known.deleted_at is not None) == item.deleted and all(
            getattr(known, name) == value for name, value in values.items()
        )

    def take(self, item: AnnotationInput, *, actor: User, now: datetime) -> bool:
        """Makes the change, one version higher; False when there is a newer version than the one it was made from.

        Raises AnnotationError.
        """
        values = self.checked_values(item)
        known = self.existing.get(item.id)
        if known is None:
            if not item.deleted:
                made = Annotation(id=item.id, evaluation=self.evaluation, author=actor, updated_at=now, **values)
                self.existing[item.id] = self.created[item.id] = made
            return True
        if known.version != item.version:
            return False
        if values and known.text != values["text"]:
            self.reworded.add(item.id)
        for name, value in values.items():
            setattr(known, name, value)
        known.deleted_at = now if item.deleted else None
        known.version += 1
        known.author, known.updated_at = actor, now
        if item.id not in self.created:
            self.changed[item.id] = known
        return True

    def checked_values(self, item: AnnotationInput) -> dict[str, Any]:
        known = self.existing.get(item.id)
        if known is not None and known.evaluation_id != self.evaluation.pk:
            _refuse("This id is already used for something else.", "id_taken", item=str(item.id))
        if item.deleted:
            return {}
        if item.kind not in AnnotationKind.values:
            _refuse("There is no such kind of annotation.", "bad_kind", item=str(item.id))
        if item.page not in self.pages or (known is not None and known.page_id != item.page):
            _refuse("This page does not belong to the paper.", "unknown_page", item=str(item.id))
        if item.question is not None and item.question not in self.questions:
            _refuse("This question is not a written one of the paper.", "unknown_question", item=str(item.id))
        version = self.questions[item.question] if item.question is not None else None
        if item.step is not None and (version is None or self.steps.get(item.step) != version):
            _refuse("This step does not belong to the question.", "unknown_step", item=str(item.id))
        if "\x00" in item.text or len(item.text) > TEXT_LENGTH:
            _refuse(f"A comment is plain text of at most {TEXT_LENGTH} characters.", "bad_text", item=str(item.id))
        if not SHOWN_MARKS.fullmatch(item.marks):
            _refuse("The mark beside a stamp is a number.", "bad_marks", item=str(item.id))
        return {
            "page_id": item.page,
            "question_id": item.question,
            "step_id": item.step,
            "kind": item.kind,
            "geometry": checked_geometry(item.kind, item.geometry),
            "text": item.text,
            "shown": remark_line(render_remark(item.text))[:TEXT_LENGTH],
            "marks": item.marks,
        }

    def write(self, actor: User) -> None:
        """Stores all changes and counts the comments among them that are new."""
        made = list(self.created.values())
        comments = [row for row in made if row.kind == AnnotationKind.COMMENT and row.deleted_at is None]
        note_uses(evaluation=self.evaluation, owner=actor, rows=comments)
        reworded = [row for key, row in self.changed.items() if key in self.reworded]
        link_comments(evaluation=self.evaluation, author=actor, rows=reworded)
        try:
            with transaction.atomic():
                Annotation.objects.bulk_create(made)
        except IntegrityError:
            _refuse("One of the ids is already used for something else.", "id_taken")
        fields = [
            "page",
            "question",
            "step",
            "kind",
            "geometry",
            "text",
            "shown",
            "marks",
            "bank",
            "version",
            "author",
            "updated_at",
        ]
        Annotation.objects.bulk_update(self.changed.values(), [*fields, "deleted_at"], batch_size=100)


def save_annotations(
    *, evaluation: Evaluation, items: Sequence[AnnotationInput], actor: User, now: datetime
) -> list[Annotation]:
    """Saves all of `items` or none and renews the claim. Returns the stored rows in the order of the items.

    Deleting leaves a tombstone; deleting what was never stored is nothing. The same batch sent again changes nothing.
    Raises ClaimError, AnnotationConflict and AnnotationError.
    """
    if len(items) > BATCH:
        raise AnnotationError(f"At most {BATCH} annotations at a time.", "too_many")
    if len({item.id for item in items}) != len(items):
        raise AnnotationError("The same annotation comes twice.", "twice")
    with transaction.atomic():
        locked = lock_claimed(evaluation.pk, actor)
        batch = InkBatch.load(locked, items)
        conflicts = []
        for item in items:
            if not batch.is_there(item) and not batch.take(item, actor=actor, now=now):
                conflicts.append(annotation_values(batch.existing[item.id]))
        if conflicts:
            raise AnnotationConflict("Some annotations were changed in another place.", "version", current=conflicts)
        batch.write(actor)
        Evaluation.objects.filter(pk=locked.pk).update(**renewed_lease(locked, now))
    return [batch.existing[item.id] for item in items if item.id in batch.existing]


def checked_geometry(kind: str, geometry: Any) -> dict[str, Any]:
    """The known parts of a geometry, rounded to a hundred-thousandth of the page. Raises AnnotationError.

    {"points": [[x, y] or [x, y, pressure or null], …]} for drawn kinds; {"x", "y"} for the others, and {"w", "h"} which
    circles must have. All in 0–1 of the page.
    """
    if not isinstance(geometry, dict):
        _refuse("A geometry is an object.", "bad_geometry")
    if kind in DRAWN:
        return {"points": _points(geometry.get("points"))}
    made = {"x": _number(geometry.get("x")), "y": _number(geometry.get("y"))}
    if kind == AnnotationKind.CIRCLE or "w" in geometry or "h" in geometry:
        made |= {"w": _number(geometry.get("w")), "h": _number(geometry.get("h"))}
    return made


def _refuse(message: str, code: str, **details: object) -> NoReturn:
    raise AnnotationError(message, code, **details)


def _points(points: Any) -> list[list[float | None]]:
    if not isinstance(points, list | tuple) or not 1 <= len(points) <= MAX_POINTS:
        _refuse(f"A line has 1 to {MAX_POINTS} points.", "bad_geometry")
    made: list[list[float | None]] = []
    for point in points:
        if not isinstance(point, list | tuple) or len(point) not in (2, 3):
            _refuse("A point is [x, y] or [x, y, pressure].", "bad_geometry")
        pressure = [None if value is None else _number(value) for value in point[2:]]
        made.append([_number(point[0]), _number(point[1]), *pressure])
    return made


def _number(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not -SLACK <= value <= 1 + SLACK:
        _refuse("Coordinates are numbers from 0 to 1 of the page.", "bad_geometry")
    if not math.isfinite(value):
        _refuse("Coordinates are numbers from 0 to 1 of the page.", "bad_geometry")
    return round(float(value), 5)
