"""A copy of personal data opens from a folder, in a browser without a network, and axe finds nothing to say."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from zipfile import ZipFile

import pytest

from accounts.services.exports import write_copy
from tests.browser import AXE, Chromium
from tests.browser import chromium as chromium
from tests.factories import NOW
from tests.test_law_permissions import samples_of

pytestmark = [pytest.mark.slow, pytest.mark.browser]


@pytest.mark.parametrize("language", ["en", "hi"])
def test_copy_opens_without_a_network(cast: Any, chromium: Chromium, tmp_path: Path, language: str) -> None:
    from django.utils import translation

    samples_of("evaluations")(cast)
    with open(tmp_path / "copy.zip", "w+b") as made, translation.override(language):
        write_copy(person=cast.student, out=made, now=NOW)
    with ZipFile(tmp_path / "copy.zip") as archive:
        archive.extractall(tmp_path)
    with chromium.at_work() as browser:
        context = browser.new_context(offline=True, viewport={"width": 390, "height": 800})
        page = context.new_page()
        asked: list[str] = []
        page.on("request", lambda request: asked.append(request.url))
        page.goto((tmp_path / "index.html").as_uri())
        assert page.locator("html").get_attribute("lang") == language
        assert page.get_by_text("Meera Nair").count() == 1
        _hold(page)
        addresses = page.locator("th a").evaluate_all("links => links.map(link => link.href)")
        assert len(addresses) > 10
        for address in addresses[:12]:
            page.goto(address)
            assert page.locator("tbody tr").count() > 0
            _hold(page)
        assert not [one for one in asked if not one.startswith("file:")]


def _hold(page: Any) -> None:
    page.evaluate(AXE)
    found = page.evaluate("() => axe.run(document, {resultTypes: ['violations']})")
    assert not [f"{rule['id']}: {node['target']}" for rule in found["violations"] for node in rule["nodes"]]
    wide = page.evaluate("() => document.documentElement.scrollWidth - document.documentElement.clientWidth")
    assert wide <= 0
