"""Assessments held at another system: who it is, what was set there, who was sent, what came back."""

from __future__ import annotations

import secrets
from datetime import datetime
from decimal import Decimal
from typing import Any, Self

from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from accounts.enums import LinkState
from common.models import IdModel, ScopedQuerySet
from courses.enums import CohortRole
from courses.models import Chapter, Cohort, CohortMembership, Programme


class StaffOnlyQuerySet(ScopedQuerySet[Any]):
    def visible_to(self, user: Any) -> Self:
        return self if user.is_authenticated and user.is_staff else self.none()


def new_salt() -> str:
    return secrets.token_hex(32)


class ExternalTool(IdModel):
    """A system that takes students by a signed token and reports results by signed webhooks.

    `subject_salt` makes the names under which it knows our students; it never changes, or the tool would not know them
    again.
    """

    name = models.CharField(_("name"), max_length=120, unique=True)
    launch_url = models.CharField(_("launch address"), max_length=500, help_text=_("Where students are sent, by POST."))
    share_name = models.BooleanField(_("tell it names"), default=False)
    share_email = models.BooleanField(_("tell it e-mail addresses"), default=False)
    is_active = models.BooleanField(_("active"), default=True, help_text=_("Otherwise nobody is sent, nothing taken."))
    subject_salt = models.CharField(max_length=64, default=new_salt, editable=False)
    created_at = models.DateTimeField(_("created"), auto_now_add=True)

    objects = StaffOnlyQuerySet.as_manager()

    class Meta:
        verbose_name = _("external tool")
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class ExternalSecretQuerySet(StaffOnlyQuerySet):
    def valid(self, now: datetime) -> Self:
        """The one in use, and those before it that are in their time of grace; the newest first."""
        return self.filter(Q(valid_until__isnull=True) | Q(valid_until__gt=now)).order_by("-id")


class ExternalSecret(IdModel):
    """A signing secret of a tool, encrypted. One is in use (`valid_until` empty); older ones may still verify."""

    tool = models.ForeignKey(ExternalTool, models.CASCADE, related_name="secrets")
    sealed = models.TextField()
    created_at = models.DateTimeField()
    valid_until = models.DateTimeField(null=True)

    objects = ExternalSecretQuerySet.as_manager()

    class Meta:
        verbose_name = _("signing secret")
        constraints = [
            models.UniqueConstraint(
                fields=["tool"], condition=Q(valid_until__isnull=True), name="external_secret_one_in_use"
            )
        ]

    def __str__(self) -> str:
        return f"{self.tool}: {self.created_at:%Y-%m-%d}"


class ExternalAssessmentQuerySet(ScopedQuerySet["ExternalAssessment"]):
    def visible_to(self, user: Any) -> Self:
        """As exams: staff and verified teachers all; a student the published ones of their cohorts."""
        if not user.is_authenticated:
            return self.none()
        if user.is_staff or (user.is_teacher and user.teacher_profile.is_verified):
            return self
        mine = user.cohort_memberships.filter(role=CohortRole.STUDENT).values("cohort_id")
        through = ExternalAssessment.cohorts.through.objects.filter(cohort_id__in=mine).values("externalassessment_id")
        return self.filter(pk__in=through, is_published=True)


class ExternalAssessment(IdModel):
    """Something to do at a tool, set for cohorts; `resource` is what the tool calls it."""

    tool = models.ForeignKey(ExternalTool, models.PROTECT, related_name="assessments", verbose_name=_("tool"))
    title = models.CharField(_("title"), max_length=160)
    programme = models.ForeignKey(Programme, models.PROTECT, related_name="external_assessments")
    chapter = models.ForeignKey(Chapter, models.PROTECT, null=True, blank=True, related_name="external_assessments")
    cohorts = models.ManyToManyField(Cohort, related_name="external_assessments", blank=True)
    resource = models.CharField(_("its id at the tool"), max_length=200)
    max_score = models.DecimalField(
        _("maximum score"), max_digits=8, decimal_places=2, validators=[MinValueValidator(Decimal("0.01"))]
    )
    pass_percent = models.PositiveSmallIntegerField(
        _("passes at, %"), default=70, validators=[MinValueValidator(1), MaxValueValidator(100)]
    )
    opens_at = models.DateTimeField(_("opens"))
    closes_at = models.DateTimeField(_("closes"), null=True, blank=True)
    is_published = models.BooleanField(_("published"), default=False)

    objects = ExternalAssessmentQuerySet.as_manager()

    class Meta:
        verbose_name = _("external assessment")
        ordering = ["-opens_at"]
        constraints = [
            models.CheckConstraint(
                condition=Q(closes_at__isnull=True) | Q(closes_at__gt=F("opens_at")),
                name="external_assessment_window_order",
                violation_error_message=_("It closes after it opens."),
            ),
            models.CheckConstraint(
                condition=Q(max_score__gt=0),
                name="external_assessment_max_score",
                violation_error_message=_("The maximum score is more than 0."),
            ),
        ]

    def __str__(self) -> str:
        return self.title

    def is_open(self, now: datetime) -> bool:
        return self.opens_at <= now and (self.closes_at is None or now < self.closes_at)


class ExternalLaunchQuerySet(ScopedQuerySet["ExternalLaunch"]):
    def visible_to(self, user: Any) -> Self:
        """As attempts: staff; the student; guardians; teachers of a cohort it was set for and the student is in."""
        if not user.is_authenticated:
            return self.none()
        if user.is_staff:
            return self
        allowed = Q(student=user)
        if user.is_guardian:
            allowed |= Q(student__in=user.guardian_links.filter(state=LinkState.ACTIVE).values("student_id"))
        if user.is_teacher and user.teacher_profile.is_verified:
            taught = user.cohort_memberships.filter(role=CohortRole.TEACHER).values("cohort_id")
            students = CohortMembership.objects.filter(cohort__in=taught, role=CohortRole.STUDENT).values("user_id")
            through = ExternalAssessment.cohorts.through.objects.filter(cohort_id__in=taught)
            allowed |= Q(student__in=students, assessment__in=through.values("externalassessment_id"))
        return self.filter(allowed)


class ExternalLaunch(IdModel):
    """A student was sent to the tool. The id is the token's `jti`, and what results are reported for."""

    assessment = models.ForeignKey(ExternalAssessment, models.PROTECT, related_name="launches")
    student = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="external_launches")
    issued_at = models.DateTimeField()
    expires_at = models.DateTimeField(help_text="Of the token; results may come later.")

    objects = ExternalLaunchQuerySet.as_manager()

    class Meta:
        verbose_name = _("external launch")
        ordering = ["-id"]
        indexes = [models.Index(fields=["student", "assessment"], name="external_launch_student_idx")]

    def __str__(self) -> str:
        return f"{self.student}: {self.assessment}"


class ExternalResultQuerySet(ScopedQuerySet["ExternalResult"]):
    def visible_to(self, user: Any) -> Self:
        return self.filter(launch__in=ExternalLaunch.objects.visible_to(user).values("pk"))


class ExternalResult(IdModel):
    """Append-only: one result that the tool reported. `event_id` is the tool's, and each is taken once."""

    tool = models.ForeignKey(ExternalTool, models.PROTECT, related_name="results")
    launch = models.ForeignKey(ExternalLaunch, models.PROTECT, related_name="results")
    event_id = models.CharField(_("event"), max_length=100)
    score = models.DecimalField(_("score"), max_digits=8, decimal_places=2)
    max_score = models.DecimalField(_("of"), max_digits=8, decimal_places=2)
    occurred_at = models.DateTimeField(_("at the tool"))
    received_at = models.DateTimeField(_("received"))
    digest = models.CharField(max_length=64, help_text="SHA-256 of the body as it came.")

    objects = ExternalResultQuerySet.as_manager()

    class Meta:
        verbose_name = _("external result")
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(fields=["tool", "event_id"], name="external_result_event_once"),
            models.CheckConstraint(
                condition=Q(score__gte=0, max_score__gt=0, score__lte=F("max_score")), name="external_result_bounds"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.launch}: {self.score} / {self.max_score}"


class Outcome(models.TextChoices):
    ACCEPTED = "accepted", _("Accepted")
    REPEATED = "repeated", _("Had come before")
    REFUSED = "refused", _("Refused")


class ExternalDelivery(models.Model):
    """What came to a tool's address and what was said: for staff who look why a result is missing. Kept for a while."""

    tool = models.ForeignKey(ExternalTool, models.CASCADE, related_name="deliveries")
    received_at = models.DateTimeField(_("received"))
    outcome = models.CharField(_("outcome"), max_length=8, choices=Outcome.choices)
    code = models.CharField(_("reason"), max_length=40, blank=True)
    message = models.CharField(_("in words"), max_length=300, blank=True)
    event_id = models.CharField(_("event"), max_length=100, blank=True)
    size = models.PositiveIntegerField(_("bytes"))
    result = models.ForeignKey(ExternalResult, models.SET_NULL, null=True, related_name="+")

    objects = StaffOnlyQuerySet.as_manager()

    class Meta:
        verbose_name = _("external delivery")
        verbose_name_plural = _("external deliveries")
        ordering = ["-id"]
        indexes = [models.Index(fields=["received_at"], name="external_delivery_time_idx")]

    def __str__(self) -> str:
        return f"{self.received_at:%Y-%m-%d %H:%M} {self.outcome}"
