"""What Celery's beat starts, and how often."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from celery.schedules import crontab

SWEEPS: dict[str, dict[str, Any]] = {
    # With the grace of 15 s for the network, an attempt is submitted within 20 s of its deadline.
    "close-overdue-attempts": {
        "task": "assessments.close_overdue_attempts",
        "schedule": timedelta(seconds=2),
        "options": {"expires": 6},
    },
    "hand-in-overdue-sheets": {"task": "assessments.hand_in_overdue_sheets", "schedule": timedelta(seconds=30)},
    "process-waiting-sheets": {"task": "assessments.process_waiting_sheets", "schedule": timedelta(minutes=1)},
    "count-item-statistics": {"task": "assessments.count_item_statistics", "schedule": timedelta(minutes=1)},
    "prune-external-deliveries": {
        "task": "assessments.prune_external_deliveries",
        "schedule": timedelta(hours=1),
    },
    "prune-flight-records": {
        "task": "assessments.prune_flight_records",
        "schedule": crontab(hour="2", minute="40"),
    },
    "tend-question-files": {"task": "assessments.tend_question_files", "schedule": timedelta(minutes=1)},
    "tend-scans": {"task": "assessments.tend_scans", "schedule": timedelta(minutes=1)},
    "complete-missed-lessons": {"task": "assessments.complete_missed_lessons", "schedule": timedelta(minutes=10)},
    "tell-missed-scores": {"task": "assessments.tell_missed_scores", "schedule": timedelta(minutes=10)},
    "complete-missed-passes": {"task": "evaluations.complete_missed_passes", "schedule": timedelta(minutes=10)},
    "publish-due-courses": {"task": "courses.publish_due_courses", "schedule": timedelta(minutes=1)},
    "tend-recounts": {"task": "courses.tend_recounts", "schedule": timedelta(minutes=1)},
    "make-waiting-marked-papers": {
        "task": "evaluations.make_waiting_marked_papers",
        "schedule": timedelta(minutes=1),
    },
    "forget-marked-papers": {"task": "evaluations.forget_marked_papers", "schedule": crontab(hour="3", minute="10")},
    "open-missing-evaluations": {"task": "evaluations.open_missing_evaluations", "schedule": timedelta(minutes=1)},
    "assign-waiting": {"task": "evaluations.assign_waiting", "schedule": timedelta(minutes=1)},
    "lapse-idle-claims": {"task": "evaluations.lapse_idle_claims", "schedule": timedelta(minutes=1)},
    "close-overdue-pictures": {"task": "evaluations.close_overdue_pictures", "schedule": timedelta(minutes=1)},
    # A play of ten thousand papers takes a second or two.
    "warn-of-breaches": {"task": "evaluations.warn_of_breaches", "schedule": timedelta(minutes=2)},
    "remind": {"task": "evaluations.remind", "schedule": timedelta(minutes=1)},
    "price-finished": {"task": "evaluations.price_finished", "schedule": timedelta(minutes=10)},
    "price-all-finished": {"task": "evaluations.price_all_finished", "schedule": timedelta(hours=24)},
    "remind-of-bookings": {"task": "evaluations.remind_of_bookings", "schedule": timedelta(minutes=5)},
    "rebalance": {"task": "evaluations.rebalance", "schedule": timedelta(minutes=1)},
    "tend-practice": {"task": "evaluations.tend_practice", "schedule": timedelta(minutes=5)},
    "continue-schemes": {"task": "evaluations.continue_schemes", "schedule": timedelta(minutes=1)},
    "drop-late-seconds": {"task": "evaluations.drop_late_seconds", "schedule": timedelta(minutes=5)},
    "scan-breaches": {"task": "evaluations.scan_breaches", "schedule": crontab(minute="*/15")},
    # Retries, and what a killed worker dropped; what happens is sent at once.
    "send-webhooks": {"task": "notifications.send_webhooks", "schedule": timedelta(minutes=1)},
    "prune-webhooks": {"task": "notifications.prune_webhooks", "schedule": timedelta(minutes=10)},
    "send-waiting-mail": {"task": "notifications.send_waiting_mail", "schedule": timedelta(minutes=1)},
    "send-digests": {"task": "notifications.send_digests", "schedule": timedelta(minutes=2)},
    "send-waiting-pushes": {"task": "notifications.send_waiting_pushes", "schedule": timedelta(minutes=1)},
    "prune-outbox": {"task": "notifications.prune_outbox", "schedule": crontab(hour="2", minute="50")},
    "tend-personal-data": {"task": "accounts.tend_personal_data", "schedule": timedelta(minutes=5)},
    "run-retention": {"task": "accounts.run_retention", "schedule": crontab(hour="3", minute="50")},
    "seal-audit": {"task": "accounts.seal_audit", "schedule": timedelta(minutes=1)},
    "clear-sessions": {"task": "accounts.clear_expired_sessions", "schedule": crontab(hour="3", minute="30")},
}


def beat_schedule() -> dict[str, dict[str, Any]]:
    """CELERY_BEAT_SCHEDULE. A sweep that waited for a worker is as good as the next one, so none pile up behind other
    work."""
    return {name: _expiring(sweep) for name, sweep in SWEEPS.items()}


def _expiring(sweep: dict[str, Any]) -> dict[str, Any]:
    if not isinstance(sweep["schedule"], timedelta):
        return sweep
    return {"options": {"expires": int(sweep["schedule"].total_seconds())}, **sweep}
