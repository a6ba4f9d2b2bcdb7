"""Unfinished questions: kept as typed, private, never overwritten silently, and gone when they are saved."""

from __future__ import annotations

import uuid
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils.html import escape

from assessments.models import Question, QuestionDraft
from assessments.services.question_drafts import save_draft
from assessments.services.questions import create_question
from assessments.tests.test_question_editor import WRITTEN, T, content, typed
from common.errors import ConflictError, DomainError
from tests import factories
from tests.factories import NOW

pytestmark = pytest.mark.django_db
NEW, LIST = reverse("question-new"), reverse("question-drafts")
BROKEN = {
    "type": "long_answer",
    "text": "Half of $\\frac{1",
    "marks": "x",
    "steps-text": ["One", ""],
    "steps-marks": "?",
}


@pytest.fixture
def chapter(db: None) -> Any:
    return factories.ChapterFactory()


@pytest.fixture
def teacher(client: Client, cast: Any) -> Any:
    client.force_login(cast.teacher)
    return cast.teacher


def autosave(client: Client, draft: Any, seen: Any = 0, **data: Any) -> Any:
    return client.post(reverse("question-draft", args=[draft]), {**BROKEN, **data, "draft_seen": str(seen)})


def question_of(teacher: Any, chapter: Any) -> Question:
    return create_question(
        chapter=chapter, type=T.SHORT_ANSWER, content=content("Why?", **WRITTEN), author=teacher, now=NOW
    )


class TestKeeping:
    def test_what_breaks_every_rule_is_kept_and_comes_back(self, client: Client, teacher: Any) -> None:
        key = uuid.uuid4()
        assert autosave(client, key).json() == {"draft": str(key), "version": 1}
        page = client.get(NEW, {"draft": str(key)})
        text = page.content.decode()
        assert page.context["form"].rows["steps"][0].text == "One"
        assert escape(BROKEN["text"]) in text
        assert 'name="draft_seen" value="1"' in text
        assert "formerr" not in text
        assert not Question.objects.filter(author=teacher).exists()

    def test_each_save_counts_and_a_repeated_one_does_not(self, client: Client, teacher: Any) -> None:
        key = uuid.uuid4()
        autosave(client, key)
        assert autosave(client, key).json()["version"] == 1
        assert autosave(client, key, seen=1, text="More").json()["version"] == 2
        assert QuestionDraft.objects.get().data["text"] == ["More"]

    def test_a_second_tab_is_a_conflict_and_may_decide(self, client: Client, teacher: Any) -> None:
        key = uuid.uuid4()
        autosave(client, key)
        refused = autosave(client, key, text="Theirs")
        assert (refused.status_code, refused.json()["version"]) == (409, 1)
        assert QuestionDraft.objects.get().data["text"] == [BROKEN["text"]]
        assert autosave(client, key, seen=1, text="Theirs").status_code == 200

    def test_what_was_discarded_elsewhere_is_said_and_may_be_kept_anew(self, client: Client, teacher: Any) -> None:
        key = uuid.uuid4()
        gone = autosave(client, key, seen=3)
        assert (gone.status_code, gone.json()["version"], gone.json()["draft"]) == (409, 0, "")
        assert autosave(client, key).status_code == 200

    def test_a_person_has_one_change_of_a_question(self, client: Client, teacher: Any, chapter: Any) -> None:
        question, first = question_of(teacher, chapter), uuid.uuid4()
        autosave(client, first, question=str(question.pk))
        refused = autosave(client, uuid.uuid4(), question=str(question.pk), text="Other")
        assert (refused.status_code, refused.json()["draft"]) == (409, str(first))
        again = autosave(client, uuid.uuid4(), seen=1, question=str(question.pk), text="Other")
        assert again.json() == {"draft": str(first), "version": 2}

    def test_nobody_keeps_anything_in_anothers_draft(self, client: Client, teacher: Any, cast: Any) -> None:
        key = uuid.uuid4()
        autosave(client, key)
        client.force_login(cast.staff)
        assert autosave(client, key, text="Mine").status_code == 409
        assert b"$\\frac" not in client.get(NEW, {"draft": str(key)}).content
        assert client.post(reverse("question-draft-discard", args=[key])).status_code == 404
        assert QuestionDraft.objects.get().data["text"] == [BROKEN["text"]]

    def test_too_much_and_strange_texts(self, client: Client, teacher: Any) -> None:
        assert autosave(client, uuid.uuid4(), text="x" * 300_000).json()["code"] == "too_long"
        key = uuid.uuid4()
        assert autosave(client, key, seen="²", unknown="field").status_code == 200
        assert "unknown" not in QuestionDraft.objects.get(pk=key).data
        data = {"text": ["a\x00b"]}
        draft = save_draft(draft_id=key, question=None, data=data, seen=1, actor=teacher, now=NOW)
        assert draft.data == {"text": ["ab"]}

    def test_there_is_a_most(self, teacher: Any) -> None:
        QuestionDraft.objects.bulk_create(QuestionDraft(author=teacher, updated_at=NOW) for _ in range(100))
        with pytest.raises(DomainError, match="100 unfinished"):
            save_draft(draft_id=uuid.uuid4(), question=None, data={}, seen=0, actor=teacher, now=NOW)

    def test_a_question_of_others_has_no_draft_of_mine(self, client: Client, cast: Any, teacher: Any) -> None:
        question = question_of(teacher, factories.ChapterFactory())
        client.force_login(cast.newcomer)
        assert autosave(client, uuid.uuid4(), question=str(question.pk)).status_code == 404
        assert autosave(client, uuid.uuid4(), question="nonsense").status_code == 404


class TestWithoutScripts:
    def test_save_for_later_puts_it_on_the_list(self, client: Client, teacher: Any) -> None:
        key = str(uuid.uuid4())
        response = client.post(NEW, {**BROKEN, "do": "later", "draft": key, "draft_seen": "0"})
        assert (response.status_code, response.url) == (302, LIST)
        page = client.get(LIST).content.decode()
        assert escape(BROKEN["text"]) in page
        assert f"{NEW}?draft={key}" in page
        assert "Unfinished" in client.get(reverse("bank-list")).content.decode()

    def test_thirty_cost_what_one_costs(
        self, client: Client, teacher: Any, chapter: Any, django_assert_max_num_queries: Any
    ) -> None:
        for count in (1, 29):
            for _number in range(count):
                autosave(client, uuid.uuid4(), question=str(question_of(teacher, chapter).pk))
            with django_assert_max_num_queries(4):  # SQLite needs one more
                assert len(client.get(LIST).context["drafts"]) in {1, 30}

    def test_a_conflict_keeps_what_is_here_and_the_second_press_decides(self, client: Client, teacher: Any) -> None:
        key = str(uuid.uuid4())
        autosave(client, key)
        later = {**BROKEN, "text": "Mine", "do": "later", "draft": key, "draft_seen": "0"}
        refused = client.post(NEW, later)
        page = refused.content.decode()
        assert refused.status_code == 409
        assert "changed in another place" in page
        assert ">Mine</textarea>" in page.replace("\n", "")
        assert 'name="draft_seen" value="1"' in page
        assert client.post(NEW, later | {"draft_seen": "1"}).status_code == 302
        assert QuestionDraft.objects.get().data["text"] == ["Mine"]

    def test_discarding(self, client: Client, teacher: Any) -> None:
        key = uuid.uuid4()
        autosave(client, key)
        assert client.post(reverse("question-draft-discard", args=[key])).url == reverse("bank-list")
        assert not QuestionDraft.objects.exists()
        assert "Nothing is unfinished" in client.get(LIST).content.decode()

    def test_the_question_says_that_a_change_was_begun(self, client: Client, teacher: Any, chapter: Any) -> None:
        question, key = question_of(teacher, chapter), uuid.uuid4()
        autosave(client, key, question=str(question.pk))
        edit = reverse("question-edit", args=[question.pk])
        assert f"{edit}?draft={key}" in client.get(edit).content.decode()
        assert escape(BROKEN["text"]) in client.get(edit, {"draft": str(key)}).content.decode()


class TestSaving:
    def test_saving_takes_the_draft_away(self, client: Client, teacher: Any, chapter: Any) -> None:
        key = str(uuid.uuid4())
        autosave(client, key)
        data = typed(T.SHORT_ANSWER, content("Why?", **WRITTEN), chapter, draft=key, draft_seen="1")
        assert client.post(NEW, data).status_code == 302
        assert not QuestionDraft.objects.exists()
        # A tab that was left open hears of it.
        assert autosave(client, key, seen=1).status_code == 409

    def test_what_another_tab_wrote_meanwhile_stays(self, client: Client, teacher: Any, chapter: Any) -> None:
        key = str(uuid.uuid4())
        autosave(client, key)
        autosave(client, key, seen=1, text="Later words")
        data = typed(T.SHORT_ANSWER, content("Why?", **WRITTEN), chapter, draft=key, draft_seen="1")
        assert client.post(NEW, data).status_code == 302
        assert QuestionDraft.objects.get().data["text"] == ["Later words"]

    def test_a_refused_save_leaves_the_draft(self, client: Client, teacher: Any) -> None:
        key = str(uuid.uuid4())
        autosave(client, key)
        assert client.post(NEW, {**BROKEN, "draft": key, "draft_seen": "1"}).status_code == 422
        assert QuestionDraft.objects.exists()


def test_the_first_of_two_saves_at_once_wins(teacher: Any, cast: Any) -> None:
    """Two tabs with one id that is another person's: the database decides, and it is a conflict."""
    key = uuid.uuid4()
    save_draft(draft_id=key, question=None, data={}, seen=0, actor=cast.staff, now=NOW)
    with pytest.raises(ConflictError):
        save_draft(draft_id=key, question=None, data={"text": ["x"]}, seen=0, actor=teacher, now=NOW)
