"""Who may see pictures, digests and reviews of questions, and unfinished ones."""

from __future__ import annotations

from typing import Any

import rules

from accounts.rules import is_signed_in, is_staff, is_teacher
from assessments.models import QuestionBand, QuestionDigest, QuestionDraft, QuestionReview
from assessments.rules.bank import is_question_author, runs_the_bank


@rules.predicate
def wrote_its_question(user: Any, obj: QuestionDigest | QuestionBand | QuestionReview | None) -> bool:
    return obj is not None and bool(is_question_author(user, obj.question))


@rules.predicate
def began_it(user: Any, draft: QuestionDraft | None) -> bool:
    return draft is not None and user.is_authenticated and draft.author_id == user.pk


rules.add_perm("assessments.view_questiondraft", began_it)
for name in ("questiondigest", "questionband", "questionreview"):
    rules.add_perm(f"assessments.view_{name}", runs_the_bank | wrote_its_question)
rules.add_perm("assessments.view_questionpicture", is_signed_in)
rules.add_perm("assessments.view_tag", is_staff | is_teacher)
for name in ("questiondigest", "questionband", "questiondraft", "questionreview", "questionpicture", "tag"):
    for verb in ("add", "change", "delete"):
        rules.add_perm(f"assessments.{verb}_{name}", rules.always_deny)

# Opening the bank's pages at all, and putting a picture into a text.
rules.add_perm("assessments.open_bank", is_staff | is_teacher)
