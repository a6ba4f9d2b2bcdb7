"""Facts announced by evaluations, after commit. Arguments are ids only."""

from django.dispatch import Signal

evaluation_assigned = Signal()  # evaluation_id, teacher_id
evaluation_finalised = Signal()  # evaluation_id
evaluation_released = Signal()  # evaluation_id
sla_breached = Signal()  # evaluation_id
