"""The first pages of everybody: what stands on them, and a constant cost."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

from django.test import Client
from django.urls import reverse

from analytics.selectors.student_home import unit_percentages
from assessments.models import PaperQuestion, Question, Response
from evaluations.enums import EvaluationState
from evaluations.models import Evaluation, QuestionMark
from evaluations.tests.builders import evaluation_of, hand_in, written
from evaluations.tests.visits import MOST_QUERIES, cost
from tests import factories
from tests.factories import NOW
from tests.law_urls_world import World


def release(world: World, student: Any, count: int) -> None:
    """Older papers, back with the student."""
    at = world.now - timedelta(days=9)
    for number in range(count):
        exam = factories.ExamFactory(
            title=f"More {number}", paper=world.open_exam.paper, for_cohorts=[world.cast.cohort]
        )
        back = {"finalised_at": at, "released_at": at, "written_marks": Decimal(5), "total_marks": Decimal(8)}
        teacher = world.cast.teacher
        evaluation_of(hand_in(exam, student, at=at), teacher=teacher, state=EvaluationState.RELEASED, **back)


# --- The way home ----------------------------------------------------------------------------------------------------
def test_home_of_somebody_with_several_roles_is_where_work_waits(as_: Any, world: World) -> None:
    world.cast.teacher.is_guardian = True
    world.cast.teacher.save(update_fields=["is_guardian"])
    assert as_("teacher").get(reverse("home"))["Location"] == reverse("teacher-home")


def test_home_of_somebody_without_a_role_is_their_settings(client: Client, db: None) -> None:
    client.force_login(factories.UserFactory())
    assert client.get(reverse("home"))["Location"] == reverse("person-settings")


def test_landing_offers_the_way_in(client: Client, db: None) -> None:
    text = client.get(reverse("landing")).content.decode()
    assert reverse("account_login") in text
    assert reverse("account_signup") in text


# --- Student ---------------------------------------------------------------------------------------------------------
def test_student_home_leads_to_what_is_going_on(as_: Any, world: World) -> None:
    text = as_("student").get(reverse("student-home")).content.decode()
    assert (
        reverse("attempt-page", args=[world.live.pk]) in text or reverse("sheets-page", args=[world.sheets.pk]) in text
    )
    assert reverse("result-page", args=[world.released.attempt_id]) in text


def test_student_home_shows_the_small_image_of_the_first_page(as_: Any, world: World) -> None:
    """The large one alone would be more than the page may weigh."""
    text = as_("student").get(reverse("student-home")).content.decode()
    first = world.released.attempt.uploads.get(page_number=1).pages.get()
    assert reverse("page-image", args=[first.pk, "thumb"]) in text
    assert reverse("page-image", args=[first.pk, "screen"]) not in text


def test_student_home_of_a_beginner_is_not_broken(as_: Any) -> None:
    assert as_("outsider").get(reverse("student-home")).status_code == 200


def test_student_home_does_not_cost_more_with_thirty_papers(as_: Any, world: World) -> None:
    client, url = as_("student"), reverse("student-home")
    release(world, world.cast.student, 3)
    few = cost(client, url)
    # Three more than elsewhere: the student's accommodations, which papers count for the units, and their choices.
    assert few <= MOST_QUERIES + 3
    release(world, world.cast.student, 30)
    assert cost(client, url) == few


def test_the_last_returned_paper_is_the_one_released_last(as_: Any, world: World) -> None:
    """Not the one handed in last: exams give back on different days."""
    release(world, world.cast.student, 1)
    older = Evaluation.objects.get(attempt__exam__title="More 0")
    assert older.pk > world.released.pk
    for who, url, find in (
        ("student", reverse("student-home"), lambda context: context["home"].returned["evaluation"]),
        ("guardian", reverse("guardian-home"), lambda context: context["children"][0]["last"]),
    ):
        assert find(as_(who).get(url).context) == world.released
    Evaluation.objects.filter(pk=older.pk).update(released_at=world.now)
    home = as_("student").get(reverse("student-home")).context["home"]
    assert home.returned["evaluation"] == older
    assert [point["value"] for point in home.trend] == [79, 67], "the trend runs by the day of return too"


def test_student_home_puts_the_nearest_promise_first_and_counts_a_choice_once(as_: Any, world: World) -> None:
    for hours in (4, 3):
        exam = factories.ExamFactory(title=f"In {hours} hours", paper=world.open_exam.paper)
        sooner = evaluation_of(hand_in(exam, world.cast.student), teacher=world.cast.teacher)
        Evaluation.objects.filter(pk=sooner.pk).update(due_at=world.now + timedelta(hours=hours))
    for alternative in ("a", "b"):
        QuestionMark.objects.create(
            evaluation=sooner, question=written(exam, 5, alternative), version=1, marks=1, updated_at=world.now
        )
    Evaluation.objects.filter(pk=sooner.pk).update(state=EvaluationState.IN_PROGRESS)
    home = as_("student").get(reverse("student-home")).context["home"]
    assert [card["evaluation"].attempt.exam.title for card in home.with_teacher] == ["In 3 hours", "In 4 hours"]
    assert home.with_teacher[0]["steps"][1]["note"] == "1 of 2 done"


def test_units_count_what_was_left_out_as_lost_and_a_choice_once(cast: Any) -> None:
    """Of 12 marks: 1 of the multiple choice, 2 of 3 in Q4, 3 of 5 in Q5b; Q1, Q3 not answered, Q5a the weaker one."""
    attempt = hand_in(cast.exam, cast.student)
    evaluation = evaluation_of(attempt, teacher=cast.teacher, state=EvaluationState.RELEASED)
    Response.objects.create(
        attempt=attempt, question=written(cast.exam, 2), answer={"choices": ["A"]}, marks=1, saved_at=NOW
    )
    for number, alternative, got in ((4, "", 2), (5, "a", 1), (5, "b", 3)):
        QuestionMark.objects.create(
            evaluation=evaluation, question=written(cast.exam, number, alternative), version=1, marks=got,
            updated_at=NOW,
        )  # fmt: skip
    rows = PaperQuestion.objects.filter(paper=cast.exam.paper)
    chapter = rows.get(number=1).version.question.chapter
    Question.objects.filter(versions__in=rows.values("version")).update(chapter=chapter)
    units = unit_percentages(user=cast.student, programme=chapter.unit.programme)
    assert [(unit["label"], unit["value"], unit["note"]) for unit in units] == [
        (chapter.unit.name, 50, "6 marks lost so far")
    ]


# --- Teacher ---------------------------------------------------------------------------------------------------------
def test_teacher_home_leads_to_the_papers(as_: Any, world: World) -> None:
    text = as_("teacher").get(reverse("teacher-home")).content.decode()
    assert reverse("marking-desk", args=[world.marking.pk]) in text
    assert world.cast.student.name not in text


def test_the_day_plan_is_a_part_of_its_own(as_: Any, world: World) -> None:
    part = as_("teacher").get(reverse("teacher-home"), headers={"HX-Request": "true"}).content.decode()
    assert part.strip().startswith('<div id="today" data-live="paper_assigned paper_moved')
    assert f'hx-get="{reverse("teacher-home")}" hx-trigger="live"' in part
    assert 'id="day-plan"' in part
    assert "<html" not in part
    assert reverse("marking-desk", args=[world.marking.pk]) in part


def test_teacher_home_tells_a_newcomer_what_is_missing(as_: Any) -> None:
    text = as_("newcomer").get(reverse("teacher-home")).content.decode()
    assert "The office checks every teacher before the first paper." in text
    assert "The office checks" not in as_("teacher").get(reverse("teacher-home")).content.decode()


def test_a_paper_open_for_a_correction_is_not_past_its_promise(as_: Any, world: World) -> None:
    late = world.now - timedelta(hours=3)
    Evaluation.objects.filter(pk=world.marking.pk).update(due_at=late)
    client, url = as_("teacher"), reverse("teacher-home")
    assert (client.get(url).context["counts"]["late"], client.get(url).context["counts"]["today"]) == (1, 1)
    assert "1 at risk" in client.get(url).content.decode()
    Evaluation.objects.filter(pk=world.marking.pk).update(finalised_at=late)
    page = client.get(url)
    assert {name: page.context["counts"][name] for name in ("waiting", "late", "today")} == {
        "waiting": 1, "late": 0, "today": 0,
    }  # fmt: skip
    assert "at risk" not in page.content.decode()
    assert "correction" in page.content.decode()


def test_teacher_home_costs_the_same_for_one_and_for_thirty(as_: Any, world: World) -> None:
    client, url = as_("teacher"), reverse("teacher-home")
    few = cost(client, url)
    for number in range(30):
        exam = factories.ExamFactory(title=f"More {number}", paper=world.open_exam.paper)
        evaluation_of(hand_in(exam, world.cast.student), teacher=world.cast.teacher)
    assert cost(client, url) == few
