"""Results from elsewhere, of the student and of the outsider."""

from __future__ import annotations

import uuid
from decimal import Decimal
from typing import Any

from django.db.models import Model

from evaluations.models import ImportedResult
from tests.factories import NOW


def imported_sample() -> dict[str, Any]:
    question = {
        "number": 1, "alternative": "", "html": "<p>Which city is the capital of Peru?</p>", "most": "5",
        "marks": "3.5", "steps": {"s1": "2"}, "comment": "Show the working.", "version": "v1",
    }  # fmt: skip
    step = {"id": "s1", "version": "v1", "text": "The city is named", "marks": "3"}
    empty: dict[str, Any] = {"events": [], "corrections": [], "transitions": [], "audit": [], "pages": []}
    return {"questions": [question], "scheme": [step], **empty}


def samples(cast: Any) -> dict[type[Model], list[Model]]:
    return {
        ImportedResult: [
            ImportedResult.objects.create(
                bundle=str(number) * 64, key="elsewhere", origin=uuid.uuid4(), student=student, exam_title="Mock",
                total=Decimal(3), most=Decimal(5), made_at=NOW, imported_at=NOW, result=imported_sample(),
            )
            for number, student in enumerate((cast.student, cast.outsider))
        ]
    }  # fmt: skip
