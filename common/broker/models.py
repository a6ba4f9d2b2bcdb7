from django.db import models
from django.utils import timezone


class QueueMessage(models.Model):
    """One message waiting in a queue, leased to a worker, or set aside as dead.

    A leased row belongs to the holder of `token` until `visible_at`; after that moment any consumer may put it
    back. Deleting a row is what acknowledges it, so the table is only as long as the work that is not yet done.
    """

    class State(models.TextChoices):
        READY = "ready", "ready"
        LEASED = "leased", "leased"
        DEAD = "dead", "dead"

    queue = models.CharField(max_length=200)
    state = models.CharField(max_length=8, choices=State.choices, default=State.READY)
    priority = models.PositiveSmallIntegerField(default=0, help_text="0 is served first, 9 last.")
    body = models.TextField(help_text="The kombu message as JSON.")
    visible_at = models.FloatField(default=0, help_text="Seconds since the epoch at which the lease lapses.")
    token = models.CharField(max_length=32, blank=True, default="", help_text="Names one delivery to one worker.")
    deliveries = models.PositiveIntegerField(default=0)
    enqueued_at = models.DateTimeField(default=timezone.now)

    class Meta:
        indexes = [
            # The next message is the first entry under (queue, ready): its cost does not grow with the backlog.
            models.Index(fields=["queue", "state", "priority", "id"], name="broker_next_message"),
            # Lapsed leases are found without looking at the backlog.
            models.Index(fields=["state", "visible_at"], name="broker_lapsed_lease"),
        ]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(state__in=["ready", "leased", "dead"]), name="broker_state_known"
            ),
            models.CheckConstraint(
                condition=~models.Q(state="leased") | ~models.Q(token=""), name="broker_lease_has_token"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.queue} #{self.pk} ({self.state})"
