"""Answer sheets of a class, scanned together: the files, and every page of them with where it went."""

from __future__ import annotations

from typing import Any, Self

from django.conf import settings
from django.core.validators import RegexValidator
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from assessments.enums import ScanPageState, ScanReason, ScanState
from assessments.models.exams import Exam
from assessments.models.sheets import SheetUpload
from common.models import IdModel, ScopedQuerySet
from courses.enums import CohortRole
from courses.models import CohortMembership


class ScanQuerySet(ScopedQuerySet["Scan"]):
    def visible_to(self, user: Any) -> Self:
        """Staff all; a verified teacher their own of exams for their cohorts, and all of exams for theirs alone.

        A scan may hold pages of every student of its exam, so that one of somebody else, for cohorts of which one is
        not theirs, stays closed.
        """
        if not user.is_authenticated:
            return self.none()
        if user.is_staff:
            return self
        if not (user.is_teacher and user.teacher_profile.is_verified):
            return self.none()
        taught = CohortMembership.objects.filter(user=user, role=CohortRole.TEACHER).values("cohort_id")
        set_for = Exam.cohorts.through.objects
        mine = set_for.filter(cohort_id__in=taught).values("exam_id")
        others = set_for.exclude(cohort_id__in=taught).values("exam_id")
        return self.filter(exam__in=mine).filter(Q(author=user) | ~Q(exam__in=others))


class Scan(IdModel):
    """One upload for an exam: one PDF or several files. `done` of `total` pages tells how far the worker is.

    `starts_all`: whoever has no attempt sat everything on paper, so they get one, and what is answered on the screen
    counts as not answered. Without it only students of a paper that is written throughout get one.
    """

    exam = models.ForeignKey(Exam, models.PROTECT, related_name="scans")
    author = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    state = models.CharField(max_length=8, choices=ScanState.choices, default=ScanState.READING)
    starts_all = models.BooleanField(default=False)
    done = models.PositiveIntegerField(default=0)
    total = models.PositiveIntegerField(default=0)
    problem = models.TextField(blank=True)
    tries = models.PositiveSmallIntegerField(default=0)
    created_at = models.DateTimeField()
    touched_at = models.DateTimeField(help_text=_("When somebody or the worker last did something with it"))

    objects = ScanQuerySet.as_manager()

    class Meta:
        verbose_name = _("scan of a class")
        ordering = ["-id"]
        indexes = [
            models.Index(fields=["touched_at"], condition=Q(state=ScanState.READING), name="scan_reading_idx"),
        ]

    def __str__(self) -> str:
        return f"{self.exam}: {self.created_at:%d.%m.%Y %H:%M}"

    @property
    def is_working(self) -> bool:
        return self.state == ScanState.READING

    @property
    def percent(self) -> int:
        return min(99, 100 * self.done // self.total) if self.total else 0


class ScanFileQuerySet(ScopedQuerySet["ScanFile"]):
    def visible_to(self, user: Any) -> Self:
        return self.filter(scan__in=Scan.objects.visible_to(user).values("pk"))


class ScanFile(IdModel):
    """One file as it came; kept for good, whatever becomes of its pages."""

    scan = models.ForeignKey(Scan, models.PROTECT, related_name="files")
    exam = models.ForeignKey(Exam, models.PROTECT, related_name="+", help_text=_("The scan’s, for the constraint."))
    position = models.PositiveSmallIntegerField()
    file_name = models.CharField(max_length=200)
    sha256 = models.CharField(max_length=64, validators=[RegexValidator(r"^[0-9a-f]{64}$")])
    size = models.PositiveIntegerField(help_text=_("Bytes"))
    content_type = models.CharField(max_length=40)
    page_count = models.PositiveIntegerField()

    objects = ScanFileQuerySet.as_manager()

    class Meta:
        verbose_name = _("scanned file")
        ordering = ["scan", "position"]
        constraints = [
            models.UniqueConstraint(fields=["exam", "sha256"], name="scan_file_once"),
            models.UniqueConstraint(fields=["scan", "position"], name="scan_file_position"),
        ]

    def __str__(self) -> str:
        return self.file_name

    @property
    def folder(self) -> str:
        return f"scans/{self.scan_id}/{self.pk}/"

    @property
    def storage_key(self) -> str:
        """Where the file lies in the private storage."""
        return f"{self.folder}original"


class ScanPageQuerySet(ScopedQuerySet["ScanPage"]):
    def visible_to(self, user: Any) -> Self:
        return self.filter(scan__in=Scan.objects.visible_to(user).values("pk"))


class ScanPage(IdModel):
    """One page of a scan. `position` counts through all files from 1, `index` within its file from 0.

    `student` and `number` are what its code says, or where a person put it; `pages` how many the code says there are.
    `upload` is the sheet it became, while it is placed. `placings` counts how often it was, so that every sheet has an
    image of its own.
    """

    scan = models.ForeignKey(Scan, models.PROTECT, related_name="pages")
    file = models.ForeignKey(ScanFile, models.PROTECT, related_name="pages")
    index = models.PositiveIntegerField()
    position = models.PositiveIntegerField()
    state = models.CharField(max_length=10, choices=ScanPageState.choices, default=ScanPageState.READ)
    reason = models.CharField(max_length=20, choices=ScanReason.choices, blank=True)
    detail = models.CharField(
        max_length=300, blank=True, help_text=_("What was said about it, or why it was discarded")
    )
    codes = models.JSONField(default=list)
    code_seen = models.BooleanField(default=False)
    is_blank = models.BooleanField(default=False)
    sha256 = models.CharField(max_length=64, blank=True, help_text=_("Of the page’s image"))
    size = models.PositiveIntegerField(default=0, help_text=_("Bytes of the page’s image"))
    width = models.PositiveIntegerField(default=0)
    height = models.PositiveIntegerField(default=0)
    student = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+")
    number = models.PositiveSmallIntegerField(null=True, blank=True)
    pages = models.PositiveSmallIntegerField(null=True, blank=True)
    upload = models.OneToOneField(SheetUpload, models.PROTECT, null=True, blank=True, related_name="scan_page")
    placings = models.PositiveSmallIntegerField(default=0)
    decided_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+")
    decided_at = models.DateTimeField(null=True, blank=True)

    objects = ScanPageQuerySet.as_manager()

    class Meta:
        verbose_name = _("scanned page")
        ordering = ["scan", "position"]
        constraints = [
            models.UniqueConstraint(fields=["file", "index"], name="scan_page_once"),
            models.UniqueConstraint(fields=["scan", "position"], name="scan_page_position"),
            models.CheckConstraint(
                condition=Q(state=ScanPageState.PLACED, upload__isnull=False)
                | (~Q(state=ScanPageState.PLACED) & Q(upload__isnull=True)),
                name="scan_page_placed_has_upload",
            ),
        ]
        indexes = [models.Index(fields=["scan", "state", "position"], name="scan_page_state_idx")]

    def __str__(self) -> str:
        return f"{self.scan}, {self.position}"

    @property
    def image_key(self) -> str:
        """The page as it was drawn, upright by its code. For each placing another, with the same bytes."""
        return f"scans/{self.scan_id}/{self.file_id}/{self.index}/{self.placings}/original"

    @property
    def thumb_key(self) -> str:
        return f"scans/{self.scan_id}/{self.file_id}/{self.index}/thumb.jpg"
