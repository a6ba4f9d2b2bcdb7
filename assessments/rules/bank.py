"""Who may see and change questions, blueprints and papers. Written on its own, not from `visible_to`:
a test compares the two for every model and everybody."""

from __future__ import annotations

from typing import Any

import rules

from accounts.rules import is_staff, is_teacher, is_verified_teacher
from assessments.enums import QuestionState
from assessments.models import Blueprint, MarkingStep, Paper, PaperDraft, PaperQuestion, Question, QuestionVersion


@rules.predicate
def is_question_author(user: Any, obj: Question | QuestionVersion | MarkingStep | None) -> bool:
    """Teachers who are not verified yet still see what they wrote."""
    if obj is None or not is_teacher(user):
        return False
    if isinstance(obj, MarkingStep):
        obj = obj.version
    if isinstance(obj, QuestionVersion):
        obj = obj.question
    return bool(obj.author_id == user.pk)


@rules.predicate
def is_draft(user: Any, question: Question | None) -> bool:
    return question is not None and question.state == QuestionState.DRAFT


@rules.predicate
def wrote_question(user: Any, question: Question | None) -> bool:
    """The author, or whoever wrote the current version: neither may verify it."""
    if question is None:
        return False
    return user.pk in {question.author_id, question.current.created_by_id if question.current else None}


@rules.predicate
def has_sat_paper(user: Any, obj: Paper | PaperQuestion | None) -> bool:
    if obj is None or not user.is_authenticated:
        return False
    paper = obj.paper if isinstance(obj, PaperQuestion) else obj
    return bool(paper.attempts.filter(student=user).exists())


@rules.predicate
def is_blueprint_author(user: Any, blueprint: Blueprint | None) -> bool:
    return blueprint is not None and blueprint.author_id is not None and blueprint.author_id == user.pk


@rules.predicate
def owns_draft(user: Any, draft: PaperDraft | None) -> bool:
    return draft is not None and user.is_authenticated and draft.owner_id == user.pk


runs_the_bank = is_staff | is_verified_teacher

rules.add_perm("assessments", is_staff)

for name in ("question", "questionversion", "markingstep"):
    rules.add_perm(f"assessments.view_{name}", runs_the_bank | is_question_author)
rules.add_perm("assessments.add_question", is_staff | is_teacher)
rules.add_perm("assessments.change_question", runs_the_bank | (is_question_author & is_draft))
rules.add_perm("assessments.delete_question", rules.always_deny)
rules.add_perm("assessments.verify_question", runs_the_bank & ~wrote_question)

for name in ("blueprint", "blueprintsection", "blueprintslot"):
    rules.add_perm(f"assessments.view_{name}", runs_the_bank)
for name in ("blueprintsection", "blueprintslot"):
    for verb in ("add", "change", "delete"):
        rules.add_perm(f"assessments.{verb}_{name}", is_staff)
# The institute's blueprints are copied, not changed, by teachers.
# A teacher who is not verified yet sees the list, empty.
rules.add_perm("assessments.list_blueprints", is_staff | is_teacher)
rules.add_perm("assessments.add_blueprint", runs_the_bank)
for verb in ("change", "delete"):
    rules.add_perm(f"assessments.{verb}_blueprint", is_staff | (is_verified_teacher & is_blueprint_author))
rules.add_perm("assessments.draw_blueprint", runs_the_bank)

for name in ("paper", "paperquestion"):
    rules.add_perm(f"assessments.view_{name}", runs_the_bank | has_sat_paper)
rules.add_perm("assessments.set_paper", runs_the_bank)
rules.add_perm("assessments.print_paper", runs_the_bank)
rules.add_perm("assessments.view_paperdraft", owns_draft)
for verb in ("add", "change", "delete"):
    rules.add_perm(f"assessments.{verb}_paperdraft", rules.always_deny)

# Rows that are only ever inserted, by services.
for name in ("questionversion", "markingstep", "paper", "paperquestion"):
    for verb in ("add", "change", "delete"):
        rules.add_perm(f"assessments.{verb}_{name}", rules.always_deny)
