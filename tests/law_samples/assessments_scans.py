"""Sample rows of scans of a class for tests/test_law_permissions.py."""

from __future__ import annotations

from django.db import models

from assessments.models import Scan, ScanFile, ScanPage
from tests import factories
from tests.cast import Cast


def samples(cast: Cast) -> dict[type[models.Model], list[models.Model]]:
    """Of an exam for the teacher's cohort alone and of one for another cohort too, brought by each who might."""
    shared = factories.ExamFactory(for_cohorts=[cast.cohort, factories.CohortFactory(name="X, evening")])
    brought = [
        Scan.objects.create(exam=exam, author=author, created_at=factories.NOW, touched_at=factories.NOW)
        for exam in (cast.exam, shared)
        for author in (cast.teacher, cast.staff, cast.colleague)
    ]
    files = [
        ScanFile.objects.create(
            scan=scan,
            exam=scan.exam,
            position=1,
            file_name="hall.pdf",
            sha256=f"{number:064x}",
            size=9,
            content_type="application/pdf",
            page_count=1,
        )
        for number, scan in enumerate(brought)
    ]
    pages = [ScanPage.objects.create(scan=file.scan, file=file, index=0, position=1) for file in files]
    return {Scan: list(brought), ScanFile: list(files), ScanPage: list(pages)}
