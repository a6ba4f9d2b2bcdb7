from django.apps import AppConfig

# Loaded with the app registry, so that every @shared_task binds to this Celery app; the package itself stays free of
# Django and Celery for the supervisor, which must start before either.
from config.celery import app as celery_app


class ConfigConfig(AppConfig):
    name = "config"
    label = "config"


__all__ = ["ConfigConfig", "celery_app"]
