"""Tags of questions: read from what people type and files bring, and set. Tags are no content: no new version."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from accounts.models import User
from accounts.services.audit import record_event
from assessments.models import Question, Tag
from assessments.models.tags import MAX_TAG
from common.errors import DomainError

MOST = 10


def fold(name: str) -> str:
    """The same for names that differ only in capitals and white space."""
    return " ".join(name.split()).casefold()


def read_tags(texts: Iterable[str]) -> list[str]:
    """Names in order, each once; a text may hold several between commas or semicolons."""
    names = (" ".join(name.replace("\x00", "").split()) for text in texts for name in re.split("[,;]", text))
    found: dict[str, str] = {}
    for name in filter(None, names):
        found.setdefault(fold(name), name)
    return list(found.values())


def tag_problems(names: Sequence[str]) -> list[str]:
    """One sentence per broken rule."""
    problems = [_("The tag “%s …” is longer than %d characters.") % (name[:20], MAX_TAG) for name in names
                if len(name) > MAX_TAG]  # fmt: skip
    if len(names) > MOST:
        problems.append(_("At most %d tags, not %d.") % (MOST, len(names)))
    return problems


def usable_tags(names: Iterable[str]) -> tuple[list[str], list[str]]:
    """What of a file's tags can be kept, and what cannot."""
    read = read_tags(names)
    kept = [name for name in read if len(name) <= MAX_TAG][:MOST]
    return kept, [name for name in read if name not in kept]


def set_tags(*, question: Question, names: Sequence[str], actor: User, now: datetime) -> None:
    """Makes these the question's tags, in one transaction with a line in the audit trail."""
    with transaction.atomic():
        before = [tag.name for tag in question.tags.all()]
        if {fold(name) for name in before} == {fold(name) for name in names}:
            return
        put_tags([(question, names)])
        after = sorted(names)
        record_event(
            actor=actor, action="question.tagged", obj=question, before={"tags": before}, after={"tags": after}, now=now
        )


def tag_questions(
    *, questions: Iterable[Question], names: Sequence[str], remove: bool, actor: User, now: datetime
) -> tuple[int, int]:
    """Adds `names` to the tags of all, or takes them away; (questions changed, left alone).

    Left alone are those the person may not change, and those that would have too many tags. Raises DomainError for
    no question, for no tag and for a tag that is too long.
    """
    chosen = list(questions)
    if not chosen:
        raise DomainError(_("Tick the questions first."), "tag_questions_none")
    if not names:
        raise DomainError(_("Write the tag first."), "tag_none")
    if problems := tag_problems(names):
        raise DomainError(" ".join(problems), "tag_wrong")
    folded, changed, left = {fold(name) for name in names}, 0, 0
    with transaction.atomic():
        for question in chosen:
            before = [tag.name for tag in question.tags.all()]
            rest = [name for name in before if fold(name) not in folded]
            after = rest if remove else [*before, *(name for name in names if fold(name) not in map(fold, before))]
            if len(after) == len(before):
                continue
            if len(after) > MOST or not actor.has_perm("assessments.change_question", question):
                left += 1
                continue
            set_tags(question=question, names=after, actor=actor, now=now)
            changed += 1
    return changed, left


def put_tags(pairs: Iterable[tuple[Question, Sequence[str]]]) -> None:
    """As `set_tags` for many questions, in a handful of queries; whoever calls has checked and audits."""
    pairs = list(pairs)
    wanted = {question.pk: [fold(name) for name in given] for question, given in pairs}
    names: dict[str, str] = {}
    for name in (name for _question, given in pairs for name in given):
        names.setdefault(fold(name), name)
    Tag.objects.bulk_create([Tag(name=name, folded=key) for key, name in names.items()], ignore_conflicts=True)
    ids = dict(Tag.objects.filter(folded__in=list(names)).values_list("folded", "pk"))
    link = Question.tags.through
    link.objects.filter(question__in=list(wanted)).delete()
    link.objects.bulk_create(
        [link(question_id=pk, tag_id=ids[key]) for pk, keys in wanted.items() for key in dict.fromkeys(keys)]
    )
