"""To compare with at the desk: earlier marks, who got a step, what looks blank, and the paper after this one."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest
from django.urls import reverse
from django.utils import timezone

from assessments.models import PageQuestion, SheetPage
from evaluations.enums import EvaluationState
from evaluations.models import Evaluation, QuestionMark
from evaluations.selectors.desk_history import earlier_marks, step_places
from evaluations.selectors.desk_page import desk_page, next_pictures
from evaluations.selectors.next_paper import next_paper
from evaluations.tests.builders import declare_not_attempted, evaluation_of, hand_in, step_ids, written
from tests import factories

NOW = timezone.now()
DAY = timedelta(days=1)


@pytest.fixture
def paper(cast) -> Evaluation:
    return evaluation_of(hand_in(cast.exam, cast.student), teacher=cast.teacher, state=EvaluationState.IN_PROGRESS)


def another(cast, student, state: str, title: str = "") -> Evaluation:
    """A paper of the same exam, or of one of its own with the same questions."""
    exam = cast.exam
    if title:
        exam = factories.ExamFactory(title=title, paper=cast.exam.paper, opens_at=cast.exam.opens_at)
    return evaluation_of(hand_in(exam, student), teacher=cast.teacher, state=state)


def give(evaluation: Evaluation, marks: str, steps: dict[str, str] | None = None) -> None:
    question = written(evaluation.attempt.exam, 4)
    QuestionMark.objects.create(
        evaluation=evaluation, question=question, version=1, marks=Decimal(marks), steps=steps or {}, updated_at=NOW
    )


def test_earlier_marks_are_what_came_back_before(cast, paper):
    back = another(cast, cast.student, EvaluationState.RELEASED, "Before")
    Evaluation.objects.filter(pk=back.pk).update(submitted_at=paper.submitted_at - DAY)
    unread = another(cast, cast.student, EvaluationState.FINALISED, "Not back yet")
    Evaluation.objects.filter(pk=unread.pk).update(submitted_at=paper.submitted_at - DAY)
    later = another(cast, cast.student, EvaluationState.RELEASED, "After")
    Evaluation.objects.filter(pk=later.pk).update(submitted_at=paper.submitted_at + DAY)
    somebody = another(cast, cast.classmate, EvaluationState.RELEASED, "Somebody else")
    Evaluation.objects.filter(pk=somebody.pk).update(submitted_at=paper.submitted_at - DAY)
    for one in (back, unread, later, somebody):
        give(one, "2")
    (row,) = earlier_marks(evaluation=paper, question_id=written(cast.exam, 4).pk)
    assert (row.exam, row.number, row.marks) == ("Before", 4, Decimal(2))


def test_who_got_a_step_is_asked_of_the_markers_own_papers(cast, client, paper):
    step, *_others = step_ids(written(cast.exam, 4))
    give(paper, "0.5", {step: "0.5"})
    done = another(cast, cast.classmate, EvaluationState.RELEASED)
    give(done, "1", {step: "1"})
    places = step_places(evaluation=paper, reader=cast.teacher, step_id=step)
    assert [(place.evaluation, place.given, place.is_open) for place in places] == [
        (done.pk, "1", False), (paper.pk, "0.5", True),
    ]  # fmt: skip
    assert step_places(evaluation=paper, reader=cast.colleague, step_id=step) == []
    client.force_login(cast.teacher)
    first, second = client.get(reverse("marking-step", args=[paper.pk, step])).json()["places"]
    assert first["url"].endswith("#q4")
    assert second["is_this"]
    assert cast.classmate.name not in str(first)


def test_blank_pages_and_what_was_declared_are_offered_until_marked(cast, paper):
    page = SheetPage.objects.filter(upload__attempt=paper.attempt).first()
    PageQuestion.objects.filter(page__upload__attempt=paper.attempt).delete()
    PageQuestion.objects.create(page=page, number=4)
    declare_not_attempted(paper.attempt, 5)

    def offered() -> list[str]:
        rows = desk_page(evaluation=paper, reader=cast.teacher, now=NOW)["data"]["blank"]
        return sorted(row["question"] for row in rows)

    fourth, fifth = str(written(cast.exam, 4).pk), desk_fifth(cast)
    assert offered() == [fifth]
    SheetPage.objects.filter(pk=page.pk).update(advice=["blank"])
    assert offered() == sorted([fourth, fifth])
    give(paper, "0")
    assert offered() == [fifth]


def desk_fifth(cast) -> str:
    """Of a choice the first."""
    rows = cast.exam.paper.questions.filter(number=5).order_by("alternative")
    return str(rows.first().pk)


def test_the_paper_after_this_one_is_the_one_that_comes_next(cast, paper):
    assert next_paper(teacher=cast.teacher, after=paper) is None
    late = another(cast, cast.classmate, EvaluationState.ASSIGNED)
    Evaluation.objects.filter(pk=late.pk).update(due_at=NOW + 2 * DAY)
    soon = another(cast, cast.student, EvaluationState.ASSIGNED, "Another")
    Evaluation.objects.filter(pk=soon.pk).update(due_at=NOW + DAY)
    assert next_paper(teacher=cast.teacher, after=paper) == soon
    Evaluation.objects.filter(pk=soon.pk).update(paused_at=NOW)
    assert next_paper(teacher=cast.teacher, after=paper) == late
    SheetPage.objects.filter(upload__attempt=late.attempt).update(screen_key="pages/next.jpg")
    (url,) = set(next_pictures(paper, cast.teacher))
    assert url.split("?")[0].split("/files/")[-1]
