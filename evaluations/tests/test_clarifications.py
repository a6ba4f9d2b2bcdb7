"""Questions about marks: who asks and answers, when, once, and without names where names are hidden."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any
from uuid import uuid4

import pytest
from django.urls import reverse

from assessments.models import Exam
from common.errors import DomainError, NotPermittedError
from evaluations.enums import EvaluationState
from evaluations.models import AfterMarksPolicy, Clarification, ClarificationMessage, Evaluation
from evaluations.services.clarifications import (
    LONGEST,
    MOST_MESSAGES,
    QUIET,
    ClarificationError,
    Place,
    answer,
    ask_about_marks,
    close_clarification,
)
from evaluations.tests.builders import evaluation_of, hand_in, written
from evaluations.tests.visits import MOST_QUERIES, cost
from notifications.models import Notification
from tests.factories import NOW
from tests.law_urls_world import World

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)


@pytest.fixture
def released(cast: Any) -> Evaluation:
    return evaluation_of(
        hand_in(cast.exam, cast.student),
        teacher=cast.teacher,
        state=EvaluationState.RELEASED,
        finalised_at=NOW,
        released_at=NOW,
        written_marks=Decimal(4),
        total_marks=Decimal(7),
    )


def ask(released: Evaluation, **changes: Any) -> Clarification:
    given = {
        "attempt": released.attempt, "question_id": written(released.attempt.exam, 4).pk, "text": "Why ½?",
        "place": None, "message_id": uuid4(), "actor": released.attempt.student, "now": NOW + HOUR,
    }  # fmt: skip
    return ask_about_marks(**{**given, **changes})


def test_a_question_goes_to_the_marker_and_the_answer_to_the_student(cast: Any, released: Evaluation) -> None:
    thread = ask(released)
    assert (thread.marker, thread.waits_for) == (cast.teacher, "marker")
    assert Notification.objects.get(user=cast.teacher).title.endswith("a student asks about question 4")
    answer(thread=thread, text="Step 2 has no reason.", message_id=uuid4(), actor=cast.teacher, now=NOW + 2 * HOUR)
    thread.refresh_from_db()
    assert thread.waits_for == "student"
    news = Notification.objects.get(user=cast.student, kind="marks_discussed")
    assert news.url == reverse("clarification-page", args=[thread.pk])


def test_what_is_sent_twice_is_said_once(released: Evaluation) -> None:
    one = uuid4()
    assert ask(released, message_id=one) == ask(released, message_id=one, text="Something else")
    assert ClarificationMessage.objects.get().text == "Why ½?"


def test_a_second_question_goes_on_in_the_conversation(released: Evaluation) -> None:
    assert ask(released) == ask(released, text="And the sign?")
    assert ClarificationMessage.objects.count() == 2
    assert ask(released, question_id=None) != ask(released)


@pytest.mark.parametrize(
    ("after", "code"),
    [(-HOUR, "too_early"), (timedelta(minutes=59), "too_early"), (timedelta(days=3), "too_late")],
)
def test_the_time_for_questions_is_the_exams(released: Evaluation, after: timedelta, code: str) -> None:
    AfterMarksPolicy.objects.create(question_days=90)
    AfterMarksPolicy.objects.create(exam=released.attempt.exam, question_hours=1, question_days=3)
    with pytest.raises(ClarificationError) as refused:
        ask(released, now=NOW + after)
    assert refused.value.code == code
    assert ask(released, now=NOW + HOUR)


def test_marks_that_appear_later_give_the_whole_time_from_then(released: Evaluation) -> None:
    closes = NOW + timedelta(days=5)
    Exam.objects.filter(pk=released.attempt.exam_id).update(reveal_marks="closed", closes_at=closes)
    released.attempt.exam.refresh_from_db()
    with pytest.raises(ClarificationError, match="Nothing can be asked"):
        ask(released)
    assert ask(released, now=closes + timedelta(days=6))


def test_only_what_a_person_may_say_where_they_may(cast: Any, released: Evaluation) -> None:
    thread = ask(released)
    for stranger in (cast.guardian, cast.classmate, cast.colleague):
        with pytest.raises(NotPermittedError):
            answer(thread=thread, text="Hm.", message_id=uuid4(), actor=stranger, now=NOW + HOUR)
    for changes, code in (
        ({"text": "  \r\n "}, "empty"),
        ({"text": "a\x00"}, "bad_text"),
        ({"text": "a" * (LONGEST + 1)}, "too_long"),
        ({"question_id": uuid4()}, "unknown_question"),
        ({"place": Place(uuid4())}, "unknown_page"),
    ):
        with pytest.raises(DomainError) as refused:
            ask(released, **changes)
        assert refused.value.code == code


def test_a_conversation_ends(cast: Any, released: Evaluation) -> None:
    thread = ask(released)
    say = {"thread": thread, "text": "So?", "actor": cast.student}
    for _more in range(MOST_MESSAGES - 1):
        answer(**say, message_id=uuid4(), now=NOW + HOUR)
    with pytest.raises(ClarificationError, match="long enough"):
        answer(**say, message_id=uuid4(), now=NOW + HOUR)
    with pytest.raises(ClarificationError, match="closed"):
        answer(**say, message_id=uuid4(), now=NOW + HOUR + QUIET)
    close_clarification(thread=thread, actor=cast.teacher, now=NOW + HOUR)
    with pytest.raises(ClarificationError, match="closed"):
        ask(released)


# --- Pages -----------------------------------------------------------------------------------------------------------
def test_neither_side_reads_the_others_name(as_: Any, world: World) -> None:
    thread = world.released.clarifications.get()
    url = reverse("clarification-page", args=[thread.pk])
    cast = world.cast
    as_("teacher").post(url, {"text": "Look at the sign.", "message_id": uuid4()})
    teacher, student = as_("teacher").get(url).content.decode(), as_("student").get(url).content.decode()
    assert cast.student.name not in teacher
    assert "Student" in teacher
    assert cast.teacher.name not in student
    assert "Your marker" in student
    assert "Look at the sign." in as_("guardian").get(url).content.decode()
    Exam.objects.update(hide_names=False)
    assert cast.student.name in as_("teacher").get(url).content.decode()


def test_the_form_asks_and_keeps_the_words_when_it_cannot(as_: Any, world: World) -> None:
    url = reverse("clarification-ask", args=[world.released.attempt_id])
    page = world.released.attempt.uploads.get(page_number=2).pages.get()
    given = {"question": "", "text": "Where is page 2?", "page": page.pk, "message_id": uuid4()}
    refused = as_("student").post(url, {**given, "region": '{"x": 2}'})
    assert refused.status_code == 422
    assert "Where is page 2?" in refused.content.decode()
    made = as_("student").post(url, {**given, "region": '{"x": 0.1, "y": 0.2, "w": 0.3, "h": 0.1}'})
    thread = Clarification.objects.get(question=None)
    assert made["Location"] == reverse("clarification-page", args=[thread.pk])
    assert thread.messages.get().region == {"x": 0.1, "y": 0.2, "w": 0.3, "h": 0.1}


@pytest.mark.parametrize(
    ("who", "name"),
    [("student", "clarification-ask"), ("student", "result-page"), ("guardian", "after-marks"),
     ("teacher", "clarification-page"), ("teacher", "clarification-list"), ("staff", "clarification-list"),
     ("teacher", "marking-queue")],
)  # fmt: skip
def test_pages_cost_little(as_: Any, world: World, who: str, name: str) -> None:
    ids = {"clarification-page": [world.released.clarifications.get().pk]}
    args = ids.get(name, [] if name.startswith(("marking", "clarification-list")) else [world.released.attempt_id])
    assert cost(as_(who), reverse(name, args=args)) <= MOST_QUERIES
