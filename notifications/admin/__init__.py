from notifications.admin import webhooks

__all__ = ["webhooks"]
