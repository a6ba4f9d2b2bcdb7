"""Every shipped mathematics bank is complete, well formed and mathematically right."""

from __future__ import annotations

import json
import re
from collections import Counter
from decimal import Decimal
from itertools import chain
from pathlib import Path
from typing import Any

import pytest
from py_mini_racer import JSEvalException, MiniRacer

from tests.content import (
    checks_algebra,
    checks_coordinate_geometry,
    checks_geometry,
    checks_mensuration,
    checks_number_systems,
    checks_statistics_and_probability,
    checks_trigonometry,
    checks_xii_algebra,
    checks_xii_calculus,
    checks_xii_linear_programming,
    checks_xii_probability,
    checks_xii_relations_and_functions,
    checks_xii_vectors,
)
from tests.content.bank import BANKS, CHOICE, ROOT, WRITTEN, Bank, formulas, items, read, texts
from tests.content.claims import claims
from tests.content.compare import final_agrees, numeric_agrees, right_labels, same

CHECKS: dict[str, Any] = {
    **checks_number_systems.CHECKS,
    **checks_algebra.CHECKS,
    **checks_coordinate_geometry.CHECKS,
    **checks_geometry.CHECKS,
    **checks_trigonometry.CHECKS,
    **checks_mensuration.CHECKS,
    **checks_statistics_and_probability.CHECKS,
    **checks_xii_relations_and_functions.CHECKS,
    **checks_xii_algebra.CHECKS,
    **checks_xii_calculus.CHECKS,
    **checks_xii_vectors.CHECKS,
    **checks_xii_linear_programming.CHECKS,
    **checks_xii_probability.CHECKS,
}
SECTION_MARKS = {"A": 1, "B": 2, "C": 3, "D": 5, "E": 4}
LEVELS = {"remember", "understand", "apply", "analyse", "evaluate", "create"}
ITEMS = {key: item for bank in BANKS.values() for key, item in items(bank).items()}
KEYS = sorted(ITEMS)
BANK_OF = {key: bank for bank in BANKS.values() for key in items(bank)}
each_bank = pytest.mark.parametrize("bank", BANKS.values(), ids=BANKS)


@pytest.mark.parametrize("key", KEYS)
def test_item_is_well_formed(key: str) -> None:
    item = ITEMS[key]
    assert re.fullmatch(BANK_OF[key].prefix + r"-[a-z]+-[a-ep]-\d\d", key)
    assert item["type"] in CHOICE | WRITTEN | {"numeric"}
    assert item["difficulty"] in range(1, 6)
    assert item["cognitive_level"] in LEVELS
    assert item["explanation"].strip()
    chapters = {c["title"]: c["topics"] for u in read(BANK_OF[key], "curriculum")["unit"] for c in u["chapters"]}
    assert item["topic"] in chapters[item["chapter"]]
    if item["section"] != "practice":
        assert Decimal(item["marks"]) == SECTION_MARKS[item["section"]]
    if item["section"] == "A":
        assert item["type"] in CHOICE


@pytest.mark.parametrize("key", [k for k in KEYS if ITEMS[k]["type"] in CHOICE])
def test_choice_item_has_four_different_options_and_an_answer(key: str) -> None:
    item = ITEMS[key]
    assert [option["label"] for option in item["options"]] == list("ABCD")
    assert len({option["text"] for option in item["options"]}) == 4
    chosen = item["answer"]["choices"]
    assert set(chosen) <= set("ABCD")
    assert len(chosen) == 1 or item["type"] == "multiple_choice"


@pytest.mark.parametrize("key", [k for k in KEYS if ITEMS[k]["type"] in WRITTEN])
def test_written_item_has_a_scheme_that_adds_up(key: str) -> None:
    item = ITEMS[key]
    assert item["model_answer"].strip()
    groups: Counter[tuple[str, str]] = Counter()
    methods: Counter[int] = Counter()
    for step in item["steps"]:
        marks = Decimal(step["marks"])
        assert marks > 0
        assert marks % Decimal("0.5") == 0
        assert step["kind"] in {"method", "accuracy", "independent"}
        groups[step.get("part", ""), step.get("alternative", "")] += marks  # type: ignore[assignment]
        methods[step.get("method", 1)] += marks  # type: ignore[assignment]
    if item["type"] == "case_study":
        parts = {(p["label"], p["alternative"]): Decimal(p["marks"]) for p in item["parts"]}
        third = ("a", "b") if item["unit"] in BANK_OF[key].cases_with_choice else ("",)
        assert parts == {("i", ""): 1, ("ii", ""): 1, **{("iii", alternative): 2 for alternative in third}}
        assert dict(groups) == parts
    else:
        assert set(groups) == {("", "")}
        # Every method is a complete solution.
        assert dict(methods) == dict.fromkeys(range(1, len(methods) + 1), Decimal(item["marks"]))
    assert len(item.get("methods", ())) == (len(methods) if len(methods) > 1 else 0)


def test_every_item_has_a_check_and_every_check_an_item() -> None:
    assert sorted(CHECKS) == KEYS


@pytest.mark.parametrize("key", KEYS)
def test_recomputed_answer_is_the_stored_one(key: str) -> None:
    item, found = ITEMS[key], CHECKS[key]()
    if item["type"] in CHOICE:
        assert right_labels(item, found) == item["answer"]["choices"]
    elif item["type"] == "numeric":
        assert numeric_agrees(item, found)
    else:
        assert final_agrees(item, found)


@each_bank
def test_what_the_texts_claim_in_numbers_is_true(bank: Bank) -> None:
    count = 0
    for key, item in items(bank).items():
        for tex, _ in chain.from_iterable(map(formulas, texts(item))):
            for left, right, first, second in claims(tex):
                assert same(first, second), f"{key}: {left} = {right}"
                count += 1
    assert count > 100


def test_stems_are_all_different() -> None:
    seen: dict[str, str] = {}
    for key, item in ITEMS.items():
        stem = re.sub(r"[^a-z0-9]+", "", item["text"].lower())
        assert stem not in seen, f"{key} repeats {seen[stem]}"
        seen[stem] = key


@each_bank
def test_blueprint_matches_the_board_pattern(bank: Bank) -> None:
    blueprint = read(bank, "blueprint")
    slots = blueprint["slot"]
    assert [slot["number"] for slot in slots] == list(range(1, 39))
    cells = Counter((slot["unit"], slot["section"]) for slot in slots)
    for unit, (counts, marks) in bank.table.items():
        assert tuple(cells[unit, section] for section in "ABCDE") == counts
        assert sum(Decimal(slot["marks"]) for slot in slots if slot["unit"] == unit) == marks
    assert all(int(slot["marks"]) == SECTION_MARKS[slot["section"]] for slot in slots)
    assert sum(Decimal(slot["marks"]) for slot in slots) == Decimal(blueprint["blueprint"]["total_marks"]) == 80
    assert Counter(slot["types"][0] for slot in slots if slot["section"] == "A") == {
        "single_choice": 18,
        "assertion_reason": 2,
    }
    assert Counter(slot["section"] for slot in slots if slot.get("choice")) == bank.choices
    assert blueprint["blueprint"]["duration_minutes"] == 180
    assert [section["label"] for section in blueprint["section"]] == list("ABCDE")


@each_bank
def test_bank_fills_the_blueprint_several_times(bank: Bank) -> None:
    stock = Counter((i["unit"], i["section"], i["type"]) for i in items(bank).values())
    need: Counter[tuple[str, str, str]] = Counter()
    for slot in read(bank, "blueprint")["slot"]:
        need[slot["unit"], slot["section"], slot["types"][0]] += 2 if slot.get("choice") else 1
    for cell, slots in need.items():
        assert stock[cell] >= (3 * slots if slots <= 2 else 2 * slots + 1), cell


@each_bank
def test_difficulty_and_levels_are_spread(bank: Bank) -> None:
    assert {item["difficulty"] for item in items(bank).values()} == {1, 2, 3, 4, 5}
    assert len({item["cognitive_level"] for item in items(bank).values()}) >= 4
    for unit in bank.units:
        assert len({item["difficulty"] for item in items(bank).values() if item["unit"] == unit}) >= 3


@each_bank
def test_curriculum_marks_are_the_blueprint_marks(bank: Bank) -> None:
    units = read(bank, "curriculum")["unit"]
    assert {unit["slug"]: int(unit["marks"]) for unit in units} == {u: marks for u, (_, marks) in bank.table.items()}
    used = {(item["unit"], item["chapter"]) for item in items(bank).values()}
    assert used == {(unit["slug"], chapter["title"]) for unit in units for chapter in unit["chapters"]}


def _temml() -> Path:
    return next((ROOT / "common" / "vendor").rglob("temml.min.js"))


def test_every_formula_renders_in_temml() -> None:
    engine = MiniRacer()
    engine.eval(_temml().read_text(encoding="utf-8"))
    count = 0
    for key, item in ITEMS.items():
        for tex, display in chain.from_iterable(map(formulas, texts(item))):
            options = json.dumps({"throwOnError": True, "displayMode": display})
            try:
                mathml = engine.eval(f"temml.renderToString({json.dumps(tex)}, {options})")
            except JSEvalException as error:
                pytest.fail(f"{key}: {tex!r}: {error}")
            assert "<math" in mathml
            count += 1
    assert count > 1000
