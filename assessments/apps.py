from django.apps import AppConfig


class AssessmentsConfig(AppConfig):
    name = "assessments"
    label = "assessments"

    def ready(self) -> None:
        # Models must be loaded first; the receivers connect as they are imported.
        from assessments import receivers  # noqa: F401
        from assessments.services import own_data, retention

        own_data.contribute()
        retention.contribute()
