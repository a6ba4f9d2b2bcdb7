"""The rows of the bank: what the product would have written, made many at a time and stored with COPY."""

from __future__ import annotations

import os
import random
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from hashlib import md5
from multiprocessing import get_context
from typing import Any
from uuid import UUID

import django
from django.db import connection, models, transaction

from assessments.enums import QuestionState
from assessments.models import MarkingStep, Question, QuestionBand, QuestionDigest, QuestionVersion
from assessments.services import likeness
from assessments.services.digests import words_of
from tests.bench.bank.texts import Item, make_item

CHUNK = 500
START = datetime(2024, 1, 1, tzinfo=UTC)
STATES = (
    [QuestionState.ACTIVE] * 80
    + [QuestionState.IN_REVIEW] * 8
    + [QuestionState.DRAFT] * 7
    + [QuestionState.RETIRED] * 5
)
#: The order in which they are stored: what is pointed at first, except where two rows point at each other.
MODELS: tuple[type[models.Model], ...] = (Question, QuestionVersion, MarkingStep, QuestionDigest)
Rows = dict[str, list[tuple[Any, ...]]]


@dataclass(frozen=True)
class Place:
    """Where questions go: chapters with their topics, and who writes and verifies them."""

    chapters: tuple[tuple[UUID, tuple[UUID, ...]], ...]
    people: tuple[UUID, ...]


def bench_id(at: datetime, salt: str) -> UUID:
    """A UUIDv7 of the moment `at`; the same salt gives the same id."""
    digits = md5(salt.encode(), usedforsecurity=False).hexdigest()
    return UUID(f"{int(at.timestamp() * 1000):012x}7{digits[:3]}8{digits[3:18]}")


def fill_bank(*, questions: int, place: Place, without_indexes: Callable[[str], AbstractContextManager[None]]) -> None:
    """Stores `questions` questions with versions, schemes, words and bands."""
    jobs = [(start, min(start + CHUNK, questions), place) for start in range(0, questions, CHUNK)]
    kept: dict[str, list[tuple[Any, ...]]] = {}
    with ProcessPoolExecutor(os.cpu_count(), mp_context=get_context("spawn"), initializer=django.setup) as pool:
        for made in pool.map(_rows_of, jobs):
            for table, rows in made.items():
                kept.setdefault(table, []).extend(rows)
    tables = [model._meta.db_table for model in MODELS] + [QuestionBand._meta.db_table]
    with transaction.atomic() if connection.vendor == "sqlite" else nullcontext():
        for table in tables:
            with without_indexes(table):
                _store(table, kept.pop(table))


def _rows_of(job: tuple[int, int, Place]) -> Rows:
    first, end, place = job
    rows: Rows = {model._meta.db_table: [] for model in MODELS}
    bands = rows[QuestionBand._meta.db_table] = []
    for number in range(first, end):
        made = list(question_rows(number, place))
        for row in made:
            rows[row._meta.db_table].append(_values(row))
        digest = made[-1]
        assert isinstance(digest, QuestionDigest)
        key = QuestionBand._meta.get_field("question").get_db_prep_save(digest.question_id, connection)  # type: ignore[union-attr]
        bands.extend((key, value) for value in sorted(set(signature(digest.words))))
    return rows


def question_rows(number: int, place: Place) -> Iterator[models.Model]:
    """Question `number`, its versions with their steps, the last one current, and last its digest."""
    chance = random.Random(f"place {number}")
    at = START + timedelta(minutes=15 * number)
    chapter, topics = chance.choice(place.chapters)
    author, verifier = chance.sample(place.people, 2)
    state = chance.choice(STATES)
    item = make_item(number)
    question = Question(
        id=bench_id(at, f"question {number}"),
        key=f"bench-{number:05d}" if number % 5 else None,
        chapter_id=chapter,
        topic_id=chance.choice(topics) if topics else None,
        type=item.type,
        state=state,
        author_id=author,
        verifier_id=verifier if state == QuestionState.ACTIVE else None,
        created_at=at,
    )
    wordings = 3 if number % 40 == 0 else 2 if number % 5 == 0 else 1
    versions = []
    for version_number in range(1, wordings + 1):
        wording = item if version_number == wordings else make_item(number, revision=wordings - version_number)
        versions.append(_version(question, version_number, wording, author, at))
    question.show(versions[-1][0])
    yield question
    for version, steps in versions:
        yield version
        yield from steps
    yield QuestionDigest(question=question, words=words_of(versions[-1][0]))


def _version(
    question: Question, number: int, item: Item, author: UUID, at: datetime
) -> tuple[QuestionVersion, list[MarkingStep]]:
    """What `build_version` makes of the content, with the HTML that is there already."""
    content, html = item.content, item.html
    version = QuestionVersion(
        id=bench_id(at, f"version {question.pk} {number}"),
        question=question,
        number=number,
        marks=content.marks,
        difficulty=content.difficulty,
        cognitive_level=content.cognitive_level,
        text_source=content.text,
        text_html=html[content.text],
        options=[{"label": one.label, "source": one.text, "html": html[one.text]} for one in content.options],
        parts=[
            {
                "label": part.label,
                "alternative": part.alternative,
                "source": part.text,
                "html": html.get(part.text, ""),
                "marks": str(part.marks),
            }
            for part in content.parts
        ],
        answer=content.answer,
        model_answer_source=content.model_answer,
        model_answer_html=html.get(content.model_answer, ""),
        explanation_source=content.explanation,
        explanation_html=html.get(content.explanation, ""),
        created_by_id=author,
        created_at=at,
    )
    steps = [
        MarkingStep(
            id=bench_id(at, f"step {version.pk} {position}"),
            version=version,
            position=position,
            part=step.part,
            alternative=step.alternative,
            kind=step.kind,
            marks=step.marks,
            text_source=step.text,
            text_html=html[step.text],
        )
        for position, step in enumerate(content.steps, start=1)
    ]
    return version, steps


@lru_cache(maxsize=20_000)
def _hashes(shingle: int) -> tuple[int, ...]:
    return tuple((a * shingle + b) % likeness.PRIME for a, b in likeness._functions())


def signature(words: str) -> list[int]:
    """`likeness.bands`, quicker for many texts that have most of their shingles in common."""
    found = likeness.shingles(words)
    if len(found) < 8:
        return []
    least = list(map(min, zip(*map(_hashes, found), strict=True)))
    rows = (least[at * likeness.ROWS : (at + 1) * likeness.ROWS] for at in range(likeness.BANDS))
    return [likeness._fold(at, row) for at, row in enumerate(rows)]


# --- Storing ---------------------------------------------------------------------------------------------------------
def _values(row: models.Model) -> tuple[Any, ...]:
    fields = row._meta.local_concrete_fields
    return tuple(field.get_db_prep_save(getattr(row, field.attname), connection) for field in fields)


def _columns(table: str) -> Sequence[str]:
    if table == QuestionBand._meta.db_table:
        return ("question_id", "value")
    [model] = (model for model in MODELS if model._meta.db_table == table)
    return [field.column for field in model._meta.local_concrete_fields]


def _store(table: str, rows: Iterable[tuple[Any, ...]]) -> None:
    names = ", ".join(f'"{name}"' for name in _columns(table))
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            marks = ", ".join("?" for _name in _columns(table))
            connection.connection.executemany(f'INSERT INTO "{table}" ({names}) VALUES ({marks})', rows)
            return
        with cursor.cursor.copy(f'COPY "{table}" ({names}) FROM STDIN') as copy:
            for row in rows:
                copy.write_row(row)
