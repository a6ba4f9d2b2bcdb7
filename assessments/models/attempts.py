"""A student sitting a paper, and their answers."""

from __future__ import annotations

from typing import Any, Self

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from accounts.enums import LinkState
from assessments.enums import AttemptState, ExamPurpose, SubmitReason
from assessments.models.exams import Exam
from assessments.models.papers import Paper, PaperQuestion
from common.models import IdModel, MarksField, ScopedQuerySet
from courses.enums import CohortRole
from courses.models import CohortMembership


class AttemptQuerySet(ScopedQuerySet["Attempt"]):
    def visible_to(self, user: Any) -> Self:
        """Staff all; the student; their guardians; the teachers of a cohort the exam was set for and the student is in.

        They see that it exists and where it stands; what was asked and written is for `readable_by`. A marker reaches
        an attempt through the evaluation, not through here. A rehearsal is seen by staff and whoever rehearses.
        """
        if not user.is_authenticated:
            return self.none()
        if user.is_staff:
            return self
        allowed = Q(student=user)
        if user.is_guardian:
            wards = user.guardian_links.filter(state=LinkState.ACTIVE).values("student_id")
            allowed |= Q(student__in=wards) & ~Q(exam__purpose=ExamPurpose.REHEARSAL)
        if user.is_teacher and user.teacher_profile.is_verified:
            taught = user.cohort_memberships.filter(role=CohortRole.TEACHER).values("cohort_id")
            taught_students = CohortMembership.objects.filter(cohort__in=taught, role=CohortRole.STUDENT).values(
                "user_id"
            )
            taught_exams = Exam.cohorts.through.objects.filter(cohort_id__in=taught).values("exam_id")
            allowed |= Q(student__in=taught_students, exam__in=taught_exams)
        return self.filter(allowed)

    def readable_by(self, user: Any) -> Self:
        """Those whose questions, answers and sheets `user` may read: while one is written, the student and staff."""
        visible = self.visible_to(user)
        if not user.is_authenticated or user.is_staff:
            return visible
        return visible.filter(Q(student=user) | ~Q(state=AttemptState.IN_PROGRESS))

    def counted(self) -> Self:
        """Without rehearsals: what every list and every number is about."""
        return self.exclude(exam__purpose=ExamPurpose.REHEARSAL)

    def live(self) -> Self:
        return self.filter(state=AttemptState.IN_PROGRESS)


class Attempt(IdModel):
    """`ends_at` is the writing deadline and lives only here; `sheets_due_at` closes the announcing of sheets.

    `writer`: the device, by its own name, on which the student writes; null until one told. Others say so and only
    read; what one of them sends all the same is saved as ever.
    """

    exam = models.ForeignKey(Exam, models.PROTECT, related_name="attempts")
    paper = models.ForeignKey(Paper, models.PROTECT, related_name="attempts")
    student = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="attempts")
    state = models.CharField(max_length=12, choices=AttemptState.choices, default=AttemptState.IN_PROGRESS)
    started_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    sheets_due_at = models.DateTimeField()
    submitted_at = models.DateTimeField(null=True, blank=True)
    submit_reason = models.CharField(max_length=10, choices=SubmitReason.choices, blank=True)
    handed_in_at = models.DateTimeField(null=True, blank=True)
    objective_marks = MarksField(null=True, blank=True)
    objective_max = MarksField(null=True, blank=True)
    writer = models.UUIDField(null=True, blank=True, editable=False)

    objects = AttemptQuerySet.as_manager()

    class Meta:
        verbose_name = _("attempt")
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["exam", "student"], condition=Q(state=AttemptState.IN_PROGRESS), name="attempt_one_live"
            ),
            models.CheckConstraint(condition=Q(ends_at__gt=F("started_at")), name="attempt_ends_after_start"),
            models.CheckConstraint(condition=Q(sheets_due_at__gte=F("ends_at")), name="attempt_sheets_after_end"),
        ]
        indexes = [
            models.Index(fields=["ends_at"], condition=Q(state=AttemptState.IN_PROGRESS), name="attempt_overdue_idx"),
            models.Index(
                fields=["sheets_due_at"], condition=Q(state=AttemptState.SUBMITTED), name="attempt_sheets_idx"
            ),
            models.Index(
                fields=["handed_in_at"], condition=Q(state=AttemptState.HANDED_IN), name="attempt_handed_in_idx"
            ),
            models.Index(fields=["student", "-id"], name="attempt_student_idx"),
        ]

    def __str__(self) -> str:
        return f"{self.student}: {self.exam}"


class ResponseQuerySet(ScopedQuerySet["Response"]):
    def visible_to(self, user: Any) -> Self:
        return self.filter(attempt__in=Attempt.objects.readable_by(user).values("pk"))


class Response(models.Model):
    """The answer to one question of an attempt.

    `answer`: {"choices": ["B"]} | {"value": "3.5"} | {"text": "…"} | {} (cleared); for a written question
    {"on_paper": true} or {"not_attempted": true} when the student said so. `seq` grows with every save of the client;
    older saves are ignored. `is_closed`: checked to the end, the answer changes no more.

    `marks` are what counts: below 0 only by certainty. `bare_marks`, where tries or certainty changed them: what the
    first try earned by its key alone.

    `seconds`: how long the question was in view of somebody active, null where nothing measured it; services/times.
    """

    attempt = models.ForeignKey(Attempt, models.CASCADE, related_name="responses")
    question = models.ForeignKey(PaperQuestion, models.PROTECT, related_name="+")
    seq = models.PositiveBigIntegerField(default=0)
    answer = models.JSONField(default=dict)
    marked_for_review = models.BooleanField(default=False)
    saved_at = models.DateTimeField()
    certainty = models.SmallIntegerField(null=True, blank=True)
    is_closed = models.BooleanField(default=False, db_default=False)
    is_correct = models.BooleanField(null=True)
    marks = MarksField(null=True, blank=True)
    bare_marks = MarksField(null=True, blank=True)
    seconds = models.IntegerField(_("seconds in view"), null=True, blank=True)

    objects = ResponseQuerySet.as_manager()

    class Meta:
        verbose_name = _("response")
        constraints = [models.UniqueConstraint(fields=["attempt", "question"], name="response_unique")]

    def __str__(self) -> str:
        return f"{self.attempt} {self.question}"


class TryQuerySet(ScopedQuerySet["Try"]):
    def visible_to(self, user: Any) -> Self:
        return self.filter(attempt__in=Attempt.objects.readable_by(user).values("pk"))


class Try(models.Model):
    """One checked answer, as it was judged and told then; insert-only. `seq` is the client's of that check, null for
    the answer that stood unchecked at the end."""

    attempt = models.ForeignKey(Attempt, models.PROTECT, related_name="tries")
    question = models.ForeignKey(PaperQuestion, models.PROTECT, related_name="+")
    number = models.PositiveSmallIntegerField()
    seq = models.PositiveBigIntegerField(null=True, blank=True)
    answer = models.JSONField()
    is_correct = models.BooleanField(null=True)
    marks = MarksField()
    made_at = models.DateTimeField()

    objects = TryQuerySet.as_manager()

    class Meta:
        verbose_name = _("try")
        verbose_name_plural = _("tries")
        ordering = ["attempt", "question", "number"]
        constraints = [models.UniqueConstraint(fields=["attempt", "question", "number"], name="try_unique")]

    def __str__(self) -> str:
        return f"{self.attempt} {self.question} try {self.number}"
