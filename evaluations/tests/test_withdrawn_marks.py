"""Marks that are taken back: the question is unmarked again, for whoever reads it, and the log says how it came."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal as D
from typing import Any
from uuid import uuid4

import pytest
from django.db import transaction
from django.urls import reverse
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from evaluations.enums import EvaluationState
from evaluations.models import (
    Evaluation,
    MarkCorrection,
    MarkEvent,
    MarkingSpeed,
    QuestionMark,
    SchemeLook,
    SchemeRun,
)
from evaluations.selectors.desk import desk_data
from evaluations.selectors.desk_page import desk_page
from evaluations.selectors.progress import marking_progress
from evaluations.selectors.results import result_data
from evaluations.selectors.schemes import scheme_histories
from evaluations.services.bundles import _result as bundled
from evaluations.services.claims import claim_evaluation
from evaluations.services.clarifications import marker_of
from evaluations.services.finishing import UnfinishedError, finalise_evaluation, reopen_evaluation
from evaluations.services.marking import MarkChange, MarkError, save_mark
from evaluations.services.operations import Operation, apply_operations
from evaluations.services.scheme_marks import last_versions, replay_marks
from evaluations.services.scheme_runs import follow_scheme
from evaluations.tests.builders import add_method, declare_not_attempted, marking, more_students, step_ids, written
from evaluations.tests.test_schemes import EDITS, _change_somehow, _reconciles, back, change, give, new_step, steps_now
from tests.factories import NOW

pytestmark = pytest.mark.django_db


def withdrawal(question: Any, version: int, **values: Any) -> Operation:
    return Operation(uuid4(), MarkChange(question.pk, version, withdrawn=True), **values)


def award(question: Any, version: int, *awards: str, **values: Any) -> Operation:
    steps = dict(zip(step_ids(question), map(D, awards), strict=False))
    return Operation(uuid4(), MarkChange(question.pk, version, steps=steps), **values)


def send(evaluation: Evaluation, *operations: Operation) -> Any:
    teacher = evaluation.teacher
    assert teacher is not None
    return apply_operations(
        evaluation=evaluation, operations=operations, person_id=teacher.pk, actor=teacher, now=NOW
    )  # fmt: skip


def said(receipts: Any) -> list[tuple[str, int]]:
    return [(one.outcome, one.version) for one in receipts]


def marked(evaluation: Evaluation, question: Any) -> bool:
    return bool(QuestionMark.objects.filter(evaluation=evaluation, question=question).exists())


@pytest.fixture
def paper(cast: Any) -> Evaluation:
    return marking(cast.exam, cast.student, cast.teacher)


def test_a_question_whose_mark_is_taken_back_is_open_again(cast: Any, paper: Evaluation) -> None:
    four, five = written(cast.exam, 4), written(cast.exam, 5, "a")
    first = award(four, 0, "1", "1")
    assert said(send(paper, first, award(five, 0, "1"), withdrawal(four, 0, after=first.id))) == [
        ("applied", 1), ("applied", 1), ("applied", 2),
    ]  # fmt: skip
    progress = marking_progress(paper)
    assert (progress.missing, progress.total) == ([4], D(1))
    with pytest.raises(UnfinishedError) as error:
        finalise_evaluation(evaluation=paper, actor=cast.teacher, now=NOW)
    assert error.value.details["numbers"] == [4]
    one, _other, gone = MarkEvent.objects.filter(evaluation=paper).order_by("id")
    assert (gone.withdraws, gone.steps, gone.marks, gone.actor) == (one, {}, D(0), cast.teacher)
    assert replay_marks(paper) == []
    shown = next(one for one in desk_data(paper).questions if one.id == four.pk)
    assert (shown.mark, shown.mark_version) == (None, 2)
    # And it goes on from there: nothing was lost, nothing is doubled.
    assert said(send(paper, award(four, 2, "1"))) == [("applied", 3)]
    assert replay_marks(paper) == []


def test_sent_again_it_changes_nothing(cast: Any, paper: Evaluation) -> None:
    four = written(cast.exam, 4)
    log = [award(four, 0, "1"), withdrawal(four, 1)]
    assert said(send(paper, *log)) == said(send(paper, *log)) == [("applied", 1), ("applied", 2)]
    lost, _gone = send(paper, *log)
    assert lost.current == {"version": 2, "steps": {}, "marks": None, "comment": ""}
    assert said(send(paper, withdrawal(four, 1), withdrawal(four, 2))) == [("applied", 2)] * 2
    assert MarkEvent.objects.filter(evaluation=paper).count() == 2


def test_two_tabs_never_overwrite_each_other_silently(cast: Any, paper: Evaluation) -> None:
    four = written(cast.exam, 4)
    send(paper, award(four, 0, "1"), award(four, 1, "1", "1"))
    (stale,) = send(paper, withdrawal(four, 1))
    assert (stale.outcome, stale.current["version"], stale.current["marks"]) == ("conflict", 2, "2")
    send(paper, withdrawal(four, 2))
    late, unseen = send(paper, award(four, 2, "0.5"), award(four, 0, "0.5"))
    assert [late.outcome, unseen.outcome] == ["conflict"] * 2
    assert late.current == {"version": 3, "steps": {}, "marks": None, "comment": ""}
    assert not marked(paper, four)


def test_who_saves_without_the_log_goes_on_from_the_withdrawal_too(cast: Any, paper: Evaluation, client: Any) -> None:
    from django.utils import timezone

    four = written(cast.exam, 4)
    send(paper, award(four, 0, "1"), withdrawal(four, 1))
    Evaluation.objects.filter(pk=paper.pk).update(lease_until=timezone.now())
    client.force_login(cast.teacher)
    desk = client.get(f"/api/v1/evaluations/{paper.pk}/").json()
    asked = next(one for one in desk["questions"] if one["id"] == str(four.pk))
    assert (asked["mark"], asked["mark_version"]) == (None, 2)
    url = f"/api/v1/evaluations/{paper.pk}/marks/{four.pk}/"
    for version, status in ((0, 409), (2, 200)):
        body = {"version": version, "steps": {step_ids(four)[0]: "1"}}
        assert client.put(url, body, content_type="application/json").status_code == status


def test_the_zero_queue_has_it_again(cast: Any, paper: Evaluation) -> None:
    declare_not_attempted(paper.attempt, 4)
    four = written(cast.exam, 4)
    for operations, blank in (((), [four]), ((award(four, 0),), []), ((withdrawal(four, 1),), [four])):
        send(paper, *operations)
        shown = desk_page(evaluation=Evaluation.objects.with_paper().get(pk=paper.pk), reader=cast.teacher, now=NOW)
        assert [one["question"] for one in shown["data"]["blank"]] == [str(one.pk) for one in blank]


def test_marks_that_everybody_has_are_not_taken_back(cast: Any, paper: Evaluation) -> None:
    four = written(cast.exam, 4)
    send(paper, award(four, 0, "1"), withdrawal(four, 1))
    change(cast.exam, four, cast.staff, steps_now(cast.exam, four), is_given=True)
    assert QuestionMark.objects.get(evaluation=paper, question=four).version == 3
    (receipt,) = send(paper, withdrawal(four, 3))
    assert (receipt.outcome, receipt.code) == ("refused", "given_to_all")
    assert replay_marks(paper) == []


def test_a_change_of_the_scheme_in_between_is_nobodys(cast: Any, paper: Evaluation) -> None:
    """The marker takes back what they gave, whatever a changed scheme has made of it."""
    four = written(cast.exam, 4)
    send(paper, award(four, 0, "1"))
    change(cast.exam, four, cast.staff, [*steps_now(cast.exam, four), new_step()], asks_again=True)
    assert SchemeLook.objects.filter(evaluation=paper, closed_at=None).exists()
    assert said(send(paper, withdrawal(four, 1))) == [("applied", 3)]
    assert not SchemeLook.objects.filter(evaluation=paper, closed_at=None).exists()
    assert replay_marks(paper) == []


@pytest.mark.parametrize("is_again", [False, True], ids=["first mark", "given again"])
def test_a_mark_by_an_older_scheme_is_looked_at(cast: Any, paper: Evaluation, is_again: bool) -> None:
    """Its marker had no new step in front of them, so somebody looks before the paper is finished."""
    four, five = written(cast.exam, 4), written(cast.exam, 5, "a")
    if is_again:
        send(paper, award(four, 0, "1"))
    change(cast.exam, four, cast.staff, [*steps_now(cast.exam, four), new_step()], asks_again=True)
    version = last_versions(paper).get(four.pk, 0)
    if is_again:
        send(paper, withdrawal(four, version))
    mark = {"evaluation": paper, "question_id": four.pk, "comment": "", "actor": cast.teacher, "now": NOW}
    step = {step_ids(four)[0]: D(1)}
    save_mark(**mark, version=last_versions(paper).get(four.pk, 0), steps=step, scheme=0)
    look = SchemeLook.objects.get(evaluation=paper, question=four)
    assert look.closed_at is None
    give(paper, five, cast.teacher, s1="1")
    with pytest.raises(UnfinishedError, match="new step"):
        finalise_evaluation(evaluation=paper, actor=cast.teacher, now=NOW)
    save_mark(**mark, version=last_versions(paper)[four.pk], steps=step, scheme=1)
    look.refresh_from_db()
    assert look.closed_at is not None
    assert finalise_evaluation(evaluation=paper, actor=cast.teacher, now=NOW).total_marks is not None


def test_neither_pace_nor_whose_mark_it_is_counts_it(cast: Any, paper: Evaluation) -> None:
    """Of a choice: the second answer was marked, and its mark taken back."""
    four, first, second = written(cast.exam, 4), written(cast.exam, 5, "a"), written(cast.exam, 5, "b")
    for seconds, change_ in ((60, award(four, 0, "1")), (120, award(first, 0, "1")), (180, award(second, 0, "4"))):
        Evaluation.objects.filter(pk=paper.pk).update(active_seconds=seconds)
        send(paper, change_)
    send(paper, withdrawal(second, 1))
    finished = finalise_evaluation(evaluation=paper, actor=cast.teacher, now=NOW)
    assert finished.written_marks == D(2)
    assert marker_of(finished, second.pk) == cast.teacher
    assert not MarkingSpeed.objects.filter(seconds_per_mark__lte=0).exists()


def test_a_bundle_and_the_back_office_tell_it_as_it_was(cast: Any, paper: Evaluation, client: Any) -> None:
    first, second = written(cast.exam, 5, "a"), written(cast.exam, 5, "b")
    give(paper, written(cast.exam, 4), cast.teacher, s1="1")
    send(paper, award(first, 0, "1"), award(second, 0, "2"), withdrawal(second, 1))
    done = finalise_evaluation(evaluation=paper, actor=cast.teacher, now=NOW)
    events = bundled(done, [])["events"]
    assert [one["withdraws_id"] for one in events] == [None, None, None, events[2]["id"]]
    client.force_login(cast.staff)
    assert "taken back" in client.get(reverse("admin:evaluations_evaluation_change", args=[done.pk])).content.decode()


def test_a_correction_may_take_an_alternative_back(cast: Any) -> None:
    record = back(cast)
    first, second = written(cast.exam, 5, "a"), written(cast.exam, 5, "b")
    reopen_evaluation(evaluation=record, actor=cast.staff, reason="The other answer counts", now=NOW)
    opened = Evaluation.objects.with_paper().get(pk=record.pk)
    claim_evaluation(evaluation=opened, teacher=cast.teacher, now=NOW)
    opened.refresh_from_db()
    assert opened.state == EvaluationState.IN_PROGRESS
    send(opened, withdrawal(first, 1), award(second, 0, "2"))
    done = finalise_evaluation(evaluation=opened, actor=cast.teacher, now=NOW + timedelta(hours=1))
    rows = MarkCorrection.objects.filter(evaluation=record).values_list("question", "before", "after")
    assert list(rows) == [(first.pk, D(3), D(0)), (second.pk, None, D(2))]
    result = result_data(done.attempt, reader=cast.student, now=NOW + timedelta(hours=1))
    assert result.written_marks == D(3)
    assert replay_marks(done) == []


def test_the_log_cannot_be_taken_back_itself(cast: Any, paper: Evaluation) -> None:
    """What a question never had cannot be withdrawn into being, and nobody withdraws for somebody else's question."""
    four = written(cast.exam, 4)
    assert said(send(paper, withdrawal(four, 0))) == [("applied", 0)]
    assert not MarkEvent.objects.filter(evaluation=paper).exists()
    Evaluation.objects.filter(pk=paper.pk).update(numbers=[5])
    (receipt,) = send(Evaluation.objects.with_paper().get(pk=paper.pk), withdrawal(four, 0))
    assert (receipt.outcome, receipt.code) == ("refused", "not_your_question")
    with pytest.raises(MarkError):
        save_mark(
            evaluation=paper, question_id=four.pk, version=0, steps={}, comment="", actor=cast.teacher, now=NOW
        )  # fmt: skip


# --- All of it together ----------------------------------------------------------------------------------------------
MOVES = st.lists(
    st.one_of(
        st.tuples(st.just("mark"), st.integers(0, 1), st.lists(st.integers(0, 6), min_size=7, max_size=7)),
        st.tuples(st.just("old"), st.integers(0, 1), st.lists(st.integers(0, 6), min_size=7, max_size=7)),
        st.tuples(st.just("free"), st.integers(0, 1), st.integers(0, 10)),
        st.tuples(st.just("change"), st.just(0), EDITS),
        st.tuples(st.just("withdraw"), st.integers(0, 1), st.none()),
    ),
    min_size=3,
    max_size=10,
)


@settings(
    max_examples=20,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
    phases=[Phase.explicit, Phase.reuse, Phase.generate],
)
@given(moves=MOVES)
def test_whatever_is_taken_back_totals_are_those_of_a_scoring_from_scratch(cast: Any, moves: list[Any]) -> None:
    """A question with a choice and two methods: half marks by the scheme of now or an older one, marks that are taken
    back, and changes."""
    with transaction.atomic():
        _play(cast, moves)
        transaction.set_rollback(True)


def _play(cast: Any, moves: list[Any]) -> None:
    questions = [written(cast.exam, 5, letter) for letter in "ab"]
    add_method(questions[0], "3", "2")
    record = marking(cast.exam, more_students(1)[0], cast.teacher)
    for name, which, what in moves:
        question = questions[which]
        history = scheme_histories(cast.exam.pk, [question.version_id])[question.version_id]
        if name == "change":
            _change_somehow(cast, question, history, what)
            continue
        version = last_versions(record).get(question.pk, 0)
        if name == "withdraw":
            _take_back(record, question, version, history)
            continue
        scheme = history.now if name == "mark" else history.schemes[len(moves) % len(history.schemes)]
        values: dict[str, Any] = {"steps": {}, "comment": "", "scheme": scheme.number}
        if name == "free":
            values |= {"free_marks": min(D(what) / 2, question.marks), "comment": "Another way"}
        else:
            awards = zip(scheme.lines, what, strict=False)
            values["steps"] = {line.id: min(D(n) / 2, line.marks) for line, n in awards}
        save_mark(
            evaluation=record, question_id=question.pk, version=version, actor=cast.teacher, now=NOW, **values,
        )  # fmt: skip
    _reconciles(cast, record, questions)
    before = list(MarkEvent.objects.values_list("pk", flat=True))
    for run in SchemeRun.objects.all():
        SchemeRun.objects.filter(pk=run.pk).update(finished_at=None, seen=None)
        follow_scheme(revision_id=run.pk, now=NOW)
    assert list(MarkEvent.objects.values_list("pk", flat=True)) == before
    _reconciles(cast, record, questions)


def _take_back(record: Evaluation, question: Any, version: int, history: Any) -> None:
    (receipt,) = send(record, withdrawal(question, version))
    assert receipt.outcome == ("refused" if history.now.is_given and marked(record, question) else "applied")
    assert marked(record, question) == (receipt.outcome == "refused")
