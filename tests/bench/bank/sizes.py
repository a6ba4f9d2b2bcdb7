"""Whether a page costs the same number of queries with five hundred questions and with fifty thousand.

The small bank is the large one without the questions that came later, in a transaction that is taken back. Everything
is asked for one question that both hold.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from assessments.enums import QuestionState
from assessments.models import Question, QuestionBand, QuestionDigest
from assessments.selectors.bank_pages import waiting_for
from assessments.services.digests import like_questions
from tests.bench.bank.operations import Desk

SMALL = 500


def queries_by_size(desk: Desk) -> dict[str, tuple[int, int]]:
    """{what was asked: (queries with the small bank, with the large one)}"""
    edge = Question.objects.filter(key__startswith="bench-").order_by("pk").values_list("pk", flat=True)[SMALL]
    question = waiting_for(desk.teacher).filter(pk__lt=edge).select_related("current", "chapter__unit").latest("pk")
    asked = dict(_asked(desk, question))
    with transaction.atomic():
        large = {name: _count(ask) for name, ask in asked.items()}
        _leave_out_from(edge)
        small = {name: _count(ask) for name, ask in asked.items()}
        transaction.set_rollback(True)
    return {name: (small[name], large[name]) for name in asked}


def sizes_text(found: dict[str, tuple[int, int]]) -> str:
    """What differs, or that nothing does."""
    grown = [f"  {name}: {small} queries, then {large}" for name, (small, large) in found.items() if small != large]
    verdict = "as many" if not grown else "NOT as many"
    return "\n".join(
        [f"With {SMALL} questions and with all: {verdict} queries for each of {len(found)} pages and checks.", *grown]
    )


def _asked(desk: Desk, question: Question) -> Iterator[tuple[str, Callable[[], int]]]:
    assert question.current is not None
    bank, unit = reverse("bank-list"), question.chapter.unit
    places = {"programme": unit.programme_id, "unit": unit.pk, "chapter": question.chapter_id}
    filters: dict[str, dict[str, Any]] = {
        "everything": {},
        "mine": {"view": "mine"},
        "to review": {"view": "review"},
        "programme": {"programme": unit.programme_id},
        "unit": {"programme": unit.programme_id, "unit": unit.pk},
        "chapter": places,
        "type": {"type": question.type},
        "state": {"state": QuestionState.IN_REVIEW},
        "difficulty": {"difficulty": question.difficulty},
        "level": {"level": question.cognitive_level},
        "marks": {"marks": f"{question.marks:.1f}"},
        "search": {"q": QuestionDigest.objects.get(question=question).words.split()[0]},
        "search and filters": {"q": "find", **places, "state": QuestionState.ACTIVE},
    }
    for name, values in filters.items():
        yield f"list: {name}", desk.page(bank, **values)
    page = reverse("question-page", args=[question.pk])
    yield "question page", desk.page(page)
    yield "review page", desk.page(page, review=1)
    yield "editor", desk.page(reverse("question-edit", args=[question.pk]))
    yield "blueprint page", desk.page(reverse("blueprint-page", args=[desk.blueprint.pk]))
    yield "page before an export", desk.page(reverse("question-export"), q="find")
    version = question.current
    texts = [version.text_source, *(row["source"] for row in [*version.options, *version.parts])]
    yield "duplicate check", lambda: len(like_questions(texts=texts, user=desk.teacher))


def _count(ask: Callable[[], int]) -> int:
    ask()  # what is remembered between requests is there now
    with CaptureQueriesContext(connection) as captured:
        assert ask()
    return len([query for query in captured.captured_queries if "SAVEPOINT" not in query["sql"]])


def _leave_out_from(edge: Any) -> None:
    """Deletes the questions from `edge` on, but not what names them: that is only looked at when a transaction ends."""
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("SET LOCAL session_replication_role = replica")
        else:
            cursor.execute("PRAGMA defer_foreign_keys = ON")
    for rows in (QuestionBand.objects.filter(question__gte=edge), QuestionDigest.objects.filter(question__gte=edge)):
        rows._raw_delete(rows.db)
    questions = Question.objects.filter(pk__gte=edge, key__startswith="bench-")
    nameless = Question.objects.filter(pk__gte=edge, key__isnull=True)
    for found in (questions, nameless):
        found._raw_delete(found.db)
