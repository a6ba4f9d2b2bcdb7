"""A large bank costs what a small one costs: the same number of queries, an index for every filter, and the facets
that these stand on kept with the current version."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from importlib import import_module
from typing import Any

import pytest
from django.apps import apps
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from assessments.enums import ExamKind, QuestionState, QuestionType
from assessments.models import Blueprint, Question, Tag
from assessments.selectors.bank_pages import bank_page, bank_questions
from assessments.services.digests import digest_versions, like_questions
from assessments.services.importing import import_items, read_file
from assessments.services.questions import QuestionContent, StepContent, create_question, revise_question
from courses.models import Topic
from tests import factories
from tests.factories import NOW

pytestmark = pytest.mark.django_db
FEW, MANY = 5, 60
LIST = reverse("bank-list")
TEXT = "A ladder of length {} metres leans against a wall. How high does it reach with its foot six metres off?"


class Bank:
    """Questions that are alike in everything, so that whatever finds one finds all."""

    def __init__(self, author: Any) -> None:
        self.author = author
        self.chapter = factories.ChapterFactory()
        self.topic = Topic.objects.create(chapter=self.chapter, name="Ladders")
        self.tag = Tag.objects.create(name="ladders", folded="ladders")
        self.content = QuestionContent(
            marks=Decimal(3),
            difficulty=4,
            cognitive_level="create",
            text=TEXT,
            model_answer="Eight metres.",
            steps=(StepContent("Pythagoras", Decimal(3)),),
        )

    def make(self, name: str, state: str = QuestionState.IN_REVIEW, **changes: Any) -> Question:
        question = create_question(
            chapter=self.chapter,
            topic=self.topic,
            type=QuestionType.SHORT_ANSWER,
            content=replace(self.content, text=TEXT.format(name), **changes),
            author=self.author,
            state=state,
            now=NOW,
        )
        question.tags.add(self.tag)
        return question


@pytest.fixture
def bank(cast: Any) -> Bank:
    return Bank(cast.colleague)


def filters_of(bank: Bank) -> dict[str, dict[str, Any]]:
    unit = bank.chapter.unit
    places = {"programme": unit.programme_id, "unit": unit.pk, "chapter": bank.chapter.pk, "topic": bank.topic.pk}
    alone = {
        "type": "short_answer", "state": "in_review", "difficulty": "4", "level": "create", "marks": "3",
        "tag": "ladders", "q": "ladder", "view": "review",
    }  # fmt: skip
    narrowing = list(places)
    found: dict[str, dict[str, Any]] = {name: {name: value} for name, value in alone.items()}
    found |= {name: {key: places[key] for key in narrowing[: at + 1]} for at, name in enumerate(narrowing)}
    return found | {"everything": {}, "all of them": {**places, **alone}, "nothing like it": {"marks": "7.5"}}


def doors_of(bank: Bank, client: Client, user: Any) -> dict[str, Callable[[], Any]]:
    """Everything that reads the bank, each asked for the same question."""
    question, blueprint = bank.make("ten"), _blueprint(bank)

    def page(address: str, **asked: Any) -> Callable[[], Any]:
        return lambda: client.get(address, asked)

    doors: dict[str, Callable[[], Any]] = {
        f"list: {name}": page(LIST, **asked) for name, asked in filters_of(bank).items()
    }
    return doors | {
        "question page": page(reverse("question-page", args=[question.pk])),
        "review": page(reverse("question-page", args=[question.pk]), review=1),
        "first to review": page(reverse("bank-review")),
        "editor": page(reverse("question-edit", args=[question.pk])),
        "new question": page(reverse("question-new")),
        "blueprint": page(reverse("blueprint-page", args=[blueprint.pk])),
        "page before an export": page(reverse("question-export"), q="ladder"),
        "duplicate check": lambda: like_questions(texts=[TEXT.format("twelve")], user=user),
    }


def _blueprint(bank: Bank) -> Blueprint:
    unit = bank.chapter.unit
    made: Blueprint = Blueprint.objects.create(
        author=bank.author,
        programme=unit.programme,
        slug="one",
        name="One",
        kind=ExamKind.CUSTOM,
        duration_minutes=30,
        total_marks=3,
    )
    section = made.sections.create(label="A", title="Section A", position=1)
    section.slots.create(number=1, unit=unit, types=[QuestionType.SHORT_ANSWER], marks=3)
    return made


def counted(doors: dict[str, Callable[[], Any]]) -> dict[str, int]:
    found = {}
    for name, ask in doors.items():
        ask()  # what is remembered between requests is there now
        with CaptureQueriesContext(connection) as captured:
            answer = ask()
        assert getattr(answer, "status_code", 200) in {200, 302}, name
        assert (
            "page" not in (getattr(answer, "context", None) or {})
            or answer.context["page"].rows
            or "7.5" in str(answer.request["QUERY_STRING"])
        ), f"{name} shows nothing, so its count says nothing"
        found[name] = len(captured)
    return found


def test_sixty_questions_cost_the_queries_of_five(client: Client, cast: Any, bank: Bank) -> None:
    client.force_login(cast.teacher)
    doors = doors_of(bank, client, cast.teacher)
    for number in range(FEW - 1):
        bank.make(f"few {number}")
    few = counted(doors)
    for number in range(MANY - FEW):
        bank.make(f"many {number}")
    assert counted(doors) == few
    assert len(doors["list: all of them"]().context["page"].rows) == 30


@pytest.mark.only_on("sqlite")  # with few rows PostgreSQL reads all of them
def test_every_filter_and_every_pair_is_found_by_an_index(cast: Any, bank: Bank) -> None:
    unit = bank.chapter.unit
    chosen = {
        "programme": unit.programme_id, "unit": unit.pk, "chapter": bank.chapter.pk, "topic": bank.topic.pk,
        "type": "short_answer", "state": "active", "difficulty": "4", "level": "create", "marks": "7.5",
        "tag": "ladders",
    }  # fmt: skip
    pairs = {frozenset((one, other)) for one in chosen for other in chosen}
    for names in pairs:
        questions = bank_questions(cast.teacher, chosen={name: chosen[name] for name in names}, terms=[])
        with CaptureQueriesContext(connection) as captured:
            bank_page(questions)
        with connection.cursor() as cursor:
            cursor.execute("EXPLAIN QUERY PLAN " + captured.captured_queries[0]["sql"])
            plan = [row[3] for row in cursor.fetchall()]
        assert not [step for step in plan if re.match("SCAN assessments_question", step)], (set(names), plan)


class TestFacets:
    """Marks, difficulty and level of a question are those of its current version, whoever writes it."""

    def check(self, question: Question) -> None:
        stored = Question.objects.select_related("current").get(pk=question.pk)
        assert stored.current is not None
        assert [getattr(stored, name) for name in Question.SHOWN[1:]] == [
            getattr(stored.current, name) for name in Question.SHOWN[1:]
        ]

    def test_of_a_new_and_of_a_revised_question(self, bank: Bank) -> None:
        question = bank.make("ten", state=QuestionState.DRAFT)
        self.check(question)
        content = replace(bank.content, difficulty=1, cognitive_level="apply", text=TEXT.format("nine"))
        revise_question(question=question, content=content, actor=bank.author, now=NOW)
        self.check(question)
        assert (question.difficulty, question.cognitive_level) == (1, "apply")

    def test_of_imported_questions(self, bank: Bank) -> None:
        def bring(marks: int) -> Question:
            data = f"type,key,text,correct,marks,difficulty\ntrue_false,one,Is 2 even?,true,{marks},{marks}\n".encode()
            import_items(
                read_file(data),
                programme=bank.chapter.unit.programme,
                chapter=bank.chapter,
                author=bank.author,
                now=NOW,
            )
            return Question.objects.get(key="one")

        for marks in (1, 2):
            question = bring(marks)
            self.check(question)
            assert question.marks == marks

    def test_are_filled_where_they_are_missing(self, bank: Bank, monkeypatch: pytest.MonkeyPatch) -> None:
        questions = [bank.make(f"{level}", difficulty=level) for level in (1, 2, 3)]
        bare = factories.QuestionFactory()
        Question.objects.update(marks=None, difficulty=None, cognitive_level=None)
        migration = import_module("assessments.migrations.0029_fill_question_facets")
        monkeypatch.setattr(migration, "BATCH", 2)
        migration.fill(apps, None)
        for question in questions:
            self.check(question)
        bare.refresh_from_db()
        assert bare.marks is None


def test_digest_is_needed_for_the_duplicate_check(cast: Any, bank: Bank) -> None:
    """The check above would cost the same if it found nothing."""
    first, second = bank.make("ten"), bank.make("eleven")
    digest_versions([question.current for question in (first, second) if question.current])
    found = like_questions(texts=[TEXT.format("twelve")], user=cast.teacher)
    assert {row.question for row in found} == {first, second}
