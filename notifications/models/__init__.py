from notifications.models.inbox import Notification

__all__ = ["Notification"]
