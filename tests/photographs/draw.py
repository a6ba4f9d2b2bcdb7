"""Draws a photograph of a sheet on a desk and says where its corners are. The same seed gives the same picture."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from PIL import Image, ImageChops, ImageDraw, ImageFilter

Point = tuple[float, float]
#: Clockwise from the corner that is top left when the sheet is read.
Quad = tuple[Point, Point, Point, Point]

PORTRAIT = (3000, 4000)


@dataclass(frozen=True)
class Photograph:
    """`corners` in pixels of `image`, clockwise from the top left of the sheet that is meant."""

    kind: str
    image: Image.Image
    corners: Quad


def photograph(kind: str, sheet: Image.Image, *, seed: int, size: tuple[int, int] = PORTRAIT) -> Photograph:
    """A photograph of `kind` (a key of KINDS), of `size` pixels, of a sheet that fills half to nine tenths of it."""
    rng = random.Random(f"{kind}-{seed}")
    desk, tilt, light = KINDS[kind]
    image = desk(rng, size)
    corners = _placed(rng, size, tilt=tilt, width=0.62 if kind == "two pages" else rng.uniform(0.7, 0.86))
    if kind == "two pages":
        step = corners[1][0] - corners[0][0]
        gap = rng.uniform(0.03, 0.07) * size[0] * rng.choice((-1, 1))
        aside = tuple(
            (x + (step if gap > 0 else -step) + gap, y + rng.uniform(-0.02, 0.02) * size[1]) for x, y in corners
        )
        _lay(rng, image, sheet.rotate(180), aside)  # type: ignore[arg-type]  # four points
    _lay(rng, image, sheet, corners)
    image = light(rng, image, corners)
    image = _camera(rng, image)
    return Photograph(kind, image, corners)


def _placed(rng: random.Random, size: tuple[int, int], *, tilt: float, width: float) -> Quad:
    """Corners of an A4 sheet `width` of the picture wide, turned a little, seen at an angle of up to `tilt` (0..1)."""
    across, down = size
    wide = width * across
    high = min(wide * 1.414, 0.93 * down)
    wide = high / 1.414
    lean, narrow = rng.uniform(-tilt, tilt) * 0.5, rng.uniform(0, tilt)
    flat = [(-0.5, -0.5), (0.5, -0.5), (0.5, 0.5), (-0.5, 0.5)]
    turn = rng.uniform(-0.07, 0.07) if tilt < 0.2 else rng.uniform(-0.16, 0.16)
    middle = (across * rng.uniform(0.48, 0.52), down * rng.uniform(0.48, 0.52))
    points = []
    for x, y in flat:
        far = 1 + narrow * 0.55 * -y + lean * 0.4 * x
        u, v = x * wide / far, y * high * (1 - 0.25 * narrow) / far
        points.append((middle[0] + u - turn * v, middle[1] + v + turn * u))
    # Everything in the picture, with a finger's breadth around it.
    scale = min(
        1.0,
        *(0.485 * across / max(abs(x - across / 2), 1) for x, _y in points),
        *(0.485 * down / max(abs(y - down / 2), 1) for _x, y in points),
    )
    moved = [(across / 2 + (x - across / 2) * scale, down / 2 + (y - down / 2) * scale) for x, y in points]
    return moved[0], moved[1], moved[2], moved[3]


def _lay(rng: random.Random, image: Image.Image, sheet: Image.Image, corners: Quad) -> None:
    """Puts the sheet on the desk, its thin shadow first."""
    fall = (rng.uniform(-1, 1) * 0.006 * image.width, rng.uniform(0.2, 1) * 0.006 * image.width)
    shade = Image.new("L", image.size, 255)
    outline = [(x + fall[0], y + fall[1]) for x, y in corners]
    ImageDraw.Draw(shade).polygon(outline, fill=int(255 * rng.uniform(0.55, 0.72)))
    small = shade.resize((image.width // 8, image.height // 8)).filter(
        ImageFilter.GaussianBlur(image.width / 8 * 0.004)
    )
    image.paste(ImageChops.multiply(image, small.resize(image.size).convert("RGB")))
    mask = Image.new("L", image.size, 0)
    ImageDraw.Draw(mask).polygon(list(corners), fill=255)
    paper = sheet.convert("RGB").transform(
        image.size, Image.Transform.PERSPECTIVE, _coefficients(corners, sheet.size), Image.Resampling.BICUBIC
    )
    image.paste(paper, mask=mask)


def _coefficients(corners: Quad, size: tuple[int, int]) -> list[float]:
    """Of the projective map that takes a pixel of the photograph to one of the sheet (Heckbert 1989, section 2.2)."""
    width, height = size
    there = [(0, 0), (width, 0), (width, height), (0, height)]
    rows: list[list[float]] = []
    for (x, y), (u, v) in zip(corners, there, strict=True):
        rows.append([x, y, 1, 0, 0, 0, -u * x, -u * y, u])
        rows.append([0, 0, 0, x, y, 1, -v * x, -v * y, v])
    return _solved(rows)


def _solved(rows: list[list[float]]) -> list[float]:
    """Gauss and Jordan, with the largest pivot."""
    count = len(rows)
    for place in range(count):
        best = max(range(place, count), key=lambda row: abs(rows[row][place]))
        rows[place], rows[best] = rows[best], rows[place]
        rows[place] = [value / rows[place][place] for value in rows[place]]
        for other in range(count):
            if other != place:
                factor = rows[other][place]
                rows[other] = [a - factor * b for a, b in zip(rows[other], rows[place], strict=True)]
    return [row[-1] for row in rows]


def _noise(rng: random.Random, size: tuple[int, int], strength: float) -> Image.Image:
    """Grey noise around 128 that depends on the seed alone (Image.effect_noise does not)."""
    tile = Image.frombytes("L", (256, 256), rng.randbytes(65536)).point(
        lambda value: 128 + int((value - 128) * strength)
    )
    whole = Image.new("L", size)
    for left in range(0, size[0], 256):
        for top in range(0, size[1], 256):
            whole.paste(tile.transpose(rng.choice(list(Image.Transpose)[:4])), (left, top))
    return whole


def _plain_desk(colour: Sequence[int], strength: float) -> Callable[[random.Random, tuple[int, int]], Image.Image]:
    def desk(rng: random.Random, size: tuple[int, int]) -> Image.Image:
        shift = rng.randint(-12, 12)
        base = Image.new("RGB", size, tuple(max(0, min(255, value + shift)) for value in colour))
        grain = _noise(rng, (size[0] // 6, size[1] // 6), strength).filter(ImageFilter.GaussianBlur(1)).resize(size)
        return ImageChops.overlay(base, grain.convert("RGB"))

    return desk


def _wood(rng: random.Random, size: tuple[int, int]) -> Image.Image:
    """Planks with a grain, lying at an angle."""
    long = int(max(size) * 1.5)
    grain = _noise(rng, (long // 160, long // 6), 0.5).resize((long, long), Image.Resampling.BICUBIC)
    wood = ImageChops.overlay(
        Image.new("RGB", (long, long), rng.choice([(151, 104, 62), (112, 74, 46), (186, 142, 98)])),
        grain.convert("RGB"),
    )
    draw = ImageDraw.Draw(wood)
    plank = long // rng.randint(7, 10)
    for top in range(rng.randint(0, plank), long, plank):
        draw.line([(0, top), (long, top)], fill=(66, 42, 26), width=max(2, long // 700))
    turned = wood.rotate(rng.uniform(-40, 40), resample=Image.Resampling.BILINEAR)
    left, top = (long - size[0]) // 2, (long - size[1]) // 2
    return turned.crop((left, top, left + size[0], top + size[1]))


def _even(rng: random.Random, image: Image.Image, corners: Quad) -> Image.Image:
    """A lamp at one side: light falls off over the picture."""
    low = rng.uniform(0.72, 0.9)
    ramp = Image.linear_gradient("L").point(lambda value: int(255 * (low + (1 - low) * value / 255)))
    ramp = ramp.rotate(rng.choice((0, 90, 180, 270))).resize(image.size)
    return ImageChops.multiply(image, ramp.convert("RGB"))


def _shadowed(rng: random.Random, image: Image.Image, corners: Quad) -> Image.Image:
    """The shadow of a head and an arm over the sheet and the desk, soft at its edge."""
    width, height = image.size[0] // 8, image.size[1] // 8
    shade = Image.new("L", (width, height), 255)
    draw = ImageDraw.Draw(shade)
    side = rng.choice((0, 1))
    edge = rng.uniform(0.25, 0.6) * width
    depth = int(255 * rng.uniform(0.45, 0.65))
    slant = rng.uniform(-0.3, 0.3) * width
    near, far = (edge + slant, edge - slant) if side else (width - edge - slant, width - edge + slant)
    draw.polygon([(0 if side else width, 0), (near, 0), (far, height), (0 if side else width, height)], fill=depth)
    middle = (near + far) / 2
    draw.ellipse([middle - 0.2 * width, 0.3 * height, middle + 0.2 * width, 0.3 * height + 0.4 * width], fill=depth)
    soft = shade.filter(ImageFilter.GaussianBlur(width * rng.uniform(0.008, 0.03))).resize(image.size)
    return _even(rng, ImageChops.multiply(image, soft.convert("RGB")), corners)


def _camera(rng: random.Random, image: Image.Image) -> Image.Image:
    """The lens' softness and the sensor's noise."""
    soft = image.filter(ImageFilter.GaussianBlur(image.width / 3000))
    noise = _noise(rng, image.size, 0.06).convert("RGB")
    return ImageChops.add(soft, noise, offset=-128)


GREY, DARK, WHITE = (128, 130, 134), (46, 48, 54), (222, 221, 216)
#: kind → desk, strength of the perspective, light
KINDS = {
    "angles": (_plain_desk(GREY, 0.3), 0.75, _even),
    "shadows": (_plain_desk((150, 140, 128), 0.3), 0.15, _shadowed),
    "white desk": (_plain_desk(WHITE, 0.08), 0.15, _even),
    "wood": (_wood, 0.25, _even),
    "dark": (_plain_desk(DARK, 0.3), 0.25, _even),
    "two pages": (_wood, 0.1, _even),
}
