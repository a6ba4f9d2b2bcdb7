"""Search of the bank: words and their beginnings, in every script, by an index that is kept with the words."""

from __future__ import annotations

from importlib import import_module
from random import Random
from typing import Any

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from assessments.models import Question, QuestionDigest
from assessments.selectors.bank_pages import bank_page, bank_questions
from assessments.services.likeness import WORD, plain_words, search_terms
from tests import factories

pytestmark = pytest.mark.django_db
on_sqlite = pytest.mark.only_on("sqlite")
MIGRATION = "assessments.migrations.0034_search_index_on_sqlite"
TEXTS = {
    "circle": "Find the **area** of a circle of radius $r_1$",
    "hindi": "वृत्त का क्षेत्रफल ज्ञात कीजिए।",
    "hindi sketch": "त्रिभुज का क्षेत्र रफ बनाइए।",
    "tamil": "வட்டத்தின் பரப்பளவு காண்க",
    "accents": "Naïve résumé of Poincaré",
    "plain": "Naive resume of poincare",
    "fraction": r"Is $\dfrac{22}{7}$ rational?",
}


@pytest.fixture
def asker(cast: Any) -> Any:
    return cast.staff


@pytest.fixture
def bank(cast: Any) -> dict[str, Question]:
    return {name: put(make(), text) for name, text in TEXTS.items()}


def make() -> Question:
    question: Question = factories.question_version().question
    return question


def put(question: Question, text: str) -> Question:
    # As the service writes them: made or, where there are some, replaced.
    QuestionDigest.objects.bulk_create(
        [QuestionDigest(question=question, words=plain_words([text]))],
        update_conflicts=True,
        unique_fields=["question"],
        update_fields=["words"],
    )
    return question


def found(asker: Any, words: str) -> set[Any]:
    return set(bank_questions(asker, chosen={}, terms=search_terms(words)).values_list("pk", flat=True))


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("circle", {"circle"}),
        ("CIRC", {"circle"}),
        ("radius area", {"circle"}),
        ("radius rational", set()),
        ("क्षेत्रफल", {"hindi"}),
        ("क्षेत्र", {"hindi", "hindi sketch"}),
        ("क", {"hindi", "hindi sketch"}),
        ("வட்ட காண்க", {"tamil"}),
        ("பரப்பளவை", set()),
        ("résumé", {"accents"}),
        ("resume", {"plain"}),
        (r"\dfrac{22}{7}", {"fraction"}),
        ("dfrac 2", {"fraction"}),
        ("xylophone", set()),
        ("AND", set()),
        ("NEAR OR NOT", set()),
    ],
)
def test_words_and_their_beginnings(asker: Any, bank: dict[str, Question], words: str, expected: set[str]) -> None:
    assert found(asker, words) == {bank[name].pk for name in expected}


def test_the_index_is_kept_with_the_words(asker: Any, bank: dict[str, Question]) -> None:
    circle, hindi = bank["circle"], bank["hindi"]
    put(circle, "Now about a square")
    assert (found(asker, "circle"), found(asker, "square")) == (set(), {circle.pk})
    QuestionDigest.objects.filter(question=circle).update(words="and a rhombus")
    assert (found(asker, "square"), found(asker, "rhombus")) == (set(), {circle.pk})
    QuestionDigest.objects.filter(question=hindi).delete()
    assert found(asker, "क्षेत्रफल") == set()
    put(hindi, "A square again")
    assert found(asker, "square") == {hindi.pk}
    with transaction.atomic():
        put(hindi, "Taken back")
        transaction.set_rollback(True)
    assert (found(asker, "square"), found(asker, "taken")) == ({hindi.pk}, set())


@pytest.mark.parametrize("seed", range(3))
def test_whatever_is_written_and_taken_away_is_found_as_reading_finds_it(cast: Any, asker: Any, seed: int) -> None:
    random = Random(seed)
    syllables = ["ka", "क्ष", "ता", "ல்", "é", "ra", "ത്", "x"]
    questions = [put(make(), "") for _number in range(6)]
    texts: dict[Any, str] = {}
    for _step in range(40):
        one = random.choice(questions)
        words = ["".join(random.choices(syllables, k=random.randint(1, 3))) for _word in range(random.randint(0, 4))]
        if random.random() < 0.2:
            QuestionDigest.objects.filter(question=one).delete()
            texts.pop(one.pk, None)
        else:
            put(one, " ".join(words))
            texts[one.pk] = plain_words(words)
    for asked in [*syllables, "kara", "ताक्ष", "क्षka", "ka क्ष"]:
        terms = search_terms(asked)
        read = {
            pk
            for pk, text in texts.items()
            if all(any(word.startswith(term) for word in WORD.findall(text)) for term in terms)
        }
        assert found(asker, asked) == read, asked


@on_sqlite
def test_no_table_is_read_from_end_to_end(asker: Any, bank: dict[str, Question]) -> None:
    with CaptureQueriesContext(connection) as captured:
        bank_page(bank_questions(asker, chosen={}, terms=["circ", "radius"]))
    with connection.cursor() as cursor:
        cursor.execute("EXPLAIN QUERY PLAN " + captured.captured_queries[0]["sql"])
        plan = [row[3] for row in cursor.fetchall()]
    assert any(step.startswith("SCAN assessments_questionwords VIRTUAL TABLE INDEX") for step in plan), plan
    assert any("assessments_question_key_nocase" in step for step in plan), plan
    tables = ("assessments_questiondigest", "assessments_question", "assessments_questionnumber", "U0")
    assert not [step for step in plan if step in {f"SCAN {table}" for table in tables}], plan


@pytest.mark.parametrize("words", ["MCQ_7", "mcq_7-circ", "mcq 7"])
def test_a_name_for_imports_is_found_by_its_beginning(asker: Any, bank: dict[str, Question], words: str) -> None:
    for name, key in (("circle", "mcq_7-circle"), ("plain", "mcqx7-circle"), ("tamil", "a-mcq_7-circle")):
        Question.objects.filter(pk=bank[name].pk).update(key=key)
    assert found(asker, words) == ({bank["circle"].pk} if "_" in words else set())


@on_sqlite
def test_the_migration_takes_in_what_is_there_and_goes_back(asker: Any, bank: dict[str, Question]) -> None:
    migration = import_module(MIGRATION)
    with connection.cursor() as cursor:
        for statement in (*migration.REMOVED, *migration.MADE):
            cursor.execute(statement)
    assert found(asker, "क्षेत्र") == {bank["hindi"].pk, bank["hindi sketch"].pk}
    put(bank["circle"], "Now about a square")
    assert (found(asker, "circle"), found(asker, "square")) == (set(), {bank["circle"].pk})
