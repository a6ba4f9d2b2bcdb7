"""From when students see what of their result: answers, right or wrong, marks, key, explanations, schemes, comments.

Everything that shows a result asks here. `shown_items` decides and is pure; the rest reads what it needs to know.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import Exists, OuterRef, QuerySet, Subquery
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.text import capfirst
from django.utils.translation import gettext as _

from assessments.enums import AttemptState, ExamPurpose, RevealItem, RevealWhen
from assessments.models import Accommodation, Attempt, Exam
from courses.enums import CohortRole
from courses.models import CohortMembership

Shown = frozenset[RevealItem]
EVERYTHING: Shown = frozenset(RevealItem)
SAT = (AttemptState.SUBMITTED, AttemptState.HANDED_IN)


@dataclass(frozen=True)
class RevealFacts:
    """Of an exam: its rules by item, and how far it is.

    `all_have_sat`: every active student of its cohorts has an attempt that is submitted; a cancelled one is none.
    `closes_at`: for the last of them, who may have a window of their own.
    `is_being_written`: somebody has an attempt in progress. Starting ends at `closes_at`, writing may go on after it.
    """

    rules: Mapping[RevealItem, str]
    closes_at: datetime | None = None
    is_being_written: bool = False
    all_have_sat: bool = False

    def is_closed(self, now: datetime) -> bool:
        """Nobody can start any more and nobody is writing: what is shown now helps nobody in this exam."""
        return self.closes_at is not None and self.closes_at <= now and not self.is_being_written

    def has_come(self, when: str, now: datetime) -> bool:
        if when == RevealWhen.ALL_SAT:
            return self.all_have_sat or self.is_closed(now)
        return when == RevealWhen.AT_ONCE or (when == RevealWhen.CLOSED and self.is_closed(now))


def shown_items(facts: RevealFacts, now: datetime) -> Shown:
    """What a student sees of a result that is theirs to see (released, or marked by the key alone). Pure."""
    return frozenset(item for item, when in facts.rules.items() if facts.has_come(when, now))


def reveal_facts(exams: Iterable[Exam]) -> dict[UUID, RevealFacts]:
    """The facts by exam id. One query, none where no rule waits for anything."""
    by_id = {exam.pk: exam for exam in exams}
    waiting = {RevealWhen.ALL_SAT, RevealWhen.CLOSED}
    known = _how_far([pk for pk, exam in by_id.items() if waiting & set(exam.reveal_rules.values())])
    usual = {pk: {"closes_at": exam.closes_at} for pk, exam in by_id.items()}
    return {pk: RevealFacts(exam.reveal_rules, **usual[pk] | known.get(pk, {})) for pk, exam in by_id.items()}


def _how_far(exam_ids: Collection[UUID]) -> dict[UUID, dict[str, Any]]:
    if not exam_ids:
        return {}
    attempts = Attempt.objects.filter(exam=OuterRef("pk"))
    sat = Attempt.objects.filter(exam=OuterRef(OuterRef("pk")), student=OuterRef("user"), state__in=SAT)
    students = CohortMembership.objects.filter(role=CohortRole.STUDENT, user__is_active=True)
    missing = students.filter(~Exists(sat), cohort__exams=OuterRef("pk"))
    # Who may start later than the others must not find the answers either.
    own = Accommodation.objects.filter(exam=OuterRef("pk"), withdrawn_at__isnull=True, closes_at__isnull=False)
    last = Subquery(own.order_by("-closes_at").values("closes_at")[:1])
    rows = Exam.objects.filter(pk__in=exam_ids).values_list(
        "pk", "closes_at", last, Exists(attempts.live()), Exists(missing)
    )
    return {
        pk: {
            "closes_at": max(closes, own_closes or closes) if closes else None,
            "is_being_written": live,
            "all_have_sat": not absent,
        }
        for pk, closes, own_closes, live, absent in rows
    }


def shown_by_exam(exams: Iterable[Exam], now: datetime) -> dict[UUID, Shown]:
    """What students and guardians see of the results of each exam, by its id. At most one query."""
    return {pk: shown_items(facts, now) for pk, facts in reveal_facts(exams).items()}


def shown_of(attempt: Attempt, *, reader: Any, now: datetime) -> Shown:
    """What `reader`, who may read `attempt`, sees of its result. No query for a student where no rule waits.

    Staff and the teachers of the exam see everything.
    """
    if reader.has_perm("assessments.see_unrevealed", attempt):
        return EVERYTHING
    return shown_by_exam([attempt.exam], now)[attempt.exam_id]


def exams_hiding(item: RevealItem, exams: QuerySet[Exam], now: datetime) -> set[UUID]:
    """Those of `exams` whose students do not see `item` by now. Two queries, one where none has a rule for it."""
    ruled = list(exams.exclude(**{f"reveal_{item}": RevealWhen.AT_ONCE}).distinct())
    return {pk for pk, shown in shown_by_exam(ruled, now).items() if item not in shown}


def quizzes_hiding_marks(user: Any, now: datetime) -> set[UUID]:
    """The quizzes `user` may see whose students do not see their marks by now. As `exams_hiding`."""
    return exams_hiding(RevealItem.MARKS, Exam.objects.visible_to(user).filter(purpose=ExamPurpose.QUIZ), now)


# --- In words --------------------------------------------------------------------------------------------------------
def reveal_notes(facts: RevealFacts, now: datetime, *, of: Collection[RevealItem]) -> list[str]:
    """What of `of` is not shown yet and when it comes, and what never: one sentence for each moment. Pure."""
    notes = []
    for when in (RevealWhen.ALL_SAT, RevealWhen.CLOSED, RevealWhen.NEVER):
        items = [item for item in RevealItem if item in of and facts.rules[item] == when]
        if items and not facts.has_come(when, now):
            names = _names()
            listed = _listed([names[item] for item in items])
            notes.append(capfirst(_moment(when, facts, now) % {"what": listed}))
    return notes


def _moment(when: str, facts: RevealFacts, now: datetime) -> str:
    """A sentence with a place for %(what)s."""
    if when == RevealWhen.NEVER:
        return _("%(what)s are not shown for this exam.")
    if facts.closes_at is None:
        # That an exam which never closes has no rule for after it is the form's care; the back office can change both.
        if when == RevealWhen.CLOSED:
            return _("%(what)s appear after the exam closes.")
        return _("%(what)s appear when everybody has sat this exam.")
    if facts.closes_at <= now:
        return _("%(what)s appear as soon as the last student has finished writing.")
    day = date_format(timezone.localtime(facts.closes_at), "j F, H:i")
    if when == RevealWhen.CLOSED:
        return _("%(what)s appear after the exam closes on {day}.").format(day=day)
    return _("%(what)s appear when everybody has sat this exam, at the latest after it closes on {day}.").format(
        day=day
    )


def _names() -> dict[RevealItem, str]:
    return {
        RevealItem.ANSWERS: _("the answers given"),
        RevealItem.CORRECTNESS: _("the ticks and crosses"),
        RevealItem.MARKS: _("the marks"),
        RevealItem.KEY: _("the right answers"),
        RevealItem.EXPLANATION: _("the explanations"),
        RevealItem.SCHEME: _("the model answers and marking schemes"),
        RevealItem.COMMENTS: _("the teacher’s comments"),
    }


def _listed(names: list[str]) -> str:
    if len(names) == 1:
        return names[0]
    return _("%(first)s and %(last)s") % {"first": ", ".join(names[:-1]), "last": names[-1]}
