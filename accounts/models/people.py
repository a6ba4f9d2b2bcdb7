"""People and what the institute knows about them."""

from __future__ import annotations

import zoneinfo
from typing import Any, Self

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.auth.models import PermissionsMixin
from django.core.exceptions import ValidationError
from django.core.validators import MinValueValidator
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Lower
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.enums import LinkState, Weekday
from common.models import IdModel, ScopedQuerySet


def validate_time_zone(value: str) -> None:
    if value not in zoneinfo.available_timezones():
        raise ValidationError(_("There is no time zone called “%(value)s”."), params={"value": value})


class UserQuerySet(ScopedQuerySet["User"]):
    def visible_to(self, user: Any) -> Self:
        """Oneself; a guardian also the students linked to them; staff everybody."""
        if not user.is_authenticated:
            return self.none()
        if user.is_staff:
            return self
        return self.filter(
            Q(pk=user.pk) | Q(pk__in=user.guardian_links.filter(state=LinkState.ACTIVE).values("student_id"))
        )


class UserManager(BaseUserManager["User"].from_queryset(UserQuerySet)):  # type: ignore[misc]
    def create_user(self, email: str, password: str | None = None, **fields: Any) -> User:
        user: User = self.model(email=self.normalize_email(email).lower(), **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def create_superuser(self, email: str, password: str, **fields: Any) -> User:
        return self.create_user(email, password, is_staff=True, is_superuser=True, **fields)

    def get_by_natural_key(self, email: str | None) -> User:
        found: User = self.get(email=(email or "").lower())
        return found


class User(IdModel, AbstractBaseUser, PermissionsMixin):
    """A person. The same person may be student, teacher and guardian; staff work in the admin."""

    email = models.EmailField(_("e-mail"), unique=True)
    name = models.CharField(_("name"), max_length=120)
    is_student = models.BooleanField(_("student"), default=False)
    is_teacher = models.BooleanField(_("teacher"), default=False)
    is_guardian = models.BooleanField(_("guardian"), default=False)
    is_staff = models.BooleanField(_("staff"), default=False)
    is_active = models.BooleanField(_("active"), default=True)
    language = models.CharField(_("language"), max_length=5, default="en", choices=[("en", "English"), ("hi", "हिन्दी")])
    time_zone = models.CharField(_("time zone"), max_length=64, default="Asia/Kolkata", validators=[validate_time_zone])
    date_joined = models.DateTimeField(_("joined"), default=timezone.now, editable=False)
    erased_at = models.DateTimeField(_("erased"), null=True, blank=True, editable=False)

    objects = UserManager()

    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS = ["name"]

    class Meta:
        verbose_name = _("person")
        verbose_name_plural = _("people")
        # Of administrators, unless they give it to somebody.
        permissions = [("act_as_write", _("Can change things while acting for a person"))]
        constraints = [
            models.UniqueConstraint(Lower("email"), name="user_email_unique_ci"),
            models.CheckConstraint(condition=Q(email=Lower("email")), name="user_email_lower"),
        ]
        indexes = [models.Index(fields=["name"], name="user_name_idx")]

    def __str__(self) -> str:
        return self.name or self.email

    def clean(self) -> None:
        super().clean()
        self.email = self.email.lower()

    def get_full_name(self) -> str:
        return self.name

    def get_short_name(self) -> str:
        return self.name.split(" ")[0] if self.name else self.email


class OwnProfileQuerySet(ScopedQuerySet[Any]):
    def visible_to(self, user: Any) -> Self:
        """Whoever may see the person may see the profile."""
        return self.filter(user__in=User.objects.visible_to(user).values("pk"))


class StudentProfile(models.Model):
    """What only students have."""

    user = models.OneToOneField(User, models.CASCADE, primary_key=True, related_name="student_profile")
    grade = models.CharField(_("class"), max_length=20, blank=True)
    date_of_birth = models.DateField(_("date of birth"), null=True, blank=True)

    objects = OwnProfileQuerySet.as_manager()

    class Meta:
        verbose_name = _("student profile")

    def __str__(self) -> str:
        return str(self.user)


class TeacherProfile(models.Model):
    """What only teachers have. A teacher marks nothing until staff verify them."""

    user = models.OneToOneField(User, models.CASCADE, primary_key=True, related_name="teacher_profile")
    verified_at = models.DateTimeField(_("verified"), null=True, blank=True, editable=False)
    verified_by = models.ForeignKey(User, models.PROTECT, null=True, blank=True, editable=False, related_name="+")
    open_paper_cap = models.PositiveSmallIntegerField(
        _("papers at once"),
        default=20,
        validators=[MinValueValidator(1)],
        help_text=_("No paper is assigned while this many are waiting with the teacher."),
    )
    seconds_per_mark = models.PositiveSmallIntegerField(
        _("seconds per mark"),
        default=45,
        validators=[MinValueValidator(1)],
        help_text=_("How long one mark of a written answer takes; measured from finished papers."),
    )

    objects = OwnProfileQuerySet.as_manager()

    class Meta:
        verbose_name = _("teacher profile")

    def __str__(self) -> str:
        return str(self.user)

    @property
    def is_verified(self) -> bool:
        return self.verified_at is not None


class OwnTeacherRowQuerySet(ScopedQuerySet[Any]):
    def visible_to(self, user: Any) -> Self:
        if not user.is_authenticated:
            return self.none()
        return self if user.is_staff else self.filter(teacher=user.pk)


class WorkingHours(models.Model):
    """When a teacher marks, in the teacher's own time zone. No rows: the institute's opening hours."""

    teacher = models.ForeignKey(TeacherProfile, models.CASCADE, related_name="working_hours")
    weekday = models.PositiveSmallIntegerField(_("weekday"), choices=Weekday.choices)
    opens = models.TimeField(_("from"))
    closes = models.TimeField(_("to"))

    objects = OwnTeacherRowQuerySet.as_manager()

    class Meta:
        verbose_name = _("working hours")
        verbose_name_plural = _("working hours")
        ordering = ["weekday", "opens"]
        constraints = [
            models.CheckConstraint(condition=Q(closes__gt=F("opens")), name="working_hours_order"),
            models.UniqueConstraint(fields=["teacher", "weekday", "opens"], name="working_hours_unique"),
        ]

    def __str__(self) -> str:
        return f"{self.get_weekday_display()} {self.opens:%H:%M}–{self.closes:%H:%M}"


class Leave(models.Model):
    """Days, both included, on which a teacher gets no papers."""

    teacher = models.ForeignKey(TeacherProfile, models.CASCADE, related_name="leave")
    starts_on = models.DateField(_("first day"))
    ends_on = models.DateField(_("last day"))
    reason = models.CharField(_("reason"), max_length=200, blank=True)

    objects = OwnTeacherRowQuerySet.as_manager()

    class Meta:
        verbose_name = _("leave")
        verbose_name_plural = _("leave")
        ordering = ["-starts_on"]
        constraints = [models.CheckConstraint(condition=Q(ends_on__gte=F("starts_on")), name="leave_order")]

    def __str__(self) -> str:
        return f"{self.teacher}: {self.starts_on} – {self.ends_on}"
