"""Item statistics, kept up to date attempt by attempt.

Whoever marks an attempt only notes that it is due, in the same transaction; a task counts what is due, many attempts at
a time. What an attempt has added is stored with it: counting it again replaces that, so it is counted once however
often it is noted, and a changed mark or a withdrawn attempt leaves no trace.

Of a student who sits an exam or quiz again only the first finished attempt counts. The formulas take attempts to be
independent of each other, and whoever comes back has seen the questions and often their answers: repeats make questions
look easy and blur who is good at them. Moodle's quiz statistics take first attempts for the same reason
(https://docs.moodle.org/dev/Quiz_statistics_calculations, “Quizzes that allow multiple attempts”).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal
from typing import Any
from uuid import UUID

import structlog
from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet

from assessments.enums import CHOICE_TYPES, AttemptState
from assessments.models import Attempt, ItemStatistics, MarkedAttempt, PaperQuestion, QuestionFlag, Response
from assessments.services import item_analysis, time_histogram
from assessments.services.item_analysis import OMITTED, ItemSums, MarkedItem, Sighting
from assessments.services.judging import tried_answers
from assessments.services.locks import Lock, hold, is_free

log = structlog.get_logger(__name__)

# So many attempts in one transaction; their papers and answers are in memory together.
BATCH = 200
COUNTED_STATES = (AttemptState.SUBMITTED, AttemptState.HANDED_IN)
SUMS = tuple(vars(ItemSums()))
FIGURES = ("facility", "discrimination", "upper_lower", "choice_table", "is_flagged", "is_negative")
QUARTILES = ("lower_seconds", "median_seconds", "upper_seconds")


# --- Noting ----------------------------------------------------------------------------------------------------------
def note_marked(attempt_ids: Iterable[UUID]) -> None:
    """Notes that the marks of these attempts are new or have changed. One query."""
    rows = [MarkedAttempt(attempt_id=pk, is_due=True) for pk in attempt_ids]
    MarkedAttempt.objects.bulk_create(
        rows, update_conflicts=True, unique_fields=["attempt"], update_fields=["is_due"], batch_size=500
    )


def note_written_marks(*, attempt_id: UUID, marks: Mapping[UUID, Decimal]) -> None:
    """Notes the marks that teachers gave, by paper question; written questions that are not named count 0."""
    written = {str(question): str(value) for question, value in marks.items()}
    MarkedAttempt.objects.update_or_create(attempt_id=attempt_id, defaults={"written": written, "is_due": True})


def note_withdrawn(attempt: Attempt) -> None:
    """Notes a cancelled attempt, and the student's others at this exam: the next of them is the first one now.

    Those in progress as well: one that is submitted at this moment may be counted before the cancelling is seen.
    """
    theirs = Attempt.objects.filter(exam=attempt.exam_id, student=attempt.student_id)
    theirs = theirs.filter(Q(pk=attempt.pk) | ~Q(state=AttemptState.CANCELLED))
    note_marked(theirs.order_by("pk").values_list("pk", flat=True))


# --- Counting --------------------------------------------------------------------------------------------------------
def count_marked_attempts(*, wait: bool = False) -> int:
    """Brings the statistics up to date with every attempt that is due; returns how many this call counted.

    One caller at a time: a second one waits, or leaves it to the first.
    """
    counted = 0
    while done := _count_batch(wait):
        counted += done
    return counted


def rebuild_item_statistics() -> int:
    """Counts everything again from the answers and marks; returns the number of attempts. Ends with the same numbers.

    While it runs, the statistics grow from nothing.
    """
    with transaction.atomic():
        hold(Lock.STATISTICS)
        MarkedAttempt.objects.filter(~Q(counted=[]) | Q(is_due=False)).update(counted=[], is_due=True)
        ItemStatistics.objects.update(**{name: vars(ItemSums())[name] for name in SUMS})
        missing = Attempt.objects.counted().filter(state__in=COUNTED_STATES, marked__isnull=True)
        for chunk in _chunks(list(missing.values_list("pk", flat=True))):
            note_marked(chunk)
        # Also those whose version nobody sat, and flags.
        for chunk in _chunks(list(ItemStatistics.objects.values_list("pk", flat=True))):
            refresh_statistics(chunk)
    return count_marked_attempts(wait=True)


def refresh_statistics(version_ids: Iterable[UUID], changes: Mapping[UUID, list[tuple[Sighting, int]]] = {}) -> None:
    """Applies `changes` (what to add or take out, per version), counts open flags and works out the figures again.

    Locks the rows, which it makes where they are missing. Call it inside a transaction.
    """
    ids = sorted(version_ids)
    ItemStatistics.objects.bulk_create([ItemStatistics(version_id=pk) for pk in ids], ignore_conflicts=True)
    rows = list(ItemStatistics.objects.select_for_update(of=("self",)).filter(pk__in=ids).order_by("pk"))
    flags: dict[UUID, int] = defaultdict(int)
    for version_id in QuestionFlag.objects.open().filter(version__in=ids).values_list("version_id", flat=True):
        flags[version_id] += 1
    for row in rows:
        sums = ItemSums(**{name: getattr(row, name) for name in SUMS})
        for seen, times in changes.get(row.pk, ()):
            sums.add(seen, times)
        for name in SUMS:
            setattr(row, name, getattr(sums, name))
        row.flags = flags[row.pk]
        _work_out(row, sums)
    ItemStatistics.objects.bulk_update(rows, [*SUMS, *FIGURES, *QUARTILES, "flags"], batch_size=100)


def _work_out(row: ItemStatistics, sums: ItemSums) -> None:
    discrimination = item_analysis.discrimination(sums)
    row.facility = _rounded(item_analysis.facility(sums))
    row.discrimination = _rounded(discrimination)
    row.upper_lower = _rounded(item_analysis.upper_lower(sums))
    row.choice_table = item_analysis.choice_table(sums)
    row.lower_seconds, row.median_seconds, row.upper_seconds = time_histogram.quartiles(sums.times)
    row.is_flagged = item_analysis.is_flagged(flags=row.flags, attempts=sums.attempts)
    row.is_negative = item_analysis.is_negative(
        value=discrimination, pairs=sums.pairs, reviewed_pairs=row.reviewed_pairs
    )


def _rounded(value: float | None) -> Decimal | None:
    return None if value is None else Decimal(f"{value:.4f}")


def _count_batch(wait: bool) -> int:
    with transaction.atomic():
        if wait:
            hold(Lock.STATISTICS)
        elif not is_free(Lock.STATISTICS):
            return 0
        # Locked, so that a mark that changes now waits, and is noted again after this.
        due = MarkedAttempt.objects.select_for_update(of=("self",), skip_locked=True).filter(is_due=True)
        rows = list(due.order_by("attempt_id")[:BATCH])
        if not rows:
            return 0
        found = _sightings({row.attempt_id: row.written for row in rows})
        changes: dict[UUID, list[tuple[Sighting, int]]] = defaultdict(list)
        for row in rows:
            stored = [seen.stored() for seen in found[row.attempt_id]]
            if stored != row.counted:
                for seen in map(Sighting.read, row.counted):
                    changes[UUID(seen.version)].append((seen, -1))
                for seen in found[row.attempt_id]:
                    changes[UUID(seen.version)].append((seen, 1))
            row.counted, row.is_due = stored, False
        refresh_statistics(changes, changes)
        MarkedAttempt.objects.bulk_update(rows, ["counted", "is_due"], batch_size=100)
    return len(rows)


# --- Reading ---------------------------------------------------------------------------------------------------------
def _sightings(attempts: Mapping[UUID, Mapping[str, str] | None]) -> dict[UUID, list[Sighting]]:
    """What each attempt adds now; nothing when it was cancelled or is not the student's first at that exam.

    `attempts`: their written marks, None before release.

    Four queries. An attempt that cannot be read is logged and adds nothing, so that it does not hold up the others.
    """
    papers = dict(_first_finished().filter(pk__in=attempts).values_list("pk", "paper_id").order_by())
    questions: dict[UUID, list[PaperQuestion]] = defaultdict(list)
    fields = ("pk", "paper_id", "number", "alternative", "type", "marks", "is_written", "version_id")
    for question in PaperQuestion.objects.filter(paper__in=set(papers.values())).only(*fields):
        questions[question.paper_id].append(question)
    answers: dict[UUID, dict[UUID, tuple[Any, ...]]] = defaultdict(dict)
    saved = Response.objects.filter(attempt__in=papers)
    # How hard a question is shows in the first try, before hints and penalties, and not in how certain anybody was.
    first = tried_answers(list(papers), first_only=True)
    for attempt, question_id, answer, is_correct, marks, bare, seconds in saved.values_list(
        "attempt_id", "question_id", "answer", "is_correct", "marks", "bare_marks", "seconds"
    ):
        tried = first.get((attempt, question_id))
        earned = marks if bare is None else bare
        answers[attempt][question_id] = (tried[0] if tried else answer, is_correct, earned, seconds)
    found: dict[UUID, list[Sighting]] = {}
    for attempt, written in attempts.items():
        found[attempt] = []
        if attempt in papers:
            try:
                items = _items(questions[papers[attempt]], answers[attempt], written)
                found[attempt] = item_analysis.sightings(items)
            except (ArithmeticError, AttributeError, TypeError, ValueError):
                log.exception("attempt_not_counted", attempt_id=str(attempt))
    return found


def _first_finished() -> QuerySet[Attempt]:
    """Of all attempts of a student at an exam the one started first, leaving out what is unfinished or cancelled, and
    rehearsals."""
    finished = Attempt.objects.counted().filter(state__in=COUNTED_STATES)
    before = Q(started_at__lt=OuterRef("started_at")) | Q(started_at=OuterRef("started_at"), pk__lt=OuterRef("pk"))
    earlier = finished.filter(before, student=OuterRef("student"), exam=OuterRef("exam")).order_by()
    return finished.filter(~Exists(earlier))


def _items(
    questions: Iterable[PaperQuestion],
    answers: Mapping[UUID, tuple[Any, ...]],
    written: Mapping[str, str] | None,
) -> list[MarkedItem]:
    """The questions that have been marked: those with a key, and the written ones once they are released."""
    items = []
    for question in questions:
        marks: Decimal | None
        choices: tuple[str, ...]
        answer, is_correct, got, seconds = answers.get(question.pk, ({}, None, None, None))
        if question.is_written:
            if written is None:
                continue
            given = written.get(str(question.pk))
            marks = Decimal(given or 0)
            choices = () if given is not None else (OMITTED,)
        else:
            choices = _choices(question.type, answer)
            # An answer without a verdict: the key was unusable.
            marks = None if answer and is_correct is None else got or Decimal(0)
        items.append(
            MarkedItem(
                version=str(question.version_id),
                number=question.number,
                alternative=question.alternative,
                maximum=question.marks,
                marks=marks,
                choices=choices,
                seconds=seconds or None,
            )
        )
    return items


def _choices(kind: str, answer: Mapping[str, Any]) -> tuple[str, ...]:
    if not answer:
        return (OMITTED,)
    return tuple(answer.get("choices", ())) if kind in CHOICE_TYPES else ()


def _chunks(ids: list[UUID], size: int = 500) -> Iterator[list[UUID]]:
    for start in range(0, len(ids), size):
        yield ids[start : start + size]
