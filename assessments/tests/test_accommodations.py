"""Accommodations: extra time, a window of one's own, large print and the font; who grants them and who sees them."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from accounts.models import AuditEvent
from assessments.models import Accommodation, Attempt
from assessments.selectors.accommodations import own_terms
from assessments.services.accommodations import save_accommodation, withdraw_accommodation
from assessments.services.attempt_care import extend_attempt
from assessments.services.attempts import start_attempt
from common.errors import DomainError, NotPermittedError
from tests import factories

NOW = factories.NOW
DAY, MINUTE = timedelta(days=1), timedelta(minutes=1)
LIST = reverse("admin:assessments_accommodation_changelist")
ADD = reverse("admin:assessments_accommodation_add")


def grant(cast, **what):
    return factories.AccommodationFactory(**{"student": cast.student, **what})


def terms(cast, now=NOW, person="student"):
    return own_terms(student=cast.people[person], now=now).of(cast.exam)


def code_of(call, **arguments):
    with pytest.raises(DomainError) as caught:
        call(**arguments)
    assert caught.value.message.endswith(".")
    return caught.value.code


# --- On what terms ---------------------------------------------------------------------------------------------------
def test_without_a_grant_the_terms_are_the_exam_s(cast):
    grant(cast, student=cast.classmate, extra_time_percent=50, large_print=True)
    own = terms(cast)
    assert (own.opens_at, own.closes_at, own.minutes, own.extra_minutes) == (cast.exam.opens_at, None, 60, 0)
    assert own.reading == {"print": "", "font": ""}


def test_the_most_generous_of_several_grants_counts(cast):
    grant(cast, extra_time_percent=50)
    grant(cast, exam=cast.exam, extra_time_percent=25, dyslexia_font=True)
    grant(cast, exam=factories.ExamFactory(paper=cast.exam.paper), extra_time_percent=100, large_print=True)
    own = terms(cast)
    assert (own.minutes, own.reading) == (90, {"print": "", "font": "dyslexic"})


@pytest.mark.parametrize(
    ("change", "minutes"),
    [
        ({}, 75),
        ({"starts_on": NOW.date(), "ends_on": NOW.date()}, 75),
        ({"starts_on": NOW.date() + DAY}, 60),
        ({"ends_on": NOW.date() - DAY}, 60),
        ({"withdrawn_at": NOW - DAY}, 60),
    ],
)
def test_a_grant_stands_between_its_days(cast, change, minutes):
    grant(cast, extra_time_percent=25, **change)
    assert terms(cast).minutes == minutes


def test_the_last_day_ends_at_midnight_of_the_institute(cast, settings):
    """18 November, 18:29 UTC is still the 18th in India; 18:31 is the 19th, also for a student in another zone."""
    grant(cast, extra_time_percent=25, ends_on=NOW.date())
    midnight = NOW.replace(hour=18, minute=30)
    with timezone.override("America/New_York"):
        assert [terms(cast, midnight + step).minutes for step in (-MINUTE, MINUTE)] == [75, 60]


def test_who_is_not_a_student_costs_no_query(cast, django_assert_num_queries):
    with django_assert_num_queries(0):
        assert terms(cast, person="teacher").minutes == 60


# --- Starting --------------------------------------------------------------------------------------------------------
def test_own_window_opens_the_exam_before_others_and_after_they_are_done(cast):
    cast.exam.opens_at, cast.exam.closes_at = NOW + DAY, NOW + 2 * DAY
    cast.exam.save()
    grant(cast, exam=cast.exam, opens_at=NOW - MINUTE, closes_at=NOW + MINUTE)
    assert start_attempt(exam=cast.exam, student=cast.student, now=NOW).ends_at == NOW + 60 * MINUTE
    assert code_of(start_attempt, exam=cast.exam, student=cast.classmate, now=NOW) == "exam_not_open"


@pytest.mark.parametrize(("now", "code"), [(NOW - 2 * MINUTE, "exam_not_open"), (NOW + MINUTE, "exam_closed")])
def test_own_window_replaces_the_one_of_the_exam(cast, now, code):
    grant(cast, exam=cast.exam, opens_at=NOW - MINUTE, closes_at=NOW + MINUTE)
    assert code_of(start_attempt, exam=cast.exam, student=cast.student, now=now) == code


def test_only_a_later_close_leaves_the_opening_as_it_is(cast):
    cast.exam.closes_at = NOW - MINUTE
    cast.exam.save()
    grant(cast, exam=cast.exam, closes_at=NOW + DAY)
    assert terms(cast).opens_at == cast.exam.opens_at
    assert start_attempt(exam=cast.exam, student=cast.student, now=NOW)


def test_extra_time_is_set_at_the_start_and_more_can_be_added_while_writing(cast):
    row = grant(cast, extra_time_percent=25)
    attempt = start_attempt(exam=cast.exam, student=cast.student, now=NOW)
    row.extra_time_percent = 100
    save_accommodation(accommodation=row, actor=cast.staff, now=NOW)
    attempt.refresh_from_db()
    assert attempt.ends_at == NOW + 120 * MINUTE
    assert extend_attempt(attempt=attempt, minutes=15, actor=cast.staff, now=NOW).ends_at == NOW + 135 * MINUTE


def test_less_or_the_same_again_neither_takes_nor_gives_time_while_writing(cast):
    row = grant(cast, extra_time_percent=50)
    attempt = start_attempt(exam=cast.exam, student=cast.student, now=NOW)
    for percent in (25, 50, 50):
        row.extra_time_percent = percent
        save_accommodation(accommodation=row, actor=cast.staff, now=NOW)
    attempt.refresh_from_db()
    assert attempt.ends_at == NOW + 90 * MINUTE
    # what staff gave by hand is not counted as part of it
    extend_attempt(attempt=attempt, minutes=15, actor=cast.staff, now=NOW)
    row.extra_time_percent = 100
    save_accommodation(accommodation=row, actor=cast.staff, now=NOW)
    attempt.refresh_from_db()
    assert attempt.ends_at == NOW + 135 * MINUTE
    assert AuditEvent.objects.filter(action="attempt.extended").count() == 2


# --- Granting --------------------------------------------------------------------------------------------------------
def test_granting_and_changing_are_audited_with_the_reason(cast):
    row = Accommodation(student=cast.student, extra_time_percent=25, starts_on=NOW.date(), reason="Dyslexia")
    save_accommodation(accommodation=row, actor=cast.staff, now=NOW)
    row.extra_time_percent = 50
    save_accommodation(accommodation=row, actor=cast.staff, now=NOW)
    save_accommodation(accommodation=row, actor=cast.staff, now=NOW)
    changed, granted = AuditEvent.objects.all()
    assert (row.granted_by, granted.action, granted.reason) == (cast.staff, "accommodation.granted", "Dyslexia")
    assert (changed.before, changed.after) == ({"extra_time_percent": 25}, {"extra_time_percent": 50})


def test_withdrawing_ends_it_once_and_for_good(cast):
    row = grant(cast, extra_time_percent=25)
    for _ in range(2):
        withdraw_accommodation(accommodation=row, reason="Asked for it", actor=cast.staff, now=NOW)
    assert AuditEvent.objects.get().reason == "Asked for it"
    assert terms(cast).minutes == 60
    row.refresh_from_db()
    assert code_of(save_accommodation, accommodation=row, actor=cast.staff, now=NOW) == "withdrawn"


@pytest.mark.parametrize("name", ["student", "teacher", "guardian"])
def test_only_staff_grant_and_withdraw(cast, name):
    actor = cast.people[name]
    row = grant(cast, extra_time_percent=25)
    with pytest.raises(NotPermittedError):
        save_accommodation(accommodation=row, actor=actor, now=NOW)
    with pytest.raises(NotPermittedError):
        withdraw_accommodation(accommodation=row, reason="x", actor=actor, now=NOW)


def test_what_the_row_cannot_say_alone_is_refused(cast):
    of_teacher = Accommodation(student=cast.teacher, large_print=True, starts_on=NOW.date(), reason="x")
    assert code_of(save_accommodation, accommodation=of_teacher, actor=cast.staff, now=NOW) == "not_a_student"
    row = Accommodation(
        student=cast.student, exam=cast.exam, closes_at=cast.exam.opens_at, starts_on=NOW.date(), reason="x"
    )
    assert code_of(save_accommodation, accommodation=row, actor=cast.staff, now=NOW) == "window_order"


@pytest.mark.parametrize(
    "what",
    [
        {},
        {"opens_at": NOW},
        {"exam": True, "opens_at": NOW, "closes_at": NOW},
        {"large_print": True, "ends_on": NOW.date() - 31 * DAY},
    ],
)
def test_the_database_refuses_rows_that_mean_nothing(cast, what):
    if what.get("exam"):
        what = what | {"exam": cast.exam}
    with pytest.raises(IntegrityError), transaction.atomic():
        grant(cast, **what)


def test_two_standing_grants_for_one_exam_are_refused(cast):
    grant(cast, exam=cast.exam, large_print=True, withdrawn_at=NOW)
    grant(cast, exam=cast.exam, large_print=True)
    with pytest.raises(IntegrityError), transaction.atomic():
        grant(cast, exam=cast.exam, extra_time_percent=25)


# --- The back office -------------------------------------------------------------------------------------------------
@pytest.fixture
def office(client, cast):
    client.force_login(cast.staff)
    return client


def filled(cast, **changes):
    return {
        "student": cast.student.pk, "exam": "", "extra_time_percent": "25", "large_print": "on", "reason": "Letter",
        "starts_on": "2026-11-01", "ends_on": "", "opens_at_0": "", "opens_at_1": "", "closes_at_0": "",
        "closes_at_1": "", **changes,
    }  # fmt: skip


def test_staff_grant_in_the_back_office(office, cast):
    assert office.get(ADD).status_code == 200
    assert office.post(ADD, filled(cast)).status_code == 302
    row = Accommodation.objects.get()
    assert (row.student, row.extra_time_percent, row.large_print, row.granted_by) == (
        cast.student,
        25,
        True,
        cast.staff,
    )
    assert AuditEvent.objects.get(action="accommodation.granted").actor == cast.staff
    assert "Meera Nair" in office.get(LIST + "?standing=yes").content.decode()


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"reason": ""}, "This field is required."),
        ({"extra_time_percent": "301"}, "less than or equal to 300"),
        ({"extra_time_percent": "0", "large_print": ""}, "Grant something"),
        ({"opens_at_0": "2026-11-20", "opens_at_1": "10:00"}, "Choose the exam whose window this is."),
        ({"ends_on": "2026-10-01"}, "The last day is not before the first."),
        ({"student": "teacher"}, "Suresh Rao is not a student."),
    ],
)
def test_a_grant_that_cannot_be_is_said_in_the_form(office, cast, changes, sentence):
    if "student" in changes:
        changes = {"student": cast.teacher.pk}
    response = office.post(ADD, filled(cast, **changes))
    assert response.status_code == 200
    assert sentence in response.content.decode()
    assert not Accommodation.objects.exists()


def test_staff_withdraw_with_a_reason(office, cast):
    row = grant(cast, extra_time_percent=25)
    data = {"action": "withdraw", "_selected_action": [row.pk]}
    asked = office.post(LIST, data).content.decode()
    assert 'name="reason"' in asked
    office.post(LIST, data | {"confirmed": "1", "reason": "No longer needed"})
    row.refresh_from_db()
    assert row.withdrawn_at is not None
    assert AuditEvent.objects.get(action="accommodation.withdrawn").reason == "No longer needed"
    page = reverse("admin:assessments_accommodation_change", args=[row.pk])
    assert 'name="_save"' not in office.get(page).content.decode()


# --- Pages and API ---------------------------------------------------------------------------------------------------
@pytest.fixture
def live(cast):
    """The cast's exam, open to the student alone, being written."""
    now = timezone.now()
    cast.exam.opens_at = now + DAY
    cast.exam.save()
    cast.student.entitlements.update(starts_at=now - DAY)
    grant(cast, exam=cast.exam, opens_at=now - DAY, closes_at=now + DAY)
    grant(cast, extra_time_percent=25, large_print=True, dyslexia_font=True)
    return start_attempt(exam=cast.exam, student=cast.student, now=now)


def test_pages_and_api_show_the_terms_of_the_person(client, cast, live):
    Attempt.objects.all().delete()
    client.force_login(cast.student)
    assert "75 min" in client.get(reverse("exam-list")).content.decode()
    page = client.get(reverse("exam-detail", args=[cast.exam.pk])).content.decode()
    assert "15 extra for you" in page
    assert reverse("exam-start", args=[cast.exam.pk]) in page
    row = client.get(reverse("api-exams")).json()["results"][0]
    assert (row["is_open"], row["writing_minutes"], row["duration_minutes"]) == (True, 75, 60)
    client.force_login(cast.classmate)
    row = client.get(reverse("api-exams")).json()["results"][0]
    assert (row["is_open"], row["writing_minutes"], row["closes_at"]) == (False, 60, None)
    assert "extra for you" not in client.get(reverse("exam-detail", args=[cast.exam.pk])).content.decode()


def test_exam_page_is_large_from_the_first_paint(client, cast, live):
    client.force_login(cast.student)
    page = client.get(reverse("attempt-page", args=[live.pk])).content.decode()
    html = page[page.index("<html") : page.index("<head>")]
    assert 'data-print="large"' in html
    assert 'data-font="dyslexic"' in html
    assert "css/pages/reading.css" in page
    assert Accommodation.objects.filter(large_print=True).update(large_print=False, dyslexia_font=False) == 1
    assert "css/pages/reading.css" not in client.get(reverse("attempt-page", args=[live.pk])).content.decode()


def test_capture_page_is_large_too(client, cast, live):
    Attempt.objects.update(state="submitted", submitted_at=timezone.now())
    client.force_login(cast.student)
    page = client.get(reverse("sheets-page", args=[live.pk])).content.decode()
    assert 'data-print="large"' in page
    assert "css/pages/reading.css" in page


def test_what_a_student_chose_comes_before_what_was_granted(client, cast, live):
    client.force_login(cast.student)
    client.cookies["abhyas_prefs"] = "print=normal|font=plain"
    page = client.get(reverse("attempt-page", args=[live.pk])).content.decode()
    assert "css/pages/reading.css" not in page
    client.cookies["abhyas_prefs"] = "print=large|font=<script>"
    page = client.get(reverse("exam-list")).content.decode()
    assert 'data-print="large"' in page
    assert "data-font" not in page


def test_more_grants_cost_no_more_queries(client, cast, live):
    client.force_login(cast.student)

    def cost() -> int:
        with CaptureQueriesContext(connection) as queries:
            client.get(reverse("exam-list"))
        return len(queries)

    cost()
    few = cost()
    for _ in range(5):
        grant(cast, extra_time_percent=10)
    assert cost() == few
