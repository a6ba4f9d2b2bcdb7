from django.apps import AppConfig


class BrokerConfig(AppConfig):
    """The embedded message queue: one table, used when the broker address is `djangodb://`."""

    name = "common.broker"
    label = "broker"
    verbose_name = "Message queue"
    default_auto_field = "django.db.models.BigAutoField"
