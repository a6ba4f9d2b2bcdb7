"""A key pair for web push."""

from typing import Any

from django.core.management.base import BaseCommand

from notifications.services.push_crypto import make_private_key, public_key_of


class Command(BaseCommand):
    help = "Makes a key pair for web push: the setting VAPID_PRIVATE_KEY, and the public key that browsers are given."

    def handle(self, *args: Any, **options: Any) -> None:
        key = make_private_key()
        self.stdout.write(f"VAPID_PRIVATE_KEY={key}")
        self.stdout.write(f"# The public key, made from it by itself: {public_key_of(key)}")
