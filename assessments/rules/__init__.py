"""Permissions of this app; importing the package registers them."""

from assessments.rules import attempts, bank, bank_pages, statistics

__all__ = ["attempts", "bank", "bank_pages", "statistics"]
