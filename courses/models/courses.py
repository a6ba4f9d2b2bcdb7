"""Courses: who teaches them, their modules, and what has to be done before what."""

from __future__ import annotations

from typing import Any, Self

from django.conf import settings
from django.core.validators import MinValueValidator, RegexValidator
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from common.models import IdModel, ScopedQuerySet
from courses.enums import CourseAccess, CourseFileKind, CourseState, EnrolmentState
from courses.models.curriculum import Programme

#: Enrolments that let a person into the course.
INSIDE = (EnrolmentState.ACTIVE, EnrolmentState.COMPLETED)


class CourseQuerySet(ScopedQuerySet["Course"]):
    def visible_to(self, user: Any) -> Self:
        """Staff all; its teachers; who is or was to be in it, once published; else the published ones that are open."""
        if not user.is_authenticated:
            return self.none()
        if user.is_staff:
            return self
        from_inside = user.enrolments.exclude(state=EnrolmentState.LEFT).values("course_id")
        out = Q(state=CourseState.PUBLISHED) & ~Q(access=CourseAccess.INVITE)
        been_out = Q(state__in=(CourseState.PUBLISHED, CourseState.ARCHIVED))
        return self.filter(Q(pk__in=taught_ids(user)) | out | (been_out & Q(pk__in=from_inside)))

    def taught_by(self, user: Any) -> Self:
        return self.filter(pk__in=taught_ids(user))


def taught_ids(user: Any) -> models.QuerySet[Any, Any]:
    mine = CourseTeacher.objects.filter(teacher=user) if user.is_teacher else CourseTeacher.objects.none()
    return mine.values("course_id")


class Course(IdModel):
    """`structure` counts the changes of what has to be done; `required_total` is how many lessons that is now.

    `version` grows with every change of the settings, so that two tabs never overwrite each other. `words` is what the
    search looks through, in lower case.
    """

    slug = models.SlugField(_("short name"), max_length=60, unique=True)
    title = models.CharField(_("title"), max_length=140)
    summary = models.CharField(_("in one sentence"), max_length=300, blank=True)
    description_source = models.TextField(_("description"), blank=True)
    description_html = models.TextField(blank=True, editable=False)
    programme = models.ForeignKey(Programme, models.PROTECT, null=True, blank=True, related_name="courses")
    state = models.CharField(_("state"), max_length=10, choices=CourseState.choices, default=CourseState.DRAFT)
    access = models.CharField(_("access"), max_length=10, choices=CourseAccess.choices, default=CourseAccess.FREE)
    capacity = models.PositiveIntegerField(
        _("places"),
        null=True,
        blank=True,
        validators=[MinValueValidator(1)],
        help_text=_("Empty: as many as come. Whoever comes later waits for a place."),
    )
    cover = models.ForeignKey("CourseFile", models.SET_NULL, null=True, blank=True, related_name="+")
    cover_alt = models.CharField(_("what the picture shows"), max_length=160, blank=True)
    metadata = models.JSONField(_("further facts"), default=dict, blank=True)
    gives_certificate = models.BooleanField(_("gives a certificate"), default=True, db_default=True)
    only_by_path = models.BooleanField(
        _("opens only within a learning path"), default=False, db_default=False,
        help_text=_("Students come in themselves only when a path that they have begun has led them here."),
    )  # fmt: skip
    publish_at = models.DateTimeField(_("to be published"), null=True, blank=True)
    published_at = models.DateTimeField(null=True, blank=True, editable=False)
    archived_at = models.DateTimeField(null=True, blank=True, editable=False)
    words = models.TextField(blank=True, editable=False)
    version = models.PositiveIntegerField(default=1, editable=False)
    structure = models.PositiveIntegerField(default=1, editable=False)
    required_total = models.PositiveIntegerField(default=0, editable=False)
    teachers: models.ManyToManyField[Any, Any] = models.ManyToManyField(
        settings.AUTH_USER_MODEL, through="CourseTeacher", related_name="courses_taught"
    )
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", editable=False)
    created_at = models.DateTimeField(editable=False)
    updated_at = models.DateTimeField(editable=False)

    objects = CourseQuerySet.as_manager()

    class Meta:
        verbose_name = _("course")
        ordering = ["title", "id"]
        # Of administrators, unless they give it to a partner's account (services.partners).
        permissions = [("enrol_by_api", _("Can enrol people in courses by the API"))]
        constraints = [
            models.CheckConstraint(
                condition=~Q(state=CourseState.SCHEDULED) | Q(publish_at__isnull=False), name="course_scheduled_when"
            ),
            models.CheckConstraint(condition=Q(capacity__isnull=True) | Q(capacity__gte=1), name="course_capacity"),
        ]
        indexes = [
            models.Index(fields=["state", "title", "id"], name="course_catalogue_idx"),
            models.Index(fields=["publish_at"], condition=Q(state=CourseState.SCHEDULED), name="course_to_publish_idx"),
        ]

    def __str__(self) -> str:
        return self.title

    @property
    def is_open(self) -> bool:
        """Whether people may study in it."""
        return self.state == CourseState.PUBLISHED


class OfCourseQuerySet(ScopedQuerySet[Any]):
    """Rows that everybody sees who sees their course."""

    path = "course"

    def visible_to(self, user: Any) -> Self:
        return self.filter(**{f"{self.path}__in": Course.objects.visible_to(user).values("pk")})


class TeachingQuerySet(ScopedQuerySet[Any]):
    """Rows of the course's teachers and staff."""

    path = "course"

    def visible_to(self, user: Any) -> Self:
        if not user.is_authenticated:
            return self.none()
        return self if user.is_staff else self.filter(**{f"{self.path}__in": taught_ids(user)})


class CourseTeacher(models.Model):
    course = models.ForeignKey(Course, models.CASCADE, related_name="teaching")
    teacher = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="teaching")
    position = models.PositiveSmallIntegerField(default=0)

    objects = OfCourseQuerySet.as_manager()

    class Meta:
        verbose_name = _("teacher of a course")
        ordering = ["position", "pk"]
        constraints = [models.UniqueConstraint(fields=["course", "teacher"], name="course_teacher_unique")]

    def __str__(self) -> str:
        return f"{self.teacher}: {self.course}"


class CourseFile(IdModel):
    """A file of a course, kept once by what it contains; `name` is what people called it."""

    course = models.ForeignKey(Course, models.CASCADE, related_name="files")
    kind = models.CharField(_("kind"), max_length=10, choices=CourseFileKind.choices)
    name = models.CharField(_("name"), max_length=160)
    media_type = models.CharField(max_length=80)
    size = models.PositiveBigIntegerField(help_text=_("Bytes"))
    sha256 = models.CharField(max_length=64, validators=[RegexValidator(r"^[0-9a-f]{64}$")])
    added_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    created_at = models.DateTimeField()

    objects = OfCourseQuerySet.as_manager()

    class Meta:
        verbose_name = _("course file")
        ordering = ["-id"]
        constraints = [models.UniqueConstraint(fields=["course", "kind", "sha256"], name="course_file_unique")]

    def __str__(self) -> str:
        return self.name

    @property
    def storage_key(self) -> str:
        return f"courses/{self.sha256[:2]}/{self.sha256}"


class ModuleQuerySet(OfCourseQuerySet):
    def standing(self) -> Self:
        return self.filter(removed_at__isnull=True)


class Module(IdModel):
    """A part of a course. What is removed stays as a row, with the progress and notes that hang on it."""

    course = models.ForeignKey(Course, models.CASCADE, related_name="modules")
    title = models.CharField(_("title"), max_length=140)
    summary = models.CharField(_("in one sentence"), max_length=300, blank=True)
    position = models.PositiveIntegerField(default=0)
    unlock_at = models.DateTimeField(_("opens"), null=True, blank=True)
    removed_at = models.DateTimeField(null=True, blank=True, editable=False)
    requires: models.ManyToManyField[Any, Any] = models.ManyToManyField(
        "self", through="ModulePrerequisite", symmetrical=False, related_name="required_by"
    )

    objects = ModuleQuerySet.as_manager()

    class Meta:
        verbose_name = _("module")
        ordering = ["position", "id"]
        indexes = [models.Index(fields=["course", "position", "id"], name="module_order_idx")]

    def __str__(self) -> str:
        return self.title


class OfModuleQuerySet(OfCourseQuerySet):
    path = "module__course"


class ModulePrerequisite(models.Model):
    """`module` opens when the required lessons of `required` are done. Both are of one course."""

    module = models.ForeignKey(Module, models.CASCADE, related_name="prerequisites")
    required = models.ForeignKey(Module, models.CASCADE, related_name="+")

    objects = OfModuleQuerySet.as_manager()

    class Meta:
        verbose_name = _("module prerequisite")
        constraints = [
            models.UniqueConstraint(fields=["module", "required"], name="module_prerequisite_unique"),
            models.CheckConstraint(condition=~Q(module=F("required")), name="module_prerequisite_not_itself"),
        ]

    def __str__(self) -> str:
        return f"{self.required} → {self.module}"


class CoursePrerequisite(models.Model):
    """`required` has to be completed before a person may enrol in `course` themselves."""

    course = models.ForeignKey(Course, models.CASCADE, related_name="prerequisites")
    required = models.ForeignKey(Course, models.CASCADE, related_name="unlocks")

    objects = OfCourseQuerySet.as_manager()

    class Meta:
        verbose_name = _("course prerequisite")
        constraints = [
            models.UniqueConstraint(fields=["course", "required"], name="course_prerequisite_unique"),
            models.CheckConstraint(condition=~Q(course=F("required")), name="course_prerequisite_not_itself"),
        ]

    def __str__(self) -> str:
        return f"{self.required} → {self.course}"
