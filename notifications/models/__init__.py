from notifications.models.inbox import Notification
from notifications.models.mails import Digest, Mailed
from notifications.models.preferences import NotificationPreference, NotificationSettings, OwnQuerySet

__all__ = ["Digest", "Mailed", "Notification", "NotificationPreference", "NotificationSettings", "OwnQuerySet"]
