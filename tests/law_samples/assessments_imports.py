"""Sample rows of question files for tests/test_law_permissions.py."""

from __future__ import annotations

from django.db import models

from assessments.models import QuestionImport, QuestionImportRow
from tests import factories
from tests.cast import Cast


def samples(cast: Cast) -> dict[type[models.Model], list[models.Model]]:
    programme = factories.ChapterFactory().unit.programme
    files = [
        QuestionImport.objects.create(
            author=author,
            programme=programme,
            file_name="quiz.xml",
            sha256="0" * 64,
            size=9,
            created_at=factories.NOW,
            touched_at=factories.NOW,
        )
        for author in (cast.teacher, cast.newcomer, cast.staff)
    ]
    rows = [QuestionImportRow.objects.create(source=file, position=0, action="new", where="line 1") for file in files]
    return {QuestionImport: list(files), QuestionImportRow: list(rows)}
