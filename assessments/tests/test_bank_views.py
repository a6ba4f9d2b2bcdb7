"""The question bank's pages: the list and its filters, one question with its versions, and the review queue."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from assessments.enums import QuestionState, QuestionType
from assessments.models import Attempt, Question, QuestionReview
from assessments.selectors import bank_pages
from assessments.selectors.version_diff import changes_between, pieces_between
from assessments.services.questions import (
    OptionContent,
    PartContent,
    QuestionContent,
    StepContent,
    create_question,
    revise_question,
)
from courses.models import Topic
from notifications.models import Notification
from tests import factories
from tests.factories import NOW

pytestmark = pytest.mark.django_db
HTMX = {"HX-Request": "true"}
LIST = reverse("bank-list")
IRRATIONAL = "Prove that $\\sqrt{2}$ is irrational."


def written(author: Any, text: str = IRRATIONAL, **changes: Any) -> QuestionContent:
    fields = {
        "marks": Decimal(3),
        "difficulty": 2,
        "cognitive_level": "apply",
        "text": text,
        "model_answer": "By contradiction.",
        "steps": (StepContent("Assumes the contrary", Decimal(1)), StepContent("Contradiction", Decimal(2))),
    }
    return QuestionContent(**{**fields, **changes})


def make(
    author: Any, text: str = "Prove that $\\sqrt{2}$ is irrational.", state: str = "draft", **more: Any
) -> Question:
    content = written(author, text, **more)
    return create_question(
        chapter=factories.ChapterFactory(),
        type=QuestionType.SHORT_ANSWER,
        content=content,
        author=author,
        now=NOW,
        state=state,
    )


def found(response: Any) -> list[Question]:
    return list(response.context["page"].rows)


@pytest.fixture
def teacher(client: Client, cast: Any) -> Any:
    client.force_login(cast.teacher)
    return cast.teacher


class TestList:
    def test_shows_what_each_question_is(self, client: Client, teacher: Any, cast: Any) -> None:
        make(cast.colleague)
        page = client.get(LIST).content.decode()
        assert "irrational" in page
        assert "Short answer" in page
        assert "Anita Desai" in page
        assert "not used yet" in page
        assert "in 1 paper" in page

    def test_students_have_no_bank(self, client: Client, cast: Any) -> None:
        client.force_login(cast.student)
        assert client.get(LIST).status_code == 403

    def test_newcomer_sees_only_their_own(self, client: Client, cast: Any) -> None:
        own = make(cast.newcomer)
        client.force_login(cast.newcomer)
        response = client.get(LIST)
        assert found(response) == [own]
        assert "To review" not in response.content.decode()

    def test_fragment_has_no_page_around_it_and_a_short_address(self, client: Client, teacher: Any) -> None:
        response = client.get(LIST, {"q": "", "type": "numeric", "view": ""}, headers=HTMX)
        assert response.content.decode().strip().startswith('<div id="bank">')
        assert response["HX-Push-Url"] == f"{LIST}?type=numeric"

    def test_wrong_marks_are_a_sentence_and_kept(self, client: Client, teacher: Any) -> None:
        response = client.get(LIST, {"marks": "0.3"})
        assert response.status_code == 422
        assert "Marks come in halves" in response.content.decode()
        assert 'value="0.3"' in response.content.decode()

    @pytest.mark.parametrize(
        "junk", ["unit=abc", "type=nothing", "before=x", "chapter=%01", "view=zzz", "difficulty=9"]
    )
    def test_junk_in_the_address_narrows_nothing(self, client: Client, teacher: Any, junk: str) -> None:
        question = make(teacher)
        assert question in found(client.get(f"{LIST}?{junk}"))

    def test_every_filter_narrows(self, client: Client, teacher: Any) -> None:
        wanted = make(teacher, marks=Decimal(3), difficulty=4, cognitive_level="create")
        make(teacher, "Another one about something else")
        chapter = wanted.chapter
        topic = Topic.objects.create(chapter=chapter, name="Surds")
        Question.objects.filter(pk=wanted.pk).update(topic=topic)
        place = {
            "programme": chapter.unit.programme_id,
            "unit": chapter.unit_id,
            "chapter": chapter.pk,
            "topic": topic.pk,
        }
        for filters in (place, {"difficulty": 4}, {"level": "create"}, {"marks": 3, "difficulty": 4}):
            assert found(client.get(LIST, filters)) == [wanted], filters
        assert found(client.get(LIST, {"state": "retired"})) == []
        assert wanted in found(client.get(LIST, {"type": "short_answer", "state": "draft", "view": "mine"}))

    def test_a_chapter_of_another_unit_is_let_go(self, client: Client, teacher: Any) -> None:
        question = make(teacher)
        other = factories.ChapterFactory(unit=factories.UnitFactory(slug="geometry", name="Geometry"), name="Circles")
        response = client.get(
            LIST, {"programme": other.unit.programme_id, "unit": question.chapter.unit_id, "chapter": other.pk}
        )
        assert question in found(response)

    @pytest.mark.parametrize("words", ["irrational prove", "IRRATIONAL", "irrat", "√2 prove", "prove-that-irrational"])
    def test_search_finds_words_in_any_order(self, client: Client, teacher: Any, words: str) -> None:
        wanted = make(teacher)
        make(teacher, "Something else entirely")
        if words == "√2 prove":
            words = "sqrt 2 prove"
        if words == "prove-that-irrational":
            Question.objects.filter(pk=wanted.pk).update(key=words)
        assert found(client.get(LIST, {"q": words})) == [wanted]

    def test_search_finds_words_of_other_scripts(self, client: Client, teacher: Any) -> None:
        wanted = make(teacher, "वृत्त का क्षेत्रफल ज्ञात कीजिए।")
        make(teacher, "त्रिभुज का क्षेत्र रफ बनाइए।")
        assert found(client.get(LIST, {"q": "क्षेत्रफल"})) == [wanted]

    def test_who_waits_for_review_is_counted_so_far_only(
        self, client: Client, teacher: Any, cast: Any, monkeypatch: Any
    ) -> None:
        monkeypatch.setattr(bank_pages, "MOST_WAITING", 2)
        questions = [make(cast.colleague, f"Question {n}", state=QuestionState.IN_REVIEW) for n in "123"]
        assert "2+" in client.get(LIST).content.decode()
        page = client.get(reverse("question-page", args=[questions[0].pk]), {"review": "1"}).content.decode()
        assert "More than 2 wait for review" in page

    @pytest.mark.parametrize("words", ["%", "'; drop", "a & | !", ":*", "\\", "ü" * 200])
    def test_search_takes_any_text(self, client: Client, teacher: Any, words: str) -> None:
        assert client.get(LIST, {"q": words}).status_code == 200

    def test_pages_go_by_key_there_and_back(self, client: Client, teacher: Any, monkeypatch: Any) -> None:
        monkeypatch.setattr(bank_pages, "PAGE", 2)
        made = [make(teacher, f"Question number {name}") for name in ("one", "two", "three", "four", "five")][::-1]
        first = client.get(LIST, {"view": "mine"})
        assert found(first) == made[:2]
        second = client.get(f"{LIST}{first.context['older']}")
        assert found(second) == made[2:4]
        third = client.get(f"{LIST}{second.context['older']}")
        assert (found(third), third.context["older"]) == (made[4:], "")
        back = client.get(f"{LIST}{third.context['newer']}")
        assert found(back) == made[2:4]
        assert found(client.get(f"{LIST}{back.context['newer']}")) == made[:2]

    def test_thirty_rows_cost_what_one_costs(
        self, client: Client, teacher: Any, django_assert_max_num_queries: Any
    ) -> None:
        make(teacher)
        client.get(LIST)
        with django_assert_max_num_queries(12) as one:
            client.get(LIST, {"view": "mine"})
        for number in range(29):
            make(teacher, f"Question number {number}")
        with django_assert_max_num_queries(len(one)):
            assert len(found(client.get(LIST, {"view": "mine"}))) == 30


class TestQuestionPage:
    def test_shows_key_scheme_and_place(self, client: Client, teacher: Any) -> None:
        question = make(teacher)
        page = client.get(reverse("question-page", args=[question.pk])).content.decode()
        for text in (
            "By contradiction.",
            "Assumes the contrary",
            "Quadratic Equations",
            "nobody yet",
            "Send to review",
        ):
            assert text in page

    def test_right_option_is_marked(self, client: Client, teacher: Any) -> None:
        version = factories.question_version(QuestionType.SINGLE_CHOICE)
        page = client.get(reverse("question-page", args=[version.question_id])).content.decode()
        assert page.count('<li class="right">') == 1

    def test_blanks_are_boxes(self, client: Client, teacher: Any) -> None:
        content = QuestionContent(
            marks=Decimal(1),
            difficulty=1,
            cognitive_level="remember",
            text="The heart has [[1]] chambers.",
            parts=(PartContent("1", "", Decimal(1)),),
            answer={"blanks": {"1": {"kind": "number", "value": "4", "tolerance": "0"}}},
        )
        question = create_question(
            chapter=factories.ChapterFactory(), type="fill_in", content=content, author=teacher, now=NOW
        )
        page = client.get(reverse("question-page", args=[question.pk])).content.decode()
        assert 'The heart has <b class="nowrap num">(1) ____</b> chambers.' in page
        assert "Blank 1" in page

    def test_foreign_question_is_not_there(self, client: Client, cast: Any) -> None:
        question = make(cast.teacher)
        for person in (cast.student, cast.newcomer):
            client.force_login(person)
            assert client.get(reverse("question-page", args=[question.pk])).status_code == 404

    def test_versions_are_compared_word_by_word(self, client: Client, teacher: Any) -> None:
        question = make(teacher)
        content = written(teacher, "Prove that $\\sqrt{3}$ is irrational.", explanation="Like two.")
        revise_question(question=question, content=content, actor=teacher, now=NOW)
        address = reverse("question-page", args=[question.pk])
        page = client.get(address, {"old": 1, "new": 2}, headers=HTMX).content.decode()
        assert page.strip().startswith("<section")
        assert "<del>2</del><ins>3</ins>" in page
        assert "<ins>Like two.</ins>" in page
        assert "Step 1" not in page
        assert "say the same" in client.get(address, {"old": 2, "new": 2}).content.decode()
        assert client.get(address, {"old": "9", "new": "x"}).status_code == 200

    def test_nearly_the_same_is_pointed_out(self, client: Client, teacher: Any) -> None:
        text = (
            "A ladder of length ten metres leans against a wall. How high does it reach with its foot six metres off?"
        )
        first, second = make(teacher, text), make(teacher, text.replace("ten", "10"))
        page = client.get(reverse("question-page", args=[second.pk])).content.decode()
        assert "says nearly the same" in page
        assert reverse("question-page", args=[first.pk]) in page

    def test_exams_with_the_question_are_named_however_its_paper_was_drawn(self, client: Client, cast: Any) -> None:
        paper, other = factories.small_paper(), factories.small_paper()
        fixed = factories.ExamFactory(paper=paper)
        alone = factories.ExamFactory()
        hour = timedelta(hours=1)
        Attempt.objects.create(
            exam=alone, paper=other, student=cast.student, started_at=NOW, ends_at=NOW + hour, sheets_due_at=NOW + hour
        )
        client.force_login(cast.colleague)
        for exam, own in ((fixed, paper), (alone, other)):
            question = own.questions.first().version.question
            page = client.get(reverse("question-page", args=[question.pk]))
            assert page.context["exams"] == [exam]

    def test_queries_do_not_grow_with_versions(
        self, client: Client, teacher: Any, django_assert_max_num_queries: Any
    ) -> None:
        question = make(teacher)
        revise_question(question=question, content=written(teacher, "Second text"), actor=teacher, now=NOW)
        address = reverse("question-page", args=[question.pk])
        client.get(address)
        with django_assert_max_num_queries(22) as few:
            client.get(address)
        for number in range(10):
            revise_question(question=question, content=written(teacher, f"Text {number}"), actor=teacher, now=NOW)
        with django_assert_max_num_queries(len(few)):
            client.get(address)


class TestMoves:
    def move(self, client: Client, question: Question, move: str, **more: str) -> Any:
        return client.post(reverse("question-move", args=[question.pk]), {"move": move, **more})

    def test_from_draft_to_the_bank(self, client: Client, teacher: Any, cast: Any) -> None:
        question = make(teacher)
        assert self.move(client, question, "send").status_code == 302
        client.force_login(cast.colleague)
        assert self.move(client, question, "approve").status_code == 302
        question.refresh_from_db()
        assert (question.state, question.verifier) == (QuestionState.ACTIVE, cast.colleague)
        assert list(question.reviews.values_list("before", "after")) == [
            ("in_review", "active"),
            ("draft", "in_review"),
        ]
        assert Notification.objects.get(user=teacher).title == "Your question is in the bank"

    def test_sending_back_needs_a_reason_and_tells_the_author(self, client: Client, teacher: Any, cast: Any) -> None:
        question = make(cast.newcomer, state=QuestionState.IN_REVIEW)
        response = self.move(client, question, "back", reason=" ")
        assert response.status_code == 422
        assert "Say what has to change" in response.content.decode()
        assert self.move(client, question, "back", reason="The sign is wrong.").status_code == 302
        review = QuestionReview.objects.get()
        assert (review.after, review.reason, review.actor) == ("draft", "The sign is wrong.", teacher)
        news = Notification.objects.get(user=cast.newcomer)
        assert (news.body, news.url) == ("The sign is wrong.", reverse("question-page", args=[question.pk]))
        client.force_login(cast.newcomer)
        assert "The sign is wrong." in client.get(news.url).content.decode()

    def test_nobody_approves_their_own(self, client: Client, teacher: Any) -> None:
        question = make(teacher, state=QuestionState.IN_REVIEW)
        assert 'value="approve"' not in client.get(reverse("question-page", args=[question.pk])).content.decode()
        response = self.move(client, question, "approve")
        assert response.status_code == 403
        assert "other than the author" in response.content.decode()
        assert not QuestionReview.objects.exists()

    def test_newcomer_sends_a_draft_but_retires_nothing(self, client: Client, cast: Any) -> None:
        question = make(cast.newcomer)
        client.force_login(cast.newcomer)
        assert self.move(client, question, "retire").status_code == 403
        assert self.move(client, question, "send").status_code == 302

    def test_unknown_move_is_refused(self, client: Client, teacher: Any) -> None:
        assert self.move(client, make(teacher), "explode").status_code == 422


class TestReviewQueue:
    def test_goes_through_what_others_wrote_the_oldest_first(self, client: Client, teacher: Any, cast: Any) -> None:
        first, second = (make(cast.colleague, f"Question {n}", state=QuestionState.IN_REVIEW) for n in ("one", "two"))
        make(teacher, "My own", state=QuestionState.IN_REVIEW)
        response = client.get(LIST, {"view": "review"})
        assert found(response) == [second, first]
        start = client.get(reverse("bank-review"))
        assert start["Location"] == reverse("question-page", args=[first.pk]) + "?review=1"
        page = client.get(start["Location"]).content.decode()
        assert "2 wait for review" in page
        assert 'data-key="a"' in page
        after = client.post(reverse("question-move", args=[first.pk]), {"move": "approve", "review": "1"})
        assert after["Location"] == reverse("question-page", args=[second.pk]) + "?review=1"
        last = client.post(reverse("question-move", args=[second.pk]), {"move": "back", "reason": "No.", "review": "1"})
        assert last["Location"] == f"{LIST}?view=review"
        assert "Nothing waits for your review" in client.get(last["Location"]).content.decode()


def test_pieces_read_as_one_text() -> None:
    pieces = list(pieces_between("a quick  fox", "a slow fox!"))
    assert "".join(p.text for p in pieces if p.kind != "ins") == "a quick  fox"
    assert "".join(p.text for p in pieces if p.kind != "del") == "a slow fox!"


def test_what_a_step_follows_is_shown_and_compared(client: Client, teacher: Any) -> None:
    question = make(teacher)
    one, two = written(teacher).steps
    content = written(teacher, steps=(one, replace(two, follows=(1,))))
    revise_question(question=question, content=content, actor=teacher, now=NOW)
    old, new = question.versions.order_by("number")
    (change,) = changes_between(old, new)
    assert [(piece.kind, piece.text) for piece in change.pieces if piece.kind] == [("ins", ", follows 1")]
    assert "Method, follows 1" in client.get(reverse("question-page", args=[question.pk])).content.decode()


def test_changes_name_options_key_and_marks(cast: Any) -> None:
    options = (OptionContent("A", "1"), OptionContent("B", "2"))
    content = QuestionContent(
        marks=Decimal(1), difficulty=1, cognitive_level="apply", text="?", options=options, answer={"choices": ["A"]}
    )
    question = create_question(
        chapter=factories.ChapterFactory(), type="single_choice", content=content, author=cast.teacher, now=NOW
    )
    changed = QuestionContent(
        marks=Decimal("1.5"),
        difficulty=1,
        cognitive_level="apply",
        text="?",
        options=(*options, OptionContent("C", "3")),
        answer={"choices": ["C"]},
    )
    revise_question(question=question, content=changed, actor=cast.teacher, now=NOW)
    old, new = question.versions.order_by("number")
    assert [change.label for change in changes_between(old, new)] == ["Option C", "Key", "Marks"]
