"""Bringing the marks of an exam up to a changed scheme: in batches, again and again without harm, while others mark.

Whoever gives a mark locks the paper first and reads the scheme afterwards; a batch locks the paper too. So a mark is
either there when the batch comes, or its marker has read the new scheme already.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from django.db import transaction
from django.db.models import F

from accounts.services.audit import record_event
from assessments.models import PaperQuestion
from evaluations.enums import DONE_STATES, OPEN_STATES, PRACTICE_ROLES, EvaluationRole, EvaluationState
from evaluations.models import Evaluation, MarkEvent, QuestionMark, SchemeLook, SchemeRevision, SchemeRun
from evaluations.selectors.progress import marking_progress
from evaluations.selectors.schemes import Scheme, SchemeHistory, scheme_histories
from evaluations.selectors.totals import settled_total
from evaluations.services.corrections import note_correction
from evaluations.services.marked_papers import renew_marked_papers
from evaluations.services.remarks import RemarkError, open_scheme_recheck
from evaluations.services.scheme_looks import ask_to_look, new_steps
from evaluations.services.scheme_marks import Given, brought_up, give_to_all, given_by, own_event, work_from
from evaluations.services.transitions import lock_evaluation, lock_with_record
from evaluations.services.written_marks import objective_marks
from evaluations.tasks import follow_scheme as follow_task

BATCH = 25
LOOKS = 50


def ask_run(revision: SchemeRevision) -> None:
    """Starts the run once the change is there; `continue_schemes` finds one whose task was lost."""
    transaction.on_commit(lambda: follow_task.delay(str(revision.pk)), robust=True)


def continue_schemes(*, now: datetime) -> int:
    """Goes on with runs that are not finished, and opens re-checks of papers that went back meanwhile. Returns how many
    papers were brought up and re-checks opened."""
    done = sum(follow_scheme(revision_id=key, now=now) for key in _open_runs())
    return done + open_rechecks(now=now)


def follow_scheme(*, revision_id: UUID, now: datetime) -> int:
    """Brings all papers of the exam up to its scheme of now, from where the run stopped. Returns how many papers."""
    done = 0
    while batch := _next_batch(revision_id):
        for evaluation_id in batch:
            done += _follow_one(revision_id, evaluation_id, now)
    SchemeRun.objects.filter(revision=revision_id, finished_at=None).update(finished_at=now)
    return done


def _open_runs() -> list[UUID]:
    rows = SchemeRun.objects.filter(finished_at=None).order_by("revision")
    return list(rows.values_list("revision_id", flat=True)[:20])


def _next_batch(revision_id: UUID) -> list[UUID]:
    run = SchemeRun.objects.select_related("revision").filter(revision=revision_id, finished_at=None).first()
    if run is None:
        return []
    rows = Evaluation.objects.filter(attempt__exam=run.revision.exam_id).exclude(role__in=PRACTICE_ROLES)
    rows = rows if run.seen is None else rows.filter(pk__gt=run.seen)
    return list(rows.order_by("pk").values_list("pk", flat=True)[:BATCH])


def _follow_one(revision_id: UUID, evaluation_id: UUID, now: datetime) -> int:
    """One paper in its transaction, with the note that it was seen: 1, or 0 where another worker was first."""
    with transaction.atomic():
        locked = lock_with_record(Evaluation.objects.only("pk", "record_id").get(pk=evaluation_id))
        run = SchemeRun.objects.select_for_update(of=("self",)).select_related("revision").get(revision=revision_id)
        if run.seen is not None and run.seen >= evaluation_id:
            return 0
        came = bring_up(locked, run.revision, now)
        SchemeRun.objects.filter(pk=run.pk).update(
            seen=evaluation_id,
            done=F("done") + 1,
            **{name: F(name) + count for name, count in came.items()},
        )
    return 1


def bring_up(locked: Evaluation, revision: SchemeRevision, now: datetime) -> Counter[str]:
    """The marks of one locked evaluation under the scheme of now of the revision's question; totals, corrections and
    looks with them. Again it changes nothing. Counts "raised", "lowered" and "kept" of a record."""
    came: Counter[str] = Counter()
    questions = PaperQuestion.objects.filter(
        paper=locked.attempt.paper_id, version=revision.version_id, is_written=True
    )
    if locked.numbers is not None:
        questions = questions.filter(number__in=locked.numbers)
    rows = list(questions.order_by("number", "alternative"))
    history = scheme_histories(revision.exam_id, [revision.version_id])[revision.version_id] if rows else None
    for question in rows:
        assert history is not None
        before = QuestionMark.objects.filter(evaluation=locked, question=question).first()
        is_kept = _is_kept(locked, question, before, history)
        if not is_kept:
            _write(locked, question, before, history, now)
        after = QuestionMark.objects.filter(evaluation=locked, question=question).first()
        if locked.role == EvaluationRole.RECORD and before is not None:
            came["kept"] += is_kept
        if after is not None:
            _note_change(locked, question, before, after, history.now, came, now)
            ask_to_look(locked, question, after, history)
    return came


def _is_kept(locked: Evaluation, question: PaperQuestion, before: QuestionMark | None, history: SchemeHistory) -> bool:
    """A mark of a paper that is, or was, back, that would be lower: it stands unless staff chose otherwise."""
    revision = history.now.revision
    is_open = before is None or locked.released_at is None or (revision is not None and revision.may_lower)
    if is_open or locked.role != EvaluationRole.RECORD:
        return False
    event = own_event(locked, question)
    assert before is not None
    return event is not None and _new(event, question, history).marks < before.marks


def _new(event: MarkEvent, question: PaperQuestion, history: SchemeHistory) -> Given:
    return brought_up(given_by(event, history), history.now, question.marks)


def _write(
    locked: Evaluation, question: PaperQuestion, before: QuestionMark | None, history: SchemeHistory, now: datetime
) -> None:
    scheme = history.now
    if before is not None:
        event = own_event(locked, question)
        if event is None or before.revision_id == scheme.revision_id:
            return
        given = given_by(event, history)
        work_from(event, locked, question, given, version=before.version + 1, now_scheme=scheme, now=now)
    elif scheme.is_given and (locked.state in OPEN_STATES or locked.role == EvaluationRole.RECORD):
        give_to_all(locked, question, scheme, now=now)


def _note_change(
    locked: Evaluation,
    question: PaperQuestion,
    before: QuestionMark | None,
    after: QuestionMark,
    scheme: Scheme,
    came: Counter[str],
    now: datetime,
) -> None:
    """Totals follow a changed mark; of a paper that is back with everything a correction has."""
    was = before.marks if before is not None else Decimal(0)
    if after.marks == was:
        return
    if locked.role == EvaluationRole.RECORD:
        came["raised" if after.marks > was else "lowered"] += 1
    if locked.total_marks is None:
        return
    assert scheme.revision is not None
    if locked.role == EvaluationRole.RECORD and locked.state == EvaluationState.RELEASED:
        revision = scheme.revision
        note_correction(
            record=locked, question=question, before=before, reason=revision.reason, actor=revision.actor, now=now
        )
        return
    total_before, written = locked.total_marks, marking_progress(locked).total
    objective = objective_marks(locked) if locked.role == EvaluationRole.RECORD else Decimal(0)
    locked.written_marks, locked.total_marks = written, settled_total(objective, written, locked.late_marks)
    locked.save(update_fields=["written_marks", "total_marks"])
    record_event(
        actor=scheme.revision.actor,
        action="evaluation.rescored",
        obj=locked,
        before={"question": question.pk, "marks": before.marks if before else None, "total_marks": total_before},
        after={"question": question.pk, "marks": after.marks, "total_marks": locked.total_marks},
        reason=scheme.revision.reason[:300],
        now=now,
    )
    renew_marked_papers(attempts=[locked.attempt_id], now=now)


# --- Answers that somebody looks at again ----------------------------------------------------------------------------
def open_rechecks(*, now: datetime) -> int:
    """Of papers that are back, each look becomes a re-check by another teacher. Returns how many were opened; what
    cannot be marked again (it was before, or has full marks) is closed."""
    rows = SchemeLook.objects.filter(closed_at=None, evaluation__state=EvaluationState.RELEASED)
    opened = 0
    for look in rows.select_related("revision__actor", "evaluation", "question").order_by("id")[:LOOKS]:
        with transaction.atomic():
            locked = lock_evaluation(look.evaluation_id)
            closed = SchemeLook.objects.filter(pk=look.pk, closed_at=None).update(closed_at=now)
            if not closed or locked.state not in DONE_STATES:
                continue
            opened += _recheck(look, locked, now)
    return opened


def _recheck(look: SchemeLook, record: Evaluation, now: datetime) -> int:
    version, exam = look.question.version_id, look.revision.exam_id
    history = scheme_histories(exam, [version])[version]
    mark = QuestionMark.objects.filter(evaluation=record, question=look.question_id).first()
    if mark is None:
        return 0
    steps = [key for key in new_steps(history) if str(key) not in mark.steps]
    try:
        open_scheme_recheck(
            record=record,
            question_id=look.question_id,
            steps=steps,
            reason=look.revision.reason,
            actor=look.revision.actor,
            now=now,
        )
    except RemarkError:
        return 0
    return 1


def open_looks(evaluation: Evaluation) -> Iterable[int]:
    """The numbers of the questions that are still to be looked at, in order."""
    rows = SchemeLook.objects.filter(evaluation=evaluation, closed_at=None)
    return rows.order_by("question__number").values_list("question__number", flat=True).distinct()
