"""What the pages of blueprints and papers show. Each function costs a constant number of queries."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db.models import Count, Exists, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.utils.translation import gettext as _

from accounts.models import User
from assessments.enums import CognitiveLevel
from assessments.models import Attempt, Blueprint, BlueprintSlot, Exam, Paper, PaperQuestion, QuestionVersion
from courses.models import Cohort, Programme
from courses.selectors import cohorts_taught

SHOWN_PAPERS = 20
SHOWN_CANDIDATES = 40


def blueprint_rows(user: User) -> list[dict[str, Any]]:
    """Blueprints `user` may see, their own first: {blueprint, questions, papers, group}. One query."""
    slots = BlueprintSlot.objects.filter(section__blueprint=OuterRef("pk")).order_by().values("section__blueprint")
    papers = _fixed_papers().filter(blueprint=OuterRef("pk")).order_by().values("blueprint")
    found = (
        Blueprint.objects.visible_to(user)
        .select_related("programme", "author")
        .annotate(
            questions=Coalesce(Subquery(slots.annotate(n=Count("pk")).values("n")), 0),
            drawn=Coalesce(Subquery(papers.annotate(n=Count("pk")).values("n")), 0),
        )
        .order_by("name", "pk")[:200]
    )
    rows = [
        {
            "blueprint": blueprint,
            "questions": blueprint.questions,
            "papers": blueprint.drawn,
            "rank": 0 if blueprint.author_id == user.pk else 1 if blueprint.author_id is None else 2,
        }
        for blueprint in found
    ]
    groups = [_("Yours"), _("Templates: copy one to make it yours"), _("Of colleagues")]
    return [{**row, "group": groups[row["rank"]]} for row in sorted(rows, key=lambda row: row["rank"])]


def programmes() -> list[Programme]:
    """Programmes that have units, for a new blueprint. One query."""
    return list(Programme.objects.filter(units__isnull=False).distinct())


def unit_choices(programme: Programme) -> list[tuple[str, str]]:
    """(id, name) of the programme's units in its order. One query."""
    return [(str(pk), name) for pk, name in programme.units.order_by("position").values_list("pk", "name")]


def papers_of(blueprint: Blueprint) -> list[Any]:
    """The latest papers frozen from it, each with `exam_count`. One query."""
    exams = (
        Exam.objects.counted()
        .filter(paper=OuterRef("pk"))
        .order_by()
        .values("paper")
        .annotate(n=Count("pk"))
        .values("n")
    )
    papers = _fixed_papers().filter(blueprint=blueprint)
    return list(papers.annotate(exam_count=Coalesce(Subquery(exams), 0))[:SHOWN_PAPERS])


def _fixed_papers() -> QuerySet[Paper]:
    """Papers frozen to be set for batches, not those a student drew when starting: these are in no exam."""
    exams = Exam.objects.counted().filter(paper=OuterRef("pk"))
    return Paper.objects.filter(Exists(exams) | ~Exists(Attempt.objects.counted().filter(paper=OuterRef("pk"))))


def drawn_questions(picks: Iterable[tuple[str, int, str, UUID]], variants: Mapping[UUID, Any]) -> list[PaperQuestion]:
    """Questions of a paper that is not stored: (section, number, alternative, version) in order. One query."""
    picks = list(picks)
    versions = {
        version.pk: version
        for version in QuestionVersion.objects.filter(pk__in=[pick[3] for pick in picks]).select_related(
            "question__chapter"
        )
    }
    return [
        PaperQuestion(
            section=section,
            number=number,
            alternative=alternative,
            version=versions[pk],
            type=versions[pk].question.type,
            marks=versions[pk].marks,
            variant=variants.get(pk),
        )
        for section, number, alternative, pk in picks
        if pk in versions
    ]


def in_sections(sections: Iterable[Mapping[str, str]], questions: Iterable[PaperQuestion]) -> list[dict[str, Any]]:
    """Sections with their questions; a question of two alternatives is one entry: {number, marks, alternatives}."""
    made: list[dict[str, Any]] = [{**section, "questions": []} for section in sections]
    by_label: dict[str, dict[str, Any]] = {section["label"]: section for section in made}
    for question in questions:
        entries = by_label[question.section]["questions"]
        if not entries or entries[-1]["number"] != question.number:
            entries.append({"number": question.number, "marks": question.marks, "alternatives": []})
        entries[-1]["alternatives"].append(question)
    return [section for section in made if section["questions"]]


def section_heads(blueprint: Blueprint) -> list[dict[str, str]]:
    """The sections as a paper keeps them. One query."""
    return list(blueprint.sections.order_by("position", "label").values("label", "title", "instruction"))


def paper_questions(paper: Paper) -> QuerySet[PaperQuestion]:
    """The questions of a frozen paper with their content. One query."""
    return paper.questions.select_related("version__question__chapter").order_by("number", "alternative")


def level_marks(questions: Iterable[PaperQuestion]) -> list[tuple[str, Decimal]]:
    """Marks of a drawn paper by cognitive level, the first alternative counting."""
    totals: dict[str, Decimal] = {}
    for question in questions:
        if question.alternative != "b":
            level = question.version.cognitive_level
            totals[level] = totals.get(level, Decimal(0)) + question.marks
    return [(str(label), totals[value]) for value, label in CognitiveLevel.choices if value in totals]


def candidate_versions(ids: list[UUID], text: str) -> tuple[list[QuestionVersion], int]:
    """The first candidates for a seat, whose key or text has `text`; and how many there are. Two queries."""
    found = QuestionVersion.objects.filter(pk__in=ids)
    if text.strip():
        found = found.filter(Q(question__key__icontains=text.strip()) | Q(text_source__icontains=text.strip()))
    rows = list(found.select_related("question__chapter").order_by("difficulty", "pk")[:SHOWN_CANDIDATES])
    return rows, found.count()


def cohorts_for(user: User, paper: Paper) -> QuerySet[Cohort]:
    """The active batches for which `user` may set the paper: staff all of its programme, a teacher those they teach."""
    mine = Cohort.objects.filter(is_active=True) if user.is_staff else cohorts_taught(user)
    return mine.filter(programme=paper.programme_id).order_by("name")


def exams_with(paper: Paper) -> list[Exam]:
    """The exams set with this paper, newest first, with their batches. Two queries."""
    return list(paper.exams.counted().prefetch_related("cohorts").order_by("-opens_at"))
