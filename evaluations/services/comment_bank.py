"""The comments a teacher writes again and again, kept by themselves with how often they were used."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from django.db.models import F

from accounts.models import User
from evaluations.models import BankComment

# Longer remarks are about one paper.
LONGEST = 80


def note_uses(*, owner: User, texts: Iterable[str]) -> None:
    """Counts each of `texts` as used once by `owner`; new ones join the bank. Call inside a transaction."""
    for text, times in Counter(text.strip() for text in texts).items():
        if not text or len(text) > LONGEST:
            continue
        comment, _created = BankComment.objects.get_or_create(owner=owner, text=text)
        BankComment.objects.filter(pk=comment.pk).update(uses=F("uses") + times)
