"""What people are told of a re-mark: the family that it is on its way and how it ended, the first marker, the staff."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

from django.utils import translation
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from accounts.models import User
from common.templatetags.ui import marks
from common.templatetags.ui_times import clock_text
from evaluations.enums import RemarkState
from evaluations.models import Evaluation, RemarkRequest
from evaluations.selectors.remarks import alike
from evaluations.services import links
from evaluations.services.corrections import family_of, labels_of
from notifications.enums import NotificationKind
from notifications.services.inbox import notify


def tell_asked(asked: RemarkRequest, record: Evaluation, now: datetime) -> None:
    """The student (of a re-check too: somebody looks at their paper again) with the promise."""
    student = record.attempt.student
    due = asked.remark.due_at.astimezone(ZoneInfo(student.time_zone))
    label = labels_of(record.attempt, [asked.question])[asked.question.pk]
    with translation.override(student.language):
        names = {"exam": record.attempt.exam.title, "number": label}
        names |= {"day": date_format(due, "D j M"), "clock": clock_text(due)}
        title = _("%(exam)s: question %(number)s is marked again") % names
        body = _("By another teacher, by %(day)s, %(clock)s.") % names
    _tell(student, asked, "asked", title, body, links.after_marks_url(record.attempt_id), now)


def tell_decided(asked: RemarkRequest, record: Evaluation, now: datetime) -> None:
    """The family where it was not upheld (else they are told of the changed marks), and the first marker always."""
    attempt = record.attempt
    label = labels_of(attempt, [asked.question])[asked.question.pk]
    if asked.state == RemarkState.REFUSED:
        for reader in family_of(attempt):
            with translation.override(reader.language):
                names = {"exam": attempt.exam.title, "number": label}
                title = _("%(exam)s: the mark of question %(number)s stays") % names
                body = _("Another teacher marked it again and says why.")
            _tell(reader, asked, "decided", title, body, links.after_marks_url(attempt.pk), now)
    if asked.first_marker is None:
        return
    with translation.override(asked.first_marker.language):
        names = {"exam": attempt.exam.title, "number": str(asked.question.number)}
        names |= {"before": marks(asked.marks_before), "after": marks(asked.marks_after)}
        if asked.state == RemarkState.UPHELD:
            title = _("%(exam)s: question %(number)s was marked again, %(before)s → %(after)s") % names
        else:
            title = _("%(exam)s: question %(number)s was marked again and stays") % names
        body = " ".join(step.words for step in asked.steps.order_by("id"))[:500]
    _tell(asked.first_marker, asked, "marker", title, body, links.desk_url(record.pk), now)


def propose_rechecks(asked: RemarkRequest, now: datetime) -> int:
    """Tells staff of other papers of the same marker with the same step marked alike; returns how many there are."""
    found = len(alike(asked))
    if not found:
        return 0
    for person in User.objects.filter(is_staff=True, is_active=True):
        with translation.override(person.language):
            names = {"n": found, "number": asked.question.number, "exam": asked.evaluation.attempt.exam.title}
            title = _("%(exam)s: question %(number)s may need a second look on %(n)d more papers") % names
            body = _("A re-mark was upheld; the same teacher gave the same step the same marks there.")
        _tell(person, asked, "alike", title, body, links.rechecks_url(asked.pk), now)
    return found


def _tell(user: User, asked: RemarkRequest, what: str, title: str, body: str, url: str, now: datetime) -> None:
    cause = f"remark:{asked.pk}:{what}"
    notify(user=user, kind=NotificationKind.REMARK_NEWS, cause=cause, title=title, body=body, url=url, now=now)
