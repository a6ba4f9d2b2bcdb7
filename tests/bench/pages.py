"""What is measured, as data: each page with its route, who opens it and on which rows."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from tests.bench.seed import SIZES

STUDENTS = "SELECT id FROM bench.person WHERE role = 'student' AND n % 47 = 3 ORDER BY n LIMIT 200"
TEACHERS = "SELECT id FROM bench.person WHERE role = 'teacher' ORDER BY n"
LIVE = "SELECT student, id FROM bench.live ORDER BY n"
OPEN_EXAMS = "SELECT student, exam FROM bench.live ORDER BY n"
WRITING = (
    "SELECT l.student, l.id, a.question, a.answer FROM bench.live l JOIN bench.answer a ON a.paper = l.paper "
    "WHERE a.right_one ORDER BY a.number, l.n"
)
RELEASED = (
    "SELECT student, id FROM bench.sitting WHERE state = 'released' "
    f"AND n > {SIZES['attempts'] - SIZES['recent']} AND n % 97 = 5 ORDER BY n LIMIT 200"
)
DESKS = "SELECT teacher, evaluation FROM bench.sitting WHERE state = 'in_progress' ORDER BY n"
GUARDIANS = "SELECT id FROM bench.person WHERE role = 'guardian' AND n % 7 = 3 ORDER BY n LIMIT 100"


@dataclass(frozen=True)
class Page:
    """`rows` is a query: the user first, then the arguments of the route, then (saving) the answer.

    `auth` is none, session or jwt; a page that is not `timed` only has its queries counted.
    """

    name: str
    route: str
    rows: str = ""
    auth: str = "session"
    saves: bool = False
    timed: bool = True


PAGES = (
    Page("sign-in page", "account_login", auth="none"),
    Page("student home", "student-home", STUDENTS),
    Page("exam list", "exam-list", STUDENTS),
    Page("exam detail", "exam-detail", OPEN_EXAMS, timed=False),
    Page("exam page", "attempt-page", LIVE),
    Page("before submitting", "attempt-submit", LIVE, timed=False),
    Page("save answer, page", "api-attempt-response", WRITING, saves=True),
    Page("save answer, API", "api-attempt-response", WRITING, auth="jwt", saves=True),
    Page("sheets page", "sheets-page", LIVE, timed=False),
    Page("paper list", "paper-list", STUDENTS, timed=False),
    Page("result page", "result-page", RELEASED),
    Page("notifications", "notification-list", STUDENTS, timed=False),
    Page("guardian home", "guardian-home", GUARDIANS, timed=False),
    Page("teacher home", "teacher-home", TEACHERS, timed=False),
    Page("teacher queue", "marking-queue", TEACHERS),
    Page("marking desk", "marking-desk", DESKS),
    Page("API: exams", "api-exams", STUDENTS, auth="jwt"),
    Page("API: paper and answers", "api-attempt", LIVE, auth="jwt", timed=False),
    Page("API: evaluations", "api-evaluation-list", TEACHERS, auth="jwt"),
    Page("API: evaluation", "api-evaluation-detail", DESKS, auth="jwt", timed=False),
    Page("API: result", "api-attempt-result", RELEASED, auth="jwt", timed=False),
)


@dataclass(frozen=True)
class Call:
    """One request as somebody; `body` is JSON text or None."""

    user_id: Any
    path: str
    body: str | None


class Targets:
    """Turns pages into calls; every saved answer has a higher `seq` than any before, also of earlier runs."""

    def __init__(self) -> None:
        self.seq = int(time.time() * 1000)

    def calls(self, page: Page) -> Iterator[Call]:
        """One call per row of the page's query. Raises NoReverseMatch when there is no such route."""
        from django.db import connection
        from django.urls import reverse

        if not page.rows:
            yield Call(None, reverse(page.route), None)
            return
        with connection.cursor() as cursor:
            cursor.execute(page.rows)
            rows = cursor.fetchall()
        for user_id, *arguments in rows:
            body = None
            if page.saves:
                self.seq += 1
                answer = arguments.pop()
                if isinstance(answer, str):
                    answer = json.loads(answer)
                body = json.dumps({"seq": self.seq, "answer": answer})
            yield Call(user_id, reverse(page.route, args=arguments), body)


class Doors:
    """Signs people in without the sign-in page: a stored session, or a token of the API."""

    def __init__(self) -> None:
        self.sessions: dict[Any, str] = {}
        self.tokens: dict[Any, str] = {}

    def session(self, user_id: Any) -> str:
        from importlib import import_module

        from django.conf import settings
        from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY

        if user_id not in self.sessions:
            user = self._user(user_id)
            store = import_module(settings.SESSION_ENGINE).SessionStore()
            store[SESSION_KEY] = str(user.pk)
            store[BACKEND_SESSION_KEY] = settings.AUTHENTICATION_BACKENDS[-1]
            store[HASH_SESSION_KEY] = user.get_session_auth_hash()
            store.create()
            self.sessions[user_id] = store.session_key
        return self.sessions[user_id]

    def token(self, user_id: Any) -> str:
        from rest_framework_simplejwt.tokens import AccessToken

        if user_id not in self.tokens:
            self.tokens[user_id] = str(AccessToken.for_user(self._user(user_id)))
        return self.tokens[user_id]

    def headers(self, page: Page, call: Call) -> dict[str, str]:
        """The request headers that identify the caller."""
        if page.auth == "jwt":
            return {"Authorization": f"Bearer {self.token(call.user_id)}"}
        if page.auth == "none":
            return {}
        secret = "b" * 32
        return {"Cookie": f"sessionid={self.session(call.user_id)}; csrftoken={secret}", "X-CSRFToken": secret}

    @staticmethod
    def _user(user_id: Any) -> Any:
        from accounts.models import User

        return User.objects.get(pk=user_id)
