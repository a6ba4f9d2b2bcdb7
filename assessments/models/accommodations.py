"""What a student is granted so that an exam measures what they know: extra time, large print, a window of their own."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Self

from django.conf import settings
from django.core.validators import MaxValueValidator
from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.enums import LinkState
from assessments.models.exams import Exam
from common.models import IdModel, ScopedQuerySet


class AccommodationQuerySet(ScopedQuerySet["Accommodation"]):
    def visible_to(self, user: Any) -> Self:
        """Staff, the student themself and their guardians: neither classmates nor markers."""
        if not user.is_authenticated:
            return self.none()
        if user.is_staff:
            return self
        allowed = Q(student=user)
        if user.is_guardian:
            allowed |= Q(student__in=user.guardian_links.filter(state=LinkState.ACTIVE).values("student_id"))
        return self.filter(allowed)

    def standing(self, now: datetime) -> Self:
        """Granted, not withdrawn, and `now` on a day between the first and the last, in the institute's zone."""
        today = timezone.localdate(now, timezone.get_default_timezone())
        return self.filter(
            Q(ends_on__isnull=True) | Q(ends_on__gte=today), withdrawn_at__isnull=True, starts_on__lte=today
        )


class Accommodation(IdModel):
    """One grant. Without `exam` it holds for every exam; a window is of one exam and replaces that exam's own."""

    student = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="accommodations", verbose_name=_("student")
    )
    exam = models.ForeignKey(
        Exam,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="accommodations",
        verbose_name=_("exam"),
        help_text=_("Empty: every exam."),
    )
    extra_time_percent = models.PositiveSmallIntegerField(
        _("extra time, %"),
        default=0,
        validators=[MaxValueValidator(300)],
        help_text=_("Of the time for writing. It counts for exams started from now on."),
    )
    large_print = models.BooleanField(_("large print"), default=False)
    dyslexia_font = models.BooleanField(_("dyslexia-friendly font"), default=False)
    opens_at = models.DateTimeField(_("opens for them"), null=True, blank=True)
    closes_at = models.DateTimeField(_("closes for them"), null=True, blank=True)
    starts_on = models.DateField(_("from"))
    ends_on = models.DateField(_("until"), null=True, blank=True, help_text=_("The last day. Empty: no end."))
    reason = models.CharField(_("reason"), max_length=300, help_text=_("Only staff read it."))
    granted_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, editable=False, related_name="+"
    )
    granted_at = models.DateTimeField(_("granted"), editable=False)
    withdrawn_at = models.DateTimeField(_("withdrawn"), null=True, blank=True, editable=False)

    objects = AccommodationQuerySet.as_manager()

    class Meta:
        verbose_name = _("accommodation")
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(extra_time_percent__gt=0)
                | Q(large_print=True)
                | Q(dyslexia_font=True)
                | Q(opens_at__isnull=False)
                | Q(closes_at__isnull=False),
                name="accommodation_grants_something",
                violation_error_message=_("Grant something: extra time, large print, the font or a window."),
            ),
            models.CheckConstraint(
                condition=Q(exam__isnull=False) | Q(opens_at__isnull=True, closes_at__isnull=True),
                name="accommodation_window_of_exam",
                violation_error_message=_("Choose the exam whose window this is."),
            ),
            models.CheckConstraint(
                condition=Q(opens_at__isnull=True) | Q(closes_at__isnull=True) | Q(closes_at__gt=F("opens_at")),
                name="accommodation_window_order",
                violation_error_message=_("A window closes after it opens."),
            ),
            models.CheckConstraint(
                condition=Q(ends_on__isnull=True) | Q(ends_on__gte=F("starts_on")),
                name="accommodation_dates_order",
                violation_error_message=_("The last day is not before the first."),
            ),
            # Two windows of one exam would leave open which of them counts.
            models.UniqueConstraint(
                fields=["student", "exam"],
                condition=Q(exam__isnull=False, withdrawn_at__isnull=True),
                name="accommodation_one_for_exam",
                violation_error_message=_("There is already one for this student and exam. Change that one."),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.student}: {self.exam or _('every exam')}"
