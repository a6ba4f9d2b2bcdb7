"""Time with a teacher: when teachers may be booked, and what was booked."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, Self

from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator, URLValidator
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from accounts.enums import LinkState, Weekday
from accounts.models import Entitlement, TeacherProfile
from common.models import IdModel, ScopedQuerySet
from evaluations.enums import BookingAbout, BookingState
from evaluations.models.evaluation import Evaluation
from evaluations.models.groups import StaffRowsQuerySet
from evaluations.models.policies import PublicPromiseQuerySet

MINUTES = [(15, "15"), (20, "20"), (30, "30"), (45, "45"), (60, "60")]


class BookingRules(IdModel):
    """The institute's rules of bookings, one row; where there is none, these defaults hold."""

    minutes = models.PositiveSmallIntegerField(_("minutes of a booking"), choices=MINUTES, default=30)
    ahead_days = models.PositiveSmallIntegerField(
        _("days that can be booked ahead"), default=14, validators=[MinValueValidator(1), MaxValueValidator(60)]
    )
    notice_hours = models.PositiveSmallIntegerField(
        _("hours a booking is made before"), default=12, validators=[MaxValueValidator(336)]
    )
    cancel_hours = models.PositiveSmallIntegerField(
        _("hours until which it is moved or cancelled"),
        default=12,
        validators=[MaxValueValidator(336)],
        help_text=_("Cancelled later by the family, its minutes are used up."),
    )

    objects = PublicPromiseQuerySet.as_manager()

    class Meta:
        verbose_name = _("rules of bookings")
        verbose_name_plural = _("rules of bookings")
        constraints = [models.UniqueConstraint(models.Value(1), name="booking_rules_one")]

    def __str__(self) -> str:
        return str(_("Rules of bookings"))


class OwnHoursQuerySet(ScopedQuerySet[Any]):
    def visible_to(self, user: Any) -> Self:
        """A teacher's own; staff all."""
        if not user.is_authenticated:
            return self.none()
        return self if user.is_staff else self.filter(teacher=user.pk)


class BookingPlace(models.Model):
    """Where a teacher meets students: a room, a telephone, a link. Without one nothing can be booked."""

    teacher = models.OneToOneField(TeacherProfile, models.CASCADE, primary_key=True, related_name="booking_place")
    place = models.CharField(_("place"), max_length=200, blank=True)
    link = models.CharField(_("link"), max_length=500, blank=True, validators=[URLValidator(schemes=["https"])])

    objects = OwnHoursQuerySet.as_manager()

    class Meta:
        verbose_name = _("place of bookings")
        constraints = [models.CheckConstraint(condition=~Q(place="", link=""), name="booking_place_said")]

    def __str__(self) -> str:
        return self.place or self.link


class BookableHours(models.Model):
    """When a teacher may be booked, in the teacher's own time zone: every week (`weekday`), or on one `day`, which then
    has only its own rows; one of these without hours is a day on which nothing can be booked."""

    teacher = models.ForeignKey(TeacherProfile, models.CASCADE, related_name="bookable_hours")
    weekday = models.PositiveSmallIntegerField(_("weekday"), choices=Weekday.choices, null=True, blank=True)
    day = models.DateField(_("day"), null=True, blank=True)
    opens = models.TimeField(_("from"), null=True, blank=True)
    closes = models.TimeField(_("to"), null=True, blank=True)

    objects = OwnHoursQuerySet.as_manager()

    class Meta:
        verbose_name = _("bookable hours")
        verbose_name_plural = _("bookable hours")
        ordering = ["weekday", "day", "opens"]
        constraints = [
            models.CheckConstraint(
                condition=Q(weekday=None, day__isnull=False) | Q(weekday__isnull=False, day=None),
                name="bookable_hours_week_or_day",
            ),
            models.CheckConstraint(
                condition=Q(closes__gt=F("opens")) | Q(opens=None, closes=None, weekday=None),
                name="bookable_hours_order",
            ),
            models.UniqueConstraint(fields=["teacher", "weekday", "opens"], name="bookable_hours_unique"),
            models.UniqueConstraint(fields=["teacher", "day", "opens"], name="bookable_day_unique"),
        ]

    def __str__(self) -> str:
        return f"{self.get_weekday_display() if self.day is None else self.day} {self.opens}–{self.closes}"


class BookingQuerySet(ScopedQuerySet["Booking"]):
    def visible_to(self, user: Any) -> Self:
        """Staff, the teacher, the student, and the student's guardians."""
        if not user.is_authenticated:
            return self.none()
        return self if user.is_staff else self.filter(Q(teacher=user) | Q(student__in=students_of(user)))

    def taking_time(self) -> Self:
        return self.exclude(state=BookingState.CANCELLED)


def students_of(user: Any) -> list[Any]:
    """Whose time a person may book: their own, if a student, and that of the students they look after. One query for a
    guardian."""
    active = user.guardian_links.filter(state=LinkState.ACTIVE) if user.is_guardian else None
    linked = [] if active is None else list(active.values_list("student_id", flat=True))
    return [user.pk, *linked] if user.is_student else linked


class Booking(IdModel):
    """Minutes of a teacher for a student. On PostgreSQL two that overlap cannot be stored for a teacher or a student
    (exclusion constraints of the migration); everywhere the service looks while it holds both rows.

    `sequence` grows with each change, as calendars count them (RFC 5545, 3.8.7.4). `evaluation`: the released record
    that is to be discussed. `remind_at`: when reminders look at it next. `is_late`: cancelled by the family when it was
    too late, so that its minutes stay used.
    """

    teacher = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="taught_bookings")
    student = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="bookings")
    booked_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    booked_at = models.DateTimeField(_("booked"))
    starts_at = models.DateTimeField(_("from"))
    ends_at = models.DateTimeField(_("until"))
    about = models.CharField(_("about"), max_length=8, choices=BookingAbout.choices, default=BookingAbout.DOUBT)
    evaluation = models.ForeignKey(Evaluation, models.PROTECT, null=True, blank=True, related_name="bookings")
    words = models.CharField(_("what it is about"), max_length=500, blank=True)
    state = models.CharField(_("state"), max_length=10, choices=BookingState.choices, default=BookingState.BOOKED)
    sequence = models.PositiveSmallIntegerField(default=0)
    remind_at = models.DateTimeField(null=True, blank=True)
    ended_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+")
    ended_at = models.DateTimeField(null=True, blank=True)
    is_late = models.BooleanField(_("too late"), default=False)
    note = models.CharField(_("note"), max_length=500, blank=True)

    objects = BookingQuerySet.as_manager()

    class Meta:
        verbose_name = _("booking")
        ordering = ["-starts_at"]
        indexes = [
            models.Index(fields=["teacher", "starts_at"], name="booking_teacher_idx"),
            models.Index(fields=["student", "starts_at"], name="booking_student_idx"),
            models.Index(
                fields=["remind_at"],
                condition=Q(state=BookingState.BOOKED, remind_at__isnull=False),
                name="booking_remind_idx",
            ),
        ]
        constraints = [
            models.CheckConstraint(condition=Q(ends_at__gt=F("starts_at")), name="booking_order"),
            models.CheckConstraint(
                condition=Q(state=BookingState.BOOKED, ended_at=None)
                | Q(~Q(state=BookingState.BOOKED), ended_at__isnull=False),
                name="booking_ended",
            ),
            models.CheckConstraint(
                condition=Q(about=BookingAbout.PAPER) | Q(evaluation=None), name="booking_about_paper"
            ),
            models.UniqueConstraint(
                fields=["teacher", "starts_at"], condition=~Q(state=BookingState.CANCELLED), name="booking_teacher_once"
            ),
            models.UniqueConstraint(
                fields=["student", "starts_at"], condition=~Q(state=BookingState.CANCELLED), name="booking_student_once"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.student}, {self.teacher}"

    @property
    def minutes(self) -> int:
        return (self.ends_at - self.starts_at) // timedelta(minutes=1)


class BookingUse(IdModel):
    """Minutes that a booking took from a grant, and whether they went back."""

    booking = models.ForeignKey(Booking, models.PROTECT, related_name="uses")
    entitlement = models.ForeignKey(Entitlement, models.PROTECT, related_name="+")
    minutes = models.PositiveSmallIntegerField()
    returned_at = models.DateTimeField(null=True, blank=True)

    objects = StaffRowsQuerySet.as_manager()

    class Meta:
        verbose_name = _("minutes of a booking")
        ordering = ["id"]
        constraints = [models.UniqueConstraint(fields=["booking", "entitlement"], name="booking_use_once")]

    def __str__(self) -> str:
        return f"{self.booking}: {self.minutes}"
