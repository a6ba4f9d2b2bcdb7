"""The file from its first page to its last: the summary, then the pages of the paper."""

from __future__ import annotations

import io
from datetime import datetime
from uuid import UUID

from django.utils.translation import get_language
from django.utils.translation import gettext as _
from fpdf import ViewerPreferences
from PIL import Image

from assessments.enums import PageState, RevealItem
from assessments.services.printing.boxes import Strip, paginate
from assessments.services.printing.canvas import A4, Canvas
from assessments.services.printing.content import marks_text
from common.storage import sheet_storage
from evaluations.selectors.marked_papers import MarkedDocument, Retake
from evaluations.selectors.sheets import PageView
from evaluations.services.marked_pdf import MadeFile
from evaluations.services.marked_pdf.ink import draw_ink, ink_of
from evaluations.services.marked_pdf.summary import MARGIN, summary_strips

TOP = 42.0
BOTTOM = A4[1] - 42.0
EDGE = 24.0
HEAD = 30.0
GREY = 190
PAGE_BYTES = 225 * 1024
# Longest side in pixels and quality, tried in turn. On A4, 1600 pixels are 140 for an inch.
SMALLER = ((2000, 70), (1800, 68), (1600, 66))


def draw(document: MarkedDocument, retakes: list[Retake], *, now: datetime) -> MadeFile:
    result = document.result
    title = _("%(exam)s: marked paper") % {"exam": result.attempt.exam.title}
    # Neither an author nor keywords: the title is all that the file says about itself.
    canvas = Canvas(title=title, made_at=result.released_at or now)
    canvas.pdf.set_lang(f"{get_language()}-IN")
    canvas.pdf.page_mode = "USE_OUTLINES"
    canvas.pdf.viewer_preferences = ViewerPreferences(display_doc_title=True)
    places = {page.id: canvas.pdf.add_link() for page in result.pages}
    pages = paginate(summary_strips(canvas, document, places), lambda page: BOTTOM - TOP)
    sheets = Sheets(canvas, document, retakes, first=len(pages) + 1)
    total = len(pages) + sheets.count
    sheets.place(places)
    for number, page in enumerate(pages, start=1):
        _draw_summary_page(canvas, page, number, total)
    sheets.draw(total)
    return MadeFile(canvas.output(), total)


def _draw_summary_page(canvas: Canvas, strips: list[tuple[float, Strip]], number: int, total: int) -> None:
    canvas.new_page()
    if number == 1:
        canvas.pdf.start_section(_("Marks"))
    for y, strip in strips:
        strip.draw(MARGIN, TOP + y)
    draw_number(canvas, number, total)


def draw_number(canvas: Canvas, number: int, total: int) -> None:
    canvas.text(
        _("%(page)d of %(pages)d") % {"page": number, "pages": total},
        canvas.pdf.w / 2,
        canvas.pdf.h - 14,
        8,
        align="center",
    )


class Sheets:
    """The pages of the paper as they are on the screen; a clearer picture of one follows it."""

    def __init__(self, canvas: Canvas, document: MarkedDocument, retakes: list[Retake], *, first: int) -> None:
        self.canvas = canvas
        self.document = document
        self.retakes = retakes
        self.number = first
        self.marks = {
            question.number: (question.awarded, question.marks)
            for question in document.result.questions
            if question.counts and RevealItem.MARKS in document.result.shown
        }

    @property
    def count(self) -> int:
        return len(self.document.result.pages) + len(self.retakes)

    def place(self, links: dict[UUID, int]) -> None:
        """Lets each link lead to where its page will be."""
        number = self.number
        for page in self.document.result.pages:
            self.canvas.pdf.set_link(links[page.id], page=number)
            number += 1 + len(self._retakes(page))

    def draw(self, total: int) -> None:
        for page in self.document.result.pages:
            self._page(page, total)
            for retake in self._retakes(page):
                caption = _("A clearer picture of page %(number)d") % {"number": page.number}
                self._begin(retake.width, retake.height, caption, "", total)
                self._image(retake.screen_key, retake.width, retake.height)

    def _retakes(self, page: PageView) -> list[Retake]:
        return [retake for retake in self.retakes if retake.page == page.id]

    def _page(self, page: PageView, total: int) -> None:
        caption = _("Page %(number)d") % {"number": page.number}
        self._begin(page.width, page.height, caption, ", ".join(self._questions(page)), total)
        for number in page.questions:
            self.canvas.pdf.start_section(self._question(number), level=1)
        ready = page.state == PageState.READY
        x, y, width = self._image(page.screen_key if ready else "", page.width, page.height)
        drawing = ink_of(page.annotations, width=page.width, height=page.height)
        draw_ink(self.canvas, drawing, x=x, y=y, width=width)

    def _questions(self, page: PageView) -> list[str]:
        return [self._question(number) for number in page.questions]

    def _question(self, number: int) -> str:
        awarded, possible = self.marks.get(number, (None, None))
        if awarded is None or possible is None:
            return _("Question %(number)d") % {"number": number}
        told = {"number": number, "won": marks_text(awarded), "most": marks_text(possible)}
        return _("Question %(number)d: %(won)s of %(most)s") % told

    def _begin(self, width: int, height: int, caption: str, about: str, total: int) -> None:
        """A page that lies as the picture does."""
        self.canvas.pdf.add_page(orientation="landscape" if width > height else "portrait")
        self.canvas.pdf.start_section(caption)
        self.canvas.text(caption, EDGE, 20, 10, "B")
        self.canvas.text(about, self.canvas.pdf.w - EDGE, 20, 9, align="right")
        draw_number(self.canvas, self.number, total)
        self.number += 1

    def _image(self, key: str, width: int, height: int) -> tuple[float, float, float]:
        """Draws the picture as large as it fits; its place and width."""
        pdf = self.canvas.pdf
        wide, high = width or 1000, height or 1414
        scale = min((pdf.w - 2 * EDGE) / wide, (pdf.h - 2 * HEAD) / high)
        x, y = (pdf.w - wide * scale) / 2, HEAD
        data = _read(key)
        if data is None:
            self.canvas.text(_("The picture of this page is not here."), pdf.w / 2, y + 40, 10, align="center")
        else:
            pdf.image(io.BytesIO(light(data)), x, y, wide * scale, high * scale, alt_text=_("A handwritten page"))
        self.canvas.pdf.set_draw_color(GREY)
        self.canvas.pdf.set_line_width(0.4)
        self.canvas.pdf.rect(x, y, wide * scale, high * scale)
        return x, y, wide * scale


def light(picture: bytes) -> bytes:
    """The picture as JPEG, whose bytes go into the file as they are, within PAGE_BYTES or as near as it gets while it
    can be read: twelve pages shall fit a mail. Pages prepared before they were WebP are JPEG already."""
    is_jpeg = picture.startswith(b"\xff\xd8\xff")
    if is_jpeg and len(picture) <= PAGE_BYTES:
        return picture
    made = picture if is_jpeg else b""
    with Image.open(io.BytesIO(picture), formats=["JPEG", "WEBP"]) as image:
        image.load()
        for side, quality in SMALLER:
            out = io.BytesIO()
            image.thumbnail((side, side))
            image.save(out, "JPEG", quality=quality, optimize=True)
            made = min(made or out.getvalue(), out.getvalue(), key=len)
            if len(made) <= PAGE_BYTES:
                break
    return made


def _read(key: str) -> bytes | None:
    """None where there is no such picture any more; other troubles of the storage are raised."""
    if not key:
        return None
    try:
        with sheet_storage().open_bytes(key) as stream:
            return stream.read()
    except FileNotFoundError:
        return None
