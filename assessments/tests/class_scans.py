"""The answer sheets of a class as a copier gives them: printed, written on, shuffled, turned, doubled, mixed up."""

from __future__ import annotations

import io
import random
from collections.abc import Iterable, Sequence
from datetime import timedelta
from typing import Any

import pypdfium2
from PIL import Image, ImageDraw

from assessments.models import Exam, Scan
from assessments.services.printing import PrintOptions, print_class_sheets
from assessments.services.scans import GivenFile, receive_scan, work_on
from courses.models import CohortMembership
from tests import factories

DPI = 150
NOW = factories.NOW
WRITTEN = [row for row in factories.SMALL_PAPER if row[3] in factories.WRITTEN_TYPES]
#: The class sits on Wednesday at 10; the sheets are scanned in the afternoon.
SCANNED_AT = NOW + timedelta(hours=5)


def written_exam(cast: Any, **more: Any) -> Exam:
    """An exam that is written throughout, for the cohort of the cast."""
    paper = factories.small_paper(WRITTEN, title="Half-yearly test")
    return factories.ExamFactory(paper=paper, title="Half-yearly test", for_cohorts=[cast.cohort], **more)


def class_of(cast: Any, count: int) -> list[Any]:
    """The two of the cast and new classmates with an exam each in their plan."""
    people = [cast.student, cast.classmate][:count]
    for number in range(count - len(people)):
        person = factories.StudentFactory(name=f"Pupil {number:02d}")
        CohortMembership.objects.create(cohort=cast.cohort, user=person)
        factories.EntitlementFactory(user=person)
        people.append(person)
    return people


def printed(exam: Exam, students: Sequence[Any], pages: int) -> dict[tuple[Any, int], Image.Image]:
    """The printed sheets as pictures by (student id, page number)."""
    pdf = pypdfium2.PdfDocument(print_class_sheets(exam, students, PrintOptions(), pages=pages))
    places = [(student.pk, number) for student in students for number in range(1, pages + 1)]
    return {place: pdf[index].render(scale=DPI / 72).to_pil().convert("L") for index, place in enumerate(places)}


def written_on(image: Image.Image, rng: random.Random) -> Image.Image:
    """With lines of something like handwriting, no two alike."""
    image = image.copy()
    draw = ImageDraw.Draw(image)
    for _ in range(120):
        x, y = rng.randint(120, image.width - 160), rng.randint(300, image.height - 220)
        points = [(x + 8 * step, y + rng.randint(-12, 12)) for step in range(6)]
        draw.line(points, fill=rng.randint(10, 90), width=rng.randint(2, 4))
    return image


def copied(image: Image.Image, *, turn: int = 0, skew: float = 0.0) -> Image.Image:
    """As it comes out of the copier: a little askew, turned clockwise."""
    if skew:
        image = image.rotate(skew, resample=Image.Resampling.BICUBIC, fillcolor=250)
    return image.rotate(-turn, expand=True) if turn else image


def empty_page() -> Image.Image:
    return Image.new("L", (1240, 1754), 252)


def as_pdf(images: Iterable[Image.Image]) -> bytes:
    first, *rest = images
    out = io.BytesIO()
    first.save(out, "PDF", save_all=True, append_images=rest, resolution=DPI, quality=80)
    return out.getvalue()


def bring(exam: Exam, actor: Any, *files: bytes, starts_all: bool = False) -> Scan:
    """Uploaded and read to the end."""
    given = [GivenFile(f"class {number}.pdf", data) for number, data in enumerate(files, start=1)]
    scan, _known = receive_scan(exam=exam, files=given, starts_all=starts_all, actor=actor, now=SCANNED_AT)
    work_on(scan_id=scan.pk, now=SCANNED_AT)
    scan.refresh_from_db()
    return scan
