"""Facts announced by accounts. Arguments are ids only."""

from django.dispatch import Signal

teacher_verified = Signal()  # teacher_id
