"""The marked paper's PDF shows the red ink as the result page does: both are drawn and compared as pictures.

`python -m tests.bench.marked_pdf` does it for twenty sets and keeps the pictures.
"""

from __future__ import annotations

import io
import os
import sys
import time
import uuid
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pypdfium2
import pytest
from django.utils import timezone
from PIL import Image, ImageDraw
from playwright.sync_api import Page, expect

from assessments.models import SheetPage
from common.content import remark_line, render_remark
from common.storage import sheet_storage
from evaluations.enums import FileState
from evaluations.models import Annotation, Evaluation, MarkedPaper
from evaluations.selectors.records import with_records
from evaluations.services.marked_papers import ask_marked_paper, make_marked_paper
from tests.browser import Site
from tests.marked_pictures.compare import LEAST, Agreement, compare, difference, picture_of_page, picture_of_screen
from tests.marked_pictures.sets import annotation_set
from tests.test_axe import violations

pytestmark = [pytest.mark.slow, pytest.mark.browser]

SETS = int(os.environ.get("ABHYAS_INK_SETS", "3"))
#: Where the pictures are kept for people, if anywhere.
KEPT = os.environ.get("ABHYAS_INK_PICTURES", "")
SIZES = ((1240, 1754), (1754, 1240))


@dataclass(frozen=True)
class Made:
    data: bytes
    seconds: float


def white_page(width: int, height: int) -> bytes:
    picture = Image.new("RGB", (width, height), "white")
    draw = ImageDraw.Draw(picture)
    for y in range(60, height, 60):
        draw.line((0, y, width, y), fill=(205, 205, 205), width=2)
    made = io.BytesIO()
    picture.save(made, "JPEG", quality=85)
    return made.getvalue()


def draw_set(evaluation: Evaluation, seed: int) -> None:
    """An upright page and one that was turned, each with its ink."""
    Annotation.objects.filter(evaluation=evaluation).delete()
    pages = SheetPage.objects.filter(upload__attempt=evaluation.attempt_id).order_by("upload__page_number")
    for number, (page, (width, height)) in enumerate(zip(pages, SIZES, strict=True)):
        SheetPage.objects.filter(pk=page.pk).update(width=width, height=height, rotation=90 * number)
        sheet_storage().put_bytes(page.screen_key, white_page(width, height), "image/jpeg")
        for values in annotation_set(2 * seed + number):
            Annotation.objects.create(
                id=uuid.uuid4(), evaluation=evaluation, page=page, author=evaluation.teacher,
                updated_at=timezone.now(), shown=remark_line(render_remark(values["text"])), **values,
            )  # fmt: skip


def make_file(evaluation: Evaluation) -> Made:
    rows = with_records(type(evaluation.attempt).objects.select_related("exam__programme", "paper", "student"))
    attempt, now = rows.get(pk=evaluation.attempt_id), timezone.now()
    begun = time.perf_counter()
    # Tests have their tasks done at once.
    row = ask_marked_paper(attempt=attempt, reader=attempt.student, now=now)
    seconds = time.perf_counter() - begun
    with sheet_storage().open_bytes(MarkedPaper.objects.get(pk=row.pk).storage_key) as stream:
        return Made(stream.read(), seconds)


def screenshots(page: Page, url: str) -> list[bytes]:
    page.goto(url, wait_until="networkidle")
    page.evaluate("document.fonts.ready")
    shots = []
    for number in (1, 2):
        place = page.locator(f"#page-{number} .sheetpage")
        place.scroll_into_view_if_needed()
        page.wait_for_function(f"document.querySelector('#page-{number} img').complete")
        page.evaluate("document.fonts.ready")
        shots.append(place.screenshot())
    return shots


def row(seed: int, number: int, agreement: Agreement, made: Made) -> list[str]:
    shares = (f"{100 * share:.2f}" for share in (agreement.screen_in_file, agreement.file_in_screen))
    return [
        str(seed), ("upright", "turned")[number], *shares, str(agreement.pixels), f"{len(made.data) / 1024:.0f}",
        f"{1000 * made.seconds:.0f}",
    ]  # fmt: skip


@pytest.mark.timeout(1800)
def test_file_shows_the_ink_of_the_screen(site: Site, capsys: Any) -> None:
    evaluation: Evaluation = site.world.released
    context = site.browser.new_context(
        base_url=site.url, viewport={"width": 740, "height": 1400}, device_scale_factor=2, locale="en-IN"
    )
    context.add_cookies([{"name": "sessionid", "value": site.sessions["student"], "url": site.url}])
    page, worst = context.new_page(), 1.0
    for seed in range(SETS):
        site.ask(draw_set, evaluation=evaluation, seed=seed)
        made = site.ask(make_file, evaluation=evaluation)
        shots = screenshots(page, f"/results/{evaluation.attempt_id}/")
        with pypdfium2.PdfDocument(made.data) as document:
            for number, shot in enumerate(shots):
                file = picture_of_page(document, len(document) - len(shots) + number)
                screen = picture_of_screen(shot, file.size)
                agreement = compare(screen, file)
                worst = min(worst, agreement.least)
                keep(seed, number, screen, file)
                with capsys.disabled():
                    sys.stdout.write("\n" + "\t".join(row(seed, number, agreement, made)))
    assert worst >= LEAST
    context.close()


def keep(seed: int, number: int, screen: Image.Image, file: Image.Image) -> None:
    if not KEPT:
        return
    folder = Path(KEPT)
    folder.mkdir(parents=True, exist_ok=True)
    for name, picture in (("screen", screen), ("file", file), ("difference", difference(screen, file))):
        picture.save(folder / f"{seed:02}-{number}-{name}.png")


def test_button_becomes_the_file_without_a_reload(site: Site) -> None:
    evaluation: Evaluation = site.world.released
    with site.visit("student", width=390, axe=True) as visit:
        page, link = visit.page, visit.page.get_by_role("link", name="Download the marked paper")
        page.goto(f"/results/{evaluation.attempt_id}/")
        page.get_by_role("button", name="Prepare the marked paper").click()
        expect(link).to_be_visible()  # in tests the worker's part is done at once
        site.ask(MarkedPaper.objects.update, state=FileState.WAITING)
        page.reload()
        expect(page.locator("#marked-paper")).to_contain_text("being prepared")
        assert violations(page) == []
        site.ask(make_marked_paper, paper_id=site.ask(MarkedPaper.objects.get).pk, now=timezone.now())
        expect(link).to_be_visible()
        file = page.request.get(link.get_attribute("href") or "")
        assert (file.headers["content-type"], file.body()[:5]) == ("application/pdf", b"%PDF-")
        assert visit.problems == []
