"""Background work of evaluations: one service call each, repeatable."""

from celery import shared_task
from django.utils import timezone


@shared_task(name="evaluations.open_missing_evaluations")
def open_missing_evaluations() -> int:
    """Opens what a lost delivery left unopened."""
    from evaluations.services.opening import open_missing_evaluations

    return open_missing_evaluations(now=timezone.now())


@shared_task(name="evaluations.assign_waiting")
def assign_waiting() -> int:
    """Tries again to find a teacher for every waiting paper."""
    from evaluations.services.assignment import assign_waiting

    return assign_waiting(now=timezone.now())


@shared_task(name="evaluations.lapse_idle_claims")
def lapse_idle_claims() -> int:
    """Lets go of claims without a sign of work."""
    from evaluations.services.claims import lapse_idle_claims

    return lapse_idle_claims(now=timezone.now())


@shared_task(name="evaluations.close_overdue_pictures")
def close_overdue_pictures() -> int:
    """Ends the waiting for pictures that did not come."""
    from evaluations.services.pictures import close_overdue_pictures

    return close_overdue_pictures(now=timezone.now())


@shared_task(name="evaluations.scan_breaches")
def scan_breaches() -> int:
    """Flags missed promises."""
    from evaluations.services.breaches import scan_breaches

    return scan_breaches(now=timezone.now())


@shared_task(name="evaluations.warn_of_breaches")
def warn_of_breaches() -> int:
    """Refreshes the forecast of the queue and warns of promises that will probably be missed."""
    from evaluations.services.breach_warnings import warn_of_breaches

    return warn_of_breaches(now=timezone.now())


@shared_task(name="evaluations.remind")
def remind() -> int:
    """Reminds teachers of papers whose time runs out, and seeks help for those that are not begun."""
    from evaluations.services.reminders import remind

    return remind(now=timezone.now())


@shared_task(name="evaluations.rebalance")
def rebalance() -> int:
    """Gives papers of teachers who are away until their due day to others."""
    from evaluations.services.rebalancing import rebalance

    return rebalance(now=timezone.now())
