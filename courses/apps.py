from django.apps import AppConfig


class CoursesConfig(AppConfig):
    name = "courses"
    label = "courses"

    def ready(self) -> None:
        # Models must be loaded first.
        from courses.services import own_data

        own_data.contribute()
