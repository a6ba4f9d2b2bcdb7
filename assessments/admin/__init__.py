"""The back office of assessments; importing the package registers the models."""

from assessments.admin import accommodations, attempts, bank, blueprints, exams, external, projects, scans, statistics

__all__ = ["accommodations", "attempts", "bank", "blueprints", "exams", "external", "projects", "scans", "statistics"]
