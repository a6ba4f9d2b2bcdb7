from django.apps import AppConfig


class NotificationsConfig(AppConfig):
    name = "notifications"
    label = "notifications"

    def ready(self) -> None:
        from notifications import receivers  # noqa: F401 - connects the receivers
        from notifications.services import own_data

        own_data.contribute()
