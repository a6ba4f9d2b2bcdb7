"""Who may see statistics of questions, flag a question, correct a key. Written on its own, not from `visible_to`."""

from __future__ import annotations

from typing import Any

import rules

from accounts.rules import is_staff
from assessments.enums import AttemptState
from assessments.models import ItemStatistics, KeyCorrection, PaperQuestion, QuestionFlag
from assessments.rules.bank import is_question_author, runs_the_bank

OPEN_PAPER = (AttemptState.IN_PROGRESS, AttemptState.CANCELLED)


@rules.predicate
def wrote_the_question(user: Any, obj: ItemStatistics | KeyCorrection | QuestionFlag | None) -> bool:
    return obj is not None and bool(is_question_author(user, obj.version))


@rules.predicate
def flagged_it(user: Any, flag: QuestionFlag | None) -> bool:
    return flag is not None and bool(user.is_authenticated and flag.person_id == user.pk)


@rules.predicate
def has_read_question(user: Any, question: PaperQuestion | None) -> bool:
    """Sat the paper, and is no longer sitting it."""
    if question is None or not user.is_authenticated:
        return False
    return bool(question.paper.attempts.filter(student=user).exclude(state__in=OPEN_PAPER).exists())


for name in ("itemstatistics", "keycorrection"):
    rules.add_perm(f"assessments.view_{name}", runs_the_bank | wrote_the_question)
rules.add_perm("assessments.view_questionflag", runs_the_bank | wrote_the_question | flagged_it)
for name in ("markedattempt", "rescoredattempt"):
    rules.add_perm(f"assessments.view_{name}", is_staff)
# All of these are written by services; the admin's own forms are closed.
for name in ("itemstatistics", "keycorrection", "questionflag", "markedattempt", "rescoredattempt"):
    for verb in ("add", "change", "delete"):
        rules.add_perm(f"assessments.{verb}_{name}", rules.always_deny)

# Asked of a question of a paper that the person may see at all.
rules.add_perm("assessments.flag_paperquestion", runs_the_bank | has_read_question)
rules.add_perm("assessments.resolve_questionflag", runs_the_bank)
rules.add_perm("assessments.correct_key", is_staff)
