"""Reading exams, attempts and the papers they are sat on."""

from __future__ import annotations

from collections.abc import Collection
from decimal import Decimal
from random import Random
from typing import Any
from uuid import UUID

from django.core.cache import cache
from django.db.models import Count, ExpressionWrapper, F, FloatField, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.utils.translation import gettext as _

from assessments.enums import AttemptState, ExamPurpose, Grading, QuestionType, RevealItem
from assessments.models import Attempt, Exam, Paper, PaperQuestion, Response
from assessments.models.exams import ExamQuerySet
from assessments.selectors.attempt_layout import Seat, layout_of, options_are_fixed
from courses.enums import CohortRole
from courses.models import CohortMembership

# Papers never change once frozen, so only memory limits how long they are kept.
PAPER_CACHE_SECONDS = 24 * 3600


def exams_for_lists() -> ExamQuerySet:
    """Exams with what a row of a list shows: the programme, and of paper and blueprint only the marks. One query."""
    rows: ExamQuerySet = Exam.objects.select_related("programme", "paper", "blueprint", "chapter").only(
        "title",
        "programme",
        "duration_minutes",
        "upload_grace_minutes",
        "opens_at",
        "closes_at",
        "max_attempts",
        "behaviour",
        "purpose",
        "chapter__name",
        "pass_percent",
        *(f"reveal_{item}" for item in RevealItem),
        "paper__total_marks",
        "blueprint__total_marks",
    )
    return rows


def exam_list(user: Any) -> QuerySet[Exam]:
    """The exams and quizzes that `user` may see, with their own sittings: `attempts_used`, `latest_attempt_id`,
    `latest_state`, and of the best finished one `best_marks` and `best_max`.

    One query however many rows; cancelled attempts do not count.
    """
    mine = Attempt.objects.filter(exam=OuterRef("pk"), student=user.pk).exclude(state=AttemptState.CANCELLED)
    used = mine.order_by().values("exam").annotate(total=Count("pk")).values("total")
    latest = mine.order_by("-id")
    best = best_first(mine).values("objective_marks"), best_first(mine).values("objective_max")
    return (
        exams_for_lists()
        .visible_to(user)
        .exclude(purpose=ExamPurpose.PROJECT)
        .annotate(
            attempts_used=Coalesce(Subquery(used), 0),
            latest_attempt_id=Subquery(latest.values("pk")[:1]),
            latest_state=Subquery(latest.values("state")[:1]),
            best_marks=Subquery(best[0][:1]),
            best_max=Subquery(best[1][:1]),
        )
    )


def live_attempt(*, exam: Exam, student: Any) -> Attempt | None:
    """The attempt `student` is sitting now, if any."""
    return Attempt.objects.live().select_related("paper", "exam").filter(exam=exam, student=student).first()


def crowd_of(exam: Exam) -> int:
    """How many students `exam` is set for, at most: those of its batches."""
    students = CohortMembership.objects.filter(cohort__exams=exam, role=CohortRole.STUDENT)
    return students.values("user").distinct().count()


def best_first(attempts: QuerySet[Attempt]) -> QuerySet[Attempt]:
    """Those of `attempts` that are marked by their keys, the largest share of the marks first, then the earliest."""
    share = ExpressionWrapper(F("objective_marks") * 1.0 / F("objective_max"), FloatField())
    return attempts.filter(submitted_at__isnull=False, objective_max__gt=0).order_by(share.desc(), "id")


def responses_of(attempt: Attempt) -> dict[str, Response]:
    """Saved responses by question id (as text, as in `paper_for_student`)."""
    return {str(response.question_id): response for response in Response.objects.filter(attempt=attempt)}


def paper_for_student(paper: Paper) -> dict[str, Any]:
    """The frozen paper as a student may see it: JSON-safe, without keys, model answers, explanations or schemes.

    {"id", "title", "total_marks", "written_marks", "sections": [{"label", "title", "instruction", "questions": [{"id",
    "number", "alternative", "type", "marks", "text", "html", "options", "parts", "unit", "grading", "is_written"}]}]};
    marks are text.
    A part of a text with blanks has the "kind" of the blank and its "choices". Of the key a student knows the "unit" of
    a number and the "grading": "partial", or "" for all or nothing.
    """
    key = f"assessments:paper:4:{paper.pk}"
    content: dict[str, Any] | None = cache.get(key)
    if content is None:
        content = _paper_content(paper)
        cache.set(key, content, PAPER_CACHE_SECONDS)
    return content


Shape = tuple[str, tuple[str, ...], tuple[str, ...]]


def answer_shapes(paper_id: UUID) -> dict[str, Shape]:
    """(type, option labels, part labels) of every question of a paper by id: all that saving needs; small, cached."""
    key = f"assessments:shapes:2:{paper_id}"
    shapes: dict[str, Shape] | None = cache.get(key)
    if shapes is None:
        # A variant has other texts, but the labels of its version.
        rows = PaperQuestion.objects.filter(paper=paper_id).values_list(
            "pk", "type", "version__options", "version__parts"
        )
        shapes = {
            str(pk): (kind, tuple(option["label"] for option in options), tuple(part["label"] for part in parts))
            for pk, kind, options, parts in rows
        }
        cache.set(key, shapes, PAPER_CACHE_SECONDS)
    return shapes


def question_numbers(paper_id: UUID) -> dict[UUID, int]:
    """The number of every question of a paper by its id."""
    return dict(PaperQuestion.objects.filter(paper=paper_id).values_list("pk", "number"))


def written_questions(paper_id: UUID) -> list[tuple[UUID, int, str]]:
    """(id, number, alternative) of the questions answered on paper, in order; cached."""
    key = f"assessments:written:2:{paper_id}"
    questions: list[tuple[UUID, int, str]] | None = cache.get(key)
    if questions is None:
        rows = PaperQuestion.objects.filter(paper=paper_id, is_written=True).order_by("number", "alternative")
        questions = list(rows.values_list("pk", "number", "alternative"))
        cache.set(key, questions, PAPER_CACHE_SECONDS)
    return questions


def written_numbers(paper_id: UUID) -> list[int]:
    """Numbers of the questions answered on paper, ascending."""
    return sorted({number for _question, number, _alternative in written_questions(paper_id)})


def question_label(number: int, alternatives: Collection[str]) -> str:
    """How a question is called where it is answered: "5", "5 (b)", or "5 (a or b)" while either may be meant."""
    names = sorted(filter(None, alternatives))
    if not names:
        return str(number)
    return f"{number} ({names[0] if len(names) == 1 else _('%s or %s') % tuple(names)})"


def recent_question_ids(*, student: Any, programme_id: UUID, papers: int, purpose: str = ExamPurpose.EXAM) -> set[UUID]:
    """Bank questions of the last `papers` papers of the programme that `student` has seen, cancelled attempts too.

    Exams and quizzes are looked at apart: an evening of quizzes does not push the last exam out of sight.
    """
    sat = Attempt.objects.filter(student=student, paper__programme=programme_id, exam__purpose=purpose).order_by("-id")
    # A fixed paper sat twice is one paper.
    recent = list(dict.fromkeys(sat.values_list("paper_id", flat=True)))[:papers]
    return set(PaperQuestion.objects.filter(paper__in=recent).values_list("version__question_id", flat=True))


def _paper_content(paper: Paper) -> dict[str, Any]:
    by_section: dict[str, list[dict[str, Any]]] = {}
    for question in paper.questions.select_related("version").order_by("number", "alternative"):
        by_section.setdefault(question.section, []).append(_question_content(question))
    # Named one by one: whatever else a section or an option may hold stays on the server.
    sections = [
        {
            "label": section["label"],
            "title": section.get("title", ""),
            "instruction": section.get("instruction", ""),
            "questions": by_section.get(section["label"], []),
        }
        for section in paper.sections
    ]
    return {
        "id": str(paper.pk),
        "title": paper.title,
        "total_marks": _plain(paper.total_marks),
        "written_marks": _plain(paper.written_marks),
        "sections": sections,
    }


def _question_content(question: PaperQuestion) -> dict[str, Any]:
    shown = question.shown
    blanks: dict[str, Any] = shown.answer.get("blanks", {})
    return {
        "id": str(question.pk),
        "number": question.number,
        "alternative": question.alternative,
        "type": question.type,
        "marks": _plain(question.marks),
        "text": shown.text_source,
        "html": shown.text_html,
        "options": [
            {"label": o["label"], "letter": o["label"], "text": o["source"], "html": o["html"]}
            for o in laid_out_options(question)
        ],
        "parts": [
            {
                "label": part["label"],
                "alternative": part.get("alternative", ""),
                "text": part["source"],
                "html": part["html"],
                "marks": _plain(Decimal(str(part["marks"]))),
                # Of a blank, its kind and what can be chosen: never what is right.
                "kind": blanks.get(part["label"], {}).get("kind", ""),
                "choices": blanks.get(part["label"], {}).get("options", []),
            }
            for part in shown.parts
        ],
        "unit": shown.answer.get("unit", ""),
        "grading": Grading.PARTIAL.value if shown.answer.get("grading") == Grading.PARTIAL else "",
        "is_written": question.is_written,
    }


def laid_out_options(question: PaperQuestion) -> list[dict[str, Any]]:
    """The options in the order of the pages. Items to order or to match are shuffled: authors tend to write them in the
    right order, which alone would give the key away. The same on every visit."""
    options = question.shown.options
    if question.type not in {QuestionType.ORDERING, QuestionType.MATCHING}:
        return options
    random = Random(str(question.pk)).random  # noqa: S311 -- a layout, no secret
    places = {option["label"]: random() for option in options}
    laid_out = sorted(options, key=lambda option: places[option["label"]])
    if [option["label"] for option in laid_out] == question.shown.answer.get("order"):
        laid_out.reverse()
    return laid_out


def paper_for_attempt(attempt: Attempt) -> dict[str, Any]:
    """As `paper_for_student`, in the order in which this attempt meets questions and options; see attempt_layout."""
    paper = paper_for_student(attempt.paper)
    if not attempt.exam.is_shuffled:
        return paper
    layout, fixed, sections = layout_of(attempt), _fixed_questions(attempt.paper_id), []
    for section in paper["sections"]:
        seats = [Seat(q["id"], section["label"], q["number"], q["is_written"]) for q in section["questions"]]
        numbers = layout.numbers(seats)
        questions = [
            question
            | {
                "number": numbers[question["id"]],
                "options": layout.options(
                    question["id"], question["type"], question["options"], is_fixed=question["id"] in fixed
                ),
            }
            for question in section["questions"]
        ]
        sections.append(section | {"questions": sorted(questions, key=lambda q: (q["number"], q["alternative"]))})
    return paper | {"sections": sections}


def _fixed_questions(paper_id: UUID) -> set[str]:
    """Ids of the questions whose options keep their order; cached."""
    key = f"assessments:fixed:1:{paper_id}"
    fixed: set[str] | None = cache.get(key)
    if fixed is None:
        rows = PaperQuestion.objects.filter(paper=paper_id).select_related("version")
        fixed = {str(row.pk) for row in rows if options_are_fixed(row)}
        cache.set(key, fixed, PAPER_CACHE_SECONDS)
    return fixed


def shown_numbers(attempt: Attempt) -> dict[UUID, int]:
    """The number under which the student met each question, by its id. One query."""
    rows = PaperQuestion.objects.filter(paper=attempt.paper_id).values_list("pk", "section", "number", "is_written")
    numbers = layout_of(attempt).numbers(Seat(str(pk), part, number, written) for pk, part, number, written in rows)
    return {UUID(question): number for question, number in numbers.items()}


def _plain(marks: Decimal) -> str:
    """2.50 → "2.5", 1.00 → "1"."""
    return f"{marks.normalize():f}"
