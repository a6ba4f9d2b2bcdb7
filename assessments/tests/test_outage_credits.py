"""Crediting outages: what is given, once, to a live attempt or to one that time ended; why not otherwise."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import AuditEvent
from assessments.enums import AttemptState, FlightEvent, RevealWhen
from assessments.models import Attempt, AttemptEvent, MarkedAttempt
from assessments.selectors.flight_record import events_of, spells_of
from assessments.services.attempts import close_overdue_attempts, start_attempt, submit_attempt
from assessments.services.outage_credits import credit_outage, credit_spell, plan_credits
from assessments.tests.sheets import code_of
from assessments.tests.sittings import new_student
from assessments.tests.test_flight_record import PHONE, TABLET, save, tell, told
from common.errors import NotPermittedError
from common.testing.database import run_at_once
from notifications.models import Notification
from tests import factories

NOW = factories.NOW
MINUTE = timedelta(minutes=1)


def outage(attempt, begin=10, seconds=500, *, number=1, device=PHONE, now=None, kind="offline"):
    """An outage that the device told of when it was over; its line."""
    now = now or NOW + begin * MINUTE + timedelta(seconds=seconds + 1)
    tell(attempt, told(number, kind, begin, seconds), device=device, now=now)
    return AttemptEvent.objects.get(attempt=attempt, device=device, number=number)


def credit(cast, attempt, line, *, now=NOW + 30 * MINUTE, **values):
    return credit_spell(attempt=attempt, event_id=line.pk, actor=cast.staff, reason="Power cut", now=now, **values)


def spell_of(attempt, now=NOW + 40 * MINUTE):
    (spell,) = spells_of(attempt, events_of(attempt), now)
    return spell


# --- What is offered -------------------------------------------------------------------------------------------------
def test_offered_is_what_nothing_contradicts(attempt):
    save(attempt, 1, "A", now=NOW + 9 * MINUTE)
    outage(attempt, 10, 500)
    assert (spell_of(attempt).seconds, spell_of(attempt).minutes) == (500, 9)
    save(attempt, 2, "B", now=NOW + 12 * MINUTE)  # two minutes into it something arrived
    assert spell_of(attempt).minutes == 7


def test_a_blink_and_a_hidden_page_are_listed_and_not_offered(attempt):
    tell(attempt, told(1, "offline", 10, 15), told(2, "hidden", 12, 300))
    spells = spells_of(attempt, events_of(attempt), NOW + 40 * MINUTE)
    assert [(spell.kind, spell.minutes) for spell in spells] == [("offline", 0), ("hidden", 0)]


def test_silence_until_a_new_computer_is_an_outage(attempt):
    """The power was cut: nobody could tell, and the student goes on at another computer."""
    tell(attempt, told(1, "opened", 0), now=NOW)
    save(attempt, 1, "A", now=NOW + 10 * MINUTE, device=PHONE)
    tell(attempt, told(1, "opened", 22), device=TABLET, now=NOW + 22 * MINUTE)
    spell = spell_of(attempt)
    assert (spell.kind, spell.is_told, spell.began_at) == ("closed", False, NOW + 10 * MINUTE)
    assert spell.minutes == 12


def test_silence_that_the_device_tells_of_counts_once(attempt):
    tell(attempt, told(1, "opened", 0), now=NOW)
    save(attempt, 1, "A", now=NOW + 10 * MINUTE, device=PHONE)
    tell(attempt, told(2, "closed", 11, 660), told(3, "opened", 22), now=NOW + 22 * MINUTE)
    assert (spell_of(attempt).is_told, spell_of(attempt).minutes) == (True, 11)


# --- A live attempt --------------------------------------------------------------------------------------------------
def test_live_attempt_gets_the_minutes_at_once(cast, attempt):
    line = outage(attempt)
    made = credit(cast, attempt, line)
    longer = Attempt.objects.get(pk=attempt.pk)
    assert (made.minutes, made.is_new) == (9, True)
    assert longer.ends_at == attempt.ends_at + 9 * MINUTE
    assert longer.sheets_due_at == attempt.sheets_due_at + 9 * MINUTE
    event = AuditEvent.objects.get(action="attempt.extended")
    assert (event.reason, event.actor, set(event.after)) == ("Power cut", cast.staff, {"ends_at", "sheets_due_at"})
    said = Notification.objects.get(user=cast.student, kind="attempt.credited")
    until = timezone.localtime(longer.ends_at).strftime("%H:%M")
    assert said.title == "9 more minutes for your exam"
    assert until in said.body
    assert save(longer, 1, "A", now=attempt.ends_at + 8 * MINUTE).applied


def test_credited_once_per_spell(cast, attempt):
    line = outage(attempt)
    again = [credit(cast, attempt, line) for _ in range(3)]
    assert [(made.minutes, made.is_new) for made in again] == [(9, True), (9, False), (9, False)]
    assert Attempt.objects.get(pk=attempt.pk).ends_at == attempt.ends_at + 9 * MINUTE
    assert AuditEvent.objects.filter(action="attempt.extended").count() == 1


def test_two_devices_in_one_outage_are_one_outage(cast, attempt):
    back = NOW + 25 * MINUTE
    first = outage(attempt, 10, 600, now=back)
    second = outage(attempt, 12, 600, device=TABLET, now=back)
    credit(cast, attempt, first)
    assert credit(cast, attempt, second).minutes == 2  # only what the first did not cover
    assert Attempt.objects.get(pk=attempt.pk).ends_at == attempt.ends_at + 12 * MINUTE


@pytest.mark.usefixtures("transactional_db")
def test_credits_at_the_same_moment_are_one(cast):
    attempt = start_attempt(exam=cast.exam, student=cast.student, now=NOW)
    line = outage(attempt)
    made = run_at_once([lambda: credit(cast, attempt, line)] * 4)
    assert sorted(one.is_new for one in made) == [False, False, False, True]
    assert Attempt.objects.get(pk=attempt.pk).ends_at == attempt.ends_at + 9 * MINUTE


def test_refused_with_the_reason(cast, attempt):
    hidden = outage(attempt, kind="hidden")
    blink = outage(attempt, seconds=15, number=2)
    long = outage(attempt, 0, 200 * 60, number=3)
    other = start_attempt(exam=cast.exam, student=cast.classmate, now=NOW)
    assert code_of(credit, cast, attempt, hidden) == "no_such_spell"
    assert code_of(credit, cast, other, blink) == "no_such_spell"
    assert code_of(credit, cast, attempt, blink) == "nothing_lost"
    Attempt.objects.filter(pk=attempt.pk).update(ends_at=NOW + 300 * MINUTE, sheets_due_at=NOW + 300 * MINUTE)
    assert code_of(credit, cast, attempt, long, now=NOW + 250 * MINUTE) == "too_much"
    for person in (cast.student, cast.teacher):
        with pytest.raises(NotPermittedError):
            credit_spell(attempt=attempt, event_id=blink.pk, actor=person, now=NOW)


# --- One that time ended ---------------------------------------------------------------------------------------------
@pytest.fixture
def ended(attempt):
    """Offline for the last ten minutes; what was to be told came when the connection was back."""
    close_overdue_attempts(now=NOW + 61 * MINUTE)
    line = outage(attempt, 50, 15 * 60)
    return Attempt.objects.get(pk=attempt.pk), line


def test_opened_again_for_exactly_what_was_lost(cast, ended):
    attempt, line = ended
    now = NOW + 90 * MINUTE
    made = credit(cast, attempt, line, now=now)
    again = Attempt.objects.get(pk=attempt.pk)
    assert made.minutes == 10  # of fifteen, ten were inside the exam
    assert (again.state, again.ends_at, again.submit_reason) == (AttemptState.IN_PROGRESS, now + 10 * MINUTE, "")
    assert (again.submitted_at, again.objective_marks) == (None, None)
    assert again.sheets_due_at - again.ends_at == attempt.sheets_due_at - attempt.ends_at
    assert MarkedAttempt.objects.get(attempt=again).is_due
    assert AuditEvent.objects.filter(action="attempt.writing_reopened", reason="Power cut").count() == 1
    save(again, 1, "B", now=now + 9 * MINUTE)
    assert close_overdue_attempts(now=now + 11 * MINUTE) == 1
    again.refresh_from_db()
    assert (again.state, again.submitted_at, again.objective_marks) == (
        AttemptState.SUBMITTED, now + 10 * MINUTE, 1,
    )  # fmt: skip
    assert not credit(cast, again, line, now=now + 12 * MINUTE).is_new
    assert [event.kind for event in events_of(again)] == [
        "started", "submitted", "offline", "reopened", "credited", "answer", "submitted",
    ]  # fmt: skip


def test_why_it_is_not_opened_again(cast, ended, settings):
    attempt, line = ended

    def code(now=NOW + 90 * MINUTE, **values):
        Attempt.objects.filter(pk=attempt.pk).update(**values)
        return code_of(credit, cast, attempt, line, now=now)

    assert code(now=NOW + timedelta(hours=26)) == "too_long_ago"
    settings.CREDIT_REOPEN_HOURS = 0
    assert code() == "reopening_off"
    settings.CREDIT_REOPEN_HOURS = 24
    assert code(state=AttemptState.HANDED_IN, handed_in_at=NOW) == "already_handed_in"
    assert code(state=AttemptState.SUBMITTED, submit_reason="student") == "submitted_by_student"
    assert code(state=AttemptState.CANCELLED) == "attempt_cancelled"


def test_paper_without_written_questions_opens_again_while_nothing_was_shown(cast):
    paper = factories.small_paper(factories.SMALL_PAPER[:1], "Key alone")
    exam = factories.ExamFactory(paper=paper, for_cohorts=[cast.cohort])
    attempt = start_attempt(exam=exam, student=cast.student, now=NOW)
    close_overdue_attempts(now=NOW + 61 * MINUTE)
    line = outage(attempt, 50, 15 * 60)
    assert Attempt.objects.get(pk=attempt.pk).state == AttemptState.HANDED_IN
    assert code_of(credit, cast, attempt, line, now=NOW + 70 * MINUTE) == "result_shown"
    for item in ("correctness", "marks", "key", "explanation"):
        setattr(exam, f"reveal_{item}", RevealWhen.NEVER)
    exam.save()
    assert credit(cast, attempt, line, now=NOW + 70 * MINUTE).is_new
    assert Attempt.objects.get(pk=attempt.pk).handed_in_at is None


# --- Many at once ----------------------------------------------------------------------------------------------------
def hall(cast, count):
    """Students of one exam: the first was offline for ten minutes, the second for five, the others not."""
    attempts = [start_attempt(exam=cast.exam, student=new_student(cast), now=NOW) for _ in range(count)]
    for attempt, seconds in zip(attempts, (600, 300), strict=False):
        outage(attempt, 10, seconds)
    return attempts


SPAN = (NOW + 9 * MINUTE, NOW + 25 * MINUTE)


def test_bulk_gives_each_their_own_and_says_why_not(cast):
    attempts = hall(cast, 3)
    plans = plan_credits(attempts=attempts, span=SPAN, now=NOW + 30 * MINUTE)
    assert [plan.minutes for plan in plans] == [10, 5, 0]
    assert plans[2].why_not == "Its record shows no outage in this time."
    by = {"actor": cast.staff, "reason": "Feeder down", "now": NOW + 30 * MINUTE}
    made = credit_outage(attempts=attempts, span=SPAN, **by)
    assert [credit.minutes for credit in made] == [10, 5]
    assert credit_outage(attempts=attempts, span=SPAN, **by) == []
    ends = [Attempt.objects.get(pk=attempt.pk).ends_at - NOW for attempt in attempts]
    assert ends == [70 * MINUTE, 65 * MINUTE, 60 * MINUTE]
    assert [plan.why_not for plan in plan_credits(attempts=attempts, span=SPAN, now=NOW + 31 * MINUTE)][:2] == [
        "Credited before.", "Credited before.",
    ]  # fmt: skip


def test_bulk_is_for_one_exam_and_a_time_that_ends_after_it_began(cast, attempt):
    other = start_attempt(
        exam=factories.ExamFactory(paper=cast.exam.paper, for_cohorts=[cast.cohort]), student=cast.student, now=NOW
    )
    by = {"actor": cast.staff, "reason": "", "now": NOW}
    assert code_of(credit_outage, attempts=[attempt, other], span=SPAN, **by) == "several_exams"
    assert code_of(credit_outage, attempts=[attempt], span=SPAN[::-1], **by) == "span_order"


def test_plan_costs_the_same_for_more_attempts(cast):
    def cost(attempts):
        with CaptureQueriesContext(connection) as queries:
            plan_credits(attempts=attempts, span=SPAN, now=NOW + 30 * MINUTE)
        return len(queries)

    attempts = hall(cast, 3)
    assert cost(attempts[:1]) == cost(attempts) == 2


def test_second_submission_is_told_like_the_first(cast, ended):
    """Whoever listens to the end of an attempt hears it again, and the student submits by hand this time."""
    attempt, line = ended
    credit(cast, attempt, line, now=NOW + 90 * MINUTE)
    done = submit_attempt(attempt=attempt, actor=cast.student, now=NOW + 95 * MINUTE)
    assert (done.state, done.submit_reason) == (AttemptState.SUBMITTED, "student")
    assert [event.data["reason"] for event in events_of(done) if event.kind == FlightEvent.SUBMITTED] == [
        "time_up", "student",
    ]  # fmt: skip
