"""Learning paths of the demonstration, and the pathfinder that tells with which of them to begin."""

from __future__ import annotations

import tomllib
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction

from accounts.models import User
from assessments.enums import ExamPurpose
from assessments.models import Blueprint, Exam, Paper, Question
from assessments.models.exams import NO_LIMIT_MINUTES
from assessments.services.bank_files import load_bank
from assessments.services.drawing import freeze_picks, pick_questions
from assessments.services.drawing_rules import Pick
from config.demo import cast
from config.demo.exams import DATA
from config.demo.people import find_person
from courses.enums import LessonKind
from courses.models import Cohort, Course, LearningPath, Pathfinder, Programme
from courses.services.building import add_lesson, add_module
from courses.services.courses import make_course, publish_course
from courses.services.lesson_drafts import publish_lesson
from courses.services.pathfinders import change_pathfinder, make_pathfinder, publish_pathfinder
from courses.services.paths import add_step, begin_path, change_path, change_step, make_path, publish_path

BANK, TITLE = DATA / "pathfinder_x", "Pathfinder: Class X Mathematics"
TEXTS = DATA.parents[1] / "config" / "demo" / "paths.toml"


def seed_paths(*, programme: Programme, now: datetime) -> int:
    """Courses, paths and the pathfinder, everything or nothing; returns how many paths are new."""
    if Pathfinder.objects.filter(title=TITLE).exists():
        return 0
    data = tomllib.loads(TEXTS.read_text(encoding="utf-8"))
    with transaction.atomic():
        author = find_person(cast.AUTHOR)
        courses = {raw["key"]: _course(raw, programme, author, now) for raw in data["course"]}
        paths = {raw["title"]: _path(raw, courses, programme, author, now) for raw in data["path"]}
        exam = _quiz(programme, now)
        by: dict[str, Any] = {"actor": author, "now": now}
        made = make_pathfinder(title=TITLE, **by)
        fields = {"title": TITLE, "intro": data["intro"], "kind": "quiz", "target": exam.pk}
        begins = {paths[raw["title"]].pk: raw["begins"] for raw in data["path"]}
        made = change_pathfinder(pathfinder=made, fields=fields, begins=begins, seen=made.version, **by)
        publish_pathfinder(pathfinder=made, publish=True, seen=made.version, **by)
        begin_path(path=paths[data["path"][1]["title"]], student=find_person("student"), now=now)
    return len(paths)


def _course(raw: dict[str, Any], programme: Programme, author: User, now: datetime) -> Course:
    by: dict[str, Any] = {"actor": author, "now": now}
    course = make_course(
        title=raw["title"], summary=raw["summary"], programme=programme, only_by_path=raw.get("only_by_path", False),
        **by,
    )  # fmt: skip
    module = add_module(course=course, title=raw["module"], **by)
    for text in raw["lesson"]:
        lesson = add_lesson(module=module, kind=LessonKind.TEXT, title=text["title"], **by)
        publish_lesson(lesson=lesson, data={"body": text["body"]}, **by)
    return publish_course(course=course, **by)


def _path(
    raw: dict[str, Any], courses: dict[str, Course], programme: Programme, author: User, now: datetime
) -> LearningPath:
    by: dict[str, Any] = {"actor": author, "now": now}
    path = make_path(title=raw["title"], **by)
    fields = {"summary": raw["summary"], "interests": raw["interests"], "programme": programme}
    change_path(path=path, fields=fields, seen=path.version, **by)
    for key in raw["courses"]:
        add_step(path=path, course=courses[key], **by)
    for key in raw.get("extra", []):
        add_step(path=path, course=courses[key], **by)
        change_step(path=path, course_id=courses[key].pk, is_required=False, **by)
    return publish_path(path=path, publish=True, **by)


def _quiz(programme: Programme, now: datetime) -> Exam:
    """The ten questions in the order of the files' keys, on one paper for everybody, as often as one likes."""
    author, verifier = find_person(cast.AUTHOR), find_person(cast.VERIFIER)
    load_bank(folder=BANK, author=author, verifier=verifier, now=now)
    exam = Exam.objects.create(
        programme=programme, purpose=ExamPurpose.QUIZ, title=TITLE, paper=_paper(now), max_attempts=None,
        duration_minutes=NO_LIMIT_MINUTES, opens_at=now - timedelta(hours=1), is_published=True,
    )  # fmt: skip
    exam.cohorts.set(Cohort.objects.filter(programme=programme, name__in=cast.COHORTS))
    return exam


def _paper(now: datetime) -> Paper:
    blueprint = Blueprint.objects.get(slug="pathfinder-x")
    ours = Question.objects.filter(key__startswith="pf-x-")
    others = set(Question.objects.exclude(pk__in=ours).values_list("pk", flat=True))
    picks = pick_questions(blueprint=blueprint, seed=1, exclude=others)
    # The drawing fills four places of algebra as it likes; here they go from the easiest to the hardest.
    numbers = {question.current_id: int((question.key or "")[-2:]) for question in ours}
    seats = {pick.seat.slot.number: pick.seat for pick in picks}
    ordered = [Pick(seats[numbers[pick.candidate.version]], pick.candidate) for pick in picks]
    ordered.sort(key=lambda pick: pick.seat.slot.number)
    return freeze_picks(blueprint=blueprint, seed=1, title=TITLE, picks=ordered, now=now)
