from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from assessments.enums import ExamKind, QuestionState, QuestionType
from assessments.models import Attempt, Blueprint, BlueprintSection, BlueprintSlot, Paper, Question
from assessments.selectors.attempts import recent_question_ids
from assessments.services.bank_files import load_bank
from assessments.services.drawing import (
    BlueprintUnfitError,
    check_blueprint,
    draw_paper,
    read_candidates,
    read_slots,
)
from assessments.services.drawing_rules import draw_questions
from tests import factories
from tests.shared_rows import shared_rows

NOW = factories.NOW
SHIPPED = Path(__file__).resolve().parents[1] / "data" / "cbse_x_mathematics"


def load_shipped_bank() -> Blueprint:
    report = load_bank(folder=SHIPPED, author=factories.TeacherFactory(), verifier=factories.TeacherFactory(), now=NOW)
    return report.blueprints[0]


shipped_blueprint = shared_rows("shipped_blueprint", load_shipped_bank)


@pytest.fixture
def blueprint(shipped_blueprint: Blueprint) -> Blueprint:
    return shipped_blueprint


@pytest.fixture
def small(db) -> Blueprint:
    """One single choice and one short answer with internal choice, of a custom paper."""
    made = Blueprint.objects.create(
        programme=factories.ProgrammeFactory(),
        slug="small",
        name="Small",
        kind=ExamKind.CUSTOM,
        duration_minutes=30,
        total_marks=4,
    )
    section = BlueprintSection.objects.create(blueprint=made, label="A", title="Section A", instruction="Answer.")
    unit = factories.UnitFactory()
    for number, kind, marks in ((1, QuestionType.SINGLE_CHOICE, 1), (2, QuestionType.SHORT_ANSWER, 3)):
        BlueprintSlot.objects.create(
            section=section, number=number, unit=unit, types=[kind], marks=marks, has_choice=number == 2
        )
    return made


def questions_of(paper: Paper) -> list[tuple[int, str, str | None]]:
    return list(paper.questions.values_list("number", "alternative", "version__question__key"))


def test_a_board_paper(blueprint: Blueprint, django_assert_num_queries) -> None:
    # Slots, bank, sections, paper and its questions; a savepoint because the test itself is a transaction.
    with django_assert_num_queries(8):
        paper = draw_paper(blueprint=blueprint, seed=7, title="Mock 1", now=NOW)
    assert (paper.total_marks, paper.written_marks, paper.frozen_at) == (Decimal(80), Decimal(60), NOW)
    assert [section["label"] for section in paper.sections] == list("ABCDE")
    rows = list(paper.questions.select_related("version__question__chapter__unit"))
    assert sorted({row.number for row in rows}) == list(range(1, 39))
    assert sum({row.number: row.marks for row in rows}.values()) == 80
    assert len({row.version.question_id for row in rows}) == len(rows)
    for row in rows:
        assert row.version == row.version.question.current
        assert row.is_written == (row.section != "A")
    choices = [row.number for row in rows if row.alternative == "a"]
    assert choices == [row.number for row in rows if row.alternative == "b"]
    assert len(choices) == 6
    units: dict[str, Decimal] = {}
    for number, unit, marks in {(r.number, r.version.question.chapter.unit.slug, r.marks) for r in rows}:
        units[unit] = units.get(unit, Decimal(0)) + marks
        assert number
    assert units == {unit.slug: unit.marks for unit in blueprint.programme.units.all()}


def test_the_same_seed_gives_the_same_paper_and_another_seed_another(blueprint: Blueprint) -> None:
    first, again, other = (draw_paper(blueprint=blueprint, seed=seed, title="x", now=NOW) for seed in (3, 3, 4))
    assert questions_of(first) == questions_of(again)
    assert questions_of(first) != questions_of(other)


def test_questions_of_recent_papers_are_left_out_where_the_bank_allows(blueprint: Blueprint) -> None:
    student = factories.StudentFactory()

    def recent(papers: int) -> set[object]:
        return recent_question_ids(student=student, programme_id=blueprint.programme_id, papers=papers)

    assert recent(3) == set()
    papers = [draw_paper(blueprint=blueprint, seed=seed, title="x", now=NOW) for seed in range(3)]
    for index, paper in enumerate([*papers, papers[2]]):
        exam = factories.ExamFactory(paper=paper)
        Attempt.objects.create(
            exam=exam,
            paper=paper,
            student=student,
            started_at=NOW,
            ends_at=NOW + timedelta(hours=3),
            sheets_due_at=NOW + timedelta(hours=4),
            state="cancelled" if index == 2 else "handed_in",
        )
    ids = [set(paper.questions.values_list("version__question_id", flat=True)) for paper in papers]
    # What was seen was seen, cancelled or not; and a paper sat twice is one paper.
    assert recent(1) == ids[2]
    assert recent(3) == ids[0] | ids[1] | ids[2]
    assert recent(0) == set()
    fresh = draw_paper(blueprint=blueprint, seed=9, title="x", exclude=ids[0], now=NOW)
    blind = draw_paper(blueprint=blueprint, seed=9, title="x", now=NOW)
    repeated = [len(ids[0] & set(p.questions.values_list("version__question_id", flat=True))) for p in (fresh, blind)]
    assert repeated[0] == 0, "the shipped bank holds two papers without a common question"
    assert repeated[1] > 0


def test_every_question_of_the_board_bank_gets_its_turn(blueprint: Blueprint) -> None:
    """500 pure draws: each question that fits a slot comes, and none in every paper where its cell has others."""
    slots = read_slots(blueprint)
    bank = read_candidates({slot.unit for slot in slots})
    drawn: dict[object, int] = {}
    for seed in range(500):
        for pick in draw_questions(slots=slots, candidates=bank, seed=seed):
            drawn[pick.candidate.name] = drawn.get(pick.candidate.name, 0) + 1
    fitting = {item.name for item in bank if any(slot.takes(item) for slot in slots)}
    assert set(drawn) == fitting
    assert min(drawn.values()) > 25
    assert max(drawn.values()) < 500


def test_only_active_questions_with_the_right_marks_are_drawn(small: Blueprint) -> None:
    unit = factories.UnitFactory()
    right = [
        factories.question_version(QuestionType.SINGLE_CHOICE, "1"),
        factories.question_version(QuestionType.SHORT_ANSWER, "3", ("3",)),
        factories.question_version(QuestionType.SHORT_ANSWER, "3", ("3",)),
    ]
    for state in set(QuestionState) - {QuestionState.ACTIVE}:
        factories.question_version(QuestionType.SHORT_ANSWER, "3", ("3",), state=state)
    factories.question_version(QuestionType.SHORT_ANSWER, "2", ("2",))
    elsewhere = factories.UnitFactory(slug="geometry", name="Geometry")
    factories.question_version(
        QuestionType.SINGLE_CHOICE, "1", chapter=factories.ChapterFactory(unit=elsewhere, name="Circles")
    )
    assert unit != elsewhere
    for seed in range(10):
        paper = draw_paper(blueprint=small, seed=seed, title="x", now=NOW)
        assert {row.version for row in paper.questions.select_related("version")} == set(right)
        assert (paper.total_marks, paper.written_marks) == (4, 3)


def test_a_bank_that_cannot_fill_a_slot_is_a_sentence(small: Blueprint) -> None:
    factories.question_version(QuestionType.SINGLE_CHOICE, "1")
    factories.question_version(QuestionType.SHORT_ANSWER, "3", ("3",))
    sentence = "Section A, question 2: 2 active short answer of 3 marks in Algebra needed, the bank has 1."
    with pytest.raises(BlueprintUnfitError) as error:
        draw_paper(blueprint=small, seed=1, title="x", now=NOW)
    assert error.value.message == sentence
    assert check_blueprint(blueprint=small) == [sentence]
    assert not Paper.objects.exists()


def test_an_unsound_blueprint_draws_nothing(small: Blueprint) -> None:
    Blueprint.objects.update(total_marks=5)
    small.refresh_from_db()
    with pytest.raises(BlueprintUnfitError, match="add up to 4 marks, but the blueprint says 5"):
        draw_paper(blueprint=small, seed=1, title="x", now=NOW)


def test_a_board_paper_keeps_the_marks_of_the_curriculum(blueprint: Blueprint) -> None:
    unit = blueprint.programme.units.get(slug="algebra")
    unit.marks = 21
    unit.save()
    assert check_blueprint(blueprint=blueprint) == ["Algebra carries 20 marks, the curriculum says 21."]


def test_a_unit_of_another_programme_is_named(small: Blueprint) -> None:
    other = factories.ProgrammeFactory(slug="cbse-xii-mathematics", grade="XII")
    foreign = factories.UnitFactory(programme=other, slug="calculus", name="Calculus")
    BlueprintSlot.objects.filter(number=1).update(unit=foreign)
    assert "Not of this programme: Calculus." in check_blueprint(blueprint=small)


def test_later_versions_do_not_change_a_frozen_paper(small: Blueprint) -> None:
    for kind, marks in ((QuestionType.SINGLE_CHOICE, "1"), *[(QuestionType.SHORT_ANSWER, "3")] * 2):
        factories.question_version(kind, marks)
    paper = draw_paper(blueprint=small, seed=1, title="x", now=NOW)
    before = list(paper.questions.values_list("version_id", flat=True))
    Question.objects.update(state=QuestionState.RETIRED)
    assert list(paper.questions.values_list("version_id", flat=True)) == before
