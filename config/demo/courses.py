"""The courses of the demonstration, as their files in courses/ have them: each is one transaction.

A lesson says by `uses` what is made for it here.
"""

from __future__ import annotations

import tomllib
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.utils import timezone

from accounts.models import User
from assessments.models import Exam, ExternalAssessment
from config.demo.course_files import CAPTIONS, COURSES, FILM, cover, worksheet
from config.demo.exams import QUADRATICS_QUIZ
from config.demo.people import find_person
from courses.enums import CourseFileKind
from courses.models import Course, Programme
from courses.services.building import add_lesson, add_module, change_lesson
from courses.services.courses import change_course, make_course, publish_course, set_teachers
from courses.services.files import add_file
from courses.services.lesson_drafts import publish_lesson
from courses.services.prerequisites import require_modules

FILES = ("quadratic-equations", "the-heart")
#: Who made it first; the others teach it too.
TEACHERS = {"quadratic-equations": ("teacher", "anita.desai"), "the-heart": ("anita.desai", "teacher")}
#: Of the school's programme; the other is for everybody.
OF_PROGRAMME = {"quadratic-equations"}
MADE = timedelta(days=30)
MEETING = "https://meet.example.com/abhyas-quadratics"


def title_of(name: str) -> str:
    """The title of the course in the file of that name."""
    return str(_read(name)["course"]["title"])


def seed_courses(*, programme: Programme, now: datetime) -> int:
    """The courses that are missing; returns how many."""
    titles = {name: title_of(name) for name in FILES}
    known = set(Course.objects.filter(title__in=titles.values()).values_list("title", flat=True))
    missing = [name for name, title in titles.items() if title not in known]
    for name in missing:
        with transaction.atomic():
            _make(name, programme if name in OF_PROGRAMME else None, now)
    return len(missing)


def _read(name: str) -> dict[str, Any]:
    return tomllib.loads((COURSES / f"{name}.toml").read_text())


def _make(name: str, programme: Programme | None, now: datetime) -> None:
    read, then = _read(name), now - MADE
    teachers = [find_person(key) for key in TEACHERS[name]]
    facts, author = read["course"], teachers[0]
    course = make_course(
        title=facts["title"], summary=facts["summary"], description_source=facts["description"], access=facts["access"],
        capacity=facts.get("capacity"), programme=programme, actor=author, now=then,
    )  # fmt: skip
    picture = add_file(
        course=course, kind=CourseFileKind.COVER, name=f"{name}.png", data=cover(facts["cover"]), actor=author, now=then
    )
    shown = {"cover": picture, "cover_alt": facts["cover_alt"]}
    course = change_course(course=course, fields=shown, actor=author, now=then)
    set_teachers(course=course, teachers=teachers, actor=author, now=then)
    modules = []
    for number, part in enumerate(read["module"], start=1):
        module = add_module(course=course, title=part["title"], actor=author, now=then)
        modules.append(module)
        for lesson in part["lesson"]:
            _add_lesson(course, module, lesson, author, then + timedelta(minutes=10 * number), now)
        if after := part.get("after"):
            required = [modules[place - 1] for place in after]
            require_modules(module=module, required=required, actor=author, now=then)
    publish_course(course=course, actor=author, now=then + timedelta(days=1))


def _add_lesson(
    course: Course, module: Any, facts: dict[str, Any], author: User, then: datetime, now: datetime
) -> None:
    lesson = add_lesson(module=module, kind=facts["kind"], title=facts["title"], actor=author, now=then)
    fields = {
        "minutes": facts["minutes"],
        "is_preview": facts.get("preview", False),
        "is_required": facts.get("required", True),
    }
    change_lesson(lesson=lesson, fields=fields, actor=author, now=then)
    data = {"body": facts["body"].strip()}
    if uses := facts.get("uses"):
        data |= USES[uses](course, author, then, now)
    publish_lesson(lesson=lesson, data=data, actor=author, now=then)


# --- What lessons use ------------------------------------------------------------------------------------------------
def _film(course: Course, author: User, then: datetime, now: datetime) -> dict[str, str]:
    kept = {"course": course, "actor": author, "now": then}
    film = add_file(kind=CourseFileKind.VIDEO, name=FILM.name, data=FILM.read_bytes(), **kept)  # type: ignore[arg-type]
    words = add_file(kind=CourseFileKind.CAPTIONS, name=CAPTIONS.name, data=CAPTIONS.read_bytes(), **kept)  # type: ignore[arg-type]
    return {"file": str(film.pk), "captions": str(words.pk), "captions_language": "en"}


def _worksheet(course: Course, author: User, then: datetime, now: datetime) -> dict[str, str]:
    row = add_file(
        course=course, kind=CourseFileKind.DOCUMENT, name="twelve-equations.pdf", data=worksheet(), actor=author,
        now=then,
    )  # fmt: skip
    return {"file": str(row.pk)}


def _laboratory(course: Course, author: User, then: datetime, now: datetime) -> dict[str, str]:
    found = ExternalAssessment.objects.filter(programme=course.programme).latest("opens_at")
    return {"target": str(found.pk)}


def _quiz(course: Course, author: User, then: datetime, now: datetime) -> dict[str, str]:
    found = Exam.objects.counted().get(programme=course.programme, title=QUADRATICS_QUIZ)
    return {"target": str(found.pk)}


def _meeting(course: Course, author: User, then: datetime, now: datetime) -> dict[str, str]:
    begins = timezone.localtime(now + timedelta(days=3)).replace(hour=17, minute=0, second=0, microsecond=0)
    return {"address": MEETING, "starts_at": begins.isoformat()}


USES: dict[str, Callable[[Course, User, datetime, datetime], dict[str, str]]] = {
    "parabola": _film,
    "worksheet": _worksheet,
    "laboratory": _laboratory,
    "quiz": _quiz,
    "meeting": _meeting,
}
