"""The back office of courses."""

from courses.admin import cohorts, curriculum

__all__ = ["cohorts", "curriculum"]
