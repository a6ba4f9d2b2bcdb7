"""Who is in the courses of the demonstration and how far, what they say of them, and what is said in the room."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction

from accounts.enums import Feature
from accounts.models import User
from accounts.services.entitlements import grant_entitlement
from assessments.models import Exam, PaperQuestion
from assessments.services.attempts import save_response, start_attempt, submit_attempt
from assessments.services.course_lessons import complete_missed_lessons
from config.demo import cast
from config.demo.courses import MADE, title_of
from config.demo.exams import QUADRATICS_QUIZ
from config.demo.people import find_person
from config.demo.sittings import settle_notifications
from courses.models import Course, Enrolment, Lesson, Room
from courses.services.codes import make_code
from courses.services.enrolments import enrol_self, leave_course
from courses.services.opinions import moderate_review, review_course, save_note
from courses.services.progress import finish_lesson, open_lesson
from courses.services.rooms.announcements import announce_to_course
from courses.services.rooms.moderation import set_room
from courses.services.rooms.posting import say
from courses.services.rooms.threads import accept, answer, ask

QUADRATICS, HEART = "quadratic-equations", "the-heart"
DAY, MINUTE = timedelta(days=1), timedelta(minutes=1)
#: Whose plan opens the paid course.
PLANS = {cast.PREMIUM, cast.CENTUM}
ALL = 99


@dataclass(frozen=True)
class Learner:
    """`done`: that many lessons of the outline, by themselves; one more is begun. `left`: they have gone again."""

    course: str
    student: str
    done: int
    left: bool = False


# In the order in which they come. The heart has six places, so the last two wait; whoever has left gave theirs back.
LEARNERS = (
    Learner(HEART, "farhan.ali", 1, left=True),
    Learner(HEART, "student", ALL),
    Learner(HEART, "harpreet.kaur", ALL),
    Learner(HEART, "arjun.nair", 3),
    Learner(HEART, "zoya.khan", 2),
    Learner(HEART, "priya.das", 5),
    Learner(HEART, "diya.patel", 0),
    Learner(HEART, "lakshmi.iyer", 0),
    Learner(HEART, "tenzin.dorje", 0),
    Learner(QUADRATICS, "rohan.gupta", ALL),
    Learner(QUADRATICS, "student", 4),
    Learner(QUADRATICS, "arjun.nair", 3),
    Learner(QUADRATICS, "zoya.khan", 2),
    Learner(QUADRATICS, "ishaan.mehta", 6),
    Learner(QUADRATICS, "nandini.reddy", 0),
)
#: Course, student, stars, words, and whether the institute has read them.
REVIEWS = (
    (HEART, "student", 5, "Short enough for the bus, and I finally know why the left ventricle is thick.", True),
    (HEART, "harpreet.kaur", 5, "The questions at the end of each reading are the best part.", True),
    (HEART, "priya.das", 4, "More pictures would help.", False),
    (QUADRATICS, "rohan.gupta", 5, "The parabola film made the discriminant clear in fifteen seconds.", True),
    (QUADRATICS, "ishaan.mehta", 4, "Good. The worksheet could be longer.", True),
)
NOTE = "Write a, b, c first!\n\nD = b² − 4ac, and −4ac is plus when c is negative."


def seed_course_people(*, now: datetime) -> int:
    """Enrolments, progress, reviews and the room, where nobody is in the courses yet; returns how many enrolments."""
    titles = {name: title_of(name) for name in (QUADRATICS, HEART)}
    if Enrolment.objects.filter(course__title__in=titles.values()).exists():
        return 0
    courses = {name: Course.objects.get(title=title) for name, title in titles.items()}
    with transaction.atomic():
        _open_paid(courses[QUADRATICS], now - MADE)
        for place, each in enumerate(LEARNERS):
            _learn(each, courses[each.course], now - (18 - place * 0.4) * DAY, now)
        _pass_quiz(find_person("rohan.gupta"), now - 2 * DAY)
        complete_missed_lessons(now=now - DAY)
        _say_what_they_think(courses, now)
        _fill_room(courses[QUADRATICS], now)
        settle_notifications(now=now)
    return len(LEARNERS)


def _open_paid(course: Course, then: datetime) -> None:
    for student in cast.STUDENTS:
        if student.plan in PLANS:
            grant_entitlement(
                user=find_person(student.key), feature=Feature.COURSE_ACCESS, quantity=None,
                source=f"demo:{student.plan.slug}", value=course.slug, starts_at=then,
                actor=find_person(cast.STAFF[0]), now=then,
            )  # fmt: skip


def _learn(learner: Learner, course: Course, begins: datetime, now: datetime) -> None:
    student = find_person(learner.student)
    enrolment = enrol_self(course=course, student=student, now=begins)
    if not enrolment.is_inside:
        return
    at = begins
    for place, lesson in enumerate(_own_lessons(course)):
        if place > learner.done or at > now - DAY:
            break
        at += DAY * 0.7
        open_lesson(lesson=lesson, student=student, now=at)
        if place < learner.done:
            finish_lesson(lesson=lesson, student=student, now=at + lesson.minutes * MINUTE)
    if learner.left:
        leave_course(enrolment=enrolment, actor=student, now=begins + DAY * 0.35)


def _own_lessons(course: Course) -> Iterator[Lesson]:
    """Those that a person finishes themselves, in their order."""
    rows = Lesson.objects.published().filter(module__course=course, completion="viewed").select_related("module")
    return iter(rows.order_by("module__position", "position"))


def _pass_quiz(student: User, at: datetime) -> None:
    exam = Exam.objects.counted().get(title=QUADRATICS_QUIZ)
    attempt = start_attempt(exam=exam, student=student, now=at)
    rows = PaperQuestion.objects.filter(paper=attempt.paper_id).select_related("version").order_by("number")
    for place, row in enumerate(rows, start=1):
        right = row.version.answer
        given = {"choices": right["choices"]} if "choices" in right else {"value": right["value"]}
        save_response(
            attempt=attempt, question_id=row.pk, seq=place, answer=given, marked_for_review=None, seconds=50,
            actor=student, now=at + place * MINUTE,
        )  # fmt: skip
    submit_attempt(attempt=attempt, actor=student, now=at + 6 * MINUTE)


def _say_what_they_think(courses: dict[str, Course], now: datetime) -> None:
    staff = find_person(cast.STAFF[0])
    for place, (name, key, stars, words, is_read) in enumerate(REVIEWS):
        at = now - (1 + place) * DAY
        review = review_course(course=courses[name], stars=stars, text=words, student=find_person(key), now=at)
        if is_read:
            moderate_review(review=review, show=True, actor=staff, now=at + 5 * MINUTE)
    lesson = Lesson.objects.get(module__course=courses[QUADRATICS], title="The quadratic formula")
    save_note(lesson=lesson, text=NOTE, seen=0, student=find_person("student"), now=now - 2 * DAY)


# --- The room --------------------------------------------------------------------------------------------------------
CHAT = (
    (300, "teacher", "Welcome. Ask anything here, and put longer questions under Questions."),
    (296, "ishaan.mehta", "Do we need to check both roots in the exam?"),
    (290, "teacher", "Put both into the equation on the margin. It costs ten seconds and has saved many marks."),
    (180, "student", "In $x^2 = 7x$ I divided by $x$ and lost the 0 :("),
    (174, "rohan.gupta", "Same. Now I always bring everything to one side first: $x^2 - 7x = 0$."),
    (30, "zoya.khan", "Is the live lesson recorded?"),
    (28, "anita.desai", "Not this one, but I write down everything we solve and post it here."),
)
ASKED = "Why are the roots equal when D = 0?"


def _fill_room(course: Course, now: datetime) -> None:
    """`hours` of CHAT are before now."""
    teacher, student, rohan = find_person("teacher"), find_person("student"), find_person("rohan.gupta")
    make_code(course=course, limit=30, expires_at=now + 60 * DAY, actor=teacher, now=now - 9 * DAY)
    room: Room = set_room(
        course=course, wanted={"is_on": True, "guardians_read": True}, actor=teacher, now=now - 14 * DAY
    )
    for hours, key, words in CHAT:
        say(room=room, source=words, client_id=uuid.uuid4(), actor=find_person(key), now=now - hours * 60 * MINUTE)
    asked: dict[str, Any] = {"room": room, "lesson": Lesson.objects.get(title="How many roots? Ask the discriminant")}
    first = ask(
        **asked, title=ASKED, source="With $D = 0$ I get only one number. Where is the second root?",
        client_id=uuid.uuid4(), actor=student, now=now - 5 * DAY,
    )  # fmt: skip
    answer(
        thread=first, source="It is just one root, I think.", client_id=uuid.uuid4(), actor=find_person("arjun.nair"),
        now=now - 5 * DAY + 40 * MINUTE,
    )  # fmt: skip
    words = (
        "Look at the formula: $\\dfrac{-b + 0}{2a}$ and $\\dfrac{-b - 0}{2a}$ are the same number, so it counts twice. "
        "In factors: $x^2 - 6x + 9 = (x - 3)(x - 3)$."
    )
    best = answer(thread=first, source=words, client_id=uuid.uuid4(), actor=rohan, now=now - 5 * DAY + 90 * MINUTE)
    accept(thread=first, message=best, actor=student, now=now - 4 * DAY)
    ask(
        **asked, title="When may I not divide by a?", source="In completing the square we divide by $a$. Always?",
        client_id=uuid.uuid4(), actor=find_person("ishaan.mehta"), now=now - DAY * 0.5,
    )  # fmt: skip
    announce_to_course(
        room=room, title="Live lesson in three days, 5 pm",
        source="Bring **one question each** that you could not solve. The link is in the last module.", pin_days=7,
        client_id=uuid.uuid4(), actor=teacher, now=now - DAY * 0.25,
    )  # fmt: skip
