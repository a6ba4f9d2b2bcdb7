"""The Celery application. Importing it also names the database transport of the embedded default."""

import os
from time import monotonic
from typing import Any

from celery import Celery, Task
from kombu.exceptions import OperationalError

import common.broker.transport  # noqa: F401 - teaches kombu the address djangodb://

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings.dev")
# `prepare` has run Django's checks, which load every page: without them a killed worker is back a second sooner.
os.environ.setdefault("CELERY_SKIP_CHECKS", "1")

ASK_AGAIN = 5.0  # seconds


class SteadyTask(Task):  # type: ignore[type-arg] # Celery says what it is generic over only to checkers
    """Nobody waits for a broker that cannot be reached: what was not enqueued is found by its periodic task."""

    _lost_until = 0.0  # of the whole process

    def apply_async(self, *args: Any, **options: Any) -> Any:
        """Raises kombu's OperationalError at once while the broker was away a moment ago."""
        if monotonic() < SteadyTask._lost_until:
            raise OperationalError("The broker could not be reached a moment ago.")
        try:
            return super().apply_async(*args, **{"retry": False} | options)
        except OperationalError:
            SteadyTask._lost_until = monotonic() + ASK_AGAIN
            raise


app = Celery("abhyas", task_cls=SteadyTask)
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
