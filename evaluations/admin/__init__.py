"""The back office of evaluations."""

from evaluations.admin import (  # noqa: F401 - registers the models
    after_marks,
    bank,
    board,
    bookings,
    checks,
    corrections,
    economics,
    groups,
    importing,
    promises,
    remarks,
    speeds,
    warnings,
)
