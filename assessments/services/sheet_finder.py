"""Finds the sheet in a photograph and shows it from straight above; the server's `static/js/page-finder.js`.

Loaded by sheet_decoder in its sandboxed process; imports nothing of the project. Pure: pictures of Pillow, and corners
in 0 to 1 of the picture, clockwise from the top left.

Lines come from a Hough transform over gradient directions (Ballard 1981); of all quadrilaterals that two and two of
them make, the one wins whose four sides have paper within and something darker without. The phone lets a person move
the corners; here nobody looks, so what is found is believed only when everything speaks for it, and a picture is left
as it came whenever something does not (`believed`). Ink is never cut off.
"""

import math
from typing import Any

COARSE, FINE = 400, 1200  # pixels of the long side
ANGLES = 360  # of half a degree
LINES = 14
POINTS = 32  # along a side
LEAST_SCORE = 0.6
LEAST_SUPPORT = 0.7  # of every side, on the fine picture: 85 of 100 points are an edge of paper
SMALLEST, LARGEST = 0.25, 0.97  # share of the picture
FRAME = 0.06  # of the picture: a sheet whose corners are all this near to its corners fills it already
SHAPE = (1.08, 1.8)  # long by short side, seen at an angle
CORNER = math.sin(math.radians(55))
LETTER, INK_POINTS = 12, 60  # of the fine picture: a stroke is that long (3 mm), and so many points are a syllable
BLEED = 1.006  # a hair's breadth of desk rather than a stroke at the edge cut
A4 = math.sqrt(2)


def page_corners(image: Any) -> list[tuple[float, float]] | None:
    """Where the sheet lies, or None when the picture is to be left as it is."""
    import cv2
    import numpy as np

    if is_cut_out(*image.size):
        return None
    cv2.setNumThreads(1)
    pixels = np.asarray(image.convert("RGB"))
    fine = _smaller(pixels, FINE)
    coarse = _smaller(fine, COARSE)
    found = _best(_view(coarse, 3))
    if found is None:
        return None
    height, width = fine.shape[:2]
    quad = _refined(fine, found * (width / coarse.shape[1], height / coarse.shape[0]))
    if quad is None or not believed(fine, quad):
        return None
    middle = quad.mean(axis=0)
    wider = np.clip((middle + (quad - middle) * BLEED) / (width, height), 0, 1)
    return [(float(x), float(y)) for x, y in wider]


def is_cut_out(width: int, height: int) -> bool:
    """Whether the picture has exactly the shape of A4, as a page cut out before has and no camera's picture."""
    return abs(max(width, height) - min(width, height) * A4) <= 1.5


def flat(image: Any, corners: list[tuple[float, float]], longest: int) -> Any:
    """The sheet from straight above, in the shape of A4 and no larger than the picture shows it."""
    import cv2
    import numpy as np
    from PIL import Image

    pixels = np.asarray(image)
    height, width = pixels.shape[:2]
    quad = np.array(corners, np.float32) * (width - 1, height - 1)
    sides = np.hypot(*(np.roll(quad, -1, axis=0) - quad).T)
    across, down = max(sides[0], sides[2]), max(sides[1], sides[3])
    long = min(longest, round(float(max(across, down))))
    short = round(long / A4)
    size = (long, short) if across > down else (short, long)
    shrunk = long / float(max(across, down))
    if shrunk < 0.7:  # each pixel of the page is looked up between four: more than those would be passed over
        pixels = cv2.resize(pixels, (round(width * shrunk), round(height * shrunk)), interpolation=cv2.INTER_AREA)
        quad *= ((pixels.shape[1] - 1) / (width - 1), (pixels.shape[0] - 1) / (height - 1))
    target = np.array([(0, 0), (size[0] - 1, 0), (size[0] - 1, size[1] - 1), (0, size[1] - 1)], np.float32)
    how = cv2.getPerspectiveTransform(quad.astype(np.float32), target)
    return Image.fromarray(
        cv2.warpPerspective(pixels, how, size, flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    )


def _smaller(pixels: Any, long: int) -> Any:
    import cv2

    height, width = pixels.shape[:2]
    ratio = min(1.0, long / max(height, width))
    size = (max(1, round(width * ratio)), max(1, round(height * ratio)))
    return cv2.resize(pixels, size, interpolation=cv2.INTER_AREA)


def _view(pixels: Any, closed: int = 0) -> Any:
    """How much like paper each pixel is (its smallest channel: paper is bright and hardly coloured), without ink that
    is at most 2 · `closed` broad."""
    import cv2
    import numpy as np

    plane = _darkest(pixels)
    if closed:
        plane = cv2.morphologyEx(plane, cv2.MORPH_CLOSE, np.ones((2 * closed + 1, 2 * closed + 1), np.uint8))
    return cv2.blur(plane.astype(np.float32), (3, 3))


def _darkest(pixels: Any) -> Any:
    """The smallest channel of each pixel; eight times as fast as numpy does it."""
    import cv2

    red, green, blue = cv2.split(pixels)
    return cv2.min(cv2.min(red, green), blue)


def _lines(plane: Any, *, upright: bool) -> list[tuple[float, float, float]]:
    """The strongest lines x·cos θ + y·sin θ = ρ that lie more or less across or down, no two nearly the same."""
    import numpy as np

    height, width = plane.shape
    reach = math.ceil(math.hypot(width, height))
    span = 2 * reach + 1
    across = plane[2:-2, 3:-1] - plane[2:-2, 1:-3]
    down = plane[3:-1, 2:-2] - plane[1:-3, 2:-2]
    size = np.hypot(across, down)
    rows, columns = np.nonzero(size >= 2.5)
    # A faint edge of a sheet must not drown beside a strong one.
    weight = np.sqrt(np.minimum(size[rows, columns], 25))
    angle = np.rint(np.arctan2(down[rows, columns], across[rows, columns]) * ANGLES / math.pi).astype(int)
    votes = np.zeros(ANGLES * span)
    for near in range(-4, 5):
        turned = (angle + near) % ANGLES
        theta = turned * (math.pi / ANGLES)
        rho = np.rint((columns + 2) * np.cos(theta) + (rows + 2) * np.sin(theta)).astype(int) + reach
        votes += np.bincount(turned * span + rho, weight, votes.size)
    table = votes.reshape(ANGLES, span)
    count = table.copy()
    count[:, 1:-1] += table[:, :-2] + table[:, 2:]
    steep = np.abs(np.arange(ANGLES) - ANGLES / 2) > ANGLES / 4
    count[steep != upright] = 0
    turns, shifts = np.nonzero(count > 40)
    left, distance = count[turns, shifts], np.abs(shifts - reach)
    kept: list[tuple[float, float, float]] = []
    while len(kept) < LINES and left.size and left.max() > 0:
        best = int(left.argmax())
        theta = turns[best] * math.pi / ANGLES
        kept.append((math.cos(theta), math.sin(theta), float(shifts[best] - reach)))
        apart = np.abs(turns - turns[best])
        left[(np.minimum(apart, ANGLES - apart) < 12) & (np.abs(distance - distance[best]) < 6)] = 0
    return kept


def _pairs(lines: list[tuple[float, float, float]], *, upright: bool, width: int, height: int) -> Any:
    """Every two lines of which the second lies a quarter of the picture further on, where they cross its middle."""
    import numpy as np

    middle, least = (height / 2, 0.25 * width) if upright else (width / 2, 0.25 * height)
    at = [
        ((rho - sine * middle) / cosine if upright else (rho - cosine * middle) / sine, (cosine, sine, rho))
        for cosine, sine, rho in lines
    ]
    return np.array([(one, other) for a, one in at for b, other in at if b - a >= least]).reshape(-1, 2, 3)


def _crossings(one: Any, other: Any) -> Any:
    """Where lines cross, by the last axis; not a number where they hardly do."""
    import numpy as np

    det = one[..., 0] * other[..., 1] - other[..., 0] * one[..., 1]
    det = np.where(np.abs(det) < 0.2, np.nan, det)
    x = (one[..., 2] * other[..., 1] - other[..., 2] * one[..., 1]) / det
    y = (other[..., 2] * one[..., 0] - one[..., 2] * other[..., 0]) / det
    return np.stack([x, y], axis=-1)


def _best(plane: Any) -> Any | None:
    """The corners of the likeliest sheet, or None."""
    import numpy as np

    height, width = plane.shape
    rows = _pairs(_lines(plane, upright=False), upright=False, width=width, height=height)[:, None]
    columns = _pairs(_lines(plane, upright=True), upright=True, width=width, height=height)[None]
    if not rows.size or not columns.size:
        return None
    (top, bottom), (left, right) = (rows[:, :, 0], rows[:, :, 1]), (columns[:, :, 0], columns[:, :, 1])
    corners = [_crossings(top, left), _crossings(top, right), _crossings(bottom, right), _crossings(bottom, left)]
    quads = np.stack(corners, axis=2).reshape(-1, 4, 2)
    size = np.array([width, height])
    with np.errstate(invalid="ignore"):
        quads = quads[((quads > -0.02 * size) & (quads < 1.02 * size)).all(axis=(1, 2))]
    sides = np.hypot(*np.moveaxis(np.roll(quads, -1, axis=1) - quads, -1, 0))
    shape = (sides[:, 0] + sides[:, 2]) / np.maximum(sides[:, 1] + sides[:, 3], 1)
    balanced = np.minimum(sides[:, :2], sides[:, 2:]) >= 0.4 * np.maximum(sides[:, :2], sides[:, 2:])
    quads = quads[(shape > 0.45) & (shape < 2.2) & balanced.all(axis=1)]
    if not len(quads):
        return None
    support = _support(plane, quads, 4)
    worst = support.min(axis=1)
    score = (0.6 * worst + 0.1 * support.sum(axis=1)) * (np.maximum(_areas(quads), 0) / plane.size) ** 0.25
    score[worst < 0.2] = 0
    place = int(score.argmax())
    return quads[place] if score[place] >= LEAST_SCORE else None


def _support(plane: Any, quads: Any, aside: float) -> Any:
    """By quadrilateral and side, 0 to 1: along how much of it there is paper within and something darker without. Paper
    and desk are darker alike in a shadow, so the step is in proportion to the light."""
    import numpy as np

    ahead = np.roll(quads, -1, axis=1) - quads
    inwards = np.stack([-ahead[..., 1], ahead[..., 0]], axis=-1) / np.hypot(ahead[..., :1], ahead[..., 1:])
    along = (0.04 + 0.92 * np.arange(POINTS) / (POINTS - 1))[:, None]
    points = quads[:, :, None] + along * ahead[:, :, None]
    inner, outer = (_values(plane, points + side * aside * inwards[:, :, None]) for side in (1, -1))
    seen = (inner >= 0) & (outer >= 0)
    good = (seen & (inner - outer > np.maximum(3, 0.05 * inner))).sum(axis=2)
    count = seen.sum(axis=2)
    share = np.maximum(0, (good / np.maximum(count, 1) - 0.5) * 2)
    return np.where(count < POINTS / 2, 0, share)


def _values(plane: Any, points: Any) -> Any:
    """The plane at points, -1 outside of it."""
    import numpy as np

    height, width = plane.shape
    x, y = np.rint(points[..., 0]).astype(int), np.rint(points[..., 1]).astype(int)
    inside = (x >= 0) & (y >= 0) & (x < width) & (y < height)
    return np.where(inside, plane[np.clip(y, 0, height - 1), np.clip(x, 0, width - 1)], -1)


def _areas(quads: Any) -> Any:
    import numpy as np

    after = np.roll(quads, -1, axis=1)
    return (quads[..., 0] * after[..., 1] - after[..., 0] * quads[..., 1]).sum(axis=1) / 2


def _refined(pixels: Any, quad: Any) -> Any | None:
    """The same corners from sides fitted to the strongest edges nearby; None when a side has no clear straight one."""
    import numpy as np

    plane = _view(pixels)
    reach = round(0.025 * max(plane.shape))
    shifts = np.arange(-reach, reach + 1)
    lines = []
    for place in range(4):
        ahead = quad[(place + 1) % 4] - quad[place]
        inwards = np.array([-ahead[1], ahead[0]]) / math.hypot(*ahead)
        along = (0.03 + 0.94 * np.arange(80) / 79)[:, None]
        points = (quad[place] + along * ahead)[:, None] + shifts[:, None] * inwards
        inner, outer = _values(plane, points + 3 * inwards), _values(plane, points - 3 * inwards)
        step = np.where((inner >= 0) & (outer >= 0), inner - outer, 0)
        best = step.argmax(axis=1)
        clear = step[np.arange(80), best] > 6
        line = _fitted(points[np.arange(80), best][clear]) if clear.sum() >= 48 else None
        if line is None:
            return None
        lines.append(np.array(line))
    made = np.stack([_crossings(lines[place - 1], lines[place]) for place in range(4)])
    return None if np.isnan(made).any() else made


def _fitted(points: Any) -> tuple[float, float, float] | None:
    """The line nearest to most of the points: least squares, thrice, with what lies far off left out. None when half of
    them lie off it."""
    import numpy as np

    use, line = points, (1.0, 0.0, 0.0)
    for _round in range(3):
        middle = use.mean(axis=0)
        (xx, xy), (_xy, yy) = np.cov(use.T, bias=True)
        turn = 0.5 * math.atan2(2 * xy, xx - yy)
        cosine, sine = -math.sin(turn), math.cos(turn)
        line = (cosine, sine, float(cosine * middle[0] + sine * middle[1]))
        off = np.abs(points @ np.array([cosine, sine]) - line[2])
        use = points[off <= max(1.0, 2 * float(np.median(off)))]
        if len(use) < 8:
            return None
    return line if float(np.median(off)) <= 3 else None


def believed(pixels: Any, quad: Any) -> bool:
    """Whether a quadrilateral on the fine picture is a whole sheet on a desk, beyond doubt."""
    import numpy as np

    height, width = pixels.shape[:2]
    size = np.array([width, height])
    if (quad < 0).any() or (quad > size - 1).any():
        return False
    frame = np.array([(0, 0), (width, 0), (width, height), (0, height)])
    if (np.abs(quad - frame) <= FRAME * size).all():
        return False
    share = float(_areas(quad[None])[0]) / (width * height)
    ahead = np.roll(quad, -1, axis=0) - quad
    sides = np.hypot(*ahead.T)
    after = np.roll(ahead, -1, axis=0)
    turns = (ahead[:, 0] * after[:, 1] - ahead[:, 1] * after[:, 0]) / (sides * np.roll(sides, -1))
    pair = sides[:2] + sides[2:]
    return bool(
        SMALLEST <= share <= LARGEST
        and (turns >= CORNER).all()
        and (np.minimum(sides[:2], sides[2:]) >= 0.5 * np.maximum(sides[:2], sides[2:])).all()
        and SHAPE[0] <= pair.max() / pair.min() <= SHAPE[1]
        and _support(_view(pixels, 5), quad[None], 8).min() >= LEAST_SUPPORT
        and _ink_outside(pixels, quad) < INK_POINTS
    )


def _ink_outside(pixels: Any, quad: Any) -> int:
    """How many pixels outside are strokes on something like paper: then there is another page, or more of this one.
    What is shorter than a letter is the grain of a desk."""
    import cv2
    import numpy as np

    plane = cv2.medianBlur(_darkest(pixels), 3)
    ground = cv2.morphologyEx(plane, cv2.MORPH_CLOSE, np.ones((17, 17), np.uint8))
    within = np.zeros(plane.shape, np.uint8)
    cv2.fillConvexPoly(within, np.rint(quad).astype(np.int32), 1)
    paper = float(np.median(ground[within == 1]))
    # Beside the edge lies the shadow of the sheet.
    near = cv2.dilate(within, np.ones((45, 45), np.uint8))
    stroke = ground.astype(np.int16) - plane > np.maximum(18, ground * 0.12)
    ink = (stroke & (ground >= 0.7 * paper) & (near == 0)).astype(np.uint8)
    _count, _labels, parts, _middles = cv2.connectedComponentsWithStats(ink)
    long = np.maximum(parts[1:, cv2.CC_STAT_WIDTH], parts[1:, cv2.CC_STAT_HEIGHT]) >= LETTER
    return int(parts[1:, cv2.CC_STAT_AREA][long].sum())
