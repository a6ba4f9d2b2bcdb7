"""Questions from files of other systems into the bank: recognised by content, planned (the dry run), then imported.

Either everything that the plan takes is imported or nothing; it arrives as drafts. A question is recognised by its
key, or by saying exactly the same: importing a file again changes nothing.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from datetime import datetime
from hashlib import sha256

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from accounts.models import User
from accounts.services.audit import record_event
from assessments.models import MarkingStep, Question, QuestionPicture, QuestionVersion
from assessments.services.digests import digest_versions
from assessments.services.formats.items import ParsedFile, Picture
from assessments.services.formats.recognition import read_file
from assessments.services.import_plan import (
    CHANGED,
    EQUAL,
    NEW,
    REFUSED,
    SKIPPED,
    ImportPlan,
    ImportRefusedError,
    KeepPicture,
    PlannedItem,
    Watch,
    plan_import,
)
from assessments.services.pictures import picture_address, store_picture
from assessments.services.questions import revise_question
from assessments.services.tags import put_tags, set_tags
from common.errors import ConflictError
from courses.models import Chapter, Programme

__all__ = ["import_items", "kept_by", "read_file", "summary"]

ATTEMPTS = 3
BATCH = 200


def import_items(
    parsed: ParsedFile,
    *,
    programme: Programme,
    chapter: Chapter | None,
    author: User,
    now: datetime,
    file_sha256: str = "",
    without_refused: bool = False,
    expected: Sequence[str] | None = None,
    keep_picture: KeepPicture | None = None,
    watch: Watch | None = None,
    also: Callable[[ImportPlan], None] | None = None,
) -> ImportPlan:
    """Imports the file in one transaction and returns the plan that was carried out; `also` runs in it last.

    The plan is made before the transaction begins, so that others may write meanwhile; when they did, it is made again.
    When anything is refused, nothing is imported and ImportRefusedError says what; `without_refused` leaves those out
    instead. Raises also NotPermittedError, and ConflictError when somebody imports the same at the same time, or when
    the plan's actions are not those `expected`.
    """
    for _attempt in range(ATTEMPTS):
        seen = QuestionVersion.objects.count()
        plan = plan_import(
            parsed,
            programme=programme,
            chapter=chapter,
            author=author,
            now=now,
            keep_picture=keep_picture,
            watch=watch,
        )
        if expected is not None and [row.action for row in plan.rows] != list(expected):
            raise ConflictError(_("The bank changed since this report was made."), "plan_stale")
        if plan.problems and not without_refused:
            raise ImportRefusedError(plan.problems)
        try:
            with transaction.atomic():
                # Of two imports, the second waits here and then sees that the bank changed.
                Programme.objects.select_for_update().get(pk=programme.pk)
                if QuestionVersion.objects.count() != seen:
                    continue
                _carry_out(plan, author, programme, now, file_sha256)
                if also is not None:
                    also(plan)
        except IntegrityError as error:
            raise _changed_meanwhile() from error
        return plan
    raise _changed_meanwhile()


def _changed_meanwhile() -> ConflictError:
    return ConflictError(_("Somebody imported the same questions just now. Look at the plan again."))


def _carry_out(plan: ImportPlan, author: User, programme: Programme, now: datetime, file_sha256: str) -> None:
    """Writes what the plan takes, and one line of the audit trail if that is anything."""
    fresh = [row for row in plan.rows if row.action == NEW]
    for start in range(0, len(fresh), BATCH):
        _create(fresh[start : start + BATCH], author)
    for row in plan.rows:
        if row.action == CHANGED and row.question is not None and row.item is not None:
            revise_question(question=row.question, content=row.item.content, actor=author, now=now)
            if row.item.tags:
                set_tags(question=row.question, names=row.item.tags, actor=author, now=now)
    if not (fresh or plan.count(CHANGED)):
        return
    record_event(
        actor=author,
        action="question.imported",
        obj=programme,
        after={
            "format": plan.format,
            "sha256": file_sha256,
            "new": plan.count(NEW),
            "changed": plan.count(CHANGED),
            "left_out": plan.count(REFUSED) + plan.count(SKIPPED),
        },
        now=now,
    )


def _create(rows: Sequence[PlannedItem], author: User) -> None:
    """Drafts with their first versions, already checked and rendered; a handful of statements however many."""
    questions: list[Question] = []
    versions: list[QuestionVersion] = []
    steps: list[MarkingStep] = []
    for row in rows:
        item, version = row.item, row.version
        assert item is not None
        assert version is not None
        assert row.chapter is not None
        question = Question(key=item.key, chapter=row.chapter, topic=row.topic, type=item.type, author=author)
        question.show(version)
        version.question = question
        questions.append(question)
        versions.append(version)
        steps += row.steps
    # A question and its version name each other; the database looks at that when the transaction ends.
    Question.objects.bulk_create(questions)
    QuestionVersion.objects.bulk_create(versions)
    MarkingStep.objects.bulk_create(steps)
    digest_versions(versions)
    put_tags((question, row.item.tags) for question, row in zip(questions, rows, strict=True) if row.item.tags)  # type: ignore[union-attr]  # asserted above


def kept_by(actor: User) -> KeepPicture:
    """Keeps pictures in the store of question pictures; one that came from there keeps its address."""

    def keep(picture: Picture) -> str:
        ours = QuestionPicture.objects.filter(sha256=sha256(picture.data).hexdigest()).first()
        return picture_address(ours) if ours else store_picture(picture.data, actor=actor)

    return keep


def summary(plan: ImportPlan) -> str:
    """The numbers of a plan as one sentence."""
    counts = Counter(row.action for row in plan.rows)
    return (
        f"{plan.format}: {counts[NEW]} new, {counts[CHANGED]} changed, {counts[EQUAL]} equal to existing, "
        f"{counts[REFUSED] + counts[SKIPPED]} refused."
    )
