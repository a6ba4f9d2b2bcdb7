"""The Celery application. Importing it also names the database transport of the embedded default."""

import os

from celery import Celery

import common.broker.transport  # noqa: F401 - teaches kombu the address djangodb://

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings.dev")

app = Celery("abhyas")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
