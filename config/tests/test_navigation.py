"""What each role finds in the navigation, and where it is."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from notifications.models import Notification
from tests.cast import Cast
from tests.factories import NOW

STUDENT = ["student-home", "exam-list", "paper-list", "course-list"]
BANK = ["bank-list", "blueprint-list", "course-teaching"]
TEACHER = ["teacher-home", "marking-queue", *BANK]


def items(client: Client, page: str = "notification-list") -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = client.get(reverse(page)).context["nav"]
    return found


@pytest.mark.parametrize(
    ("who", "names"),
    [
        ("student", STUDENT),
        ("teacher", TEACHER),
        ("newcomer", TEACHER),
        ("guardian", ["guardian-home"]),
        ("staff", BANK),
    ],
)
def test_each_role_has_its_pages_and_news(client: Client, cast: Cast, who: str, names: list[str]) -> None:
    client.force_login(cast.people[who])
    wanted = [*names, "notification-list", *(["admin:index"] if who == "staff" else [])]
    assert [item["url"] for item in items(client)] == [reverse(name) for name in wanted]


def test_several_roles_have_everything_once(client: Client, cast: Cast) -> None:
    cast.teacher.is_guardian = True
    cast.teacher.save(update_fields=["is_guardian"])
    client.force_login(cast.teacher)
    urls = [item["url"] for item in items(client)]
    assert urls == [reverse(name) for name in (*TEACHER, "guardian-home", "notification-list")]


def test_every_item_opens_for_whoever_has_it(client: Client, cast: Cast) -> None:
    for person in cast.people.values():
        client.force_login(person)
        for item in items(client):
            assert client.get(item["url"]).status_code == 200, (person, item["url"])


def test_a_page_below_belongs_to_its_part(client: Client, cast: Cast) -> None:
    client.force_login(cast.teacher)
    page = client.get(reverse("question-import")).content.decode()
    assert re.findall(r'href="([^"]+)" aria-current="true"', page.split("</nav>")[0]) == [reverse("bank-list")]
    assert 'aria-current="page"' in client.get(reverse("bank-list")).content.decode()


def test_this_page_is_the_current_one(client: Client, cast: Cast) -> None:
    client.force_login(cast.student)
    assert [item["url"] for item in items(client, "exam-list") if item["current"]] == [reverse("exam-list")]


def test_news_are_counted(client: Client, cast: Cast) -> None:
    for cause in ("1", "2"):
        Notification.objects.create(
            user=cast.student, kind="paper_received", cause=cause, title="Received", created_at=NOW
        )
    Notification.objects.create(user=cast.classmate, kind="paper_received", cause="1", title="Received", created_at=NOW)
    client.force_login(cast.student)
    badges = {item["url"]: item["badge"] for item in items(client)}
    assert badges[reverse("notification-list")] == 2
    assert sum(badges.values()) == 2


def test_the_back_office_and_the_api_pages_have_the_icon_of_the_site(client: Client, cast: Cast) -> None:
    client.force_login(cast.staff)
    for name in ("admin:index", "api-redoc"):
        page = client.get(reverse(name)).content.decode()
        assert 'img/favicon.svg"' in page
        assert "fonts.googleapis.com" not in page


def test_strangers_have_no_navigation(client: Client, db: None) -> None:
    assert client.get(reverse("landing")).context["nav"] == []


@pytest.mark.parametrize("offered", [True, False])
def test_demo_accounts_are_offered_only_where_settings_say_so(
    client: Client, db: None, settings: Any, offered: bool
) -> None:
    settings.SHOW_DEMO_ACCOUNTS = offered
    page = client.get(reverse("account_login")).content.decode()
    assert ("student@demo.abhyas" in page) is offered
    assert "student@demo.abhyas" not in client.get(reverse("landing")).content.decode()
