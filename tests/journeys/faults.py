"""What has become of papers after everything failed, and time that passes while nobody looks.

`python -m tests.journeys.faults age '{"<evaluation>": "most_at"}'`: the moment named of each paper was an hour ago, and
no beat has run for two. `… again`: every periodic task of deadlines and mail once more, in this process. `… told
<programme>`: what was done and told about its papers, as JSON. All in the product's environment.
"""

from __future__ import annotations

import json
import sys
from datetime import timedelta
from typing import Any

import django

django.setup()

from django.db.models import F  # noqa: E402
from django.utils import timezone  # noqa: E402
from django_celery_beat.models import PeriodicTask  # noqa: E402

from accounts.models import AuditEvent  # noqa: E402
from assessments import tasks as assessing  # noqa: E402
from evaluations import tasks  # noqa: E402
from evaluations.models import Evaluation, Reminder, SlaBreach, Transition  # noqa: E402
from evaluations.services.transitions import RULES  # noqa: E402
from notifications import tasks as telling  # noqa: E402
from notifications.models import Notification  # noqa: E402
from tests.journeys.facts import _mails as mails_of  # noqa: E402

HOUR, AWAY = timedelta(hours=1), timedelta(hours=2)
MOMENTS = ("submitted_at", "assigned_at", "half_at", "most_at", "due_at", "remind_at")


def age(wanted: dict[str, str]) -> None:
    for pk, name in wanted.items():
        paper = Evaluation.objects.get(pk=pk)
        by = getattr(paper, name) - (timezone.now() - HOUR)
        Evaluation.objects.filter(pk=pk).update(**{field: F(field) - by for field in MOMENTS})
    PeriodicTask.objects.update(last_run_at=timezone.now() - AWAY)


def again() -> None:
    assessing.close_overdue_attempts()
    tasks.open_missing_evaluations()
    tasks.assign_waiting()
    tasks.lapse_idle_claims()
    tasks.rebalance()
    tasks.remind()
    tasks.scan_breaches()
    telling.send_waiting_mail()


def told(programme: str) -> dict[str, Any]:
    """By evaluation. `news`: (person, kind) of every notification; `mails`: how often each e-mail of them was sent."""
    found = {}
    for paper in Evaluation.objects.filter(attempt__exam__programme=programme):
        reminders = list(Reminder.objects.filter(evaluation=paper).values_list("rung", "teacher__email", "is_told"))
        causes = [f"breach:{paper.pk}", *(f"reminder:{row.pk}" for row in paper.reminders.all())]
        news = Notification.objects.filter(cause__in=causes)
        sent = mails_of({str(pk) for pk in news.values_list("pk", flat=True)})
        found[str(paper.pk)] = {
            "state": paper.state,
            "teacher": paper.teacher.email if paper.teacher else None,
            "replayed": _replayed(paper),
            "handed_over": Transition.objects.filter(evaluation=paper, name="reassign").count(),
            "reminders": sorted(map(list, reminders), key=str),
            "breaches": SlaBreach.objects.filter(evaluation=paper).count(),
            "audited": AuditEvent.objects.filter(object_id=str(paper.pk), action="evaluation.breached").count(),
            "news": sorted([row.user.email, row.kind] for row in news.select_related("user")),
            "waiting": news.filter(mail_state="waiting").count(),
            "wanted_mails": sorted(str(pk) for pk in news.exclude(mail_state="none").values_list("pk", flat=True)),
            "mails": sent,
        }
    return found


def _replayed(paper: Evaluation) -> str:
    """The state that the recorded transitions lead to; each must be allowed from where the one before led."""
    state = ""
    for row in paper.transitions.order_by("id"):
        assert row.from_state == state, row.name
        assert state in RULES[row.name].sources, row.name
        state = row.to_state
    return state


if __name__ == "__main__":
    if sys.argv[1] == "age":
        age(json.loads(sys.argv[2]))
    elif sys.argv[1] == "again":
        again()
    else:
        print(json.dumps(told(sys.argv[2])))
