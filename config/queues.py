"""Which queue each task waits in: the one place that says what is more urgent than what.

A worker takes from its queues in the order in which they are named to it; the one worker of `make run` takes from all
of them, in the order below. Everything but deadlines leaves it one thread, so a deadline never waits for other work.
"""

from kombu import Exchange, Queue

#: Most urgent first.
PLACES: dict[str, tuple[str, ...]] = {
    # What ends or is said at a moment that was promised. Short sweeps.
    "deadlines": (
        "accounts.seal_audit",
        "assessments.close_overdue_attempts",
        "assessments.hand_in_overdue_sheets",
        "courses.publish_due_courses",
        "evaluations.close_overdue_pictures",
        "evaluations.lapse_idle_claims",
        "evaluations.remind",
        "evaluations.remind_of_bookings",
        "evaluations.scan_breaches",
    ),
    # Papers find their teachers: seconds, and with a very long queue most of a minute.
    "assignment": (
        "evaluations.assign_waiting",
        "evaluations.open_missing_evaluations",
        "evaluations.rebalance",
        "evaluations.drop_late_seconds",
        "evaluations.tend_practice",
        "evaluations.warn_of_breaches",
    ),
    # Waiting for mail servers and the push services of browsers.
    "mail": (
        "notifications.send_digests",
        "notifications.send_mail",
        "notifications.send_mails",
        "notifications.send_pushes",
        "notifications.send_waiting_mail",
        "notifications.send_waiting_pushes",
    ),
    # Waiting for servers of others, ten seconds each.
    "outgoing": ("notifications.send_webhooks",),
    # Seconds of a processor for each page.
    "sheets": ("assessments.process_sheet", "assessments.process_waiting_sheets"),
    # Minutes of a processor or of the database; nobody is promised when.
    "bulk": (
        "accounts.clear_expired_sessions",
        "accounts.make_export",
        "accounts.run_retention",
        "accounts.tend_personal_data",
        "assessments.complete_missed_lessons",
        "assessments.tell_missed_scores",
        "assessments.count_item_statistics",
        "assessments.prune_external_deliveries",
        "assessments.prune_flight_records",
        "assessments.tend_question_files",
        "assessments.tend_scans",
        "assessments.work_on_question_file",
        "assessments.work_on_scan",
        "courses.recount_progress",
        "courses.tend_recounts",
        "evaluations.complete_missed_passes",
        "evaluations.continue_schemes",
        "evaluations.follow_scheme",
        "evaluations.forget_marked_papers",
        "evaluations.make_marked_paper",
        "evaluations.price_all_finished",
        "evaluations.price_finished",
        "evaluations.make_waiting_marked_papers",
        "notifications.prune_outbox",
        "notifications.prune_webhooks",
    ),
}
URGENT, *OTHERS = PLACES

# Each its own exchange and key: two queues sharing them would each get every message.
QUEUES = [Queue(name, Exchange(name), routing_key=name) for name in PLACES]
ROUTES = {task: {"queue": name} for name, tasks in PLACES.items() for task in tasks}


def transport_options(broker_url: str) -> dict[str, object]:
    """How a worker reads its queues."""
    if broker_url.startswith("djangodb"):
        return {"lease": 30, "spare": [URGENT]}
    return {
        "queue_order_strategy": "priority",
        "visibility_timeout": 900,
        # Without these two a killed worker's tasks were still missing after a minute.
        "unacked_restore_interval": 1,
        "unacked_restore_throttle": 1,
        # Who enqueues does not wait for a Redis that is away: one more try, at once, as a connection that was open when
        # it was restarted fails once (kombu's own tries take six seconds). Workers have tries of their own.
        "max_retries": 1,
        "interval_start": 0,
        "interval_step": 0,
        "socket_connect_timeout": 1,
        # Above the second for which a worker waits for the next task.
        "socket_timeout": 5,
    }
