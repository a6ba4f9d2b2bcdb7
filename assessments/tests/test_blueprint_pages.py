"""The pages of blueprints, drafts and fixed papers: happy, denied, invalid, fragment, and at a constant cost."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from accounts.models import AuditEvent
from assessments.enums import ExamKind, QuestionState, QuestionType
from assessments.models import Blueprint, BlueprintSlot, Exam, ItemStatistics, Paper, PaperDraft, Question
from assessments.services.blueprints import plan_digest, plan_of
from assessments.services.drawing import read_slots
from assessments.services.paper_times import PaperTime, plan_time
from tests import factories

HTMX = {"HX-Request": "true"}


@pytest.fixture
def blueprint(cast: Any) -> Blueprint:
    """Of `teacher`: two single choices, then a short answer with internal choice; the bank has six and four."""
    unit = factories.UnitFactory(programme=cast.cohort.programme)
    made = Blueprint.objects.create(
        author=cast.teacher,
        programme=cast.cohort.programme,
        slug="small",
        name="Unit test",
        kind=ExamKind.CUSTOM,
        duration_minutes=30,
        total_marks=5,
    )
    single, short = QuestionType.SINGLE_CHOICE, QuestionType.SHORT_ANSWER
    for label, rows in (("A", [(1, single, 1), (2, single, 1)]), ("B", [(3, short, 3)])):
        section = made.sections.create(label=label, title=f"Section {label}", position=ord(label))
        for number, kind, marks in rows:
            section.slots.create(number=number, unit=unit, types=[kind], marks=marks, has_choice=number == 3)
    for kind, marks, count in ((QuestionType.SINGLE_CHOICE, "1", 6), (QuestionType.SHORT_ANSWER, "3", 4)):
        for _turn in range(count):
            factories.question_version(kind, marks)
    return made


@pytest.fixture
def teacher(client: Client, cast: Any) -> Client:
    client.force_login(cast.teacher)
    return client


def form_of(blueprint: Blueprint, **changes: Any) -> dict[str, Any]:
    """What the editor's page sends for the stored blueprint."""
    unit = str(BlueprintSlot.objects.filter(section__blueprint=blueprint).first().unit_id)
    data: dict[str, Any] = {
        "do": "save", "name": "Unit test", "kind": "custom", "duration_minutes": "30", "total_marks": "5",
        "no_repeat_papers": "3", "section": ["0", "1"], "run": ["0-0", "1-0"],
    }  # fmt: skip
    for s, label in enumerate("AB"):
        data |= {f"s-{s}-label": label, f"s-{s}-title": f"Section {label}", f"s-{s}-instruction": ""}
    data |= {"r-0-0-count": "2", "r-0-0-unit": unit, "r-0-0-types": ["single_choice"], "r-0-0-marks": "1"}
    data |= {"r-1-0-count": "1", "r-1-0-unit": unit, "r-1-0-types": ["short_answer"], "r-1-0-marks": "3"}
    return (
        data
        | {"r-1-0-has_choice": "on", "seen": plan_digest(plan_of(Blueprint.objects.get(pk=blueprint.pk)))}
        | changes
    )


def queries(client: Client, url: str) -> int:
    client.get(url)
    with CaptureQueriesContext(connection) as found:
        assert client.get(url).status_code == 200
    return len(found)


# --- The list and the page -------------------------------------------------------------------------------------------
def test_list_groups_own_templates_and_colleagues(teacher: Client, blueprint: Blueprint, cast: Any) -> None:
    for name, author in (("Board", None), ("Hers", cast.colleague)):
        Blueprint.objects.create(
            programme=blueprint.programme, slug=name, name=name, author=author, duration_minutes=1, total_marks=1
        )
    response = teacher.get(reverse("blueprint-list"))
    assert [(row["blueprint"].name, row["rank"]) for row in response.context["rows"]] == [
        ("Unit test", 0), ("Board", 1), ("Hers", 2),
    ]  # fmt: skip
    assert response.context["rows"][0]["questions"] == 3


def test_an_unverified_teacher_is_told_why_the_list_is_empty(client: Client, blueprint: Blueprint, cast: Any) -> None:
    client.force_login(cast.newcomer)
    response = client.get(reverse("blueprint-list"))
    assert response.context["rows"] == []
    assert "when the office has verified you" in response.content.decode()


def test_list_and_page_cost_the_same_for_one_and_for_many(teacher: Client, blueprint: Blueprint) -> None:
    pages = [reverse("blueprint-list"), reverse("blueprint-page", args=[blueprint.pk])]
    few = [queries(teacher, url) for url in pages]
    for number in range(20):
        teacher.post(reverse("blueprint-copy", args=[blueprint.pk]))
        blueprint.sections.create(label=f"X{number}", title="More", position=90 + number)
        factories.question_version()
    assert [queries(teacher, url) for url in pages] == few


def test_page_says_what_the_bank_lacks(teacher: Client, blueprint: Blueprint) -> None:
    Question.objects.filter(type=QuestionType.SHORT_ANSWER).update(state=QuestionState.RETIRED)
    response = teacher.get(reverse("blueprint-page", args=[blueprint.pk]))
    assert response.context["check"].missing == 2
    assert "The bank lacks 2 questions" in response.content.decode()
    assert "disabled" in response.content.decode()


# --- The editor ------------------------------------------------------------------------------------------------------
def test_saving_changes_the_blueprint_and_is_recorded(teacher: Client, blueprint: Blueprint, cast: Any) -> None:
    url = reverse("blueprint-edit", args=[blueprint.pk])
    changes = {"name": "Renamed", "r-0-0-count": "1", "total_marks": "4", "r-0-0-difficulties": ["2", "3"]}
    response = teacher.post(url, form_of(blueprint, **changes, **{"r-0-0-levels": ["apply"]}))
    assert response["Location"] == reverse("blueprint-page", args=[blueprint.pk])
    slots = read_slots(blueprint)
    assert [(slot.number, slot.section, slot.has_choice) for slot in slots] == [(1, "A", False), (2, "B", True)]
    assert (slots[0].difficulties, slots[0].levels) == ({2, 3}, {"apply"})
    event = AuditEvent.objects.get(action="blueprint.changed")
    assert (event.actor, event.before["name"], event.after["name"]) == (cast.teacher, "Unit test", "Renamed")


def test_a_blueprint_changed_in_another_tab_is_not_overwritten_unasked(teacher: Client, blueprint: Blueprint) -> None:
    url = reverse("blueprint-edit", args=[blueprint.pk])
    mine = form_of(blueprint, name="Mine")
    assert teacher.post(url, form_of(blueprint, name="Theirs")).status_code == 302
    refused = teacher.post(url, mine)
    page = refused.content.decode()
    assert refused.status_code == 409
    assert "changed elsewhere since you opened it" in page
    assert 'value="Mine"' in page
    assert 'value="save-copy"' in page
    blueprint.refresh_from_db()
    assert blueprint.name == "Theirs"
    # Both are kept, or the second one knowingly replaces the first.
    copied = teacher.post(url, mine | {"do": "save-copy"})
    assert copied["Location"] == reverse("blueprint-page", args=[Blueprint.objects.get(name="Mine").pk])
    assert teacher.post(url, mine | {"seen": refused.context["seen"]}).status_code == 302
    blueprint.refresh_from_db()
    assert blueprint.name == "Mine"


def test_saving_what_is_stored_writes_nothing(teacher: Client, blueprint: Blueprint) -> None:
    ids = set(BlueprintSlot.objects.values_list("pk", flat=True))
    assert teacher.post(reverse("blueprint-edit", args=[blueprint.pk]), form_of(blueprint)).status_code == 302
    assert set(BlueprintSlot.objects.values_list("pk", flat=True)) == ids
    assert not AuditEvent.objects.filter(action="blueprint.changed").exists()


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"total_marks": "80"}, "The questions add up to 5 marks, but the blueprint says 80."),
        ({"name": ""}, "This field is required."),
        ({"r-0-0-count": "many"}, "Enter a whole number."),
        ({"r-0-0-types": []}, "Choose at least one type."),
        ({"r-0-0-marks": "0.3"}, "Marks come in halves"),
        ({"r-0-0-unit": "11111111-1111-1111-1111-111111111111"}, "Select a valid choice."),
        ({"r-0-0-unit": "no id"}, "Select a valid choice."),
        ({"r-0-0-has_choice": "on"}, "offers a choice, which only written questions can"),
        ({"s-1-label": "A"}, "Two sections are called A."),
        ({"r-0-0-count": "149", "total_marks": "152"}, ""),
        ({"r-0-0-count": "150", "total_marks": "153"}, "A paper has at most 150 questions."),
        ({"run": []}, "The blueprint has no questions."),
        ({"section": []}, "The blueprint has no questions."),
    ],
)
def test_a_wrong_form_is_422_with_what_was_typed(
    teacher: Client, blueprint: Blueprint, changes: dict[str, Any], sentence: str
) -> None:
    response = teacher.post(reverse("blueprint-edit", args=[blueprint.pk]), form_of(blueprint, **changes))
    if not sentence:
        assert response.status_code == 302
        return
    assert response.status_code == 422
    text = response.content.decode()
    assert sentence in text
    typed = next((value for value in changes.values() if isinstance(value, str)), "")
    assert f'value="{typed}"' in text or "section" in changes or "run" in changes or "unit" in str(changes)
    assert plan_of(blueprint).total_marks == 5


def test_buttons_work_without_javascript(teacher: Client, blueprint: Blueprint) -> None:
    url = reverse("blueprint-edit", args=[blueprint.pk])

    def after(do: str) -> list[list[str]]:
        response = teacher.post(url, form_of(blueprint, do=do))
        assert response.status_code == 200
        assert b"<html" in response.content
        return [[row.raw["count"] + row.raw["types"][0] for row in s.runs] for s in response.context["editor"].sections]

    single, short = "2single_choice", "1short_answer"
    assert after("copy 0-0") == [[single, single], [short]]
    assert after("down 0-0") == [[], [single, short]]
    assert after("up 1-0") == [[single, short], []]
    assert after("drop 1-0") == [[single], []]
    assert after("add 0") == [[single, "1single_choice"], [short]]
    assert after("section-down 0") == [[short], [single]]
    assert after("section-drop 0") == [[short]]
    assert after("section") == [[single], [short], ["1single_choice"]]
    for nonsense in ("up 9-9", "up 0", "copy x-y", "explode", "section-up 0", "down 1-0", "add -"):
        assert after(nonsense) == [[single], [short]]


def test_fragments_of_the_editor(teacher: Client, blueprint: Blueprint) -> None:
    url = reverse("blueprint-edit", args=[blueprint.pk])
    moved = teacher.post(url, form_of(blueprint, do="copy 0-0"), headers=HTMX).content.decode()
    assert "<html" not in moved
    assert 'data-focus="r-0-1-count"' in moved
    checked = teacher.post(url, form_of(blueprint, do="check"), headers=HTMX)
    assert checked.content.decode().strip().startswith('<section id="check"')
    assert checked["HX-Retarget"] == "#check"
    wrong = teacher.post(url, form_of(blueprint, do="check", total_marks="x"), headers=HTMX)
    assert (wrong.status_code, "Fill in every field" in wrong.content.decode()) == (200, True)
    assert teacher.post(url, form_of(blueprint, total_marks="x"), headers=HTMX).status_code == 422
    saved = teacher.post(url, form_of(blueprint), headers=HTMX)
    assert saved["HX-Redirect"] == reverse("blueprint-page", args=[blueprint.pk])


def test_a_new_blueprint_belongs_to_its_author(teacher: Client, blueprint: Blueprint, cast: Any) -> None:
    url = reverse("blueprint-new", args=[blueprint.programme_id])
    assert teacher.get(url).status_code == 200
    assert teacher.post(url, form_of(blueprint, name="Mine")).status_code == 302
    made = Blueprint.objects.get(name="Mine")
    assert (made.author, len(read_slots(made))) == (cast.teacher, 3)
    assert AuditEvent.objects.get(action="blueprint.created").object_id == str(made.pk)


def test_a_template_is_copied_and_not_changed(teacher: Client, blueprint: Blueprint, cast: Any) -> None:
    Blueprint.objects.update(author=None)
    denied = teacher.post(reverse("blueprint-edit", args=[blueprint.pk]), form_of(blueprint))
    assert denied.status_code == 403
    assert "Copy it" in denied.content.decode()
    response = teacher.post(reverse("blueprint-copy", args=[blueprint.pk]))
    copy = Blueprint.objects.get(author=cast.teacher)
    assert response["Location"] == reverse("blueprint-edit", args=[copy.pk])
    assert [slot.cell for slot in read_slots(copy)] == [slot.cell for slot in read_slots(blueprint)]
    assert copy.name == "Copy of Unit test"


def test_a_new_blueprint_does_not_begin_with_complaints(teacher: Client, cast: Any) -> None:
    page = teacher.get(reverse("blueprint-new", args=[cast.exam.programme_id])).content.decode()
    assert "This field is required" not in page
    assert 'aria-invalid="true"' not in page


def test_a_used_blueprint_is_not_deleted(teacher: Client, blueprint: Blueprint) -> None:
    url = reverse("blueprint-delete", args=[blueprint.pk])
    Paper.objects.create(
        programme=blueprint.programme, blueprint=blueprint, title="x", seed=1, total_marks=1, written_marks=1,
        frozen_at=factories.NOW,
    )  # fmt: skip
    assert teacher.post(url).status_code == 422
    assert Blueprint.objects.exists()


def test_an_unused_blueprint_is_deleted(teacher: Client, blueprint: Blueprint) -> None:
    assert teacher.post(reverse("blueprint-delete", args=[blueprint.pk])).status_code == 302
    assert not Blueprint.objects.exists()


# --- The draft -------------------------------------------------------------------------------------------------------
@pytest.fixture
def draft(teacher: Client, blueprint: Blueprint) -> PaperDraft:
    assert teacher.post(reverse("paper-draft", args=[blueprint.pk]), {"seed": "7"}).status_code == 302
    return PaperDraft.objects.get()


def test_a_draft_is_drawn_shown_and_drawn_again(teacher: Client, blueprint: Blueprint, cast: Any) -> None:
    url = reverse("paper-draft", args=[blueprint.pk])
    assert "Nothing is drawn yet" in teacher.get(url).content.decode()
    teacher.post(url, {"seed": "7"})
    first = PaperDraft.objects.get()
    page = teacher.get(url)
    assert "seed 7" in page.content.decode()
    assert [len(section["questions"]) for section in page.context["sections"]] == [2, 1]
    teacher.post(url, {"seed": "8"})
    assert PaperDraft.objects.get().seed == 8
    teacher.post(url, {"seed": "7"})
    assert PaperDraft.objects.get().picks == first.picks, "the seed gives the same paper"
    assert not Paper.objects.filter(blueprint=blueprint).exists()


@pytest.mark.parametrize("seed", ["x", "-1", "99999999999"])
def test_a_seed_that_is_none_is_422(teacher: Client, blueprint: Blueprint, seed: str) -> None:
    response = teacher.post(reverse("paper-draft", args=[blueprint.pk]), {"seed": seed})
    assert response.status_code == 422
    assert "The seed is a whole number" in response.content.decode()


def test_a_bank_too_small_is_said(teacher: Client, blueprint: Blueprint) -> None:
    Question.objects.update(state=QuestionState.RETIRED)
    response = teacher.post(reverse("paper-draft", args=[blueprint.pk]))
    assert response.status_code == 422
    assert "needed, the bank has 0." in response.content.decode()


def test_one_question_is_swapped(teacher: Client, blueprint: Blueprint, draft: PaperDraft) -> None:
    url = reverse("paper-swap", args=[blueprint.pk, "3a"])
    page = teacher.get(url)
    used = {row["version"] for row in draft.picks}
    offered = [str(version.pk) for version in page.context["rows"]]
    assert len(offered) == 3, "five in the bank, one of them for the exam of the cast"
    assert not used & set(offered)
    assert teacher.get(url, headers=HTMX).content.decode().strip().startswith('<div id="swap"')
    response = teacher.post(url, {"version": offered[1]})
    assert response["Location"].endswith("/draft/#q3a")
    draft.refresh_from_db()
    assert [row["version"] for row in draft.picks if row["alternative"] == "a"] == [offered[1]]
    assert teacher.get(url, {"q": "no such words"}).context["found"] == 0


@pytest.mark.parametrize("version", ["", "x", "11111111-1111-1111-1111-111111111111"])
def test_what_does_not_fit_is_not_swapped_in(
    teacher: Client, blueprint: Blueprint, draft: PaperDraft, version: str
) -> None:
    response = teacher.post(reverse("paper-swap", args=[blueprint.pk, "1"]), {"version": version})
    assert response.status_code == 422
    assert "cannot take that place" in response.content.decode()
    assert teacher.get(reverse("paper-swap", args=[blueprint.pk, "99"])).status_code == 404


def test_a_draft_is_nobody_elses(client: Client, blueprint: Blueprint, draft: PaperDraft, cast: Any) -> None:
    client.force_login(cast.colleague)
    assert client.get(reverse("paper-draft", args=[blueprint.pk])).context["draft"] is None
    assert client.get(reverse("paper-swap", args=[blueprint.pk, "1"])).status_code == 404
    assert client.post(reverse("paper-freeze", args=[blueprint.pk]), {"title": "x"}).status_code == 404


def test_freezing_keeps_exactly_the_draft(teacher: Client, blueprint: Blueprint, draft: PaperDraft) -> None:
    url = reverse("paper-freeze", args=[blueprint.pk])
    assert teacher.post(url, {"title": ""}).status_code == 422
    response = teacher.post(url, {"title": "Mock 1"})
    paper = Paper.objects.get(title="Mock 1")
    assert response["Location"] == reverse("paper-page", args=[paper.pk])
    frozen = {(row.number, row.alternative): str(row.version_id) for row in paper.questions.all()}
    assert frozen == {(row["number"], row["alternative"]): row["version"] for row in draft.picks}
    assert (paper.seed, paper.total_marks, paper.written_marks) == (7, Decimal(5), Decimal(3))
    assert not PaperDraft.objects.exists()
    assert AuditEvent.objects.get(action="paper.frozen").object_id == str(paper.pk)


def test_a_retired_question_must_be_swapped_before_freezing(
    teacher: Client, blueprint: Blueprint, draft: PaperDraft
) -> None:
    gone = draft.picks[0]["version"]
    Question.objects.filter(current=gone).update(state=QuestionState.RETIRED)
    assert (
        "Question 1 was changed or retired since"
        in teacher.get(reverse("paper-draft", args=[blueprint.pk])).content.decode()
    )
    assert teacher.post(reverse("paper-freeze", args=[blueprint.pk]), {"title": "x"}).status_code == 422
    other = teacher.get(reverse("paper-swap", args=[blueprint.pk, "1"])).context["rows"][0].pk
    teacher.post(reverse("paper-swap", args=[blueprint.pk, "1"]), {"version": str(other)})
    assert teacher.post(reverse("paper-freeze", args=[blueprint.pk]), {"title": "x"}).status_code == 302


def test_a_changed_blueprint_needs_another_draw(teacher: Client, blueprint: Blueprint, draft: PaperDraft) -> None:
    BlueprintSlot.objects.filter(number=2).delete()
    assert "The blueprint has changed" in teacher.get(reverse("paper-draft", args=[blueprint.pk])).content.decode()
    assert teacher.post(reverse("paper-freeze", args=[blueprint.pk]), {"title": "x"}).status_code == 422


# --- The fixed paper -------------------------------------------------------------------------------------------------
@pytest.fixture
def paper(teacher: Client, blueprint: Blueprint, draft: PaperDraft) -> Paper:
    teacher.post(reverse("paper-freeze", args=[blueprint.pk]), {"title": "Mock 1"})
    return Paper.objects.get(title="Mock 1")


def exam_form(cast: Any, **changes: Any) -> dict[str, Any]:
    opens = timezone.localtime() + timedelta(days=1)
    return {
        "title": "Monday mock", "cohorts": [str(cast.cohort.pk)], "opens_at": f"{opens:%Y-%m-%dT%H:%M}",
        "closes_at": f"{opens + timedelta(hours=5):%Y-%m-%dT%H:%M}", "duration_minutes": "40",
    } | changes  # fmt: skip


def test_a_paper_is_set_for_a_batch(teacher: Client, paper: Paper, cast: Any) -> None:
    url = reverse("paper-page", args=[paper.pk])
    page = teacher.get(url)
    assert [cohort.name for cohort in page.context["cohorts"]] == ["X A"], "only batches the teacher teaches"
    assert teacher.post(url, exam_form(cast)).status_code == 302
    exam = Exam.objects.get(paper=paper)
    assert (exam.title, exam.duration_minutes, exam.is_published) == ("Monday mock", 40, True)
    assert (exam.behaviour, exam.tries, exam.try_penalty) == ("deferred", 3, Decimal("0.33")), "what is left out"
    assert list(exam.cohorts.all()) == [cast.cohort]
    assert Exam.objects.visible_to(cast.student).filter(pk=exam.pk).exists()
    assert not Exam.objects.visible_to(cast.outsider).filter(pk=exam.pk).exists()
    assert AuditEvent.objects.filter(action="exam.created", object_id=str(exam.pk)).exists()


def test_a_paper_is_set_with_a_calculator_and_students_are_told(teacher: Client, paper: Paper, cast: Any) -> None:
    assert teacher.post(reverse("paper-page", args=[paper.pk]), exam_form(cast, calculator="basic")).status_code == 302
    exam = Exam.objects.get(paper=paper)
    student = Client()
    student.force_login(cast.student)
    told = "A calculator is on the screen: Four operations, roots and per cent."
    assert told in student.get(reverse("exam-detail", args=[exam.pk])).content.decode()
    assert "calculator" not in student.get(reverse("exam-detail", args=[cast.exam.pk])).content.decode()


def test_a_paper_is_not_set_twice_by_two_tabs(teacher: Client, paper: Paper, cast: Any) -> None:
    url = reverse("paper-page", args=[paper.pk])
    assert teacher.post(url, exam_form(cast)).status_code == 302
    again = teacher.post(url, exam_form(cast, opens_at="2030-01-01T10:00", closes_at=""))
    assert again.status_code == 422
    assert "“Monday mock” is already set for X A." in again.content.decode()
    assert teacher.post(url, exam_form(cast, title="Tuesday mock")).status_code == 302
    assert Exam.objects.filter(paper=paper).count() == 2


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"cohorts": []}, "Choose a batch."),
        ({"opens_at": "soon"}, "Enter a valid date/time."),
        ({"closes_at": "2020-01-01T10:00"}, "The exam must close after it opens"),
        ({"duration_minutes": "0"}, "greater than or equal to 1"),
        ({"behaviour": "certainty"}, "Certainty needs a paper without written questions"),
        ({"tries": "6"}, "less than or equal to 5"),
        ({"try_penalty": "1.5"}, "less than or equal to 1"),
        ({"calculator": "abacus"}, "Select a valid choice."),
        ({"title": ""}, "This field is required."),
        ({"cohorts": ["11111111-1111-1111-1111-111111111111"]}, "Select a valid choice."),
    ],
)
def test_a_wrong_exam_is_422(teacher: Client, paper: Paper, cast: Any, changes: dict[str, Any], sentence: str) -> None:
    response = teacher.post(reverse("paper-page", args=[paper.pk]), exam_form(cast, **changes))
    assert response.status_code == 422
    assert sentence in response.content.decode()
    assert not Exam.objects.filter(paper=paper).exists()


def test_staff_set_for_every_batch_of_the_programme(client: Client, paper: Paper, cast: Any) -> None:
    client.force_login(cast.staff)
    page = client.get(reverse("paper-page", args=[paper.pk]))
    assert [cohort.name for cohort in page.context["cohorts"]] == ["X A", "X B"]


def test_papers_and_drafts_cost_the_same_for_few_and_many_questions(
    teacher: Client, blueprint: Blueprint, paper: Paper
) -> None:
    def cost() -> list[int]:
        teacher.post(reverse("paper-draft", args=[blueprint.pk]))
        pages = [reverse("paper-draft", args=[blueprint.pk]), reverse("paper-swap", args=[blueprint.pk, "1"])]
        return [queries(teacher, url) for url in pages]

    few = cost()
    section, unit = blueprint.sections.get(label="B"), factories.UnitFactory()
    for number in range(4, 14):
        section.slots.create(number=number, unit=unit, types=[QuestionType.SINGLE_CHOICE], marks=1)
        factories.question_version()
    Blueprint.objects.update(total_marks=15)
    assert cost() == few
    assert queries(teacher, reverse("paper-page", args=[paper.pk])) < 20


def test_page_says_how_long_papers_of_it_take(teacher: Client, blueprint: Blueprint, django_assert_num_queries: Any):
    page = reverse("blueprint-page", args=[blueprint.pk])
    current = Question.objects.values_list("current", flat=True)
    single = current.filter(type=QuestionType.SINGLE_CHOICE, current__marks=1)
    short = current.filter(type=QuestionType.SHORT_ANSWER, current__marks=3)
    for number, version in enumerate(single):  # 50, 60, 70 … seconds on average
        ItemStatistics.objects.create(version_id=version, timed=10, seconds=10 * (50 + 10 * number))
    mean = 50 + 10 * (len(single) - 1) / 2
    # Two marks of five: too little to speak of the paper.
    assert plan_time(plan_of(blueprint)) is None
    assert "Students take about" not in teacher.get(page).content.decode()
    # Two of the short answers, of which one was timed by too few.
    ItemStatistics.objects.create(version_id=short[0], timed=5, seconds=5 * 400)
    ItemStatistics.objects.create(version_id=short[1], timed=4, seconds=4 * 90)
    plan = plan_of(blueprint)
    with django_assert_num_queries(1):
        assert plan_time(plan) == PaperTime(seconds=round(2 * mean + 400), timed=3, questions=3)
    assert "of the 30 minutes" in teacher.get(page).content.decode()
