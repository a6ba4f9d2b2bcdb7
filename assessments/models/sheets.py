"""Photographed answer sheets: announced, uploaded straight to storage, verified, then made into page images."""

from __future__ import annotations

from typing import Any, Self

from django.core.validators import RegexValidator
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from assessments.enums import PageState, UploadState
from assessments.models.attempts import Attempt
from common.models import IdModel, ScopedQuerySet


class SheetUploadQuerySet(ScopedQuerySet["SheetUpload"]):
    def visible_to(self, user: Any) -> Self:
        return self.filter(attempt__in=Attempt.objects.readable_by(user).values("pk"))


class SheetUpload(IdModel):
    """One file of a student (a photo or a PDF). Only `verified` counts: that is the receipt.

    Once received its bytes are never exchanged, and once the paper is handed in it keeps its place: the database itself
    refuses (migration 0040).
    """

    attempt = models.ForeignKey(Attempt, models.PROTECT, related_name="uploads")
    client_id = models.UUIDField(help_text=_("Chosen by the student's device; makes every call repeatable."))
    page_number = models.PositiveSmallIntegerField()
    sha256 = models.CharField(max_length=64, validators=[RegexValidator(r"^[0-9a-f]{64}$")])
    size = models.PositiveIntegerField(help_text=_("Bytes"))
    content_type = models.CharField(max_length=40)
    storage_key = models.CharField(max_length=200, unique=True)
    state = models.CharField(max_length=10, choices=UploadState.choices, default=UploadState.INTENDED)
    refused_code = models.CharField(max_length=40, blank=True)
    refused_message = models.CharField(max_length=300, blank=True)
    retake_of = models.ForeignKey(
        "SheetPage", models.PROTECT, null=True, blank=True, db_index=False, related_name="retakes",
        help_text=_("The page that this is another picture of. It stands beside that page, never in its place."),
    )  # fmt: skip
    via_phone = models.BooleanField(db_default=False, default=False, help_text=_("Came through a phone link."))
    intended_at = models.DateTimeField()
    verified_at = models.DateTimeField(null=True, blank=True)

    objects = SheetUploadQuerySet.as_manager()

    class Meta:
        verbose_name = _("sheet upload")
        ordering = ["attempt", "page_number", "id"]
        constraints = [models.UniqueConstraint(fields=["attempt", "client_id"], name="sheet_upload_once")]
        indexes = [
            models.Index(fields=["retake_of"], condition=Q(retake_of__isnull=False), name="sheet_upload_retake_idx")
        ]

    def __str__(self) -> str:
        return f"{self.attempt} sheet {self.page_number}"


class SheetPageQuerySet(ScopedQuerySet["SheetPage"]):
    def visible_to(self, user: Any) -> Self:
        return self.filter(upload__attempt__in=Attempt.objects.readable_by(user).values("pk"))


class SheetPage(IdModel):
    """One page image. `index` counts within the upload (0 for a photo); sizes in pixels of the screen image."""

    upload = models.ForeignKey(SheetUpload, models.PROTECT, related_name="pages")
    index = models.PositiveSmallIntegerField(default=0)
    state = models.CharField(max_length=10, choices=PageState.choices, default=PageState.WAITING)
    screen_key = models.CharField(max_length=200, blank=True)
    thumb_key = models.CharField(max_length=200, blank=True)
    width = models.PositiveIntegerField(default=0)
    height = models.PositiveIntegerField(default=0)
    advice = models.JSONField(default=list, help_text=_("What the student should know: blurred, dark."))
    treatment = models.JSONField(
        null=True, blank=True, help_text=_("What was done to the photograph so that it reads better.")
    )
    rotation = models.PositiveSmallIntegerField(default=0, help_text=_("Degrees clockwise, asked for by the student."))
    tries = models.PositiveSmallIntegerField(default=0)

    objects = SheetPageQuerySet.as_manager()

    class Meta:
        verbose_name = _("sheet page")
        ordering = ["upload__page_number", "upload_id", "index"]
        constraints = [models.UniqueConstraint(fields=["upload", "index"], name="sheet_page_unique")]
        indexes = [models.Index(fields=["upload"], condition=Q(state=PageState.WAITING), name="sheet_page_waiting_idx")]

    def __str__(self) -> str:
        return f"{self.upload} page {self.index + 1}"

    @property
    def plain_key(self) -> str:
        """The page as it came, upright and of screen size; empty where the screen image is just that."""
        return self.screen_key.rpartition("-screen.")[0] + "-plain.jpg" if self.treatment else ""


class PageQuestionQuerySet(ScopedQuerySet["PageQuestion"]):
    def visible_to(self, user: Any) -> Self:
        return self.filter(page__upload__attempt__in=Attempt.objects.readable_by(user).values("pk"))


class PageQuestion(models.Model):
    """The student says that the answer to question `number` is (partly) on this page."""

    page = models.ForeignKey(SheetPage, models.CASCADE, related_name="questions")
    number = models.PositiveSmallIntegerField()

    objects = PageQuestionQuerySet.as_manager()

    class Meta:
        verbose_name = _("question on a page")
        ordering = ["page", "number"]
        constraints = [models.UniqueConstraint(fields=["page", "number"], name="page_question_unique")]

    def __str__(self) -> str:
        return f"{self.page}: Q{self.number}"
