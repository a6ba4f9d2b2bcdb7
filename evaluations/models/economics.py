"""What marking is paid: rates, what each finished evaluation earned, and the statement of a month."""

from __future__ import annotations

from decimal import Decimal
from typing import Any, Self

from django.conf import settings
from django.core.validators import MinValueValidator
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from assessments.enums import QuestionType
from assessments.models import Exam
from common.models import IdModel, ScopedQuerySet
from evaluations.enums import RateUnit, StatementState, WorkKind
from evaluations.models.evaluation import Evaluation
from evaluations.models.groups import StaffRowsQuerySet
from evaluations.models.policies import CURRENCY, SlaPolicy


class RateCard(IdModel):
    """A rate for work finished from one day to another, both included. What is left empty holds for all; which of
    several rates counts says services/rates."""

    amount = models.DecimalField(
        _("amount"), max_digits=10, decimal_places=2, validators=[MinValueValidator(Decimal(0))]
    )
    currency = models.CharField(_("currency"), max_length=3, default="INR", validators=[CURRENCY])
    unit = models.CharField(_("for"), max_length=8, choices=RateUnit.choices)
    kind = models.CharField(_("kind of work"), max_length=10, choices=WorkKind.choices, blank=True)
    exam = models.ForeignKey(Exam, models.PROTECT, null=True, blank=True, verbose_name=_("exam"), related_name="+")
    question_type = models.CharField(
        _("question type"),
        max_length=20,
        choices=QuestionType.choices,
        blank=True,
        help_text=_("Only for rates of a question or a mark."),
    )
    policy = models.ForeignKey(
        SlaPolicy, models.PROTECT, null=True, blank=True, verbose_name=_("promise"), related_name="+"
    )
    valid_from = models.DateField(_("from"))
    valid_until = models.DateField(_("until"), null=True, blank=True, help_text=_("The last day. Empty: no end."))

    objects = StaffRowsQuerySet.as_manager()

    class Meta:
        verbose_name = _("rate")
        ordering = ["-valid_from", "-id"]
        constraints = [
            models.CheckConstraint(condition=Q(amount__gte=0), name="rate_not_negative"),
            models.CheckConstraint(
                condition=Q(valid_until=None) | Q(valid_until__gte=F("valid_from")), name="rate_order"
            ),
            models.CheckConstraint(
                condition=Q(question_type="") | Q(unit__in=[RateUnit.QUESTION, RateUnit.MARK]), name="rate_of_type"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.amount} {self.currency}, {self.get_unit_display()}"


class PayMonth(models.Model):
    """A month of the institute's calendar (`first`: its first day). Once closed nothing is added to it."""

    first = models.DateField(_("month"), primary_key=True)
    closed_at = models.DateTimeField(_("closed"), null=True, blank=True)
    closed_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+")

    objects = StaffRowsQuerySet.as_manager()

    class Meta:
        verbose_name = _("month of pay")
        ordering = ["-first"]
        constraints = [models.CheckConstraint(condition=Q(first__day=1), name="pay_month_first")]

    def __str__(self) -> str:
        return f"{self.first:%Y-%m}"


class OwnPayQuerySet(ScopedQuerySet[Any]):
    def visible_to(self, user: Any) -> Self:
        """A teacher's own; staff all."""
        if not user.is_authenticated:
            return self.none()
        if user.is_staff:
            return self
        return self.filter(teacher=user) if user.is_teacher else self.none()


class Earning(IdModel):
    """Append-only: what a finished evaluation earned, or the reversal of such a row. An evaluation has one row that is
    not reversed: `version` counts its rows.

    `month`: in which it is paid: that of `finished_at`, or the present one where that was closed. `basis`: how the
    amount came about, [{"card", "unit", "type", "rate", "quantity", "amount"}], rounded one by one, so they sum to it.
    """

    evaluation = models.ForeignKey(Evaluation, models.PROTECT, related_name="earnings")
    teacher = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="earnings")
    month = models.ForeignKey(PayMonth, models.PROTECT, related_name="earnings")
    kind = models.CharField(_("kind of work"), max_length=10, choices=WorkKind.choices)
    version = models.PositiveSmallIntegerField(default=1)
    reverses = models.OneToOneField("self", models.PROTECT, null=True, blank=True, related_name="reversal")
    amount = models.DecimalField(_("amount"), max_digits=12, decimal_places=2)
    currency = models.CharField(_("currency"), max_length=3)
    basis = models.JSONField(default=list)
    finished_at = models.DateTimeField(_("finished"))
    at = models.DateTimeField()
    actor = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+")
    reason = models.CharField(_("reason"), max_length=300, blank=True)

    objects = OwnPayQuerySet.as_manager()

    class Meta:
        verbose_name = _("earning")
        ordering = ["-id"]
        indexes = [models.Index(fields=["month", "teacher", "currency", "id"], name="earning_statement_idx")]
        constraints = [
            models.UniqueConstraint(
                fields=["evaluation", "version"], condition=Q(reverses=None), name="earning_version_once"
            ),
            models.CheckConstraint(
                condition=Q(reverses=None, amount__gte=0) | Q(reverses__isnull=False, amount__lte=0),
                name="earning_sign",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.evaluation}: {self.amount} {self.currency}"


class Statement(IdModel):
    """What a teacher earned in a closed month, in one currency. `number` counts from 1 in each month without gaps.
    `papers`: rows less reversals."""

    month = models.ForeignKey(PayMonth, models.PROTECT, related_name="statements")
    number = models.PositiveIntegerField(_("number"))
    teacher = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="statements")
    currency = models.CharField(_("currency"), max_length=3)
    papers = models.IntegerField(_("papers"))
    total = models.DecimalField(_("total"), max_digits=14, decimal_places=2)
    state = models.CharField(_("state"), max_length=10, choices=StatementState.choices, default=StatementState.DRAFT)
    objection = models.CharField(_("objection"), max_length=500, blank=True)
    answer = models.CharField(_("answer"), max_length=500, blank=True)
    reference = models.CharField(_("reference of the payment"), max_length=100, blank=True)
    answered_at = models.DateTimeField(null=True, blank=True)
    approved_at = models.DateTimeField(null=True, blank=True)
    approved_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+")
    paid_at = models.DateTimeField(null=True, blank=True)

    objects = OwnPayQuerySet.as_manager()

    class Meta:
        verbose_name = _("statement")
        ordering = ["-month", "number"]
        constraints = [
            models.UniqueConstraint(fields=["month", "number"], name="statement_number"),
            models.UniqueConstraint(fields=["month", "teacher", "currency"], name="statement_once"),
            models.CheckConstraint(
                condition=~Q(state=StatementState.PAID) | ~Q(reference=""), name="statement_paid_with_reference"
            ),
        ]

    def __str__(self) -> str:
        return self.label

    @property
    def label(self) -> str:
        """What people write on payments: 2026-11-0007."""
        return f"{self.month_id:%Y-%m}-{self.number:04}"
