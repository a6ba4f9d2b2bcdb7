"""The back office of evaluations."""

from evaluations.admin import board, corrections, promises, warnings  # noqa: F401 - registers the models
