"""Ruled paper, and how a phone sees it: perspective, a desk, uneven light, blur, JPEG with EXIF."""

from __future__ import annotations

import io
import random
from collections.abc import Sequence

from PIL import Image, ImageChops, ImageDraw, ImageFilter, ImageOps

Corner = tuple[float, float]
# The phone picture, upright, in pixels.
PHOTO = (1350, 1800)
RULE, REDLINE, PAPER = (158, 186, 222), (232, 130, 142), (252, 249, 240)
DESKS = (((92, 58, 36), (168, 116, 74)), ((120, 84, 54), (190, 146, 104)), ((206, 207, 205), (228, 228, 225)))


def _noise(size: tuple[int, int], rng: random.Random) -> Image.Image:
    """Even grey noise; unlike Pillow's own effect it depends on the generator alone."""
    return Image.frombytes("L", size, rng.randbytes(size[0] * size[1]))


def _field(corners: Sequence[int], size: tuple[int, int]) -> Image.Image:
    """A smooth field of grey from nine values (three rows of three)."""
    small = Image.frombytes("L", (3, 3), bytes(corners))
    return small.resize((24, 32), Image.Resampling.BICUBIC).resize(size, Image.Resampling.BILINEAR)


def _shade(picture: Image.Image, light: Image.Image) -> Image.Image:
    """The picture darkened by a grey field (255 leaves it as it is)."""
    return ImageChops.multiply(picture, Image.merge("RGB", (light, light, light)))


def ruled_paper(width: int, height: int, *, top: int, pitch: int, margin: int, seed: str) -> Image.Image:
    """A blank page: warm paper with a faint grain, blue rules from `top` on, red margin and head line."""
    rng = random.Random(f"paper {seed}")
    page = Image.new("RGB", (width, height), PAPER)
    draw = ImageDraw.Draw(page)
    for y in range(top, height - 30, pitch):
        draw.line((0, y, width, y + rng.randint(-1, 1)), fill=RULE, width=2)
    draw.line((0, top - pitch - 18, width, top - pitch - 18), fill=(240, 190, 196), width=2)
    draw.line((margin, 0, margin, height), fill=REDLINE, width=3)
    grain = _noise((width // 2, height // 2), rng).point([249 + value * 6 // 255 for value in range(256)])
    # The right side falls off a little, as a page in a pad does.
    low = rng.randint(236, 246)
    fall = _field((255, 254, low + 6, 255, 255, low, 254, 252, low - 4), page.size)
    return _shade(page, ImageChops.multiply(grain.resize(page.size, Image.Resampling.BILINEAR), fall))


def _solve(rows: list[list[float]]) -> list[float]:
    """Gauss elimination with pivoting of an n × (n + 1) system."""
    count = len(rows)
    for i in range(count):
        best = max(range(i, count), key=lambda r: abs(rows[r][i]))
        rows[i], rows[best] = rows[best], rows[i]
        rows[i] = [value / rows[i][i] for value in rows[i]]
        for r in range(count):
            if r != i:
                rows[r] = [a - rows[r][i] * b for a, b in zip(rows[r], rows[i], strict=True)]
    return [row[-1] for row in rows]


def _perspective(target: Sequence[Corner], width: int, height: int) -> list[float]:
    """The eight numbers with which Pillow maps the target corners back to a width × height page."""
    rows: list[list[float]] = []
    for (x, y), (u, v) in zip(target, ((0, 0), (width, 0), (width, height), (0, height)), strict=True):
        rows.append([x, y, 1, 0, 0, 0, -u * x, -u * y, u])
        rows.append([0, 0, 0, x, y, 1, -v * x, -v * y, v])
    return _solve(rows)


def _desk(rng: random.Random) -> Image.Image:
    """A wooden or a white table top, a quarter of the picture's size."""
    dark, light = rng.choice(DESKS)
    streaks = _noise((36, 8), rng).resize((PHOTO[0] // 4, PHOTO[1] // 4), Image.Resampling.BICUBIC)
    fine = _noise((PHOTO[0] // 4, 24), rng).resize(streaks.size, Image.Resampling.BICUBIC)
    wood = Image.blend(streaks, fine, 0.35)
    return ImageOps.colorize(wood, dark, light)


def _corners(rng: random.Random) -> list[Corner]:
    """Where the page's corners fall in the picture, clockwise from the top left."""
    wide, high = PHOTO
    lean = rng.uniform(-14, 14)
    base = ((58, 46), (wide - 58, 46), (wide - 34, high - 40), (34, high - 40))
    tilt = (-lean, lean, lean, -lean)
    return [(x + rng.uniform(-16, 16), y + t + rng.uniform(-14, 14)) for (x, y), t in zip(base, tilt, strict=True)]


def _exif(rng: random.Random, orientation: int) -> Image.Exif:
    """What a phone writes into a picture, with the place: the upload must take it out again."""
    exif = Image.Exif()
    exif[0x010F], exif[0x0110], exif[0x0112] = "Abhyas demo", "Demo phone", orientation
    north, east = rng.uniform(12, 28), rng.uniform(73, 88)
    exif[0x8825] = {
        1: "N",
        2: (int(north), int(north % 1 * 60), 30.0),
        3: "E",
        4: (int(east), int(east % 1 * 60), 15.0),
    }
    return exif


def photograph(page: Image.Image, rng: random.Random) -> bytes:
    """The page on a desk as a phone camera stores it: JPEG, EXIF orientation 1 or 6, GPS position."""
    corners = _corners(rng)
    coefficients = _perspective(corners, *page.size)
    seen = page.transform(PHOTO, Image.Transform.PERSPECTIVE, coefficients, Image.Resampling.BILINEAR, fillcolor=PAPER)
    desk = _desk(rng)
    shadow = Image.new("L", desk.size, 255)
    ImageDraw.Draw(shadow).polygon([(x / 4 + 3, y / 4 + 4) for x, y in corners], fill=120)
    table = _shade(desk, shadow.filter(ImageFilter.GaussianBlur(5))).resize(PHOTO, Image.Resampling.BILINEAR)
    shape = Image.new("L", (PHOTO[0] * 2, PHOTO[1] * 2), 0)
    ImageDraw.Draw(shape).polygon([(x * 2, y * 2) for x, y in corners], fill=255)
    picture = Image.composite(seen, table, shape.reduce(2))
    bright = [rng.randint(240, 255) for _ in range(9)]
    dim = rng.choice((0, 2, 6, 8))
    bright[dim], bright[4] = rng.randint(212, 232), 254
    # Resampling has already softened the letters as a phone lens would.
    picture = _shade(picture, _field(bright, PHOTO))
    orientation = rng.choice((1, 6))
    if orientation == 6:
        picture = picture.transpose(Image.Transpose.ROTATE_90)
    return _jpeg(picture, _exif(rng, orientation))


def scan(page: Image.Image) -> bytes:
    """The flat page as JPEG, without EXIF."""
    return _jpeg(page, None)


def _jpeg(picture: Image.Image, exif: Image.Exif | None) -> bytes:
    out = io.BytesIO()
    extra = {"exif": exif} if exif else {}
    picture.save(out, "JPEG", quality=84, subsampling=2, **extra)
    return out.getvalue()
