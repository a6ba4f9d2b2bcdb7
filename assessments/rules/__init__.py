"""Permissions of this app; importing the package registers them."""

from assessments.rules import attempts, bank

__all__ = ["attempts", "bank"]
