"""Reading the question bank."""

from __future__ import annotations

from django.db.models import QuerySet

from assessments.models import Question, Tag

KNOWN_TAGS = 500


def bank_list() -> QuerySet[Question]:
    """Questions with what a list row shows, in one query."""
    return Question.objects.select_related("chapter__unit", "topic", "author", "verifier", "current")


def questions_with_content() -> QuerySet[Question]:
    """Questions with current version and marking steps, in two queries however many rows."""
    return bank_list().select_related("chapter__unit__programme").prefetch_related("current__steps")


def known_tags() -> list[str]:
    """What boxes for tags are completed from, in one query."""
    return list(Tag.objects.values_list("name", flat=True)[:KNOWN_TAGS])
