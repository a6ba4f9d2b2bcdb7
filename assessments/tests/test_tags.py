"""Tags of questions: typed, completed, filtered by, and carried by files there and back."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import AuditEvent
from assessments.models import Question, Tag
from assessments.services.bank_files import BankFileError, load_bank
from assessments.services.exporting import export_questions
from assessments.services.import_plan import plan_import
from assessments.services.importing import import_items, read_file
from assessments.services.questions import create_question
from assessments.services.tags import put_tags, read_tags, set_tags, tag_problems
from assessments.tests.test_bank_files import CURRICULUM, ITEM
from assessments.tests.test_question_editor import WRITTEN, T, content, letters, typed
from tests import factories
from tests.factories import NOW

pytestmark = pytest.mark.django_db
NEW, LIST = reverse("question-new"), reverse("bank-list")
MOODLE = b"""<quiz><question type="truefalse"><name><text>N</text></name>
<questiontext format="markdown"><text>Is it?</text></questiontext>
<answer fraction="100"><text>true</text></answer><answer fraction="0"><text>false</text></answer>
<tags><tag><text>Board 2024</text></tag><tag><text>difficulty:4</text></tag>%s</tags></question></quiz>"""


@pytest.fixture
def chapter(db: None) -> Any:
    return factories.ChapterFactory(name="Real Numbers")


@pytest.fixture
def teacher(client: Client, cast: Any) -> Any:
    client.force_login(cast.teacher)
    return cast.teacher


def make(teacher: Any, chapter: Any, *tags: str, text: str = "Why?") -> Question:
    question = create_question(
        chapter=chapter, type=T.SHORT_ANSWER, content=content(text, **WRITTEN), author=teacher, now=NOW
    )
    set_tags(question=question, names=tags, actor=teacher, now=NOW)
    return question


def names(question: Question) -> list[str]:
    return [tag.name for tag in question.tags.all()]


def test_what_people_type_is_read() -> None:
    assert read_tags([" Board  2024,HOTS ; hots", "", "board 2024"]) == ["Board 2024", "HOTS"]
    assert tag_problems(["x"] * 10) == []
    assert tag_problems([str(n) for n in range(11)]) == ["At most 10 tags, not 11."]
    assert tag_problems(["y" * 41])[0].endswith("is longer than 40 characters.")


class TestEditor:
    def test_boxes_become_tags_and_the_first_spelling_stays(self, client: Client, teacher: Any, chapter: Any) -> None:
        Tag.objects.create(name="HOTS", folded="hots")
        data = typed(T.SHORT_ANSWER, content("Why?", **WRITTEN), chapter) | {"tags": ["hots", "Board 2024, new", ""]}
        assert client.post(NEW, data).status_code == 302
        question = Question.objects.get(author=teacher)
        assert names(question) == ["Board 2024", "HOTS", "new"]
        assert AuditEvent.objects.get(action="question.tagged").after == {"tags": ["Board 2024", "hots", "new"]}
        edit = reverse("question-edit", args=[question.pk])
        page = client.get(edit)
        assert page.context["form"].tag_boxes == ["Board 2024", "HOTS", "new", ""]
        assert '<option value="HOTS">' in page.content.decode()
        # Other tags are no new version.
        changed = typed(T.SHORT_ANSWER, content("Why?", **WRITTEN), chapter, version="1") | {"tags": ["HOTS"]}
        assert client.post(edit, changed).status_code == 302
        assert (names(question), question.versions.count()) == (["HOTS"], 1)

    def test_wrong_tags_are_a_sentence_and_kept(self, client: Client, teacher: Any, chapter: Any) -> None:
        data = typed(T.SHORT_ANSWER, content("Why?", **WRITTEN), chapter) | {"tags": ["good", "z" * 41]}
        response = client.post(NEW, data)
        page = response.content.decode()
        assert response.status_code == 422
        assert "is longer than 40 characters" in page
        assert 'value="good"' in page
        assert not Tag.objects.exists()


class TestList:
    def test_the_filter_knows_no_capitals(self, client: Client, teacher: Any, chapter: Any) -> None:
        tagged = make(teacher, chapter, "Board 2024", "HOTS")
        make(teacher, chapter, "HOTS", text="Why not?")
        for asked, count in (("board  2024", 1), ("hots", 2), ("none", 0)):
            rows = client.get(LIST, {"tag": asked}).context["page"].rows
            assert len(rows) == count, asked
        assert client.get(LIST, {"tag": "board 2024"}).context["page"].rows == [tagged]
        page = client.get(reverse("question-page", args=[tagged.pk])).content.decode()
        assert f'{LIST}?tag=Board%202024">Board 2024</a>' in page

    def test_tags_of_thirty_cost_what_those_of_one_cost(
        self, client: Client, teacher: Any, chapter: Any, django_assert_max_num_queries: Any
    ) -> None:
        counts = []
        for number in range(30):
            make(teacher, chapter, "HOTS", f"tag {number}", text=f"Question {number}")
            if number in {0, 29}:
                with django_assert_max_num_queries(20) as queries:
                    client.get(LIST)
                counts.append(len(queries))
        assert counts[1] <= counts[0]

    def test_students_complete_by_no_tags(self, cast: Any) -> None:
        Tag.objects.create(name="HOTS", folded="hots")
        assert not Tag.objects.visible_to(cast.student).exists()


class TestFiles:
    @pytest.mark.parametrize("format", ["csv", "xlsx", "gift", "moodle_xml", "qti"])
    def test_tags_go_out_and_come_back(self, teacher: Any, chapter: Any, format: str) -> None:
        question = make(teacher, chapter, "Board 2024", "HOTS")
        file = export_questions(questions=[question], actor=teacher, format=format)
        assert not any("tags" in note for note in file.notes)
        assert [item.tags for item in read_file(file.data).items] == [("Board 2024", "HOTS")]

    def test_what_a_format_loses_is_said(self, teacher: Any, chapter: Any) -> None:
        question = create_question(
            chapter=chapter,
            type=T.SINGLE_CHOICE,
            content=content("Which?", {"choices": ["B"]}, options=letters("x", "y")),
            author=teacher,
            now=NOW,
        )
        set_tags(question=question, names=["HOTS"], actor=teacher, now=NOW)
        (note,) = export_questions(questions=[question], actor=teacher, format="aiken").notes
        assert "tags" in note

    def test_tags_of_moodle_are_kept_and_too_many_are_said(self, teacher: Any, chapter: Any) -> None:
        place = {"programme": chapter.unit.programme, "chapter": chapter, "author": teacher, "now": NOW}
        more = b"".join(b"<tag><text>t%d</text></tag>" % number for number in range(10))
        (row,) = plan_import(read_file(MOODLE % more), **place).rows
        assert any("too many: t9." in note for note in row.notes)
        import_items(read_file(MOODLE % b""), **place)
        assert names(Question.objects.get(current__text_source="Is it?")) == ["Board 2024"]

    def test_a_bank_folder_says_tags_or_leaves_them(self, tmp_path: Path) -> None:
        people = {"author": factories.TeacherFactory(), "verifier": factories.TeacherFactory()}
        (tmp_path / "curriculum.toml").write_text(CURRICULUM)

        def load(tags: str) -> list[str]:
            item = ITEM.format(key="one", text="Why?", marks="2").replace("difficulty", f"{tags}\ndifficulty")
            (tmp_path / "n.toml").write_text('unit = "number-systems"\n' + item)
            load_bank(folder=tmp_path, now=NOW, **people)
            return names(Question.objects.get(key="one"))

        assert load('tags = ["HOTS", "Board"]') == ["Board", "HOTS"]
        assert load("") == ["Board", "HOTS"]
        assert load("tags = []") == []
        with pytest.raises(BankFileError, match="At most 10 tags, not 11"):
            load(f"tags = {[str(number) for number in range(11)]}")


def test_many_questions_are_tagged_in_a_handful_of_queries(
    teacher: Any, chapter: Any, django_assert_max_num_queries: Any
) -> None:
    questions = [make(teacher, chapter, text=f"Question {number}") for number in range(5)]
    with django_assert_max_num_queries(4):
        put_tags([(question, ["HOTS", "hots", f"t{n}"]) for n, question in enumerate(questions)])
    assert names(questions[3]) == ["HOTS", "t3"]


class TestMany:
    """The list of the bank: one tag for many questions, with and without what the person may not touch."""

    TAGS = reverse("bank-tags")

    def test_adds_and_takes_away(self, client: Client, teacher: Any, chapter: Any) -> None:
        one, two, other = (make(teacher, chapter, tag, text=f"Why {tag}?") for tag in ("a", "b", "c"))
        data = {"question": [one.pk, two.pk], "tag": "Board 2026, B", "change": "add", "asked": "q=why&view=mine"}
        response = client.post(self.TAGS, data)
        assert (response.status_code, response["Location"]) == (302, f"{LIST}?q=why&view=mine")
        found = [{*names(question)} for question in (one, two, other)]
        assert found == [{"a", "b", "Board 2026"}, {"b", "Board 2026"}, {"c"}]
        assert AuditEvent.objects.filter(action="question.tagged").count() >= 2
        data |= {"change": "remove", "tag": "board 2026", "all": "1", "page": [one.pk, two.pk, other.pk]}
        page = client.post(self.TAGS, data, follow=True).content.decode()
        assert "2 questions changed." in page
        assert not Question.objects.filter(tags__folded="board 2026").exists()

    @pytest.mark.parametrize(
        ("data", "sentence"),
        [
            ({"tag": "x"}, "Tick the questions first."),
            ({"question": "?", "tag": "x"}, "Tick the questions first."),
            ({"all": "1", "tag": " , "}, "Write the tag first."),
            ({"all": "1", "tag": "y" * 41}, "is longer than 40 characters."),
        ],
    )
    def test_a_wrong_wish_keeps_what_was_typed(
        self, client: Client, teacher: Any, chapter: Any, data: dict[str, str], sentence: str
    ) -> None:
        question = make(teacher, chapter)
        response = client.post(self.TAGS, {"page": question.pk, **data})
        html = response.content.decode()
        assert (response.status_code, sentence in html) == (422, True)
        assert f'value="{data["tag"]}"' in html
        assert names(question) == []

    def test_what_one_may_not_change_is_left_alone(self, client: Client, teacher: Any, cast: Any, chapter: Any) -> None:
        full, foreign = make(teacher, chapter, *map(str, range(10))), make(cast.staff, chapter, text="Whose?")
        newcomer = make(cast.newcomer, chapter, text="Mine?")
        data = {"question": [full.pk, foreign.pk, newcomer.pk], "tag": "x", "change": "add"}
        assert "1 question was left alone" in client.post(self.TAGS, data, follow=True).content.decode()
        assert (len(names(full)), names(foreign), names(newcomer)) == (10, ["x"], ["x"])
        client.force_login(cast.newcomer)
        data["tag"] = "y"
        client.post(self.TAGS, data)
        assert (names(foreign), names(newcomer)) == (["x"], ["x", "y"])

    def test_the_ticked_are_exported(self, client: Client, teacher: Any, chapter: Any) -> None:
        one, _two = make(teacher, chapter, text="One?"), make(teacher, chapter, text="Two?")
        response = client.post(self.TAGS, {"question": one.pk, "change": "export"}, follow=True)
        assert response.request["QUERY_STRING"] == f"question={one.pk}"
        assert "csrf" not in response.request["QUERY_STRING"]

    def test_whoever_was_signed_out_comes_back_to_the_list(self, client: Client) -> None:
        response = client.post(self.TAGS, {"tag": "x"}, headers={"referer": f"http://testserver{LIST}?q=why"})
        assert response["Location"] == f"{reverse('account_login')}?next={LIST}%3Fq%3Dwhy"
        for elsewhere in ("", "https://evil.example/bank/", "http://testserver"):
            response = client.post(self.TAGS, {"tag": "x"}, headers={"referer": elsewhere})
            assert response["Location"] == f"{reverse('account_login')}?next={self.TAGS}"
