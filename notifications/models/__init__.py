from notifications.models.inbox import Notification
from notifications.models.mails import Digest, Mailed
from notifications.models.preferences import NotificationPreference, NotificationSettings, OwnQuerySet
from notifications.models.push import PushDelivery, PushSubscription
from notifications.models.webhooks import WebhookDelivery, WebhookEndpoint, WebhookEvent, WebhookSecret, WebhookTry

__all__ = [
    "Digest",
    "Mailed",
    "Notification",
    "NotificationPreference",
    "NotificationSettings",
    "OwnQuerySet",
    "PushDelivery",
    "PushSubscription",
    "WebhookDelivery",
    "WebhookEndpoint",
    "WebhookEvent",
    "WebhookSecret",
    "WebhookTry",
]
