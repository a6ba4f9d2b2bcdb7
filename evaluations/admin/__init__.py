"""The back office of evaluations."""

from evaluations.admin import (  # noqa: F401 - registers the models
    after_marks,
    bank,
    board,
    checks,
    corrections,
    groups,
    promises,
    remarks,
    speeds,
    warnings,
)
