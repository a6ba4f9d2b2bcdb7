"""Annotations as JSON."""

from __future__ import annotations

from typing import Any

from assessments.enums import RevealItem
from assessments.selectors.reveal import Shown
from evaluations.enums import AnnotationKind
from evaluations.models import Annotation

VERDICTS = {AnnotationKind.TICK, AnnotationKind.HALF, AnnotationKind.CROSS}


def annotation_values(annotation: Annotation) -> dict[str, Any]:
    """An annotation in the one JSON shape that the desk, the API and the result page share."""
    return {
        "id": str(annotation.pk),
        "page": str(annotation.page_id),
        "question": str(annotation.question_id) if annotation.question_id else None,
        "step": str(annotation.step_id) if annotation.step_id else None,
        "kind": annotation.kind,
        "geometry": annotation.geometry,
        "text": annotation.text,
        "shown": annotation.shown,
        "marks": annotation.marks,
        "version": annotation.version,
        "deleted": annotation.deleted_at is not None,
    }


def revealed_ink(annotations: list[dict[str, Any]], shown: Shown) -> list[dict[str, Any]]:
    """Annotations, as of `annotation_values`, without what is not in `shown`."""
    if RevealItem.COMMENTS not in shown:
        return []
    hidden: dict[str, str | None] = {} if RevealItem.MARKS in shown else {"marks": ""}
    hidden |= {} if RevealItem.SCHEME in shown else {"step": None}
    says_right = RevealItem.CORRECTNESS in shown
    return [drawn | hidden for drawn in annotations if says_right or drawn["kind"] not in VERDICTS]
