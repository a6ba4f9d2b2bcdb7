"""The back office of accounts."""

from accounts.admin import audit, people  # noqa: F401 - registers the models
