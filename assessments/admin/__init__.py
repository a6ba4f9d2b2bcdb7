"""The back office of assessments; importing the package registers the models."""

from assessments.admin import attempts, bank, blueprints, exams, statistics

__all__ = ["attempts", "bank", "blueprints", "exams", "statistics"]
