"""The pages on which a marking scheme is changed: the written questions of an exam, and the scheme of one."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from django.db.models import Count, Q

from assessments.enums import StepKind
from assessments.models import Exam, PaperQuestion, QuestionVersion
from evaluations.enums import PRACTICE_ROLES, EvaluationRole
from evaluations.models import QuestionMark, SchemeLook, SchemeRevision
from evaluations.selectors.schemes import SchemeHistory, changes_in_words, numbered_lines, scheme_histories
from evaluations.selectors.totals import plain

BLANK_ROWS = 2


@dataclass(frozen=True)
class SchemeRow:
    """A written question of the exam. `marked`: of how many papers; `runs`: its revisions, the last first."""

    version: UUID
    label: str
    html: str
    marked: int
    revisions: list[SchemeRevision]


@dataclass(frozen=True)
class StepRow:
    """A step in the form, as it is or as it was typed. `is_kept` False: it does not count. `number`: in the scheme of
    now, 0 of one that is not in it."""

    id: str
    text: str
    marks: str
    kind: str
    follows: str
    part: str
    alternative: str
    method: int
    is_kept: bool
    number: int = 0
    html: str = ""


@dataclass
class Typed:
    """What was sent with the form, to be shown again."""

    rows: list[StepRow] = field(default_factory=list)
    reason: str = ""
    is_given: bool = False
    asks_again: bool = True
    may_lower: bool = False
    problem: str = ""


def scheme_list(exam: Exam) -> list[SchemeRow]:
    """The written questions of all papers of the exam that were handed in, or of its fixed paper. Three queries."""
    if exam.paper_id is not None:
        found_on = PaperQuestion.objects.filter(paper=exam.paper_id)
    else:
        found_on = PaperQuestion.objects.filter(paper__in=exam.attempts.values("paper_id"))
    questions = found_on.filter(is_written=True).select_related("version")
    rows: dict[UUID, PaperQuestion] = {}
    for question in questions.order_by("number", "alternative")[:500]:
        rows.setdefault(question.version_id, question)
    marks = QuestionMark.objects.filter(evaluation__attempt__exam=exam, evaluation__role=EvaluationRole.RECORD)
    counted = marks.filter(question__version__in=rows).order_by().values("question__version").annotate(n=Count("pk"))
    marked = {row["question__version"]: row["n"] for row in counted}
    revisions: dict[UUID, list[SchemeRevision]] = {}
    found = SchemeRevision.objects.filter(exam=exam).select_related("actor", "run").order_by("-id")
    for revision in found.annotate(open_looks=Count("looks", filter=Q(looks__closed_at=None))):
        revisions.setdefault(revision.version_id, []).append(revision)
    return [
        SchemeRow(
            version=key,
            label=f"{row.number}{row.alternative}" if exam.paper_id else "",
            html=row.shown.text_html,
            marked=marked.get(key, 0),
            revisions=revisions.get(key, []),
        )
        for key, row in rows.items()
    ]


def scheme_form(*, exam: Exam, version: QuestionVersion, typed: Typed | None) -> dict[str, Any]:
    """The context of the form for one question. Four queries."""
    history = scheme_histories(exam.pk, [version.pk])[version.pk]
    question = PaperQuestion.objects.filter(paper=exam.paper_id, version=version).first() if exam.paper_id else None
    return {
        "exam": exam,
        "version": version,
        "label": f"{question.number}{question.alternative}" if question else "",
        "html": question.shown.text_html if question else version.text_html,
        "typed": typed or Typed(rows=form_rows(history)),
        "kinds": StepKind.choices,
        "parts": [part["label"] for part in version.parts],
        "is_given": history.now.is_given,
        "number": history.now.number,
        "said": changes_in_words(history.schemes[0], history.now) if history.now.revision else [],
        "open_looks": SchemeLook.objects.filter(revision__exam=exam, revision__version=version, closed_at=None).count(),
    }


def form_rows(history: SchemeHistory) -> list[StepRow]:
    """The steps of now, those that do not count any more, and empty rows for new ones."""
    numbers = numbered_lines(history.now.lines)
    lines = {line.id: line for scheme in history.schemes for line in scheme.lines}
    lines |= {line.id: line for line in history.now.lines}
    order = sorted(lines.values(), key=lambda line: line.id not in numbers)
    rows = [
        StepRow(
            id=line.id,
            text=line.text,
            marks=plain(line.marks),
            kind=line.kind,
            follows=", ".join(map(str, line.follows)),
            part=line.part,
            alternative=line.alternative,
            method=line.method,
            is_kept=line.id in numbers,
            number=numbers.get(line.id, 0),
            html=line.html,
        )
        for line in order
    ]
    empty = StepRow("", "", "", StepKind.METHOD, "", "", "", 1, is_kept=True)
    return [*rows, *[empty] * BLANK_ROWS]


def schemes_changed(evaluation: Any) -> int:
    """How often schemes of the paper's questions were changed; the desk compares it with what it shows. One query."""
    if evaluation.role in PRACTICE_ROLES:
        return 0
    on_paper = PaperQuestion.objects.filter(paper=evaluation.attempt.paper_id).values("version")
    return SchemeRevision.objects.filter(version__in=on_paper, exam=evaluation.attempt.exam_id).count()
