"""Rooms: who says what when, once and in order; questions, announcements, moderation; pages."""

from __future__ import annotations

import threading
from datetime import datetime, timedelta
from itertools import pairwise
from types import SimpleNamespace
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.db import DatabaseError, connections, transaction
from hypothesis import given
from hypothesis import strategies as st

from accounts.models import AuditEvent
from common.errors import ConflictError, DomainError, NotPermittedError
from courses.enums import CourseState, EnrolmentSource, EnrolmentState
from courses.models import (
    Course,
    CourseTeacher,
    Enrolment,
    Message,
    MessageEdit,
    Mute,
    ReadPosition,
    Report,
    ReportDecision,
    Room,
    Thread,
)
from courses.selectors.rooms import heard_rooms, said, shown_name, since, thread_page
from courses.services.rooms.access import LIMITS, SlowDownError, seconds_to_wait
from courses.services.rooms.announcements import announce_to_course, withdraw_announcement
from courses.services.rooms.live import RoomTopics
from courses.services.rooms.moderation import (
    hide_message,
    lift_mute,
    mute_author,
    report_message,
    set_room,
    show_message,
)
from courses.services.rooms.posting import EDIT_TIME, edit_message, note_read, say
from courses.services.rooms.threads import accept, answer, ask, follow
from notifications.models import Notification
from tests import factories
from tests.cast import Cast
from tests.factories import NOW

pytestmark = pytest.mark.django_db
SECOND, MINUTE = timedelta(seconds=1), timedelta(minutes=1)


def make_room(teacher: Any, *students: Any, **policy: Any) -> Room:
    course = Course.objects.create(
        slug=uuid4().hex[:12],
        title="Algebra",
        state=CourseState.PUBLISHED,
        created_by=teacher,
        created_at=NOW,
        updated_at=NOW,
    )
    CourseTeacher.objects.create(course=course, teacher=teacher)
    for student in students:
        enrol(course, student)
    return Room.objects.create(course=course, opened_at=NOW, **policy)


def enrol(course: Course, student: Any, state: str = EnrolmentState.ACTIVE) -> Enrolment:
    return Enrolment.objects.create(
        course=course, student=student, source=EnrolmentSource.SELF, state=state, created_at=NOW, queued_at=NOW
    )


def fill_room(room: Room, author: Any, number: int, *, side: str = "student") -> None:
    rows = [
        Message(
            room=room, seq=n, client_id=uuid4(), author=author, side=side, source=f"No. {n}", html=f"<p>No. {n}</p>",
            at=NOW + n * MINUTE,
        )
        for n in range(room.last_seq + 1, room.last_seq + number + 1)
    ]  # fmt: skip
    Message.objects.bulk_create(rows)
    room.last_seq += number
    room.save()


@pytest.fixture
def room(cast: Cast) -> Room:
    return make_room(cast.teacher, cast.student, cast.classmate)


def talk(room: Room, actor: Any, source: str = "Hello", **changes: Any) -> Message:
    return say(**{"room": room, "source": source, "client_id": uuid4(), "actor": actor, "now": NOW, **changes})


# --- Saying ----------------------------------------------------------------------------------------------------------
def test_messages_have_dense_numbers_and_the_same_again_is_one(cast: Cast, room: Room) -> None:
    client = uuid4()
    first = talk(room, cast.student, "$x^2$", client_id=client)
    assert talk(room, cast.student, "other words", client_id=client) == first
    second = talk(room, cast.teacher)
    assert [first.seq, second.seq] == [1, 2]
    assert "<math" in first.html
    assert (first.side, second.side) == ("student", "teacher")
    with pytest.raises(ConflictError):
        talk(make_room(cast.teacher, cast.student), cast.student, client_id=client)
    # Another person's page may have made the same id.
    assert talk(room, cast.classmate, client_id=client).seq == 3


@pytest.mark.parametrize(
    ("source", "code"),
    [("  ", "empty"), ("x" * 2001, "too_long"), ("see https://a.example", "no_links"), ("www.a.example", "no_links"),
     ("[this](mailto:a@b.example)", "no_links"), ("me@example.com", "no_links"), ("a<br>b\x00 ", None)],
)  # fmt: skip
def test_what_may_be_said(cast: Cast, room: Room, source: str, code: str | None) -> None:
    if code is None:
        assert "<br>" not in talk(room, cast.student, source).html
        return
    with pytest.raises(DomainError) as refused:
        talk(room, cast.student, source)
    assert refused.value.code == code
    assert room.messages.count() == 0


def test_teachers_post_links_and_a_room_may_let_everybody(cast: Cast, room: Room) -> None:
    assert "<a " in talk(room, cast.teacher, "<https://cbse.gov.in>").html
    Room.objects.filter(pk=room.pk).update(links="everybody")
    room = Room.objects.get(pk=room.pk)
    assert talk(room, cast.student, "https://cbse.gov.in").seq == 2


def test_who_is_outside_waits_or_only_reads_says_nothing(cast: Cast, room: Room) -> None:
    enrol(room.course, cast.outsider, EnrolmentState.WAITING)
    room.guardians_read = True
    room.save()
    for person in (cast.outsider, cast.guardian, cast.colleague):
        with pytest.raises(NotPermittedError):
            talk(room, person)
    assert talk(room, cast.staff).side == "staff"


def test_policy_says_who_writes_and_when(cast: Cast, room: Room) -> None:
    def refused(actor: Any) -> str:
        with pytest.raises(DomainError) as error:
            talk(room, actor)
        return error.value.code

    set_room(course=room.course, wanted={"writers": "teachers"}, actor=cast.teacher, now=NOW)
    assert refused(cast.student) == "teachers_only"
    assert talk(room, cast.teacher).seq == 1
    # Questions stay open to students.
    assert ask(
        room=room, title="Why?", source="So?", lesson=None, client_id=uuid4(), actor=cast.student, now=NOW
    ).answers == 0  # fmt: skip
    set_room(course=room.course, wanted={"writers": "everybody", "is_on": False}, actor=cast.teacher, now=NOW)
    assert refused(cast.student) == refused(cast.teacher) == "room_closed"
    set_room(course=room.course, wanted={"is_on": True}, actor=cast.teacher, now=NOW)
    Course.objects.filter(pk=room.pk).update(state=CourseState.ARCHIVED)
    room = Room.objects.get(pk=room.pk)
    assert refused(cast.student) == "course_closed"
    assert AuditEvent.objects.filter(action="room.settings").count() == 3
    with pytest.raises(NotPermittedError):
        set_room(course=room.course, wanted={}, actor=cast.student, now=NOW)


def test_slow_mode_says_how_long_to_wait(cast: Cast, room: Room) -> None:
    room.slow_seconds = 30
    room.save()
    talk(room, cast.student)
    with pytest.raises(SlowDownError) as early:
        talk(room, cast.student, now=NOW + 12 * SECOND)
    assert early.value.details["retry_after"] == 18
    assert "18" in early.value.message
    talk(room, cast.student, now=NOW + 30 * SECOND)
    talk(room, cast.teacher)
    talk(room, cast.teacher, now=NOW + SECOND)


@given(gaps=st.lists(st.integers(0, 12), min_size=1, max_size=60))
def test_the_pace_is_never_passed_and_waiting_is_enough(gaps: list[int]) -> None:
    """Whoever waits as long as told may write, and in no window there are more messages than allowed."""
    times: list[datetime] = []
    now = NOW
    for gap in gaps:
        now += gap * SECOND
        now += seconds_to_wait(times[::-1], 3, now) * SECOND
        assert seconds_to_wait(times[::-1], 3, now) == 0
        times.append(now)
    for most, span in LIMITS:
        assert all(late - early >= span for early, late in zip(times, times[most:], strict=False))
    assert all(late - early >= 3 * SECOND for early, late in pairwise(times))


def test_an_edit_keeps_what_was_said_and_has_its_time(cast: Cast, room: Room) -> None:
    message = talk(room, cast.student, "one")
    edited = edit_message(message=message, source="two", actor=cast.student, now=NOW + MINUTE)
    assert (edited.source, edited.change, edited.seq) == ("two", 1, 1)
    assert [row.source for row in MessageEdit.objects.all()] == ["one"]
    for actor, when, kind in ((cast.teacher, MINUTE, NotPermittedError), (cast.student, EDIT_TIME, DomainError)):
        with pytest.raises(kind):
            edit_message(message=message, source="three", actor=actor, now=NOW + when)


def test_nothing_said_is_deleted_and_evidence_never_changes(cast: Cast, room: Room) -> None:
    message = talk(room, cast.student)
    report = report_message(message=message, reason="hurtful", words="", actor=cast.classmate, now=NOW)
    for attempt in (message.delete, lambda: Report.objects.filter(pk=report.pk).update(words="x")):
        with pytest.raises(DatabaseError), transaction.atomic():
            attempt()


def test_since_brings_what_came_and_what_became_of_it(cast: Cast, room: Room) -> None:
    first, _ = talk(room, cast.student, "a"), talk(room, cast.classmate, "b")
    hide_message(message=first, reason="Rude", actor=cast.teacher, now=NOW)
    new = since(room, seq=1, change=0)
    assert [row.seq for row in new.messages] == [2]
    assert [(row.seq, row.is_hidden, row.html) for row in new.changed] == [(1, True, "")]
    assert not new.more
    assert since(room, seq=0, change=1, most=1).more


def test_reading_never_goes_back(cast: Cast, room: Room) -> None:
    fill_room(room, cast.teacher, 9)
    for seq, expected in ((5, 5), (3, 5), (99, 9), (0, 9)):
        note_read(room=room, seq=seq, person=cast.student)
        assert ReadPosition.objects.get(person=cast.student).seq == expected


def test_names_are_short_unless_the_room_says_otherwise(cast: Cast, room: Room) -> None:
    talk(room, cast.student)
    talk(room, cast.teacher)
    rows = room.messages.select_related("author")
    assert [row.who for row in said(rows, room)] == ["Meera N.", "Suresh Rao"]
    room.names = "full"
    assert said(rows, room)[0].who == "Meera Nair"
    assert shown_name(SimpleNamespace(name="Asha"), "student", "short") == "Asha"  # type: ignore[arg-type]
    keys = {row.key for row in said(rows, room)}
    assert len(keys) == 2
    assert not any(str(cast.student.pk) in str(row.facts()) for row in said(rows, room))


# --- Questions -------------------------------------------------------------------------------------------------------
def put(room: Room, actor: Any, title: str = "Why is it 4?", **changes: Any) -> Thread:
    given = {"room": room, "title": title, "source": "I get 5.", "lesson": None, "client_id": uuid4(), "actor": actor,
             "now": NOW}  # fmt: skip
    return ask(**{**given, **changes})


def test_a_question_is_answered_accepted_and_followed(cast: Cast, room: Room) -> None:
    client = uuid4()
    thread = put(room, cast.student, client_id=client)
    assert put(room, cast.student, client_id=client) == thread
    follow(thread=thread, person=cast.outsider, wanted=True)  # has no place in the course any more
    given = answer(thread=thread, source="Because.", client_id=uuid4(), actor=cast.classmate, now=NOW + MINUTE)
    told = Notification.objects.filter(kind="question_answered")
    assert [row.user for row in told] == [cast.student]
    thread.refresh_from_db()
    assert (thread.answers, thread.last_at) == (1, NOW + MINUTE)
    first = thread.messages.order_by("seq")[0]
    for actor, message in ((cast.classmate, given), (cast.student, first)):
        with pytest.raises(DomainError):
            accept(thread=thread, message=message, actor=actor, now=NOW)
    assert accept(thread=thread, message=given, actor=cast.student, now=NOW).accepted == given
    hide_message(message=given, reason="Copied", actor=cast.teacher, now=NOW)
    thread.refresh_from_db()
    assert (thread.accepted, thread.answers) == (None, 0)
    with pytest.raises(DomainError):
        accept(thread=thread, message=given, actor=cast.teacher, now=NOW)


def test_questions_are_found_by_their_words(cast: Cast, room: Room) -> None:
    one, two = put(room, cast.student, "Roots of $x^2$"), put(room, cast.classmate, "Chords", source="of a CIRCLE")
    assert thread_page(room, cast.student, text="circle chords").rows == [two]
    assert thread_page(room, cast.student, text="roots circle").rows == []
    assert thread_page(room, cast.student, show="mine").rows == [one]
    hide_message(message=two.messages.get(), reason="Rude", actor=cast.teacher, now=NOW)
    assert thread_page(room, cast.student).rows == [one]
    assert len(thread_page(room, cast.teacher).rows) == 2
    show_message(message=two.messages.get(), actor=cast.teacher, now=NOW)
    assert len(thread_page(room, cast.student, show="open").rows) == 2


# --- Announcements ---------------------------------------------------------------------------------------------------
def test_an_announcement_comes_to_those_inside_once(cast: Cast, room: Room) -> None:
    enrol(room.course, cast.outsider, EnrolmentState.WAITING)
    given = {"room": room, "title": "Test on Friday", "source": "Bring a ruler.", "pin_days": 2, "client_id": uuid4()}
    for _ in range(2):
        made = announce_to_course(**given, actor=cast.teacher, now=NOW)
    told = Notification.objects.filter(kind="course_announced")
    assert {row.user for row in told} == {cast.student, cast.classmate}
    with pytest.raises(NotPermittedError):
        announce_to_course(**{**given, "client_id": uuid4()}, actor=cast.student, now=NOW)
    room.guardians_read = True
    room.save()
    announce_to_course(**{**given, "client_id": uuid4()}, actor=cast.teacher, now=NOW)
    assert told.filter(user=cast.guardian).count() == 1
    assert (
        withdraw_announcement(announcement=made, reason="Moved", actor=cast.teacher, now=NOW).hidden_by == cast.teacher
    )
    assert AuditEvent.objects.filter(action="room.announcement_withdrawn").count() == 1


# --- Moderation ------------------------------------------------------------------------------------------------------
def test_a_report_is_told_once_and_decided_by_what_is_done(cast: Cast, room: Room) -> None:
    message = talk(room, cast.student)
    for person in (cast.classmate, cast.classmate, cast.guardian):
        report_message(message=message, reason="hurtful", words="He means me.", actor=person, now=NOW)
    assert [row.user for row in Notification.objects.filter(kind="message_reported")] == [cast.teacher]
    with pytest.raises(DomainError):
        report_message(message=message, reason="hurtful", words="", actor=cast.student, now=NOW)
    with pytest.raises(NotPermittedError):
        hide_message(message=message, reason="x", actor=cast.classmate, now=NOW)
    with pytest.raises(DomainError):
        hide_message(message=message, reason=" ", actor=cast.teacher, now=NOW)
    hidden = hide_message(message=message, reason="Rude", actor=cast.teacher, now=NOW)
    assert hidden.html  # stays as evidence
    assert set(ReportDecision.objects.values_list("outcome", flat=True)) == {"hidden"}
    assert not Message.objects.visible_to(cast.student).exists()
    assert Message.objects.visible_to(cast.teacher).get() == message
    show_message(message=message, actor=cast.teacher, now=NOW)
    assert Message.objects.visible_to(cast.student).exists()
    actions = AuditEvent.objects.filter(action__startswith="room.").values_list("action", flat=True)
    assert sorted(actions) == ["room.hidden", "room.reported", "room.reported", "room.shown"]


def test_who_is_muted_writes_nothing_until_then(cast: Cast, room: Room) -> None:
    message = talk(room, cast.student)
    mute = mute_author(message=message, hours=24, reason="Again and again", actor=cast.teacher, now=NOW)
    with pytest.raises(DomainError, match="Again and again"):
        talk(room, cast.student, now=NOW + MINUTE)
    with pytest.raises(DomainError):
        put(room, cast.student, now=NOW + MINUTE)
    lift_mute(mute=mute, actor=cast.teacher, now=NOW + MINUTE)
    talk(room, cast.student, now=NOW + MINUTE)
    mute_author(message=message, hours=1, reason="Still", actor=cast.teacher, now=NOW)
    talk(room, cast.student, now=NOW + timedelta(hours=1))
    with pytest.raises(DomainError):
        mute_author(message=talk(room, cast.teacher), hours=1, reason="x", actor=cast.staff, now=NOW)
    assert Mute.objects.count() == 2


# --- Live ------------------------------------------------------------------------------------------------------------
def test_who_hears_a_room_is_who_sees_it(cast: Cast, room: Room) -> None:
    silent = make_room(cast.colleague, cast.student, is_on=False)
    for_guardians = make_room(cast.colleague, cast.student, guardians_read=True)
    enrol(room.course, cast.outsider, EnrolmentState.WAITING)
    rooms = [room, silent, for_guardians]
    wanted = {(person.pk, one.pk) for person in cast.people.values() for one in rooms} | {(cast.student.pk, uuid4())}
    seen = {
        (person.pk, one.pk)
        for person in cast.people.values()
        for one in Room.objects.visible_to(person).filter(pk__in=rooms)
    }
    assert heard_rooms(wanted) == seen
    assert (cast.guardian.pk, for_guardians.pk) in seen


def test_the_stream_says_what_came_after_what_is_known(cast: Cast, room: Room) -> None:
    topics = RoomTopics()
    assert topics.news({room.pk: (0, 0)}) == {}
    first = talk(room, cast.student)
    head, event = topics.news({room.pk: (0, 0)})[room.pk]
    assert head == (1, 0)
    assert b'"seq":1' in event
    assert topics.news({room.pk: head}) == {}
    hide_message(message=first, reason="Rude", actor=cast.teacher, now=NOW)
    head, event = topics.news({room.pk: head})[room.pk]
    assert head == (1, 1)
    assert b'"hidden":true' in event
    fill_room(Room.objects.get(pk=room.pk), cast.student, 60)
    head, event = topics.news({room.pk: head})[room.pk]
    assert head == (61, 1)
    assert b"messages" not in event  # too much for everybody's stream: pages ask


# --- At once ---------------------------------------------------------------------------------------------------------
@pytest.mark.usefixtures("transactional_db")
def test_eight_writers_leave_no_gap_and_nobody_sees_a_number_before_those_under_it() -> None:
    teacher = factories.TeacherFactory()
    writers = [factories.StudentFactory() for _ in range(8)]
    room = make_room(teacher, *writers)
    each, torn, done = 12, [], threading.Event()

    def write(person: Any) -> None:
        try:
            for n in range(each):
                talk(room, person, str(n), now=NOW + n * MINUTE)
        finally:
            connections.close_all()

    def read() -> None:
        try:
            while not done.is_set():
                seen = list(Message.objects.filter(room=room).order_by("seq").values_list("seq", flat=True))
                if seen != list(range(1, len(seen) + 1)):
                    torn.append(seen)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=write, args=[person]) for person in writers]
    reader = threading.Thread(target=read)
    for thread in (reader, *threads):
        thread.start()
    for thread in threads:
        thread.join()
    done.set()
    reader.join()
    assert not torn
    assert sorted(room.messages.values_list("seq", flat=True)) == list(range(1, 8 * each + 1))
    assert Room.objects.get(pk=room.pk).last_seq == 8 * each


@pytest.mark.usefixtures("transactional_db")
def test_the_same_message_in_eight_requests_at_once_is_one() -> None:
    teacher, student = factories.TeacherFactory(), factories.StudentFactory()
    room, client, made = make_room(teacher, student), uuid4(), []

    def write() -> None:
        try:
            made.append(talk(room, student, client_id=client).pk)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=write) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(made) == 8
    assert set(made) == {room.messages.get().pk}
    assert isinstance(made[0], UUID)
