"""Hints of a question: rules, variants, files, what the editor shows, and what a version keeps."""

from dataclasses import replace
from decimal import Decimal

import pytest

from assessments.enums import QuestionType
from assessments.models import PaperQuestion
from assessments.selectors.version_diff import changes_between
from assessments.services.bank_files import read_content
from assessments.services.content_schema import QuestionContent, StepContent, content_problems
from assessments.services.formats import gift, gift_writer, moodle_xml, table
from assessments.services.formats.items import ExportedItem
from assessments.services.formats.table_workbook import write_workbook
from assessments.services.paper_variants import draw_variant
from assessments.services.question_edit import placed, preview_question
from assessments.services.questions import QuestionInvalidError, content_of, create_question, revise_question
from tests import factories

NOW = factories.NOW
PLAIN = QuestionContent(
    marks=Decimal(1),
    difficulty=2,
    cognitive_level="apply",
    text="What is 3 + 4?",
    answer={"value": "7", "tolerance": "0"},
    hints=("Count on from 3.", "It is $10 - 3$."),
)
DRAWN = replace(
    PLAIN,
    text="What is [[=a]] + 4?",
    answer={"value": "[[=a+4]]", "tolerance": "0"},
    hints=("Count on from [[=a]].",),
    parameters={"names": {"a": {"min": "3", "max": "9"}}},
)


def problems(content: QuestionContent, kind: str = QuestionType.NUMERIC) -> list[str]:
    return list(content_problems(kind, content))


def test_hints_are_at_most_five_and_none_is_empty() -> None:
    assert problems(PLAIN) == []
    assert problems(replace(PLAIN, hints=("x",) * 6)) == ["A question has at most 5 hints, not 6."]
    assert problems(replace(PLAIN, hints=("x", " "))) == ["Hint 2 has no text."]


def test_a_written_question_has_none() -> None:
    written = replace(PLAIN, answer={}, model_answer="7", steps=(StepContent("Adds", Decimal(1)),))
    assert any("no hints" in problem for problem in problems(written, QuestionType.SHORT_ANSWER))


def test_problems_stand_beside_their_hint() -> None:
    assert placed(problems(replace(PLAIN, hints=("x", "")))) == [("hints-2", "Hint 2 has no text.")]
    assert placed(problems(replace(PLAIN, hints=("x",) * 6)))[0][0] == "hints"
    assert preview_question(type="numeric", content=replace(PLAIN, hints=("$\\sqrt$",))).broken[0][0] == "hints-1"


def test_hints_carry_the_values_of_a_variant() -> None:
    assert problems(DRAWN) == []
    assert any("no value" in one or "uses b" in one for one in problems(replace(DRAWN, hints=("[[=b]]",))))


@pytest.mark.django_db
class TestStored:
    def made(self, content: QuestionContent = PLAIN):
        chapter, author = factories.ChapterFactory(), factories.TeacherFactory()
        return create_question(chapter=chapter, type="numeric", content=content, author=author, now=NOW)

    def test_rendered_on_saving_and_read_back(self) -> None:
        version = self.made().current
        assert "<math" in version.hints[1]["html"]
        assert content_of(version) == PLAIN

    def test_a_question_without_has_none(self) -> None:
        version = self.made(replace(PLAIN, hints=())).current
        assert version.hints is None
        assert content_of(version).hints == ()

    def test_what_cannot_be_rendered_is_refused_by_its_number(self) -> None:
        with pytest.raises(QuestionInvalidError, match="Hint 2"):
            self.made(replace(PLAIN, hints=("Fine", "$\\sqrt$")))

    def test_a_changed_hint_is_a_new_version_and_stands_in_the_comparison(self) -> None:
        question = self.made()
        old = question.current
        new = revise_question(
            question=question, content=replace(PLAIN, hints=("Count on.",)), actor=question.author, now=NOW
        )
        assert new.number == 2
        assert [change.label for change in changes_between(old, new)] == ["Hint 1", "Hint 2"]

    def test_paper_shows_hints_of_version_or_variant(self) -> None:
        version = self.made().current
        assert len(PaperQuestion(version=version).shown.hints) == 2
        drawn = self.made(DRAWN).current
        variant = draw_variant(drawn, seed=5, now=NOW)
        (hint,) = PaperQuestion(version=drawn, variant=variant).shown.hints
        assert f"Count on from {variant['values']['a']}." in hint

    def test_papers_frozen_before_there_were_hints_still_open(self) -> None:
        variant = draw_variant(self.made(DRAWN).current, seed=5, now=NOW)
        del variant["shown"]["hints"]
        assert PaperQuestion(variant=variant).shown.hints == []


class TestFiles:
    item = ExportedItem(name="Sum", type="numeric", content=PLAIN, key="sum-1")

    def test_moodle_brings_them_back(self) -> None:
        (found,) = moodle_xml.parse(moodle_xml.write([self.item])).items
        assert found.content.hints == PLAIN.hints
        assert found.notes == ()

    def test_moodle_written_question_loses_them_with_a_note(self) -> None:
        quiz = (
            '<quiz><question type="essay"><name><text>W</text></name><questiontext format="html"><text>Why?</text>'
            '</questiontext><hint format="html"><text>Think</text></hint></question></quiz>'
        )
        (found,) = moodle_xml.parse(quiz.encode()).items
        assert found.content.hints == ()
        assert any("Hints were left out" in note for note in found.notes)

    def test_more_than_five_are_cut_with_a_note(self) -> None:
        more = "".join(f'<hint format="html"><text>H{n}</text></hint>' for n in range(7))
        data = moodle_xml.write([replace(self.item, content=replace(PLAIN, hints=()))]).decode()
        (found,) = moodle_xml.parse(data.replace("</question>", f"{more}</question>").encode()).items
        assert found.content.hints == ("H0", "H1", "H2", "H3", "H4")
        assert any("Of 7 hints" in note for note in found.notes)

    @pytest.mark.parametrize("write", [table.write, write_workbook])
    def test_table_brings_them_back(self, write) -> None:
        content = replace(PLAIN, hints=("[1] looks like a head", "two\nlines"))
        (found,) = table.parse(write([replace(self.item, content=content)])).items
        assert found.content.hints == content.hints

    def test_gift_has_no_place_for_them(self) -> None:
        (found,) = gift.parse(gift_writer.write([self.item])).items
        assert found.content.hints == ()

    def test_bank_file(self) -> None:
        raw = {"marks": "1", "difficulty": 2, "cognitive_level": "apply", "text": "3 + 4?", "hints": ["Count.", "On."]}
        assert read_content(raw).hints == ("Count.", "On.")
