"""How soon the main pages are seen on a phone over a slow network: largest contentful paint, in seconds.

    python -m tests.bench.paint [--url http://localhost:8000] [--visits 5]

Needs a running demonstration (`make run`). Each visit is a first one: 390 px, 1.6 Mbit/s, 150 ms there and back, a
processor four times slower than this one; printed are the median and the slowest of the visits beside the budget.
"""

from __future__ import annotations

import argparse
from statistics import median

from playwright.sync_api import Browser, sync_playwright

from tests.chromium import ARGUMENTS, CHROMIUM
from tests.screens import PHONE, READ, SIT, Screen, open_page

NETWORK = {"offline": False, "latency": 150, "downloadThroughput": 1.6e6 / 8, "uploadThroughput": 1.6e6 / 8}
SLOWER = 4
WATCH = """new PerformanceObserver((list) => { window.painted = list.getEntries().at(-1).startTime; })
  .observe({ type: "largest-contentful-paint", buffered: true })"""
DESK = ("/marking/", "main a[href^='/marking/']")
# What is opened, and the budget in seconds.
PAGES = [
    (Screen("landing", "", ("/",)), 2.0),
    (Screen("today", "student", ("/today/",)), 2.0),
    (Screen("exam", "student", SIT), 2.0),
    (Screen("result", "student", ("/today/", READ)), 2.0),
    (Screen("family", "guardian", ("/family/",)), 2.0),
    (Screen("desk", "teacher", DESK), 2.5),
]


def first_visit(browser: Browser, url: str, screen: Screen) -> float:
    """Seconds from asking for the page to its largest paint, with nothing of it kept from before."""
    context = browser.new_context(base_url=url, viewport={"width": PHONE[0], "height": PHONE[1]})
    try:
        before = context.new_page()
        open_page(before, screen)
        before.wait_for_load_state("networkidle")
        page = context.new_page()
        session = context.new_cdp_session(page)
        session.send("Network.clearBrowserCache")
        session.send("Network.enable")
        session.send("Network.emulateNetworkConditions", NETWORK)
        session.send("Emulation.setCPUThrottlingRate", {"rate": SLOWER})
        page.add_init_script(WATCH)
        page.goto(before.url, wait_until="networkidle")
        return float(page.evaluate("window.painted")) / 1000
    finally:
        context.close()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--url", default="http://localhost:8000")
    parser.add_argument("--visits", type=int, default=5)
    options = parser.parse_args()
    print(f"{'page':10} {'median s':>9} {'slowest s':>10} {'budget s':>9}")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        for screen, budget in PAGES:
            seen = [first_visit(browser, options.url, screen) for _visit in range(options.visits)]
            print(f"{screen.name:10} {median(seen):9.2f} {max(seen):10.2f} {budget:9.1f}")
        browser.close()


if __name__ == "__main__":
    main()
