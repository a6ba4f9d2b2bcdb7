"""What marking earns: two rates, and the statements of the months that are over."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from django.db import transaction

from config.demo import cast
from config.demo.people import JOINED, find_person
from config.demo.sittings import settle_notifications
from evaluations.enums import RateUnit, WorkKind
from evaluations.models import PayMonth, RateCard
from evaluations.services.earnings import month_of, price_finished, save_card
from evaluations.services.statements import close_month

#: Rupees for a mark that could be given, and for judging between two markings.
RATES = ((RateUnit.MARK, "", "2.50"), (RateUnit.PAPER, WorkKind.MODERATION, "60.00"))


def seed_pay(*, now: datetime) -> int:
    """Returns how many months were closed; nothing where there are rates already."""
    if RateCard.objects.exists():
        return 0
    staff, first = find_person(cast.STAFF[0]), month_of(now - JOINED)
    with transaction.atomic():
        for unit, kind, amount in RATES:
            card = RateCard(unit=unit, kind=kind, amount=Decimal(amount), valid_from=first)
            save_card(card=card, actor=staff, now=now - JOINED)
        price_finished(now=now, everything=True)
        over = PayMonth.objects.filter(first__lt=month_of(now)).order_by("first")
        for month in list(over):
            close_month(first=month.first, actor=staff, now=now)
        settle_notifications(now=now)
    return len(over)
