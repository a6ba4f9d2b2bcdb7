"""Calibration: scripts with agreed marks, what teachers made of them, and whether they may mark an exam."""

from __future__ import annotations

from typing import Any, Self

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from assessments.models import PaperQuestion
from common.models import IdModel, MarksField, ScopedQuerySet
from evaluations.enums import RoundState, ScriptState, ScriptUse, StandingState
from evaluations.models.checks import ExamChecks
from evaluations.models.evaluation import Evaluation, moderated_exams
from evaluations.models.groups import ranges_text

STANDING_SCRIPT = Q(state__in=[ScriptState.DRAFT, ScriptState.READY])


class OfChecksQuerySet(ScopedQuerySet[Any]):
    """Rows of an exam's calibration: staff and the exam's moderators."""

    #: The lookup of the checks.
    to_checks = "checks"

    def visible_to(self, user: Any) -> Self:
        if not user.is_authenticated:
            return self.none()
        return self if user.is_staff else self.filter(**{f"{self.to_checks}__in": moderated_exams(user)})


class OfScriptQuerySet(OfChecksQuerySet):
    to_checks = "script__checks"


class OwnOrChecksQuerySet(OfChecksQuerySet):
    """The teacher's own too."""

    def visible_to(self, user: Any) -> Self:
        if not user.is_authenticated or user.is_staff:
            return super().visible_to(user)
        return self.filter(Q(**{f"{self.to_checks}__in": moderated_exams(user)}) | Q(teacher=user))


class OwnPaperQuerySet(OwnOrChecksQuerySet):
    to_checks = "script__checks"


class OwnPairQuerySet(OwnOrChecksQuerySet):
    to_checks = "paper__script__checks"


class CalibrationScript(IdModel):
    """A marked paper, or some `numbers` of it, with reference marks (`CalibrationMark`). Once it is READY nothing of it
    changes any more: another reference is another script."""

    checks = models.ForeignKey(ExamChecks, models.PROTECT, related_name="scripts")
    record = models.ForeignKey(Evaluation, models.PROTECT, related_name="scripts")
    numbers = models.JSONField(_("questions"), null=True, blank=True, help_text=_("Empty: all of the paper."))
    use = models.CharField(_("used"), max_length=8, choices=ScriptUse.choices, default=ScriptUse.PRACTICE)
    state = models.CharField(_("state"), max_length=8, choices=ScriptState.choices, default=ScriptState.DRAFT)
    chosen_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("by"))
    chosen_at = models.DateTimeField(_("chosen"))

    objects = OfChecksQuerySet.as_manager()

    class Meta:
        verbose_name = _("calibration script")
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(fields=["checks", "record"], condition=STANDING_SCRIPT, name="script_once_in_use")
        ]

    def __str__(self) -> str:
        return f"{_('Script')} {self.record.short_id}"

    @property
    def numbers_label(self) -> str:
        return f"Q{ranges_text(self.numbers)}" if self.numbers else ""


class CalibrationMark(IdModel):
    """The reference marks of one question of a script. `steps`: as of a mark; empty where they are free. `words`:
    why."""

    script = models.ForeignKey(CalibrationScript, models.CASCADE, related_name="marks")
    question = models.ForeignKey(PaperQuestion, models.PROTECT, related_name="+")
    marks = MarksField()
    steps = models.JSONField(default=dict)
    words = models.CharField(max_length=500, blank=True)

    objects = OfScriptQuerySet.as_manager()

    class Meta:
        verbose_name = _("reference mark")
        ordering = ["script", "question__number", "question__alternative"]
        constraints = [models.UniqueConstraint(fields=["script", "question"], name="reference_mark_unique")]

    def __str__(self) -> str:
        return f"{self.question}: {self.marks}"


class PracticeRound(IdModel):
    """One try of a teacher at the practice papers of an exam. `share`: of its questions within the tolerance, `bias`:
    marks given less reference marks over the marks of all questions; both in per cent, null until it is over."""

    checks = models.ForeignKey(ExamChecks, models.PROTECT, related_name="rounds")
    teacher = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="practice_rounds")
    number = models.PositiveSmallIntegerField()
    state = models.CharField(max_length=8, choices=RoundState.choices, default=RoundState.OPEN)
    started_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, blank=True)
    share = models.FloatField(null=True, blank=True)
    bias = models.FloatField(null=True, blank=True)

    objects = OwnOrChecksQuerySet.as_manager()

    class Meta:
        verbose_name = _("practice round")
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(fields=["checks", "teacher", "number"], name="practice_round_unique"),
            models.UniqueConstraint(
                fields=["checks", "teacher"], condition=Q(state=RoundState.OPEN), name="practice_round_one_open"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.checks}: {self.number}"


class PracticePaper(IdModel):
    """A script with one teacher: `evaluation` is where it is marked. `round` is empty for a seed. `questions` that both
    have marked, `within` of them within the tolerance, and `bias` as of a round, once it is finished."""

    evaluation = models.OneToOneField(Evaluation, models.PROTECT, related_name="practice")
    script = models.ForeignKey(CalibrationScript, models.PROTECT, related_name="papers")
    teacher = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="practice_papers")
    round = models.ForeignKey(PracticeRound, models.PROTECT, null=True, blank=True, related_name="papers")
    given_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True, blank=True)
    questions = models.PositiveSmallIntegerField(null=True, blank=True)
    within = models.PositiveSmallIntegerField(null=True, blank=True)
    bias = models.FloatField(null=True, blank=True)

    objects = OwnPaperQuerySet.as_manager()

    class Meta:
        verbose_name = _("practice paper")
        ordering = ["id"]
        indexes = [models.Index(fields=["teacher", "finished_at"], name="practice_paper_done_idx")]
        constraints = [
            models.UniqueConstraint(fields=["round", "script"], name="practice_paper_unique"),
            models.UniqueConstraint(
                fields=["teacher", "script"], condition=Q(round__isnull=True), name="seeded_script_once"
            ),
        ]

    def __str__(self) -> str:
        return str(self.script)


class CalibrationPair(IdModel):
    """Append-only: what a teacher gave to an answer and what its reference says, as both were then."""

    paper = models.ForeignKey(PracticePaper, models.PROTECT, related_name="pairs")
    question = models.ForeignKey(PaperQuestion, models.PROTECT, related_name="+")
    teacher = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    given = MarksField()
    reference = MarksField()
    max_marks = MarksField()
    is_within = models.BooleanField()
    at = models.DateTimeField()

    objects = OwnPairQuerySet.as_manager()

    class Meta:
        verbose_name = _("mark beside its reference")
        verbose_name_plural = _("marks beside their reference")
        ordering = ["-at"]
        indexes = [
            models.Index(fields=["teacher", "at"], name="calibration_pair_marker_idx"),
            models.Index(fields=["at"], name="calibration_pair_at_idx"),
        ]
        constraints = [models.UniqueConstraint(fields=["paper", "question"], name="calibration_pair_unique")]

    def __str__(self) -> str:
        return f"{self.question}: {self.given}, {self.reference}"


class MarkerStanding(IdModel):
    """How a teacher stands with an exam: whether they have practised, and whether they are paused. `reason` and `by`
    are of the last change by a person. `watched_from`: the control chart begins there."""

    checks = models.ForeignKey(ExamChecks, models.PROTECT, related_name="standings")
    teacher = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="standings")
    state = models.CharField(_("state"), max_length=12, choices=StandingState.choices, default=StandingState.PRACTISING)
    paused_at = models.DateTimeField(_("paused"), null=True, blank=True)
    reason = models.CharField(_("reason"), max_length=300, blank=True)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+")
    rounds_from = models.PositiveSmallIntegerField(default=0, help_text=_("Rounds up to this one count no more."))
    watched_from = models.DateTimeField(null=True, blank=True)
    updated_at = models.DateTimeField(_("changed"))

    objects = OwnOrChecksQuerySet.as_manager()

    class Meta:
        verbose_name = _("standing of a marker")
        verbose_name_plural = _("standings of markers")
        ordering = ["checks", "teacher__name"]
        constraints = [models.UniqueConstraint(fields=["checks", "teacher"], name="marker_standing_unique")]

    def __str__(self) -> str:
        return f"{self.teacher}: {self.get_state_display()}"
