"""The questions of the benchmark are what the product itself would have written."""

from __future__ import annotations

from typing import Any

import pytest

from assessments.enums import QuestionType
from assessments.models import MarkingStep, Question, QuestionDigest, QuestionVersion
from assessments.services.digests import words_of
from assessments.services.likeness import bands, likeness, shingles
from assessments.services.questions import build_version
from common.models import new_id
from tests.bench.bank.rows import Place, question_rows, signature
from tests.bench.bank.texts import make_item

PLACE = Place(((new_id(), (new_id(),)), (new_id(), ())), (new_id(), new_id(), new_id()))
NUMBERS = range(400)


def content_of_row(row: QuestionVersion | MarkingStep) -> dict[str, Any]:
    skipped = {"id", "version_id", "question_id", "created_by_id"}
    return {
        field.attname: getattr(row, field.attname)
        for field in row._meta.concrete_fields
        if field.attname not in skipped
    }


def test_every_type_is_there_and_as_the_product_builds_it() -> None:
    seen = set()
    for number in NUMBERS:
        item = make_item(number)
        if item.type in seen and number > 120:
            continue
        seen.add(item.type)
        rows = list(question_rows(number, PLACE))
        question, digest = rows[0], rows[-1]
        assert isinstance(question, Question)
        assert isinstance(digest, QuestionDigest)
        version = [row for row in rows if isinstance(row, QuestionVersion)][-1]
        steps = [row for row in rows if isinstance(row, MarkingStep) and row.version_id == version.pk]
        built, scheme = build_version(
            question=question, number=version.number, content=item.content, actor=None, now=version.created_at
        )
        assert content_of_row(version) == content_of_row(built)
        assert list(map(content_of_row, steps)) == list(map(content_of_row, scheme))
        assert digest.words == words_of(built)
        assert signature(digest.words) == bands(digest.words)
    assert seen == set(QuestionType.values)


def test_one_in_twenty_five_is_nearly_the_one_before() -> None:
    def alike(one: int, other: int) -> float:
        first, second = (list(question_rows(number, PLACE))[-1].words for number in (one, other))
        return likeness(shingles(first), shingles(second))

    assert all(alike(number - 1, number) > 0.7 for number in range(24, 400, 25))
    distinct = [alike(number, number + 1) for number in range(100) if number % 25 < 23]
    assert sum(value < 0.6 for value in distinct) > 0.95 * len(distinct)


@pytest.mark.parametrize("number", [0, 7, 1234])
def test_a_number_always_gives_the_same_question(number: int) -> None:
    first, second = (list(question_rows(number, PLACE)) for _turn in range(2))
    assert [row.__dict__.keys() for row in first] == [row.__dict__.keys() for row in second]
    assert [row.pk for row in first] == [row.pk for row in second]
