"""Annotations as JSON."""

from __future__ import annotations

from typing import Any

from evaluations.models import Annotation


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
        "marks": annotation.marks,
        "version": annotation.version,
        "deleted": annotation.deleted_at is not None,
    }
