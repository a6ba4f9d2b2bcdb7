"""Permissions of this app; importing the package registers them."""

from assessments.rules import accommodations, attempts, bank, bank_pages, external, question_imports, scans, statistics

__all__ = ["accommodations", "attempts", "bank", "bank_pages", "external", "question_imports", "scans", "statistics"]
