"""The pages of results and marking: happy, denied, invalid, and at a constant cost.

Who may open what is written down for every address in tests/law_urls.py.
"""

from __future__ import annotations

import re
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.urls import reverse
from django.utils.html import escape

from assessments.models import ItemStatistics, PageQuestion, Response, SheetPage
from evaluations.enums import OPEN_STATES, EvaluationState
from evaluations.models import Evaluation, QuestionMark
from evaluations.selectors.queues import MOST_LISTED
from evaluations.tests.builders import add_page, evaluation_of, hand_in, more_students
from evaluations.tests.visits import MOST_QUERIES, cost
from notifications.models import Notification
from tests import factories
from tests.law_urls_world import World


# --- Results ---------------------------------------------------------------------------------------------------------
def test_result_shows_marks_comment_and_scheme(as_: Any, world: World) -> None:
    text = as_("student").get(reverse("result-page", args=[world.released.attempt_id])).content.decode()
    assert "9.5" in text or "9½" in text
    assert "Show the sign." in text
    assert "Step 1" in text


def test_result_asks_for_scans_only_when_they_come_into_view(as_: Any, world: World) -> None:
    """Two hundred kilobytes each, and on a phone all of them below the questions."""
    PageQuestion.objects.filter(page__upload__attempt=world.released.attempt_id, number=5).delete()
    text = as_("student").get(reverse("result-page", args=[world.released.attempt_id])).content.decode()
    scans = re.findall(r"<img [^>]*>", text.split('<div class="sheets">')[1])
    assert len(scans) == 2
    assert all('loading="lazy"' in scan for scan in scans)
    assert "Page 1, question 4<" in text


def test_result_names_several_questions_of_a_page(as_: Any, world: World) -> None:
    text = as_("student").get(reverse("result-page", args=[world.released.attempt_id])).content.decode()
    assert "Page 1, questions 4, 5<" in text


def test_result_before_release_tells_the_promise_and_no_key(as_: Any, world: World) -> None:
    response = as_("student").get(reverse("result-page", args=[world.marking.attempt_id]))
    text = response.content.decode()
    assert world.marking.due_at.strftime("%Y-%m-%d") in text
    for word in ("Step 1", "x = 1", "tolerance"):
        assert word not in text
    assert not response.context["result"].is_ready


@pytest.mark.parametrize("state", [s for s in EvaluationState if s != EvaluationState.RELEASED])
def test_no_state_but_released_shows_marks(as_: Any, world: World, state: str) -> None:
    teacher = None if state == EvaluationState.QUEUED else world.cast.teacher
    Evaluation.objects.filter(pk=world.released.pk).update(state=state, teacher=teacher)
    url = reverse("result-page", args=[world.released.attempt_id])
    for who in ("student", "guardian"):
        text = as_(who).get(url).content.decode()
        assert "Show the sign." not in text
        assert "Step 1" not in text
    body = as_("student").get(reverse("api-attempt-result", args=[world.released.attempt_id])).json()
    assert (body["ready"], body["total_marks"], body["questions"], body["pages"]) == (False, None, [], [])


def test_reading_the_result_reads_its_news(as_: Any, world: World) -> None:
    url = reverse("result-page", args=[world.released.attempt_id])
    news = Notification.objects.create(
        user=world.cast.student, kind="paper_returned", cause="1", title="Back", url=url, created_at=world.now
    )
    as_("guardian").get(url)
    news.refresh_from_db()
    assert news.read_at is None, "a guardian's reading is not the student's"
    as_("student").get(url)
    news.refresh_from_db()
    assert news.read_at is not None


def test_paper_list_costs_the_same_for_one_and_for_thirty(as_: Any, world: World) -> None:
    client, url = as_("student"), reverse("paper-list")
    few = cost(client, url)
    for number in range(30):
        exam = factories.ExamFactory(title=f"More {number}", paper=world.open_exam.paper)
        evaluation_of(hand_in(exam, world.cast.student), teacher=world.cast.teacher, state=EvaluationState.RELEASED)
    assert cost(client, url) == few


@pytest.mark.parametrize("state", [EvaluationState.FINALISED, EvaluationState.RETURNED])
def test_no_promise_is_shown_where_none_runs(as_: Any, world: World, state: str) -> None:
    """Marked and waiting for the institute, or unreadable: neither is late, however long ago the promise was."""
    Evaluation.objects.filter(pk=world.marking.pk).update(state=state, due_at=world.now - timedelta(hours=5))
    child = reverse("guardian-papers", args=[world.cast.student.pk])
    pages = [("student", reverse("paper-list")), ("guardian", child)]
    pages += [("student", reverse("result-page", args=[world.marking.attempt_id]))]
    for who, url in pages:
        text = as_(who).get(url).content.decode()
        assert world.marking.attempt.exam.title in text
        assert "h late" not in text


def test_finishing_says_who_gives_the_paper_back(as_: Any, world: World) -> None:
    client, url = as_("teacher"), reverse("marking-desk", args=[world.marking.pk])
    assert "the paper goes back to the student." in client.get(url).content.decode()
    type(world.open_exam).objects.update(release="by_staff")
    assert "the institute gives the papers back." in client.get(url).content.decode()


def test_a_reopened_paper_is_not_listed_as_back(as_: Any, world: World) -> None:
    client, url = as_("student"), reverse("paper-list")
    assert "marked by" in client.get(url).content.decode()
    Evaluation.objects.filter(pk=world.released.pk).update(state=EvaluationState.ASSIGNED)
    text = client.get(url).content.decode()
    assert "marked by" not in text
    assert "back <time" not in text


@pytest.mark.parametrize("before", ["made-up", "00000000-0000-0000-0000-000000000001", "' OR 1=1 --", "%00"])
def test_made_up_page_of_papers_is_no_fault(as_: Any, before: str) -> None:
    assert as_("student").get(reverse("paper-list"), {"before": before}).status_code == 200


def test_image_of_a_waiting_page_is_not_there_yet(as_: Any, world: World) -> None:
    page = world.marking.attempt.uploads.first().pages.get()
    page.state = "waiting"
    page.save(update_fields=["state"])
    assert as_("student").get(reverse("page-image", args=[page.pk, "screen"])).status_code == 404


def test_the_original_picture_is_offered_where_a_page_was_treated(as_: Any, world: World) -> None:
    """On the desk, on the result page and by the address of the page; a page that is as it came has none."""
    first, second = SheetPage.objects.filter(upload__attempt=world.marking.attempt).order_by("upload__page_number")
    assert (bool(first.treatment), bool(second.treatment)) == (True, False)
    pages = as_("teacher").get(reverse("marking-desk", args=[world.marking.pk])).context["data"]["pages"]
    assert first.plain_key in pages[0]["plain"]
    assert pages[1]["plain"] == ""
    for page, status in ((first, 302), (second, 404)):
        image = as_("student").get(reverse("page-image", args=[page.pk, "original"]))
        assert image.status_code == status
    released = world.released.attempt.uploads.first().pages.get()
    result = reverse("result-page", args=[world.released.attempt_id])
    assert "Original picture" not in as_("student").get(result).content.decode()
    released.treatment = ["evened"]
    released.save(update_fields=["treatment"])
    assert as_("student").get(result).content.decode().count("Original picture") == 1


def test_marker_from_outside_the_cohort_sees_the_pages_and_not_the_result(as_: Any, world: World) -> None:
    """A marker gets to a student through the evaluation alone; unassigned, through nothing."""
    page = world.waiting.attempt.uploads.first().pages.get()
    image = reverse("page-image", args=[page.pk, "screen"])
    colleague = as_("colleague")
    assert colleague.get(image).status_code == 404
    Evaluation.objects.filter(pk=world.waiting.pk).update(teacher=world.cast.colleague, state=EvaluationState.ASSIGNED)
    assert colleague.get(image).status_code == 302
    assert colleague.get(reverse("marking-desk", args=[world.waiting.pk])).status_code == 200
    assert colleague.get(reverse("result-page", args=[world.waiting.attempt_id])).status_code == 404


# --- Marking ---------------------------------------------------------------------------------------------------------
def test_queue_shows_own_papers_without_names(as_: Any, world: World) -> None:
    response = as_("teacher").get(reverse("marking-queue"))
    assert [row.id for row in response.context["rows"]] == [world.marking.pk]
    assert response.context["waiting"] == 1
    assert world.cast.student.name not in response.content.decode()


def test_an_empty_queue_says_why(as_: Any, world: World) -> None:
    url = reverse("marking-queue")
    evaluation_of(hand_in(world.open_exam, world.cast.outsider), teacher=world.cast.newcomer)
    newcomer = as_("newcomer").get(url)
    assert "The office has not verified you yet." in newcomer.content.decode()
    assert (newcomer.context["rows"], newcomer.context["waiting"]) == ([], 0), "nothing that could not be opened"
    colleague = as_("colleague")
    assert "takes one that waits." in colleague.get(url).content.decode()
    Evaluation.objects.filter(pk=world.waiting.pk).update(teacher=world.cast.teacher, state=EvaluationState.ASSIGNED)
    assert "Nothing waits for you." in colleague.get(url).content.decode()
    world.cast.colleague.qualifications.all().delete()
    assert "which programmes you mark" in colleague.get(url).content.decode()


def test_queue_costs_the_same_for_one_and_for_thirty(as_: Any, world: World) -> None:
    client, url = as_("teacher"), reverse("marking-queue")
    few = cost(client, url)
    for person in more_students(30):
        evaluation_of(hand_in(world.open_exam, person), teacher=world.cast.teacher)
    assert cost(client, url) == few


def test_claim_takes_the_waiting_paper_then_says_that_nothing_waits(as_: Any, world: World) -> None:
    client = as_("colleague")
    assert client.post(reverse("marking-claim"))["Location"] == reverse("marking-desk", args=[world.waiting.pk])
    world.waiting.refresh_from_db()
    assert (world.waiting.teacher, world.waiting.state) == (world.cast.colleague, EvaluationState.IN_PROGRESS)
    again = client.post(reverse("marking-claim"), follow=True)
    assert again.redirect_chain == [(reverse("marking-queue"), 302)]
    assert "No paper waits right now." in again.content.decode()


def test_claim_of_an_unverified_teacher_is_a_sentence(as_: Any, world: World) -> None:
    response = as_("newcomer").post(reverse("marking-claim"))
    assert response.status_code == 403
    assert "verif" in response.content.decode()
    world.waiting.refresh_from_db()
    assert world.waiting.teacher is None


def test_opening_an_assigned_paper_claims_it(as_: Any, world: World) -> None:
    Evaluation.objects.filter(pk=world.marking.pk).update(
        state=EvaluationState.ASSIGNED, claimed_at=None, lease_until=None
    )
    assert as_("teacher").get(reverse("marking-desk", args=[world.marking.pk])).status_code == 200
    world.marking.refresh_from_db()
    assert world.marking.state == EvaluationState.IN_PROGRESS
    assert world.marking.lease_until is not None


def test_staff_looking_at_the_desk_changes_nothing(as_: Any, world: World) -> None:
    Evaluation.objects.filter(pk=world.marking.pk).update(state=EvaluationState.ASSIGNED, lease_until=None)
    response = as_("staff").get(reverse("marking-desk", args=[world.marking.pk]))
    assert response.context["data"]["can_mark"] is False
    world.marking.refresh_from_db()
    assert (world.marking.state, world.marking.lease_until) == (EvaluationState.ASSIGNED, None)


def test_marks_are_written_one_way_on_the_desk(as_: Any, world: World) -> None:
    question = world.marking.attempt.paper.questions.get(number=4)
    QuestionMark.objects.create(
        evaluation=world.marking, question=question, version=1, marks=Decimal("1.5"), updated_at=world.now
    )
    data = as_("teacher").get(reverse("marking-desk", args=[world.marking.pk])).context["data"]
    first = data["questions"][0]
    assert (first["marks"], first["mark"]["marks"]) == ("3", "1.5")
    assert [step["marks"] for step in first["steps"]] == ["1", "1", "0.5", "0.5"]


def test_the_desk_knows_what_a_step_follows(as_: Any, world: World) -> None:
    data = as_("teacher").get(reverse("marking-desk", args=[world.marking.pk])).context["data"]
    assert [step["follows"] for step in data["questions"][0]["steps"]] == [[], [1], [], []]


def test_desk_hides_the_students_name(as_: Any, world: World) -> None:
    text = as_("teacher").get(reverse("marking-desk", args=[world.marking.pk])).content.decode()
    assert world.cast.student.name not in text
    assert world.cast.student.email not in text


def test_desk_goes_on_where_marking_stopped(as_: Any, world: World) -> None:
    """At the first question without a mark, with the first page that has it asked for before any script is read."""
    attempt, client = world.marking.attempt, as_("teacher")
    four, five, *_rest = attempt.paper.questions.filter(number__gte=4).order_by("number", "alternative")
    second = SheetPage.objects.get(upload__attempt=attempt, upload__page_number=2)
    PageQuestion.objects.filter(page__upload__attempt=attempt, number=5).delete()
    PageQuestion.objects.create(page=second, number=5)
    url = reverse("marking-desk", args=[world.marking.pk])
    assert client.get(url).context["data"]["opens"]["question"] == str(four.pk)
    QuestionMark.objects.create(evaluation=world.marking, question=four, version=1, marks=1, updated_at=world.now)
    page = client.get(url)
    assert page.context["data"]["opens"] == {"question": str(five.pk), "page": str(second.pk)}
    assert f'rel="preload" as="image" href="{escape(page.context["first_page"]["url"])}"' in page.content.decode()


def test_a_long_queue_lists_the_nearest_and_what_is_begun(as_: Any, world: World) -> None:
    exam, teacher = world.marking.attempt.exam, world.marking.teacher
    Evaluation.objects.filter(pk=world.marking.pk).update(due_at=world.now + timedelta(days=90))
    for student in more_students(MOST_LISTED + 3):
        evaluation_of(
            hand_in(exam, student, pages=0), teacher=teacher, due_in=timedelta(days=60), assigned_at=world.now
        )
    page = as_("teacher").get(reverse("marking-queue"))
    shown = [row.id for row in page.context["rows"]]
    assert (len(shown), shown[-1]) == (MOST_LISTED + 1, world.marking.pk)
    assert page.context["rest"] == Evaluation.objects.filter(teacher=teacher, state__in=OPEN_STATES).count() - len(
        shown
    )
    assert "more are with you" in page.content.decode()


def test_finishing_too_early_names_the_questions(as_: Any, world: World) -> None:
    response = as_("teacher").post(reverse("marking-finalise", args=[world.marking.pk]))
    assert response.status_code == 422
    text = response.content.decode()
    assert "4" in text
    assert "5" in text
    world.marking.refresh_from_db()
    assert world.marking.state == EvaluationState.IN_PROGRESS


def test_finishing_leads_to_the_next_paper_where_that_is_asked(as_: Any, world: World) -> None:
    marking, client = world.marking, as_("teacher")
    paper = hand_in(marking.attempt.exam, more_students(1)[0])
    after = evaluation_of(paper, teacher=marking.teacher, due_in=timedelta(minutes=1), assigned_at=world.now)
    for question in marking.attempt.paper.questions.filter(is_written=True):
        QuestionMark.objects.create(evaluation=marking, question=question, version=1, marks=1, updated_at=world.now)
    finish = client.post(reverse("marking-finalise", args=[marking.pk]), {"next": "1"})
    assert finish.url == reverse("marking-desk", args=[after.pk])
    marking.refresh_from_db()
    after.refresh_from_db()
    assert (marking.state, after.state) == (EvaluationState.RELEASED, EvaluationState.IN_PROGRESS)


def test_heartbeat_renews_the_lease_and_a_lost_claim_is_a_conflict(as_: Any, world: World) -> None:
    client, url = as_("teacher"), reverse("marking-heartbeat", args=[world.marking.pk])
    before = world.marking.lease_until
    assert client.post(url).status_code == 200
    world.marking.refresh_from_db()
    assert world.marking.lease_until > before
    # A claim that lapsed is taken up again by whoever goes on working.
    Evaluation.objects.filter(pk=world.marking.pk).update(state=EvaluationState.ASSIGNED, lease_until=None)
    assert client.post(url).status_code == 200
    world.marking.refresh_from_db()
    assert world.marking.state == EvaluationState.IN_PROGRESS
    Evaluation.objects.filter(pk=world.marking.pk).update(state=EvaluationState.FINALISED, lease_until=None)
    lost = client.post(url)
    assert (lost.status_code, lost["Content-Type"]) == (409, "application/problem+json")
    assert lost.json()["detail"].endswith(".")


def test_desk_costs_the_same_for_two_and_for_many_pages(as_: Any, world: World) -> None:
    client, url = as_("teacher"), reverse("marking-desk", args=[world.marking.pk])
    few = cost(client, url)
    assert few <= MOST_QUERIES
    for number in range(3, 20):
        page = add_page(world.marking.attempt, number)
        PageQuestion.objects.create(page=page, number=4)
    assert cost(client, url) == few


def test_opening_a_paper_for_the_first_time_keeps_the_rule_of_queries_too(
    as_: Any, world: World, django_assert_max_num_queries: Any
) -> None:
    """The claim it makes is counted, the two brackets of its transaction are not."""
    Evaluation.objects.filter(pk=world.marking.pk).update(state=EvaluationState.ASSIGNED, lease_until=None)
    client = as_("teacher")
    with django_assert_max_num_queries(MOST_QUERIES + 2):
        client.get(reverse("marking-desk", args=[world.marking.pk]))


@pytest.mark.parametrize("who", ["student", "guardian", "teacher", "staff"])
def test_result_keeps_the_rule_of_queries(as_: Any, world: World, who: str) -> None:
    assert cost(as_(who), reverse("result-page", args=[world.released.attempt_id])) <= MOST_QUERIES


def test_time_on_questions_is_told_and_compared_for_teachers_only(as_: Any, world: World) -> None:
    attempt, page = world.released.attempt, reverse("result-page", args=[world.released.attempt_id])
    assert "Time on screen" not in as_("teacher").get(page).content.decode()
    asked = attempt.paper.questions.get(number=1)
    Response.objects.update_or_create(
        attempt=attempt, question=asked, defaults={"seconds": 130, "saved_at": attempt.started_at}
    )
    ItemStatistics.objects.update_or_create(version=asked.version, defaults={"timed": 9, "median_seconds": 80})
    for_teacher, for_student = (as_(who).get(page).content.decode() for who in ("teacher", "student"))
    assert "2 min 10 s" in for_teacher
    assert "the median of all students is 1 min 20 s" in for_teacher
    assert "2 min 10 s" in for_student
    assert "the median of all students" not in for_student
