from django.apps import AppConfig
from django.db.models.signals import post_migrate


class AccountsConfig(AppConfig):
    name = "accounts"
    label = "accounts"

    def ready(self) -> None:
        # Models must be loaded first.
        from accounts import receivers  # noqa: F401 - connects the receivers
        from accounts.services import own_data, retention
        from accounts.services.staff_group import grant_staff_group

        own_data.contribute()
        retention.contribute()
        post_migrate.connect(grant_staff_group, dispatch_uid="accounts.grant_staff_group")
