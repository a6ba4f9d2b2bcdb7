"""The weights of pages that UX.md promises, on a first visit in Chromium, compressed as the server sends them.

Scripts and styles are what their files weigh; the total is everything that crosses the wire, headers and all, except
the photographed pages: their weight is the student's own, held below 350 KB each by assessments. The desk's promise
has two of them in it. Run with `-rP` to see the figures of every page.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import CDPSession

from tests.browser import Site, Visit
from tests.pages import PEOPLE, page_urls

pytestmark = [pytest.mark.slow, pytest.mark.browser]
KB = 1024


@dataclass(frozen=True)
class Budget:
    """KB of scripts, of styles and of everything."""

    script: int
    style: int
    total: int


STUDENT, EXAM, DESK = Budget(30, 12, 200), Budget(30, 12, 250), Budget(45, 14, 1200)
BUDGETS = {"attempt-page": EXAM, "sheets-page": EXAM, "marking-desk": DESK}


class Scale:
    """Weighs what arrives in a tab, by kind, in bytes: bodies alone, and with headers as they cross the wire."""

    def __init__(self, visit: Visit) -> None:
        self.kinds: dict[str, str] = {}
        self.bodies: Counter[str] = Counter()
        self.wire: Counter[str] = Counter()
        session: CDPSession = visit.context.new_cdp_session(visit.page)
        session.on("Network.responseReceived", self._name)
        session.on("Network.dataReceived", self._weigh_body)
        session.on("Network.loadingFinished", self._weigh)
        session.send("Network.enable")
        # Preloaded and cached files of the page before would weigh nothing.
        session.send("Network.setCacheDisabled", {"cacheDisabled": True})

    def _name(self, event: dict[str, Any]) -> None:
        is_scan = urlsplit(event["response"]["url"]).path.startswith("/files/")
        self.kinds[event["requestId"]] = "Scan" if is_scan else event["type"]

    def _weigh_body(self, event: dict[str, Any]) -> None:
        self.bodies[self.kinds.get(event["requestId"], "Other")] += event["encodedDataLength"]

    def _weigh(self, event: dict[str, Any]) -> None:
        self.wire[self.kinds.get(event["requestId"], "Other")] += int(event["encodedDataLength"])

    def weights(self, *, with_scans: bool) -> dict[str, int]:
        total = self.wire.total() - (0 if with_scans else self.wire["Scan"])
        return {"script": self.bodies["Script"], "style": self.bodies["Stylesheet"], "total": total}


@pytest.mark.parametrize("person", PEOPLE)
def test_pages_keep_their_weight(site: Site, person: str) -> None:
    wrong = []
    for name, url in page_urls(site.ids, person).items():
        with site.visit(person, width=390) as visit:
            scale = Scale(visit)
            visit.page.goto(url, wait_until="networkidle")
            budget = BUDGETS.get(name.split()[0], STUDENT)
            weights = scale.weights(with_scans=budget is DESK)
            print(f"{person} {name}: " + ", ".join(f"{kind} {size / KB:.1f} KB" for kind, size in weights.items()))
            assert weights["style"] > 0, f"{name} came without its styles: {scale.wire}"
            wrong += [
                f"{name}: {kind} {size / KB:.1f} KB of {getattr(budget, kind)}"
                for kind, size in weights.items()
                if size > getattr(budget, kind) * KB
            ]
    assert not wrong, "\n".join(wrong)
