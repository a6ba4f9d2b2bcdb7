"""What the editor asks for: saving a question with its place, and seeing what is wrong before it is saved."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _

from accounts.models import User
from accounts.services.audit import record_event
from assessments.enums import QuestionState, QuestionType
from assessments.models import Question
from assessments.services.content_schema import QuestionContent, QuestionInvalidError, content_problems, numbered
from assessments.services.question_drafts import drop_saved
from assessments.services.questions import create_question, revise_question
from assessments.services.reviews import review_question
from assessments.services.tags import set_tags
from assessments.services.variants import VariantError, instantiate
from common.content import ContentError, render_content
from common.errors import ConflictError
from courses.models import Chapter, Topic

# The content's rules are sentences; these say beside which field a sentence belongs, the first match wins.
PLACES = [
    (r"^Step (\d+) of method (\d+)", "steps-{1}.{0}"),
    (r"\(step (\d+) of method (\d+)\)", "steps-{1}.{0}"),
    (r"^Step (\d+)", "steps-{}"),
    (r"\(step (\d+)\)", "steps-{}"),
    (r"^Hint (\d+)\b", "hints-{}"),
    (r"hints\b", "hints"),
    (r"^Option ([A-Z])\b", "options-{}"),
    (r"marking scheme|^The steps|^Method \d+:", "steps"),
    (r"^The question must carry|^The question carries", "marks"),
    (r"^(The )?[Dd]ifficulty", "difficulty"),
    (r"cognitive level", "cognitive_level"),
    (r"^The question has no text|^The question:|\[\[1\]\]|^Blank \d+ stands|^The text has", "text"),
    (r"^The parts|[Pp]arts?\b|on the left|[Bb]lank \d+|blanks?\b|^Two items", "parts"),
    (r"model answer", "model_answer"),
    (r"[Ee]xplanation", "explanation"),
    (r"[Pp]arameters?|variant|constraints|derived|^With |\[\[=", "parameters"),
    (
        r"exactly one right option|one right option|[Oo]ptions?\b|choices on the right|items, not|every item once",
        "options",
    ),
    (r"accepted", "accepted"),
    (r"tolerance", "tolerance"),
    (r"unit", "unit"),
    (r"The value of", "value"),
    (r"expression|variable|form", "expression"),
]


@dataclass(frozen=True)
class Preview:
    """The question as a student would see it (HTML, safe), what cannot be rendered, and what is still missing."""

    text_html: str
    options: list[dict[str, str]]
    parts: list[dict[str, Any]]
    methods: list[dict[str, Any]]
    model_answer_html: str
    explanation_html: str
    hints: list[str]
    values: dict[str, str]
    broken: list[tuple[str, str]]
    missing: list[tuple[str, str]]


def save_question(
    *,
    question: Question | None,
    type: str,
    chapter: Chapter,
    topic: Topic | None,
    content: QuestionContent,
    actor: User,
    now: datetime,
    seen_version: int | None = None,
    send_to_review: bool = False,
    draft_id: UUID | None = None,
    draft_seen: int | None = None,
    tags: Sequence[str] | None = None,
) -> Question:
    """A new question, or a new version of one with its place, in one transaction; `send_to_review` sends a draft on.
    The unfinished one of `draft_id`, as it was at version `draft_seen`, is this question now and goes.

    Raises QuestionInvalidError with every broken rule; ConflictError when somebody saved a version after
    `seen_version`; QuestionStateError and NotPermittedError.
    """
    problems = list(content_problems(type, content))
    if problems:
        raise QuestionInvalidError(problems)
    with transaction.atomic():
        if question is None:
            question = create_question(chapter=chapter, topic=topic, type=type, content=content, author=actor, now=now)
        else:
            locked = Question.objects.select_for_update(of=("self",)).select_related("current").get(pk=question.pk)
            assert locked.current is not None
            if seen_version is not None and locked.current.number != seen_version:
                raise ConflictError(
                    _("Somebody saved version %d meanwhile. Your text is below; save again to put it on top.")
                    % locked.current.number,
                    "version_stale",
                    version=locked.current.number,
                )
            revise_question(question=question, content=content, actor=actor, now=now)
            _place(question, chapter, topic, actor, now)
        if send_to_review and question.state == QuestionState.DRAFT:
            review_question(question=question, state=QuestionState.IN_REVIEW, actor=actor, now=now)
        if tags is not None:
            set_tags(question=question, names=tags, actor=actor, now=now)
        drop_saved(draft_id=draft_id, seen=draft_seen, actor=actor)
    return question


def _place(question: Question, chapter: Chapter, topic: Topic | None, actor: User, now: datetime) -> None:
    """Moves the question within the curriculum, where that is asked for."""
    if topic is not None and topic.chapter_id != chapter.pk:
        raise QuestionInvalidError([_("The topic “%s” is not part of the chapter “%s”.") % (topic, chapter)])
    before = {"chapter": str(question.chapter_id), "topic": str(question.topic_id or "")}
    after = {"chapter": str(chapter.pk), "topic": str(topic.pk if topic else "")}
    if before == after:
        return
    question.chapter, question.topic = chapter, topic
    question.save(update_fields=["chapter", "topic"])
    record_event(actor=actor, action="question.moved", obj=question, before=before, after=after, now=now)


def preview_question(*, type: str, content: QuestionContent) -> Preview:
    """Renders everything on its own, so that one wrong formula does not hide the rest. Nothing is written."""
    values, shown, broken = _drawn(content)

    def html(place: str, source: str) -> str:
        try:
            return str(render_content(source).html) if source.strip() else ""
        except ContentError as error:
            broken.append((place, error.message))
            return ""

    text = html("text", shown.text)
    options = [
        {"label": option.label, "html": html(f"options-{number}", option.text)}
        for number, option in enumerate(shown.options, 1)
    ]
    parts = [
        {"label": p.label, "alternative": p.alternative, "marks": p.marks, "html": html(f"parts-{number}", p.text)}
        for number, p in enumerate(shown.parts, 1)
    ]
    methods = _methods(shown, html)
    model_answer, explanation = html("model_answer", shown.model_answer), html("explanation", shown.explanation)
    hints = [html(f"hints-{number}", hint) for number, hint in enumerate(shown.hints, 1)]
    return Preview(
        text_html=text,
        options=options,
        parts=parts,
        methods=methods,
        model_answer_html=model_answer,
        explanation_html=explanation,
        hints=hints,
        values=values,
        broken=broken,
        missing=placed(content_problems(type, content)) if type in QuestionType.values else [],
    )


def _methods(content: QuestionContent, html: Callable[[str, str], str]) -> list[dict[str, Any]]:
    """The methods of the scheme, each with its steps rendered by `html` (place, source)."""
    titles = dict(enumerate(content.method_titles, 1))
    several = len({step.method for step in content.steps}) > 1
    found: dict[int, list[dict[str, Any]]] = {}
    for number, s in numbered(content.steps):
        place = f"steps-{s.method}.{number}" if several else f"steps-{number}"
        found.setdefault(s.method, []).append(
            {
                "number": number,
                "marks": s.marks,
                "part": s.part + s.alternative,
                "follows": s.follows,
                "html": html(place, s.text),
            }
        )
    return [{"number": one, "title": titles.get(one, ""), "steps": steps} for one, steps in sorted(found.items())]


def _drawn(content: QuestionContent) -> tuple[dict[str, str], QuestionContent, list[tuple[str, str]]]:
    """One variant where there are parameters; the content as it is where none can be drawn."""
    if not content.parameters:
        return {}, content, []
    try:
        values, drawn = instantiate(content, 1)
    except (VariantError, KeyError, ValueError, TypeError, ArithmeticError):
        # What is wrong with the parameters is among the content's problems.
        return {}, content, []
    return values, drawn, []


def placed(problems: Iterator[str] | list[str]) -> list[tuple[str, str]]:
    """Each sentence with the name of the field it is about: "text", "steps", "steps-2", "steps-2.1" (the first step of
    method 2), or "" for the whole."""
    return [(_place_of(problem), problem) for problem in problems]


def _place_of(problem: str) -> str:
    for pattern, place in PLACES:
        if found := re.search(pattern, problem):
            numbers = [str(ord(one) - 64) if one.isalpha() and len(one) == 1 else one for one in found.groups() if one]
            return place.format(*numbers)
    return ""
