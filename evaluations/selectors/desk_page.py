"""The marking desk's page: everything marking.js needs, as JSON, and the words it says."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _

from accounts.models import User
from assessments.enums import QuestionType
from common.storage import sheet_storage
from evaluations.enums import EvaluationState, PictureReason
from evaluations.models import Evaluation, LaterFlag
from evaluations.selectors.calibration import is_practice
from evaluations.selectors.comment_bank import desk_bank
from evaluations.selectors.desk import Desk, DeskQuestion, MarkView, desk_data
from evaluations.selectors.desk_keys import all_keys, desk_keys, key_rows
from evaluations.selectors.next_paper import next_paper
from evaluations.selectors.pictures import PictureView, picture_json
from evaluations.selectors.project_page import desk_work
from evaluations.selectors.queue_page import kept_words
from evaluations.selectors.remarks import pointed_at
from evaluations.selectors.sheets import PageView, pages_of
from evaluations.selectors.totals import plain

NO_QUESTION = "00000000-0000-0000-0000-000000000000"
# Long enough for an evening of marking without a reload.
IMAGE_SECONDS = 6 * 3600


def desk_page(*, evaluation: Evaluation, reader: User, now: datetime) -> dict[str, Any]:
    """The context of the desk. Marking is possible only for the teacher who holds the claim."""
    desk = desk_data(evaluation)
    can_mark = evaluation.teacher_id == reader.pk and evaluation.state in (
        EvaluationState.IN_PROGRESS,
        EvaluationState.PRACTICE,
    )
    about = pointed_at(evaluation)
    label = f"{desk.exam_title}, {evaluation.short_id}"
    data = _data(desk, now) | {"can_mark": can_mark, "person": str(reader.pk), "label": label}
    data["pointed"] = {"page": about["page_id"], "region": about["region"]} if about else None
    # The teacher of a paper is read with it, and so are their keys.
    keys = desk_keys(evaluation.teacher if evaluation.teacher and evaluation.teacher_id == reader.pk else reader)
    data["keys"] = {"keys": all_keys(keys.keys), "is_on": keys.is_on}
    is_flagged = getattr(evaluation, "has_later", True)
    flags = LaterFlag.objects.filter(evaluation=evaluation)
    data["blank"] = _blank(desk) if can_mark else []
    data["later"] = [str(pk) for pk in flags.values_list("question", flat=True)] if can_mark and is_flagged else []
    if is_practice(evaluation):
        # Nobody waits: where the promise runs, that is said.
        data["paused"] = True
    data["bank"] = desk_bank(reader=reader, evaluation=evaluation) if can_mark else []
    return {
        "desk": desk,
        "evaluation": evaluation,
        "is_practice": is_practice(evaluation),
        "about": about,
        "numbers": desk.progress.numbers,
        "urls": {
            "operations": reverse("api-evaluation-operations", args=[evaluation.pk]),
            "heartbeat": reverse("marking-heartbeat", args=[evaluation.pk]),
            "earlier": reverse("marking-earlier", args=[evaluation.pk, NO_QUESTION]),
            "looked": reverse("marking-looked", args=[evaluation.pk, NO_QUESTION]),
            "step": reverse("marking-step", args=[evaluation.pk, NO_QUESTION]),
            "later": reverse("marking-later", args=[evaluation.pk]),
            "keys": reverse("desk-keys"),
            "ask": reverse("api-pictures", args=[evaluation.pk]),
            "withdraw": reverse("api-picture-withdraw", args=[NO_QUESTION]),
            "state": reverse("marking-pages", args=[evaluation.pk]),
            "ahead": reverse("marking-ahead", args=[evaluation.pk]),
        },
        "reasons": PictureReason.choices,
        "shortcuts": key_rows(all_keys(keys.keys)),
        "keys": keys,
        "words": json.dumps(
            _words() | _picture_words() | kept_words() | _practice_words(evaluation),
            ensure_ascii=False,
        ),
        "data": data,
        "work": desk_work(evaluation) if evaluation.attempt.exam.is_project else None,
        # Its picture is most of what there is to wait for, so it is asked for before any script has been read.
        "first_page": next((page for page in data["pages"] if page["id"] == data["opens"]["page"]), None),
    }


def desk_pictures(pictures: list[PictureView]) -> list[dict[str, Any]]:
    return [picture_json(picture, seconds=IMAGE_SECONDS) for picture in pictures]


def page_json(page: PageView) -> dict[str, Any]:
    """A page with addresses for its images that work for some hours."""
    store = sheet_storage()

    def address(key: str) -> str:
        return store.signed_url(key, expires_seconds=IMAGE_SECONDS) if key else ""

    return {
        "id": str(page.id),
        "number": page.number,
        "url": address(page.screen_key),
        "thumb": address(page.thumb_key),
        "plain": address(page.plain_key),
        "width": page.width,
        "height": page.height,
        "state": page.state,
        "questions": page.questions,
        "annotations": page.annotations,
    }


def _data(desk: Desk, now: datetime) -> dict[str, Any]:
    evaluation = desk.evaluation
    return {
        "id": str(evaluation.pk),
        "submitted_at": evaluation.submitted_at,
        "due_at": evaluation.due_at,
        "server_now": now,
        "pages": [page_json(page) for page in desk.pages],
        "pictures": desk_pictures(desk.pictures),
        "paused": evaluation.paused_at is not None,
        "questions": [_question(question) for question in desk.questions],
        "opens": _opens(desk),
        "schemes": sum({q.version: q.scheme.number for q in desk.questions}.values()),
    }


def _blank(desk: Desk) -> list[dict[str, Any]]:
    """Questions without a mark that were declared not attempted, or whose pages are all empty; of a choice one."""
    empty = {page.id: page for page in desk.pages if "blank" in page.advice}
    found: dict[int, dict[str, Any]] = {}
    for question in desk.questions:
        is_empty = bool(question.pages) and empty.keys() >= set(question.pages)
        if question.number in desk.progress.marked or not (is_empty or question.not_attempted):
            continue
        pages = [str(page) for page in question.pages]
        found.setdefault(question.number, {"question": str(question.id), "pages": pages})
    return list(found.values())


def next_pictures(evaluation: Evaluation, reader: User) -> list[str]:
    """Addresses of the pages of the paper after this one, to be fetched while this one is marked. Four queries."""
    after = next_paper(teacher=reader, after=evaluation)
    pages = pages_of(after, with_ink=False) if after is not None else []
    return [page_json(page)["url"] for page in pages if page.screen_key]


def _opens(desk: Desk) -> dict[str, str | None]:
    """Where marking begins or goes on: the first question without a mark, and the first page that has it."""
    missing = desk.progress.missing
    question = next((q for q in desk.questions if q.number in missing), desk.questions[0] if desk.questions else None)
    of_question = [page.id for page in desk.pages if question and page.id in question.pages]
    page = next(iter([*of_question, *(page.id for page in desk.pages)]), None)
    return {"question": str(question.id) if question else None, "page": str(page) if page else None}


def _question(question: DeskQuestion) -> dict[str, Any]:
    is_rubric = question.type == QuestionType.FILE_UPLOAD and bool(question.parts)
    return {
        "id": str(question.id),
        # Levels of criteria instead of steps: marking-rubric.js.
        "is_rubric": is_rubric,
        "number": question.number,
        "alternative": question.alternative,
        "label": question.label,
        "marks": plain(question.marks),
        "html": question.html,
        "parts": [] if is_rubric else question.parts,
        "criteria": question.parts if is_rubric else [],
        "model_answer_html": question.model_answer_html,
        "not_attempted": question.not_attempted,
        "pages": [str(page) for page in question.pages],
        "mark": _mark(question.mark),
        "mark_version": question.mark_version,
        "steps": [
            {
                "id": str(step.id),
                "part": step.part,
                "alternative": step.alternative,
                "kind": step.kind,
                "html": step.html,
                "marks": plain(step.marks),
                "follows": step.follows,
                "method": step.method,
                "change": step.change,
            }
            for step in question.scheme.steps
        ],
        "scheme": question.scheme.number,
        "scheme_said": question.scheme.said,
        "is_given": question.scheme.is_given,
        "look": question.look,
        "method_titles": question.method_titles,
    }


def _mark(mark: MarkView | None) -> dict[str, Any] | None:
    if mark is None:
        return None
    return {
        "version": mark.version,
        "steps": mark.steps,
        "marks": plain(mark.marks),
        "comment": mark.comment,
        "html": mark.comment_html,
    }


def _words() -> dict[str, str]:
    """The words marking.js needs; {} stands for a number or a list."""
    return _words_of_work() | _words_of_questions() | _rubric_words()


def _words_of_work() -> dict[str, str]:
    """Saving, moving on, comments, other papers."""
    return {
        "q": _("Q"),
        "saved": _("Saved"),
        "saving": _("Saving"),
        "kept": _("On this computer"),
        "lost": _("You no longer hold this paper. What you did is kept on this computer."),
        "red_ink": _("Red ink"),
        "removed": _("taken away"),
        "page_n": _("Page {}"),
        "page_gone": _("The picture of this page is not kept any more."),
        "refused": _("Not saved: {}. {}"),
        "changed_since": _("This was changed in another window since, so it stays as it is."),
        "progress": _("{} of {}"),
        "next": _("Next question"),
        "finish": _("Finish paper"),
        "comment": _("Comment"),
        "comment_hint": _("Write or search, then Enter"),
        "press": _("Press a key"),
        "none_earlier": _("Nothing from before."),
        "earlier_line": _("{}, Q{}: {} of {}"),
        "who_got": _("Who got step {}"),
        "nobody": _("None of your papers of this exam has this question marked yet."),
        "got": _("{} of {}"),
        "got_none": _("not given"),
        "this_paper": _("this paper"),
        "done_paper": _("finished"),
        "blank_1": _("1 question looks blank."),
        "blank_n": _("{} questions look blank."),
        "blank_given": _("{} blank questions have 0 marks now."),
        "declared": _("declared not attempted"),
        "flagged": _("flagged for later"),
        "used": _("{}×"),
        "shared": _("shared"),
        "bank": _("Comments of the bank"),
        "mark_first": _("Q{} has no mark yet. Press F for full, 0 for none, or the steps."),
        "not_saved": _("Some marks have not reached us yet. Try again in a moment."),
        "missing": _("No mark yet: {}"),
        "fit": _("Fit width"),
    }


def _words_of_questions() -> dict[str, str]:
    """A question, its pages and its scheme."""
    return {
        "mark_1": _("{} mark"),
        "marks_n": _("{} marks"),
        "of": _("of {}"),
        "on_page": _("page {}"),
        "on_pages": _("pages {}"),
        "no_page": _("no page tagged"),
        "page_alt": _("Handwritten answer sheet, page {} of {}"),
        "no_model": _("No model answer is given."),
        "alternative": _("Alternative {}"),
        "method": _("Method"),
        "method_n": _("Method {}"),
        "counts": _("counts"),
        "accuracy": _("Accuracy"),
        "independent": _("Independent"),
        "follows": _("follows {}"),
        "step_new": _("new"),
        "step_changed": _("changed"),
        "carried": _("Carried forward: award if consistent with the student's own value"),
        "not_done": _("n/a"),
        "not_marked": _("not marked"),
        "free_range": _("Free marks go from 0 to {} in halves."),
        "free_reason": _("Say in the comment why, then give the marks."),
    }


def _rubric_words() -> dict[str, str]:
    """Of projects."""
    return {
        "any_marks": _("Again: half a mark more"),
        "criterion_of": _("{}: {} of {}"),
        "no_level": _("no level yet"),
    }


def _practice_words(evaluation: Evaluation) -> dict[str, str]:
    return {"paused": _("Practice")} if is_practice(evaluation) else {}


def _picture_words() -> dict[str, str]:
    """Of clearer pictures."""
    return {
        "asked": _("Clearer picture asked for: {}. The clock waits until {}."),
        "preparing": _("The new picture is being prepared."),
        "unreadable": _("The new picture could not be prepared. Ask again if you need it."),
        "expired": _("No clearer picture came in time."),
        "paused": _("Paused"),
        "draw": _("Draw a box around what cannot be read. A click, or A again: the whole page."),
        "arrived": _("The clearer picture of page {} is here."),
        "asked_already": _("A clearer picture of this page is already asked for."),
        "ask_part": _("The marked part of page {}. The student photographs only this page again."),
        "ask_whole": _("All of page {}. The student photographs only this page again."),
        "still_asked": _("A clearer picture is still asked for: page {}. Wait for it, or withdraw the request."),
        "not_asked": _("That did not work. Try again in a moment."),
    }
