"""Which answers somebody looks at again, because their scheme has a new step that the mark says nothing of."""

from __future__ import annotations

from uuid import UUID

from assessments.models import PaperQuestion
from evaluations.enums import OPEN_STATES, EvaluationRole
from evaluations.models import Evaluation, QuestionMark, SchemeLook, SchemeRevision
from evaluations.selectors.schemes import SchemeHistory
from evaluations.services.scheme_marks import own_event


def ask_to_look(locked: Evaluation, question: PaperQuestion, mark: QuestionMark, history: SchemeHistory) -> None:
    """When the scheme of now asks for it, of a mark that was given by an older one. Again it changes nothing: what was
    looked at is not asked for a second time."""
    revision = history.now.revision
    if revision is None or not revision.asks_again or not new_steps(history) or not _is_open(locked, question, mark):
        return
    event = own_event(locked, question)
    if event is not None and event.revision_id != revision.pk:
        SchemeLook.objects.get_or_create(revision=revision, evaluation=locked, question=question)


def ask_after_late_mark(
    locked: Evaluation, question: PaperQuestion, mark: QuestionMark, history: SchemeHistory, *, since: int
) -> None:
    """Of a mark that was given just now, from a desk that still showed scheme number `since`: its marker has seen no
    step that came later, even if somebody had looked at an earlier mark for it."""
    revision = _asked_since(history, since)
    if revision is not None and _is_open(locked, question, mark):
        SchemeLook.objects.update_or_create(
            revision=revision,
            evaluation=locked,
            question=question,
            defaults={"closed_at": None, "closed_by": None},
        )


def new_steps(history: SchemeHistory) -> list[UUID]:
    """Steps of the scheme of now that the one before it had not."""
    return _new_in(history, len(history.schemes) - 1)


def _asked_since(history: SchemeHistory, since: int) -> SchemeRevision | None:
    """The last change after `since` that asked for a second look at steps which are still there."""
    now = {line.id for line in history.now.lines}
    for place in range(len(history.schemes) - 1, 0, -1):
        revision = history.schemes[place].revision
        if revision is None or revision.number <= since:
            return None
        if revision.asks_again and any(str(step) in now for step in _new_in(history, place)):
            return revision
    return None


def _new_in(history: SchemeHistory, place: int) -> list[UUID]:
    before = {line.id for line in history.schemes[place - 1].lines} if place else set()
    return [UUID(line.id) for line in history.schemes[place].lines if line.id not in before] if place else []


def _is_open(locked: Evaluation, question: PaperQuestion, mark: QuestionMark) -> bool:
    """Whether more marks could be given, on a paper where that would count."""
    is_work = locked.role in (EvaluationRole.SHARE, EvaluationRole.SECOND) and locked.state in OPEN_STATES
    return mark.marks < question.marks and (is_work or locked.role == EvaluationRole.RECORD)
