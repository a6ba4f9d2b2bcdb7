"""The main navigation of the pages and of the back office, by role."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.templatetags.static import static
from django.urls import reverse
from django.utils.functional import SimpleLazyObject
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from config.demo.accounts import DEMO_ACCOUNTS, DEMO_PASSWORD
from evaluations.selectors import staff_board
from evaluations.selectors.board_page import board_page
from notifications.selectors import unread_on

# (who, label, url name, icon)
ITEMS = [
    ("student", gettext_noop("Today"), "student-home", "sun"),
    ("student", gettext_noop("Exams"), "exam-list", "pen-line"),
    ("student", gettext_noop("Papers"), "paper-list", "files"),
    ("student", gettext_noop("Courses"), "course-list", "graduation-cap"),
    ("teacher", gettext_noop("Teaching"), "teacher-home", "sun"),
    ("teacher", gettext_noop("Queue"), "marking-queue", "inbox"),
    ("bank", gettext_noop("Questions"), "bank-list", "book-open"),
    ("bank", gettext_noop("Blueprints"), "blueprint-list", "layout-grid"),
    ("bank", gettext_noop("Courses"), "course-teaching", "graduation-cap"),
    ("guardian", gettext_noop("Family"), "guardian-home", "users"),
    ("person", gettext_noop("News"), "notification-list", "bell"),
    ("staff", gettext_noop("Back office"), "admin:index", "settings"),
]


def nav(request: HttpRequest) -> dict[str, Any]:
    """Context processor: the items for the signed-in person, the one for this page marked `current`. One query."""
    user = getattr(request, "user", None)
    if user is None or not user.is_authenticated:
        return {"nav": []}
    roles = {
        "student": user.is_student,
        "teacher": user.is_teacher,
        "guardian": user.is_guardian,
        "staff": user.is_staff,
        "bank": user.is_teacher or user.is_staff,
        "person": True,
    }
    items = []
    for role, label, name, icon in ITEMS:
        if not roles[role]:
            continue
        url = reverse(name)
        # Counted only where the navigation is shown: the exam page and the desk have none.
        counts = name == "notification-list"
        badge = SimpleLazyObject(lambda: unread_on(request)) if counts else 0
        current = _current(request.path, url)
        items.append(
            {"label": _(label), "url": url, "icon": icon, "current": current, "badge": badge, "counts": counts}
        )
    return {"nav": items}


def _current(path: str, url: str) -> str:
    """aria-current of the item at `url`: this page itself, or the part of the site that this page belongs to."""
    return "page" if path == url else "true" if path.startswith(url) else ""


def demo(request: HttpRequest) -> dict[str, Any]:
    """Context processor: the demonstration's accounts, offered on the sign-in page where settings say so."""
    if not settings.SHOW_DEMO_ACCOUNTS or request.path != reverse("account_login"):
        return {}
    accounts = [{"email": email, "role": role} for email, role in DEMO_ACCOUNTS]
    return {"demo_accounts": accounts, "demo_password": DEMO_PASSWORD}


def acting(request: HttpRequest) -> dict[str, Any]:
    """Context processor: for whom staff act on this page, for the frame around it."""
    state = getattr(request, "acting", None)
    return {"acting": {"name": request.acting_for.name, "write": state.write}} if state else {}  # type: ignore[attr-defined]


def sign_in(request: HttpRequest) -> dict[str, Any]:
    """Context processor: whether the settings name another provider to sign in with."""
    return {"social_sign_in": bool(settings.SOCIALACCOUNT_PROVIDERS)}


def admin_icon(request: HttpRequest) -> str:
    """The back office's icon is the site's."""
    return static("img/favicon.svg")


def admin_names_script(request: HttpRequest) -> str:
    """Names for the fields in which one searches; unfold has none."""
    return static("js/admin-names.js")


def admin_sidebar(request: HttpRequest) -> list[dict[str, Any]]:
    """What staff open every day; everything else is under unfold's "all applications"."""
    entries = [
        (_("Board"), "dashboard", "admin:index"),
        (_("Evaluations"), "fact_check", "admin:evaluations_evaluation_changelist"),
        (_("Coming breaches"), "running_with_errors", "admin:evaluations_breachwarning_changelist"),
        (_("Moderation"), "balance", "moderation-list"),
        (_("Agreement of markers"), "join_inner", "admin:evaluations_agreement"),
        (_("Marking twice"), "library_add_check", "admin:evaluations_examchecks_changelist"),
        (_("Promises kept"), "insights", "admin:evaluations_compliance"),
        (_("Attempts"), "edit_note", "admin:assessments_attempt_changelist"),
        (_("Exams"), "quiz", "admin:assessments_exam_changelist"),
        (_("Accommodations"), "accessibility_new", "admin:assessments_accommodation_changelist"),
        (_("Question bank"), "library_books", "admin:assessments_question_changelist"),
        (_("Statistics and flags"), "query_stats", "admin:assessments_itemstatistics_changelist"),
        (_("Curriculum"), "account_tree", "curriculum-list"),
        (_("People"), "group", "admin:accounts_user_changelist"),
        (_("Families"), "family_restroom", "admin:accounts_familycode_changelist"),
        (_("PINs of children"), "pin", "admin:accounts_familypin_changelist"),
        (_("Guardians"), "supervisor_account", "admin:accounts_guardianlink_changelist"),
        (_("Invitations of guardians"), "forward_to_inbox", "admin:accounts_guardianinvitation_changelist"),
        (_("Consents"), "handshake", "admin:accounts_consent_changelist"),
        (_("Texts of consents"), "article", "admin:accounts_consenttext_changelist"),
        (_("Cohorts"), "groups", "admin:courses_cohort_changelist"),
        (_("Courses"), "school", "course-teaching"),
        (_("Reported messages"), "report", "admin:courses_report_changelist"),
        (_("Certificates"), "workspace_premium", "admin:courses_certificate_changelist"),
        (_("After the marks"), "forum", "admin:evaluations_aftermarkspolicy_changelist"),
        (_("Re-marks"), "refresh", "admin:evaluations_remarkrequest_changelist"),
        (_("Exports"), "download", "admin:evaluations_exports"),
        (_("Results from elsewhere"), "upload", "admin:evaluations_importedresult_changelist"),
        (_("Corrected marks"), "history", "admin:evaluations_markcorrection_changelist"),
        (_("Questions about marks"), "contact_support", "admin:evaluations_clarification_changelist"),
        (_("Promises"), "timer", "admin:evaluations_slapolicy_changelist"),
        (_("Calendars"), "calendar_month", "admin:evaluations_workingcalendar_changelist"),
        (_("Leave"), "beach_access", "admin:evaluations_leave"),
        (_("Bookings"), "event_available", "admin:evaluations_booking_changelist"),
        (_("Rules of bookings"), "event_note", "admin:evaluations_bookingrules_changelist"),
        (_("Cost of papers"), "payments", "admin:evaluations_costs"),
        (_("Statements"), "receipt_long", "admin:evaluations_statement_changelist"),
        (_("Rates"), "sell", "admin:evaluations_ratecard_changelist"),
        (_("Webhooks"), "webhook", "admin:notifications_webhookendpoint_changelist"),
        (_("Audit"), "history", "admin:accounts_auditevent_changelist"),
        (_("Erasure"), "person_remove", "admin:accounts_erasurerequest_changelist"),
        (_("Retention"), "auto_delete", "admin:accounts_retentionrule_changelist"),
    ]
    items = [{"title": title, "icon": icon, "link": reverse(name)} for title, icon, name in entries]
    return [{"title": _("Every day"), "items": items}]


def admin_dashboard(request: HttpRequest, context: dict[str, Any]) -> dict[str, Any]:
    """The board on the back office's first page: what is open, late, due, expected, and who carries how much."""
    board = staff_board()
    queue = reverse("admin:evaluations_evaluation_changelist")
    cards = [
        (_("open"), board.open, queue, False),
        (_("waiting for a teacher"), board.waiting, f"{queue}?state__exact=queued", False),
        (_("past their promise"), board.late, f"{queue}?due=late", True),
        (_("due within 6 hours"), board.due_within_6h, f"{queue}?due=soon", False),
        (_("due today"), board.due_today, f"{queue}?due=today", False),
        (_("marked today"), board.finalised_today, f"{queue}?state__exact=released", False),
        (_("marked, not released"), board.marked_not_released, f"{queue}?state__exact=finalised", False),
    ]
    return context | {"board_cards": cards} | board_page(board.now)
