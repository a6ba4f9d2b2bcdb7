"""Facts announced by accounts. Arguments are ids only."""

from django.dispatch import Signal

teacher_verified = Signal()  # teacher_id
guardian_linked = Signal()  # link_id
guardian_unlinked = Signal()  # link_id
export_ended = Signal()  # export_id
erasure_asked = Signal()  # request_id
erasure_ended = Signal()  # request_id
account_unused = Signal()  # person_id, year
