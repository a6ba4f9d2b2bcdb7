"""Exams: when, for whom, from which blueprint or fixed paper."""

from __future__ import annotations

from decimal import Decimal
from functools import reduce
from operator import or_
from typing import Any, Self

from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from assessments.enums import Behaviour, Calculator, ExamPurpose, MarkingMode, ReleasePolicy, RevealItem, RevealWhen
from assessments.models.blueprints import Blueprint
from assessments.models.papers import Paper
from common.models import IdModel, ScopedQuerySet
from courses.enums import CohortRole
from courses.models import INSIDE, Chapter, Cohort, Course, Programme

# What a quiz without a limit gets as its deadline, a day: what was begun and forgotten is handed in by then.
NO_LIMIT_MINUTES = 24 * 60


class ExamQuerySet(ScopedQuerySet["Exam"]):
    def visible_to(self, user: Any) -> Self:
        """Staff and verified teachers all; a student the published exams of their cohorts, and the projects of their
        courses. Rehearsals nobody: who rehearses sees the attempt."""
        if not user.is_authenticated:
            return self.none()
        if user.is_staff or (user.is_teacher and user.teacher_profile.is_verified):
            return self.counted()
        inside = Course.objects.filter(enrolments__student=user, enrolments__state__in=INSIDE).values("pk")
        mine = user.cohort_memberships.filter(role=CohortRole.STUDENT).values("cohort_id")
        # A subquery instead of a join: an exam of two of my cohorts must not appear twice.
        through = Exam.cohorts.through.objects.filter(cohort_id__in=mine).values("exam_id")
        projects = Q(purpose=ExamPurpose.PROJECT, project__lesson__module__course__in=inside)
        return self.filter(Q(pk__in=through) | projects, is_published=True)

    def counted(self) -> Self:
        """Without rehearsals: what every list and every number is about."""
        return self.exclude(purpose=ExamPurpose.REHEARSAL)

    def open_at(self, now: Any) -> Self:
        return self.filter(opens_at__lte=now).filter(Q(closes_at__isnull=True) | Q(closes_at__gt=now))


def _reveal_field(item: RevealItem) -> models.CharField[str, str]:
    return models.CharField(
        item.label,
        max_length=8,
        choices=RevealWhen.choices,
        default=RevealWhen.AT_ONCE,
        db_default=RevealWhen.AT_ONCE.value,
    )


class Exam(IdModel):
    """An exam that students of its cohorts can sit between `opens_at` and `closes_at`.

    With `paper` every student sits that fixed paper; with `blueprint` each draws their own. `behaviour` is one for all
    questions (services/behaviours.py); `try_penalty` is the share of a question's marks that a wrong try costs.
    A quiz practises a chapter: it uses up no exam of the plan, the best attempt counts, and `pass_percent` passes it.
    The `reveal_` fields say from when students see what of their result (assessments.selectors.reveal).
    A project is handed in, not sat: models/projects.py; it has no cohorts either.
    A rehearsal is a hidden copy that `rehearsed_by` sits, of the exam it `rehearses` or of its paper alone
    (services/rehearsals.py); it has no cohorts, is never published and counts nowhere.
    """

    purpose = models.CharField(
        _("what it is"),
        max_length=12,
        # The others are made by services, not chosen.
        choices=ExamPurpose.choices[:2],
        default=ExamPurpose.EXAM,
        db_default=ExamPurpose.EXAM.value,
    )
    programme = models.ForeignKey(Programme, models.PROTECT, related_name="exams")
    chapter = models.ForeignKey(
        Chapter,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="quizzes",
        verbose_name=_("chapter"),
        help_text=_("Of a quiz."),
    )
    title = models.CharField(_("title"), max_length=160)
    blueprint = models.ForeignKey(Blueprint, models.PROTECT, null=True, blank=True, related_name="exams")
    paper = models.ForeignKey(Paper, models.PROTECT, null=True, blank=True, related_name="exams")
    cohorts = models.ManyToManyField(Cohort, related_name="exams", blank=True)
    # The constraint's index serves it.
    rehearses = models.ForeignKey(
        "self", models.PROTECT, null=True, blank=True, editable=False, db_index=False, related_name="rehearsals"
    )
    rehearsed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, editable=False, related_name="rehearsals"
    )
    duration_minutes = models.PositiveSmallIntegerField(_("minutes for writing"), validators=[MinValueValidator(1)])
    upload_grace_minutes = models.PositiveSmallIntegerField(_("minutes for photographing"), default=5)
    opens_at = models.DateTimeField(_("opens"))
    closes_at = models.DateTimeField(_("closes"), null=True, blank=True)
    max_attempts = models.PositiveSmallIntegerField(
        _("attempts"),
        null=True,
        blank=True,
        default=1,
        validators=[MinValueValidator(1)],
        help_text=_("Empty: as often as they like."),
    )
    shuffle_questions = models.BooleanField(
        _("shuffle questions"), default=False, db_default=False, help_text=_("Within a section, for every attempt.")
    )
    shuffle_options = models.BooleanField(
        _("shuffle options"),
        default=False,
        db_default=False,
        help_text=_("“None of these” and options that name each other keep their place."),
    )
    pass_percent = models.PositiveSmallIntegerField(
        _("per cent to pass"),
        default=70,
        db_default=70,
        validators=[MinValueValidator(1), MaxValueValidator(100)],
        help_text=_("Of a quiz, and of an exam to which a lesson leads that is done when it is passed."),
    )
    release = models.CharField(max_length=12, choices=ReleasePolicy.choices, default=ReleasePolicy.WHEN_MARKED)
    hide_names = models.BooleanField(_("hide names from markers"), default=True)
    marking = models.CharField(
        _("marked"),
        max_length=12,
        choices=MarkingMode.choices,
        default=MarkingMode.WHOLE,
        db_default=MarkingMode.WHOLE.value,
        help_text=_("Papers that are with a teacher already stay as they are."),
    )
    behaviour = models.CharField(
        _("while it is sat"),
        max_length=12,
        choices=Behaviour.choices,
        default=Behaviour.DEFERRED,
        db_default=Behaviour.DEFERRED,
    )
    tries = models.PositiveSmallIntegerField(
        _("tries for each question"),
        default=3,
        db_default=3,
        validators=[MinValueValidator(1), MaxValueValidator(5)],
        help_text=_("1 to 5, where each answer is checked with hints."),
    )
    try_penalty = models.DecimalField(
        _("cost of a wrong try"),
        max_digits=3,
        decimal_places=2,
        default=Decimal("0.33"),
        db_default=Decimal("0.33"),
        validators=[MinValueValidator(Decimal(0)), MaxValueValidator(Decimal(1))],
        help_text=_("Share of the question’s marks, 0 to 1: 0.33 takes a third away."),
    )
    calculator = models.CharField(
        _("calculator"),
        max_length=10,
        choices=Calculator.choices,
        default=Calculator.NONE,
        db_default=Calculator.NONE.value,
        help_text=_("On the screen, beside the questions."),
    )
    is_published = models.BooleanField(_("published"), default=False)
    reveal_answers = _reveal_field(RevealItem.ANSWERS)
    reveal_correctness = _reveal_field(RevealItem.CORRECTNESS)
    reveal_marks = _reveal_field(RevealItem.MARKS)
    reveal_key = _reveal_field(RevealItem.KEY)
    reveal_explanation = _reveal_field(RevealItem.EXPLANATION)
    reveal_scheme = _reveal_field(RevealItem.SCHEME)
    reveal_comments = _reveal_field(RevealItem.COMMENTS)

    objects = ExamQuerySet.as_manager()

    class Meta:
        verbose_name = _("exam")
        ordering = ["-opens_at"]
        constraints = [
            models.CheckConstraint(
                condition=Q(blueprint__isnull=False, paper__isnull=True)
                | Q(blueprint__isnull=True, paper__isnull=False),
                name="exam_blueprint_or_paper",
                violation_error_message=_("Choose a blueprint or a fixed paper, one of the two."),
            ),
            models.CheckConstraint(
                condition=Q(closes_at__isnull=True) | Q(closes_at__gt=F("opens_at")),
                name="exam_window_order",
                violation_error_message=_("An exam closes after it opens."),
            ),
            models.CheckConstraint(
                condition=Q(chapter__isnull=True) | Q(purpose=ExamPurpose.QUIZ),
                name="exam_chapter_of_quiz",
                violation_error_message=_("Only a quiz belongs to a chapter."),
            ),
            models.CheckConstraint(condition=Q(pass_percent__range=(1, 100)), name="exam_pass_percent_range"),
            models.CheckConstraint(
                condition=Q(closes_at__isnull=False)
                | ~reduce(or_, (Q(**{f"reveal_{item}": RevealWhen.CLOSED}) for item in RevealItem)),
                name="exam_closes_before_reveal",
                violation_error_message=_("What appears after the exam has closed needs a time at which it closes."),
            ),
            models.CheckConstraint(
                condition=(~Q(purpose=ExamPurpose.REHEARSAL) & Q(rehearsed_by__isnull=True, rehearses__isnull=True))
                | Q(purpose=ExamPurpose.REHEARSAL, rehearsed_by__isnull=False, is_published=False),
                name="exam_rehearsal_is_somebodys",
            ),
            models.UniqueConstraint(
                fields=["rehearses", "rehearsed_by"],
                condition=Q(rehearses__isnull=False),
                name="exam_one_rehearsal_of_exam",
            ),
            models.UniqueConstraint(
                fields=["paper", "rehearsed_by"],
                condition=Q(purpose=ExamPurpose.REHEARSAL, rehearses__isnull=True),
                name="exam_one_rehearsal_of_paper",
            ),
            models.CheckConstraint(condition=Q(tries__gte=1, tries__lte=5), name="exam_tries_range"),
            models.CheckConstraint(condition=Q(try_penalty__gte=0, try_penalty__lte=1), name="exam_try_penalty_range"),
        ]

    def __str__(self) -> str:
        return self.title

    @property
    def is_quiz(self) -> bool:
        return self.purpose == ExamPurpose.QUIZ

    @property
    def is_project(self) -> bool:
        return self.purpose == ExamPurpose.PROJECT

    @property
    def is_rehearsal(self) -> bool:
        return self.purpose == ExamPurpose.REHEARSAL

    @property
    def uses_plan(self) -> bool:
        """Whether sitting it uses up an exam of the student's plan."""
        return self.purpose == ExamPurpose.EXAM

    @property
    def has_time_limit(self) -> bool:
        # A rehearsal may be of a quiz.
        return self.purpose == ExamPurpose.EXAM or self.duration_minutes < NO_LIMIT_MINUTES

    @property
    def is_shuffled(self) -> bool:
        return self.shuffle_questions or self.shuffle_options

    def is_used_up(self, attempts: int) -> bool:
        """Whether somebody who has sat it so often has no attempt left."""
        return self.max_attempts is not None and attempts >= self.max_attempts

    @property
    def reveal_rules(self) -> dict[RevealItem, str]:
        return {item: getattr(self, f"reveal_{item}") for item in RevealItem}
