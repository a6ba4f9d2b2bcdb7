"""Permissions of this app; importing the package registers them."""

from assessments.rules import attempts, bank, bank_pages, question_imports, statistics

__all__ = ["attempts", "bank", "bank_pages", "question_imports", "statistics"]
