from datetime import timedelta
from decimal import Decimal
from uuid import uuid4

import pytest
from django.urls import reverse
from hypothesis import given
from hypothesis import strategies as st

from accounts.models import AuditEvent, TeacherProfile
from assessments.enums import ReleasePolicy, RevealWhen
from assessments.models import PaperQuestion
from common.errors import DomainError
from evaluations.enums import EvaluationState
from evaluations.models import MarkEvent, QuestionMark, SlaBreach
from evaluations.selectors import desk_data, marking_progress, result_data
from evaluations.selectors.records import with_records
from evaluations.services.claims import ClaimError, claim_evaluation, lapse_idle_claims
from evaluations.services.finishing import (
    UnfinishedError,
    finalise_evaluation,
    release_evaluation,
    reopen_evaluation,
    return_evaluation,
)
from evaluations.services.marking import MarkConflict, save_mark
from evaluations.services.rescoring import rescore
from evaluations.services.speeds import new_speed
from evaluations.services.totals import MarkError
from evaluations.services.transitions import TransitionError
from evaluations.tests.builders import add_method, declare_not_attempted, marking, step_ids, written
from notifications.models import Notification
from tests.factories import NOW

pytestmark = pytest.mark.django_db

ONE, HALF = Decimal(1), Decimal("0.5")


@pytest.fixture
def evaluation(cast):
    return marking(cast.exam, cast.student, cast.teacher)


def give(cast, evaluation, number, alternative="", *, version=0, steps=None, awarded=None, **values):
    """Saves a mark; `awarded` are the marks of the first steps in order."""
    question = written(cast.exam, number, alternative)
    given = steps if steps is not None else dict(zip(step_ids(question), map(Decimal, awarded or ()), strict=False))
    values = {"comment": "", "actor": cast.teacher, "now": NOW + timedelta(minutes=1), **values}
    return save_mark(evaluation=evaluation, question_id=question.pk, version=version, steps=given, **values)


def mark_all(cast, evaluation):
    give(cast, evaluation, 4, awarded=["1", "0.5"])
    give(cast, evaluation, 5, "a", awarded=["1", "2"])


def test_a_mark_is_an_event_and_its_projection(cast, evaluation):
    first = give(cast, evaluation, 4, awarded=["1", "0.5"], comment="Show the working.")
    second = give(cast, evaluation, 4, version=1, awarded=["1", "1", "0.5"])
    ids = step_ids(written(cast.exam, 4))
    assert (first.version, first.marks, first.steps) == (1, Decimal("1.5"), {ids[0]: "1", ids[1]: "0.5"})
    assert (second.version, second.marks) == (2, Decimal("2.5"))
    assert list(MarkEvent.objects.values_list("version", "marks")) == [(1, Decimal("1.5")), (2, Decimal("2.5"))]
    assert QuestionMark.objects.get().marks == Decimal("2.5")
    evaluation.refresh_from_db()
    assert evaluation.lease_until == NOW + timedelta(minutes=11)
    assert evaluation.active_seconds == 60


def test_an_older_version_gets_the_current_values(cast, evaluation):
    give(cast, evaluation, 4, awarded=["1"])
    give(cast, evaluation, 4, version=1, awarded=["1", "1"], comment="Better")
    for stale in (0, 1, 7):
        with pytest.raises(MarkConflict) as error:
            give(cast, evaluation, 4, version=stale, awarded=["0.5"])
    ids = step_ids(written(cast.exam, 4))
    assert error.value.details["current"] == {
        "version": 2, "steps": {ids[0]: "1", ids[1]: "1"}, "marks": "2", "comment": "Better",
    }  # fmt: skip
    assert MarkEvent.objects.count() == 2


def test_the_same_save_sent_again_changes_nothing(cast, evaluation):
    saved = [give(cast, evaluation, 4, awarded=["1"], comment="ok") for _ in range(3)]
    assert {mark.version for mark in saved} == {1}
    assert MarkEvent.objects.count() == 1


def test_free_marks_with_a_reason(cast, evaluation):
    mark = give(cast, evaluation, 5, "b", free_marks=Decimal("3.5"), comment="Right by another method")
    assert (mark.marks, mark.steps) == (Decimal("3.5"), {})
    with pytest.raises(MarkError):
        give(cast, evaluation, 5, "b", version=1, free_marks=Decimal("3.5"))
    with pytest.raises(MarkError):
        give(cast, evaluation, 5, "b", version=1, free_marks=Decimal("5.5"), comment="too much")


@pytest.mark.parametrize("comment", ["a\x00b", "x" * 1001])
def test_text_that_cannot_be_stored_is_refused(cast, evaluation, comment):
    with pytest.raises(DomainError):
        give(cast, evaluation, 4, awarded=["1"], comment=comment)
    assert not MarkEvent.objects.exists()


def test_only_written_questions_of_this_paper_and_steps_of_this_question(cast, evaluation):
    with pytest.raises(MarkError) as error:
        give(cast, evaluation, 1)
    assert error.value.code == "not_written"
    with pytest.raises(MarkError) as error:
        save_mark(
            evaluation=evaluation, question_id=uuid4(), version=0, steps={}, comment="", actor=cast.teacher, now=NOW
        )
    assert error.value.code == "unknown_question"
    with pytest.raises(MarkError) as error:
        give(cast, evaluation, 4, steps={step_ids(written(cast.exam, 5, "a"))[0]: ONE})
    assert error.value.code == "unknown_step"


def test_only_whoever_holds_the_claim_marks(cast, evaluation):
    with pytest.raises(ClaimError) as error:
        give(cast, evaluation, 4, actor=cast.colleague)
    assert (error.value.code, error.value.details["holder"]) == ("held", "Suresh Rao")
    lapse_idle_claims(now=NOW + timedelta(hours=1))
    with pytest.raises(ClaimError) as error:
        give(cast, evaluation, 4)
    assert error.value.code == "not_claimed"
    claim_evaluation(evaluation=evaluation, teacher=cast.teacher, now=NOW + timedelta(hours=1))
    give(cast, evaluation, 4, awarded=["1"])


@given(
    st.lists(
        st.tuples(st.sampled_from([(4, ""), (5, "a"), (5, "b")]), st.lists(st.integers(0, 4), max_size=4)), max_size=6
    )
)
def test_replaying_the_events_gives_the_projection_and_totals_stay_in_bounds(saves):
    """Pure part of the law: the projection of a question is its last event, whatever was saved in between."""
    from evaluations.services.totals import MarkedQuestion, SchemeStep, paper_total, question_total

    schemes = {(4, ""): "1 1 0.5 0.5", (5, "a"): "1 2 2", (5, "b"): "2 2 1"}
    projection: dict = {}
    events = []
    for key, halves in saves:
        scheme = [SchemeStep(str(n), Decimal(m)) for n, m in enumerate(schemes[key].split())]
        given = {str(n): Decimal(h) / 2 for n, h in enumerate(halves)}
        total = question_total(scheme, given, Decimal(3 if key[0] == 4 else 5))
        events.append((key, total))
        projection[key] = total
    assert dict(events) == projection
    total = paper_total([MarkedQuestion(*key, marks) for key, marks in projection.items()], Decimal(8))
    assert 0 <= total <= 8


def test_events_replay_to_the_projection_rows(cast, evaluation):
    for version, awarded in enumerate((["1"], ["1", "1"], [], ["0.5"])):
        give(cast, evaluation, 4, version=version, awarded=awarded)
    give(cast, evaluation, 5, "b", awarded=["2"])
    replayed = {e.question_id: (e.version, e.steps, e.marks, e.comment) for e in MarkEvent.objects.order_by("id")}
    stored = {m.question_id: (m.version, m.steps, m.marks, m.comment) for m in QuestionMark.objects.all()}
    assert replayed == stored


def test_finalise_needs_a_mark_for_every_number_one_of_an_internal_choice_is_enough(cast, evaluation):
    with pytest.raises(UnfinishedError) as error:
        finalise_evaluation(evaluation=evaluation, actor=cast.teacher, now=NOW)
    assert (error.value.message, error.value.details) == (
        "Questions 4 and 5 have no mark yet.", {"numbers": [4, 5]},
    )  # fmt: skip
    give(cast, evaluation, 5, "b", awarded=["2"])
    with pytest.raises(UnfinishedError) as error:
        finalise_evaluation(evaluation=evaluation, actor=cast.teacher, now=NOW)
    assert error.value.message == "Question 4 has no mark yet."
    give(cast, evaluation, 4, awarded=["1"])
    done = finalise_evaluation(evaluation=evaluation, actor=cast.teacher, now=NOW)
    assert (done.written_marks, done.total_marks, done.state) == (3, 6, EvaluationState.RELEASED)


def test_not_attempted_counts_zero_but_untagged_must_be_marked(cast, evaluation):
    declare_not_attempted(evaluation.attempt, 5)
    assert marking_progress(evaluation).missing == [4]
    give(cast, evaluation, 4, awarded=["1", "1", "0.5", "0.5"])
    assert finalise_evaluation(evaluation=evaluation, actor=cast.teacher, now=NOW).written_marks == 3


def test_the_better_alternative_counts(cast, evaluation):
    mark_all(cast, evaluation)
    give(cast, evaluation, 5, "b", awarded=["2", "2", "0.5"])
    assert marking_progress(evaluation).total == Decimal("1.5") + Decimal("4.5")


def test_release_when_marked_tells_student_and_guardian(cast, evaluation):
    mark_all(cast, evaluation)
    done = finalise_evaluation(evaluation=evaluation, actor=cast.teacher, now=NOW)
    done.refresh_from_db()
    assert (done.state, done.written_marks, done.total_marks) == ("released", Decimal("4.5"), Decimal("7.5"))
    assert (done.finalised_at, done.released_at, done.lease_until) == (NOW, NOW, None)
    told = {n.user: n for n in Notification.objects.filter(kind="paper_returned")}
    assert set(told) == {cast.student, cast.guardian}
    assert told[cast.student].body == "7½ of 12 marks."
    assert told[cast.guardian].title == "Maths mock 1: Meera Nair's paper is back"
    assert {n.mail_state for n in told.values()} <= {"waiting", "sent"}
    assert list(AuditEvent.objects.order_by("id").values_list("action", flat=True)) == [
        "evaluation.finalised", "evaluation.released",
    ]  # fmt: skip


def test_an_exam_that_staff_release_waits_for_them(cast, evaluation):
    type(cast.exam).objects.update(release=ReleasePolicy.BY_STAFF)
    mark_all(cast, evaluation)
    done = finalise_evaluation(evaluation=evaluation, actor=cast.teacher, now=NOW)
    assert (done.state, done.released_at) == (EvaluationState.FINALISED, None)
    assert not Notification.objects.filter(kind="paper_returned").exists()
    assert release_evaluation(evaluation=done, actor=cast.staff, now=NOW).released_at == NOW
    with pytest.raises(TransitionError):
        release_evaluation(evaluation=done, actor=cast.staff, now=NOW)


def test_finalise_twice_is_refused_and_nothing_happens_twice(cast, evaluation):
    mark_all(cast, evaluation)
    finalise_evaluation(evaluation=evaluation, actor=cast.teacher, now=NOW)
    with pytest.raises(ClaimError):
        finalise_evaluation(evaluation=evaluation, actor=cast.teacher, now=NOW)
    assert Notification.objects.filter(user=cast.student, kind="paper_returned").count() == 1


def test_the_speed_is_learnt_from_active_time(cast, evaluation):
    type(evaluation).objects.update(active_seconds=8 * 95 - 60)
    evaluation.refresh_from_db()
    mark_all(cast, evaluation)
    finalise_evaluation(evaluation=evaluation, actor=cast.teacher, now=NOW + timedelta(minutes=1))
    assert TeacherProfile.objects.get(user=cast.teacher).seconds_per_mark == 55


@pytest.mark.parametrize(
    ("old", "seconds", "marks", "new"),
    [(45, 0, "8", 45), (45, 360, "8", 45), (45, 10**6, "8", 156), (100, 1, "8", 81), (45, 100, "0", 45)],
)
def test_speed_is_a_bounded_moving_average(old, seconds, marks, new):
    assert new_speed(old, active_seconds=seconds, written_marks=Decimal(marks)) == new


def test_finishing_after_the_promise_is_a_breach_even_between_scans(cast):
    evaluation = marking(cast.exam, cast.student, cast.teacher, due_in=timedelta(minutes=-1))
    mark_all(cast, evaluation)
    finalise_evaluation(evaluation=evaluation, actor=cast.teacher, now=NOW)
    assert SlaBreach.objects.get().evaluation == evaluation


def test_returning_an_illegible_paper_tells_the_student_why(cast, evaluation):
    with pytest.raises(TransitionError) as error:
        return_evaluation(evaluation=evaluation, actor=cast.teacher, reason=" ", now=NOW)
    assert error.value.code == "reason_missing"
    with pytest.raises(ClaimError):
        return_evaluation(evaluation=evaluation, actor=cast.colleague, reason="Too dark", now=NOW)
    back = return_evaluation(evaluation=evaluation, actor=cast.teacher, reason="Page 2 is too dark", now=NOW)
    assert back.state == EvaluationState.RETURNED
    told = Notification.objects.get(user=cast.student)
    assert (told.title, told.body) == ("Maths mock 1: some pages cannot be read", "Page 2 is too dark")


def test_a_correction_after_release_is_audited_and_tells_again(cast, evaluation):
    mark_all(cast, evaluation)
    finalise_evaluation(evaluation=evaluation, actor=cast.teacher, now=NOW)
    later = NOW + timedelta(days=3)
    opened = reopen_evaluation(evaluation=evaluation, actor=cast.staff, reason="Step 2 was right", now=later)
    assert opened.state == EvaluationState.ASSIGNED
    event = AuditEvent.objects.get(action="evaluation.reopened")
    assert (event.actor, event.reason) == (cast.staff, "Step 2 was right")
    claim_evaluation(evaluation=evaluation, teacher=cast.teacher, now=later)
    give(cast, evaluation, 4, version=1, awarded=["1", "1"], now=later)
    done = finalise_evaluation(evaluation=evaluation, actor=cast.teacher, now=later)
    assert (done.total_marks, done.finalised_at, done.released_at) == (Decimal(8), NOW, NOW)
    assert not SlaBreach.objects.exists(), "the promise was kept by the first finish"
    assert Notification.objects.filter(user=cast.student, kind="paper_returned").count() == 1
    assert "Question 4: 1½ → 2." in Notification.objects.get(user=cast.student, kind="marks_changed").body
    assert AuditEvent.objects.filter(action="evaluation.finalised").first().before["total_marks"] == "7.50"


def release_by_the_second_method(cast, evaluation):
    """Q4 with a second method of 1 + 2 marks: 1 given in the first, 1 + 1 in the second; Q5a with 3."""
    second = add_method(written(cast.exam, 4), "1", "2")
    first = step_ids(written(cast.exam, 4))[0]
    give(cast, evaluation, 4, steps={first: ONE, second[0]: ONE, second[1]: ONE})
    give(cast, evaluation, 5, "a", awarded=["1", "2"])
    finalise_evaluation(evaluation=evaluation, actor=cast.teacher, now=NOW)
    return second


def test_of_two_methods_the_better_one_is_the_mark_and_both_are_kept(cast, evaluation):
    second = release_by_the_second_method(cast, evaluation)
    mark = QuestionMark.objects.get(question__number=4)
    assert (mark.marks, len(mark.steps)) == (2, 3)
    evaluation.refresh_from_db()
    assert evaluation.written_marks == 2 + 3
    question = next(q for q in desk_data(evaluation).questions if q.number == 4)
    assert [(s.method, s.number, s.follows) for s in question.steps][-3:] == [(1, 4, []), (2, 1, []), (2, 2, [1])]
    assert [str(s.id) for s in question.steps][-2:] == second


def test_marks_by_a_method_of_another_number_are_bounded_as_any(cast, evaluation):
    second = add_method(written(cast.exam, 4), "1", "2")
    with pytest.raises(MarkError) as error:
        give(cast, evaluation, 4, steps={second[0]: Decimal("1.5")})
    assert error.value.code == "out_of_bounds"


@pytest.mark.parametrize("hidden", [False, True])
def test_the_result_says_which_method_counted_unless_marks_are_hidden(cast, client, evaluation, hidden):
    release_by_the_second_method(cast, evaluation)
    if hidden:
        type(cast.exam).objects.update(reveal_marks=RevealWhen.NEVER)
    attempt = with_records(type(evaluation.attempt).objects.select_related("exam", "paper")).get()
    question = next(q for q in result_data(attempt, reader=cast.student, now=NOW).questions if q.number == 4)
    assert [(m.marks, m.counts) for m in question.methods] == (
        [(None, False)] * 2 if hidden else [(1, False), (2, True)]
    )
    assert [m.number for m in question.methods_by_use] == ([1, 2] if hidden else [2, 1])
    client.force_login(cast.student)
    page = client.get(reverse("result-page", args=[attempt.pk])).content.decode()
    assert ("Marked by this method" in page) != hidden
    assert page.count("Method 2") >= 1
    said = client.get(reverse("api-attempt-result", args=[attempt.pk])).json()
    methods = next(q["methods"] for q in said["questions"] if q["number"] == 4)
    assert [(m["number"], m["marks"], m["counts"]) for m in methods] == (
        [(1, None, False), (2, None, False)] if hidden else [(1, "1", False), (2, "2", True)]
    )


def test_a_corrected_key_leaves_a_mark_by_the_second_method_as_it_is(cast, evaluation):
    release_by_the_second_method(cast, evaluation)
    version = PaperQuestion.objects.get(paper=cast.exam.paper, number=1).version
    rescore(version=version, answer={"choices": ["C"]}, reason="Wrong key", actor=cast.staff, now=NOW)
    evaluation.refresh_from_db()
    assert evaluation.written_marks == 5
    assert QuestionMark.objects.get(question__number=4).marks == 2
