"""Every page of the product by who opens it; `{…}` are ids of tests/law_urls_world.py; not the admin."""

from __future__ import annotations

from typing import Any

from django.urls import reverse

# (person, URL name, arguments)
PAGES = [
    ("anonymous", "landing", ()),
    ("anonymous", "account_login", ()),
    ("anonymous", "account_signup", ()),
    ("anonymous", "account_reset_password", ()),
    ("anonymous", "account_reset_password_done", ()),
    ("anonymous", "account_reset_password_from_key", ("abc", "made-up")),
    ("anonymous", "account_email_verification_sent", ()),
    ("anonymous", "account_confirm_email", ("made-up",)),
    ("anonymous", "account_inactive", ()),
    ("student", "student-home", ()),
    ("student", "exam-list", ()),
    ("student", "exam-detail", ("{open_exam}",)),
    ("student", "attempt-page", ("{live}",)),
    ("student", "attempt-submit", ("{live}",)),
    ("student", "sheets-page", ("{sheets}",)),
    ("student", "paper-list", ()),
    ("student", "result-page", ("{released_attempt}",)),
    ("student", "result-page", ("{marking_attempt}",)),
    ("student", "notification-list", ()),
    ("student", "person-settings", ()),
    ("student", "account_change_password", ()),
    ("student", "account_email", ()),
    ("student", "account_logout", ()),
    ("student", "account_reauthenticate", ()),
    ("teacher", "teacher-home", ()),
    ("teacher", "marking-queue", ()),
    ("teacher", "marking-desk", ("{marking}",)),
    ("teacher", "marking-desk", ("{released}",)),
    ("teacher", "blueprint-list", ()),
    ("teacher", "blueprint-new", ("{programme}",)),
    ("teacher", "blueprint-page", ("{blueprint}",)),
    ("teacher", "blueprint-edit", ("{blueprint}",)),
    ("teacher", "paper-draft", ("{blueprint}",)),
    ("teacher", "paper-swap", ("{blueprint}", "1")),
    ("teacher", "paper-page", ("{fixed_paper}",)),
    ("teacher", "result-page", ("{released_attempt}",)),
    ("teacher", "person-settings", ()),
    ("teacher", "bank-list", ()),
    ("teacher", "question-page", ("{reviewed}",)),
    ("teacher", "question-new", ()),
    ("teacher", "question-edit", ("{question}",)),
    ("teacher", "question-drafts", ()),
    ("teacher", "question-import", ()),
    ("teacher", "question-export", ()),
    ("newcomer", "teacher-home", ()),
    ("newcomer", "bank-list", ()),
    ("newcomer", "blueprint-list", ()),
    ("newcomer", "marking-queue", ()),
    ("outsider", "exam-list", ()),
    ("outsider", "paper-list", ()),
    ("guardian", "guardian-home", ()),
    ("guardian", "guardian-student", ("{student}",)),
    ("guardian", "result-page", ("{released_attempt}",)),
    ("guardian", "notification-list", ()),
]


def page_urls(ids: dict[str, Any], person: str) -> dict[str, str]:
    """The pages of `person`: {what to call it: address}."""
    return {
        " ".join((name, *arguments)): reverse(name, args=[argument.format(**ids) for argument in arguments])
        for who, name, arguments in PAGES
        if who == person
    }
