"""Questions of the bank: new ones, new versions, and the way from draft to active. Author and verifier differ."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from accounts.models import User
from accounts.services.audit import record_event
from assessments.enums import Grading, QuestionState, QuestionType
from assessments.models import MarkingStep, Question, QuestionVersion
from assessments.services.content_schema import (
    OptionContent,
    PartContent,
    QuestionContent,
    QuestionInvalidError,
    StepContent,
    check_content,
    trimmed_titles,
)
from assessments.services.digests import digest_versions
from common.content import ContentError, render_content
from common.errors import DomainError, NotPermittedError
from courses.models import Chapter, Topic

__all__ = [
    "OptionContent",
    "PartContent",
    "QuestionContent",
    "QuestionInvalidError",
    "QuestionStateError",
    "StepContent",
    "change_question_state",
    "create_question",
    "revise_question",
]

NEXT_STATES = {
    QuestionState.DRAFT: {QuestionState.IN_REVIEW, QuestionState.RETIRED},
    QuestionState.IN_REVIEW: {QuestionState.ACTIVE, QuestionState.DRAFT, QuestionState.RETIRED},
    QuestionState.ACTIVE: {QuestionState.IN_REVIEW, QuestionState.RETIRED},
    QuestionState.RETIRED: {QuestionState.IN_REVIEW},
}


class QuestionStateError(DomainError):
    """The question's state does not allow this."""


def create_question(
    *,
    chapter: Chapter,
    type: str,
    content: QuestionContent,
    author: User,
    now: datetime,
    topic: Topic | None = None,
    key: str | None = None,
    state: str = QuestionState.DRAFT,
    verifier: User | None = None,
) -> Question:
    """A question with its first version. `state` ACTIVE needs a `verifier` who is not the author.

    Raises QuestionInvalidError, QuestionStateError, or NotPermittedError when the author may not write questions.
    """
    if not (author.is_staff or author.is_teacher):
        raise NotPermittedError(_("Only teachers and staff write questions."), "not_permitted")
    if topic is not None and topic.chapter_id != chapter.pk:
        raise QuestionInvalidError([_("The topic “%s” is not part of the chapter “%s”.") % (topic, chapter)])
    if state == QuestionState.ACTIVE:
        check_verifier(verifier=verifier, writers=[author])
    elif state not in {QuestionState.DRAFT, QuestionState.IN_REVIEW}:
        raise QuestionStateError(_("A new question is a draft, in review or active."), "question_state")
    question = Question(
        key=key,
        chapter=chapter,
        topic=topic,
        type=type,
        state=state,
        author=author,
        verifier=verifier if state == QuestionState.ACTIVE else None,
    )
    version, steps = build_version(question=question, number=1, content=content, actor=author, now=now)
    with transaction.atomic():
        question.save(force_insert=True)
        version.save(force_insert=True)
        MarkingStep.objects.bulk_create(steps)
        question.show(version)
        question.save(update_fields=Question.SHOWN)
        digest_versions([version])
        if state == QuestionState.ACTIVE:
            record_published(question=question, before="", actor=verifier, now=now)
    return question


def revise_question(*, question: Question, content: QuestionContent, actor: User, now: datetime) -> QuestionVersion:
    """A new current version, or the present one when nothing changed. Papers already drawn keep the old version.

    An active question goes back to review, because nobody but its reviser has read the new text yet.
    Raises QuestionInvalidError, QuestionStateError (retired) or NotPermittedError. Locks the question.
    """
    check_content(question.type, content)
    with transaction.atomic():
        locked = _lock(question)
        _check_reviser(locked, actor)
        current = locked.current
        assert current is not None
        if content_of(current) == normalised(content):
            return current
        version, steps = build_version(
            question=locked, number=current.number + 1, content=content, actor=actor, now=now
        )
        version.save(force_insert=True)
        MarkingStep.objects.bulk_create(steps)
        digest_versions([version])
        locked.show(version)
        was = locked.state
        if was == QuestionState.ACTIVE:
            locked.state, locked.verifier = QuestionState.IN_REVIEW, None
        locked.save(update_fields=[*Question.SHOWN, "state", "verifier"])
        if was == QuestionState.ACTIVE:
            record_published(question=locked, before=was, actor=actor, now=now, from_version=current.number)
    _copy_state(locked, question)
    return version


def change_question_state(*, question: Question, state: str, actor: User, now: datetime) -> Question:
    """Moves a question along draft → in review → active → retired (and back to review). Locks the question.

    Authors send their own questions to review; everything else needs a verified teacher or staff, and to activate,
    one who wrote neither the question nor its current version. Raises QuestionStateError or NotPermittedError.
    """
    with transaction.atomic():
        locked = _lock(question)
        was, target = QuestionState(locked.state), QuestionState(state)
        if target not in NEXT_STATES[was]:
            raise QuestionStateError(
                _("This question is “%s” and cannot become “%s”.") % (was.label, target.label), "question_state"
            )
        _check_mover(locked, target, actor)
        locked.state = target
        if target == QuestionState.ACTIVE:
            locked.verifier = actor
        elif target != QuestionState.RETIRED:
            locked.verifier = None
        locked.save(update_fields=["state", "verifier"])
        if QuestionState.ACTIVE in {was, target}:
            record_published(question=locked, before=was, actor=actor, now=now)
    _copy_state(locked, question)
    return question


def check_verifier(*, verifier: User | None, writers: Iterable[User]) -> None:
    """Raises NotPermittedError unless `verifier` is a verified teacher or staff and none of the `writers`."""
    if verifier is None or not is_verified(verifier):
        raise NotPermittedError(_("Only a verified teacher or staff can activate a question."), "not_permitted")
    if verifier.pk in {writer.pk for writer in writers}:
        raise NotPermittedError(_("Somebody other than the author has to verify a question."), "author_is_verifier")


def is_verified(person: User) -> bool:
    """Staff, or a teacher whom staff have verified."""
    return person.is_staff or (person.is_teacher and person.teacher_profile.is_verified)


def build_version(
    *, question: Question, number: int, content: QuestionContent, actor: User, now: datetime
) -> tuple[QuestionVersion, list[MarkingStep]]:
    """Checks and renders `content` into unsaved rows. Raises QuestionInvalidError."""
    check_content(question.type, content)
    content = normalised(content)
    version = QuestionVersion(
        question=question,
        number=number,
        marks=content.marks,
        difficulty=content.difficulty,
        cognitive_level=content.cognitive_level,
        text_source=content.text,
        text_html=_html(_("The question"), content.text),
        options=[
            {"label": o.label, "source": o.text, "html": _html(_("Option %s") % o.label, o.text)}
            for o in content.options
        ],
        parts=[_part_row(part) for part in content.parts],
        answer=dict(content.answer),
        model_answer_source=content.model_answer,
        model_answer_html=_html(_("The model answer"), content.model_answer),
        explanation_source=content.explanation,
        explanation_html=_html(_("The explanation"), content.explanation),
        parameters=dict(content.parameters) or None,
        hints=[
            {"source": hint, "html": _html(_("Hint %s") % number, hint)}
            for number, hint in enumerate(content.hints, start=1)
        ]
        or None,
        method_titles=list(content.method_titles) or None,
        created_by=actor,
        created_at=now,
    )
    if question.type == QuestionType.FILL_IN:
        _check_blanks(version)
    steps = [
        MarkingStep(
            version=version,
            position=position,
            part=step.part,
            alternative=step.alternative,
            kind=step.kind,
            marks=step.marks,
            text_source=step.text,
            text_html=_html(_("Step %s") % position, step.text),
            follows=list(step.follows) or None,
            method=step.method if step.method > 1 else None,
        )
        for position, step in enumerate(content.steps, start=1)
    ]
    return version, steps


def content_of(version: QuestionVersion) -> QuestionContent:
    """The source of a stored version, comparable with `normalised` content. Reads its steps."""
    return QuestionContent(
        marks=version.marks,
        difficulty=version.difficulty,
        cognitive_level=version.cognitive_level,
        text=version.text_source,
        options=tuple(OptionContent(label=o["label"], text=o["source"]) for o in version.options),
        parts=tuple(
            PartContent(label=p["label"], text=p["source"], marks=Decimal(p["marks"]), alternative=p["alternative"])
            for p in version.parts
        ),
        answer=version.answer,
        model_answer=version.model_answer_source,
        explanation=version.explanation_source,
        steps=tuple(
            StepContent(s.text_source, s.marks, s.kind, s.part, s.alternative, tuple(s.follows or ()), s.method or 1)
            for s in version.steps.all()
        ),
        parameters=version.parameters or {},
        hints=tuple(hint["source"] for hint in version.hints or ()),
        method_titles=tuple(version.method_titles or ()),
    )


def normalised(content: QuestionContent) -> QuestionContent:
    """The same content without white space at the ends of its texts, without what a key has by default, and with the
    steps of each method together."""
    answer = dict(content.answer)
    if answer.get("grading") == Grading.ALL:
        del answer["grading"]
    return replace(
        content,
        text=content.text.strip(),
        model_answer=content.model_answer.strip(),
        explanation=content.explanation.strip(),
        answer=answer,
        parameters=dict(content.parameters),
        options=tuple(replace(option, text=option.text.strip()) for option in content.options),
        parts=tuple(replace(part, text=part.text.strip()) for part in content.parts),
        steps=tuple(
            replace(step, text=step.text.strip(), follows=tuple(sorted(set(step.follows))))
            for step in sorted(content.steps, key=lambda step: step.method)
        ),
        hints=tuple(hint.strip() for hint in content.hints),
        method_titles=trimmed_titles(content.method_titles),
    )


def record_published(
    *, question: Question, before: str, actor: User | None, now: datetime, from_version: int | None = None
) -> None:
    """Audits that a question enters or leaves the published bank, or that published content changed."""
    assert question.current is not None
    was: dict[str, Any] = {"state": before} if before else {}
    is_now: dict[str, Any] = {"state": question.state, "version": question.current.number}
    if from_version is not None:
        was["version"] = from_version
    record_event(actor=actor, action="question.state_changed", obj=question, before=was, after=is_now, now=now)


def _html(place: str, source: str) -> str:
    """Renders one text; a fault names its place in the question."""
    if not source:
        return ""
    try:
        return str(render_content(source).html)
    except ContentError as error:
        raise QuestionInvalidError([f"{place}: {error}"]) from error


def _check_blanks(version: QuestionVersion) -> None:
    """Raises QuestionInvalidError for a blank that a page could not put a field into."""
    lost = [part["label"] for part in version.parts if f"[[{part['label']}]]" not in version.text_html]
    if lost:
        raise QuestionInvalidError(
            [_("Blank %s stands inside a formula, a link or code; put it into plain text.") % label for label in lost]
        )


def _part_row(part: PartContent) -> dict[str, str]:
    name = f"({part.label}){part.alternative}"
    return {
        "label": part.label,
        "alternative": part.alternative,
        "source": part.text,
        "html": _html(_("Part %s") % name, part.text),
        "marks": str(part.marks),
    }


def _lock(question: Question) -> Question:
    return Question.objects.select_for_update(of=("self",)).select_related("current", "author").get(pk=question.pk)


def _check_reviser(question: Question, actor: User) -> None:
    if question.state == QuestionState.RETIRED:
        raise QuestionStateError(
            _("A retired question cannot be edited. Bring it back to review first."), "question_state"
        )
    own_draft = actor.is_teacher and actor.pk == question.author_id and question.state == QuestionState.DRAFT
    if not (own_draft or is_verified(actor)):
        raise NotPermittedError(_("Only a verified teacher or staff can edit this question."), "not_permitted")


def _check_mover(question: Question, target: QuestionState, actor: User) -> None:
    if target == QuestionState.ACTIVE:
        assert question.current is not None
        check_verifier(verifier=actor, writers=[question.author, question.current.created_by])
        return
    own = actor.is_teacher and actor.pk == question.author_id
    if not (
        is_verified(actor) or (own and target == QuestionState.IN_REVIEW and question.state == QuestionState.DRAFT)
    ):
        raise NotPermittedError(_("Only a verified teacher or staff can do this."), "not_permitted")


def _copy_state(source: Question, target: Question) -> None:
    """Brings the caller's object up to what was written under the lock."""
    for name in ("state", "verifier", *Question.SHOWN):
        setattr(target, name, getattr(source, name))
