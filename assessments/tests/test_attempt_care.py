"""Staff's help for a sitting, as services and in the back office."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.contrib.auth.models import Permission
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from accounts.models import AuditEvent, Entitlement
from assessments.enums import AttemptState, RevealItem
from assessments.models import Attempt, Exam, Response
from assessments.services.attempt_care import cancel_attempt, extend_attempt, reopen_sheets
from assessments.services.attempts import hand_in_overdue_sheets, save_response, start_attempt, submit_attempt
from assessments.services.exams import save_exam
from assessments.services.sheets import process_sheet
from assessments.tests.sheets import announce, code_of, receive
from common.errors import NotPermittedError
from tests import factories

NOW = factories.NOW
MINUTE = timedelta(minutes=1)


@pytest.fixture
def attempt(cast):
    return start_attempt(exam=cast.exam, student=cast.student, now=NOW)


def events():
    return list(AuditEvent.objects.order_by("id").values_list("action", flat=True))


def test_extend_moves_both_deadlines(cast, attempt):
    longer = extend_attempt(attempt=attempt, minutes=15, actor=cast.staff, reason="Power cut", now=NOW)
    assert longer.ends_at == attempt.ends_at + 15 * MINUTE
    assert longer.sheets_due_at == attempt.sheets_due_at + 15 * MINUTE
    event = AuditEvent.objects.get(action="attempt.extended")
    assert (event.reason, event.object_id) == ("Power cut", str(attempt.pk))
    assert set(event.before) == {"ends_at", "sheets_due_at"}
    submit_attempt(attempt=attempt, actor=cast.student, now=NOW)
    by = {"minutes": 15, "actor": cast.staff, "now": NOW}
    assert code_of(extend_attempt, attempt=attempt, **by) == "not_in_progress"
    assert code_of(extend_attempt, attempt=attempt, **by | {"minutes": 0}) == "minutes"


def test_reopen_lets_sheets_in_again_when_none_had_arrived(cast, attempt):
    submit_attempt(attempt=attempt, actor=cast.student, now=NOW)
    late = attempt.sheets_due_at + 5 * MINUTE
    hand_in_overdue_sheets(now=late)
    reopened = reopen_sheets(attempt=attempt, minutes=30, actor=cast.staff, now=late)
    assert (reopened.state, reopened.handed_in_at) == (AttemptState.SUBMITTED, None)
    assert announce(reopened, now=late + 29 * MINUTE)[1] is not None
    assert "attempt.reopened" in events()


def test_reopen_refused_with_pages_in_or_without_sheets(cast, attempt):
    by = {"minutes": 30, "actor": cast.staff, "now": NOW}
    assert code_of(reopen_sheets, attempt=attempt, **by) == "no_sheets"
    receive(attempt)
    submit_attempt(attempt=attempt, actor=cast.student, now=NOW)
    hand_in_overdue_sheets(now=attempt.sheets_due_at)
    assert code_of(reopen_sheets, attempt=attempt, **by) == "already_handed_in"


def test_cancel_gives_the_exam_back_once(cast, attempt):
    for _ in range(2):
        assert cancel_attempt(attempt=attempt, actor=cast.staff, now=NOW).state == AttemptState.CANCELLED
    assert Entitlement.objects.get(user=cast.student).used == 0
    assert events().count("attempt.cancelled") == 1
    assert start_attempt(exam=cast.exam, student=cast.student, now=NOW).pk != attempt.pk


def test_cancel_refused_after_hand_in(cast, attempt):
    Attempt.objects.update(state=AttemptState.HANDED_IN)
    assert code_of(cancel_attempt, attempt=attempt, actor=cast.staff, now=NOW) == "already_handed_in"


@pytest.mark.parametrize("service", [extend_attempt, reopen_sheets, cancel_attempt])
def test_only_staff_help(cast, attempt, service):
    minutes = {} if service is cancel_attempt else {"minutes": 15}
    for person in (cast.student, cast.teacher):
        with pytest.raises(NotPermittedError):
            service(attempt=attempt, actor=person, now=NOW, **minutes)


def test_saving_an_exam_is_recorded_only_when_it_changes(cast):
    for _ in range(2):
        cast.exam.duration_minutes = 90
        save_exam(exam=cast.exam, actor=cast.staff, now=NOW)
    event = AuditEvent.objects.get(action="exam.changed")
    assert (event.before, event.after) == ({"duration_minutes": 60}, {"duration_minutes": 90})


# --- Back office -----------------------------------------------------------------------------------------------------
@pytest.fixture
def office(cast, client):
    names = ("exam", "attempt", "response", "sheetupload", "cohort", "programme", "blueprint", "paper")
    cast.staff.user_permissions.set(
        Permission.objects.filter(codename__in=[f"{verb}_{n}" for n in names for verb in ("view", "add", "change")])
    )
    client.force_login(cast.staff)
    return client


@pytest.fixture
def written(cast, attempt):
    """An attempt with an answer and a page."""
    question = attempt.paper.questions.get(number=1)
    save_response(
        attempt=attempt, question_id=question.pk, seq=1, answer={"choices": ["B"]}, marked_for_review=None,
        actor=cast.student, now=NOW,
    )  # fmt: skip
    upload = receive(attempt)
    process_sheet(upload_id=upload.pk, now=NOW)
    return attempt


def test_attempt_list_and_search(cast, office, written):
    url = reverse("admin:assessments_attempt_changelist")
    page = office.get(url, {"q": "meera", "state__exact": "in_progress"})
    assert page.status_code == 200
    assert [row.pk for row in page.context["cl"].result_list] == [written.pk]
    assert page.context["cl"].result_list[0].page_count == 1
    assert not office.get(url, {"q": "nobody"}).context["cl"].result_list


def test_attempt_page_shows_answers_and_pages_and_changes_nothing(office, written):
    url = reverse("admin:assessments_attempt_change", args=[written.pk])
    page = office.get(url)
    assert page.status_code == 200
    text = page.content.decode()
    assert "/files/attempts/" in text
    assert "thumb.jpg" in text
    assert 'name="state"' not in text
    office.post(url, {"state": "cancelled"})
    written.refresh_from_db()
    assert written.state == AttemptState.IN_PROGRESS


def test_office_reads_marks_and_answers_as_people_write_them(office, written):
    """Ten marks are 10, not 1E+1; an answer on paper is not nothing."""
    Attempt.objects.filter(pk=written.pk).update(objective_marks=10, objective_max=Decimal("20.50"))
    for number, answer in ((4, {"on_paper": True}), (5, {"on_paper": True, "not_attempted": True})):
        question = written.paper.questions.filter(number=number).first()
        Response.objects.create(attempt=written, question=question, answer=answer, saved_at=NOW)
    assert "10 / 20½" in office.get(reverse("admin:assessments_attempt_changelist")).content.decode()
    text = office.get(reverse("admin:assessments_attempt_change", args=[written.pk])).content.decode()
    assert "on paper" in text
    assert "not attempted" in text


@pytest.mark.parametrize(
    ("name", "action"),
    [("give_more_time", "attempt.extended"), ("reopen_for_sheets", None), ("cancel", "attempt.cancelled")],
)
def test_attempt_actions_call_the_services(office, written, name, action):
    url = reverse("admin:assessments_attempt_changelist")
    body = {"action": name, "_selected_action": [str(written.pk)]}
    page = office.post(url, body, follow=True)
    assert page.status_code == 200
    recorded = [event for event in events() if event.startswith("attempt.")]
    assert recorded == ([action] if action else [])
    if action is None:
        assert "There are no sheets to wait for here." in page.content.decode()


def test_exam_is_set_and_changed_through_the_back_office(cast, office):
    opens = timezone.localtime(NOW)
    form = {
        "title": "Maths mock 2", "programme": str(cast.cohort.programme.pk), "paper": str(cast.exam.paper.pk),
        "blueprint": "", "cohorts": [str(cast.cohort.pk)], "is_published": "on", "opens_at_0": f"{opens:%Y-%m-%d}",
        "opens_at_1": f"{opens:%H:%M:%S}", "closes_at_0": "", "closes_at_1": "", "duration_minutes": "60",
        "upload_grace_minutes": "5", "max_attempts": "1", "release": "when_marked", "hide_names": "on",
        "marking": "whole", "preset": "everything", "purpose": "exam", "pass_percent": "70",
        **{f"reveal_{item}": "at_once" for item in RevealItem},
        "behaviour": "immediate", "tries": "2", "try_penalty": "0.25", "calculator": "basic",
    }  # fmt: skip
    page = office.post(reverse("admin:assessments_exam_add"), form)
    assert page.status_code == 302, page.context["errors"]
    exam = Exam.objects.get(title="Maths mock 2")
    assert list(exam.cohorts.all()) == [cast.cohort]
    assert (exam.behaviour, exam.tries, exam.try_penalty) == ("immediate", 2, Decimal("0.25"))
    assert exam.calculator == "basic"
    refused = office.post(reverse("admin:assessments_exam_change", args=[exam.pk]), form | {"behaviour": "certainty"})
    assert "Certainty needs a paper without written questions" in refused.content.decode()
    recorded = [event for event in events() if event.startswith("exam.")]
    assert recorded == ["exam.created", "exam.cohorts_changed"]
    form["cohorts"] = []
    assert office.post(reverse("admin:assessments_exam_change", args=[exam.pk]), form).status_code == 302
    assert not exam.cohorts.exists()


def test_exam_list_counts_and_publishes(cast, office, attempt):
    url = reverse("admin:assessments_exam_changelist")
    rows = office.get(url, {"q": "mock"}).context["cl"].result_list
    assert [(row.sitting_count, row.done_count) for row in rows] == [(1, 0)]
    office.post(url, {"action": "withdraw", "_selected_action": [str(cast.exam.pk)]})
    cast.exam.refresh_from_db()
    assert not cast.exam.is_published


@pytest.mark.parametrize("model", ["exam", "attempt"])
def test_lists_cost_the_same_for_more_rows(cast, office, attempt, model):
    def cost():
        with CaptureQueriesContext(connection) as queries:
            assert office.get(reverse(f"admin:assessments_{model}_changelist")).status_code == 200
        return len(queries)

    cost()
    for_one = cost()
    for _ in range(4):
        exam = factories.ExamFactory(paper=cast.exam.paper, for_cohorts=[cast.cohort])
        start_attempt(exam=exam, student=cast.student, now=NOW)
    assert cost() == for_one <= 15


@pytest.mark.parametrize("name", ["student", "teacher", "guardian"])
def test_back_office_is_for_staff(cast, client, attempt, name):
    client.force_login(cast.people[name])
    for model in ("exam", "attempt"):
        page = client.get(reverse(f"admin:assessments_{model}_changelist"))
        assert page.status_code == 302
        assert "/admin/login/" in page["Location"]
