"""A law for every address: what each kind of person gets there is written down in tests/law_urls.py, and is so.

An address that is not in the table breaks the law; so does a row for an address that no longer exists.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterator
from http.cookies import SimpleCookie
from typing import Any

import pytest
from django.contrib import admin
from django.db import transaction
from django.db.models import Model
from django.http import HttpResponse
from django.test import Client, RequestFactory
from django.urls import URLPattern, URLResolver, get_resolver, resolve, reverse

from tests.cast import Cast
from tests.law_office import OFFICE, OFFICE_DELETES
from tests.law_urls import TABLE, Row
from tests.law_urls_world import World
from tests.shared_world import world

__all__ = ["world"]
CHUNKS = 6


def names(patterns: list[URLPattern | URLResolver], prefix: str = "") -> Iterator[str]:
    """Every URL name under `patterns`, with its namespace; the path where there is no name."""
    for entry in patterns:
        if isinstance(entry, URLResolver):
            inner = f"{prefix}{entry.namespace}:" if entry.namespace else prefix
            yield from names(entry.url_patterns, inner)
        else:
            yield prefix + (entry.name or f"nameless {entry.pattern}")


def test_every_address_is_in_the_table() -> None:
    existing = {name for name in names(get_resolver().url_patterns) if not name.startswith("admin:")}
    written = {row.name for row in TABLE}
    assert existing - written == set(), "addresses without a row in tests/law_urls.py"
    assert written - existing == set(), "rows in tests/law_urls.py for addresses that do not exist"


@pytest.mark.parametrize("rows", [TABLE[start::CHUNKS] for start in range(CHUNKS)], ids=lambda rows: f"from {rows[0]}")
def test_everybody_gets_what_the_table_says(world: World, rows: list[Row]) -> None:
    """A part of the table at a time, as the world takes longer to make than to ask."""
    ids, people = world.ids(), sessions(world.cast)
    wrong = []
    for row in rows:
        url = reverse(row.name, args=[argument.format(**ids) for argument in row.arguments])
        for person, wanted in row.answers.items():
            got = spoken(ask(people[person], row.method, url))
            if got != wanted:
                wrong.append(f"{row}: {person} gets {got} instead of {wanted}")
    assert not wrong, "\n".join(wrong)


def sessions(cast: Cast) -> dict[str, SimpleCookie]:
    """The cookies of everybody of the table."""
    found = {"anonymous": SimpleCookie()}
    for name, person in cast.people.items():
        client = Client()
        client.force_login(person)
        found[name] = client.cookies
    return found


def ask(cookies: SimpleCookie, method: str, url: str) -> HttpResponse:
    """Sends an empty body where there is one. Whatever the request changed is undone."""
    client = Client()
    client.cookies = SimpleCookie({name: morsel.value for name, morsel in cookies.items()})
    body: dict[str, Any] = {}
    if method != "GET":
        sends_json = "/api/" in url or "/sheets/" in url
        body = {"data": {}, "content_type": "application/json"} if sends_json else {"data": {}}
    with transaction.atomic():
        response: HttpResponse = getattr(client, method.lower())(url, **body)
        transaction.set_rollback(True)
    return response


def spoken(response: HttpResponse) -> str:
    if response.status_code != 302:
        return str(response.status_code)
    place = re.split("[?#]", response["Location"])[0]
    match = resolve(place)
    return "login" if match.view_name in ("account_login", "admin:login") else f">{match.view_name}"


def office(view: str, model: type[Model], *arguments: Any) -> str:
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_{view}", args=arguments)


MODELS = sorted(admin.site._registry, key=lambda model: model._meta.label)


def test_the_back_office_is_closed_to_everybody_but_staff(world: World) -> None:
    """Every list, form, history and action page of every registered model, and the pages of no model."""
    people = sessions(world.cast)
    del people["staff"]
    everybody = [reverse("admin:index"), *(office("changelist", model) for model in MODELS)]
    asked = [(person, url) for url in everybody for person in people]
    rest = [reverse("admin:password_change"), reverse("admin:app_list", args=["assessments"])]
    for model in MODELS:
        rest += [
            office("add", model),
            *(office(view, model, uuid.UUID(int=1)) for view in ("change", "delete", "history")),
        ]
    asked += [(person, url) for url in rest for person in ("anonymous", "teacher")]
    open_doors = [(person, url) for person, url in asked if spoken(ask(people[person], "GET", url)) != "login"]
    assert open_doors == []


def test_staff_may_list_and_add_what_the_table_says(cast: Cast) -> None:
    request = RequestFactory().get("/admin/")
    request.user = cast.staff
    found = {}
    for model, office_of in admin.site._registry.items():
        allowed = (office_of.has_view_permission(request), office_of.has_add_permission(request))
        found[model._meta.label] = " ".join("200" if may else "403" for may in allowed)
    assert found == OFFICE


@pytest.mark.slow
def test_lists_and_forms_of_the_back_office_open_for_staff(world: World) -> None:
    """Every list and every form on a world with rows; and nobody can delete what only services may end."""
    staff = sessions(world.cast)["staff"]
    for model in MODELS:
        pages = [office("changelist", model), office("add", model)]
        assert " ".join(spoken(ask(staff, "GET", page)) for page in pages) == OFFICE[model._meta.label], model
        row = model._default_manager.order_by("pk").first()
        if row is None or OFFICE[model._meta.label].startswith("403"):
            continue
        assert spoken(ask(staff, "GET", office("change", model, row.pk))) == "200", model
        may_delete = spoken(ask(staff, "GET", office("delete", model, row.pk))) == "200"
        assert may_delete == (model._meta.label in OFFICE_DELETES), model
