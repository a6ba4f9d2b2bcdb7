"""The demonstration data: complete, repeatable, finished by a second run after an abort, readable by the pages."""

from __future__ import annotations

import random
from collections import Counter
from datetime import timedelta
from decimal import Decimal
from uuid import uuid4

import pytest
from allauth.account.models import EmailAddress
from django.apps import apps
from django.contrib.auth import authenticate
from django.core.management import call_command
from django.db.models import F
from django.utils import timezone

from accounts.models import Entitlement, GuardianLink, User
from analytics.selectors.student_home import student_home
from analytics.selectors.teacher_home import teacher_home
from assessments.enums import AttemptState, Behaviour, PageState
from assessments.models import Attempt, Exam, PaperQuestion, Question, QuestionVersion, SheetPage, SheetUpload
from config.demo import cast, seed, sittings
from config.demo.accounts import DEMO_ACCOUNTS, DEMO_PASSWORD
from config.demo.exams import QUADRATICS_QUIZ
from config.demo.red_ink import award
from config.demo.scripts import Script, Step, Written, line_spots
from config.demo.sheets import SheetItem, answer_pages, choose_answer
from courses.enums import EnrolmentState, LessonKind
from courses.models import (
    Certificate,
    CohortMembership,
    Course,
    CourseProgress,
    CourseReview,
    Enrolment,
    Lesson,
    Message,
)
from evaluations.enums import EvaluationState
from evaluations.models import Annotation, Evaluation, MarkEvent, PayMonth, QuestionMark, SlaBreach, Statement
from evaluations.selectors import desk_data, queue_for, result_data, staff_board
from notifications.models import Notification

FEW = [
    each
    for each in sittings.SITTINGS
    if (each.exam, each.student) in {("Weekly test 1", "student"), ("Surprise test", "zoya.khan")}
    or each.stage == sittings.SITTING
]


def quiet(line: str) -> None:
    pass


def row_counts() -> dict[str, int]:
    return {model._meta.label: model._default_manager.count() for model in apps.get_models()}


def person(key: str) -> User:
    return User.objects.get(email=cast.address(key))


def written(quality: str, done: float, *marks: str) -> Written:
    steps = tuple(Step(uuid4(), Decimal(each)) for each in marks)
    return Written(uuid4(), 21, sum(map(Decimal, marks)), quality, done, (), steps)


@pytest.mark.parametrize("quality", ["good", "partly", "weak"])
def test_step_marks_are_halves_within_the_scheme_and_follow_the_quality(quality: str) -> None:
    answer = written(quality, 0.6, "0.5", "1", "1", "0.5")
    totals = []
    for number in range(40):
        given = award(answer, random.Random(number))
        assert list(given) == [step.id for step in answer.steps]
        assert all(
            marks % Decimal("0.5") == 0 and 0 <= marks <= step.marks
            for marks, step in zip(given.values(), answer.steps, strict=True)
        )
        totals.append(sum(given.values()))
    low, high = {"good": (2.5, 3), "partly": (1, 2), "weak": (0.5, 1.5)}[quality]
    assert low <= min(totals) <= max(totals) <= high


@pytest.mark.parametrize("photo", [False, True])
def test_spots_lie_on_the_pages_in_reading_order(photo: bool) -> None:
    rng = random.Random(3)
    keys = ["x-ns-c-01", "x-ns-c-02", "x-alg-e-01", "x-alg-b-02"]
    answers = tuple(
        Written(uuid4(), 21 + place, Decimal(3), "good", 1, choose_answer(key, strength=1, rng=rng).lines, ())
        for place, key in enumerate(keys)
    )
    script = Script(answers, (), 5, photo)
    pages = answer_pages([SheetItem(a.number, a.lines) for a in answers], seed=5, photo=False)
    found = line_spots(script)
    assert set(found) == {answer.number for answer in answers}
    for number, spots in found.items():
        assert {spot.page for spot in spots} <= {i for i, page in enumerate(pages) if number in page.question_numbers}
        assert [(s.page, s.y) for s in spots] == sorted((s.page, s.y) for s in spots)
        assert all(0 < s.start < s.x < 1 and 0.1 < s.y < 1 for s in spots)


@pytest.mark.slow
@pytest.mark.django_db
def test_a_run_that_stopped_in_the_middle_is_completed_by_the_next(monkeypatch) -> None:
    monkeypatch.setattr(seed, "SITTINGS", FEW)
    now, real, calls = timezone.now(), sittings.finalise_evaluation, []

    def stop_at_the_second(**arguments):
        calls.append(1)
        if len(calls) == 2:
            raise KeyboardInterrupt
        return real(**arguments)

    with monkeypatch.context() as patch:
        patch.setattr(sittings, "finalise_evaluation", stop_at_the_second)
        with pytest.raises(KeyboardInterrupt):
            seed.seed_demo(now=now, say=quiet, workers=0, photos=False)
    assert Attempt.objects.count() == 1
    seed.seed_demo(now=now, say=quiet, workers=0, photos=False)
    # And the quiz of a course.
    assert Attempt.objects.count() == len(FEW) + 1
    assert not SheetPage.objects.exclude(state=PageState.READY).exists()
    before = row_counts()
    seed.seed_demo(now=now + timedelta(days=1), say=quiet, workers=0, photos=False)
    assert row_counts() == before


@pytest.mark.slow
@pytest.mark.django_db
def test_the_whole_demonstration(capsys, django_assert_max_num_queries) -> None:
    call_command("seed_demo", "--print-accounts", workers=0)
    assert DEMO_PASSWORD in capsys.readouterr().out
    check_people()
    check_exams_and_papers()
    check_states()
    check_the_diligent_student()
    check_courses()
    check_pay()
    check_pages_of_the_product()
    before = row_counts()
    with django_assert_max_num_queries(150):
        call_command("seed_demo", workers=0)
    assert row_counts() == before


def check_people() -> None:
    assert User.objects.filter(is_staff=True).count() == 1
    assert not User.objects.filter(is_superuser=True).exists()
    teachers = User.objects.filter(is_teacher=True)
    assert (teachers.count(), teachers.filter(teacher_profile__verified_at=None).count()) == (4, 1)
    assert User.objects.filter(is_guardian=True, is_teacher=False).count() == 6
    students = User.objects.filter(is_student=True)
    assert students.count() >= 14
    assert CohortMembership.objects.filter(user__in=students).count() == students.count()
    assert GuardianLink.objects.filter(guardian=person("guardian")).count() == 2
    assert set(Entitlement.objects.exclude(source="demo:express").values_list("source", flat=True)) == {
        "demo:basic",
        "demo:hours",
        "demo:mcq",
        "demo:premium",
        "demo:centum",
    }
    assert EmailAddress.objects.filter(verified=True, primary=True).count() == User.objects.count()
    for email, role in DEMO_ACCOUNTS:
        user = authenticate(None, username=email, email=email, password=DEMO_PASSWORD)
        assert user is not None
        assert getattr(user, f"is_{role}")


def check_exams_and_papers() -> None:
    now = timezone.now()
    assert Question.objects.active().count() > 120
    open_now = Exam.objects.open_at(now).filter(is_published=True)
    assert open_now.filter(paper__isnull=False, duration_minutes=180, upload_grace_minutes=20).exists()
    assert open_now.filter(blueprint__duration_minutes=180).exists()
    assert open_now.filter(blueprint__duration_minutes=30, max_attempts__gt=1).exists()
    assert Exam.objects.filter(opens_at__gt=now, opens_at__lt=now + timedelta(days=2)).exists()
    assert set(open_now.values_list("behaviour", flat=True)) == set(Behaviour.values)
    assert QuestionVersion.objects.filter(question__current=F("pk"), hints__isnull=False).count() == 8
    mock = Exam.objects.get(title="Maths mock 3").paper
    assert PaperQuestion.objects.filter(paper=mock).values("number").distinct().count() == 38


def check_states() -> None:
    now = timezone.now()
    # No exam of the demonstration is marked by question or twice, or asks for practice.
    together = {EvaluationState.SHARED, EvaluationState.CLOSED, EvaluationState.SECOND, EvaluationState.MODERATION}
    together |= {EvaluationState.PRACTICE, EvaluationState.PRACTISED}
    assert set(Evaluation.objects.values_list("state", flat=True)) == set(EvaluationState.values) - together
    assert set(Attempt.objects.values_list("state", flat=True)) >= set(AttemptState.values) - {AttemptState.CANCELLED}
    assert SlaBreach.objects.count() == 1
    due = Evaluation.objects.filter(teacher=person("teacher"), state=EvaluationState.ASSIGNED)
    assert due.filter(due_at__gt=now, due_at__lt=now + timedelta(hours=6)).count() == 1
    half_sent = Attempt.objects.get(state=AttemptState.SUBMITTED)
    assert Counter(SheetUpload.objects.filter(attempt=half_sent).values_list("state", flat=True)).keys() == {
        "verified",
        "intended",
    }
    assert half_sent.sheets_due_at > now
    finished = Evaluation.objects.filter(finalised_at__isnull=False)
    assert all(each.submitted_at < each.finalised_at <= each.due_at for each in finished)
    assert all(each.finalised_at < now for each in finished)
    assert not SheetPage.objects.exclude(state=PageState.READY).exists()
    assert SheetPage.objects.count() <= 65
    assert not Notification.objects.filter(mail_state="waiting").exists()
    unread = Counter(Notification.objects.unread().values_list("user", flat=True))
    assert max(unread.values()) <= 2


def check_the_diligent_student() -> None:
    mine = Evaluation.objects.filter(attempt__student=person("student"), state=EvaluationState.RELEASED).order_by("id")
    shares = [each.total_marks / each.max_marks for each in mine]
    assert len(shares) >= 10
    assert sum(shares[-4:]) > sum(shares[:4])
    full = [each for each in mine if each.max_marks == 80]
    assert len(full) >= 2
    for each in full:
        assert 7 <= SheetPage.objects.filter(upload__attempt=each.attempt).count() <= 12
    latest = full[-1]
    assert Annotation.objects.filter(evaluation=latest, kind="tick").count() > 25
    marked = QuestionMark.objects.filter(evaluation__in=full)
    assert any(mark.marks % 1 for mark in marked)
    assert marked.exclude(comment="").exists()
    assert Annotation.objects.filter(evaluation__in=full, kind="comment").exclude(text="").exists()
    assert MarkEvent.objects.filter(evaluation__in=full).count() == marked.count()


def check_courses() -> None:
    quadratics, heart = Course.objects.get(access="paid"), Course.objects.get(title="The heart")
    lessons = Lesson.objects.published().filter(module__course=quadratics)
    assert set(lessons.values_list("kind", flat=True)) == set(LessonKind.values) - {LessonKind.PROJECT}
    assert set(Enrolment.objects.values_list("state", flat=True)) == set(EnrolmentState.values)
    assert Enrolment.objects.filter(course=heart).inside().count() == heart.capacity
    owners = Certificate.objects.values_list("course_title", "completion__enrolment__student__email")
    assert set(owners) == {
        (heart.title, cast.address("student")),
        (heart.title, cast.address("harpreet.kaur")),
        (quadratics.title, cast.address("rohan.gupta")),
    }
    mine = CourseProgress.objects.get(enrolment__course=quadratics, enrolment__student=person("student"))
    assert 20 < mine.percent < 100
    assert set(CourseReview.objects.values_list("state", flat=True)) == {"shown", "waiting"}
    room = quadratics.room
    assert (room.is_on, room.threads.filter(accepted__isnull=False).count(), room.announcements.count()) == (True, 1, 1)
    assert Message.objects.filter(room=room, thread=None).count() == 7
    questions = PaperQuestion.objects.filter(paper__exams__title=QUADRATICS_QUIZ)
    assert set(questions.values_list("version__question__chapter__name", flat=True)) == {"Quadratic Equations"}


def check_pay() -> None:
    assert not Evaluation.objects.filter(finalised_at__isnull=False, earnings__isnull=True).exists()
    assert Statement.objects.filter(teacher=person("teacher")).count() >= 3
    assert PayMonth.objects.filter(closed_at=None).count() == 1


def check_pages_of_the_product() -> None:
    now = timezone.now()
    home = student_home(user=person("student"), now=now)
    assert home.returned
    assert len(home.trend) >= 10
    assert home.units
    rows = queue_for(person("teacher"), now)
    assert {row.state for row in rows} == {EvaluationState.ASSIGNED, EvaluationState.IN_PROGRESS}
    board = staff_board(now)
    assert board.waiting == 1
    assert board.late == 1
    assert board.due_within_6h >= 1
    assert board.marked_not_released == 2
    assert teacher_home(teacher=person("teacher"), now=now)["comments"]
    for attempt in Attempt.objects.all():
        result_data(attempt, reader=attempt.student, now=timezone.now())
    for evaluation in Evaluation.objects.all():
        assert desk_data(evaluation).questions
