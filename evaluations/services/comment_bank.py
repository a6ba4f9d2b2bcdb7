"""The comments teachers write again and again: their own, kept by themselves, and those the institute shares."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.db.models import F, QuerySet

from accounts.models import User
from accounts.services.office import save_row
from common.content import remark_line, render_remark
from common.errors import DomainError
from evaluations.models import Annotation, BankComment, Evaluation
from evaluations.selectors.comment_bank import open_uses

# Longer remarks are about one paper.
LONGEST = 80
LONGEST_TEXT = 200
SCOPE = ("text", "programme_id", "exam_id", "question_id")


class BankError(DomainError):
    """A comment of the bank that cannot be."""


def link_comments(*, evaluation: Evaluation, author: User, rows: Iterable[Annotation]) -> None:
    """Ties each comment on a paper to the comment of the bank that says the same, if any; does not save."""
    rows = list(rows)
    known = _known(evaluation, author, {row.text.strip() for row in rows})
    for row in rows:
        found = known.get(row.text.strip())
        row.bank_id = found.pk if found else None


def note_uses(*, evaluation: Evaluation, owner: User, rows: Iterable[Annotation]) -> None:
    """Counts each of the comments as used once, a shared one for everybody; new ones join the bank of `owner`. Ties the
    rows to them without saving. Call inside a transaction."""
    rows = [row for row in rows if row.text.strip()]
    times = Counter(row.text.strip() for row in rows)
    known = _known(evaluation, owner, set(times))
    for text in times.keys() - known.keys():
        if len(text) <= LONGEST:
            known[text], _created = BankComment.objects.get_or_create(owner=owner, text=text)
    for text, comment in known.items():
        BankComment.objects.filter(pk=comment.pk).update(uses=F("uses") + times[text])
    for row in rows:
        found = known.get(row.text.strip())
        row.bank_id = found.pk if found else None


def edit_comment(*, comment: BankComment, text: str, with_uses: bool, actor: User, now: datetime) -> int:
    """Gives a comment other words; `with_uses` also where it stands on papers that the student has never had back.
    Returns on how many places. What has been with a student stays as they read it.

    Each changed place gets a new version: a desk that has it open shows both. Raises BankError.
    """
    with transaction.atomic():
        locked = BankComment.objects.select_for_update(of=("self",)).get(pk=comment.pk)
        text = checked_comment(text, comment=locked)
        changed = _reword(locked, text, now) if with_uses else 0
        before, locked.text = {"text": locked.text}, text
        save_row(row=locked, before=before, after={"text": text}, actor=actor, now=now)
    return changed


def remove_comment(*, comment: BankComment) -> None:
    """Takes a comment out of the bank. Where it stands on papers it stays."""
    comment.delete()


def checked_comment(text: str, *, comment: BankComment) -> str:
    """The words without space around them. Raises BankError for none, too many, and those of another comment."""
    text = " ".join(text.split())
    if not text or "\x00" in text:
        raise BankError("Write what the comment says.", "empty")
    if len(text) > LONGEST_TEXT:
        raise BankError(f"A comment of the bank has at most {LONGEST_TEXT} characters.", "too_long")
    others = BankComment.objects.filter(owner=comment.owner_id, text=text).exclude(pk=comment.pk)
    if comment.owner_id is None:
        others = others.filter(owner__isnull=True)
    if others.exists():
        raise BankError("There is such a comment already.", "twice")
    return text


def save_shared(*, comment: BankComment, before: dict[str, object], actor: User, now: datetime) -> None:
    """Saves a checked comment that the institute shares, audited. `before`: what it was, {} for a new one."""
    save_row(row=comment, before=before, after=scope_of(comment), actor=actor, now=now)


def scope_of(comment: BankComment) -> dict[str, object]:
    return {name: getattr(comment, name) for name in SCOPE}


def _known(evaluation: Evaluation, author: User, texts: set[str]) -> dict[str, BankComment]:
    """By its text, a shared comment before an own one."""
    rows = BankComment.objects.at_desk(author, evaluation).filter(text__in=texts) if texts else ()
    return {row.text: row for row in sorted(rows, key=lambda row: row.owner_id is None)}


def _reword(comment: BankComment, text: str, now: datetime) -> int:
    """The papers are locked first, so none is given back meanwhile with half of it."""
    papers: QuerySet[Evaluation] = Evaluation.objects.filter(
        pk__in=open_uses(comment).values("evaluation")
    ).select_for_update(of=("self",))
    locked: list[UUID] = [row.pk for row in papers.order_by("pk")]
    rows = list(open_uses(comment).filter(evaluation__in=locked))
    shown = remark_line(render_remark(text))
    for row in rows:
        row.text, row.shown, row.updated_at = text, shown, now
        row.version += 1
    Annotation.objects.bulk_update(rows, ["text", "shown", "version", "updated_at"], batch_size=100)
    return len(rows)
