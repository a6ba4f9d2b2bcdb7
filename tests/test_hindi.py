"""Hindi on every page of students, guardians and people who are not signed in: nothing left in English, and what is in
English says so. The catalogue itself: whole, with every place for a value, and compiled."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import polib
import pytest
from django.apps import apps
from django.conf import settings
from django.core import mail
from django.db import models
from django.template.loader import render_to_string
from django.test import Client
from django.urls import reverse
from django.utils import translation

from accounts.adapter import AccountAdapter
from accounts.models import User
from tests.cast import Cast
from tests.law_urls_world import World
from tests.page_world import add_pages
from tests.pages import HINDI, page_urls

FOLDER = Path(settings.LOCALE_PATHS[0]) / "hi" / "LC_MESSAGES"
VALUE = re.compile(r"%\(\w+\)[sd]|%[sd]|\{\w*\}|%%|</?\w+")
# The back office speaks English so far.
BACK_OFFICE = re.compile(
    r"/admin/|/models/|services/(rescoring|outage_credits|bulk_plans|holidays)\.py"
    r"|selectors/(flight_pages|board|board_page|hours_left)\.py"
)
LATIN = re.compile(r"[A-Za-z]{2,}")
DEVANAGARI = re.compile("[\u0900-\u097f]")
# A run of Latin letters with what stands between the words.
RUN = re.compile("[A-Za-z][^\u0900-\u097f]*[A-Za-z]")
SPOKEN = ("aria-label", "title", "placeholder", "alt", "data-one", "data-kept", "data-hint")
VOID = {"area", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"}
NEVER_READ = ("script", "style", "math", "code", "pre", "template")
# Names, and what has no other word.
KEPT = {
    *("abhyas", "Abhyas", "English", "JavaScript", "PDF", "JPEG", "PNG", "WebP", "HEIC", "MB", "Python", "PostgreSQL"),
    *("Redis", "CBSE", "API", "Excel", "UTC", "sqrt", "sin", "CBSE X"),
}
EXAMPLES = re.compile(
    r"2x \+ 3, x\^2/4, sqrt\(5\)|sin\(x\)|JPEG, PNG, WebP, HEIC|PostgreSQL, Redis"
    r"|x = 1/3 or x = 2|Check x.*|Good habit\..*"
)


@pytest.fixture(autouse=True)
def own_language() -> Iterator[None]:
    """A request leaves its thread in the language of its reader."""
    before = translation.get_language()
    yield
    translation.activate(before)


# --- The catalogue ---------------------------------------------------------------------------------------------------
@pytest.fixture(scope="module")
def catalogue() -> polib.POFile:
    return polib.pofile(str(FOLDER / "django.po"))


def test_the_compiled_catalogue_is_the_written_one(catalogue: polib.POFile) -> None:
    """Both are in the repository, so that running needs no gettext."""

    def texts(entries: Any) -> dict[tuple[str | None, str], Any]:
        return {(entry.msgctxt, entry.msgid): entry.msgstr_plural or entry.msgstr for entry in entries}

    compiled = texts(polib.mofile(str(FOLDER / "django.mo")))
    assert compiled == texts(catalogue.translated_entries()), "run manage.py compilemessages"


def test_the_catalogue_is_whole(catalogue: polib.POFile) -> None:
    missing = [
        entry.msgid
        for entry in catalogue
        if not entry.translated() and not all(BACK_OFFICE.search(place) for place, _ in entry.occurrences)
    ]
    assert not missing
    assert not [entry.msgid for entry in catalogue if entry.fuzzy or entry.obsolete]


def test_every_place_for_a_value_is_kept(catalogue: polib.POFile) -> None:
    wrong = []
    for entry in catalogue.translated_entries():
        last = entry.msgid_plural or entry.msgid
        for text in [entry.msgstr] if entry.msgstr else [entry.msgstr_plural[1]]:
            wrong += [entry.msgid] if sorted(VALUE.findall(text)) != sorted(VALUE.findall(last)) else []
        wrong += [f"space: {entry.msgid}" for end in (0, -1) if entry.msgstr and entry.msgid[end].isspace()
                  and not entry.msgstr[end].isspace()]  # fmt: skip
    assert not wrong


def test_nothing_and_one_are_singular() -> None:
    with translation.override("hi"):
        said = [
            translation.ngettext("%(count)d try left.", "%(count)d tries left.", count) % {"count": count}
            for count in (0, 1, 2)
        ]
    assert said == ["0 कोशिश शेष।", "1 कोशिश शेष।", "2 कोशिशें शेष।"]


def test_sentences_of_sign_in_are_hindi() -> None:
    """allauth has no Hindi; only what this product never says (telephones, user names) may be left out."""
    with translation.override("hi"):
        said = {code: str(text) for code, text in AccountAdapter.error_messages.items()}
    english = {code for code, text in said.items() if not DEVANAGARI.search(text)}
    assert not {code for code in english if "phone" not in code and "username" not in code}


# --- Pages -----------------------------------------------------------------------------------------------------------
class Reader(HTMLParser):
    """What a person reads or hears on a page, each text with the language it is marked with."""

    def __init__(self, page: bytes) -> None:
        super().__init__()
        self.open: list[tuple[str, str | None]] = []
        self.texts: list[tuple[str, str]] = []
        self.feed(page.decode())

    @property
    def lang(self) -> str:
        return next((lang for _, lang in reversed(self.open) if lang), "")

    def say(self, text: str, lang: str) -> None:
        if text.strip() and not any(tag in NEVER_READ for tag, _ in self.open):
            self.texts.append((" ".join(text.split()), lang))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = {name: value or "" for name, value in attrs}
        lang = values.get("lang") or self.lang
        for name in SPOKEN:
            self.say(values.get(name, ""), "" if name == "aria-label" else lang)
        for text in json.loads(values.get("data-words") or "{}").values():
            self.say(text, lang)
        if tag not in VOID:
            self.open.append((tag, values.get("lang")))

    def handle_endtag(self, tag: str) -> None:
        while tag not in VOID and self.open:
            if self.open.pop()[0] == tag:
                break

    def handle_data(self, data: str) -> None:
        self.say(data, self.lang)


def written_by_people() -> set[str]:
    """Every text in the database, in pieces as pages show them: what people wrote may be in English."""
    found: set[str] = set()
    for model in apps.get_models():
        if model._meta.app_label in ("accounts", "assessments", "courses", "evaluations", "notifications"):
            fields = [f.attname for f in model._meta.concrete_fields if is_written(f)]
            for row in model._default_manager.values_list(*fields):
                for value in row:
                    found.update(pieces(value))
    return found


def is_written(field: Any) -> bool:
    return isinstance(field, models.CharField | models.TextField | models.JSONField) and not field.choices


def pieces(value: Any) -> Iterator[str]:
    if isinstance(value, dict | list):
        for part in value.values() if isinstance(value, dict) else value:
            yield from pieces(part)
    elif isinstance(value, str):
        for text in (value, *re.split(r"<[^>]*>|\[\[\d+\]\]|\n", value)):
            yield from (run.strip() for run in RUN.findall(" ".join(text.split())))


def english(texts: list[tuple[str, str]], written: set[str]) -> list[str]:
    """Of a page's texts: those that are ours and in English, and those of people that do not say they are."""
    wrong = []
    for text, lang in texts:
        runs = [run for part in EXAMPLES.sub("", text).split("____") for run in RUN.findall(part)]
        for run in filter(LATIN.search, runs):
            if run in KEPT or "@" in run or "localhost" in run or is_name(run):
                continue
            if run not in written:
                wrong.append(f"not Hindi: {text[:90]}")
            elif lang == "hi" and not DEVANAGARI.search(text):
                wrong.append(f"has no lang: {text[:90]}")
    return wrong


def is_name(run: str) -> bool:
    """Names of people are names in every language, also the first name and an initial."""
    names = [name.split() for name in User.objects.values_list("name", flat=True) if name]
    return any(run in (" ".join(name), name[0], f"{name[0]} {name[-1][0]}") for name in names)


@pytest.mark.django_db
@pytest.mark.parametrize("person", HINDI)
def test_pages_are_in_hindi(cast: Cast, world: World, person: str) -> None:
    ids = world.ids() | add_pages(world)
    client = Client(HTTP_ACCEPT_LANGUAGE="hi" if person == "anonymous:hi" else "en")
    if person != "anonymous:hi":
        user = cast.people[person.partition(":")[0]]
        User.objects.filter(pk=user.pk).update(language="hi")
        client.force_login(user)
    written, wrong = written_by_people(), []
    for name, url in page_urls(ids, person).items():
        answer = client.get(url)
        page = re.sub(rb'<select[^>]*name="time_zone".*?</select>', b"", answer.content, flags=re.DOTALL)
        assert answer.headers["Content-Language"] == "hi", name
        assert b'<html lang="hi"' in page, name
        wrong += [f"{name}: {problem}" for problem in english(Reader(page).texts, written)]
    assert not wrong, "\n".join(wrong)


@pytest.mark.django_db
@pytest.mark.parametrize("name", ["400", "403", "404", "422", "429", "500", "offline"])
def test_error_pages_are_in_hindi(name: str, rf: Any) -> None:
    request = rf.get("/")
    request.LANGUAGE_CODE = "hi"
    with translation.override("hi"):
        page = render_to_string(f"{name}.html", {}, request=None if name == "500" else request)
    assert '<html lang="hi"' in page
    assert not english(Reader(page.encode()).texts, set())


# --- Forms, mail -----------------------------------------------------------------------------------------------------
@pytest.mark.django_db
@pytest.mark.parametrize(
    ("name", "sent"),
    [
        ("account_login", {"login": "a@example.com", "password": "wrong"}),
        ("account_signup", {"name": "", "email": "no", "password1": "12345"}),
        ("account_signup", {"name": "A", "email": "asha@example.com", "password1": "asha@example"}),
        ("account_signup", {"name": "A", "email": "asha@example.com", "password1": "password123"}),
        ("account_reset_password", {"email": "no"}),
    ],
)
def test_what_is_wrong_with_a_form_is_said_in_hindi(name: str, sent: dict[str, str]) -> None:
    answer = Client(HTTP_ACCEPT_LANGUAGE="hi-IN,hi;q=0.9,en;q=0.8").post(reverse(name), sent)
    assert answer.status_code in (200, 422)
    assert b"aria-invalid" in answer.content or b'role="alert"' in answer.content
    assert not english(Reader(answer.content).texts, set(sent.values()))


@pytest.mark.django_db
def test_mail_of_sign_in_is_in_hindi() -> None:
    client = Client(HTTP_ACCEPT_LANGUAGE="hi")
    sent = {"name": "आशा", "email": "asha@example.com", "password1": "a long enough one"}
    assert client.post(reverse("account_signup"), sent).status_code == 302
    for _ in range(2):
        client.post(reverse("account_reset_password"), {"email": "nobody@example.com"})
    assert {message.subject for message in mail.outbox} >= {"अपने ई-मेल की पुष्टि करें"}
    for message in mail.outbox:
        lines = re.sub(r"https?://\S+|\S+@\S+", "", f"{message.subject}\n{message.body}")
        assert not LATIN.search(lines), lines
