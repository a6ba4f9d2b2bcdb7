"""Marking schemes that were changed after marking had begun, exam by exam."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from assessments.models import Exam, PaperQuestion, QuestionVersion
from common.models import IdModel
from evaluations.models.evaluation import Evaluation
from evaluations.models.groups import StaffRowsQuerySet


class SchemeRevision(IdModel):
    """Append-only: the whole scheme of a question as one exam marks it from `at` on. Of several the highest `number`.

    `steps`, in order: [{"id": a MarkingStep's, "part", "alternative", "kind", "text", "html", "marks": "1.5",
    "follows": [1], "method": 1}]. `is_given`: everybody has the marks of the question. `asks_again`: marked answers are
    looked at again for steps that are new. `may_lower`: marks of papers that are back may fall, too.
    """

    exam = models.ForeignKey(Exam, models.PROTECT, related_name="scheme_revisions")
    version = models.ForeignKey(QuestionVersion, models.PROTECT, related_name="+")
    number = models.PositiveSmallIntegerField()
    steps = models.JSONField(default=list)
    is_given = models.BooleanField(_("marks given to everybody"), default=False)
    asks_again = models.BooleanField(_("marked answers are looked at again"), default=False)
    may_lower = models.BooleanField(_("marks may fall"), default=False)
    reason = models.CharField(_("reason"), max_length=1000)
    actor = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    at = models.DateTimeField()

    objects = StaffRowsQuerySet.as_manager()

    class Meta:
        verbose_name = _("changed marking scheme")
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(fields=["exam", "version", "number"], name="scheme_revision_unique"),
            models.CheckConstraint(condition=Q(number__gte=1), name="scheme_revision_numbered"),
        ]

    def __str__(self) -> str:
        return f"{self.exam}: {self.version}, {self.number}"


class SchemeRun(models.Model):
    """How far the marks of an exam follow a revision. `seen` is the last evaluation brought up to it: their ids
    follow time. `raised`, `lowered` and `kept` count marks of records, `kept` those that would have been lower."""

    revision = models.OneToOneField(SchemeRevision, models.PROTECT, primary_key=True, related_name="run")
    seen = models.UUIDField(null=True, blank=True)
    done = models.PositiveIntegerField(default=0)
    total = models.PositiveIntegerField(default=0)
    raised = models.PositiveIntegerField(default=0)
    lowered = models.PositiveIntegerField(default=0)
    kept = models.PositiveIntegerField(default=0)
    finished_at = models.DateTimeField(null=True, blank=True)

    objects = StaffRowsQuerySet.as_manager()

    class Meta:
        verbose_name = _("run of a changed scheme")
        indexes = [models.Index(fields=["revision"], condition=Q(finished_at=None), name="scheme_run_open_idx")]

    def __str__(self) -> str:
        return f"{self.revision}: {self.done}/{self.total}"


class SchemeLook(IdModel):
    """A marked answer that somebody looks at again, because its scheme has a new step. Open until `closed_at`: the
    marker saved the question or said that it stays; of a paper that is back a re-check was opened, or cannot be."""

    revision = models.ForeignKey(SchemeRevision, models.PROTECT, related_name="looks")
    evaluation = models.ForeignKey(Evaluation, models.PROTECT, related_name="scheme_looks")
    question = models.ForeignKey(PaperQuestion, models.PROTECT, related_name="+")
    closed_at = models.DateTimeField(null=True, blank=True)
    closed_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+")

    objects = StaffRowsQuerySet.as_manager()

    class Meta:
        verbose_name = _("answer to look at again")
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(fields=["revision", "evaluation", "question"], name="scheme_look_unique")
        ]
        indexes = [models.Index(fields=["evaluation"], condition=Q(closed_at=None), name="scheme_look_open_idx")]

    def __str__(self) -> str:
        return f"{self.evaluation}: {self.question}"
