"""The variants of a paper: drawn by its seed, rendered once, and frozen with it."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import asdict
from datetime import datetime
from typing import Any
from uuid import UUID

from assessments.models import QuestionVersion, ShownContent
from assessments.services.content_schema import QuestionInvalidError
from assessments.services.questions import build_version, content_of
from assessments.services.variants import instantiate

TRIES = 20


def draw_variants(version_ids: Collection[UUID], *, seed: int, now: datetime) -> dict[UUID, dict[str, Any]]:
    """`PaperQuestion.variant` of every version that has parameters. One query, a second where there are some."""
    rows = QuestionVersion.objects.filter(pk__in=version_ids, parameters__isnull=False)
    versions = rows.select_related("question", "created_by").prefetch_related("steps")
    return {version.pk: draw_variant(version, seed=seed, now=now) for version in versions}


def draw_variant(version: QuestionVersion, *, seed: int, now: datetime) -> dict[str, Any]:
    """One variant of `version`, in its stored form. The same paper seed and question always give the same.

    Raises VariantError, or QuestionInvalidError when no variant keeps the rules of its type.
    """
    question, content = version.question, content_of(version)
    for turn in range(TRIES):
        values, drawn = instantiate(content, f"{seed} {question.key or question.pk.hex} {turn}")
        try:
            row, steps = build_version(
                question=question, number=version.number, content=drawn, actor=version.created_by, now=now
            )
        except QuestionInvalidError:
            # Few values may break a rule that the samples on saving kept, such as two options that say the same.
            if turn == TRIES - 1:
                raise
            continue
        shown = ShownContent(
            text_source=row.text_source,
            text_html=row.text_html,
            options=row.options,
            parts=row.parts,
            answer=row.answer,
            model_answer_html=row.model_answer_html,
            explanation_html=row.explanation_html,
            steps={str(step.position): step.text_html for step in steps},
            hints=[hint["html"] for hint in row.hints or ()],
        )
        return {"values": values, "shown": asdict(shown)}
    raise AssertionError("unreachable")
