"""One marking of one handed-in paper, from the queue to the student."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Self

from django.conf import settings
from django.db import models
from django.db.models import Exists, OuterRef, Q, Value
from django.db.models.functions import Coalesce
from django.utils.translation import gettext_lazy as _

from accounts.enums import ConsentKind, LinkState
from accounts.models import Consent
from assessments.enums import ExamPurpose
from assessments.models import Attempt
from common.models import IdModel, MarksField, ScopedQuerySet
from evaluations.enums import HELD_STATES, OPEN_STATES, PRACTICE_ROLES, EvaluationRole, EvaluationState
from evaluations.models.groups import MarkingGroup, StaffRowsQuerySet, ranges_text
from evaluations.models.policies import SlaPolicy

WITHOUT_TEACHER = [
    EvaluationState.QUEUED,
    EvaluationState.RETURNED,
    EvaluationState.CLOSED,
    EvaluationState.MODERATION,
]


def moderated_exams(user: Any) -> Any:
    """The exams whose moderator the person is, as long as they are verified."""
    if not user.is_teacher:
        return user.moderated_exams.through.objects.none().values("examchecks_id")
    named = user.moderated_exams.through.objects.filter(user=user)
    # The key of the checks is the exam's.
    return named.filter(user__teacher_profile__verified_at__isnull=False).values("examchecks_id")


def agreed_to_scans(student: Any) -> models.QuerySet[Consent]:
    """The standing consent to the use of scans outside of the marking of the student's own paper."""
    return Consent.objects.filter(person=student, kind=ConsentKind.SCAN_USE, withdrawn_at__isnull=True)


class EvaluationQuerySet(ScopedQuerySet["Evaluation"]):
    def records(self) -> Self:
        """One for each attempt: what its student gets."""
        return self.filter(role=EvaluationRole.RECORD)

    def units(self) -> Self:
        """What one teacher marks: papers that are not shared, and the shares of those that are."""
        return self.filter(is_shared=False)

    def visible_to(self, user: Any) -> Self:
        """Staff all; the teacher it is with (once verified) and who moderates its exam what is to be decided there; the
        student and their guardians the student's record."""
        if not user.is_authenticated:
            return self.none()
        if user.is_staff:
            return self
        allowed = Q(attempt__student=user, role=EvaluationRole.RECORD)
        if user.is_teacher:
            mine = Q(teacher=user, teacher__teacher_profile__verified_at__isnull=False)
            # Another student's pages are shown for practice only while that student agrees.
            agreed = Q(Exists(agreed_to_scans(OuterRef("attempt__student"))))
            allowed |= mine & (~Q(role__in=PRACTICE_ROLES) | agreed)
            allowed |= Q(role=EvaluationRole.MODERATION, attempt__exam__in=moderated_exams(user))
        if user.is_guardian:
            linked = user.guardian_links.filter(state=LinkState.ACTIVE).values("student_id")
            allowed |= Q(attempt__student__in=linked, role=EvaluationRole.RECORD)
        return self.filter(allowed)

    def family_of(self, user: Any) -> Self:
        """The records of a student's own papers, and of those whose student a guardian looks after."""
        allowed = Q(attempt__student=user, role=EvaluationRole.RECORD)
        if user.is_guardian:
            linked = user.guardian_links.filter(state=LinkState.ACTIVE).values("student_id")
            allowed |= Q(attempt__student__in=linked, role=EvaluationRole.RECORD)
        return self.filter(allowed)

    def with_paper(self) -> Self:
        """With what marking, and asking who may mark, reads beside the row.

        `has_pictures`: whether a clearer picture was ever asked for, `has_later`: whether a question is flagged,
        `has_given`: whether everybody has the marks of a question, `may_bar`: whether its exam asks for practice,
        somebody is paused, or only the teachers of a course mark it; they spare most papers the queries for them.
        """
        asked = self.model._default_manager.filter(pk=OuterRef("pk"), picture_requests__isnull=False)
        rows = self.select_related(
            *("attempt__exam", "attempt__paper", "attempt__student", "teacher__teacher_profile", "group"),
            "teacher__desk_keys",
        )
        flagged = self.model._default_manager.filter(pk=OuterRef("pk"), later_flags__isnull=False)
        asks = Q(attempt__exam__checks__practice_papers__gt=0)
        asks |= Q(attempt__exam__checks__standings__paused_at__isnull=False)
        asks |= Q(attempt__exam__purpose=ExamPurpose.PROJECT)
        barring = self.model._default_manager.filter(asks, pk=OuterRef("pk"))
        given = self.model._default_manager.filter(pk=OuterRef("pk"), attempt__exam__scheme_revisions__is_given=True)
        return rows.annotate(
            has_pictures=Exists(asked),
            has_later=Exists(flagged),
            may_bar=Exists(barring),
            has_given=Exists(given),
        )


class Evaluation(IdModel):
    """`due_at` is the promise; `half_at` and `most_at` are moments on the way to it, worked out once (on rows from
    before there were any, by the scan of reminders). A claim is a lease: `lease_until` is renewed by activity, an idle
    claim lapses.

    `work` is what there is to mark, without what the student declared not attempted:
    {"questions": 5, "marks": {"short_answer": 6, "long_answer": 10}}; null on rows from before it was kept.

    `role`: the RECORD is what the student gets, one for each attempt. Of a paper that is marked by question
    (`is_shared`) the questions are marked on SHAREs of their own, each with the `numbers` of one `group`, whose marks
    and ink go over to the `record` when they are finished (services/sharing). A SECOND is the blind second marking of
    a record that waits for it, a MODERATION what a moderator decides between the two (services/second_marking). A
    PRACTICE or SEED is a teacher's marking of a calibration script (services/practice): with states of its own, so that
    nothing that looks at open or finished papers sees it, and never `finalised_at`.
    """

    # Its index is in Meta, so that it could be built while others write.
    attempt = models.ForeignKey(Attempt, models.PROTECT, db_index=False, related_name="evaluations")
    role = models.CharField(
        max_length=12,
        choices=EvaluationRole.choices,
        default=EvaluationRole.RECORD,
        db_default=EvaluationRole.RECORD.value,
        editable=False,
    )
    record = models.ForeignKey(
        "self", models.PROTECT, null=True, blank=True, db_index=False, editable=False, related_name="shares"
    )
    group = models.ForeignKey(
        MarkingGroup, models.PROTECT, null=True, blank=True, db_index=False, editable=False, related_name="+"
    )
    numbers = models.JSONField(null=True, blank=True, editable=False, help_text=_("Empty: all of the paper."))
    is_shared = models.BooleanField(default=False, db_default=False, editable=False)
    policy = models.ForeignKey(SlaPolicy, models.PROTECT, related_name="evaluations")
    state = models.CharField(max_length=12, choices=EvaluationState.choices, default=EvaluationState.QUEUED)
    submitted_at = models.DateTimeField(help_text=_("When the promise started to run."))
    due_at = models.DateTimeField()
    teacher = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="evaluations"
    )
    work = models.JSONField(null=True, blank=True, editable=False)
    is_remark = models.BooleanField(
        default=False, db_default=False, help_text=_("Nobody who has given marks for it may mark it again.")
    )
    expected_seconds = models.PositiveIntegerField(default=0, help_text=_("Expected marking time with this teacher."))
    assigned_at = models.DateTimeField(null=True, blank=True)
    claimed_at = models.DateTimeField(null=True, blank=True)
    lease_until = models.DateTimeField(null=True, blank=True)
    half_at = models.DateTimeField(null=True, blank=True, help_text=_("When half of the time is used."))
    most_at = models.DateTimeField(null=True, blank=True, help_text=_("When four fifths of the time are used."))
    remind_at = models.DateTimeField(
        null=True, blank=True, help_text=_("When reminders look at it next; empty once everything was told.")
    )
    paused_at = models.DateTimeField(
        null=True, blank=True, help_text=_("Since when the promise waits for the student. It moves when they answer.")
    )
    finalised_at = models.DateTimeField(null=True, blank=True)
    released_at = models.DateTimeField(null=True, blank=True)
    active_seconds = models.PositiveIntegerField(default=0, help_text=_("Time the teacher was busy with it."))
    written_marks = MarksField(null=True, blank=True)
    total_marks = MarksField(null=True, blank=True)
    max_marks = MarksField()
    late_marks = MarksField(_("marks off for being late"), null=True, blank=True, editable=False)

    objects = EvaluationQuerySet.as_manager()

    class Meta:
        verbose_name = _("evaluation")
        ordering = ["-id"]
        indexes = [
            models.Index(fields=["attempt"], name="evaluation_attempt_idx"),
            models.Index(fields=["record"], condition=Q(record__isnull=False), name="evaluation_shares_idx"),
            models.Index(fields=["due_at", "id"], condition=Q(state__in=HELD_STATES), name="evaluation_held_idx"),
            models.Index(fields=["due_at", "id"], condition=Q(state__in=OPEN_STATES), name="evaluation_queue_idx"),
            models.Index(
                fields=["teacher", "due_at"], condition=Q(state__in=OPEN_STATES), name="evaluation_teacher_idx"
            ),
            models.Index(
                fields=["lease_until"], condition=Q(state=EvaluationState.IN_PROGRESS), name="evaluation_lease_idx"
            ),
            models.Index(fields=["teacher", "-finalised_at"], name="evaluation_done_idx"),
            models.Index(fields=["id"], condition=Q(state=EvaluationState.FINALISED), name="evaluation_marked_idx"),
            models.Index(
                fields=["finalised_at"], condition=Q(finalised_at__isnull=False), name="evaluation_finished_idx"
            ),
            models.Index(
                fields=["remind_at", "id"],
                condition=Q(state__in=OPEN_STATES, finalised_at=None, paused_at=None, remind_at__isnull=False),
                name="evaluation_remind_idx",
            ),
            models.Index(
                fields=["id"],
                condition=Q(state__in=OPEN_STATES, finalised_at=None, half_at=None),
                name="evaluation_no_rungs_idx",
            ),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(teacher__isnull=False) | Q(is_shared=True) | Q(state__in=WITHOUT_TEACHER),
                name="evaluation_teacher_known",
            ),
            models.UniqueConstraint(
                fields=["attempt"], condition=Q(role=EvaluationRole.RECORD), name="evaluation_record_unique"
            ),
            models.CheckConstraint(
                condition=Q(role=EvaluationRole.RECORD, record=None)
                | Q(~Q(role=EvaluationRole.RECORD), record__isnull=False),
                name="evaluation_record_known",
            ),
            models.CheckConstraint(
                condition=Q(state=EvaluationState.QUEUED, teacher__isnull=True) | ~Q(state=EvaluationState.QUEUED),
                name="evaluation_queued_unassigned",
            ),
        ]

    def __str__(self) -> str:
        return f"{_('Evaluation')} {self.short_id}"

    def is_late(self, now: datetime) -> bool:
        """Not finished, and the promise has passed."""
        return self.finalised_at is None and self.due_at < (self.paused_at or now)

    @property
    def told_state(self) -> str:
        """As its marker reads it: a seeded script is like any paper."""
        if self.role != EvaluationRole.SEED:
            return self.state
        begun = EvaluationState.IN_PROGRESS if self.lease_until else EvaluationState.ASSIGNED
        known = {EvaluationState.PRACTICE.value: begun, EvaluationState.PRACTISED.value: EvaluationState.FINALISED}
        return known.get(self.state, self.state)

    @property
    def numbers_label(self) -> str:
        """“Q31” or “Q21–25, 31”; empty for a whole paper."""
        return f"Q{ranges_text(self.numbers)}" if self.numbers else ""

    @property
    def short_id(self) -> str:
        """What people say to each other instead of a name: the last eight digits of the id."""
        return str(self.pk)[-8:].upper()


def late_at(now: datetime) -> Q:
    """Papers whose promise has passed; a clock that stands still passes nothing. Clocks stand since before now: so the
    plain moment, which an index knows, comes first."""
    return Q(due_at__lt=now) & Q(due_at__lt=Coalesce("paused_at", Value(now, output_field=models.DateTimeField())))


class OfEvaluationQuerySet(ScopedQuerySet[Any]):
    """Rows that hang on an evaluation and are seen by whoever works on it."""

    def visible_to(self, user: Any) -> Self:
        """Staff and the marker; the student and guardians once it is released."""
        if not user.is_authenticated:
            return self.none()
        if user.is_staff:
            return self
        seen = Evaluation.objects.visible_to(user)
        return self.filter(evaluation__in=seen.filter(Q(teacher=user) | Q(state=EvaluationState.RELEASED)).values("pk"))


class Transition(IdModel):
    """Append-only: every change of state, by whom and why."""

    evaluation = models.ForeignKey(Evaluation, models.PROTECT, related_name="transitions")
    at = models.DateTimeField()
    actor = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+")
    name = models.CharField(max_length=20)
    from_state = models.CharField(max_length=12, blank=True)
    to_state = models.CharField(max_length=12)
    reason = models.CharField(max_length=300, blank=True)

    objects = StaffRowsQuerySet.as_manager()

    class Meta:
        verbose_name = _("transition")
        ordering = ["id"]

    def __str__(self) -> str:
        return f"{self.from_state} → {self.to_state}"


class AssignmentDecision(IdModel):
    """Append-only: who could have had the paper, all that counted then, and why the chosen one was chosen.

    `candidates`: the options of services/choosing as they were, every qualified teacher, those who could have it first
    and the best of them first of all; empty where staff chose. Rows from before options were kept whole have only
    "teacher", "open_papers", "expected_seconds" and "cap" of those who could. `unqualified`: verified teachers who are
    not qualified for the programme.
    """

    evaluation = models.ForeignKey(Evaluation, models.PROTECT, related_name="decisions")
    at = models.DateTimeField()
    chosen = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+")
    candidates = models.JSONField(default=list)
    unqualified = models.IntegerField(null=True, blank=True)
    reason = models.CharField(max_length=300)

    objects = StaffRowsQuerySet.as_manager()

    class Meta:
        verbose_name = _("assignment decision")
        ordering = ["-id"]

    def __str__(self) -> str:
        return self.reason


class SlaBreach(models.Model):
    """A missed promise: one row per evaluation, so it is flagged once however often and concurrently the scan runs."""

    evaluation = models.OneToOneField(Evaluation, models.PROTECT, primary_key=True, related_name="breach")
    due_at = models.DateTimeField()
    flagged_at = models.DateTimeField()

    objects = StaffRowsQuerySet.as_manager()

    class Meta:
        verbose_name = _("SLA breach")
        verbose_name_plural = _("SLA breaches")
        ordering = ["-flagged_at"]
        indexes = [models.Index(fields=["-flagged_at"], name="sla_breach_flagged_idx")]

    def __str__(self) -> str:
        return f"{self.evaluation}: due {self.due_at:%Y-%m-%d %H:%M}"
