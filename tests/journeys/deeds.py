"""What time or the office does to a paper: `python -m tests.journeys.deeds lapse <evaluation id>`."""

from __future__ import annotations

import sys
from datetime import timedelta

import django

django.setup()

from django.utils import timezone  # noqa: E402

from evaluations.models import Evaluation  # noqa: E402
from evaluations.services.claims import lapse_idle_claims  # noqa: E402


def lapse(evaluation: str) -> None:
    """Its claim, as after an hour without a sign of work."""
    now = timezone.now()
    Evaluation.objects.filter(pk=evaluation, lease_until__isnull=False).update(lease_until=now - timedelta(hours=1))
    lapse_idle_claims(now=now)


if __name__ == "__main__":
    {"lapse": lapse}[sys.argv[1]](sys.argv[2])
