"""`python -m tests.bench.page_finder`: sixty photographs of 12 megapixels, ten of each kind, for both finders.

The phone's, in Chromium, by kind: the share of corners within 2 % of the photograph's width of where they are, the
farthest one, sheets not found at all, and the median time for decoding, finding, fitting and straightening. The page
runs without throttling; a phone of the middle class takes about four times as long.

The server's, which leaves alone what it doubts: sheets straightened rightly (all four corners within 2 %), left alone
and straightened wrongly, and the median processor time of the worker's child process for the page images with and
without the treatment of photographs.
"""

from __future__ import annotations

import argparse
import io
import math
import resource
import statistics
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import django
from playwright.sync_api import Page, Route, sync_playwright

from tests.bench.report import table
from tests.chromium import ARGUMENTS, CHROMIUM

HOME = "http://photographs.test/"
WITHIN = 0.02
STEPS = ("decode", "find", "fit", "straighten")
PROGRAM = """async (name) => {
  const finder = await import("/page-finder.js");
  const times = [performance.now()];
  const photo = await createImageBitmap(await (await fetch(name)).blob());
  const pixels = (long) => {
    const k = Math.min(1, long / Math.max(photo.width, photo.height));
    const canvas = new OffscreenCanvas(Math.round(photo.width * k), Math.round(photo.height * k));
    const context = canvas.getContext("2d", { willReadFrequently: true });
    context.imageSmoothingQuality = "high";
    context.drawImage(photo, 0, 0, canvas.width, canvas.height);
    return context.getImageData(0, 0, canvas.width, canvas.height);
  };
  times.push(performance.now());
  const found = finder.findPage(pixels(finder.COARSE));
  times.push(performance.now());
  if (!found) return { corners: null, times };
  const corners = finder.refine(pixels(finder.FINE), found.corners);
  times.push(performance.now());
  const source = pixels(3200);
  finder.straighten(source, corners, ...finder.sizeOf(source, corners));
  times.push(performance.now());
  return { corners, score: found.score, times };
}"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--each", type=int, default=10, help="photographs of each kind (10)")
    parser.add_argument("--width", type=int, default=3000, help="pixels (3000: 12 megapixels)")
    parser.add_argument("--only", choices=["phone", "server"], help="one of the two finders")
    options = parser.parse_args()
    if options.only != "phone":
        print(render_server(measure_server(options.each, options.width)))
    if options.only == "server":
        return
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        page = browser.new_page()
        page.route(HOME + "*", _serve)
        page.goto(HOME)
        print(render(measure(page, options.each, options.width)))
        browser.close()


SERVED: dict[str, tuple[str, bytes]] = {"/": ("text/html", b"<!doctype html><title>Photographs</title>")}


def _serve(route: Route) -> None:
    kind, body = SERVED["/" + route.request.url.removeprefix(HOME)]
    route.fulfill(body=body, content_type=kind)


def measure(page: Page, each: int, width: int) -> dict[str, list[dict[str, Any]]]:
    """By kind, one row a photograph: `off` (of four corners, in widths; empty when not found) and times in ms."""
    SERVED["/page-finder.js"] = ("text/javascript", Path("static/js/page-finder.js").read_bytes())
    rows: dict[str, list[dict[str, Any]]] = {}
    for kind, shot, file in photographs(each, width):
        SERVED["/photo.jpg"] = ("image/jpeg", file)
        answer = page.evaluate(PROGRAM, "/photo.jpg")
        marks = answer["times"]
        times = {name: after - before for name, before, after in zip(STEPS, marks, marks[1:], strict=False)}
        rows.setdefault(kind, []).append({"off": distances(answer["corners"], shot), "times": times})
    return rows


def photographs(each: int, width: int) -> Iterator[tuple[str, Any, bytes]]:
    """`each` photographs of every kind: the kind, the photograph with its corners, and its JPEG."""
    from tests.photographs.draw import KINDS, photograph
    from tests.photographs.sheets import written_sheets

    sheets = written_sheets(5)
    for kind in KINDS:
        for seed in range(each):
            shot = photograph(kind, sheets[seed % len(sheets)], seed=seed, size=(width, width * 4 // 3))
            file = io.BytesIO()
            shot.image.save(file, "JPEG", quality=88)
            yield kind, shot, file.getvalue()


def distances(found: Any, shot: Any) -> list[float]:
    """Of the four corners from where they are, in widths of the photograph; empty when none were found."""
    across, down = shot.image.size
    return [
        math.dist((x * across, y * down), corner) / across
        for (x, y), corner in zip(found or [], shot.corners, strict=False)
    ]


def measure_server(each: int, width: int) -> dict[str, list[dict[str, Any]]]:
    """By kind, one row a photograph: `off` as in `measure`, CPU ms of the child without and with the treatment."""
    from assessments.services.sheet_decoder import SCREEN_SIDE, load_shrunk, open_image
    from assessments.services.sheet_finder import page_corners
    from assessments.services.sheet_images import render_pages

    limits = {"kind": "image/jpeg", "max_pixels": 10**8}
    rows: dict[str, list[dict[str, Any]]] = {}
    for kind, shot, file in photographs(each, width):
        spent = []
        for is_photo in (False, True):
            before = _children()
            list(render_pages(file, "image/jpeg", page_count=1, is_photo=is_photo))
            spent.append(1000 * (_children() - before))
        found = page_corners(load_shrunk(open_image(file, limits), SCREEN_SIDE))
        rows.setdefault(kind, []).append({"off": distances(found, shot), "cpu": spent})
    return rows


def _children() -> float:
    """Processor seconds of the children that have ended."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def render_server(rows: dict[str, list[dict[str, Any]]]) -> str:
    """The server's rows as a table for people."""
    lines = []
    for kind, shots in rows.items():
        made = [max(shot["off"]) for shot in shots if shot["off"]]
        right = sum(far <= WITHIN for far in made)
        before, after = (statistics.median(shot["cpu"][place] for shot in shots) for place in (0, 1))
        farthest = f"{100 * max(made):.2f} %" if made else "–"
        counts = (right, len(shots) - len(made), len(made) - right)
        shares = [f"{100 * count / len(shots):.0f} %" for count in counts]
        lines.append(
            [kind, str(len(shots)), *shares, farthest, f"{before:.0f}", f"{after:.0f}", f"{after / before:.1f}"]
        )
    titles = ["rightly", "left alone", "wrongly", "farthest", "CPU ms plain", "CPU ms treated", "ratio"]
    return table(["kind", "photos", *titles], lines)


def render(rows: dict[str, list[dict[str, Any]]]) -> str:
    """The rows as a table for people."""
    lines = []
    for kind, shots in rows.items():
        off = [value for shot in shots for value in shot["off"]]
        found = [shot for shot in shots if shot["off"]]
        share = sum(value <= WITHIN for value in off) / (4 * len(shots))
        times = [f"{statistics.median(shot['times'][name] for shot in found):.0f}" if found else "–" for name in STEPS]
        whole = f"{statistics.median(sum(shot['times'].values()) for shot in found):.0f}" if found else "–"
        farthest = f"{100 * max(off):.2f} %" if off else "–"
        lines.append(
            [kind, str(len(shots)), f"{100 * share:.1f} %", farthest, str(len(shots) - len(found)), *times, whole]
        )
    header = [
        "kind",
        "photos",
        "corners within 2 %",
        "farthest",
        "not found",
        *(f"{name} ms" for name in STEPS),
        "all ms",
    ]
    return table(header, lines)


if __name__ == "__main__":
    import os

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings.test")
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "1"
    django.setup()
    main()
