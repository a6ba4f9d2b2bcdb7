"""A Celery broker that keeps its messages in the project's own database: no server to install, nothing lost."""
