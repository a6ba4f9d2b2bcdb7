"""The back office of evaluations."""

from evaluations.admin import after_marks, board, corrections, groups, promises, remarks, speeds, warnings  # noqa: F401 - registers the models
