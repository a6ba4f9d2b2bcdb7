"""What sitting says about the bank: statistics of question versions, flags by readers, corrections of keys."""

from __future__ import annotations

from typing import Any, Self

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from assessments.enums import QuestionState
from assessments.models.attempts import Attempt
from assessments.models.papers import PaperQuestion
from assessments.models.questions import QuestionVersion, bank_filter
from common.models import IdModel, MarksField, ScopedQuerySet


class OfVersionQuerySet(ScopedQuerySet[Any]):
    def visible_to(self, user: Any) -> Self:
        """Whoever may see the version in the bank."""
        return self.filter(bank_filter(user, "version__question__")) if user.is_authenticated else self.none()


class StaffOnlyQuerySet(ScopedQuerySet[Any]):
    def visible_to(self, user: Any) -> Self:
        return self if user.is_authenticated and user.is_staff else self.none()


class MarkedAttempt(models.Model):
    """What one attempt has added to the statistics, so that it is added once and can be taken out again.

    `written`: {paper question id: "2.5"} once the written answers have been marked and released; None before.
    `counted`: the sightings (services/item_analysis) that stand in the sums now. `is_due`: they may be out of date.
    """

    attempt = models.OneToOneField(Attempt, models.CASCADE, primary_key=True, related_name="marked")
    written = models.JSONField(null=True, blank=True)
    counted = models.JSONField(default=list)
    is_due = models.BooleanField(default=True)

    objects = StaffOnlyQuerySet.as_manager()

    class Meta:
        verbose_name = _("marked attempt")
        indexes = [models.Index(fields=["attempt"], condition=Q(is_due=True), name="marked_attempt_due_idx")]

    def __str__(self) -> str:
        return f"{self.attempt_id}"


class ItemStatisticsQuerySet(OfVersionQuerySet):
    def to_review(self) -> Self:
        """Flagged or discriminating negatively, of questions that are still in use."""
        found = self.filter(Q(is_flagged=True) | Q(is_negative=True))
        return found.exclude(version__question__state=QuestionState.RETIRED)

    def of_current(self) -> Self:
        return self.filter(version__question__current=F("version"))


class ItemStatistics(models.Model):
    """The statistics of one question version. Sums of services/item_analysis.ItemSums, and the figures made of them.

    `choice_table`: {label: [upper, middle, lower third]}, with "all" and, for those who left it out, "". Of the
    `timed` attempts, `lower_seconds`, `median_seconds` and `upper_seconds` are the quartiles.
    """

    version = models.OneToOneField(QuestionVersion, models.CASCADE, primary_key=True, related_name="statistics")
    attempts = models.BigIntegerField(_("attempts"), default=0)
    omitted = models.BigIntegerField(_("left out"), default=0)
    scores = models.BigIntegerField(default=0)
    pairs = models.BigIntegerField(default=0)
    pair_scores = models.BigIntegerField(default=0)
    pair_squares = models.BigIntegerField(default=0)
    rests = models.BigIntegerField(default=0)
    rest_squares = models.BigIntegerField(default=0)
    products = models.BigIntegerField(default=0)
    by_percent = models.JSONField(default=dict)
    choices = models.JSONField(default=dict)
    timed = models.BigIntegerField(_("timed attempts"), default=0, db_default=0)
    seconds = models.BigIntegerField(default=0, db_default=0)
    times = models.JSONField(default=dict, db_default=models.Value({}, output_field=models.JSONField()))
    facility = models.DecimalField(_("facility"), max_digits=5, decimal_places=4, null=True)
    discrimination = models.DecimalField(_("discrimination"), max_digits=5, decimal_places=4, null=True)
    upper_lower = models.DecimalField(_("upper less lower 27 %"), max_digits=5, decimal_places=4, null=True)
    choice_table = models.JSONField(default=dict)
    lower_seconds = models.IntegerField(_("a quarter take at most, s"), null=True)
    median_seconds = models.IntegerField(_("median time, s"), null=True)
    upper_seconds = models.IntegerField(_("three quarters take at most, s"), null=True)
    flags = models.PositiveIntegerField(_("open flags"), default=0)
    reviewed_pairs = models.BigIntegerField(default=0)
    is_flagged = models.BooleanField(_("flagged by many"), default=False)
    is_negative = models.BooleanField(_("negative discrimination"), default=False)

    objects = ItemStatisticsQuerySet.as_manager()

    class Meta:
        verbose_name = _("item statistics")
        verbose_name_plural = _("item statistics")
        ordering = ["-version"]
        indexes = [
            models.Index(
                fields=["version"],
                condition=Q(is_flagged=True) | Q(is_negative=True),
                name="item_statistics_review_idx",
            ),
            models.Index(fields=["discrimination"], name="item_statistics_discr_idx"),
            models.Index(fields=["facility"], name="item_statistics_facility_idx"),
        ]

    def __str__(self) -> str:
        return f"{self.version}"


class FlagKind(models.TextChoices):
    WRONG_KEY = "wrong_key", _("The key is wrong")
    UNCLEAR = "unclear", _("The question is unclear")
    TYPO = "typo", _("There is a slip in the text")
    OTHER = "other", _("Something else")


class QuestionFlagQuerySet(ScopedQuerySet["QuestionFlag"]):
    def visible_to(self, user: Any) -> Self:
        """Staff all; teachers those of questions they may see; everybody their own."""
        if not user.is_authenticated:
            return self.none()
        of_bank = bank_filter(user, "version__question__")
        # An empty condition means all of the bank; joined by “or” it would vanish.
        return self.filter(of_bank | Q(person=user)) if of_bank else self

    def open(self) -> Self:
        return self.filter(resolved_at__isnull=True)


class QuestionFlag(IdModel):
    """A reader says that something is wrong with a question of a paper. Open until somebody has looked into it."""

    question = models.ForeignKey(PaperQuestion, models.PROTECT, related_name="flags")
    version = models.ForeignKey(QuestionVersion, models.PROTECT, related_name="flags")
    person = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="question_flags")
    kind = models.CharField(_("what is wrong"), max_length=12, choices=FlagKind.choices)
    text = models.CharField(_("in your words"), max_length=1000, blank=True)
    created_at = models.DateTimeField()
    resolved_at = models.DateTimeField(null=True, blank=True)
    resolved_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+")
    resolution = models.CharField(_("what came of it"), max_length=300, blank=True)

    objects = QuestionFlagQuerySet.as_manager()

    class Meta:
        verbose_name = _("question flag")
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["version", "person"], condition=Q(resolved_at__isnull=True), name="question_flag_one_open"
            )
        ]

    def __str__(self) -> str:
        return f"{self.version}: {self.get_kind_display()}"


class KeyCorrection(IdModel):
    """Append-only: the key of a version that is used from `at` on, since the version itself never changes.

    `answer` and `previous` are shaped as QuestionVersion.answer; of several corrections the highest `number` holds.
    """

    version = models.ForeignKey(QuestionVersion, models.PROTECT, related_name="corrections")
    number = models.PositiveSmallIntegerField()
    answer = models.JSONField(_("corrected key"))
    previous = models.JSONField(_("key before"))
    reason = models.CharField(_("reason"), max_length=300)
    actor = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    at = models.DateTimeField()

    objects = OfVersionQuerySet.as_manager()

    class Meta:
        verbose_name = _("key correction")
        ordering = ["-id"]
        constraints = [models.UniqueConstraint(fields=["version", "number"], name="key_correction_unique")]

    def __str__(self) -> str:
        return f"{self.version}: {_('key')} {self.number}"


class RescoredAttempt(models.Model):
    """Append-only: an attempt whose marks a correction changed. The marks of the question, and all objective marks."""

    correction = models.ForeignKey(KeyCorrection, models.PROTECT, related_name="rescored")
    attempt = models.ForeignKey(Attempt, models.PROTECT, related_name="rescored")
    question = models.ForeignKey(PaperQuestion, models.PROTECT, related_name="+")
    question_before = MarksField(null=True)
    question_after = MarksField()
    before = MarksField()
    after = MarksField()

    objects = StaffOnlyQuerySet.as_manager()

    class Meta:
        verbose_name = _("rescored attempt")
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(fields=["correction", "attempt", "question"], name="rescored_attempt_unique")
        ]

    def __str__(self) -> str:
        return f"{self.attempt}: {self.before} → {self.after}"
