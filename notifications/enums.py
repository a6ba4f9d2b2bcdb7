from django.db import models
from django.utils.translation import gettext_lazy as _


class NotificationKind(models.TextChoices):
    PAPER_RETURNED = "paper_returned", _("Your paper is back")
    PAPER_RECEIVED = "paper_received", _("Your sheets are with us")
    PAPER_ASSIGNED = "paper_assigned", _("A paper to mark")
    PAPER_REMINDER = "paper_reminder", _("A paper to mark is due soon")
    PAPER_MOVED = "paper_moved", _("A paper went to another teacher")
    PICTURE_WANTED = "picture_wanted", _("A clearer picture is wanted")
    PICTURE_NEWS = "picture_news", _("News of a clearer picture")
    BREACH_COMING = "breach_coming", _("A promise will probably be missed")
    PAPER_NOT_BEGUN = "paper_not_begun", _("A paper is not begun")
    SLA_BREACHED = "sla_breached", _("A promise was missed")


class MailState(models.TextChoices):
    NONE = "none", _("Not mailed")
    WAITING = "waiting", _("Waiting")
    SENT = "sent", _("Sent")
    FAILED = "failed", _("Given up")
