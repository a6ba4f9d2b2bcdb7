"""The bank in the back office: every page opens, lists cost the same for 1 and 30 rows, actions follow the workflow."""

from collections.abc import Callable

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.models import User
from assessments.enums import QuestionState, QuestionType
from assessments.models import Blueprint, BlueprintSection, BlueprintSlot, Paper, Question
from tests import factories

pytestmark = pytest.mark.django_db


@pytest.fixture
def boss() -> User:
    """A superuser, whom no permission rule stops: what must not be written has to be closed by the admin itself."""
    return factories.UserFactory(is_staff=True, is_superuser=True)


@pytest.fixture
def office(client: Client, boss: User) -> Client:
    client.force_login(boss)
    return client


@pytest.fixture
def blueprint() -> Blueprint:
    made = Blueprint.objects.create(
        programme=factories.ProgrammeFactory(),
        slug="short",
        name="Short",
        kind="custom",
        duration_minutes=30,
        total_marks=1,
    )
    section = BlueprintSection.objects.create(blueprint=made, label="A", title="Section A")
    BlueprintSlot.objects.create(
        section=section, number=1, unit=factories.UnitFactory(), types=[QuestionType.SINGLE_CHOICE], marks=1
    )
    return made


def list_url(name: str) -> str:
    return reverse(f"admin:assessments_{name}_changelist")


def change_url(row: object) -> str:
    return reverse(f"admin:assessments_{row._meta.model_name}_change", args=[row.pk])


def queries(call: Callable[[], object]) -> int:
    with CaptureQueriesContext(connection) as seen:
        call()
    return len(seen)


def act(client: Client, name: str, action: str, *rows: object) -> str:
    data = {"action": action, "_selected_action": [str(row.pk) for row in rows]}
    return client.post(list_url(name), data, follow=True).content.decode()


def test_question_list_costs_the_same_for_one_and_thirty(office: Client) -> None:
    factories.question_version()
    office.get(list_url("question"))
    one = queries(lambda: office.get(list_url("question")))
    for _ in range(29):
        factories.question_version(QuestionType.SHORT_ANSWER, "3", ("3",))
    page = office.get(list_url("question"))
    assert page.context["cl"].result_count == 30
    assert queries(lambda: office.get(list_url("question"))) == one


def test_question_search_and_filters(office: Client) -> None:
    wanted = factories.question_version(key="x-alg-a-01").question
    factories.question_version(key="x-geo-a-01", state=QuestionState.DRAFT)
    for query in (
        {"q": "alg-a"},
        {"state__exact": "active"},
        {"q": "What is", "chapter__id__exact": wanted.chapter_id, "state__exact": "active"},
    ):
        assert list(office.get(list_url("question"), query).context["cl"].queryset) == [wanted]
    assert not office.get(list_url("question"), {"q": "no such words"}).context["cl"].queryset.exists()


def test_question_page_shows_content_scheme_and_versions_to_read_only(office: Client) -> None:
    question = factories.question_version(QuestionType.LONG_ANSWER, "5", ("2", "3")).question
    page = office.get(change_url(question)).content.decode()
    assert "<p>Step 2</p>" in page
    assert "<p>x = 1</p>" in page
    assert office.post(change_url(question), {"key": "changed"}).status_code == 403
    assert office.get(reverse("admin:assessments_question_add")).status_code == 403
    assert office.post(reverse("admin:assessments_question_delete", args=[question.pk])).status_code == 403


def test_question_actions_follow_the_workflow(office: Client, boss: User) -> None:
    theirs = factories.question_version(state=QuestionState.DRAFT).question
    mine = factories.question_version(state=QuestionState.DRAFT, author=boss).question
    assert "2 questions are now: In review." in act(office, "question", "send_to_review", theirs, mine)
    page = act(office, "question", "activate", theirs, mine)
    assert "1 question is now: Active." in page
    assert "Somebody other than the author has to verify a question." in page
    assert dict(Question.objects.values_list("pk", "state")) == {theirs.pk: "active", mine.pk: "in_review"}
    act(office, "question", "send_back", mine)
    act(office, "question", "retire", theirs)
    assert dict(Question.objects.values_list("pk", "state")) == {theirs.pk: "retired", mine.pk: "draft"}


def test_blueprint_pages_say_what_is_wrong(office: Client, blueprint: Blueprint) -> None:
    sentence = "1 active single choice of 1 marks in Algebra needed, the bank has 0."
    assert sentence in office.get(change_url(blueprint)).content.decode()
    assert sentence in act(office, "blueprint", "check_selected", blueprint)
    assert sentence in act(office, "blueprint", "draw_sample", blueprint)
    assert not Paper.objects.exists()
    factories.question_version()
    assert "Sound, and the bank fills it." in office.get(change_url(blueprint)).content.decode()
    assert "sound, and the bank fills it." in act(office, "blueprint", "check_selected", blueprint)


def test_a_sample_paper_is_drawn_and_can_only_be_read(office: Client, blueprint: Blueprint) -> None:
    question = factories.question_version().question
    page = act(office, "blueprint", "draw_sample", blueprint)
    paper = Paper.objects.get(title="Sample: Short")
    assert change_url(paper) in page
    assert change_url(question) in office.get(change_url(paper)).content.decode()
    assert office.post(change_url(paper), {"title": "changed"}).status_code == 403
    assert office.get(list_url("paper")).status_code == 200


def test_slots_are_edited_on_the_section_page(office: Client, blueprint: Blueprint) -> None:
    section = blueprint.sections.get()
    slot = section.slots.get()
    assert office.get(change_url(section)).status_code == 200
    data = {
        "blueprint": blueprint.pk,
        "label": "A",
        "title": "Section A",
        "instruction": "",
        "position": 0,
        "slots-TOTAL_FORMS": 1,
        "slots-INITIAL_FORMS": 1,
        "slots-0-id": slot.pk,
        "slots-0-section": section.pk,
        "slots-0-number": 1,
        "slots-0-unit": slot.unit_id,
        "slots-0-types": ["numeric", "single_choice"],
        "slots-0-marks": "1.5",
    }
    assert office.post(change_url(section), data).status_code == 302
    slot.refresh_from_db()
    assert (slot.types, slot.marks) == (["numeric", "single_choice"], 1.5)
    invalid = office.post(change_url(section), {**data, "slots-0-types": ["essay"], "slots-0-marks": "0.3"})
    assert invalid.status_code == 200
    assert "Marks come in halves" in invalid.content.decode()


def test_an_exam_says_what_it_wants(office: Client) -> None:
    page = office.post(reverse("admin:assessments_exam_add"), {"title": "Mock"}).content.decode()
    assert "Choose a blueprint or a fixed paper, one of the two." in page
    assert "Constraint" not in page


@pytest.mark.parametrize("name", ["question", "blueprint", "blueprintsection", "paper"])
def test_staff_see_every_list_and_others_none(client: Client, cast, name: str) -> None:
    client.force_login(cast.staff)
    assert client.get(list_url(name)).status_code == 200
    client.force_login(cast.teacher)
    assert client.get(list_url(name)).status_code == 302
