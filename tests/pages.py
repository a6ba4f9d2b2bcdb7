"""Every page of the product by who opens it, not the admin. `{…}`: ids of law_urls_world.py and page_world.py.

"student:hi" is the student who reads Hindi.
"""

from __future__ import annotations

from typing import Any

from django.urls import reverse

from assessments.enums import PART_TYPES, QuestionType

# (person, URL name with what follows “?”, arguments)
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
    ("anonymous", "mail-stop", ("{mail_stop}",)),
    ("student", "student-home", ()),
    ("student", "exam-list", ()),
    ("student", "exam-detail", ("{open_exam}",)),
    ("student", "attempt-page", ("{live}",)),
    ("student", "attempt-submit", ("{live}",)),
    ("student", "sheets-page", ("{sheets}",)),
    ("student", "paper-list", ()),
    ("student", "result-page", ("{released_attempt}",)),
    ("student", "result-page", ("{marking_attempt}",)),
    ("student", "result-page", ("{types_result}",)),
    ("student", "result-page", ("{blurred_result}",)),
    ("student", "picture-page", ("{blurred}",)),
    ("student", "picture-page", ("{sharp}",)),
    ("student", "exam-detail", ("{quiz}",)),
    ("student", "result-page", ("{quiz_result}",)),
    ("student", "question-flag", ("{types_blanks}",)),
    ("student", "notification-list", ()),
    ("student", "person-settings", ()),
    ("student", "notification-settings", ()),
    ("student", "account_change_password", ()),
    ("student", "account_email", ()),
    ("student", "account_logout", ()),
    ("student", "account_reauthenticate", ()),
    ("teacher", "teacher-home", ()),
    ("teacher", "marking-queue", ()),
    ("teacher", "comment-bank", ()),
    ("teacher", "marking-desk", ("{marking}",)),
    ("teacher", "marking-desk", ("{released}",)),
    ("teacher", "marking-desk", ("{blurred_desk}",)),
    ("teacher", "moderation-list", ()),
    ("staff", "moderation", ("{moderated}",)),
    ("teacher", "blueprint-list", ()),
    ("teacher", "blueprint-new", ("{programme}",)),
    ("teacher", "blueprint-page", ("{blueprint}",)),
    ("teacher", "blueprint-edit", ("{blueprint}",)),
    ("teacher", "paper-draft", ("{blueprint}",)),
    ("teacher", "paper-swap", ("{blueprint}", "1")),
    ("teacher", "paper-page", ("{fixed_paper}",)),
    ("teacher", "result-page", ("{released_attempt}",)),
    ("teacher", "exam-detail", ("{open_exam}",)),
    ("teacher", "attempt-page", ("{rehearsal}",)),
    ("teacher", "sheets-page", ("{rehearsal_sheets}",)),
    ("teacher", "rehearsal-end", ("{rehearsed}",)),
    ("teacher", "person-settings", ()),
    ("teacher", "availability", ()),
    ("teacher", "notification-settings", ()),
    ("teacher", "bank-list", ()),
    ("teacher", "question-page", ("{reviewed}",)),
    ("teacher", "question-new", ()),
    ("teacher", "question-edit", ("{question}",)),
    ("teacher", "question-drafts", ()),
    ("teacher", "bank-list?view=mine&difficulty=2", ()),
    ("teacher", "bank-list?view=review", ()),
    ("teacher", "bank-list?q=nothing+is+like+this", ()),
    ("teacher", "question-page?review=1", ("{reviewed}",)),
    ("teacher", "question-page?old=1&new=2", ("{revised}",)),
    *(("teacher", "question-page", (f"{{bank_{kind}}}",)) for kind in sorted(PART_TYPES | {QuestionType.ORDERING})),
    *(("teacher", f"question-new?type={kind}", ()) for kind in QuestionType),
    ("teacher", "blueprint-page", ("{template}",)),
    ("teacher", "paper-page", ("{types_paper}",)),
    ("teacher", "paper-page", ("{quiz_paper}",)),
    ("teacher", "paper-page?quiz=1", ("{quiz_paper}",)),
    ("teacher", "question-import-page", ("{import}",)),
    ("teacher", "question-export?format=gift", ()),
    ("teacher", "question-import", ()),
    ("teacher", "question-import-page", ("{question_import}",)),
    ("teacher", "question-export", ()),
    ("teacher", "scan-list", ("{open_exam}",)),
    ("teacher", "scan-page", ("{scan}",)),
    ("teacher", "scan-pages?show=discarded", ("{scan}",)),
    ("teacher", "scan-page-fix", ("{scan_waiting}",)),
    ("teacher", "scan-page-fix", ("{scan_discarded}",)),
    ("newcomer", "teacher-home", ()),
    ("newcomer", "bank-list", ()),
    ("newcomer", "blueprint-list", ()),
    ("newcomer", "marking-queue", ()),
    ("classmate", "attempt-page", ("{types_live}",)),
    ("classmate", "attempt-page", ("{checked_live}",)),
    ("outsider", "exam-list", ()),
    ("outsider", "paper-list", ()),
    ("guardian", "guardian-home", ()),
    ("guardian", "guardian-student", ("{student}",)),
    ("guardian", "result-page", ("{released_attempt}",)),
    ("guardian", "result-page", ("{blurred_result}",)),
    ("guardian", "notification-list", ()),
    ("guardian", "notification-settings", ()),
]


HINDI = ["anonymous:hi", "student:hi", "classmate:hi", "guardian:hi"]
PEOPLE = [*dict.fromkeys(person for person, *_ in PAGES), *HINDI]


def page_urls(ids: dict[str, Any], person: str) -> dict[str, str]:
    """The pages of `person`: {what to call it: address}."""
    urls = {}
    for who, place, arguments in PAGES:
        if who == person.partition(":")[0]:
            name, mark, query = place.partition("?")
            address = reverse(name, args=[argument.format(**ids) for argument in arguments])
            urls[" ".join(filter(None, (name, *arguments, query)))] = address + mark + query
    return urls
