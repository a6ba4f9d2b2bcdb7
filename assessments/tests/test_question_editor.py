"""The question editor: every type written and read back, errors beside their fields, the preview, and no lost work."""

from __future__ import annotations

import io
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from PIL import Image

from assessments.enums import QuestionState, QuestionType
from assessments.forms.question import QuestionForm, initial_of
from assessments.models import Question
from assessments.services.content_schema import OptionContent, PartContent, QuestionContent, StepContent
from assessments.services.questions import content_of, create_question, normalised, revise_question
from courses.models import Topic
from tests import factories
from tests.factories import NOW

pytestmark = pytest.mark.django_db
NEW = reverse("question-new")
HTMX = {"HX-Request": "true"}
T = QuestionType


def content(text: str, answer: Any = None, **more: Any) -> QuestionContent:
    fields = {"marks": Decimal(2), "difficulty": 3, "cognitive_level": "apply", "text": text, "answer": answer or {}}
    return QuestionContent(**{**fields, **more})


def letters(*texts: str) -> tuple[OptionContent, ...]:
    return tuple(OptionContent("ABCDEFGH"[number], text) for number, text in enumerate(texts))


def parts(*texts: str) -> tuple[PartContent, ...]:
    return tuple(PartContent(str(number), text, Decimal(1)) for number, text in enumerate(texts, 1))


STEPS = (StepContent("One", Decimal("0.5")), StepContent("Two $x$", Decimal("1.5"), kind="accuracy", follows=(1,)))
WRITTEN = {"steps": STEPS, "model_answer": "Because.\n\nSo."}
CASE = (
    PartContent("i", "First", Decimal(1)),
    PartContent("ii", "Second", Decimal(1), alternative="a"),
    PartContent("ii", "Or this", Decimal(1), alternative="b"),
)
CASE_STEPS = tuple(StepContent("Step", Decimal(1), part=p.label, alternative=p.alternative) for p in CASE)
HALF = {"text": "c", "credit": "0.5"}
BLANKS = {
    "1": {
        "kind": "text",
        "accepted": [{"text": "a|b", "credit": "1"}, {"text": "c", "credit": "0.5"}],
        "match_case": False,
    },
    "2": {"kind": "choice", "options": ["are", "is"], "correct": "is"},
}
VARIANT = {
    "names": {"a": {"min": "1", "max": "9"}, "b": {"min": "2", "max": "8", "step": "2"}},
    "derived": {"s": "a+b"},
    "constraints": ["a != b"],
}
CONTENTS = [
    (T.SINGLE_CHOICE, content("Which?", {"choices": ["B"]}, options=letters("$1$", "$2$", "$3$"))),
    (T.ASSERTION_REASON, content("A and R", {"choices": ["A"]}, options=letters("x", "y", "z", "w"))),
    (
        T.MULTIPLE_CHOICE,
        content("W?", {"choices": ["A", "C"], "grading": "partial"}, options=letters("1", "2", "3")),
    ),
    (T.TRUE_FALSE, content("Is it?", {"choices": ["false"]})),
    (T.NUMERIC, content("How long?", {"value": "3.5", "tolerance": "0.01", "unit": "cm"}, hints=("Draw it.", "$7/2$"))),
    (T.NUMERIC, content("Add.", {"value": "[[=s]]", "tolerance": "0"}, parameters=VARIANT)),
    (
        T.SHORT_TEXT,
        content(
            "Name it.",
            {"accepted": [{"text": "mitral*", "credit": "1"}, {"text": "x", "credit": "0.5"}], "match_case": True},
        ),
    ),
    (T.EXPRESSION, content("Expand.", {"expression": "2x+3", "form": "expanded"})),
    (T.FILL_IN, content("He [[1]] and [[2]].", {"blanks": BLANKS}, parts=parts("", ""))),
    (
        T.MATCHING,
        content("Match.", {"pairs": {"1": "B", "2": "A"}}, options=letters("x", "y", "z"), parts=parts("p", "q")),
    ),
    (T.SHORT_ANSWER, content("Why?", **WRITTEN, explanation="Look.")),
    (T.FILE_UPLOAD, content("Build it.", **WRITTEN)),
    (T.CASE_STUDY, content("Read.", parts=CASE, steps=CASE_STEPS, model_answer="See.")),
]


def typed(kind: str, item: QuestionContent, chapter: Any, **more: str) -> dict[str, Any]:
    """What a browser sends for `item`, as the editor shows it."""
    initial = initial_of(kind, item)
    data: dict[str, Any] = {"chapter": str(chapter.pk), "topic": "", "version": ""}
    for name, value in initial.items():
        if isinstance(value, list):
            columns = {
                "options": ("text",),
                "accepted": ("text", "credit"),
                "steps": ("text", "marks", "kind", "part", "follows", "method"),
                "methods": ("text",),
                "hints": ("text",),
            }
            for column in columns.get(name, ("text", "marks", "pair", "kind", "answer", "other")):
                data[f"{name}-{column}"] = [row.values.get(column, "") for row in value]
            for tick in ("right", "alternative"):
                data[f"{name}-{tick}"] = [str(number) for number, row in enumerate(value) if row.values.get(tick)]
        elif value not in (None, "", False):
            data[name] = str(value)
    return data | more


@pytest.fixture
def chapter(db: None) -> Any:
    return factories.ChapterFactory()


@pytest.fixture
def teacher(client: Client, cast: Any) -> Any:
    client.force_login(cast.teacher)
    return cast.teacher


class TestEveryType:
    @pytest.mark.parametrize(("kind", "item"), CONTENTS, ids=[f"{kind}-{n}" for n, (kind, _c) in enumerate(CONTENTS)])
    def test_is_written_and_read_back_as_it_was(
        self, client: Client, teacher: Any, chapter: Any, kind: str, item: QuestionContent
    ) -> None:
        response = client.post(NEW, typed(kind, item, chapter))
        assert response.status_code == 302, response.context["form"].errors
        question = Question.objects.get(author=teacher, type=kind, state=QuestionState.DRAFT)
        assert content_of(question.current) == normalised(item)
        edit = reverse("question-edit", args=[question.pk])
        assert client.get(edit).status_code == 200
        # Saved again as it is shown: nothing changes, so there is no new version.
        assert client.post(edit, typed(kind, content_of(question.current), chapter, version="1")).status_code == 302
        assert question.versions.count() == 1

    def test_items_to_order_do_not_tell_by_their_letters(self, client: Client, teacher: Any, chapter: Any) -> None:
        data = typed(
            T.ORDERING, content("Order.", {"order": ["A", "B", "C"]}, options=letters("one", "two", "three")), chapter
        )
        assert client.post(NEW, data).status_code == 302
        version = Question.objects.get(type=T.ORDERING).current
        options = {option["label"]: option["source"] for option in version.options}
        assert [options[label] for label in version.answer["order"]] == ["one", "two", "three"]
        assert list(options.values()) != ["one", "two", "three"]
        again = typed(T.ORDERING, content_of(version), chapter, version="1")
        assert again["options-text"] == ["one", "two", "three"]

    @pytest.mark.parametrize("kind", QuestionType.values)
    def test_empty_form_of_every_type_opens(self, client: Client, teacher: Any, chapter: Any, kind: str) -> None:
        page = client.get(NEW, {"type": kind}).content.decode()
        assert f'<option value="{kind}" selected>' in page


class TestSaving:
    def test_the_empty_form_is_422_with_a_sentence_beside_each_field(self, client: Client, teacher: Any) -> None:
        response = client.post(NEW, {"type": "short_answer", "marks": "x", "steps-text": ["A"], "steps-marks": ["a"]})
        page = response.content.decode()
        assert response.status_code == 422
        form = response.context["form"]
        assert {"chapter", "text", "model_answer", "marks"} <= set(form.errors)
        assert form.rows["steps"][0].errors == ["Write the marks as a number: 2, 2.5 or ½."]
        assert "The question has no text." in page

    def test_what_was_typed_is_kept(self, client: Client, teacher: Any, chapter: Any) -> None:
        data = typed(T.SHORT_ANSWER, content("Broken $\\frac{1}$", **WRITTEN), chapter)
        response = client.post(NEW, data)
        page = response.content.decode()
        assert response.status_code == 422
        assert "cannot be read" in page
        for text in ("Broken $\\frac{1}$", "Two $x$", 'value="1.5"', "Because."):
            assert text in page
        assert not Question.objects.filter(author=teacher).exists()

    def test_wrong_formula_in_a_step_stands_beside_that_step(self, client: Client, teacher: Any, chapter: Any) -> None:
        data = typed(T.SHORT_ANSWER, content("Why?", **WRITTEN), chapter)
        data["steps-text"] = ["One", "", "Two $\\sqrt$"]
        data["steps-marks"] = ["½", "", "1,5"]
        data["steps-kind"] = ["method"] * 3
        form = client.post(NEW, data).context["form"]
        assert [bool(row.errors) for row in form.rows["steps"]] == [False, False, True]

    def test_what_a_step_follows_is_named_by_the_numbers_on_the_page(
        self, client: Client, teacher: Any, chapter: Any
    ) -> None:
        data = typed(T.SHORT_ANSWER, content("Why?", **WRITTEN), chapter)
        data |= {"steps-text": ["One", "", "Two"], "steps-marks": ["½", "", "1½"], "steps-kind": ["method"] * 3}
        for wrong, sentence in (
            ("2", "There is no step 2 to follow."),
            ("one", "Name the steps it follows by their numbers: 1, 2."),
            ("3", "Step 2 can follow only a step before it, not step 2."),
        ):
            response = client.post(NEW, data | {"steps-follows": ["", "", wrong]})
            assert response.status_code == 422
            assert [row.errors for row in response.context["form"].rows["steps"]] == [[], [], [sentence]]
            assert f'value="{wrong}"' in response.content.decode()
        assert client.post(NEW, data | {"steps-follows": ["", "", " 1;"]}).status_code == 302
        steps = Question.objects.get(author=teacher).current.steps
        assert list(steps.values_list("text_source", "follows")) == [("One", None), ("Two", [1])]

    def test_half_marks_may_be_written_as_people_write_them(self, client: Client, teacher: Any, chapter: Any) -> None:
        data = typed(T.SHORT_ANSWER, content("Why?", **WRITTEN), chapter)
        data["steps-marks"] = ["½", "1½"]
        assert client.post(NEW, data).status_code == 302

    def test_sum_that_does_not_fit_is_said_at_the_scheme(self, client: Client, teacher: Any, chapter: Any) -> None:
        data = typed(T.SHORT_ANSWER, content("Why?", **WRITTEN), chapter, marks="3")
        response = client.post(NEW, data)
        assert response.context["form"].problems == {
            "steps": ["The steps add up to 2.0 marks, but the question carries 3."]
        }
        assert "The steps add up to" in response.content.decode()

    def test_save_and_send_to_review(self, client: Client, teacher: Any, chapter: Any) -> None:
        client.post(NEW, typed(T.SHORT_ANSWER, content("Why?", **WRITTEN), chapter, do="review"))
        question = Question.objects.get(author=teacher)
        assert question.state == QuestionState.IN_REVIEW
        assert question.reviews.get().actor == teacher

    def test_student_cannot_write(self, client: Client, cast: Any, chapter: Any) -> None:
        client.force_login(cast.student)
        assert client.get(NEW).status_code == 403
        assert client.post(NEW, typed(T.SHORT_ANSWER, content("Why?", **WRITTEN), chapter)).status_code == 403

    def test_next_question_begins_where_the_last_one_was(self, client: Client, teacher: Any, chapter: Any) -> None:
        client.post(NEW, typed(T.SHORT_ANSWER, content("Why?", **WRITTEN), chapter))
        assert f'<option value="{chapter.pk}" selected>' in client.get(NEW).content.decode()

    def test_fragment_is_the_form_alone(self, client: Client, teacher: Any) -> None:
        response = client.post(NEW, {"type": "matching", "do": "refresh"}, headers=HTMX)
        page = response.content.decode()
        assert (response.status_code, page.strip()[:5]) == (200, "<form")
        assert 'name="parts-pair"' in page
        assert "has no text" not in page

    def test_changing_the_type_keeps_what_was_typed_and_shows_its_fields(
        self, client: Client, teacher: Any, chapter: Any
    ) -> None:
        data = typed(T.SHORT_ANSWER, content("Why $x$?", **WRITTEN), chapter, do="refresh") | {"type": "single_choice"}
        page = client.post(NEW, data, headers=HTMX).content.decode()
        assert "Why $x$?" in page
        assert page.count('name="options-text"') > 3

    def test_topics_follow_the_chapter(self, client: Client, teacher: Any, chapter: Any) -> None:
        topic = Topic.objects.create(chapter=chapter, name="Nature of roots")
        page = client.post(NEW, {"do": "refresh", "chapter": str(chapter.pk)}, headers=HTMX).content.decode()
        assert str(topic.pk) in page


class TestEditing:
    def question(self, teacher: Any, chapter: Any, **more: Any) -> Question:
        item = content("Why?", **WRITTEN)
        return create_question(chapter=chapter, type=T.SHORT_ANSWER, content=item, author=teacher, now=NOW, **more)

    def test_makes_a_version_and_moves_the_place(self, client: Client, teacher: Any, chapter: Any) -> None:
        question = self.question(teacher, chapter)
        other = factories.ChapterFactory(name="Circles")
        data = typed(T.SHORT_ANSWER, content("Why not?", **WRITTEN), other, version="1")
        assert client.post(reverse("question-edit", args=[question.pk]), data).status_code == 302
        question.refresh_from_db()
        assert (question.current.number, question.chapter) == (2, other)

    def test_somebody_elses_version_in_between_is_a_conflict_once(
        self, client: Client, teacher: Any, chapter: Any
    ) -> None:
        question = self.question(teacher, chapter)
        revise_question(question=question, content=content("Theirs", **WRITTEN), actor=teacher, now=NOW)
        address = reverse("question-edit", args=[question.pk])
        response = client.post(address, typed(T.SHORT_ANSWER, content("Mine", **WRITTEN), chapter, version="1"))
        assert response.status_code == 409
        page = response.content.decode()
        assert "saved version 2 meanwhile" in page
        assert "Mine" in page
        assert 'name="version" value="2"' in page
        again = typed(T.SHORT_ANSWER, content("Mine", **WRITTEN), chapter, version="2")
        assert client.post(address, again).status_code == 302

    def test_foreign_draft_is_not_there_and_own_in_review_is_closed(
        self, client: Client, cast: Any, chapter: Any
    ) -> None:
        client.force_login(cast.newcomer)
        foreign = self.question(cast.teacher, chapter)
        waiting = self.question(cast.newcomer, chapter, state=QuestionState.IN_REVIEW)
        assert client.get(reverse("question-edit", args=[foreign.pk])).status_code == 404
        assert client.get(reverse("question-edit", args=[waiting.pk])).status_code == 403


class TestPreview:
    address = reverse("question-preview")

    def test_shows_what_the_student_sees(self, client: Client, teacher: Any, chapter: Any) -> None:
        response = client.post(
            self.address, typed(T.SHORT_ANSWER, content("Solve $x^2$", **WRITTEN), chapter), headers=HTMX
        )
        page = response.content.decode()
        assert response.status_code == 200
        assert "<math" in page
        assert "Complete." in page

    def test_what_cannot_be_rendered_is_422_and_the_rest_is_shown(
        self, client: Client, teacher: Any, chapter: Any
    ) -> None:
        data = typed(T.SHORT_ANSWER, content("Solve $x^2$", **WRITTEN), chapter)
        data["steps-text"] = ["$\\sqrt$", "Fine $y$"]
        response = client.post(self.address, data, headers=HTMX)
        page = response.content.decode()
        assert response.status_code == 422
        assert 'data-place="steps-1"' in page
        assert page.count("<math") == 2

    def test_variant_is_drawn(self, client: Client, teacher: Any, chapter: Any) -> None:
        item = content("Add [[=a]] and [[=b]].", {"value": "[[=s]]", "tolerance": "0"}, parameters=VARIANT)
        page = client.post(self.address, typed(T.NUMERIC, item, chapter), headers=HTMX).content.decode()
        assert "[[=" not in page
        assert "A variant:" in page

    def test_question_like_it_is_linked_and_itself_is_not(self, client: Client, teacher: Any, chapter: Any) -> None:
        text = "A ladder of ten metres leans against a wall with its foot six metres off. How high does it reach?"
        client.post(NEW, typed(T.SHORT_ANSWER, content(text, **WRITTEN), chapter))
        question = Question.objects.get(author=teacher)
        data = typed(T.SHORT_ANSWER, content(text + " Say.", **WRITTEN), chapter)
        link = reverse("question-page", args=[question.pk])
        assert link in client.post(self.address, data).content.decode()
        assert link not in client.post(self.address, data | {"question": str(question.pk)}).content.decode()

    @pytest.mark.parametrize(
        "junk",
        [
            {"type": "no"}, {"chapter": "x"}, {"question": "-" * 36}, {"difficulty": "99"}, {"marks": "1" * 50},
            {"type": "matching", "parts-text": ["a"] * 40}, {"type": "case_study", "parts-text": ["a"] * 30},
            {"type": "ordering", "options-text": ["same"] * 30}, {"type": "numeric", "parameters": "a = b..c\n:=\n=="},
            {"type": "fill_in", "parts-answer": ["| | @ 9"], "text": "[[1]]"}, {"type": "true_false", "truth": "x"},
            {"type": "single_choice", "options-text": ["a", "", "\x01"]}, {"topic": "\x01"},
        ],
    )  # fmt: skip
    def test_junk_is_never_an_error(self, client: Client, teacher: Any, junk: dict[str, Any]) -> None:
        assert client.post(self.address, junk).status_code in (200, 422)
        assert client.post(NEW, junk).status_code == 422


class TestWithoutScripts:
    def test_empty_rows_are_ready(self, client: Client, teacher: Any) -> None:
        page = client.get(NEW).content.decode()
        shown = page.split("<template")[0]
        assert shown.count('name="steps-text"') == 3

    def test_picture_comes_into_the_text(self, client: Client, teacher: Any, chapter: Any) -> None:
        made = io.BytesIO()
        Image.new("RGB", (30, 30)).save(made, "PNG")
        made.seek(0)
        made.name = "triangle.png"
        data = typed(T.SHORT_ANSWER, content("See:", **WRITTEN), chapter, do="picture") | {"picture": made}
        page = client.post(NEW, data).content.decode()
        assert "![triangle](/media/questions/" in page
        refused = client.post(NEW, {"do": "picture", "text": "kept"})
        assert refused.status_code == 422
        assert "Choose a picture first." in refused.content.decode()


def test_a_form_without_data_has_the_usual_rows(chapter: Any) -> None:
    assert len(QuestionForm(initial={"type": "single_choice"}).rows["options"]) == 4


class TestMethods:
    """Several complete solutions in one scheme, with and without JavaScript."""

    TWO = content(
        "Solve.",
        model_answer="Because.",
        method_titles=("By elimination", "By substitution"),
        steps=(
            *STEPS,
            StepContent("Puts y", Decimal(1), method=2),
            StepContent("x", Decimal(1), method=2, follows=(1,)),
        ),
    )

    def test_are_written_and_read_back(self, client: Client, teacher: Any, chapter: Any) -> None:
        assert client.post(NEW, typed(T.SHORT_ANSWER, self.TWO, chapter)).status_code == 302
        question = Question.objects.get(author=teacher)
        assert content_of(question.current) == normalised(self.TWO)
        page = client.get(reverse("question-edit", args=[question.pk])).content.decode()
        assert page.count('data-rows="steps"') == 2
        assert 'value="By substitution"' in page
        assert 'aria-label="Method 2, step 2"' in page
        shown = client.get(reverse("question-page", args=[question.pk])).content.decode()
        assert shown.index("By elimination") < shown.index("OR</span>") < shown.index("Method 2</b>: By substitution")

    @pytest.mark.parametrize("headers", [{}, HTMX])
    def test_one_is_added_and_removed_by_buttons_of_the_form(
        self, client: Client, teacher: Any, chapter: Any, headers: dict[str, str]
    ) -> None:
        data = typed(T.SHORT_ANSWER, content("Solve.", **WRITTEN), chapter) | {"methods-text": [""]}
        page = client.post(NEW, data | {"do": "method-add"}, headers=headers)
        assert page.status_code == 200
        text = page.content.decode()
        assert text.count('data-rows="steps"') == 2
        assert text.count("autofocus") == 1
        assert ("<html" in text) == (not headers)
        typed_two = typed(T.SHORT_ANSWER, self.TWO, chapter)
        page = client.post(NEW, typed_two | {"do": "method-drop-1"}, headers=headers)
        form = page.context["form"]
        assert [(m.title, [row.text for row in m.rows]) for m in form.methods] == [("By substitution", ["Puts y", "x"])]
        assert [row.method for row in form.rows["steps"]] == ["1", "1"]
        assert "autofocus" not in page.content.decode()
        assert not Question.objects.filter(author=teacher).exists()

    def test_no_more_than_four_and_none_in_a_case_study(self, client: Client, teacher: Any, chapter: Any) -> None:
        data = typed(T.SHORT_ANSWER, content("Solve.", **WRITTEN), chapter) | {"methods-text": ["", "", "", ""]}
        page = client.post(NEW, data | {"do": "method-add"})
        assert len(page.context["form"].methods) == 4
        assert b"method-add" not in page.content
        page = client.post(NEW, data | {"type": T.CASE_STUDY, "steps-method": ["1", "2"], "do": "refresh"})
        assert len(page.context["form"].methods) == 1
        assert b"method-add" not in page.content

    def test_one_left_empty_is_none_and_rows_left_empty_between_them_do_not_count(
        self, client: Client, teacher: Any, chapter: Any
    ) -> None:
        data = typed(T.SHORT_ANSWER, self.TWO, chapter)
        # As a page without JavaScript sends it: empty rows at the end of each method.
        for name in ("text", "marks", "part", "follows", "kind", "method"):
            one = data[f"steps-{name}"]
            filler = {"kind": ["method"] * 2, "method": ["1", "1"]}.get(name, ["", ""])
            data[f"steps-{name}"] = [*one[:2], *filler, *one[2:]]
        assert client.post(NEW, data | {"methods-text": ["By elimination", "By substitution", " "]}).status_code == 302
        assert content_of(Question.objects.get(author=teacher).current) == normalised(self.TWO)

    def test_what_is_wrong_is_said_beside_its_step(self, client: Client, teacher: Any, chapter: Any) -> None:
        data = typed(T.SHORT_ANSWER, self.TWO, chapter) | {"steps-marks": ["0.5", "1.5", "0.3", "2"]}
        page = client.post(NEW, data)
        assert page.status_code == 422
        assert page.context["form"].rows["steps"][2].errors == [
            "Step 1 of method 2 must carry marks in halves, more than 0 and at most 100, not 0.3."
        ]
        data = typed(T.SHORT_ANSWER, self.TWO, chapter) | {"steps-marks": ["0.5", "1.5", "1", "2"]}
        page = client.post(NEW, data, headers=HTMX)
        assert page.status_code == 422
        assert "The steps of method 2 add up to 3 marks, but the question carries 2." in page.content.decode()
        data = typed(T.SHORT_ANSWER, self.TWO, chapter) | {"methods-text": ["", "", "By graph"]}
        page = client.post(NEW, data)
        assert "Method 3 has a title, but the marking scheme has no step of it." in page.content.decode()

    def test_strange_numbers_of_methods_are_no_fault_of_the_server(
        self, client: Client, teacher: Any, chapter: Any
    ) -> None:
        data = typed(T.SHORT_ANSWER, self.TWO, chapter)
        for strange in (["x", "²", "0", "99"], ["9", "9", "9", "9"], []):
            for do in ("save", "method-add", "method-drop-9", "method-drop-x", "method-"):
                assert client.post(NEW, data | {"steps-method": strange, "do": do}).status_code in {200, 302, 422}

    def test_the_preview_shows_them_and_a_student_may_not_ask(
        self, client: Client, teacher: Any, chapter: Any, cast: Any
    ) -> None:
        data = typed(T.SHORT_ANSWER, self.TWO, chapter)
        preview = client.post(reverse("question-preview"), data, headers=HTMX).content.decode()
        assert "Method 1</b>: By elimination" in preview
        assert preview.index("OR</span>") < preview.index("Puts y")
        broken = data | {"steps-text": ["One", "Two", "$\\frac{$", "x"]}
        answer = client.post(reverse("question-preview"), broken, headers=HTMX)
        assert answer.status_code == 422
        assert 'data-place="steps-2.1"' in answer.content.decode()
        client.force_login(cast.student)
        assert client.post(NEW, data | {"do": "method-add"}).status_code == 403
