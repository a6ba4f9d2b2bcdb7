"""A person at the API, and the main job in steps. Only what a stranger with the documentation would use."""

from __future__ import annotations

import hashlib
import http.client
import io
import json
import urllib.error
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any
from uuid import uuid4

from PIL import Image

from config.demo.handwriting import Line, draw_page
from tests.journeys.stack import wait_for

TIMEOUT = 60.0


@dataclass(frozen=True)
class Answer:
    """Status, body (JSON if it is any) and headers of a response."""

    status: int
    body: Any
    headers: Mapping[str, str]


@dataclass
class Person:
    """Somebody signed in over the API by e-mail and password."""

    url: str
    email: str = ""
    access: str = ""
    refresh: str = ""

    @classmethod
    def sign_in(cls, url: str, email: str, password: str) -> Person:
        person = cls(url, email)
        tokens = person.ok("POST", "auth/token/", {"email": email, "password": password})
        person.access, person.refresh = tokens["access"], tokens["refresh"]
        return person

    def call(self, method: str, path: str, body: Any = None) -> Answer:
        """One request to /api/v1/. Raises OSError when there is no answer."""
        headers = {"Content-Type": "application/json"}
        if self.access:
            headers["Authorization"] = f"Bearer {self.access}"
        data = None if body is None else json.dumps(body).encode()
        answer = send(f"{self.url}/api/v1/{path}", method=method, data=data, headers=headers)
        if answer.status == 401 and self.refresh:
            # A token lives fifteen minutes; a journey under fire may take longer.
            self.access, old = "", self.refresh
            self.refresh = ""
            tokens = self.ok("POST", "auth/token/refresh/", {"refresh": old})
            self.access, self.refresh = tokens["access"], tokens["refresh"]
            return self.call(method, path, body)
        return answer

    def ok(self, method: str, path: str, body: Any = None) -> Any:
        """The body of a request that must succeed."""
        answer = self.call(method, path, body)
        assert answer.status < 300, f"{method} {path}: {answer.status} {answer.body}"
        return answer.body


def send(
    url: str, *, method: str = "GET", data: bytes | None = None, headers: Mapping[str, str] | None = None
) -> Answer:
    request = urllib.request.Request(url, data=data, method=method, headers=dict(headers or {}))
    try:
        with urllib.request.urlopen(request, timeout=TIMEOUT) as response:
            return Answer(response.status, _read(response.read(), response.headers), response.headers)
    except urllib.error.HTTPError as error:
        with error:
            return Answer(error.code, _read(error.read(), error.headers), error.headers)
    except http.client.HTTPException as error:  # half an answer is none
        raise ConnectionError(f"{method} {url}: {error!r}") from error


def _read(data: bytes, headers: Mapping[str, str]) -> Any:
    return json.loads(data) if data and "json" in headers.get("Content-Type", "") else data


def post_file(target: Mapping[str, Any], data: bytes, *, content_type: str) -> Answer:
    """Send a file to the address an announcement gave: the fields first, then the part named `file`."""
    boundary = f"----{uuid4().hex}"
    parts = [
        f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'.encode()
        for name, value in target["fields"].items()
    ]
    named = 'Content-Disposition: form-data; name="file"; filename="page"'
    head = f"--{boundary}\r\n{named}\r\nContent-Type: {content_type}\r\n\r\n"
    body = b"".join([*parts, head.encode(), data, f"\r\n--{boundary}--\r\n".encode()])
    headers = {"Content-Type": f"multipart/form-data; boundary={boundary}"}
    return send(target["url"], method=target["method"], data=body, headers=headers)


# --- Pages -----------------------------------------------------------------------------------------------------------
WRITTEN = [
    (
        "Q4. Let √3 = p/q, no common factor",
        "Then p² = 3q², so 3 divides p",
        "p = 3k gives q² = 3k²",
        "so 3 divides q too: contradiction",
    ),
    ("Q5. 2x² - 7x + 3 = 0", "x² - 7x/2 = -3/2", "(x - 7/4)² = 25/16", "x = 3 or x = 1/2"),
    ("Q5 continued", "check: 2·9 - 21 + 3 = 0", "and 2·1/4 - 7/2 + 3 = 0"),
]


@cache
def photo(number: int) -> bytes:
    """A photographed page of handwriting as JPEG, with EXIF turning and a place."""
    lines = [Line((text,)) for text in WRITTEN[(number - 1) % len(WRITTEN)]]
    return draw_page(lines, seed=40 + number, page_number=number)


@cache
def scanned_pdf(pages: int = 2) -> bytes:
    """A PDF of scanned pages."""
    drawn = [
        draw_page([Line((f"page {n} of the scan",))], seed=70 + n, page_number=n, photo=False)
        for n in range(1, pages + 1)
    ]
    first, *rest = [Image.open(io.BytesIO(page)) for page in drawn]
    out = io.BytesIO()
    first.save(out, "PDF", save_all=True, append_images=rest)
    return out.getvalue()


@dataclass
class Sheet:
    """A file on the student's device."""

    data: bytes
    content_type: str
    page_number: int
    client_id: str = field(default_factory=lambda: str(uuid4()))

    @property
    def announcement(self) -> dict[str, Any]:
        return {
            "client_id": self.client_id, "page_number": self.page_number, "size": len(self.data),
            "sha256": hashlib.sha256(self.data).hexdigest(), "content_type": self.content_type,
        }  # fmt: skip


# --- The job in steps -------------------------------------------------------------------------------------------------
def put_answer(student: Person, attempt: str, question: str, seq: int, answer: Any) -> Any:
    return student.ok("PUT", f"attempts/{attempt}/responses/{question}/", {"seq": seq, "answer": answer})


def upload(student: Person, attempt: str, sheet: Sheet) -> Any:
    """Announce, send and have a sheet checked; returns the receipt."""
    announced = student.ok("POST", f"attempts/{attempt}/sheets/", sheet.announcement)
    if announced["upload"] is None:
        return announced["receipt"]
    sent = post_file(announced["upload"], sheet.data, content_type=sheet.content_type)
    assert sent.status in (200, 201, 204), sent
    return student.ok("POST", f"attempts/{attempt}/sheets/{sheet.client_id}/done/")


def full_steps(question: Mapping[str, Any]) -> dict[str, str]:
    return {step["id"]: step["marks"] for step in question["steps"]}


def desk_when_ready(teacher: Person, evaluation: str, *, seconds: float = 60) -> Any:
    """The desk once the worker has made an image of every page."""

    def ready() -> Any:
        desk = teacher.ok("GET", f"evaluations/{evaluation}/")
        return desk if all(page["state"] == "ready" for page in desk["pages"]) else None

    return wait_for("the page images", ready, seconds=seconds, every=0.3)
