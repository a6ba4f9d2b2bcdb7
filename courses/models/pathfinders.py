"""Pathfinders: an assessment that tells with which path to begin, and what it told whom."""

from __future__ import annotations

from typing import Any, Self

from django.conf import settings
from django.core.validators import MaxValueValidator
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from common.models import IdModel, ScopedQuerySet
from courses.enums import PathfinderKind
from courses.models.paths import LearningPath


class PathfinderQuerySet(ScopedQuerySet["Pathfinder"]):
    def visible_to(self, user: Any) -> Self:
        """Staff all; everybody signed in those that are out, and what they make themselves."""
        if not user.is_authenticated:
            return self.none()
        return self if user.is_staff else self.filter(Q(is_published=True) | Q(created_by=user))


class Pathfinder(IdModel):
    """Asks for interests, leads to a quiz or an external assessment of higher apps (`target`), and reads its score."""

    title = models.CharField(_("title"), max_length=140)
    intro = models.CharField(_("introduction"), max_length=600, blank=True)
    kind = models.CharField(_("leads to"), max_length=10, choices=PathfinderKind.choices, default=PathfinderKind.QUIZ)
    target = models.UUIDField(null=True, blank=True)
    is_published = models.BooleanField(_("published"), default=False)
    version = models.PositiveIntegerField(default=1, editable=False)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", editable=False)

    objects = PathfinderQuerySet.as_manager()

    class Meta:
        verbose_name = _("pathfinder")
        ordering = ["title", "id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(is_published=False) | Q(target__isnull=False), name="pathfinder_leads_somewhere"
            )
        ]
        indexes = [models.Index(fields=["kind", "target"], name="pathfinder_target_idx")]

    def __str__(self) -> str:
        return self.title


class OfPathfinderQuerySet(ScopedQuerySet[Any]):
    def visible_to(self, user: Any) -> Self:
        return self.filter(pathfinder__in=Pathfinder.objects.visible_to(user).values("pk"))


class PathfinderPath(models.Model):
    """A path that a pathfinder may recommend: from so many per cent up to where the next begins. Without a number it is
    shown beside the recommended one, by interests alone."""

    pathfinder = models.ForeignKey(Pathfinder, models.CASCADE, related_name="choices")
    path = models.ForeignKey(LearningPath, models.PROTECT, related_name="+")
    from_percent = models.PositiveSmallIntegerField(
        _("from per cent"), null=True, blank=True, validators=[MaxValueValidator(100)]
    )

    objects = OfPathfinderQuerySet.as_manager()

    class Meta:
        verbose_name = _("path of a pathfinder")
        verbose_name_plural = _("paths of a pathfinder")
        ordering = ["from_percent", "pk"]
        constraints = [
            models.UniqueConstraint(fields=["pathfinder", "path"], name="pathfinder_path_unique"),
            models.CheckConstraint(
                condition=Q(from_percent__isnull=True) | Q(from_percent__lte=100), name="pathfinder_path_percent"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.pathfinder}: {self.path}"


class PathfinderRunQuerySet(ScopedQuerySet["PathfinderRun"]):
    def visible_to(self, user: Any) -> Self:
        """Staff all; everybody their own, and those of students they look after."""
        if not user.is_authenticated:
            return self.none()
        return self if user.is_staff else self.filter(student__in=User.objects.visible_to(user).values("pk"))


class PathfinderRun(IdModel):
    """Somebody asked for their way once; again is another row. `source` is the attempt or result behind the score.

    `fits` is what was told: for each path its id, title, share, the interests it meets, and its reach in per cent.
    """

    pathfinder = models.ForeignKey(Pathfinder, models.PROTECT, related_name="runs")
    student = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="pathfinder_runs")
    interests = models.JSONField(_("interests"), default=list)
    begun_at = models.DateTimeField()
    answered_at = models.DateTimeField(null=True, blank=True)
    source = models.UUIDField(null=True, blank=True)
    score = models.DecimalField(max_digits=8, decimal_places=2, null=True, blank=True)
    out_of = models.DecimalField(max_digits=8, decimal_places=2, null=True, blank=True)
    fits = models.JSONField(default=list)

    objects = PathfinderRunQuerySet.as_manager()

    class Meta:
        verbose_name = _("answer of a pathfinder")
        verbose_name_plural = _("answers of pathfinders")
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["pathfinder", "student"], condition=Q(answered_at__isnull=True), name="pathfinder_run_one_open"
            ),
            models.UniqueConstraint(fields=["pathfinder", "source"], name="pathfinder_run_source_once"),
            models.CheckConstraint(
                condition=Q(answered_at__isnull=True) | Q(score__gte=0, out_of__gt=0, source__isnull=False),
                name="pathfinder_run_answered",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.student}: {self.pathfinder}"
