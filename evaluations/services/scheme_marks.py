"""Marks as events, each with the scheme it was given by; and the log read again from its beginning."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db.models import Max

from accounts.models import User
from assessments.models import PaperQuestion
from common.content import render_remark
from evaluations.enums import PRACTICE_ROLES
from evaluations.models import Evaluation, MarkEvent, QuestionMark, SchemeRevision
from evaluations.selectors.schemes import Scheme, SchemeHistory, histories_read, scheme_histories
from evaluations.services.scheme_scoring import scored
from evaluations.services.totals import plain


@dataclass(frozen=True)
class Given:
    """What somebody gives to a question; `steps` as stored, {step id: "0.5"}, by the scheme `under`."""

    steps: Mapping[str, str]
    marks: Decimal
    comment: str
    under: Scheme


def history_of(exam_id: UUID | None, question: PaperQuestion) -> SchemeHistory:
    """The schemes of a question in an exam; without one the frozen scheme alone. One query where nothing was changed,
    else two."""
    return histories_read(exam_id, [question])[0][question.version_id]


def exam_of(evaluation: Evaluation) -> UUID | None:
    """The exam by whose schemes it is marked. Practice papers are held against references: by the frozen ones."""
    return None if evaluation.role in PRACTICE_ROLES else evaluation.attempt.exam_id


def brought_up(given: Given, now: Scheme, maximum: Decimal) -> Given:
    """The same under the scheme of now."""
    awards = {key: Decimal(value) for key, value in given.steps.items()}
    steps, marks = scored(
        awards, given.marks, then=given.under.steps, now=now.steps, is_given=now.is_given, maximum=maximum
    )
    return Given({key: plain(value) for key, value in steps.items()}, marks, given.comment, now)


def own_events(evaluation: Evaluation, question: PaperQuestion) -> list[MarkEvent]:
    """The last two that people made, the last one first."""
    rows = MarkEvent.objects.filter(evaluation=evaluation, question=question, worked_from=None)
    return list(rows.order_by("-id")[:2])


def own_event(evaluation: Evaluation, question: PaperQuestion) -> MarkEvent | None:
    """The last one that a person made."""
    return next(iter(own_events(evaluation, question)), None)


def last_versions(evaluation: Evaluation) -> dict[UUID, int]:
    """The version of the last event of each question, also of those whose mark was withdrawn. One query."""
    rows = MarkEvent.objects.filter(evaluation=evaluation).order_by().values("question")
    return dict(rows.annotate(last=Max("version")).values_list("question", "last"))


def last_version(evaluation: Evaluation, question_id: UUID, current: QuestionMark | None) -> int:
    """Of one question whose mark stands at `current`; 0 where nothing was ever given. A query where no mark stands."""
    if current is not None:
        return current.version
    rows = MarkEvent.objects.filter(evaluation=evaluation, question=question_id)
    return rows.aggregate(last=Max("version"))["last"] or 0


def given_by(event: MarkEvent, history: SchemeHistory) -> Given:
    return Given(event.steps, event.marks, event.comment, history.of(event.revision_id))


def append_mark(
    evaluation: Evaluation,
    question: PaperQuestion,
    given: Given,
    *,
    version: int,
    now_scheme: Scheme,
    actor: User,
    now: datetime,
    active: int | None = None,
) -> QuestionMark:
    """The event of what was given, `version` its number; where that was by an older scheme, one more that brings it up
    to the scheme of now. Of a locked evaluation. Returns the mark as it stands."""
    event = _event(evaluation, question, given, version, actor, now, active=active)
    if given.under.revision_id == now_scheme.revision_id:
        return _project(evaluation, question, given, version, now)
    return work_from(event, evaluation, question, given, version=version + 1, now_scheme=now_scheme, now=now)


def work_from(
    event: MarkEvent,
    evaluation: Evaluation,
    question: PaperQuestion,
    given: Given,
    *,
    version: int,
    now_scheme: Scheme,
    now: datetime,
) -> QuestionMark:
    """The event that a changed scheme makes of a person's `event`. It stays that person's mark: who changed the scheme
    is written at the revision."""
    new = brought_up(given, now_scheme, question.marks)
    _event(evaluation, question, new, version, event.actor, now, worked_from=event)
    return _project(evaluation, question, new, version, now)


def withdraw_mark(
    evaluation: Evaluation, question: PaperQuestion, *, actor: User, now: datetime, active: int | None = None
) -> int:
    """The event that takes the mark of a question of a locked evaluation back: it has none from now on. Returns its
    version. The mark stands."""
    last = MarkEvent.objects.filter(evaluation=evaluation, question=question).latest("version")
    event = MarkEvent.objects.create(
        evaluation=evaluation,
        question=question,
        version=last.version + 1,
        marks=Decimal(0),
        withdraws=last,
        revision_id=last.revision_id,
        actor=actor,
        at=now,
        active_seconds=active,
    )
    QuestionMark.objects.filter(evaluation=evaluation, question=question).delete()
    return event.version


def place_given(evaluation: Evaluation, *, now: datetime) -> None:
    """Questions whose marks everybody has get them on a locked paper that was opened after that was decided."""
    if evaluation.role in PRACTICE_ROLES or not getattr(evaluation, "has_given", True):
        return
    given = SchemeRevision.objects.filter(exam=evaluation.attempt.exam_id, is_given=True)
    versions = set(given.values_list("version", flat=True))
    rows = PaperQuestion.objects.filter(paper=evaluation.attempt.paper_id, version__in=versions, is_written=True)
    rows = rows if evaluation.numbers is None else rows.filter(number__in=evaluation.numbers)
    marked = QuestionMark.objects.filter(evaluation=evaluation).values("question")
    for question in rows.exclude(pk__in=marked):
        give_to_all(evaluation, question, history_of(evaluation.attempt.exam_id, question).now, now=now)


def give_to_all(evaluation: Evaluation, question: PaperQuestion, scheme: Scheme, *, now: datetime) -> None:
    """The marks that everybody has, to a question of a locked paper that nobody has marked."""
    assert scheme.revision is not None
    given, actor = Given({}, question.marks, "", scheme), scheme.revision.actor
    version = last_version(evaluation, question.pk, None) + 1
    append_mark(evaluation, question, given, version=version, now_scheme=scheme, actor=actor, now=now)


def _event(
    evaluation: Evaluation,
    question: PaperQuestion,
    given: Given,
    version: int,
    actor: User,
    now: datetime,
    *,
    active: int | None = None,
    worked_from: MarkEvent | None = None,
) -> MarkEvent:
    return MarkEvent.objects.create(
        evaluation=evaluation,
        question=question,
        version=version,
        steps=dict(given.steps),
        marks=given.marks,
        comment=given.comment,
        revision=given.under.revision,
        worked_from=worked_from,
        actor=actor,
        at=now,
        active_seconds=active,
    )


def _project(
    evaluation: Evaluation, question: PaperQuestion, given: Given, version: int, now: datetime
) -> QuestionMark:
    values: dict[str, Any] = {
        "version": version,
        "steps": dict(given.steps),
        "marks": given.marks,
        "comment": given.comment,
        "comment_html": render_remark(given.comment),
        "revision": given.under.revision,
        "updated_at": now,
    }
    return QuestionMark.objects.update_or_create(evaluation=evaluation, question=question, defaults=values)[0]


# --- The log read again ----------------------------------------------------------------------------------------------
@dataclass(frozen=True)
class Disagreement:
    """A mark that its events do not lead to. `what` says it in a word: "projection", "worked", "withdrawn" or
    "bounds"."""

    question: UUID
    what: str


def replay_marks(evaluation: Evaluation) -> list[Disagreement]:
    """Reads all events of a paper again, from nothing but what they say: the last one of a question is its mark, or has
    withdrawn it, one that a changed scheme made is what that scheme makes of the person's, one that withdraws takes
    back the mark before it, and none leaves 0 to the question's marks. Empty: the log leads to the marks as they stand.
    Four queries."""
    events = list(MarkEvent.objects.filter(evaluation=evaluation).select_related("question").order_by("id"))
    histories = scheme_histories(evaluation.attempt.exam_id, {one.question.version_id for one in events})
    stands = {one.question_id: one for one in QuestionMark.objects.filter(evaluation=evaluation)}
    by_id = {one.pk: one for one in events}
    found: list[Disagreement] = []
    last: dict[UUID, MarkEvent] = {}
    for event in events:
        before = last.get(event.question_id)
        last[event.question_id] = event
        if event.withdraws_id is not None and not _withdraws(event, before):
            found.append(Disagreement(event.question_id, "withdrawn"))
        if not 0 <= event.marks <= event.question.marks:
            found.append(Disagreement(event.question_id, "bounds"))
        if event.worked_from_id is None:
            continue
        history = histories[event.question.version_id]
        source = by_id[event.worked_from_id]
        again = brought_up(given_by(source, history), history.of(event.revision_id), event.question.marks)
        if (again.steps, again.marks, again.comment) != (event.steps, event.marks, event.comment):
            found.append(Disagreement(event.question_id, "worked"))
    for key in last.keys() | stands.keys():
        if _as_told(last.get(key)) != _as_told(stands.get(key)):
            found.append(Disagreement(key, "projection"))
    return found


def _withdraws(event: MarkEvent, before: MarkEvent | None) -> bool:
    """Whether it takes back the mark that stood, and leaves nothing."""
    stood = before is not None and before.withdraws_id is None and event.withdraws_id == before.pk
    return stood and not event.marks and not event.steps


def _as_told(row: MarkEvent | QuestionMark | None) -> tuple[Any, ...] | None:
    if row is None or (isinstance(row, MarkEvent) and row.withdraws_id is not None):
        return None
    return (row.version, row.steps, row.marks, row.comment, row.revision_id)
