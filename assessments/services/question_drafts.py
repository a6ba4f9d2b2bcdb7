"""Unfinished questions: kept as they were typed, and never overwritten by another tab without asking."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from accounts.models import User
from assessments.models import Question, QuestionDraft
from common.errors import ConflictError, DomainError

MAX_CHARACTERS = 200_000
MOST = 100


def save_draft(
    *,
    draft_id: UUID,
    question: Question | None,
    data: Mapping[str, list[str]],
    seen: int,
    actor: User,
    now: datetime,
) -> QuestionDraft:
    """Keeps the form. `seen` is the version this tab last had from here, 0 for none; the kept one is one higher.

    What is already kept is kept once. Raises ConflictError with `version` (0 when it was saved or discarded) and
    `draft`, which the next try has to name, and DomainError when there is too much.
    """
    # No database keeps a NUL in JSON.
    kept = {name: [value.replace("\x00", "") for value in values] for name, values in data.items()}
    if len(json.dumps(kept, ensure_ascii=False)) > MAX_CHARACTERS:
        raise DomainError(_("This is too long to be kept; save it in smaller questions."), "too_long")
    try:
        with transaction.atomic():
            stored = _locked(draft_id, question, actor)
            if stored is None:
                return _first(draft_id, question, kept, seen, actor, now)
            if stored.data == kept:
                return stored
            if stored.version != seen:
                raise _stale(stored)
            stored.data, stored.version, stored.updated_at = kept, seen + 1, now
            stored.save(update_fields=["data", "version", "updated_at"])
            return stored
    except IntegrityError as error:
        # Another tab was first; it is found by the next try.
        raise _stale(_found(draft_id, question, actor).first()) from error


def discard_draft(*, draft: QuestionDraft, actor: User) -> None:
    """Deletes the person's own draft."""
    QuestionDraft.objects.filter(pk=draft.pk, author=actor).delete()


def drop_saved(*, draft_id: UUID | None, seen: int | None, actor: User) -> None:
    """Deletes the draft that has become a question; one that another tab wrote on meanwhile stays."""
    if draft_id is not None:
        QuestionDraft.objects.filter(pk=draft_id, author=actor, version=seen or 0).delete()


def _found(draft_id: UUID, question: Question | None, actor: User):  # type: ignore[no-untyped-def]  # a queryset
    """A change of a question is found by the question: a person has one."""
    mine = QuestionDraft.objects.filter(author=actor)
    return mine.filter(question=question) if question else mine.filter(pk=draft_id, question=None)


def _locked(draft_id: UUID, question: Question | None, actor: User) -> QuestionDraft | None:
    draft: QuestionDraft | None = _found(draft_id, question, actor).select_for_update(of=("self",)).first()
    return draft


def _first(
    draft_id: UUID, question: Question | None, data: dict[str, list[str]], seen: int, actor: User, now: datetime
) -> QuestionDraft:
    if seen:
        raise _stale(None)
    if QuestionDraft.objects.filter(author=actor).count() >= MOST:
        raise DomainError(_("You have %d unfinished questions. Finish or discard some first.") % MOST, "too_many")
    return QuestionDraft.objects.create(pk=draft_id, author=actor, question=question, data=data, updated_at=now)


def _stale(stored: QuestionDraft | None) -> ConflictError:
    if stored is None:
        said = _("This unfinished question was saved or discarded in another place.")
        return ConflictError(said, "draft_stale", version=0, draft="")
    said = _("This unfinished question was changed in another place.")
    return ConflictError(said, "draft_stale", version=stored.version, draft=str(stored.pk))
