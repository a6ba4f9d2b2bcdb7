"""Rehearsals: an attempt like any other, with a clock that can be moved."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.urls import reverse

from accounts.models import Entitlement
from assessments.enums import (
    AttemptState,
    Behaviour,
    Calculator,
    ClockJump,
    ExamKind,
    ExamPurpose,
    QuestionType,
    SubmitReason,
)
from assessments.models import Attempt, Blueprint, BlueprintSection, BlueprintSlot, Exam
from assessments.selectors.rehearsals import jumps_of, open_rehearsal
from assessments.services.attempts import close_overdue_attempts, save_response, submit_attempt
from assessments.services.blueprints import delete_blueprint
from assessments.services.overdue import hand_in_overdue_sheets
from assessments.services.rehearsals import move_clock, start_rehearsal
from assessments.services.submission import NETWORK_GRACE
from assessments.tests.sheets import code_of, confirm, receive
from common.errors import NotPermittedError
from tests import factories
from tests.cast import Cast
from tests.factories import NOW

pytestmark = pytest.mark.django_db
SECOND, MINUTE = timedelta(seconds=1), timedelta(minutes=1)
JUMPS = [(ClockJump.TEN_MINUTES, 10 * MINUTE), (ClockJump.ONE_MINUTE, MINUTE), (ClockJump.TEN_SECONDS, 10 * SECOND)]


@pytest.fixture
def rehearsal(cast: Cast) -> Attempt:
    return start_rehearsal(exam=cast.exam, actor=cast.teacher, now=NOW)


@pytest.fixture
def drawn_exam(cast: Cast) -> Exam:
    """Each student draws one question of eight."""
    for _ in range(8):
        factories.question_version(QuestionType.SINGLE_CHOICE, "1")
    programme = cast.cohort.programme
    blueprint = Blueprint.objects.create(
        programme=programme, slug="draw", name="Draw", kind=ExamKind.CUSTOM, duration_minutes=10, total_marks=1
    )
    section = BlueprintSection.objects.create(blueprint=blueprint, label="A", title="Section A")
    unit = factories.UnitFactory()
    BlueprintSlot.objects.create(section=section, number=1, unit=unit, types=["single_choice"], marks=1)
    return factories.ExamFactory(paper=None, blueprint=blueprint, duration_minutes=20, for_cohorts=[cast.cohort])


def state_of(attempt: Attempt) -> tuple[str, str]:
    attempt.refresh_from_db()
    return attempt.state, attempt.submit_reason


# --- Beginning -------------------------------------------------------------------------------------------------------
def test_a_rehearsal_has_the_settings_of_its_exam_and_is_hidden(cast: Cast) -> None:
    settings: dict[str, Any] = {
        "duration_minutes": 35, "upload_grace_minutes": 7, "behaviour": Behaviour.IMMEDIATE, "tries": 2,
        "calculator": Calculator.BASIC, "shuffle_options": True,
    }  # fmt: skip
    Exam.objects.filter(pk=cast.exam.pk).update(**settings)
    cast.exam.refresh_from_db()
    attempt = start_rehearsal(exam=cast.exam, actor=cast.teacher, now=NOW)
    copy = attempt.exam
    assert {name: getattr(copy, name) for name in settings} == settings
    assert (copy.purpose, copy.is_published, copy.paper_id) == (ExamPurpose.REHEARSAL, False, cast.exam.paper_id)
    assert (copy.rehearses, copy.rehearsed_by, copy.cohorts.count()) == (cast.exam, cast.teacher, 0)
    assert (attempt.ends_at - NOW, attempt.sheets_due_at - NOW) == (35 * MINUTE, 42 * MINUTE)


def test_beginning_again_cancels_what_is_open_and_takes_the_settings_of_now(cast: Cast, rehearsal: Attempt) -> None:
    Exam.objects.filter(pk=cast.exam.pk).update(duration_minutes=90, title="Mock, new")
    cast.exam.refresh_from_db()
    again = start_rehearsal(exam=cast.exam, actor=cast.teacher, now=NOW + MINUTE)
    assert state_of(rehearsal)[0] == AttemptState.CANCELLED
    assert (again.exam_id, again.exam.title, again.ends_at) == (rehearsal.exam_id, "Mock, new", NOW + 91 * MINUTE)
    submit_attempt(attempt=again, actor=cast.teacher, now=NOW + 2 * MINUTE)
    third = start_rehearsal(exam=cast.exam, actor=cast.teacher, now=NOW + 3 * MINUTE)
    assert state_of(again)[0] == AttemptState.CANCELLED
    assert open_rehearsal(exam=cast.exam, user=cast.teacher) == third


def test_two_people_rehearse_beside_each_other(cast: Cast, rehearsal: Attempt) -> None:
    other = start_rehearsal(exam=cast.exam, actor=cast.staff, now=NOW)
    assert other.exam_id != rehearsal.exam_id
    assert state_of(rehearsal)[0] == state_of(other)[0] == AttemptState.IN_PROGRESS
    assert open_rehearsal(exam=cast.exam, user=cast.teacher) == rehearsal
    assert open_rehearsal(exam=cast.exam, user=cast.colleague) is None


@pytest.mark.parametrize("person", ["student", "guardian", "newcomer"])
def test_only_staff_and_verified_teachers_rehearse(cast: Cast, person: str) -> None:
    with pytest.raises(NotPermittedError):
        start_rehearsal(exam=cast.exam, actor=cast.people[person], now=NOW)
    with pytest.raises(NotPermittedError):
        start_rehearsal(paper=cast.exam.paper, actor=cast.people[person], now=NOW)
    assert not Attempt.objects.exists()


def test_a_rehearsal_is_not_rehearsed(cast: Cast, rehearsal: Attempt) -> None:
    assert code_of(start_rehearsal, exam=rehearsal.exam, actor=cast.teacher, now=NOW) == "is_a_rehearsal"


def test_a_paper_that_was_never_set_is_rehearsed_for_an_hour(cast: Cast) -> None:
    paper = factories.small_paper(title="Fixed")
    first = start_rehearsal(paper=paper, actor=cast.teacher, now=NOW)
    assert (first.paper, first.exam.title, first.ends_at) == (paper, "Fixed", NOW + 60 * MINUTE)
    # Once it is set, the paper is rehearsed as students will sit it.
    factories.ExamFactory(paper=paper, duration_minutes=25, title="Fixed, set")
    again = start_rehearsal(paper=paper, actor=cast.teacher, now=NOW)
    assert (again.exam_id, again.exam.title, again.ends_at) == (first.exam_id, "Fixed, set", NOW + 25 * MINUTE)


def test_an_exam_with_a_blueprint_draws_a_fresh_paper_each_time(cast: Cast, drawn_exam: Exam) -> None:
    papers = [start_rehearsal(exam=drawn_exam, actor=cast.teacher, now=NOW).paper for _ in range(4)]
    assert len({paper.pk for paper in papers}) == 4
    assert len({paper.questions.get().version_id for paper in papers}) > 1
    assert all(paper.is_rehearsal and paper.blueprint is None for paper in papers)


def test_a_rehearsal_does_not_keep_a_blueprint_from_being_deleted(cast: Cast, drawn_exam: Exam) -> None:
    """Its exam drew from that blueprint once, and draws from another by now."""
    start_rehearsal(exam=drawn_exam, actor=cast.teacher, now=NOW)
    left = drawn_exam.blueprint
    Exam.objects.filter(pk=drawn_exam.pk).update(blueprint=None, paper=cast.exam.paper)
    delete_blueprint(blueprint=left, actor=cast.staff, now=NOW)
    assert not Blueprint.objects.filter(pk=left.pk).exists()


def test_the_database_holds_what_a_rehearsal_is(cast: Cast, rehearsal: Attempt) -> None:
    for change in ({"is_published": True}, {"rehearsed_by": None}, {"purpose": ExamPurpose.EXAM}):
        with pytest.raises(IntegrityError), transaction.atomic():
            Exam.objects.filter(pk=rehearsal.exam_id).update(**change)


# --- The clock -------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(("jump", "left"), JUMPS)
def test_the_clock_jumps_while_writing(cast: Cast, rehearsal: Attempt, jump: ClockJump, left: timedelta) -> None:
    moved = move_clock(attempt=rehearsal, to=jump, actor=cast.teacher, now=NOW + MINUTE)
    assert moved.ends_at == NOW + MINUTE + left
    assert moved.sheets_due_at - moved.ends_at == 5 * MINUTE
    assert moved.ends_at - moved.started_at == 60 * MINUTE


def test_more_time_moves_the_end_and_begins_nothing_in_the_future(cast: Cast, rehearsal: Attempt) -> None:
    moved = move_clock(attempt=rehearsal, to=ClockJump.MORE, actor=cast.teacher, now=NOW + MINUTE)
    assert (moved.ends_at, moved.sheets_due_at) == (NOW + 70 * MINUTE, NOW + 75 * MINUTE)
    assert moved.started_at == NOW + MINUTE


def test_after_a_jump_the_clock_submits_as_it_always_does(cast: Cast, rehearsal: Attempt) -> None:
    move_clock(attempt=rehearsal, to=ClockJump.TEN_SECONDS, actor=cast.teacher, now=NOW)
    end = NOW + 10 * SECOND
    question = rehearsal.paper.questions.get(number=1)
    rehearsal.refresh_from_db()
    # What left the device in time still counts, as of any exam.
    save_response(
        attempt=rehearsal, question_id=question.pk, seq=1, answer={"choices": ["B"]}, marked_for_review=None,
        actor=cast.teacher, now=end + NETWORK_GRACE - SECOND,
    )  # fmt: skip
    assert close_overdue_attempts(now=end + NETWORK_GRACE - SECOND) == 0
    assert close_overdue_attempts(now=end + NETWORK_GRACE) == 1
    assert state_of(rehearsal) == (AttemptState.SUBMITTED, SubmitReason.TIME_UP)
    assert (rehearsal.submitted_at, rehearsal.objective_marks, rehearsal.objective_max) == (end, 1, 4)
    # And the sheets' time ends by itself.
    assert jumps_of(rehearsal) == (ClockJump.ONE_MINUTE, ClockJump.TEN_SECONDS)
    later = end + MINUTE
    moved = move_clock(attempt=rehearsal, to=ClockJump.TEN_SECONDS, actor=cast.teacher, now=later)
    assert (moved.sheets_due_at, moved.ends_at) == (later + 10 * SECOND, end)
    assert hand_in_overdue_sheets(now=later + 9 * SECOND) == 0
    assert hand_in_overdue_sheets(now=later + 10 * SECOND) == 1
    assert state_of(rehearsal)[0] == AttemptState.HANDED_IN


def test_the_clock_of_sheets_jumps_after_an_early_end(cast: Cast, rehearsal: Attempt) -> None:
    submitted = submit_attempt(attempt=rehearsal, actor=cast.teacher, now=NOW + MINUTE)
    moved = move_clock(attempt=submitted, to=ClockJump.ONE_MINUTE, actor=cast.teacher, now=NOW + 2 * MINUTE)
    assert moved.sheets_due_at == NOW + 3 * MINUTE
    assert hand_in_overdue_sheets(now=NOW + 3 * MINUTE) == 1


def test_the_clock_is_moved_by_whoever_rehearses_and_only_while_it_runs(cast: Cast, rehearsal: Attempt) -> None:
    by: dict[str, Any] = {"actor": cast.teacher, "now": NOW}
    with pytest.raises(NotPermittedError):
        move_clock(attempt=rehearsal, to=ClockJump.MORE, actor=cast.staff, now=NOW)
    assert code_of(move_clock, attempt=rehearsal, to="yesterday", **by) == "unknown_jump"
    late = rehearsal.ends_at + NETWORK_GRACE
    assert code_of(move_clock, attempt=rehearsal, to=ClockJump.MORE, actor=cast.teacher, now=late) == "time_up"
    submit_attempt(attempt=rehearsal, **by)
    assert code_of(move_clock, attempt=rehearsal, to=ClockJump.MORE, **by) == "unknown_jump"
    closed = rehearsal.sheets_due_at
    code = code_of(move_clock, attempt=rehearsal, to=ClockJump.ONE_MINUTE, actor=cast.teacher, now=closed)
    assert code == "sheets_closed"
    rehearsal.refresh_from_db()
    sent = receive(rehearsal, now=NOW)
    confirm(rehearsal, {sent.client_id: [4]}, [5], now=NOW)
    assert code_of(move_clock, attempt=rehearsal, to=ClockJump.ONE_MINUTE, **by) == "already_handed_in"


def test_the_clock_of_a_real_exam_stands_firm(cast: Cast, attempt: Attempt) -> None:
    assert jumps_of(attempt) == ()
    assert code_of(move_clock, attempt=attempt, to=ClockJump.MORE, actor=cast.student, now=NOW) == "not_a_rehearsal"
    attempt_ends = attempt.ends_at
    attempt.refresh_from_db()
    assert attempt.ends_at == attempt_ends


def test_no_exam_of_a_plan_is_used_up(cast: Cast) -> None:
    cast.teacher.is_student = True
    cast.teacher.save(update_fields=["is_student"])
    factories.EntitlementFactory(user=cast.teacher)
    start_rehearsal(exam=cast.exam, actor=cast.teacher, now=NOW)
    assert Entitlement.objects.get(user=cast.teacher).used == 0


# --- Pages -----------------------------------------------------------------------------------------------------------
def test_a_teacher_goes_through_a_whole_rehearsal(cast: Cast, client: Any) -> None:
    client.force_login(cast.teacher)
    detail = reverse("exam-detail", args=[cast.exam.pk])
    begin = reverse("exam-rehearse", args=[cast.exam.pk])
    assert begin in client.get(detail).content.decode()
    begun = client.post(begin)
    attempt = Attempt.objects.get()
    here = reverse("attempt-page", args=[attempt.pk])
    assert begun["Location"] == here
    text = client.get(here).content.decode()
    assert "Rehearsal: nothing here counts" in text
    assert "css/pages/rehearsal.css" in text
    assert here in client.get(detail).content.decode()  # the way back to it
    moved = client.post(reverse("clock-move", args=[attempt.pk]), {"to": "1m"})
    assert moved["Location"] == here
    sheets = reverse("sheets-page", args=[attempt.pk])
    end = reverse("rehearsal-end", args=[attempt.pk])
    assert client.post(reverse("attempt-submit", args=[attempt.pk]))["Location"] == sheets
    page = client.get(sheets).content.decode()
    assert "Rehearsal: nothing here counts" in page
    assert f'data-after="{end}"' in page
    attempt.refresh_from_db()
    confirm(attempt, {}, [4, 5], now=attempt.submitted_at)
    assert client.get(here)["Location"] == client.get(reverse("result-page", args=[attempt.pk]))["Location"] == end
    text = client.get(end).content.decode()
    assert "Submitted by hand" in text
    assert text.count("Ticked as not attempted.") == 3  # both alternatives of question 5
    assert begin in text


def test_a_students_exam_page_knows_nothing_of_rehearsals(cast: Cast, client: Any, attempt: Attempt) -> None:
    client.force_login(cast.student)
    Attempt.objects.filter(pk=attempt.pk).update(
        ends_at=NOW + timedelta(days=9000), sheets_due_at=NOW + timedelta(days=9001)
    )
    text = client.get(reverse("attempt-page", args=[attempt.pk])).content.decode()
    assert "rehearsal" not in text.lower()
    assert "rehearse" not in client.get(reverse("exam-detail", args=[cast.exam.pk])).content.decode()


def test_the_office_comes_from_the_exam_to_its_page(cast: Cast, client: Any) -> None:
    client.force_login(cast.staff)
    form = reverse("admin:assessments_exam_change", args=[cast.exam.pk])
    link = reverse("admin:assessments_exam_rehearse", args=[cast.exam.pk])
    assert link in client.get(form).content.decode()
    assert client.get(link)["Location"] == reverse("exam-detail", args=[cast.exam.pk])
