"""The Celery application. Importing it also names the database transport of the embedded default."""

import os

from celery import Celery

import common.broker.transport  # noqa: F401 - teaches kombu the address djangodb://

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings.dev")
# `prepare` has run Django's checks, which load every page: without them a killed worker is back a second sooner.
os.environ.setdefault("CELERY_SKIP_CHECKS", "1")

app = Celery("abhyas")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
