"""The back office of courses."""

from courses.admin import certificates, cohorts, curriculum, reviews, rooms

__all__ = ["certificates", "cohorts", "curriculum", "reviews", "rooms"]
