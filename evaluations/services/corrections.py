"""Marks that change after the paper was back: event, correction with before and after, word to the family."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from functools import partial
from uuid import UUID

from django.utils import translation
from django.utils.translation import gettext as _

from accounts.enums import LinkState
from accounts.models import GuardianLink, User
from accounts.services.audit import record_event
from assessments.enums import RevealItem
from assessments.models import Attempt, PaperQuestion
from assessments.selectors.attempts import shown_numbers
from assessments.selectors.reveal import shown_by_exam
from common.templatetags.ui import marks as marks_text
from evaluations.models import Evaluation, MarkCorrection, MarkEvent, QuestionMark, Transition
from evaluations.selectors.progress import marking_progress
from evaluations.selectors.totals import MarkedQuestion, paper_total, settled_total
from evaluations.services import links
from evaluations.services.marked_papers import ask_after_release
from evaluations.services.scheme_marks import Given, append_mark, history_of, last_version
from evaluations.services.transitions import move
from evaluations.services.webhook_data import released_data
from evaluations.services.written_marks import note_released, objective_marks
from notifications.enums import NotificationKind, WebhookType
from notifications.services.inbox import notify
from notifications.services.webhooks import record_webhook


@dataclass(frozen=True)
class NewMark:
    """What the question has from now on."""

    question: PaperQuestion
    given: Given


def correct_mark(*, record: Evaluation, new: NewMark, reason: str, actor: User, now: datetime) -> MarkCorrection:
    """Gives a question of a released, locked record another mark: event, totals, statistics, file, webhook, audit, and
    word to the student and the guardians. The paper stays with its student meanwhile. Raises TransitionError unless it
    is released."""
    before = QuestionMark.objects.filter(evaluation=record, question=new.question).first()
    scheme = history_of(record.attempt.exam_id, new.question).now
    version = last_version(record, new.question.pk, before) + 1
    append_mark(record, new.question, new.given, version=version, now_scheme=scheme, actor=actor, now=now)
    return note_correction(record=record, question=new.question, before=before, reason=reason, actor=actor, now=now)


def note_correction(
    *,
    record: Evaluation,
    question: PaperQuestion,
    before: QuestionMark | None,
    reason: str,
    actor: User,
    now: datetime,
) -> MarkCorrection:
    """What follows when a question of a released, locked record has another mark than `before`; `correct_mark` says
    what. Raises TransitionError unless it is released."""
    after = QuestionMark.objects.get(evaluation=record, question=question)
    total_before = record.total_marks or Decimal(0)
    written = marking_progress(record).total
    total = settled_total(objective_marks(record), written, record.late_marks)
    made = move(
        record, "correct", actor=actor, now=now, reason=reason, changes={"written_marks": written, "total_marks": total}
    )
    correction = MarkCorrection.objects.create(
        evaluation=record,
        question=question,
        before=before.marks if before else None,
        after=after.marks,
        total_before=total_before,
        total_after=total,
        reason=reason[:1000],
        actor=actor,
        at=now,
    )
    record_event(
        actor=actor,
        action="evaluation.corrected",
        obj=record,
        before={"question": question.pk, "marks": correction.before, "total_marks": total_before},
        after={"question": question.pk, "marks": after.marks, "total_marks": total},
        reason=reason,
        now=now,
    )
    note_released(record)
    ask_after_release(evaluation=record, now=now)
    sent = partial(released_data, record)
    record_webhook(type=WebhookType.EVALUATION_RELEASED, cause=str(made.pk), data=sent, now=now)
    tell_of_changes(record, [correction], cause=f"transition:{made.pk}", now=now)
    return correction


def note_changes_since_reopening(*, record: Evaluation, actor: User | None, now: datetime) -> list[MarkCorrection]:
    """Of a record that goes back to its student again: what changed since it was opened, one correction each.

    Ids follow time. Compares the marks of events by then with the marks as they stand; only marks with events count. A
    mark that was taken back, of an alternative, is one of 0.
    """
    opened = Transition.objects.filter(evaluation=record, name="reopen").order_by("-id").first()
    who = actor or (opened.actor if opened else None)
    if opened is None or who is None or MarkCorrection.objects.filter(evaluation=record, id__gt=opened.pk).exists():
        return []
    known: set[UUID] = set()
    then: dict[UUID, MarkEvent] = {}
    for event in MarkEvent.objects.filter(evaluation=record).order_by("id"):
        known.add(event.question_id)
        if event.pk < opened.pk:
            then[event.question_id] = event
    was_given = {key: event.marks for key, event in then.items() if event.withdraws_id is None}
    stand = dict(QuestionMark.objects.filter(evaluation=record).values_list("question", "marks"))
    changed = [key for key in known if was_given.get(key) != stand.get(key)]
    questions = PaperQuestion.objects.in_bulk(known)
    total = objective_marks(record)
    limit = record.attempt.paper.written_marks
    was = [MarkedQuestion(questions[key].number, questions[key].alternative, one) for key, one in was_given.items()]
    before = total + paper_total(was, limit)
    return [
        MarkCorrection.objects.create(
            evaluation=record,
            question=questions[key],
            before=was_given.get(key),
            after=stand.get(key, Decimal(0)),
            total_before=before,
            total_after=record.total_marks or Decimal(0),
            reason=opened.reason[:1000],
            actor=who,
            at=now,
        )
        for key in sorted(changed, key=lambda key: (questions[key].number, questions[key].alternative))
    ]


def tell_of_changes(record: Evaluation, changes: list[MarkCorrection], *, cause: str, now: datetime) -> None:
    """The student and the guardians, with the marks before and after where the exam shows them."""
    attempt = record.attempt
    shows_marks = RevealItem.MARKS in shown_by_exam([attempt.exam], now)[attempt.exam_id]
    labels = labels_of(attempt, [one.question for one in changes if one.question])
    for reader in family_of(attempt):
        with translation.override(reader.language):
            names = {"exam": attempt.exam.title, "name": attempt.student.name}
            own = reader.pk == attempt.student_id
            title = _("%(exam)s: your marks have changed") if own else _("%(exam)s: %(name)s's marks have changed")
            body = _changes_text(changes, labels) if shows_marks else ""
        notify(
            user=reader,
            kind=NotificationKind.MARKS_CHANGED,
            cause=cause,
            title=title % names,
            body=body,
            url=links.result_url(attempt.pk),
            now=now,
        )


def family_of(attempt: Attempt) -> list[User]:
    """The student and the guardians who look after them now."""
    guardians = GuardianLink.objects.filter(
        student=attempt.student_id, state=LinkState.ACTIVE, guardian__is_active=True
    ).select_related("guardian")
    return [attempt.student, *(link.guardian for link in guardians)]


def labels_of(attempt: Attempt, questions: Iterable[PaperQuestion]) -> dict[UUID, str]:
    """The numbers under which the student had these questions."""
    rows = list(questions)
    numbers = shown_numbers(attempt) if rows and attempt.exam.is_shuffled else {}
    return {one.pk: f"{numbers.get(one.pk, one.number)}{one.alternative}" for one in rows}


def _changes_text(changes: list[MarkCorrection], labels: Mapping[UUID, str]) -> str:
    lines = [
        _("Question %(number)s: %(before)s → %(after)s.")
        % {
            "number": labels[one.question_id],
            "before": marks_text(one.before),
            "after": marks_text(one.after),
        }
        for one in changes
        if one.question_id
    ]
    last = changes[-1]
    total = {"new": marks_text(last.total_after), "old": marks_text(last.total_before)}
    lines.append(_("You now have %(new)s marks instead of %(old)s.") % total)
    return " ".join(lines)
