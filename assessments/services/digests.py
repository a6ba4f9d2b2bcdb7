"""Keeping the words and signatures of questions beside them, and finding the questions that say nearly the same."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db.models import Count

from assessments.models import Question, QuestionBand, QuestionDigest, QuestionVersion
from assessments.services.likeness import LIKE, bands, likeness, plain_words, shingles

CANDIDATES = 30
SHOWN = 5


@dataclass(frozen=True)
class LikeQuestion:
    """A question that says nearly the same; `percent` of the wording is shared."""

    question: Question
    percent: int


def digest_versions(versions: Iterable[QuestionVersion]) -> None:
    """Keeps words and bands of these versions as those of their questions. Three statements however many."""
    rows = [(version.question, words_of(version)) for version in versions]
    QuestionBand.objects.filter(question__in=[question for question, _words in rows]).delete()
    QuestionDigest.objects.bulk_create(
        [QuestionDigest(question=question, words=words) for question, words in rows],
        update_conflicts=True,
        unique_fields=["question"],
        update_fields=["words"],
        batch_size=500,
    )
    found = [QuestionBand(question=question, value=value) for question, words in rows for value in set(bands(words))]
    QuestionBand.objects.bulk_create(found, batch_size=1000)


def words_of(version: QuestionVersion) -> str:
    """The words by which a version is found: its text, options and parts."""
    texts = [version.text_source, *(row["source"] for row in [*version.options, *version.parts])]
    return plain_words(texts)


def like_questions(*, texts: Sequence[str], user: Any, other_than: UUID | None = None) -> list[LikeQuestion]:
    """Questions the person may see that say nearly the same as `texts`, the likest first; two queries, both indexed."""
    words = plain_words(texts)
    values = bands(words)
    if not values:
        return []
    shared = QuestionBand.objects.filter(value__in=values).exclude(question=other_than).values("question")
    likest = shared.annotate(hits=Count("pk")).order_by("-hits", "question").values_list("question", flat=True)
    ids = list(likest[:CANDIDATES])
    if not ids:
        return []
    questions = Question.objects.visible_to(user).filter(pk__in=ids).select_related("current", "digest", "chapter")
    mine = shingles(words)
    rows = [
        LikeQuestion(question, round(100 * likeness(mine, shingles(question.digest.words)))) for question in questions
    ]
    close = sorted((row for row in rows if row.percent >= 100 * LIKE), key=lambda row: -row.percent)
    return close[:SHOWN]
