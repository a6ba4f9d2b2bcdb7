"""The guardian's area: each child's week, papers, courses and records; read-only, at a constant cost."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.urls import reverse
from django.utils import timezone

from accounts.enums import ConsentKind, Feature, LinkState
from accounts.models import Entitlement, GuardianLink
from accounts.services.consents import current_texts, give_consent
from analytics.selectors.family_week import week_of
from analytics.tests.test_homes import release
from assessments.enums import AttemptState, ExamPurpose, RevealWhen
from assessments.models import Attempt, Exam
from courses.enums import LessonKind, LessonState
from courses.models import Certificate, Course, LessonProgress, Room
from courses.tests.builders import lesson_in, lessons_of
from evaluations.enums import EvaluationState
from evaluations.models import Booking, PaperForecast
from evaluations.tests.builders import evaluation_of, hand_in
from evaluations.tests.visits import MOST_QUERIES, cost
from tests import factories
from tests.law_urls_world import World

PAGES = ("guardian-student", "guardian-papers", "guardian-courses", "guardian-records")


def page_of(client: Any, name: str, student: Any, query: str = "") -> str:
    return client.get(reverse(name, args=[student.pk]) + query).content.decode()


def main_of(page: str) -> str:
    return page.split("<main", 1)[1].split("</main>", 1)[0]


def sibling(world: World, name: str = "Kabir Verma") -> Any:
    child = factories.StudentFactory(name=name)
    GuardianLink.objects.create(guardian=world.cast.guardian, student=child, state=LinkState.ACTIVE)
    return child


# --- Who sees whom ---------------------------------------------------------------------------------------------------
def test_family_shows_linked_students_only(as_: Any, world: World) -> None:
    text = as_("guardian").get(reverse("guardian-home")).content.decode()
    assert world.cast.student.name in text
    assert world.cast.classmate.name not in text


@pytest.mark.parametrize("state", [state for state in LinkState if state != LinkState.ACTIVE])
def test_a_link_that_does_not_stand_opens_nothing(as_: Any, world: World, state: str) -> None:
    GuardianLink.objects.filter(guardian=world.cast.guardian).update(state=state)
    client = as_("guardian")
    assert world.cast.student.name not in client.get(reverse("guardian-home")).content.decode()
    for name in PAGES:
        assert client.get(reverse(name, args=[world.cast.student.pk])).status_code == 404
    assert client.get(reverse("result-page", args=[world.released.attempt_id])).status_code == 404


def test_guardian_reads_and_has_nothing_to_press(as_: Any, world: World) -> None:
    client = as_("guardian")
    assert reverse("result-page", args=[world.released.attempt_id]) in page_of(
        client, "guardian-papers", world.cast.student
    )
    for name in PAGES:
        main = main_of(page_of(client, name, world.cast.student))
        assert "<form" not in main
        assert "<button" not in main


def test_with_several_children_one_switches_and_stays_on_the_page(as_: Any, world: World) -> None:
    client = as_("guardian")
    assert 'class="kids"' not in page_of(client, "guardian-courses", world.cast.student)
    child = sibling(world)
    page = main_of(page_of(client, "guardian-courses", world.cast.student))
    assert reverse("guardian-courses", args=[child.pk]) in page
    assert "Kabir" in page
    assert "Quadratic" not in main_of(page_of(client, "guardian-courses", child))


def test_guardian_turns_the_pages_of_a_long_list(as_: Any, world: World) -> None:
    release(world, world.cast.student, 20)
    client, url = as_("guardian"), reverse("guardian-papers", args=[world.cast.student.pk])
    first = client.get(url)
    second = client.get(first.context["next_url"])
    titles = [a.exam.title for page in (first, second) for a in page.context["attempts"]]
    assert len(titles) == 24
    assert len(set(titles)) == 24
    assert second.context["next_url"] == ""


def test_family_costs_the_same_for_one_and_for_thirty_papers(as_: Any, world: World) -> None:
    client = as_("guardian")
    urls = [reverse("guardian-home"), *(reverse(name, args=[world.cast.student.pk]) for name in PAGES)]
    fill(world, 0)
    few = [cost(client, url) for url in urls]
    release(world, world.cast.student, 30)
    fill(world, *range(1, 20))
    assert [cost(client, url) for url in urls] == few
    assert max(few) <= MOST_QUERIES


def test_family_costs_the_same_for_one_and_for_many_children(as_: Any, world: World) -> None:
    client, url = as_("guardian"), reverse("guardian-home")
    few = cost(client, url)
    for _ in range(8):
        child = factories.StudentFactory()
        GuardianLink.objects.create(guardian=world.cast.guardian, student=child, state=LinkState.ACTIVE)
        evaluation_of(hand_in(world.open_exam, child), teacher=world.cast.teacher, state=EvaluationState.RELEASED)
    assert cost(client, url) == few


def test_guardian_sees_quizzes_and_what_is_granted_but_not_why(as_: Any, world: World) -> None:
    student = world.cast.student
    factories.AccommodationFactory(student=student, extra_time_percent=25, reason="Dyscalculia, letter of the doctor")
    factories.AccommodationFactory(student=world.cast.classmate, extra_time_percent=75)
    quiz = factories.ExamFactory(
        title="Quiz: Zeroes", purpose=ExamPurpose.QUIZ, chapter=factories.ChapterFactory(), paper=world.cast.exam.paper,
        for_cohorts=[world.cast.cohort],
    )  # fmt: skip
    later = world.now + timedelta(hours=1)
    for marks in (3, 1):
        Attempt.objects.create(
            exam=quiz, paper=quiz.paper, student=student, state=AttemptState.HANDED_IN, started_at=world.now,
            ends_at=later, sheets_due_at=later, submitted_at=world.now, handed_in_at=world.now,
            objective_marks=marks, objective_max=4,
        )  # fmt: skip
    page = page_of(as_("guardian"), "guardian-papers", student)
    for text in ("Quiz: Zeroes", "2 tries", "75 %", "3 of 5 stars", "25 % more time"):
        assert text in page
    assert "Dyscalculia" not in page
    assert "75 % more" not in page
    week = page_of(as_("guardian"), "guardian-student", student)
    assert "Quiz: Zeroes" in week
    assert "75 %" in week
    Exam.objects.filter(pk=quiz.pk).update(reveal_marks=RevealWhen.NEVER)
    page = page_of(as_("guardian"), "guardian-papers", student)
    assert ("75 %" in page, "marks later" in page) == (False, True)
    assert "75 %" not in page_of(as_("guardian"), "guardian-student", student)


# --- The week --------------------------------------------------------------------------------------------------------
def course_in(world: World) -> Course:
    return Course.objects.get(slug="quadratics")


def done(world: World, lesson: Any, at: Any, seconds: int = 0) -> None:
    enrolment = lesson.module.course.enrolments.get(student=world.cast.student)
    LessonProgress.objects.update_or_create(
        enrolment=enrolment, lesson=lesson,
        defaults={"state": LessonState.DONE, "begun_at": at, "done_at": at, "seconds": seconds},
    )  # fmt: skip


def fill(world: World, *numbers: int) -> None:
    """Lessons that were finished, exams, live lessons, bookings and grants to come."""
    module, soon = course_in(world).modules.order_by("position").first(), world.now + timedelta(days=2)
    for number in numbers:
        lesson = lesson_in(module, world.cast.teacher, position=50 + number, title=f"Extra {number}")
        done(world, lesson, world.now, 60)
        live = {"kind": LessonKind.LIVE, "content": {"address": "https://x.test/", "starts_at": soon.isoformat()}}
        lesson_in(module, world.cast.teacher, position=90 + number, title=f"Live {number}", **live)
        coming_exam(world, f"Coming {number}", opens_at=soon)
        booked(world, soon + timedelta(hours=number + 3))
        Entitlement.objects.create(
            user=world.cast.student, feature=Feature.COURSE_ACCESS, value="quadratics", source=f"plan {number}",
            starts_at=world.now,
        )  # fmt: skip


def coming_exam(world: World, title: str, **fields: Any) -> Exam:
    given = {"paper": world.open_exam.paper, "for_cohorts": [world.cast.cohort]} | fields
    return factories.ExamFactory(title=title, **given)


def booked(world: World, at: Any) -> Booking:
    return Booking.objects.create(
        teacher=world.cast.teacher, student=world.cast.student, booked_by=world.cast.guardian, booked_at=world.now,
        starts_at=at, ends_at=at + timedelta(minutes=30),
    )  # fmt: skip


def test_week_says_what_was_learnt_and_leaves_the_week_before_to_its_own_page(as_: Any, world: World) -> None:
    LessonProgress.objects.all().delete()
    first, second = lessons_of(course_in(world))[:2]
    type(first).objects.filter(pk=first.pk).update(title="Factorising")
    type(first).objects.filter(pk=second.pk).update(title="Completing the square")
    done(world, first, world.now, 600)
    done(world, second, week_of(world.now).start - timedelta(days=1), 1200)
    client = as_("guardian")
    page = main_of(page_of(client, "guardian-student", world.cast.student))
    assert "Factorising" in page
    assert "1 lesson, 10 min" in page
    assert "Completing" not in page
    before = main_of(page_of(client, "guardian-student", world.cast.student, "?back=1"))
    assert "Completing" in before
    assert "Factorising" not in before
    assert "In the next seven days" not in before
    assert main_of(page_of(client, "guardian-student", world.cast.student, "?back=no")) == page
    home = client.get(reverse("guardian-home")).context["children"][0]
    assert (home["lessons"], home["minutes"]) == (1, 10)


def test_week_says_what_is_promised_and_when_it_is_expected(as_: Any, world: World) -> None:
    paper = world.marking
    expected = world.now + timedelta(hours=20)
    PaperForecast.objects.update_or_create(
        evaluation=paper, defaults={"expected_at": expected, "late_chance": 0, "made_at": world.now}
    )
    page = main_of(page_of(as_("guardian"), "guardian-student", world.cast.student))
    assert paper.attempt.exam.title in page
    assert "Expected by" in page
    PaperForecast.objects.update(expected_at=world.now - timedelta(hours=1))
    assert "Expected by" not in page_of(as_("guardian"), "guardian-student", world.cast.student)


def test_week_says_what_comes_on_the_childs_own_terms(as_: Any, world: World) -> None:
    soon, module = world.now + timedelta(days=2), course_in(world).modules.order_by("position").last()
    coming_exam(world, "Opens soon", opens_at=soon)
    coming_exam(world, "Closes soon", opens_at=world.now - timedelta(days=3), closes_at=soon)
    later = coming_exam(world, "Opens later", opens_at=world.now + timedelta(days=30))
    coming_exam(world, "Opens much later", opens_at=world.now + timedelta(days=40))
    factories.AccommodationFactory(student=world.cast.student, exam=later, opens_at=soon)
    live = {"kind": LessonKind.LIVE, "content": {"address": "https://x.test/", "starts_at": soon.isoformat()}}
    lesson_in(module, world.cast.teacher, position=9, title="Doubts, live", **live)
    type(module).objects.filter(pk=module.pk).update(unlock_at=soon, title="Opening module")
    booked(world, soon + timedelta(hours=3))
    page = main_of(page_of(as_("guardian"), "guardian-student", world.cast.student))
    for words in (
        "Opens soon",
        "Closes soon",
        "Opens later",
        "Doubts, live",
        "Opening module",
        "time with this teacher",
    ):
        assert words in page
    assert "Opens much later" not in page
    assert "https://x.test/" not in page, "a live lesson is the student's to enter"


# --- Courses and records ---------------------------------------------------------------------------------------------
def test_a_room_is_led_to_only_where_guardians_may_read(as_: Any, world: World) -> None:
    room = reverse("room-chat", args=[Room.objects.get().pk])
    Room.objects.update(guardians_read=True)
    page = page_of(as_("guardian"), "guardian-courses", world.cast.student)
    assert room in page
    assert "Quadratic Equations" in page
    Room.objects.update(guardians_read=False)
    assert room not in page_of(as_("guardian"), "guardian-courses", world.cast.student)


def test_records_hold_certificates_consents_and_what_was_granted(as_: Any, world: World) -> None:
    student, guardian, now = world.cast.student, world.cast.guardian, timezone.now()
    for who, value in ((student, "quadratics"), (world.cast.classmate, "trigonometry")):
        Entitlement.objects.create(
            user=who, feature=Feature.COURSE_ACCESS, value=value, source="staff", starts_at=now - timedelta(days=1)
        )
    text = current_texts("en")[ConsentKind.SCAN_USE]
    give_consent(person=student, kind=ConsentKind.SCAN_USE, text=text, actor=guardian, now=now)
    page = main_of(page_of(as_("guardian"), "guardian-records", student))
    code = Certificate.objects.get(completion__enrolment__student=student).shown_code
    for words in ("Quadratic Equations", "granted by your institute", code, "agreed", "waits for you", guardian.name):
        assert words in page
    assert "Trigonometry" not in page
    home = as_("guardian").get(reverse("guardian-home"))
    assert home.context["children"][0]["consents"] == 2
