from datetime import timedelta
from decimal import Decimal

import pytest
from django.urls import reverse
from django.utils import timezone

from accounts.models import AuditEvent
from evaluations.enums import EvaluationState
from evaluations.models import Evaluation, Holiday, SlaPolicy, WorkingCalendar
from evaluations.tests.builders import evaluation_of, hand_in, marking, more_students

pytestmark = pytest.mark.django_db

LIST = "admin:evaluations_evaluation_changelist"


@pytest.fixture
def office(client, cast):
    client.force_login(cast.staff)
    return client


def act(office, name, papers, **values):
    data = {"action": name, "_selected_action": [str(p.pk) for p in papers], **values}
    return office.post(reverse(LIST), data, follow=True)


def test_the_board_lists_filters_and_searches(office, cast):
    evaluation_of(hand_in(cast.exam, cast.student), teacher=cast.teacher, due_in=timedelta(hours=-9000))
    for query in (
        "",
        "?due=late",
        "?due=soon",
        "?due=today",
        "?breached=yes",
        "?breached=no",
        "?q=meera",
        "?teacher=x",
        "?state=queued",
    ):
        assert office.get(reverse(LIST) + query).status_code == 200
    assert "Meera Nair" in office.get(reverse(LIST) + "?due=late").content.decode()
    assert "Meera Nair" not in office.get(reverse(LIST) + "?due=soon").content.decode()


@pytest.mark.parametrize(("due", "hours"), [("late", -1), ("soon", 1), ("today", 0)])
def test_the_filters_leave_out_corrections_as_the_board_does(office, cast, due, hours):
    made = evaluation_of(hand_in(cast.exam, cast.student), teacher=cast.teacher, total_marks=Decimal("7.50"))
    Evaluation.objects.update(due_at=timezone.now() + timedelta(hours=hours))
    shown = office.get(f"{reverse(LIST)}?due={due}").content.decode()
    assert "Meera Nair" in shown
    assert "7½" in shown
    Evaluation.objects.filter(pk=made.pk).update(finalised_at=timezone.now())
    assert "Meera Nair" not in office.get(f"{reverse(LIST)}?due={due}").content.decode()


def test_the_board_costs_the_same_for_one_paper_and_for_many(office, cast, django_assert_max_num_queries):
    evaluation_of(hand_in(cast.exam, cast.student), teacher=cast.teacher)
    office.get(reverse(LIST))
    with django_assert_max_num_queries(20) as one:
        office.get(reverse(LIST))
    for student in more_students(12):
        evaluation_of(hand_in(cast.exam, student), teacher=cast.teacher)
    with django_assert_max_num_queries(len(one)):
        office.get(reverse(LIST))


def test_one_paper_shows_its_history_and_nothing_to_type(office, cast):
    evaluation = marking(cast.exam, cast.student, cast.teacher)
    page = office.get(reverse("admin:evaluations_evaluation_change", args=[evaluation.pk]))
    assert page.status_code == 200
    assert 'name="state"' not in page.content.decode()
    assert 'name="_' not in page.content.decode().replace('name="_selected_action', "")


def test_an_action_without_a_reason_asks_again(office, cast):
    paper = evaluation_of(hand_in(cast.exam, cast.student), teacher=cast.teacher)
    act(office, "put_back", [paper], confirmed="1", reason="")
    paper.refresh_from_db()
    assert paper.state == EvaluationState.ASSIGNED
    act(office, "put_back", [paper], confirmed="1", reason="Suresh is away")
    paper.refresh_from_db()
    assert paper.state == EvaluationState.QUEUED


def test_release_and_reopen_say_what_was_not_possible(office, cast):
    done = evaluation_of(hand_in(cast.exam, cast.student), teacher=cast.teacher, state=EvaluationState.FINALISED)
    waiting = evaluation_of(hand_in(cast.exam, cast.classmate))
    page = act(office, "release", [done, waiting]).content.decode()
    assert "Done for 1 paper." in page
    assert "Only a marked paper can go back to the student." in page
    act(office, "reopen", [done], confirmed="1", reason="Wrong total")
    done.refresh_from_db()
    assert done.state == EvaluationState.ASSIGNED


def test_what_cannot_be_read_goes_back_with_a_reason(office, cast):
    paper = marking(cast.exam, cast.student, cast.teacher)
    act(office, "cannot_read", [paper], confirmed="1", reason="Page 2 is too dark")
    paper.refresh_from_db()
    assert paper.state == EvaluationState.RETURNED
    assert cast.student.notifications.get().body == "Page 2 is too dark"
    again = act(office, "cannot_read", [paper], confirmed="1", reason="Page 2 is too dark").content.decode()
    assert "Only a paper that is not yet marked can be returned." in again


@pytest.mark.parametrize("model", ["slapolicy", "workingcalendar", "holiday", "slabreach"])
def test_lists_of_promises_open(office, model):
    assert office.get(reverse(f"admin:evaluations_{model}_changelist")).status_code == 200


def test_a_changed_policy_is_audited(office, cast):
    policy = SlaPolicy.objects.get(slug="elapsed-48h")
    values = {"slug": policy.slug, "name": "Two days", "kind": policy.kind, "calendar": str(policy.calendar_id)}
    sent = office.post(
        reverse("admin:evaluations_slapolicy_change", args=[policy.pk]),
        {**values, "hours": "48", "picture_hours": "24", "is_default": "on", "price_currency": "INR"},
    )
    assert sent.status_code == 302
    event = AuditEvent.objects.get(action="slapolicy.changed")
    assert (event.actor, event.before, event.after) == (cast.staff, {"name": "Within 48 hours"}, {"name": "Two days"})


def test_a_new_holiday_is_audited(office):
    calendar = WorkingCalendar.objects.get(slug="institute")
    values = {"calendar": str(calendar.pk), "date": "2026-12-25", "name": "Christmas"}
    assert office.post(reverse("admin:evaluations_holiday_add"), values).status_code == 302
    assert Holiday.objects.get().name == "Christmas"
    assert AuditEvent.objects.filter(action="holiday.added").exists()


@pytest.mark.parametrize("who", ["student", "teacher", "guardian"])
def test_nobody_but_staff_gets_in(client, cast, who):
    client.force_login(cast.people[who])
    assert client.get(reverse(LIST)).status_code in (302, 403)
