"""Checks that no sealed audit event was changed, added or removed."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from accounts.models import AuditSeal
from accounts.services.audit import verify_seals


class Command(BaseCommand):
    help = "Recomputes the hash chain over the audit trail; exits with 1 at the first seal that does not match."

    def handle(self, *args: Any, **options: Any) -> None:
        broken = verify_seals()
        if broken is not None:
            raise CommandError(
                f"The audit trail was tampered with: seal {broken.pk} of {broken.sealed_at:%Y-%m-%d %H:%M} UTC "
                f"does not match the events up to {broken.last_event}."
            )
        newest = AuditSeal.objects.order_by("-pk").first()
        digest = newest.digest if newest else "none yet"
        self.stdout.write(f"The audit trail is whole: {AuditSeal.objects.count()} seals, newest digest {digest}.")
