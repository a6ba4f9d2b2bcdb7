from datetime import timedelta
from uuid import uuid4

import pytest
from django.urls import reverse

from assessments.enums import RevealWhen
from assessments.models import Exam
from evaluations.enums import EvaluationState
from evaluations.models import Annotation, Evaluation, QuestionMark
from evaluations.selectors import desk_data, queue_for, queue_page, queues, result_data, staff_board, waiting_for
from evaluations.selectors.records import with_records
from evaluations.tests.builders import add_page, evaluation_of, hand_in, marking, more_students, step_ids, written
from tests.factories import NOW

pytestmark = pytest.mark.django_db

HOUR = timedelta(hours=1)


def test_the_queue_in_order_of_promise_with_names_only_where_shown(cast, django_assert_num_queries):
    for number, student in enumerate(more_students(5)):
        evaluation_of(
            hand_in(cast.exam, student), teacher=cast.teacher, due_in=(number - 1) * HOUR, expected_seconds=360
        )
    first = Evaluation.objects.order_by("due_at").first()
    QuestionMark.objects.create(
        evaluation=first, question=written(cast.exam, 5, "b"), version=1, marks=1, updated_at=NOW
    )
    with django_assert_num_queries(1):
        rows = queue_for(cast.teacher, NOW)
    assert [row.due_at for row in rows] == [NOW + n * HOUR for n in (-1, 0, 1, 2, 3)]
    assert [row.is_late for row in rows] == [True, False, False, False, False]
    assert (rows[0].written_questions, rows[0].marked_questions, rows[0].expected_minutes) == (2, 1, 6)
    assert {row.student_name for row in rows} == {""}
    type(cast.exam).objects.update(hide_names=False)
    assert queue_for(cast.teacher, NOW)[0].student_name == first.attempt.student.name
    assert queue_for(cast.colleague, NOW) == []


def test_waiting_counts_what_could_be_pulled(cast):
    evaluation_of(hand_in(cast.exam, cast.student))
    assert [waiting_for(t) for t in (cast.teacher, cast.colleague)] == [1, 1]


def test_no_more_are_counted_than_the_queue_tells(cast, monkeypatch):
    monkeypatch.setattr(queues, "MOST_WAITING", 2)
    monkeypatch.setattr(queue_page, "MOST_WAITING", 2)
    for student in more_students(4):
        evaluation_of(hand_in(cast.exam, student))
    assert waiting_for(cast.teacher) == 3
    page = queue_page.queue_page(teacher=cast.teacher, may_mark=True, now=NOW)
    assert (page["waiting"], page["more_wait"]) == (2, True)


def draw(evaluation, page):
    Annotation.objects.create(
        id=uuid4(), evaluation=evaluation, page=page, kind="tick", geometry={"x": 0, "y": 0},
        author=evaluation.teacher, updated_at=NOW,
    )  # fmt: skip


@pytest.mark.parametrize("pages", [1, 8])
def test_the_desk_costs_the_same_however_much_is_on_it(cast, pages, django_assert_num_queries):
    evaluation = marking(cast.exam, cast.student, cast.teacher)
    for number in range(3, 3 + pages):
        draw(evaluation, add_page(evaluation.attempt, number))
    loaded = Evaluation.objects.with_paper().get()
    with django_assert_num_queries(5):
        desk = desk_data(loaded)
    assert [page.number for page in desk.pages] == list(range(1, pages + 3))
    assert [q.label for q in desk.questions] == ["4", "5a", "5b"]
    assert desk.questions[0].pages == [desk.pages[0].id]
    assert desk.progress.missing == [4, 5]


def test_deleted_ink_is_not_shown(cast):
    evaluation = marking(cast.exam, cast.student, cast.teacher)
    page = evaluation.attempt.uploads.first().pages.first()
    draw(evaluation, page)
    assert len(desk_data(evaluation).pages[0].annotations) == 1
    Annotation.objects.update(deleted_at=NOW)
    assert desk_data(evaluation).pages[0].annotations == []


@pytest.mark.parametrize("pages", [1, 8])
def test_the_result_costs_the_same_however_long_the_paper(cast, pages, django_assert_num_queries):
    evaluation = evaluation_of(
        hand_in(cast.exam, cast.student, pages=pages), teacher=cast.teacher, state=EvaluationState.RELEASED,
        written_marks=4, total_marks=7,
    )  # fmt: skip
    attempt = with_records(type(evaluation.attempt).objects.select_related("exam", "paper")).get()
    with django_assert_num_queries(6):
        result = result_data(attempt, reader=cast.student, now=NOW)
    assert (result.is_ready, result.total_marks, len(result.pages)) == (True, 7, pages)


@pytest.mark.parametrize(("first", "second", "carried"), [("0", "1", True), ("1", "1", False), ("0", "0", False)])
def test_an_error_carried_forward_is_said_on_the_result(cast, client, first, second, carried):
    evaluation = evaluation_of(
        hand_in(cast.exam, cast.student), teacher=cast.teacher, state=EvaluationState.RELEASED, released_at=NOW,
        written_marks=1, total_marks=1,
    )  # fmt: skip
    question = written(cast.exam, 4)
    steps = dict(zip(step_ids(question), (first, second), strict=False))
    QuestionMark.objects.create(
        evaluation=evaluation, question=question, version=1, steps=steps, marks=1, updated_at=NOW
    )
    client.force_login(cast.student)
    url, words = reverse("result-page", args=[evaluation.attempt_id]), "Error carried forward"
    assert (words in client.get(url).content.decode()) is carried
    Exam.objects.filter(pk=cast.exam.pk).update(reveal_marks=RevealWhen.NEVER)
    assert words not in client.get(url).content.decode(), "it says what was won"


def test_the_board_counts(cast, django_assert_num_queries):
    students = iter(more_students(6))
    for hours, teacher in ((-1, cast.teacher), (2, cast.teacher), (30, None)):
        evaluation_of(hand_in(cast.exam, next(students)), teacher=teacher, due_in=hours * HOUR, expected_seconds=600)
    evaluation_of(
        hand_in(cast.exam, next(students)), teacher=cast.teacher, state=EvaluationState.FINALISED, finalised_at=NOW
    )
    with django_assert_num_queries(4):
        board = staff_board(NOW)
    assert {s.state: s.count for s in board.states} == {"queued": 1, "assigned": 2, "in_progress": 0}
    assert (board.open, board.waiting, board.late, board.due_within_6h, board.due_today) == (3, 1, 1, 1, 2)
    assert (board.finalised_today, board.marked_not_released, board.breached_today) == (1, 1, 0)
