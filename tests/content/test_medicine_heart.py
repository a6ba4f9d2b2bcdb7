"""The medicine bank is well formed, its numbers are right, it loads and its paper is drawn."""

from collections import Counter
from decimal import Decimal
from fractions import Fraction

import pytest
from django.core.management import call_command

from assessments.models import Blueprint, Question
from assessments.services.drawing import check_blueprint, draw_paper
from tests import factories
from tests.content.bank import DATA, WRITTEN, Bank, formulas, items, read, texts
from tests.content.claims import claims
from tests.content.compare import same

HEART = Bank(
    DATA / "medicine_heart", "heart", dict.fromkeys(("structure", "function", "diseases"), ((), 10)), {}, frozenset()
)
KEYS = sorted(items(HEART))
NUMBERS = {
    "heart-fun-a-04": Fraction(120 - 50),
    "heart-fun-a-05": Fraction(72, 120) * 100,
    "heart-fun-a-07": Fraction(70 * 80, 1000),
    "heart-fun-a-11": 75 + Fraction(120 - 75, 3),
    "heart-fun-a-16": 60 / Fraction(20, 25),
}


@pytest.mark.parametrize("key", KEYS)
def test_item_is_well_formed(key: str) -> None:
    item = items(HEART)[key]
    assert item["explanation"].strip()
    if item["type"] in WRITTEN:
        assert item["model_answer"].strip()
        assert sum(Decimal(step["marks"]) for step in item["steps"]) == Decimal(item["marks"])
        assert not any(Decimal(step["marks"]) % Decimal("0.5") for step in item["steps"])
    elif item["type"] != "numeric":
        labels = [option["label"] for option in item["options"]]
        assert labels == list("ABCDE")[: len(labels)]
        assert len({option["text"] for option in item["options"]}) == len(labels)
        assert set(item["answer"]["choices"]) <= set(labels)
        assert len(item["answer"]["choices"]) == 1 or item["type"] == "multiple_choice"
    for tex, _ in (formula for text in texts(item) for formula in formulas(text)):
        assert all(same(first, second) for _, _, first, second in claims(tex)), tex


def test_numbers_are_recomputed() -> None:
    numeric = {key: item["answer"] for key, item in items(HEART).items() if item["type"] == "numeric"}
    assert {key: Fraction(answer["value"]) for key, answer in numeric.items()} == NUMBERS


def test_the_bank_has_every_kind_and_no_question_twice() -> None:
    kinds = Counter(item["type"] for item in items(HEART).values())
    assert len(KEYS) >= 40
    assert set(kinds) == {"single_choice", "multiple_choice", "numeric", "very_short_answer", "short_answer"}
    assert len({item["text"] for item in items(HEART).values()}) == len(KEYS)
    chapters = {c["title"]: set(c["topics"]) for unit in read(HEART, "curriculum")["unit"] for c in unit["chapters"]}
    used: dict[str, set[str]] = {title: set() for title in chapters}
    for item in items(HEART).values():
        used[item["chapter"]].add(item["topic"])
    assert used == chapters


@pytest.mark.django_db
def test_the_bank_loads_and_its_paper_is_drawn() -> None:
    author, verifier = factories.TeacherFactory(), factories.TeacherFactory()
    call_command("load_bank", str(HEART.folder), "--author", author.email, "--verifier", verifier.email)
    assert set(Question.objects.active().values_list("key", flat=True)) == set(KEYS)
    blueprint = Blueprint.objects.get(slug="medicine-heart-paper")
    assert check_blueprint(blueprint=blueprint) == []
    papers = [draw_paper(blueprint=blueprint, seed=seed, title="The heart", now=factories.NOW) for seed in range(3)]
    assert {paper.total_marks for paper in papers} == {Decimal(30)}
    assert len({tuple(paper.questions.values_list("version", flat=True)) for paper in papers}) == 3
