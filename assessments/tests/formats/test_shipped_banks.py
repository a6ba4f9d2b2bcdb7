"""Every shipped question goes out in every format and comes back the same, but for the losses that are named."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path

import pytest

from assessments.enums import QuestionType
from assessments.services.bank_files import read_content
from assessments.services.content_schema import QuestionContent
from assessments.services.exporting import FORMATS, find_losses
from assessments.services.formats.items import ExportedItem
from assessments.services.import_plan import same_content
from assessments.services.questions import normalised

DATA = Path(__file__).parents[2] / "data"
GIFT_HAS_NOT = {QuestionType.EXPRESSION, QuestionType.FILL_IN, QuestionType.ORDERING}
AIKEN_HAS = {QuestionType.SINGLE_CHOICE, QuestionType.ASSERTION_REASON, QuestionType.TRUE_FALSE}
#: What Aiken has no place for.
AIKEN_LOSES = {"marks", "difficulty", "cognitive_level", "explanation", "options", "answer", "text", "hints"}
HAVE_HINTS = {"csv", "xlsx", "moodle_xml"}


def shipped() -> Iterator[ExportedItem]:
    for path in sorted(DATA.glob("*/*.toml")):
        for raw in tomllib.loads(path.read_text(encoding="utf-8")).get("item", ()):
            content = normalised(read_content(raw))
            yield ExportedItem(
                raw["key"], raw["type"], content, key=raw["key"], chapter=raw["chapter"], topic=raw["topic"]
            )


BANK = list(shipped())

pytestmark = pytest.mark.slow


def differences(one: QuestionContent, other: QuestionContent) -> set[str]:
    return {
        field.name
        for field in fields(QuestionContent)
        if not same_content(getattr(one, field.name), getattr(other, field.name))
    }


def test_the_banks_hold_every_type_and_parameters() -> None:
    assert {item.type for item in BANK} == set(QuestionType.values)
    assert any(item.content.parameters for item in BANK)


@pytest.mark.parametrize("format", sorted(set(FORMATS) - {"aiken"}))
def test_every_shipped_question_comes_back_the_same(format: str) -> None:
    data = FORMATS[format].write(BANK)
    parsed = FORMATS[format].read(data)
    named = find_losses(BANK, data, format)
    back = {item.key: item for item in parsed.items}
    assert not parsed.skipped
    assert len(back) == len(parsed.items)
    told = 0
    for item in BANK:
        notes = [note for note in named if f"“{item.name}”" in note]
        if format == "gift" and item.type in GIFT_HAS_NOT:
            assert item.key not in back
            assert "has no such question" in notes[0]
        elif item.content.parameters and format not in {"csv", "xlsx"}:
            assert notes == [f"“{item.name}”: the file holds one of its variants, without its parameters."]
        else:
            found = back[item.key]
            assert (found.type, found.chapter, found.topic) == (item.type, item.chapter, item.topic)
            lost = {"hints"} if item.content.hints and format not in HAVE_HINTS else set()
            assert differences(normalised(found.content), item.content) == lost, item.key
            assert notes == [f"“{item.name}”: hints changed." for _one in lost]
            told += len(lost)
    assert len(named) == told + sum(
        (format == "gift" and item.type in GIFT_HAS_NOT)
        or bool(item.content.parameters and format not in {"csv", "xlsx"})
        for item in BANK
    )


def test_aiken_says_that_it_has_text_options_and_key_alone() -> None:
    data = FORMATS["aiken"].write(BANK)
    named = find_losses(BANK, data, "aiken")
    carried = [item for item in BANK if item.type in AIKEN_HAS and not item.content.parameters]
    read = FORMATS["aiken"].read(data).items
    assert len(read) == len(carried)
    for item, found in zip(carried, read, strict=True):
        assert differences(normalised(found.content), item.content) <= AIKEN_LOSES
        assert len(found.content.answer["choices"]) == 1
    assert {note for note in named if "has no such question" in note} == {
        f"“{item.name}” is not in the file: the format has no such question." for item in BANK if item not in carried
    }
