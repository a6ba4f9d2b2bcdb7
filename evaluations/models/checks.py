"""How far the marks of an exam are checked, and what two markings of the same answers said."""

from __future__ import annotations

from decimal import Decimal
from typing import Any, Self

from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from assessments.models import Exam, PaperQuestion
from common.models import IdModel, MarksField, ScopedQuerySet
from evaluations.enums import ChartAction, DoubleMarking, DoubleResult
from evaluations.models.evaluation import Evaluation, moderated_exams
from evaluations.models.groups import StaffRowsQuerySet

SHARE = [MaxValueValidator(100)]


class ChecksQuerySet(ScopedQuerySet["ExamChecks"]):
    def visible_to(self, user: Any) -> Self:
        """Staff all; verified teachers those of the exams they moderate."""
        if not user.is_authenticated:
            return self.none()
        return self if user.is_staff else self.filter(pk__in=moderated_exams(user))


class ExamChecks(models.Model):
    """What staff set for one exam; an exam without a row is not checked.

    Two markings of a question agree when they differ by no more than `tolerance_marks`, or `tolerance_percent` of its
    marks where that is more. A paper is at risk when its total lies within `margin_percent` of all marks from the pass
    mark, when its marker has finished fewer than `new_papers`, or when their recent double markings differ by more than
    `disagreement_percent` of a question's marks on average. With less than `least_hours` of the promise left a second
    marking is left out, and that is said.

    Before the first paper of the exam a teacher marks `practice_papers` calibration scripts, in at most
    `practice_rounds` rounds. A round is passed when `practice_share` per cent of its questions are within the tolerance
    of the reference marks, and all of its marks together within `practice_bias` per cent of what the questions carry.
    One in `seed_every` papers of a teacher is a seeded script (0: none). `chart`: what happens when the marker leaves
    the limits of their control chart.
    """

    exam = models.OneToOneField(Exam, models.CASCADE, primary_key=True, related_name="checks", verbose_name=_("exam"))
    double = models.CharField(_("marked twice"), max_length=8, choices=DoubleMarking.choices, default=DoubleMarking.OFF)
    sample_percent = models.PositiveSmallIntegerField(_("sample, per cent"), default=10, validators=SHARE)
    tolerance_marks = MarksField(_("tolerance, marks"), default=Decimal(1))
    tolerance_percent = models.PositiveSmallIntegerField(
        _("tolerance, per cent of a question"), default=20, validators=SHARE, help_text=_("The larger of both holds.")
    )
    result = models.CharField(
        _("counts within the tolerance"), max_length=8, choices=DoubleResult.choices, default=DoubleResult.FIRST
    )
    least_hours = models.PositiveSmallIntegerField(
        _("least hours left"),
        default=2,
        validators=[MinValueValidator(0), MaxValueValidator(240)],
        help_text=_("With less of the promise left nobody marks a second time."),
    )
    pass_percent = models.PositiveSmallIntegerField(
        _("pass mark, per cent"), default=33, validators=SHARE, help_text=_("Borderline is measured from here.")
    )
    margin_percent = models.PositiveSmallIntegerField(_("borderline, ± per cent"), default=3, validators=SHARE)
    new_papers = models.PositiveSmallIntegerField(
        _("new marker, papers"), default=5, help_text=_("Fewer finished papers than this: at risk.")
    )
    disagreement_percent = models.PositiveSmallIntegerField(
        _("disagreement, per cent"), default=15, validators=SHARE, help_text=_("Of a question, on average of 30 days.")
    )
    moderators = models.ManyToManyField(
        settings.AUTH_USER_MODEL,
        blank=True,
        related_name="moderated_exams",
        verbose_name=_("moderators"),
        help_text=_("Teachers who decide between two markings and prepare practice papers. Staff always may."),
    )
    practice_papers = models.PositiveSmallIntegerField(
        _("practice papers"),
        default=0,
        db_default=0,
        validators=[MaxValueValidator(10)],
        help_text=_("A teacher marks so many before the first paper. 0: none."),
    )
    practice_share = models.PositiveSmallIntegerField(
        _("questions within the tolerance, per cent"), default=80, db_default=80, validators=SHARE
    )
    practice_bias = models.PositiveSmallIntegerField(
        _("all marks together, ± per cent"),
        default=10,
        db_default=10,
        validators=SHARE,
        help_text=_("More generous or stricter than this on the whole is not passed."),
    )
    practice_rounds = models.PositiveSmallIntegerField(
        _("rounds"), default=3, db_default=3, validators=[MinValueValidator(1), MaxValueValidator(20)]
    )
    seed_every = models.PositiveSmallIntegerField(
        _("one seeded script in so many papers"),
        default=0,
        db_default=0,
        help_text=_("0: none. Where the exam shows names, a seeded script shows a code instead."),
    )
    chart = models.CharField(
        _("out of the control limits"),
        max_length=8,
        choices=ChartAction.choices,
        default=ChartAction.OFF,
        db_default=ChartAction.OFF.value,
    )

    objects = ChecksQuerySet.as_manager()

    class Meta:
        verbose_name = _("checks of an exam")
        verbose_name_plural = _("checks of exams")
        ordering = ["-exam_id"]

    def __str__(self) -> str:
        return str(self.exam)


class MarkPair(IdModel):
    """Append-only: what two markers gave to the same answer, neither knowing of the other.

    `evaluation`: the second marking. With internal choice `question` is the alternative that counted in the first.
    """

    evaluation = models.ForeignKey(Evaluation, models.PROTECT, related_name="pairs")
    question = models.ForeignKey(PaperQuestion, models.PROTECT, related_name="+")
    first = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    second = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    first_marks = MarksField()
    second_marks = MarksField()
    max_marks = MarksField()
    at = models.DateTimeField()

    objects = StaffRowsQuerySet.as_manager()

    class Meta:
        verbose_name = _("pair of marks")
        verbose_name_plural = _("pairs of marks")
        ordering = ["-at"]
        indexes = [
            models.Index(fields=["first", "at"], name="mark_pair_first_idx"),
            models.Index(fields=["second", "at"], name="mark_pair_second_idx"),
            models.Index(fields=["at"], name="mark_pair_at_idx"),
        ]
        constraints = [
            models.UniqueConstraint(fields=["evaluation", "question"], name="mark_pair_unique"),
            models.CheckConstraint(condition=~Q(first=models.F("second")), name="mark_pair_two_people"),
        ]

    def __str__(self) -> str:
        return f"{self.question}: {self.first_marks}, {self.second_marks}"
