"""Covers, a worksheet and a film for the courses of the demonstration, all drawn here.

The film lies beside the courses because every seeding would only draw the same again:
`python -m config.demo.course_files` makes it.
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from pathlib import Path

from fpdf import FPDF
from PIL import Image, ImageDraw, ImageFont

from common.fonts import FONTS

COURSES = Path(__file__).parent / "courses"
FILM, CAPTIONS = COURSES / "parabola.webm", COURSES / "parabola.vtt"
NIGHT, LIGHT, FAINT, GOLD, ROSE = "#1A2456", "#EEF0FB", "#46528C", "#F6A821", "#FF7D92"
Points = Sequence[tuple[float, float]]

#: Each equation with its roots.
WORKSHEET = {
    "By factors": [
        ("x² − 9x + 20 = 0", "4, 5"), ("x² + 4x − 21 = 0", "3, −7"), ("2x² + 7x + 3 = 0", "−3, −1/2"),
        ("6x² − x − 2 = 0", "2/3, −1/2"),
    ],
    "By completing the square": [
        ("x² + 8x − 9 = 0", "1, −9"), ("x² − 10x + 21 = 0", "3, 7"), ("x² − 4x + 1 = 0", "2 ± root of 3"),
        ("2x² + 4x − 1 = 0", "−1 ± root of 3/2"),
    ],
    "By the formula": [
        ("x² − 3x + 1 = 0", "(3 ± root of 5)/2"), ("3x² + 2x − 1 = 0", "1/3, −1"), ("4x² + 12x + 9 = 0", "−3/2, twice"),
        ("2x² − 3x + 2 = 0", "no real root: D = −7"),
    ],
}  # fmt: skip
#: One heartbeat, in parts of its length and of the height of the R wave.
BEAT = (
    (0.0, 0.0), (0.14, 0.0), (0.17, 0.1), (0.20, 0.14), (0.23, 0.1), (0.26, 0.0), (0.33, 0.0), (0.35, -0.1),
    (0.39, 1.0), (0.43, -0.25), (0.45, 0.0), (0.55, 0.0), (0.60, 0.12), (0.66, 0.24), (0.71, 0.18), (0.76, 0.0),
    (1.0, 0.0),
)  # fmt: skip


def cover(name: str) -> bytes:
    """The cover of that name as PNG."""
    width, height = 1280, 720
    picture = Image.new("RGB", (width, height), NIGHT)
    pen = ImageDraw.Draw(picture)
    for at in range(0, width, 80):
        pen.line((at, 0, at, height), fill="#232E66", width=2)
        pen.line((0, at, width, at), fill="#232E66", width=2)
    if name == "parabola":
        _curve(pen, (width, height), -2.0)
    else:
        pen.line([(80 + 1120 * x, 470 - 330 * y) for x, y in BEAT], fill=ROSE, width=12, joint="curve")
    picture = picture.resize((width // 2, height // 2), Image.Resampling.LANCZOS)
    made = io.BytesIO()
    picture.save(made, "PNG", optimize=True)
    return made.getvalue()


def _curve(pen: ImageDraw.ImageDraw, size: tuple[int, int], c: float) -> list[tuple[float, float]]:
    """The axes and y = x² + c with its roots; returns where those are."""
    width, height = size
    unit, middle, floor = width / 9, width / 2, height * 0.62
    pen.line((0, floor, width, floor), fill=FAINT, width=width // 300)
    pen.line((middle, 0, middle, height), fill=FAINT, width=width // 300)
    steps = [each / 40 - 3 for each in range(241)]
    points = [(middle + unit * x, floor - unit * 0.8 * (x * x + c)) for x in steps]
    pen.line(points, fill=LIGHT, width=width // 130, joint="curve")
    roots = [] if c > 0 else [sign * (-c) ** 0.5 for sign in (-1, 1)]
    found = [(middle + unit * root, floor) for root in roots]
    radius = width / 75
    for x, y in found:
        pen.ellipse((x - radius, y - radius, x + radius, y + radius), fill=GOLD)
    return found


def worksheet() -> bytes:
    """Twelve equations on one page, their roots on the next."""
    pdf = FPDF(format="A4")
    pdf.set_title("Twelve equations")
    pdf.set_lang("en")
    pdf.add_font("serif", "", FONTS / "STIXTwoText-Regular.ttf")
    for heading, part in (("Twelve equations", 0), ("Twelve equations: the roots", 1)):
        pdf.add_page()
        pdf.set_font("serif", "", 22)
        pdf.cell(0, 14, heading, new_x="LMARGIN", new_y="NEXT")
        number = 0
        for way, rows in WORKSHEET.items():
            pdf.set_font("serif", "", 16)
            pdf.cell(0, 14, way, new_x="LMARGIN", new_y="NEXT")
            pdf.set_font("serif", "", 13)
            for row in rows:
                number += 1
                pdf.cell(0, 10 if part else 15, f"{number}.  {row[part]}", new_x="LMARGIN", new_y="NEXT")
    return bytes(pdf.output())


# --- The film --------------------------------------------------------------------------------------------------------
SIZE, RATE, SECONDS = (480, 270), 6, 15


def number_at(second: float) -> float:
    """The c of that moment: it rests at the beginning, where it is zero, and at the end."""
    if second < 6:
        return -2 + 2 * min(1, max(0, (second - 2) / 4))
    return 2 * min(1, max(0, (second - 8) / 4))


def draw_film(path: Path) -> None:
    """WebM, without sound."""
    import cv2
    import numpy

    film = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"VP80"), RATE, SIZE)
    font = ImageFont.truetype(str(FONTS / "STIXTwoText-Italic.ttf"), 56)
    small = ImageFont.truetype(str(FONTS / "STIXTwoText-Regular.ttf"), 46)
    for frame in range(RATE * SECONDS):
        c = number_at(frame / RATE)
        picture = Image.new("RGB", (SIZE[0] * 2, SIZE[1] * 2), NIGHT)
        pen = ImageDraw.Draw(picture)
        roots = _curve(pen, picture.size, c)
        sign = "−" if c < -0.005 else "+"
        pen.text((30, 400), f"y = x² {sign} {abs(c):.1f}", font=font, fill=LIGHT)
        count = "no real root" if not roots else "two equal roots" if c > -0.005 else "two roots"
        pen.text((30, 460), count, font=small, fill=GOLD)
        film.write(cv2.cvtColor(numpy.asarray(picture.resize(SIZE, Image.Resampling.LANCZOS)), cv2.COLOR_RGB2BGR))
    film.release()


if __name__ == "__main__":
    draw_film(FILM)
