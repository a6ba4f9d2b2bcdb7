"""The Celery application of the worker that test_worker.py starts and kills."""

import json
import os
import time

from celery import Celery
from django.db import connection

import common.broker.transport  # noqa: F401 - registers djangodb://

app = Celery("broker_test", broker="djangodb://", set_as_current=False)
app.conf.update(
    task_acks_late=True,
    task_reject_on_worker_lost=True,
    task_ignore_result=True,
    worker_prefetch_multiplier=1,
    broker_connection_retry_on_startup=True,
    broker_transport_options=json.loads(os.environ.get("BROKER_TEST_OPTIONS", "{}")),
)


@app.task
def record(number: int, seconds: float) -> None:
    """Note the start, work for `seconds`, note the effect; both tables may hear the same number twice."""
    with connection.cursor() as cursor:
        cursor.execute("INSERT INTO broker_test_start (number, at) VALUES (%s, %s)", [number, time.time()])
    time.sleep(seconds)
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO broker_test_effect (number, at) VALUES (%s, %s) ON CONFLICT DO NOTHING", [number, time.time()]
        )


@app.task
def spawn(number: int) -> None:
    """Publish the next task from inside a task, as the product's own tasks do."""
    record.delay(number, 0)
