"""Facts announced upwards. See docs/architecture.md: calls go down, facts go up."""

import structlog
from django.db import transaction
from django.dispatch import Signal

log = structlog.get_logger(__name__)


def announce(fact: Signal, **ids: object) -> None:
    """Sends `fact` with `ids` after the surrounding transaction commits.

    A receiver's failure is logged and never reaches the announcer: whatever must not be lost is also a row, which a
    periodic task finds and finishes.
    """

    def send() -> None:
        for receiver, result in fact.send_robust(sender=None, **ids):
            if isinstance(result, Exception):
                log.error(
                    "receiver_failed", receiver=getattr(receiver, "__qualname__", repr(receiver)), exc_info=result
                )

    transaction.on_commit(send, robust=True)
