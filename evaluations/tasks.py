"""Background work of evaluations: one service call each, repeatable."""

from uuid import UUID

from botocore.exceptions import BotoCoreError, ClientError
from celery import shared_task
from django.utils import timezone

# Storage that does not answer now may answer soon.
STORAGE_ERRORS = (OSError, BotoCoreError, ClientError)


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
    """Gives papers of teachers who are away until their due day, or may not begin them any more, to others."""
    from evaluations.services.rebalancing import rebalance

    return rebalance(now=timezone.now())


@shared_task(name="evaluations.tend_practice")
def tend_practice() -> int:
    """Takes back seeded scripts that were not begun in time, and pages that a student does not agree to any more."""
    from evaluations.services.seeding import tend_practice

    return tend_practice(now=timezone.now())


@shared_task(name="evaluations.drop_late_seconds")
def drop_late_seconds() -> int:
    """Leaves out second markings that nobody has begun in time."""
    from evaluations.services.second_marking import drop_late_seconds

    return drop_late_seconds(now=timezone.now())


@shared_task(
    name="evaluations.make_marked_paper",
    autoretry_for=STORAGE_ERRORS,
    retry_backoff=2,
    retry_backoff_max=60,
    max_retries=3,
)
def make_marked_paper(paper_id: str) -> str:
    """Draws a marked paper as a file."""
    from evaluations.services.marked_papers import make_marked_paper

    return make_marked_paper(paper_id=UUID(paper_id), now=timezone.now())


@shared_task(name="evaluations.forget_marked_papers")
def forget_marked_papers() -> int:
    """Deletes files of marked papers that are kept long enough."""
    from evaluations.services.marked_papers import forget_marked_papers

    return forget_marked_papers(now=timezone.now())


@shared_task(name="evaluations.make_waiting_marked_papers")
def make_waiting_marked_papers() -> int:
    """Finds marked papers whose task was lost."""
    from evaluations.services.marked_papers import make_waiting_marked_papers

    return make_waiting_marked_papers(now=timezone.now())


@shared_task(name="evaluations.remind_of_bookings")
def remind_of_bookings() -> int:
    """Reminds people of hours with teachers that begin soon."""
    from evaluations.services.booking_reminders import remind_of_bookings

    return remind_of_bookings(now=timezone.now())


@shared_task(name="evaluations.price_finished")
def price_finished() -> int:
    """Finds finished work of the last days that is not in the books."""
    from evaluations.services.earnings import price_finished

    return price_finished(now=timezone.now()).made


@shared_task(name="evaluations.price_all_finished")
def price_all_finished() -> int:
    """The same for all the time for which there are rates."""
    from evaluations.services.earnings import price_finished

    return price_finished(now=timezone.now(), everything=True).made


@shared_task(name="evaluations.follow_scheme")
def follow_scheme(revision_id: str) -> int:
    """Brings the marks of an exam up to a changed scheme."""
    from evaluations.services.scheme_runs import follow_scheme

    return follow_scheme(revision_id=UUID(revision_id), now=timezone.now())


@shared_task(name="evaluations.continue_schemes")
def continue_schemes() -> int:
    """Finishes what a lost task left of changed schemes."""
    from evaluations.services.scheme_runs import continue_schemes

    return continue_schemes(now=timezone.now())


@shared_task(name="evaluations.complete_missed_passes")
def complete_missed_passes() -> int:
    """Completes lessons of courses whose paper was passed."""
    from evaluations.services.course_lessons import complete_missed_passes

    return complete_missed_passes(now=timezone.now())
