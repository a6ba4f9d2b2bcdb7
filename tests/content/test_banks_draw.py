"""Every shipped bank loads with the command, and board papers can be drawn from it."""

from collections import Counter
from decimal import Decimal

import pytest
from django.core.management import call_command

from assessments.models import Blueprint, Question
from assessments.services.drawing import check_blueprint, draw_paper
from tests import factories
from tests.content.bank import BANKS, Bank, items, read

each_bank = pytest.mark.parametrize("bank", BANKS.values(), ids=BANKS)


def load(bank: Bank) -> Blueprint:
    author, verifier = factories.TeacherFactory(), factories.TeacherFactory()
    call_command("load_bank", str(bank.folder), "--author", author.email, "--verifier", verifier.email)
    return Blueprint.objects.get(slug=read(bank, "blueprint")["blueprint"]["slug"])


@pytest.mark.django_db
@each_bank
def test_the_bank_loads_and_its_board_paper_is_drawn(bank: Bank) -> None:
    blueprint = load(bank)
    assert set(Question.objects.active().values_list("key", flat=True)) == set(items(bank))
    assert check_blueprint(blueprint=blueprint) == []
    seen: set[str] = set()
    for seed in range(1, 4):
        paper = draw_paper(blueprint=blueprint, seed=seed, title=f"Mock {seed}", now=factories.NOW)
        assert (paper.total_marks, paper.written_marks) == (Decimal(80), Decimal(60))
        rows = list(paper.questions.select_related("version__question"))
        assert {row.number for row in rows} == set(range(1, 39))
        assert Counter(row.section for row in rows if row.alternative == "b") == bank.choices
        keys = {row.version.question.key for row in rows}
        assert len(keys) == len(rows) == 38 + sum(bank.choices.values())
        cases = [items(bank)[key] for key in keys if items(bank)[key]["type"] == "case_study"]
        offering = {case["unit"] for case in cases if any(part["alternative"] for part in case["parts"])}
        assert offering == bank.cases_with_choice
        seen |= keys
    assert len(seen) > 38 + sum(bank.choices.values()) + 20


@pytest.mark.django_db
def test_both_banks_live_side_by_side() -> None:
    blueprints = [load(bank) for bank in BANKS.values()]
    assert [check_blueprint(blueprint=blueprint) for blueprint in blueprints] == [[], []]
