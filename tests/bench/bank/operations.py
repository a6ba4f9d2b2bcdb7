"""What people do with a bank of fifty thousand questions. Nothing of it stays: see figures.py."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any
from urllib.parse import urlencode

from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from assessments.enums import QuestionState
from assessments.models import Blueprint, Question
from assessments.services.blueprints import judge_plan, plan_of
from assessments.services.digests import like_questions
from assessments.services.drawing import draw_paper
from assessments.services.exporting import export_questions
from assessments.services.import_plan import NEW, plan_import
from assessments.services.importing import read_file
from assessments.services.paper_drafts import draw_draft
from assessments.services.question_edit import save_question
from courses.models import Chapter
from tests.bench.bank.texts import make_item

EXPORTED, PLANNED = 1000, 500
SEARCHES = {
    "rare word": "brachistochrone",
    "common word": "find",
    "two words": "probability kolhapur",
    "formula": "\\dfrac{22}{7}",
    "Hindi": "क्षेत्रफल ज्ञात",
    "no such word": "xylophone",
    "beginning of a word": "brachis",
    "name for imports": "bench-012",
}


@dataclass(frozen=True)
class Operation:
    """`run` does it once and returns how much came of it: rows, questions, or the length of a page.

    `prepare` comes before it each time, in the same transaction, and is not measured.
    """

    name: str
    run: Callable[[], int]
    rounds: int = 15
    prepare: Callable[[], None] = lambda: None


class Desk:
    """A verified teacher before the large bank."""

    @cached_property
    def teacher(self) -> User:
        return User.objects.filter(is_teacher=True, teacher_profile__verified_at__isnull=False).order_by("email")[3]

    @cached_property
    def client(self) -> Client:
        client = Client(SERVER_NAME="localhost")
        client.force_login(self.teacher)
        return client

    @cached_property
    def chapter(self) -> Chapter:
        question = Question.objects.filter(key="bench-00001").select_related("chapter__unit").get()
        return question.chapter

    @cached_property
    def blueprint(self) -> Blueprint:
        return Blueprint.objects.select_related("programme").earliest("pk")

    def page(self, address: str, **asked: Any) -> Callable[[], int]:
        client = self.client  # signed in before what is taken back begins

        def ask() -> int:
            answer = client.get(f"{address}?{urlencode(asked)}")
            assert answer.status_code == 200, f"{address} {asked} answers {answer.status_code}"
            return len(answer.content)

        return ask

    def listed(self, name: str, **asked: Any) -> Operation:
        return Operation(f"list: {name}", self.page(reverse("bank-list"), **asked))


def operations(desk: Desk) -> Iterator[Operation]:
    yield from list_operations(desk)
    yield from search_operations(desk)
    yield from question_operations(desk)
    yield from paper_operations(desk)
    yield from file_operations(desk)


def list_operations(desk: Desk) -> Iterator[Operation]:
    ids = Question.objects.order_by("pk").values_list("pk", flat=True)
    chapter, unit = desk.chapter, desk.chapter.unit
    yield desk.listed("page 1")
    yield desk.listed("in the middle", before=ids[len(ids) // 2])
    yield desk.listed("backwards", after=ids[len(ids) // 2])
    yield desk.listed("mine", view="mine")
    yield desk.listed("to review", view="review")
    places = {"programme": unit.programme_id, "unit": unit.pk, "chapter": chapter.pk}
    yield desk.listed("programme", programme=unit.programme_id)
    yield desk.listed("unit", programme=unit.programme_id, unit=unit.pk)
    yield desk.listed("chapter", **places)
    yield desk.listed("topic", **places, topic=chapter.topics.earliest("position").pk)
    single = {"type": "matching", "state": "retired", "difficulty": "5", "level": "create", "marks": "4"}
    for name, value in {**single, "marks none has": "7"}.items():
        yield desk.listed(name, **{name.split()[0]: value})
    yield desk.listed("type and difficulty", type="ordering", difficulty="5")
    yield desk.listed("chapter, type, state", **places, type="single_choice", state="active")
    yield desk.listed("marks, level, difficulty, state", marks="5", level="create", difficulty="5", state="retired")


def search_operations(desk: Desk) -> Iterator[Operation]:
    unit = desk.chapter.unit
    for name, words in SEARCHES.items():
        yield Operation(f"search: {name}", desk.page(reverse("bank-list"), q=words))
    yield Operation(
        "search: common word, filters",
        desk.page(reverse("bank-list"), q="find", programme=unit.programme_id, unit=unit.pk, type="case_study"),
    )
    yield Operation("search: mine", desk.page(reverse("bank-list"), q="find", view="mine"))


def question_operations(desk: Desk) -> Iterator[Operation]:
    question = Question.objects.get(key="bench-20001")
    near = make_item(20_024).content
    item = make_item(60_000)
    yield Operation("question page", desk.page(reverse("question-page", args=[question.pk])))
    yield Operation("review page", desk.page(reverse("question-page", args=[_waiting(desk).pk]), review=1))
    texts = [near.text, *(one.text for one in [*near.options, *near.parts])]
    yield Operation("near duplicates of a text", lambda: len(like_questions(texts=texts, user=desk.teacher)))

    def save() -> int:
        save_question(
            question=None, type=item.type, chapter=desk.chapter, topic=None, content=item.content, actor=desk.teacher,
            now=timezone.now(),
        )  # fmt: skip
        return 1

    yield Operation("save a question", save)


def paper_operations(desk: Desk) -> Iterator[Operation]:
    blueprint, now = desk.blueprint, timezone.now()

    def judge() -> int:
        return judge_plan(programme=blueprint.programme, plan=plan_of(blueprint)).papers.exponent or 0

    def draw() -> int:
        return draw_paper(blueprint=blueprint, seed=7, title="Bench", now=now).questions.count()

    yield Operation("judge the board blueprint (10ⁿ papers)", judge, 8)
    yield Operation("blueprint page", desk.page(reverse("blueprint-page", args=[blueprint.pk])), 8)
    yield Operation("draw and freeze a paper", draw, 8)

    def swap() -> int:
        draw_draft(blueprint=blueprint, seed=7, actor=desk.teacher, now=now)
        return desk.page(reverse("paper-swap", args=[blueprint.pk, "1"]))()

    yield Operation("draft, and candidates to swap", swap, 8)


def file_operations(desk: Desk) -> Iterator[Operation]:
    table = _table(desk)
    programme = desk.chapter.unit.programme

    def plan() -> int:
        made = plan_import(
            read_file(table), programme=programme, chapter=desk.chapter, author=desk.teacher, now=timezone.now()
        )
        return made.count(NEW)

    for format in ("csv", "moodle_xml", "qti"):
        yield Operation(f"export {EXPORTED} questions, {format}", lambda format=format: _export(desk, format), 3)
    yield Operation("page before an export", desk.page(reverse("question-export"), q="find"))
    yield Operation(f"plan of an import of {PLANNED} rows", plan, 3)


def _waiting(desk: Desk) -> Question:
    waiting = Question.objects.filter(state=QuestionState.IN_REVIEW).exclude(author=desk.teacher)
    return waiting.exclude(current__created_by=desk.teacher).latest("pk")


def _export(desk: Desk, format: str) -> int:
    questions = Question.objects.filter(state=QuestionState.ACTIVE, current__isnull=False).order_by("-pk")[:EXPORTED]
    return export_questions(questions=questions, actor=desk.teacher, format=format).count


def _table(desk: Desk) -> bytes:
    """A table of questions, half of them in the bank already, the others with another text."""
    chosen = Question.objects.filter(key__startswith="bench-3", state=QuestionState.ACTIVE).order_by("pk")[:PLANNED]
    data = export_questions(questions=chosen, actor=desk.teacher, format="csv").data
    lines = data.decode("utf-8-sig")
    return lines.replace("bench-30", "fresh-30").replace("bench-31", "fresh-31").encode()
