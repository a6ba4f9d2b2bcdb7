"""Certificates of completed courses: what was said of whom, under a code that anybody can check."""

from __future__ import annotations

import secrets
from typing import Any, Self

from django.conf import settings
from django.core.validators import RegexValidator
from django.db import models
from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from common.models import IdModel, ScopedQuerySet
from courses.models.enrolments import seen_people
from courses.models.progress import CourseCompletion

#: Crockford's base 32: no letter is mistaken for a figure. Twelve of them are 60 bits, which nobody guesses.
ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
CODE_LENGTH = 12


def new_code() -> str:
    return "".join(secrets.choice(ALPHABET) for _place in range(CODE_LENGTH))


class CertificateQuerySet(ScopedQuerySet["Certificate"]):
    def visible_to(self, user: Any) -> Self:
        """Whoever sees the enrolment: the student, guardians, the course's teachers, staff."""
        if not user.is_authenticated:
            return self.none()
        return self if user.is_staff else self.filter(seen_people(user, "completion__enrolment__"))

    def standing(self) -> Self:
        return self.filter(revoked_at__isnull=True)


class Certificate(IdModel):
    """What it says is written down when it is issued and never changes: `name` and `course_title` as they were then.

    A wrong one is revoked; another may then be issued for the same completion.
    """

    completion = models.ForeignKey(CourseCompletion, models.PROTECT, related_name="certificates")
    code = models.CharField(
        _("code"), max_length=CODE_LENGTH, unique=True, default=new_code, editable=False,
        validators=[RegexValidator(rf"^[{ALPHABET}]{{{CODE_LENGTH}}}$")],
    )  # fmt: skip
    name = models.CharField(_("name"), max_length=120)
    course_title = models.CharField(_("course"), max_length=140)
    completed_on = models.DateField(_("completed"))
    issued_at = models.DateTimeField(_("issued"))
    revoked_at = models.DateTimeField(_("revoked"), null=True, blank=True)
    revoked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+", editable=False
    )
    revocation_reason = models.CharField(_("why it was revoked"), max_length=300, blank=True)

    objects = CertificateQuerySet.as_manager()

    class Meta:
        verbose_name = _("certificate")
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["completion"], condition=Q(revoked_at__isnull=True), name="certificate_one_standing"
            ),
            models.CheckConstraint(
                condition=Q(revoked_at__isnull=True, revoked_by__isnull=True)
                | (Q(revoked_at__isnull=False, revoked_by__isnull=False) & ~Q(revocation_reason="")),
                name="certificate_revoked_whole",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.course_title}: {self.shown_code}"

    @property
    def shown_code(self) -> str:
        """In groups of four, as it is printed."""
        return "-".join(self.code[at : at + 4] for at in range(0, CODE_LENGTH, 4))

    @property
    def public_url(self) -> str:
        """Where anybody can check it, without the host."""
        return reverse("certificate-check", args=[self.code])
