"""The shipped items of every question type: they load, can be drawn again and again, and their answers are right."""

from pathlib import Path

import pytest

from assessments.enums import OBJECTIVE_TYPES, QuestionType
from assessments.models import Question
from assessments.selectors.attempts import paper_for_student
from assessments.services.bank_files import BankFileError, BankReport, load_bank
from assessments.services.drawing import draw_paper
from assessments.services.questions import content_of
from assessments.services.scoring import MarkedShape, score_answer
from assessments.services.variants import instantiate
from tests import factories

DATA = Path(__file__).parents[1] / "data"
# Worked out by hand, in the words of a student; a variant's answer follows from its values.
ANSWERS = {
    "x-types-tf-01": {"choices": ["false"]},
    "x-types-tf-02": {"choices": ["true"]},
    "x-types-mc-01": {"choices": ["A", "D"]},
    "x-types-mc-02": {"choices": ["A", "C"]},
    "x-types-num-01": lambda v: {"value": str(v["a"] + (v["n"] - 1) * v["d"])},
    "x-types-num-02": {"value": "₹ 20"},
    "x-types-exp-01": lambda v: {"value": f"{v['a'] * v['b']} + {v['a'] + v['b']}x + x²"},
    "x-types-exp-02": {"value": "(x-5)(x-4)"},
    "x-types-ord-01": {"order": ["C", "A", "D", "B"]},
    "x-types-ord-02": {"order": ["B", "D", "A", "C"]},
    "x-types-txt-01": {"text": "Tangent"},
    "x-types-txt-02": {"text": "a secant"},
    "x-types-fill-01": {"blanks": {"1": "8", "2": "8.0", "3": "no"}},
    "x-types-fill-02": {"blanks": {"1": "6", "2": "1/3", "3": "Complementary"}},
    "x-types-match-01": {"pairs": {"1": "B", "2": "C", "3": "A"}},
    "x-types-match-02": {"pairs": {"1": "B", "2": "C", "3": "A"}},
}


def load(name: str) -> BankReport:
    author, verifier = factories.TeacherFactory(), factories.TeacherFactory()
    return load_bank(folder=DATA / name, author=author, verifier=verifier, now=factories.NOW)


@pytest.mark.django_db
def test_items_of_every_type_load_are_drawn_and_earn_their_marks() -> None:
    load("cbse_x_mathematics")
    report = load("practice_types")
    assert (report.created, report.programme.slug) == (18, "cbse-x-mathematics")
    questions = {q.key: q for q in Question.objects.filter(key__startswith="x-types-").select_related("current")}
    marked = {key for key, question in questions.items() if question.type in OBJECTIVE_TYPES}
    assert marked == ANSWERS.keys()
    for key in sorted(marked):
        content = content_of(questions[key].current)
        for seed in range(5):
            values, drawn = instantiate(content, seed)
            answer = ANSWERS[key]
            answer = answer({name: int(value) for name, value in values.items()}) if callable(answer) else answer
            shape = MarkedShape(len(drawn.options), {part.label: part.marks for part in drawn.parts})
            scored = score_answer(questions[key].type, drawn.marks, drawn.answer, answer, shape)
            assert scored.is_correct, (key, values, drawn.answer, answer)
    for seed in (1, 2):
        paper = draw_paper(blueprint=report.blueprints[0], seed=seed, title="All", now=factories.NOW)
        types = [q["type"] for section in paper_for_student(paper)["sections"] for q in section["questions"]]
        assert {QuestionType.FILL_IN, QuestionType.MATCHING, QuestionType.ORDERING, QuestionType.FILE_UPLOAD} < set(
            types
        )
        assert len(types) == 9
    assert load("practice_types").unchanged == 18


@pytest.mark.django_db
def test_a_folder_without_curriculum_needs_its_programme() -> None:
    with pytest.raises(BankFileError, match="names no programme"):
        load("practice_types")
