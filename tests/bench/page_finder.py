"""`python -m tests.bench.page_finder`: sixty photographs of 12 megapixels in Chromium, ten of each kind.

Printed by kind: the share of corners within 2 % of the photograph's width of where they are, the farthest one, sheets
not found at all, and the median time for decoding, finding, fitting and straightening. The page runs without
throttling; a phone of the middle class takes about four times as long.
"""

from __future__ import annotations

import argparse
import io
import math
import statistics
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
    options = parser.parse_args()
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
    from tests.photographs.draw import KINDS, photograph
    from tests.photographs.sheets import written_sheets

    SERVED["/page-finder.js"] = ("text/javascript", Path("static/js/page-finder.js").read_bytes())
    sheets = written_sheets(5)
    rows: dict[str, list[dict[str, Any]]] = {kind: [] for kind in KINDS}
    for kind in KINDS:
        for seed in range(each):
            shot = photograph(kind, sheets[seed % len(sheets)], seed=seed, size=(width, width * 4 // 3))
            file = io.BytesIO()
            shot.image.save(file, "JPEG", quality=88)
            SERVED["/photo.jpg"] = ("image/jpeg", file.getvalue())
            answer = page.evaluate(PROGRAM, "/photo.jpg")
            across, down = shot.image.size
            off = [
                math.dist((x * across, y * down), corner) / across
                for (x, y), corner in zip(answer["corners"] or [], shot.corners, strict=False)
            ]
            marks = answer["times"]
            times = {name: after - before for name, before, after in zip(STEPS, marks, marks[1:], strict=False)}
            rows[kind].append({"off": off, "times": times})
    return rows


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
