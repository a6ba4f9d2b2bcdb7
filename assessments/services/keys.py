"""The keys that hold now. Versions and papers never change, so what was found wrong later is a correction beside them.

Whoever marks or shows a key asks here.
"""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from fractions import Fraction
from typing import Any
from uuid import UUID

import structlog
from django.db.models import OuterRef, QuerySet, Subquery

from assessments.models import KeyCorrection, PaperQuestion, QuestionVersion
from assessments.services.content_schema import QuestionContent
from assessments.services.variants import VariantError, fill

log = structlog.get_logger(__name__)

Key = dict[str, Any]


def with_corrected_keys(questions: QuerySet[PaperQuestion]) -> QuerySet[PaperQuestion]:
    """The same rows; `keys_of` needs no query of its own for them."""
    last = KeyCorrection.objects.filter(version=OuterRef("version")).order_by("-number")
    return questions.annotate(corrected_key=Subquery(last.values("answer")[:1]))


def keys_of(questions: Iterable[PaperQuestion]) -> dict[UUID, Key]:
    """The key of each question as it stands on its paper, by question id. One query, none for rows of
    `with_corrected_keys`; `version` is read for the rest."""
    rows: list[Any] = list(questions)
    if all(hasattr(question, "corrected_key") for question in rows):
        corrected = {q.version_id: q.corrected_key for q in rows if q.corrected_key is not None}
    else:
        corrected = _corrected({question.version_id for question in rows})
    return {
        question.pk: key_on_paper(question, corrected[question.version_id])
        if question.version_id in corrected
        else question.shown.answer
        for question in rows
    }


def key_of(version: QuestionVersion) -> Key:
    """The key of a version, corrected where it was; with its parameters, not with the values of a paper."""
    return _corrected({version.pk}).get(version.pk) or dict(version.answer)


def key_on_paper(question: PaperQuestion, key: Key) -> Key:
    """`key` of the question's version, with the values that the paper drew. {} where these make no key of it."""
    if question.variant is None:
        return key
    values = {name: Fraction(text) for name, text in question.variant["values"].items()}
    bare = QuestionContent(marks=Decimal(0), difficulty=1, cognitive_level="", text="", answer=key)
    try:
        return dict(fill(bare, values).answer)
    except VariantError as error:
        log.error("question_key_unusable", question_id=str(question.pk), error=error.message)
        return {}


def _corrected(version_ids: set[UUID]) -> dict[UUID, Key]:
    rows = KeyCorrection.objects.filter(version__in=version_ids).order_by("version", "number")
    return dict(rows.values_list("version_id", "answer"))
