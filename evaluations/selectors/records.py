"""The record of an attempt: the evaluation that its student gets."""

from __future__ import annotations

from typing import Any

from django.db.models import Exists, F, FilteredRelation, OuterRef, Q, QuerySet

from assessments.models import Attempt
from evaluations.enums import EvaluationRole
from evaluations.models import Evaluation, MarkCorrection


def with_records(attempts: QuerySet[Attempt]) -> QuerySet[Any]:
    """The attempts with what `record_of` gives, and whether marks of theirs were changed when they were back, in the
    same query."""
    changed = MarkCorrection.objects.filter(evaluation__attempt=OuterRef("pk"))
    attempts = attempts.annotate(is_corrected=Exists(changed))
    is_record = Q(evaluations__role=EvaluationRole.RECORD)
    joined = attempts.annotate(record=FilteredRelation("evaluations", condition=is_record))
    return joined.annotate(record_key=F("record__pk")).select_related("record__teacher")  # type: ignore[misc] # annotated above


def record_of(attempt: Attempt) -> Evaluation | None:
    """Its record with the teacher; None where nothing is to be marked by hand. One query without `with_records`."""
    if hasattr(attempt, "record_key"):
        # Django leaves the relation out where there is nothing to relate.
        record: Evaluation | None = attempt.record if attempt.record_key else None  # type: ignore[attr-defined]
        return record
    return Evaluation.objects.records().select_related("teacher").filter(attempt=attempt).first()
