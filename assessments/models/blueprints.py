"""Blueprints: sections × slots, from which papers are drawn, and the draft of a paper that a teacher looks over."""

from __future__ import annotations

from typing import Any, Self

from django.conf import settings
from django.core.validators import MinValueValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

from assessments.enums import ExamKind
from common.models import IdModel, MarksField, ScopedQuerySet
from courses.models import Programme, Unit


class TeachersOnlyQuerySet(ScopedQuerySet[Any]):
    def visible_to(self, user: Any) -> Self:
        """Staff and verified teachers."""
        if not user.is_authenticated:
            return self.none()
        allowed = user.is_staff or (user.is_teacher and user.teacher_profile.is_verified)
        return self if allowed else self.none()


class Blueprint(IdModel):
    """`author` is the teacher who made it; without one it is the institute's, a template that teachers copy."""

    author = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="blueprints", editable=False
    )
    programme = models.ForeignKey(Programme, models.PROTECT, related_name="blueprints")
    slug = models.SlugField(unique=True)
    name = models.CharField(_("name"), max_length=120)
    kind = models.CharField(_("kind"), max_length=20, choices=ExamKind.choices, default=ExamKind.BOARD_PAPER)
    duration_minutes = models.PositiveSmallIntegerField(_("minutes"), validators=[MinValueValidator(1)])
    total_marks = MarksField(_("marks"))
    no_repeat_papers = models.PositiveSmallIntegerField(
        _("no repeats within"),
        default=3,
        help_text=_("A student's last N papers share no question, where the bank allows."),
    )

    objects = TeachersOnlyQuerySet.as_manager()

    class Meta:
        verbose_name = _("blueprint")
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class BlueprintSection(models.Model):
    blueprint = models.ForeignKey(Blueprint, models.CASCADE, related_name="sections")
    label = models.CharField(_("label"), max_length=4)
    title = models.CharField(_("title"), max_length=80)
    instruction = models.CharField(_("instruction"), max_length=300, blank=True)
    position = models.PositiveSmallIntegerField(default=0)

    objects = TeachersOnlyQuerySet.as_manager()

    class Meta:
        verbose_name = _("blueprint section")
        ordering = ["blueprint", "position"]
        constraints = [models.UniqueConstraint(fields=["blueprint", "label"], name="blueprint_section_unique")]

    def __str__(self) -> str:
        return f"{self.blueprint} {self.label}"


class BlueprintSlot(models.Model):
    """One question number: which unit, which types, how many marks, and whether there is a choice of two.

    `difficulties` (1 to 5) and `levels` (CognitiveLevel) narrow the choice; empty lists take any.
    """

    section = models.ForeignKey(BlueprintSection, models.CASCADE, related_name="slots")
    number = models.PositiveSmallIntegerField(_("question number"))
    unit = models.ForeignKey(Unit, models.PROTECT, related_name="+")
    types = models.JSONField(_("types"), default=list, help_text=_("Any of these question types."))
    marks = MarksField(_("marks"))
    has_choice = models.BooleanField(_("answer one of two"), default=False)
    difficulties = models.JSONField(_("difficulties"), default=list, blank=True)
    levels = models.JSONField(_("cognitive levels"), default=list, blank=True)

    objects = TeachersOnlyQuerySet.as_manager()

    class Meta:
        verbose_name = _("blueprint slot")
        ordering = ["section", "number"]
        constraints = [models.UniqueConstraint(fields=["section", "number"], name="blueprint_slot_unique")]

    def __str__(self) -> str:
        return f"{self.section} Q{self.number}"


class PaperDraftQuerySet(ScopedQuerySet["PaperDraft"]):
    def visible_to(self, user: Any) -> Self:
        """A draft is its owner's scratch sheet."""
        return self.filter(owner=user) if user.is_authenticated else self.none()


class PaperDraft(IdModel):
    """A paper drawn but not frozen: its questions can still be swapped. One for each person and blueprint.

    `picks`: [{"number": 7, "alternative": "", "version": "<id>"}], one for every seat of the blueprint.
    """

    owner = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    blueprint = models.ForeignKey(Blueprint, models.CASCADE, related_name="drafts")
    seed = models.BigIntegerField()
    picks = models.JSONField(default=list)
    drawn_at = models.DateTimeField()

    objects = PaperDraftQuerySet.as_manager()

    class Meta:
        verbose_name = _("paper draft")
        constraints = [models.UniqueConstraint(fields=["owner", "blueprint"], name="paper_draft_unique")]

    def __str__(self) -> str:
        return f"{self.blueprint}, seed {self.seed}"
