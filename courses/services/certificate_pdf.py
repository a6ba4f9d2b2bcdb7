"""The certificate as a PDF: one page across, in English and Hindi, with a QR code to where it is checked."""

from __future__ import annotations

from typing import Any

from django.utils import translation
from django.utils.dateformat import format as date_text
from fpdf import FPDF
from fpdf.enums import Align, MethodReturnValue

from common.fonts import FONTS
from common.qr_codes import qr_runs
from courses.models import Certificate

FILES = {
    ("serif", ""): "STIXTwoText-Regular.ttf",
    ("serif", "I"): "STIXTwoText-Italic.ttf",
    ("serif", "B"): "STIXTwoText-SemiBold.ttf",
    ("deva", ""): "AnekDevanagari-Regular.ttf",
}
INK, BLUE, GOLD, GREY = (21, 28, 64), (44, 60, 150), (249, 168, 37), (90, 97, 128)
MARGIN = 34.0
SMALLEST = 13
QR_SIDE = 84.0


def draw_certificate(*, certificate: Certificate, institute: str, address: str) -> bytes:
    """The PDF. `address`: where it is checked, with the host. The same certificate is the same file, byte for byte."""
    pdf = FPDF(orientation="landscape", unit="pt", format="A4")
    pdf.set_auto_page_break(False)
    pdf.set_margin(0)
    pdf.set_title(f"{certificate.course_title}: {certificate.name}")
    pdf.set_lang("en")
    pdf.set_producer("Abhyas")
    pdf.set_creation_date(certificate.issued_at)
    for (family, style), file in FILES.items():
        pdf.add_font(family, style, FONTS / file)
    pdf.set_fallback_fonts(["deva", "serif"], exact_match=False)
    pdf.set_text_shaping(use_shaping_engine=True)
    pdf.add_page()
    _frame(pdf)
    with translation.override("en"):
        english = date_text(certificate.completed_on, "j F Y")
    with translation.override("hi"):
        hindi = date_text(certificate.completed_on, "j F Y")
    _line(pdf, institute, 92, 15, BLUE, "B")
    _line(pdf, "Certificate of completion", 138, 34, INK, "B")
    _line(pdf, "पाठ्यक्रम पूर्ण करने का प्रमाणपत्र", 178, 19, GREY, family="deva")
    _line(pdf, "This is to certify that", 222, 13, GREY, "I")
    _line(pdf, certificate.name, 260, 34, INK, "B")
    pdf.set_draw_color(*GOLD)
    pdf.set_line_width(1.6)
    pdf.line(pdf.w / 2 - 150, 288, pdf.w / 2 + 150, 288)
    _line(pdf, "has completed every required lesson of the course", 312, 13, GREY, "I")
    _line(pdf, "ने इस पाठ्यक्रम के सभी आवश्यक पाठ पूरे किए हैं", 333, 13, GREY, family="deva")
    _line(pdf, certificate.course_title, 372, 24, BLUE, "B")
    _line(pdf, f"{english}  /  {hindi}", 412, 13, INK)
    _proof(pdf, certificate, address)
    return bytes(pdf.output())


def _frame(pdf: FPDF) -> None:
    pdf.set_draw_color(*BLUE)
    pdf.set_line_width(2.2)
    pdf.rect(MARGIN, MARGIN, pdf.w - 2 * MARGIN, pdf.h - 2 * MARGIN)
    pdf.set_line_width(0.6)
    pdf.rect(MARGIN + 6, MARGIN + 6, pdf.w - 2 * MARGIN - 12, pdf.h - 2 * MARGIN - 12)
    pdf.set_fill_color(*GOLD)
    pdf.rect(MARGIN, MARGIN - 4, 120, 6, style="F")


def _line(
    pdf: FPDF, text: str, y: float, size: float, colour: tuple[int, int, int], style: str = "", family: str = "serif"
) -> None:
    """Centred around the height `y`; what is wider than the frame is smaller, then in several lines."""
    room = pdf.w - 2 * MARGIN - 60
    pdf.set_font(family, style, size)
    while size > SMALLEST and _lines(pdf, text, room) > 1:
        pdf.set_font_size(size := size - 2)
    pdf.set_text_color(*colour)
    height = 1.3 * size
    pdf.set_xy((pdf.w - room) / 2, y - height * _lines(pdf, text, room) / 2)
    pdf.multi_cell(room, height, text, align=Align.C)


def _lines(pdf: FPDF, text: str, room: float) -> int:
    lines: Any = pdf.multi_cell(room, text=text, dry_run=True, output=MethodReturnValue.LINES)
    return len(lines)


def _proof(pdf: FPDF, certificate: Certificate, address: str) -> None:
    """The code in figures and as squares."""
    side, runs = qr_runs(address, quiet=0)
    left, top, module = MARGIN + 26, pdf.h - MARGIN - 26 - QR_SIDE, QR_SIDE / side
    pdf.set_fill_color(*INK)
    for x, y, width in runs:
        pdf.rect(left + x * module, top + y * module, width * module + 0.05, module + 0.05, style="F")
    beside = left + QR_SIDE + 16
    for y, text, size, colour, style in (
        (14, "Check this certificate", 11, GREY, ""),
        (31, "इस प्रमाणपत्र की जाँच करें", 11, GREY, ""),
        (48, certificate.shown_code, 13, INK, "B"),
        (66, address, 10, BLUE, ""),
    ):
        pdf.set_font("serif", style, size)
        pdf.set_text_color(*colour)
        pdf.set_xy(beside, top + y)
        pdf.cell(pdf.w - beside - MARGIN, 16, text, link=address if text == address else "")
