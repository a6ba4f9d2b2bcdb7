"""What staff set up: external tools and what is to be done there. Saved with their audit event."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from django.db import transaction

from accounts.models import User
from accounts.services.audit import record_event
from accounts.services.office import save_row
from assessments.models import ExternalAssessment, ExternalTool
from assessments.services.external_launches import check_launch_url
from assessments.services.external_secrets import rotate_secret
from courses.models import Cohort

TOOL_FIELDS = ("name", "launch_url", "share_name", "share_email", "is_active")
ASSESSMENT_FIELDS = (
    "tool_id", "title", "programme_id", "chapter_id", "resource", "max_score", "pass_percent", "opens_at", "closes_at",
    "is_published",
)  # fmt: skip


def save_tool(*, tool: ExternalTool, actor: User, now: datetime) -> str:
    """Saves a tool. Returns the signing secret of a new one, to be shown once; of a known one ""."""
    check_launch_url(tool.launch_url)
    with transaction.atomic():
        old = ExternalTool.objects.select_for_update(of=("self",)).filter(pk=tool.pk).first()
        before = {name: getattr(old, name) for name in TOOL_FIELDS} if old else {}
        after = {name: getattr(tool, name) for name in TOOL_FIELDS}
        save_row(row=tool, before=before, after=after, actor=actor, now=now)
        return "" if old else rotate_secret(tool=tool, grace_hours=0, actor=actor, now=now)


def save_external_assessment(*, assessment: ExternalAssessment, actor: User, now: datetime) -> ExternalAssessment:
    """Saves what is set at a tool. Results that have come keep the maximum they came with."""
    with transaction.atomic():
        old = ExternalAssessment.objects.select_for_update(of=("self",)).filter(pk=assessment.pk).first()
        before = {name: getattr(old, name) for name in ASSESSMENT_FIELDS} if old else {}
        after = {name: getattr(assessment, name) for name in ASSESSMENT_FIELDS}
        save_row(row=assessment, before=before, after=after, actor=actor, now=now)
    return assessment


def set_external_cohorts(
    *, assessment: ExternalAssessment, cohorts: Collection[Cohort], actor: User, now: datetime
) -> None:
    """Sets it for exactly these cohorts."""
    with transaction.atomic():
        ExternalAssessment.objects.select_for_update(of=("self",)).get(pk=assessment.pk)
        before, after = set(assessment.cohorts.values_list("pk", flat=True)), {cohort.pk for cohort in cohorts}
        if before != after:
            assessment.cohorts.set(cohorts)
            record_event(
                actor=actor,
                action="externalassessment.cohorts_changed",
                obj=assessment,
                before={"cohorts": before},
                after={"cohorts": after},
                now=now,
            )
