"""The back office of accounts."""

from accounts.admin import audit, consents, families, people, personal  # noqa: F401 - registers the models
