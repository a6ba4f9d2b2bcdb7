"""A browser on a running site for the page tests: axe, budgets, keyboard.

The site is the product in threads of the test process, with its static files collected, hashed and compressed as in
production. Import the fixtures where they are wanted. Chromium is found by tests/chromium.py;
without it the tests are skipped and say so, or fail with ABHYAS_REQUIRE_SERVICES=1.
"""

from __future__ import annotations

import asyncio
import copy
import io
import os
import shutil
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from time import monotonic
from typing import Any, ClassVar, TypeVar

import pytest
from django.contrib.staticfiles.finders import AppDirectoriesFinder
from django.core.management import call_command
from django.test import Client, override_settings
from django.test.testcases import LiveServerThread
from PIL import Image, ImageDraw
from playwright.sync_api import Browser, BrowserContext, Page, Playwright, expect, sync_playwright

from accounts.models import User
from assessments.models import SheetPage
from common.storage import sheet_storage
from common.templatetags import ui
from common.testing.database import Copies, run_at_once
from config.settings import base
from evaluations.models import Annotation
from notifications.models import Notification
from tests.cast import build_cast
from tests.chromium import ARGUMENTS, CHROMIUM
from tests.law_urls_world import World, build_world
from tests.page_world import add_pages
from tests.shared_world import storages

AXE = (Path(__file__).parent / "vendor" / "axe" / "axe.min.js").read_text()
REPORT_CSP = "addEventListener('securitypolicyviolation', e => console.error('CSP', e.violatedDirective, e.blockedURI))"
# What comes, comes; a busy machine only makes it late.
PATIENCE = 60_000  # ms
expect.set_options(timeout=PATIENCE)
T = TypeVar("T")
STATIC = base.STORAGES["staticfiles"]


@dataclass
class Visit:
    """Somebody's tab. `problems` collects what no page may do: console errors, exceptions, failing requests."""

    context: BrowserContext
    page: Page
    problems: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Site:
    """The running product at `url` with a world behind it, and a browser."""

    url: str
    world: World
    ids: dict[str, Any]
    sessions: dict[str, str]
    browser: Browser

    def ask(self, query: Callable[..., T], **arguments: Any) -> T:
        """The result of `query`, run in a thread of its own: in this one Playwright's event loop is running, and Django
        would give it another connection."""
        return run_at_once([partial(query, **arguments)])[0]

    @contextmanager
    def visit(
        self, person: str, *, width: int = 1440, theme: str = "light", axe: bool = False, keeps: bool = False
    ) -> Iterator[Visit]:
        """A fresh tab, signed in as `person` of the cast (or "anonymous"), `width` pixels wide; `keeps`: with the
        service worker of the exam page, which takes requests that a test may want to see itself.

        "student:hi" is the student after they have changed their language.
        """
        person, _, language = person.partition(":")
        if language and person != "anonymous":
            self.ask(User.objects.filter(pk=self.world.cast.people[person].pk).update, language=language)
        context = self.browser.new_context(
            base_url=self.url,
            viewport={"width": width, "height": 900},
            color_scheme=theme,
            locale=f"{language or 'en'}-IN",
            service_workers="allow" if keeps else "block",
        )
        context.set_default_timeout(PATIENCE)
        if person != "anonymous":
            context.add_cookies([{"name": "sessionid", "value": self.sessions[person], "url": self.url}])
        context.add_init_script(REPORT_CSP)
        if axe:
            context.add_init_script(AXE)
        visit = Visit(context, context.new_page())
        visit.page.on("console", lambda note: note.type == "error" and visit.problems.append(f"console: {note.text}"))
        visit.page.on("pageerror", lambda error: visit.problems.append(f"exception: {error}"))
        try:
            yield visit
        finally:
            context.close()


class OfficeFinder(AppDirectoriesFinder):
    """Files of the admin and its theme."""

    def __init__(self) -> None:
        super().__init__(["unfold", "django.contrib.admin"])


@pytest.fixture(scope="session")
def collected(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder that `collectstatic` fills; our own files and those of the back office, which are all that pages use
    but those of the API's documentation."""
    folder = tmp_path_factory.mktemp("static")
    with override_settings(
        STATIC_ROOT=folder,
        STORAGES={"staticfiles": STATIC},
        STATICFILES_FINDERS=["django.contrib.staticfiles.finders.FileSystemFinder", f"{__name__}.OfficeFinder"],
    ):
        call_command("collectstatic", interactive=False, verbosity=0)
    return folder


class Chromium:
    """One browser for all tests of the process. Between tests its event loop is out of Django's sight, which would
    refuse to work in a thread with a running one."""

    def __init__(self, playwright: Playwright) -> None:
        self.playwright = playwright
        self.loop = asyncio.get_running_loop()
        self.browser: Browser | None = None
        asyncio._set_running_loop(None)

    @contextmanager
    def at_work(self) -> Iterator[Browser]:
        """Closes what the test left open."""
        asyncio._set_running_loop(self.loop)
        try:
            if self.browser is None or not self.browser.is_connected():
                self.browser = self.playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
            yield self.browser
            for context in self.browser.contexts:
                context.close()
        finally:
            asyncio._set_running_loop(None)


@pytest.fixture(scope="session")
def chromium() -> Iterator[Chromium]:
    if not Path(CHROMIUM).exists():
        if os.environ.get("ABHYAS_REQUIRE_SERVICES") == "1":
            pytest.fail(f"the browser tests need Chromium and there is none at {CHROMIUM}")
        pytest.skip(f"no Chromium at {CHROMIUM}")
    with sync_playwright() as playwright:
        running = Chromium(playwright)
        yield running
        asyncio._set_running_loop(running.loop)


@pytest.fixture(scope="session")
def server(collected: Path) -> Iterator[str]:
    """The product in threads of this process, on whichever database the test has; gives its address."""
    with override_settings(STATIC_ROOT=collected, WHITENOISE_AUTOREFRESH=False):
        running = LiveServerThread("127.0.0.1", lambda application: application)
        running.daemon = True
        running.start()
        running.is_ready.wait(30)
    assert running.error is None, running.error
    yield f"http://127.0.0.1:{running.port}"
    running.terminate()


@dataclass(frozen=True)
class Prepared:
    """The world behind the site: its objects, its files at `sheets`, its rows in the template `Prepared.TEMPLATE`."""

    TEMPLATE: ClassVar[str] = "site"
    built: float
    world: World
    ids: dict[str, Any]
    sessions: dict[str, str]
    sheets: Path

    @classmethod
    def build(cls, copies: Copies, sheets: Path) -> Prepared:
        with copies.use(), override_settings(STORAGES=storages(sheets)):
            cast = build_cast()
            world = build_world(cast)
            decorate(world)
            ids = world.ids() | add_pages(world)
            sessions = {name: session_of(person) for name, person in cast.people.items()}
            copies.keep(cls.TEMPLATE)
        return cls(monotonic(), world, ids, sessions, sheets)

    @property
    def fresh(self) -> bool:
        """Exams are written and leases held in it, so it must not lie for long."""
        return monotonic() - self.built < 90


@pytest.fixture(scope="session")
def prepare(database_copies: Copies, tmp_path_factory: pytest.TempPathFactory) -> Callable[[], Prepared]:
    """The world is built once for the tests of a minute or so."""
    last: list[Prepared] = []

    def prepared() -> Prepared:
        if not last or not last[-1].fresh:
            last[:] = [Prepared.build(database_copies, tmp_path_factory.mktemp("sheets"))]
        return last[-1]

    return prepared


@pytest.fixture
def site(
    collected: Path,
    server: str,
    chromium: Chromium,
    prepare: Callable[[], Prepared],
    transactional_db: None,
    database_copies: Copies,
    settings: Any,
    tmp_path: Path,
) -> Iterator[Site]:
    settings.STATIC_ROOT = collected
    ui._sprite.cache_clear()
    prepared = prepare()
    shutil.copytree(prepared.sheets, tmp_path / "sheets")
    settings.STORAGES = {**storages(tmp_path / "sheets"), "staticfiles": STATIC}
    with database_copies.use(Prepared.TEMPLATE), chromium.at_work() as browser:
        world, ids = copy.deepcopy((prepared.world, prepared.ids))
        yield Site(server, world, ids, prepared.sessions, browser)
    ui._sprite.cache_clear()


def session_of(person: User) -> str:
    """The session key of a signed-in `person`."""
    client = Client()
    client.force_login(person)
    return str(client.cookies["sessionid"].value)


def decorate(world: World) -> None:
    """Page images, red ink and news, so that pages are tested with what they show on a working day."""
    storage, scan, thumb = sheet_storage(), sheet_image((1240, 1754)), sheet_image((150, 212))
    for page in SheetPage.objects.exclude(screen_key=""):
        storage.put_bytes(page.screen_key, scan, "image/jpeg")
        storage.put_bytes(page.thumb_key, thumb, "image/jpeg")
    page = SheetPage.objects.filter(upload__attempt=world.released.attempt_id).first()
    question = world.released.attempt.paper.questions.get(number=4)
    for kind, text in (("tick", ""), ("comment", "Show the sign.")):
        Annotation.objects.create(
            id=uuid.uuid4(),
            evaluation=world.released,
            page=page,
            question=question,
            kind=kind,
            geometry={"x": 0.6, "y": 0.3},
            text=text,
            author=world.cast.teacher,
            updated_at=world.now,
        )
    for person in world.cast.people.values():
        for number in range(3):
            Notification.objects.create(
                user=person,
                kind="test",
                cause=str(number),
                title=f"News {number}",
                body="A word.",
                created_at=world.now,
            )


def sheet_image(size: tuple[int, int]) -> bytes:
    """A ruled page as JPEG."""
    picture = Image.new("RGB", size, (252, 249, 240))
    draw = ImageDraw.Draw(picture)
    for y in range(size[1] // 20, size[1], size[1] // 30):
        draw.line((0, y, size[0], y), fill=(158, 186, 222), width=2)
    made = io.BytesIO()
    picture.save(made, "JPEG", quality=80)
    return made.getvalue()
