"""The question bank. A question's content lives in insert-only versions; an attempt keeps its own."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import Any, Self

from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from assessments.enums import CognitiveLevel, QuestionState, QuestionType, StepKind
from assessments.models.tags import Tag
from common.models import IdModel, MarksField, ScopedQuerySet
from courses.models import Chapter, Topic


def bank_filter(user: Any, prefix: str) -> Q:
    """The bank is for staff and for teachers: verified ones see all of it, others what they wrote themselves."""
    if user.is_staff:
        return Q()
    if not user.is_teacher:
        return Q(pk__in=[])
    own = Q(**{f"{prefix}author": user})
    return Q() if user.teacher_profile.is_verified else own


class QuestionQuerySet(ScopedQuerySet["Question"]):
    def visible_to(self, user: Any) -> Self:
        return self.filter(bank_filter(user, "")) if user.is_authenticated else self.none()

    def active(self) -> Self:
        return self.filter(state=QuestionState.ACTIVE)


class Question(IdModel):
    """One item of the bank. Its text, key and scheme are in `current` (a QuestionVersion).

    `marks`, `difficulty` and `cognitive_level` are those of `current`, here too so that lists and draws narrow by an
    index; null before there is one. Only `show` sets any of the four.
    """

    SHOWN = ("current", "marks", "difficulty", "cognitive_level")

    key = models.SlugField(max_length=80, unique=True, null=True, blank=True, help_text=_("Stable name for imports."))
    chapter = models.ForeignKey(Chapter, models.PROTECT, related_name="questions")
    topic = models.ForeignKey(Topic, models.PROTECT, null=True, blank=True, related_name="questions")
    type = models.CharField(_("type"), max_length=20, choices=QuestionType.choices)
    state = models.CharField(_("state"), max_length=12, choices=QuestionState.choices, default=QuestionState.DRAFT)
    author = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="authored_questions")
    verifier = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+")
    current = models.OneToOneField(
        "QuestionVersion", models.PROTECT, null=True, blank=True, related_name="+", editable=False
    )
    marks = MarksField(_("marks"), null=True, editable=False)
    difficulty = models.PositiveSmallIntegerField(null=True, editable=False)
    cognitive_level = models.CharField(  # noqa: DJ001 - there is none before there is a version, like marks
        max_length=12, choices=CognitiveLevel.choices, null=True, editable=False
    )
    created_at = models.DateTimeField(auto_now_add=True)
    tags = models.ManyToManyField(Tag, related_name="questions", blank=True)

    objects = QuestionQuerySet.as_manager()

    class Meta:
        verbose_name = _("question")
        ordering = ["-id"]
        indexes = [
            models.Index(fields=["chapter", "type", "state"], name="question_cell_idx"),
            models.Index(fields=["id"], condition=Q(state=QuestionState.IN_REVIEW), name="question_in_review_idx"),
            # One for each filter of the list, in its order: a page of thirty ends where thirty are found, and what is
            # rare is found at once, whatever it is combined with.
            models.Index(fields=["author", "id"], name="question_author_list_idx"),
            models.Index(fields=["chapter", "id"], name="question_chapter_list_idx"),
            models.Index(fields=["topic", "id"], name="question_topic_list_idx"),
            models.Index(fields=["type", "id"], name="question_type_list_idx"),
            models.Index(fields=["state", "id"], name="question_state_list_idx"),
            models.Index(fields=["marks", "id"], name="question_marks_list_idx"),
            models.Index(fields=["difficulty", "id"], name="question_difficulty_list_idx"),
            models.Index(fields=["cognitive_level", "id"], name="question_level_list_idx"),
            # What a blueprint counts, without a look at the rows.
            models.Index(
                fields=["state", "chapter", "type", "marks", "difficulty", "cognitive_level"],
                name="question_stock_idx",
            ),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(verifier__isnull=True) | ~Q(verifier=F("author")), name="question_author_not_verifier"
            )
        ]

    def __str__(self) -> str:
        return self.key or str(self.pk)

    def show(self, version: QuestionVersion) -> None:
        """Makes `version` the current one; whoever calls saves the fields of SHOWN."""
        self.current = version
        self.marks, self.difficulty = version.marks, version.difficulty
        self.cognitive_level = version.cognitive_level


class QuestionVersionQuerySet(ScopedQuerySet["QuestionVersion"]):
    def visible_to(self, user: Any) -> Self:
        return self.filter(bank_filter(user, "question__")) if user.is_authenticated else self.none()


@dataclass(frozen=True)
class SchemeMethod:
    """A complete solution of a marking scheme: its number, its title or "", and its steps in order."""

    number: int
    title: str
    steps: list[MarkingStep]


class QuestionVersion(IdModel):
    """Immutable content of a question: rows are only ever inserted (a trigger refuses UPDATE).

    `options`: [{"label", "source", "html"}];
    `parts` (case study, blanks, left-hand sides of pairs): [{"label", "alternative", "source", "html", "marks"}];
    `answer`: the key, by type: see services/key_rules.py; empty for written questions;
    `parameters`: what variants are drawn from, see services/variants.py; null for a question without;
    `hints`: [{"source", "html"}] in the order they are shown after wrong tries; null for a question without;
    `method_titles`: of the methods of the scheme in order, plain texts; null where none has a title.
    HTML is rendered once, on save, from the Markdown + TeX source.
    """

    question = models.ForeignKey(Question, models.PROTECT, related_name="versions")
    number = models.PositiveSmallIntegerField()
    marks = MarksField(_("marks"))
    difficulty = models.PositiveSmallIntegerField(default=2, validators=[MinValueValidator(1), MaxValueValidator(5)])
    cognitive_level = models.CharField(max_length=12, choices=CognitiveLevel.choices, default=CognitiveLevel.APPLY)
    text_source = models.TextField()
    text_html = models.TextField()
    options = models.JSONField(default=list)
    parts = models.JSONField(default=list)
    answer = models.JSONField(default=dict)
    parameters = models.JSONField(null=True, blank=True)
    hints = models.JSONField(null=True, blank=True)
    method_titles = models.JSONField(null=True, blank=True)
    model_answer_source = models.TextField(blank=True)
    model_answer_html = models.TextField(blank=True)
    explanation_source = models.TextField(blank=True)
    explanation_html = models.TextField(blank=True)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    created_at = models.DateTimeField()

    objects = QuestionVersionQuerySet.as_manager()

    class Meta:
        verbose_name = _("question version")
        ordering = ["question", "number"]
        constraints = [models.UniqueConstraint(fields=["question", "number"], name="question_version_unique")]
        indexes = [
            # What lists and draws narrow by, without reading the texts.
            models.Index(
                fields=["id"],
                include=["marks", "difficulty", "cognitive_level"],
                name="question_version_facets_idx",
            )
        ]

    def __str__(self) -> str:
        return f"{self.question} v{self.number}"

    @property
    def methods(self) -> list[SchemeMethod]:
        """The marking scheme by its methods; one where there is no choice, none without steps. Reads `steps`."""
        groups: dict[int, list[MarkingStep]] = defaultdict(list)
        for step in self.steps.all():
            groups[step.method or 1].append(step)
        titles = dict(enumerate(self.method_titles or (), start=1))
        return [SchemeMethod(number, titles.get(number, ""), steps) for number, steps in sorted(groups.items())]


class MarkingStepQuerySet(ScopedQuerySet["MarkingStep"]):
    def visible_to(self, user: Any) -> Self:
        return self.filter(bank_filter(user, "version__question__")) if user.is_authenticated else self.none()


class OfTheBankManager(models.Manager["MarkingStep"]):
    def get_queryset(self) -> Any:
        """The steps that a version was written with."""
        return super().get_queryset().filter(exam=None)


class MarkingStep(IdModel):
    """One step of a marking scheme. `part` and `alternative` place it in a case study ("iii", "a").

    `method`: which of the complete solutions it belongs to; null is the first. `follows`: numbers, within its method,
    of earlier steps of the same part and alternative whose value this step builds on, for error carried forward; null
    where it stands alone. `exam`: of a step that one exam's changed scheme has beside the version's own; `objects` and
    `version.steps` leave these out, `everywhere` has them.
    """

    version = models.ForeignKey(QuestionVersion, models.PROTECT, related_name="steps")
    position = models.PositiveSmallIntegerField()
    part = models.CharField(max_length=8, blank=True)
    alternative = models.CharField(max_length=2, blank=True)
    kind = models.CharField(max_length=12, choices=StepKind.choices, default=StepKind.METHOD)
    text_source = models.TextField()
    text_html = models.TextField()
    marks = MarksField(_("marks"))
    follows = models.JSONField(null=True, blank=True)
    # Nullable, so that neither database writes the rows of a large table anew (nor loses its triggers by that).
    method = models.PositiveSmallIntegerField(null=True, blank=True)
    exam = models.ForeignKey(
        "assessments.Exam", models.PROTECT, null=True, blank=True, editable=False, db_index=False, related_name="+"
    )

    objects = OfTheBankManager.from_queryset(MarkingStepQuerySet)()
    everywhere = MarkingStepQuerySet.as_manager()

    class Meta:
        verbose_name = _("marking step")
        ordering = ["version", "position"]
        constraints = [models.UniqueConstraint(fields=["version", "position"], name="marking_step_unique")]

    def __str__(self) -> str:
        return f"{self.version} step {self.position}"
