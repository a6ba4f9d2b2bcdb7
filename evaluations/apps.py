from django.apps import AppConfig


class EvaluationsConfig(AppConfig):
    name = "evaluations"
    label = "evaluations"

    def ready(self) -> None:
        from evaluations import receivers  # noqa: F401 - connects the receivers; models must be loaded first
        from evaluations.services import own_data

        own_data.contribute()
