"""The curriculum tree: programme → unit → chapter → topic. Questions, lessons and mastery all hang on it."""

from __future__ import annotations

from typing import Any, Self

from django.db import models
from django.utils.translation import gettext_lazy as _

from common.models import IdModel, MarksField, ScopedQuerySet


class CurriculumQuerySet(ScopedQuerySet[Any]):
    def visible_to(self, user: Any) -> Self:
        """The curriculum is no secret among signed-in people."""
        return self if user.is_authenticated else self.none()


class Programme(IdModel):
    """One subject of one board and class in one session, for example CBSE X Mathematics 2026-27."""

    slug = models.SlugField(unique=True)
    board = models.CharField(_("board"), max_length=40)
    grade = models.CharField(_("class"), max_length=20)
    subject = models.CharField(_("subject"), max_length=80)
    session = models.CharField(_("session"), max_length=20)
    board_exam_on = models.DateField(_("board exam on"), null=True, blank=True)

    objects = CurriculumQuerySet.as_manager()

    class Meta:
        verbose_name = _("programme")
        ordering = ["board", "grade", "subject"]
        constraints = [
            models.UniqueConstraint(fields=["board", "grade", "subject", "session"], name="programme_unique")
        ]

    def __str__(self) -> str:
        return f"{self.board} {self.grade} {self.subject} {self.session}"


class Unit(IdModel):
    programme = models.ForeignKey(Programme, models.PROTECT, related_name="units")
    slug = models.SlugField()
    name = models.CharField(_("name"), max_length=120)
    marks = MarksField(_("marks in the paper"))
    position = models.PositiveSmallIntegerField(default=0)

    objects = CurriculumQuerySet.as_manager()

    class Meta:
        verbose_name = _("unit")
        ordering = ["programme", "position"]
        constraints = [models.UniqueConstraint(fields=["programme", "slug"], name="unit_unique")]

    def __str__(self) -> str:
        return self.name


class Chapter(IdModel):
    unit = models.ForeignKey(Unit, models.PROTECT, related_name="chapters")
    name = models.CharField(_("name"), max_length=120)
    position = models.PositiveSmallIntegerField(default=0)

    objects = CurriculumQuerySet.as_manager()

    class Meta:
        verbose_name = _("chapter")
        ordering = ["unit", "position"]
        constraints = [models.UniqueConstraint(fields=["unit", "name"], name="chapter_unique")]

    def __str__(self) -> str:
        return self.name


class Topic(IdModel):
    chapter = models.ForeignKey(Chapter, models.PROTECT, related_name="topics")
    name = models.CharField(_("name"), max_length=160)
    position = models.PositiveSmallIntegerField(default=0)

    objects = CurriculumQuerySet.as_manager()

    class Meta:
        verbose_name = _("topic")
        ordering = ["chapter", "position"]
        constraints = [models.UniqueConstraint(fields=["chapter", "name"], name="topic_unique")]

    def __str__(self) -> str:
        return self.name
