"""Handing in the sheets: every written question is on a page or ticked as not attempted, and nothing more comes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.models import User
from assessments.enums import AttemptState, PageState, UploadState
from assessments.models import (
    Attempt,
    PageQuestion,
    PaperQuestion,
    Project,
    Response,
    SheetPage,
    SheetUpload,
    Submission,
)
from assessments.selectors.attempts import written_numbers
from assessments.selectors.sheets import not_attempted_numbers, tags_of
from assessments.services.late_work import days_late, percent_off
from assessments.services.submission import cancelled, lock_attempt, require_student
from assessments.signals import attempt_handed_in
from common.errors import ConflictError, DomainError
from common.events import announce


def confirm_sheets(
    *, attempt: Attempt, pages: Mapping[UUID, list[int]], not_attempted: list[int], actor: User, now: datetime
) -> Attempt:
    """Hands in `attempt` with the question numbers of each upload (by client id); repeating the same is fine.

    The numbers of a PDF hold for all its pages, unless its pages are named one by one (by page id instead of client
    id); a verified upload left out stays untagged; one announced but never sent and not named is dropped. Locks the
    attempt. Raises DomainError: not_submitted, unknown_page, page_not_verified, page_failed, unknown_question,
    contradiction, unplaced_questions (details: numbers), or ConflictError already_handed_in when it was handed in with
    other data.
    """
    require_student(attempt, actor)
    skipped = sorted(set(not_attempted))
    with transaction.atomic():
        locked = lock_attempt(attempt.pk)
        wanted = _by_page(locked, pages)
        if locked.state == AttemptState.HANDED_IN:
            return _same_again(locked, wanted, skipped)
        if locked.state == AttemptState.CANCELLED:
            raise cancelled()
        if locked.state == AttemptState.IN_PROGRESS:
            raise DomainError(_("Submit your answers first."), "not_submitted")
        _check_pages(locked, pages)
        _check_numbers(locked, wanted, skipped)
        _write_tags(locked, wanted)
        _write_not_attempted(locked, skipped, now=now)
        hand_in(locked, late=UploadState.REMOVED, now=now)
    return locked


def hand_in(attempt: Attempt, *, late: UploadState, now: datetime) -> None:
    """Closes a locked, submitted attempt; uploads that never arrived become `late`. Announces attempt_handed_in, unless
    it is a rehearsal."""
    message = _("This page did not arrive before the sheets were handed in.") if late == UploadState.REFUSED else ""
    code = "sheet_too_late" if message else ""
    on_the_way = SheetUpload.objects.filter(attempt=attempt, state=UploadState.INTENDED)
    on_the_way.update(state=late, refused_code=code, refused_message=message)
    attempt.state, attempt.handed_in_at = AttemptState.HANDED_IN, now
    attempt.save(update_fields=["state", "handed_in_at"])
    if attempt.exam.is_project:
        _settle_lateness(attempt, now)
    if not attempt.exam.is_rehearsal:
        announce(attempt_handed_in, attempt_id=attempt.pk)


def _settle_lateness(attempt: Attempt, now: datetime) -> None:
    """How late a project is and what that costs, from now on. A revision is as late as what it revises was."""
    submission = Submission.objects.select_related("revises").get(pk=attempt.pk)
    project, first = Project.objects.get(pk=attempt.exam_id), submission.revises
    if first is not None:
        submission.late_days, submission.late_percent = first.late_days, first.late_percent
    else:
        submission.late_days = days_late(due_at=project.due_at, handed_in_at=now)
        submission.late_percent = percent_off(
            days=submission.late_days, daily=project.late_percent, cap=project.late_cap
        )
    submission.save(update_fields=["late_days", "late_percent"])


def _by_page(attempt: Attempt, pages: Mapping[UUID, list[int]]) -> dict[UUID, list[int]]:
    """Numbers by page id: a client id stands for all pages of its upload."""
    known = SheetPage.objects.filter(upload__attempt=attempt).values_list("pk", "upload__client_id")
    wanted: dict[UUID, list[int]] = {}
    for page_id, client_id in known:
        numbers = {*pages.get(page_id, ()), *pages.get(client_id, ())}
        if numbers:
            wanted[page_id] = sorted(numbers)
    return wanted


def _same_again(attempt: Attempt, wanted: dict[UUID, list[int]], skipped: list[int]) -> Attempt:
    same = {page: numbers for page, numbers in tags_of(attempt).items() if numbers} == wanted
    if same and skipped == not_attempted_numbers(attempt):
        return attempt
    raise ConflictError(_("Your sheets are already handed in. Nothing can be changed now."), "already_handed_in")


def _check_pages(attempt: Attempt, pages: Mapping[UUID, list[int]]) -> None:
    """Every key of `pages` is a client id or a page id of an upload that has arrived and could be read."""
    uploads = SheetUpload.objects.filter(attempt=attempt).exclude(state=UploadState.REMOVED)
    known = {upload.client_id: upload for upload in uploads.prefetch_related("pages")}
    by_page = {page.pk: upload for upload in known.values() for page in upload.pages.all()}
    if strangers := [key for key in pages if key not in known and key not in by_page]:
        listed = [str(key) for key in strangers]
        raise DomainError(_("One of the pages is not known here. Reload and look again."), "unknown_page", pages=listed)
    for upload in [known.get(key) or by_page[key] for key in pages]:
        details = {"page": str(upload.client_id)}
        if upload.state != UploadState.VERIFIED:
            message = _("Page %(number)d has not arrived yet. Wait until it is sent, or take it out.")
            raise DomainError(message % {"number": upload.page_number}, "page_not_verified", **details)
        if any(page.state == PageState.FAILED for page in upload.pages.all()):
            message = _("Page %(number)d cannot be read by us. Take it out and send a new photo.")
            raise DomainError(message % {"number": upload.page_number}, "page_failed", **details)


def _check_numbers(attempt: Attempt, wanted: dict[UUID, list[int]], skipped: list[int]) -> None:
    written = written_numbers(attempt.paper_id)
    placed = {number for numbers in wanted.values() for number in numbers}
    if strangers := sorted((placed | set(skipped)) - set(written)):
        message = _("Question %(number)s is not a written question of this paper.")
        raise DomainError(message % {"number": strangers[0]}, "unknown_question", numbers=strangers)
    if both := sorted(placed & set(skipped)):
        message = _("Question %(number)s is on a page and also ticked as not attempted. Choose one.")
        raise DomainError(message % {"number": both[0]}, "contradiction", numbers=both)
    if unplaced := [number for number in written if number not in placed and number not in skipped]:
        message = ngettext(
            "Question %(numbers)s has no page. Tag a page or tick 'not attempted'.",
            "Questions %(numbers)s have no page. Tag a page or tick 'not attempted' for each.",
            len(unplaced),
        )
        raise DomainError(message % {"numbers": _listed(unplaced)}, "unplaced_questions", numbers=unplaced)


def _listed(numbers: list[int]) -> str:
    """[3] → "3", [3, 4, 7] → "3, 4 and 7"."""
    *first, last = [str(number) for number in numbers]
    return _("%(first)s and %(last)s") % {"first": ", ".join(first), "last": last} if first else last


def _write_tags(attempt: Attempt, wanted: dict[UUID, list[int]]) -> None:
    PageQuestion.objects.filter(page__upload__attempt=attempt).delete()
    PageQuestion.objects.bulk_create(
        PageQuestion(page_id=page_id, number=number) for page_id, numbers in wanted.items() for number in numbers
    )


def _write_not_attempted(attempt: Attempt, skipped: Iterable[int], *, now: datetime) -> None:
    """Notes what was not attempted on the responses, beside whatever was typed there, and un-notes the rest."""
    questions = {q.pk: q for q in PaperQuestion.objects.filter(paper=attempt.paper_id, is_written=True)}
    saved = {r.question_id: r for r in Response.objects.filter(attempt=attempt, question__in=list(questions))}
    changed, new = [], []
    for question in questions.values():
        response = saved.get(question.pk)
        if question.number in skipped and response is None:
            answer = {"not_attempted": True}
            new.append(Response(attempt=attempt, question=question, answer=answer, saved_at=now))
        elif response is not None and response.answer.get("not_attempted", False) != (question.number in skipped):
            response.answer = {key: value for key, value in response.answer.items() if key != "not_attempted"}
            if question.number in skipped:
                response.answer["not_attempted"] = True
            changed.append(response)
    Response.objects.bulk_create(new)
    if changed:
        Response.objects.bulk_update(changed, ["answer"])
