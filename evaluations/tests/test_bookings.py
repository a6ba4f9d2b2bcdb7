"""Time with a teacher: slots, minutes, moving and cancelling, reminders, what it does to the time for marking."""

from __future__ import annotations

import threading
import uuid
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal

import pytest
from django.db import IntegrityError, close_old_connections, connection, transaction
from django.urls import reverse
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st
from icalendar import Calendar

from accounts.enums import Feature
from accounts.models import Entitlement, Leave, User
from accounts.services.availability import AvailabilityError, Span
from accounts.services.entitlements import NoEntitlement, consume_amount, grant_entitlement
from common.errors import DomainError, NotPermittedError
from courses.models import CohortMembership
from evaluations.enums import BookingState, EvaluationState
from evaluations.models import BookableHours, Booking, BookingRules, Holiday, WorkingCalendar
from evaluations.selectors.bookings import booked_spans, teachers_for
from evaluations.services.booking_hours import forget_bookable_day, set_bookable_day, set_bookable_hours
from evaluations.services.booking_reminders import remind_of_bookings
from evaluations.services.booking_slots import is_free, open_slots, slots_in, slots_profile
from evaluations.services.bookings import BookingError, book, cancel_booking, move_booking, note_outcome
from evaluations.services.day_plans import day_plan
from evaluations.services.forecast import without
from evaluations.services.forecasting import open_queue
from evaluations.services.fortnights import fortnight
from evaluations.tests.builders import default_policy, evaluation_of, hand_in
from evaluations.tests.visits import MOST_QUERIES, cost
from notifications.models import Notification
from tests import factories
from tests.shared_world import world

__all__ = ["world"]

#: A Monday, 08:30 in India.
MONDAY = datetime(2026, 11, 23, 3, 0, tzinfo=UTC)
#: Tuesday, 10:00 in India.
TUESDAY = datetime(2026, 11, 24, 4, 30, tzinfo=UTC)


def open_tuesdays(teacher, place):
    spans = [Span(1, time(10), time(12))]
    set_bookable_hours(teacher=teacher, spans=spans, place=place, link="", actor=teacher, now=MONDAY)


@pytest.fixture
def open_teacher(cast):
    """Tuesdays 10 to 12 in India."""
    default_policy()
    set_bookable_hours(
        teacher=cast.teacher,
        spans=[Span(1, time(10), time(12))],
        place="Room 4",
        link="",
        actor=cast.teacher,
        now=MONDAY,
    )
    return cast.teacher


def grant(student, minutes, *, source="hours", ends_at=None):
    return grant_entitlement(
        user=student, feature=Feature.TEACHER_MINUTES, quantity=minutes, source=source,
        starts_at=MONDAY - timedelta(days=10), ends_at=ends_at, now=MONDAY,
    )  # fmt: skip


def booked(cast, student=None, at=TUESDAY, **kwargs):
    student = student or cast.student
    return book(
        **{"booking_id": uuid.uuid4(), "teacher_id": cast.teacher.pk, "student": student, "starts_at": at,
           "actor": student, "now": MONDAY, **kwargs}
    )  # fmt: skip


def slots(teacher, student, now=MONDAY):
    return open_slots(
        profile=slots_profile(teacher.pk), student_id=student.pk, rules=BookingRules(), minutes=30, now=now
    )


def test_slots_follow_the_week_the_days_leave_and_holidays(cast, open_teacher):
    half_hours = [TUESDAY + timedelta(minutes=30 * n) for n in range(4)]
    assert slots(open_teacher, cast.student) == [*half_hours, *(one + timedelta(days=7) for one in half_hours)]
    set_bookable_day(teacher=open_teacher, day=date(2026, 12, 1), spans=[], actor=open_teacher, now=MONDAY)
    assert slots(open_teacher, cast.student) == half_hours
    Holiday.objects.create(calendar=WorkingCalendar.objects.get(slug="institute"), date=date(2026, 11, 24), name="Fair")
    assert slots(open_teacher, cast.student) == []
    span = Span(0, time(18), time(18, 40))
    set_bookable_day(teacher=open_teacher, day=date(2026, 11, 24), spans=[span], actor=open_teacher, now=MONDAY)
    assert slots(open_teacher, cast.student) == [TUESDAY + timedelta(hours=8)]
    Leave.objects.create(teacher=open_teacher.teacher_profile, starts_on=date(2026, 11, 24), ends_on=date(2026, 11, 24))
    assert slots(open_teacher, cast.student) == []
    forget_bookable_day(teacher=open_teacher, day=date(2026, 11, 24), actor=open_teacher, now=MONDAY)
    assert not BookableHours.objects.filter(day=date(2026, 11, 24)).exists()


def test_slots_need_notice(cast, open_teacher):
    assert slots(open_teacher, cast.student, now=TUESDAY - timedelta(hours=11, minutes=30))[0] == TUESDAY + timedelta(
        minutes=30
    )


@given(
    st.lists(st.tuples(st.integers(0, 1000), st.integers(1, 200)), max_size=8),
    st.lists(st.tuples(st.integers(0, 1000), st.integers(1, 200)), max_size=8),
)
def test_what_is_taken_is_taken_once_and_nothing_else(opened, taken):
    def spans(pairs):
        return [(MONDAY + timedelta(minutes=a), MONDAY + timedelta(minutes=a + n)) for a, n in sorted(pairs)]

    left = without(spans(opened), spans(taken))
    minutes = [MONDAY + timedelta(minutes=n) for n in range(1250)]
    covers = lambda some, at: sum(start <= at < end for start, end in some)  # noqa: E731
    for at in minutes:
        assert covers(left, at) == (0 if covers(spans(taken), at) else covers(spans(opened), at))
    for start in slots_in(left, 30, MONDAY):
        assert is_free(start, start + timedelta(minutes=30), spans(taken))


def test_booking_takes_minutes_and_time(cast, open_teacher):
    soon, later = grant(cast.student, 20, ends_at=MONDAY + timedelta(days=3)), grant(cast.student, 40, source="more")
    made = booked(cast, words="Why?")
    for row in (soon, later):
        row.refresh_from_db()
    assert (soon.used, later.used) == (20, 10)
    assert [use.minutes for use in made.uses.order_by("id")] == [20, 10]
    assert booked_spans([cast.teacher.pk], MONDAY, TUESDAY + timedelta(days=1))[cast.teacher.pk] == [
        (TUESDAY, TUESDAY + timedelta(minutes=30))
    ]
    assert set(Notification.objects.filter(kind="booking_news").values_list("user__email", flat=True)) == {
        cast.teacher.email, cast.guardian.email
    }  # fmt: skip
    assert TUESDAY not in slots(cast.teacher, cast.classmate)


def test_the_same_id_books_once(cast, open_teacher):
    grant(cast.student, 60)
    made = booked(cast)
    assert booked(cast, booking_id=made.pk) == made
    assert Entitlement.objects.get(source="hours", user=cast.student).used == 30
    with pytest.raises(DomainError):
        booked(cast, booking_id=made.pk, actor=cast.classmate)


def test_minutes_are_never_overdrawn(cast, open_teacher):
    grant(cast.student, 45)
    booked(cast)
    with pytest.raises(NoEntitlement, match="30 minutes are needed, and 15 are left"):
        booked(cast, at=TUESDAY + timedelta(minutes=30))
    assert Booking.objects.count() == 1
    assert Entitlement.objects.get(source="hours", user=cast.student).used == 30
    unlimited = grant(cast.student, None, source="all")
    assert [part for _grant, part in consume_amount(
        user=cast.student, feature=Feature.TEACHER_MINUTES, amount=100, now=MONDAY
    )] == [15, 85] or unlimited.quantity is None  # fmt: skip


def test_nobody_is_in_two_places(cast, open_teacher):
    for student in (cast.student, cast.classmate):
        grant(student, 120)
    set_bookable_hours(
        teacher=cast.colleague, spans=[Span(1, time(10, 15), time(12))], place="Room 5", link="", actor=cast.colleague,
        now=MONDAY,
    )  # fmt: skip
    booked(cast)
    with pytest.raises(BookingError, match="not free"):
        booked(cast, cast.classmate)
    with pytest.raises(BookingError, match="not free"):
        booked(cast, teacher_id=cast.colleague.pk, at=TUESDAY + timedelta(minutes=15))
    booked(cast, cast.classmate, teacher_id=cast.colleague.pk, at=TUESDAY + timedelta(minutes=15))


def test_only_teachers_of_their_programmes_who_opened_hours(cast, open_teacher):
    assert list(teachers_for(cast.student)) == [cast.teacher]
    grant(cast.outsider, 60)
    CohortMembership.objects.filter(user=cast.outsider).delete()
    with pytest.raises(BookingError, match="cannot be booked"):
        booked(cast, cast.outsider)


def test_hours_need_a_place_and_a_safe_link(cast):
    spans = [Span(1, time(10), time(12))]
    for place, link in (("", ""), ("", "javascript:alert(1)"), ("", "http://example.com")):
        with pytest.raises(AvailabilityError):
            set_bookable_hours(
                teacher=cast.teacher, spans=spans, place=place, link=link, actor=cast.teacher, now=MONDAY
            )


def test_moving_keeps_minutes_and_counts_on(cast, open_teacher):
    grant(cast.student, 30)
    made = booked(cast)
    moved = move_booking(booking=made, starts_at=TUESDAY + timedelta(minutes=30), actor=cast.guardian, now=MONDAY)
    assert (moved.starts_at, moved.sequence) == (TUESDAY + timedelta(minutes=30), 1)
    assert Entitlement.objects.get(source="hours", user=cast.student).used == 30
    with pytest.raises(BookingError, match="too late"):
        move_booking(booking=made, starts_at=TUESDAY, actor=cast.student, now=TUESDAY - timedelta(hours=11))
    with pytest.raises(BookingError, match="not free"):
        move_booking(booking=made, starts_at=TUESDAY + timedelta(hours=9), actor=cast.student, now=MONDAY)
    with pytest.raises(NotPermittedError):
        move_booking(booking=made, starts_at=TUESDAY, actor=cast.teacher, now=MONDAY)


@pytest.mark.parametrize(
    ("who", "hours", "used"), [("student", 13, 0), ("student", 11, 30), ("teacher", 1, 0), ("staff", 1, 0)]
)
def test_cancelling_gives_back_unless_the_family_is_late(cast, open_teacher, who, hours, used):
    grant(cast.student, 30)
    made = booked(cast)
    ended = cancel_booking(booking=made, reason="Ill", actor=cast.people[who], now=TUESDAY - timedelta(hours=hours))
    assert ended.is_late == (used == 30)
    assert Entitlement.objects.get(source="hours", user=cast.student).used == used
    told = Notification.objects.filter(title__startswith="Cancelled")
    assert cast.people[who].pk not in set(told.values_list("user", flat=True))
    assert told.filter(user=cast.guardian, body__contains="used up" if used else "yours again").exists()
    with pytest.raises(BookingError, match="over"):
        cancel_booking(booking=made, actor=cast.student, now=MONDAY)
    assert TUESDAY in slots(open_teacher, cast.classmate)


def test_a_teacher_says_why_and_an_ended_grant_is_not_lost(cast, open_teacher):
    grant(cast.student, 30, ends_at=MONDAY + timedelta(hours=2))
    made = booked(cast)
    now = MONDAY + timedelta(hours=3)
    with pytest.raises(BookingError, match="Say why"):
        cancel_booking(booking=made, actor=cast.teacher, now=now)
    cancel_booking(booking=made, reason="Ill", actor=cast.teacher, now=now)
    again = Entitlement.objects.get(source=f"booking {made.pk}")
    assert (again.quantity, again.used, again.starts_at) == (30, 0, now)


def test_the_teacher_notes_what_became_of_it(cast, open_teacher):
    grant(cast.student, 30)
    made = booked(cast)
    with pytest.raises(BookingError, match="not begun"):
        note_outcome(booking=made, was_held=True, actor=cast.teacher, now=TUESDAY - timedelta(minutes=1))
    absent = note_outcome(booking=made, was_held=False, actor=cast.teacher, now=TUESDAY)
    assert absent.state == BookingState.ABSENT
    assert Entitlement.objects.get(source="hours", user=cast.student).used == 30
    assert note_outcome(booking=made, was_held=True, note="Late", actor=cast.teacher, now=TUESDAY).state == "held"
    with pytest.raises(NotPermittedError):
        note_outcome(booking=made, was_held=True, actor=cast.staff, now=TUESDAY)
    with pytest.raises(BookingError):
        cancel_booking(booking=made, actor=cast.student, now=TUESDAY)


def test_only_a_paper_that_is_back_is_discussed(cast, open_teacher):
    grant(cast.student, 60)
    other = evaluation_of(hand_in(cast.exam, cast.classmate), teacher=cast.teacher, state=EvaluationState.RELEASED)
    with pytest.raises(BookingError, match="paper that is back"):
        booked(cast, evaluation_id=other.pk)
    own = evaluation_of(
        hand_in(cast.exam, cast.student), teacher=cast.teacher, state=EvaluationState.RELEASED, released_at=MONDAY
    )
    assert booked(cast, evaluation_id=own.pk).about == "paper"


def test_reminders_come_a_day_and_an_hour_before_once(cast, open_teacher):
    grant(cast.student, 30)
    at = TUESDAY + timedelta(days=7)
    made = booked(cast, at=at)

    def sweep(**before):
        return remind_of_bookings(now=at - timedelta(**before))

    assert [sweep(hours=25), sweep(hours=24), sweep(hours=23), sweep(minutes=60), sweep(minutes=59)] == [0, 1, 0, 1, 0]
    assert Notification.objects.filter(kind="booking_reminder", user=cast.student).count() == 2
    assert "Room 4" in Notification.objects.filter(kind="booking_reminder").latest("id").body
    Booking.objects.filter(pk=made.pk).update(remind_at=at - timedelta(hours=1))
    assert remind_of_bookings(now=at + timedelta(minutes=1)) == 0


def test_bookings_take_time_from_marking(cast, open_teacher):
    grant(cast.student, 60)
    evaluation_of(hand_in(cast.exam, cast.student), teacher=cast.teacher)

    def seconds():
        marker = next(one for one in open_queue(MONDAY).markers if one.id == cast.teacher.pk)
        return (
            sum((end - start).total_seconds() for start, end in marker.spans),
            fortnight(teacher=cast.teacher, now=MONDAY).seconds,
        )

    before = seconds()
    booked(cast)
    assert [one - two for one, two in zip(before, seconds(), strict=True)] == [1800, 1800]
    plan = day_plan(teacher=cast.teacher, now=TUESDAY - timedelta(hours=1))
    assert [(start, end) for start, end in plan.spans] == [
        (TUESDAY - timedelta(hours=1), TUESDAY),
        (TUESDAY + timedelta(minutes=30), TUESDAY + timedelta(hours=8)),
    ]


@pytest.mark.only_on("postgresql")  # exclusion constraints are its own
def test_postgresql_itself_keeps_bookings_apart(cast, open_teacher):
    facts = {"booked_by": cast.staff, "booked_at": MONDAY, "teacher": cast.teacher}
    end = TUESDAY + timedelta(hours=1)
    Booking.objects.create(student=cast.student, starts_at=TUESDAY, ends_at=end, **facts)
    with pytest.raises(IntegrityError), transaction.atomic():
        Booking.objects.create(student=cast.classmate, starts_at=TUESDAY + timedelta(minutes=59), ends_at=end, **facts)
    Booking.objects.create(student=cast.classmate, starts_at=end, ends_at=end + timedelta(hours=1), **facts)


def test_two_at_once_get_one_time_and_no_minute_too_many(transactional_db):
    """Four students press for the same half hour, and one of them in two browsers for two of theirs."""
    from tests.cast import build_cast

    cast = build_cast()
    default_policy()
    open_tuesdays(cast.teacher, "Room")
    for student in (cast.student, cast.classmate):
        grant(student, 30)
    results: list[str] = []
    start = threading.Barrier(4)

    def press(student: User, at: datetime) -> None:
        start.wait()
        try:
            booked(cast, student, at=at)
            results.append("booked")
        except DomainError as error:
            results.append(error.code)
        finally:
            close_old_connections()
            connection.close()

    later = TUESDAY + timedelta(minutes=30)
    presses = [(cast.student, TUESDAY), (cast.classmate, TUESDAY), (cast.student, later), (cast.classmate, later)]
    threads = [threading.Thread(target=press, args=one) for one in presses]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert results.count("booked") == Booking.objects.count() <= 2
    assert set(results) <= {"booked", "taken", "no_entitlement"}
    assert len(set(Booking.objects.values_list("starts_at"))) == Booking.objects.count() >= 1
    for row in Entitlement.objects.filter(feature=Feature.TEACHER_MINUTES):
        assert row.used == 30 * row.user.bookings.count() <= 30


def test_calendar_entry_is_read_by_calendars(world, client):
    booking = world.cast.student.bookings.get(state="booked")
    client.force_login(world.cast.student)
    answer = client.get(reverse("booking-calendar", args=[booking.pk]))
    entry = Calendar.from_ical(answer.content).walk("VEVENT")[0]
    assert entry.decoded("dtstart") == booking.starts_at
    assert (str(entry["location"]), entry["sequence"]) == ("Room 4 https://meet.example.com/rao", 0)
    assert str(entry["status"]) == "CONFIRMED"


def test_pages_book_move_and_cancel(world, client):
    cast = world.cast
    client.force_login(cast.guardian)
    page = client.get(reverse("booking-new"))
    at = next(iter(page.context["days"].values()))[0]
    sent = {
        "booking_id": str(uuid.uuid4()), "student": str(cast.student.pk), "teacher": str(cast.teacher.pk),
        "slot": at.isoformat(), "words": "Trigonometry",
    }  # fmt: skip
    for bad in ("", "tomorrow", "2026-11-24T10:00:00"):
        assert client.post(reverse("booking-new"), {**sent, "slot": bad}).status_code == 422
    answer = client.post(reverse("booking-new"), sent)
    made = Booking.objects.get(pk=sent["booking_id"])
    assert answer.url == reverse("booking-page", args=[made.pk])
    assert client.post(reverse("booking-new"), {**sent, "booking_id": str(uuid.uuid4())}).status_code == 422
    move = client.get(reverse("booking-move", args=[made.pk]))
    other = [one for day in move.context["days"].values() for one in day][-1]
    assert client.post(reverse("booking-move", args=[made.pk]), {"slot": other.isoformat()}).status_code == 302
    client.force_login(cast.teacher)
    assert client.post(reverse("booking-cancel", args=[made.pk]), {"reason": ""}).status_code == 422
    assert client.post(reverse("booking-cancel", args=[made.pk]), {"reason": "Ill"}).status_code == 302
    made.refresh_from_db()
    assert made.state == "cancelled"
    past = timezone.now() - timedelta(hours=1)
    Booking.objects.filter(state="booked").update(starts_at=past, ends_at=past + timedelta(minutes=30))
    booking = Booking.objects.get(state="booked")
    client.post(reverse("booking-outcome", args=[booking.pk]), {"was": "absent"})
    booking.refresh_from_db()
    assert booking.state == "absent"


@pytest.mark.parametrize(
    ("who", "name"),
    [
        *(("student", name) for name in ("booking-list", "booking-new", "booking-page", "booking-move")),
        *(("guardian", name) for name in ("booking-list", "booking-new")),
        *(("teacher", name) for name in ("own-bookings", "booking-page")),
    ],
)
def test_pages_cost_the_same_for_one_and_for_thirty(world, client, who, name):
    cast = world.cast
    client.force_login(cast.people[who])
    args = [cast.student.bookings.get(state="booked").pk] if name in ("booking-page", "booking-move") else []
    few = cost(client, reverse(name, args=args))
    past = world.now - timedelta(days=10)
    for number in range(30):
        at = past - timedelta(hours=number)
        Booking.objects.create(
            teacher=cast.teacher, student=cast.student, booked_by=cast.student, booked_at=at, starts_at=at,
            ends_at=at + timedelta(minutes=30), evaluation=world.released, about="paper",
        )  # fmt: skip
    # One query more: which of the papers the person may look at, where there is any.
    assert cost(client, reverse(name, args=args)) <= min(few + 1, MOST_QUERIES)


def test_blind_exams_do_not_lead_to_the_paper(world, client):
    booking = world.cast.student.bookings.get(state="booked")
    Booking.objects.filter(pk=booking.pk).update(evaluation=world.released, about="paper")
    page = reverse("booking-page", args=[booking.pk])
    type(world.released.attempt.exam).objects.update(hide_names=False)
    client.force_login(world.cast.teacher)
    assert reverse("result-page", args=[world.released.attempt_id]) in client.get(page).content.decode()
    type(world.released.attempt.exam).objects.update(hide_names=True)
    assert reverse("result-page", args=[world.released.attempt_id]) not in client.get(page).content.decode()


def test_used_minutes_are_counted_in_whole(cast):
    one = factories.EntitlementFactory(user=cast.student, feature=Feature.TEACHER_MINUTES, quantity=10)
    with pytest.raises(NoEntitlement):
        consume_amount(user=cast.student, feature=Feature.TEACHER_MINUTES, amount=11, now=one.starts_at)
    one.refresh_from_db()
    assert one.used == 0
    assert Decimal(one.left or 0) == 10
