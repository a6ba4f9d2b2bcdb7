"""How far each person is, kept on write; and what they note and say about a course."""

from __future__ import annotations

from typing import Any, Self

from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from common.models import IdModel, ScopedQuerySet
from courses.enums import LessonState, ReviewState
from courses.models.courses import Course, TeachingQuerySet
from courses.models.enrolments import Enrolment, seen_people
from courses.models.lessons import Lesson


class OfEnrolmentQuerySet(ScopedQuerySet[Any]):
    def visible_to(self, user: Any) -> Self:
        """Whoever sees the enrolment."""
        if not user.is_authenticated:
            return self.none()
        return self if user.is_staff else self.filter(seen_people(user, "enrolment__"))


class CourseProgress(models.Model):
    """`done` of `total` required lessons. `percent` is the highest it ever was; 100 only with `completed_at`.

    `structure` is that of the course when this was counted; a lower one waits for the recount.
    """

    enrolment = models.OneToOneField(Enrolment, models.CASCADE, primary_key=True, related_name="progress")
    done = models.PositiveIntegerField(default=0)
    total = models.PositiveIntegerField(default=0)
    percent = models.PositiveSmallIntegerField(default=0)
    structure = models.PositiveIntegerField(default=0)
    last_lesson = models.ForeignKey(Lesson, models.SET_NULL, null=True, blank=True, related_name="+")
    last_at = models.DateTimeField(null=True, blank=True)
    completed_at = models.DateTimeField(null=True, blank=True)

    objects = OfEnrolmentQuerySet.as_manager()

    class Meta:
        verbose_name = _("course progress")
        verbose_name_plural = _("course progress")
        constraints = [
            models.CheckConstraint(condition=Q(percent__lte=100), name="course_progress_percent"),
            models.CheckConstraint(condition=Q(done__lte=F("total")), name="course_progress_done"),
            models.CheckConstraint(
                condition=Q(percent__lt=100) | Q(completed_at__isnull=False), name="course_progress_completed"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.enrolment}: {self.percent} %"


class LessonProgress(models.Model):
    """`state` and `seconds` only grow; `video_at` is where the video stood, in seconds."""

    enrolment = models.ForeignKey(Enrolment, models.CASCADE, related_name="lessons")
    lesson = models.ForeignKey(Lesson, models.CASCADE, related_name="progress")
    state = models.PositiveSmallIntegerField(choices=LessonState.choices, default=LessonState.BEGUN)
    seconds = models.PositiveIntegerField(default=0)
    video_at = models.PositiveIntegerField(default=0)
    begun_at = models.DateTimeField()
    done_at = models.DateTimeField(null=True, blank=True)

    objects = OfEnrolmentQuerySet.as_manager()

    class Meta:
        verbose_name = _("lesson progress")
        verbose_name_plural = _("lesson progress")
        constraints = [
            models.UniqueConstraint(fields=["enrolment", "lesson"], name="lesson_progress_unique"),
            models.CheckConstraint(
                condition=Q(state__lt=LessonState.DONE) | Q(done_at__isnull=False), name="lesson_progress_done"
            ),
        ]
        indexes = [models.Index(fields=["lesson", "state"], name="lesson_progress_lesson_idx")]

    def __str__(self) -> str:
        return f"{self.enrolment}: {self.lesson}"


class CourseCompletion(IdModel):
    """The fact that somebody completed a course, once: what certificates hang on. It stays whatever changes later."""

    enrolment = models.OneToOneField(Enrolment, models.PROTECT, related_name="completion")
    completed_at = models.DateTimeField()
    lessons = models.PositiveIntegerField(help_text=_("How many lessons had to be done."))

    objects = OfEnrolmentQuerySet.as_manager()

    class Meta:
        verbose_name = _("course completion")
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"{self.enrolment}"


class ProgressRecount(IdModel):
    """Everybody's progress counted again after the lessons changed. `done` of `total` people so far."""

    course = models.ForeignKey(Course, models.CASCADE, related_name="recounts")
    structure = models.PositiveIntegerField()
    total = models.PositiveIntegerField(default=0)
    done = models.PositiveIntegerField(default=0)
    started_at = models.DateTimeField()
    touched_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True, blank=True)

    objects = TeachingQuerySet.as_manager()

    class Meta:
        verbose_name = _("recount of progress")
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["course"], condition=Q(finished_at__isnull=True), name="progress_recount_one_open"
            )
        ]

    def __str__(self) -> str:
        return f"{self.course}: {self.done} of {self.total}"


class LessonNoteQuerySet(ScopedQuerySet["LessonNote"]):
    def visible_to(self, user: Any) -> Self:
        """Notes are their writer's alone."""
        return self.filter(student=user) if user.is_authenticated else self.none()


class LessonNote(IdModel):
    """A person's own notes beside a lesson; `version` as in a draft."""

    student = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="lesson_notes")
    lesson = models.ForeignKey(Lesson, models.CASCADE, related_name="notes")
    text = models.TextField(_("notes"), blank=True)
    version = models.PositiveIntegerField(default=1)
    updated_at = models.DateTimeField()

    objects = LessonNoteQuerySet.as_manager()

    class Meta:
        verbose_name = _("lesson note")
        constraints = [models.UniqueConstraint(fields=["student", "lesson"], name="lesson_note_unique")]

    def __str__(self) -> str:
        return f"{self.student}: {self.lesson}"


class CourseReviewQuerySet(ScopedQuerySet["CourseReview"]):
    def visible_to(self, user: Any) -> Self:
        """Staff all; one's own; those that are shown, of courses that one sees."""
        if not user.is_authenticated:
            return self.none()
        if user.is_staff:
            return self
        shown = Q(state=ReviewState.SHOWN, course__in=Course.objects.visible_to(user).values("pk"))
        return self.filter(Q(student=user) | shown)


class CourseReview(IdModel):
    """What a student says of a course, one each. Staff read it before others do."""

    course = models.ForeignKey(Course, models.CASCADE, related_name="reviews")
    student = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="course_reviews")
    stars = models.PositiveSmallIntegerField(_("stars"), validators=[MinValueValidator(1), MaxValueValidator(5)])
    text = models.TextField(_("review"), blank=True, max_length=2000)
    state = models.CharField(_("state"), max_length=10, choices=ReviewState.choices, default=ReviewState.WAITING)
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()
    moderated_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+", editable=False
    )

    objects = CourseReviewQuerySet.as_manager()

    class Meta:
        verbose_name = _("course review")
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(fields=["course", "student"], name="course_review_unique"),
            models.CheckConstraint(condition=Q(stars__gte=1, stars__lte=5), name="course_review_stars"),
        ]
        indexes = [models.Index(fields=["course", "state"], name="course_review_state_idx")]

    def __str__(self) -> str:
        return f"{self.student}: {self.stars}"
