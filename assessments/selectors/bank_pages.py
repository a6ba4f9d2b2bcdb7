"""What the pages of the question bank show."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.contrib.postgres.search import SearchQuery, SearchVector
from django.db import connection
from django.db.models import Count, Exists, IntegerField, OuterRef, Q, QuerySet, Subquery
from django.db.models.expressions import RawSQL
from django.db.models.functions import Coalesce
from django.utils.translation import gettext as _

from assessments.enums import QuestionState
from assessments.models import Attempt, Exam, Paper, PaperQuestion, Question, QuestionDigest, QuestionVersion, Tag
from assessments.selectors.version_diff import Change, changes_between

PAGE = 30
SHOWN_EXAMS = 10
# Above this the waiting ones are “more than”: counting all would read them all on every page.
MOST_WAITING = 99
EXACT = {
    "programme": "chapter__unit__programme",
    "unit": "chapter__unit",
    "chapter": "chapter",
    "topic": "topic",
    "type": "type",
    "state": "state",
    "difficulty": "difficulty",
    "level": "cognitive_level",
    "marks": "marks",
    "tag": "tags",
}
# On SQLite no model has these indexes: migration 0034 makes them, and the triggers that keep the words.
FOUND_ON_SQLITE = (
    "SELECT question_id FROM assessments_questionnumber WHERE id IN "
    "(SELECT rowid FROM assessments_questionwords WHERE assessments_questionwords MATCH %s)"
)
NAMED_ON_SQLITE = "SELECT id FROM assessments_question WHERE key COLLATE NOCASE >= %s AND key COLLATE NOCASE < %s"
LAST_CHARACTER = "\U0010ffff"


@dataclass(frozen=True)
class BankPage:
    """Rows, newest first, and the ids from which the neighbouring pages start."""

    rows: list[Question]
    newer: UUID | None
    older: UUID | None


def bank_questions(user: Any, *, chosen: Mapping[str, Any], terms: list[str], view: str = "") -> QuerySet[Question]:
    """The questions the person may see, narrowed. `chosen` by the names of EXACT; `view`: "mine" or "review"."""
    questions: QuerySet[Question] = Question.objects.visible_to(user).filter(current__isnull=False)
    if view == "mine":
        questions = questions.filter(author=user)
    elif view == "review":
        questions = waiting_for(user)
    if tag := chosen.get("tag"):
        # Its id first: of an id the database knows how common it is, and reads accordingly.
        found = Tag.objects.filter(folded=tag).values_list("pk", flat=True).first()
        if found is None:
            return questions.none()
        chosen = {**chosen, "tag": found}
    questions = questions.filter(**{EXACT[name]: value for name, value in chosen.items() if value})
    return questions.filter(_words(terms)) if terms else questions


def waiting_for(user: Any) -> QuerySet[Question]:
    """Questions in review that this person may verify: neither author nor writer of the current version."""
    waiting = Question.objects.visible_to(user).filter(state=QuestionState.IN_REVIEW, current__isnull=False)
    return waiting.exclude(Q(author=user) | Q(current__created_by=user))


def count_waiting(user: Any) -> int:
    """How many wait for this person's review, at most one more than MOST_WAITING."""
    return waiting_for(user).order_by()[: MOST_WAITING + 1].count()


def bank_page(questions: QuerySet[Question], *, before: UUID | None = None, after: UUID | None = None) -> BankPage:
    """One page by key, in one query; `before` and `after` are ids that the page starts past."""
    rows = with_usage(questions.select_related("current", "chapter__unit", "author").prefetch_related("tags"))
    if after is not None:
        found = list(rows.filter(pk__gt=after).order_by("pk")[: PAGE + 1])
        more, found = len(found) > PAGE, found[:PAGE][::-1]
        return BankPage(found, found[0].pk if more and found else None, found[-1].pk if found else None)
    found = list((rows.filter(pk__lt=before) if before else rows).order_by("-pk")[: PAGE + 1])
    more, found = len(found) > PAGE, found[:PAGE]
    return BankPage(found, found[0].pk if before and found else None, found[-1].pk if more else None)


def tagged_questions(user: Any, ids: list[UUID]) -> QuerySet[Question]:
    """Those of `ids` that the person may see, with their tags."""
    return Question.objects.visible_to(user).filter(pk__in=ids, current__isnull=False).prefetch_related("tags")


def with_usage(questions: QuerySet[Question]) -> QuerySet[Question]:
    """Adds `papers_count`: in how many papers any version of the question stands, without those of rehearsals."""
    papers = PaperQuestion.objects.filter(version__question=OuterRef("pk")).order_by().values("version__question")
    # Not by a join: the few of rehearsals are found once, by their own index.
    papers = papers.exclude(paper__in=Paper.objects.filter(is_rehearsal=True).order_by().values("pk"))
    counted = Subquery(papers.annotate(n=Count("paper", distinct=True)).values("n"), output_field=IntegerField())
    return questions.annotate(papers_count=Coalesce(counted, 0))


def _words(terms: list[str]) -> Q:
    """Questions with words that begin with each of `terms`, by the full text index of either database.

    The name for imports is found by its beginning.
    """
    digests, named = QuestionDigest.objects.all(), Question.objects.order_by()
    name = "-".join(terms)
    if connection.vendor == "postgresql":
        query = SearchQuery(" & ".join(f"{term}:*" for term in terms), config="simple", search_type="raw")
        digests = digests.annotate(vector=SearchVector("words", config="simple")).filter(vector=query)
        named = named.filter(key__startswith=name)
    else:
        match = " ".join(f'"{term}"*' for term in terms)
        digests = digests.filter(pk__in=RawSQL(FOUND_ON_SQLITE, [match]))  # noqa: S611  # a constant
        named = named.filter(pk__in=RawSQL(NAMED_ON_SQLITE, [name, name + LAST_CHARACTER]))  # noqa: S611
    # One set of ids: with OR between two subqueries every question would be looked at.
    return Q(pk__in=digests.values("question").union(named.values("pk")))


# --- One question ----------------------------------------------------------------------------------------------------
def question_for_page() -> QuerySet[Question]:
    """A question with everything its page shows of itself."""
    return with_usage(
        Question.objects.select_related(
            "current__created_by", "chapter__unit__programme", "topic", "author", "verifier"
        ).prefetch_related("current__steps", "tags")
    )


def question_history(question: Question) -> dict[str, Any]:
    """Versions, newest first, what was decided, and the exams with papers that show the question."""
    drawn = PaperQuestion.objects.filter(version__question=question)
    fixed = Exam.objects.counted().filter(paper__in=drawn.values("paper")).order_by()
    # Papers drawn for one student alone. Through the attempts of fixed papers every sitting would be read.
    unset = drawn.filter(~Exists(Exam.objects.counted().filter(paper=OuterRef("paper"))))
    alone = Attempt.objects.filter(paper__in=unset.values("paper")).order_by()
    exams = Exam.objects.counted().filter(pk__in=fixed.values("pk").union(alone.values("exam"))).order_by("-opens_at")
    return {
        "versions": list(question.versions.select_related("created_by").order_by("-number")),
        "reviews": list(question.reviews.select_related("actor", "version")[:20]),
        "exams": list(exams[:SHOWN_EXAMS]),
    }


def compared(question: Question, old: int, new: int) -> list[Change] | None:
    """What changed from version `old` to `new`; None when one of them does not exist."""
    versions = QuestionVersion.objects.filter(question=question, number__in=[old, new]).prefetch_related("steps")
    found = {version.number: version for version in versions}
    return changes_between(found[old], found[new]) if {old, new} <= found.keys() else None


def review_neighbours(user: Any, question: Question) -> dict[str, Any]:
    """How many questions wait for this person, and which come before and after this one, the oldest first."""
    waiting, count = waiting_for(user), count_waiting(user)
    return {
        "waiting": min(count, MOST_WAITING),
        "more_wait": count > MOST_WAITING,
        "following": waiting.filter(pk__gt=question.pk).order_by("pk").values_list("pk", flat=True).first(),
        "preceding": waiting.filter(pk__lt=question.pk).order_by("-pk").values_list("pk", flat=True).first(),
    }


def first_waiting(user: Any) -> UUID | None:
    """The question that has waited longest for this person's review."""
    return waiting_for(user).order_by("pk").values_list("pk", flat=True).first()


def key_text(answer: Mapping[str, Any]) -> list[tuple[str, str]]:
    """The key of a version in words, as (what, answer) rows; empty for a written question and where options show it."""
    rows: list[tuple[str, str]] = []
    if "expression" in answer:
        rows.append((_("Expression"), str(answer["expression"]) + _form(answer)))
    if "value" in answer:
        rows.append((_("Answer"), _number(answer)))
    for row in answer.get("accepted", []):
        rows.append((_("Accepted"), _accepted(row)))
    for label, blank in answer.get("blanks", {}).items():
        rows.append((_("Blank %s") % label, _blank(blank)))
    for label, choice in answer.get("pairs", {}).items():
        rows.append((_("Left %s") % label, choice))
    if "order" in answer:
        rows.append((_("Right order"), " → ".join(answer["order"])))
    if answer.get("grading") == "partial":
        rows.append((_("Grading"), _("Partial credit")))
    return rows


def _form(answer: Mapping[str, Any]) -> str:
    return f" ({answer['form']})" if answer.get("form") else ""


def _number(answer: Mapping[str, Any]) -> str:
    tolerance = "" if answer.get("tolerance", "0") in ("", "0") else f" ± {answer['tolerance']}"
    return f"{answer['value']}{tolerance} {answer.get('unit', '')}".strip()


def _accepted(row: Mapping[str, Any]) -> str:
    credit = str(row.get("credit", "1"))
    return str(row["text"]) if credit == "1" else _("%(text)s (credit %(credit)s)") % {**row, "credit": credit}


def _blank(blank: Mapping[str, Any]) -> str:
    if blank["kind"] == "number":
        return _number(blank)
    if blank["kind"] == "choice":
        return f"{blank['correct']} ({' / '.join(blank['options'])})"
    return " / ".join(_accepted(row) for row in blank["accepted"])


def last_place(user: Any) -> dict[str, Any]:
    """The chapter and topic of the person's latest question: most questions are written in a row about one."""
    last = Question.objects.filter(author=user).order_by("-pk").values("chapter", "topic").first()
    return dict(last or {})
