"""Marking schemes that change after marking has begun: what follows by itself, what somebody looks at, what stays."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal as D
from typing import Any

import pytest
from django.db import transaction
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from accounts.models import AuditEvent
from assessments.models import MarkingStep
from common.errors import ConflictError, DomainError, NotPermittedError
from common.testing.database import run_at_once
from evaluations.enums import EvaluationState
from evaluations.models import (
    Evaluation,
    MarkCorrection,
    MarkEvent,
    QuestionMark,
    RemarkRequest,
    SchemeLook,
    SchemeRevision,
    SchemeRun,
)
from evaluations.selectors.desk import desk_data
from evaluations.selectors.progress import marking_progress
from evaluations.selectors.schemes import changes_in_words, scheme_histories
from evaluations.services.claims import claim_evaluation
from evaluations.services.finishing import UnfinishedError, finalise_evaluation
from evaluations.services.marking import MarkChange, MarkConflict, MarkError, save_mark
from evaluations.services.opening import open_evaluation
from evaluations.services.scheme_edits import SchemeEdit, StepEdit, change_scheme, preview_scheme
from evaluations.services.scheme_marks import replay_marks
from evaluations.services.scheme_preview import Preview
from evaluations.services.scheme_runs import continue_schemes, follow_scheme, open_rechecks
from evaluations.services.scheme_scoring import carried_awards, scored
from evaluations.services.totals import SchemeStep, question_total
from evaluations.tests.builders import add_method, default_policy, hand_in, marking, more_students, step_ids, written
from notifications.models import Notification
from tests.factories import NOW

pytestmark = pytest.mark.django_db
HALVES = st.integers(1, 8).map(lambda n: D(n) / 2)


# --- Pure ------------------------------------------------------------------------------------------------------------
IDS = [f"s{n}" for n in range(7)]
STEPS = st.builds(
    SchemeStep,
    id=st.sampled_from(IDS),
    marks=HALVES,
    part=st.sampled_from(["", "i", "ii"]),
    alternative=st.sampled_from(["", "a", "b"]),
    method=st.integers(1, 2),
)
SCHEMES = st.lists(STEPS, max_size=6, unique_by=lambda step: step.id)


@st.composite
def awarded(draw: Any) -> tuple[list[SchemeStep], dict[str, D]]:
    scheme = draw(SCHEMES)
    given = {step.id: D(draw(st.integers(0, int(step.marks * 2)))) / 2 for step in scheme}
    return scheme, {key: value for key, value in given.items() if value}


@settings(max_examples=400, deadline=None)
@given(awarded(), SCHEMES, HALVES)
def test_an_award_keeps_its_share_in_halves_and_in_bounds(
    then: tuple[list[SchemeStep], dict[str, D]], now: list[SchemeStep], maximum: D
) -> None:
    scheme, given = then
    worth, kept = {step.id: step.marks for step in scheme}, carried_awards(given, scheme, now)
    for step in now:
        award = kept.get(step.id, D(0))
        assert 0 <= award <= step.marks
        assert award % D("0.5") == 0
        if step.id in given:
            exact = given[step.id] * step.marks / worth[step.id]
            assert exact <= award < exact + D("0.5")
            assert (award == step.marks) or given[step.id] < worth[step.id]
        else:
            assert award == 0
    steps, marks = scored(
        given, question_total(scheme, given, maximum), then=scheme, now=now, is_given=False, maximum=maximum
    )
    assert 0 <= marks <= maximum
    if given:
        assert (steps, marks) == (kept, question_total(now, kept, maximum))


@settings(max_examples=200, deadline=None)
@given(awarded(), HALVES)
def test_the_same_scheme_changes_nothing(then: tuple[list[SchemeStep], dict[str, D]], maximum: D) -> None:
    scheme, given = then
    marks = question_total(scheme, given, maximum)
    assert scored(given, marks, then=scheme, now=scheme, is_given=False, maximum=maximum) == (given, marks)


# --- On papers -------------------------------------------------------------------------------------------------------
def steps_now(exam: Any, question: Any) -> list[StepEdit]:
    scheme = scheme_histories(exam.pk, [question.version_id])[question.version_id].now
    return [
        StepEdit(one.id, one.text, one.marks, one.kind, one.follows, one.part, one.alternative, one.method)
        for one in scheme.lines
    ]


def preview(exam: Any, question: Any, actor: Any, steps: list[StepEdit], **flags: Any) -> tuple[SchemeEdit, Preview]:
    edit = SchemeEdit(tuple(steps), flags.pop("reason", "The board's answer"), **flags)
    return edit, preview_scheme(exam=exam, version=question.version, edit=edit, actor=actor)


def change(exam: Any, question: Any, actor: Any, steps: list[StepEdit], *, run: bool = True, **flags: Any) -> Any:
    edit, shown = preview(exam, question, actor, steps, **flags)
    made = change_scheme(exam=exam, version=question.version, edit=edit, digest=shown.digest, actor=actor, now=NOW)
    if run:
        follow_scheme(revision_id=made.pk, now=NOW)
    return made


def give(record: Evaluation, question: Any, actor: Any, **awards: str) -> QuestionMark:
    """By the number of the step in the frozen scheme: s1="1"."""
    ids = step_ids(question)
    known = QuestionMark.objects.filter(evaluation=record, question=question).first()
    steps = {ids[int(name[1:]) - 1]: D(value) for name, value in awards.items()}
    version = known.version if known else 0
    return save_mark(
        evaluation=record, question_id=question.pk, version=version, steps=steps, comment="", actor=actor, now=NOW
    )


def back(cast: Any, student: Any = None, **awards: str) -> Evaluation:
    """A paper that is back, with awards for question 4 and 3 marks for 5."""
    record = marking(cast.exam, student or cast.student, cast.teacher)
    give(record, written(cast.exam, 4), cast.teacher, **(awards or {"s1": "1"}))
    give(record, written(cast.exam, 5, "a"), cast.teacher, s1="1", s2="2")
    return finalise_evaluation(evaluation=record, actor=cast.teacher, now=NOW)


def marks_of(record: Evaluation, question: Any) -> D:
    return QuestionMark.objects.get(evaluation=record, question=question).marks


def test_a_step_that_is_worth_more_counts_more_where_it_was_earned(cast: Any) -> None:
    question, record = written(cast.exam, 4), marking(cast.exam, cast.student, cast.teacher)
    give(record, question, cast.teacher, s1="1", s3="0.5")
    first, *rest = steps_now(cast.exam, question)
    revision = change(cast.exam, question, cast.staff, [replace(first, marks=D(2)), *rest])
    mark = QuestionMark.objects.get(evaluation=record, question=question)
    assert (mark.marks, mark.version, mark.revision) == (D("2.5"), 2, revision)
    one, two = MarkEvent.objects.filter(evaluation=record).order_by("id")
    assert (two.worked_from, two.actor, two.marks) == (one, cast.teacher, D("2.5"))
    assert replay_marks(record) == []
    assert follow_scheme(revision_id=revision.pk, now=NOW) == 0
    SchemeRun.objects.update(finished_at=None, seen=None)
    follow_scheme(revision_id=revision.pk, now=NOW)
    assert MarkEvent.objects.count() == 2


def test_a_step_that_is_gone_comes_back_with_its_awards(cast: Any) -> None:
    question, record = written(cast.exam, 4), marking(cast.exam, cast.student, cast.teacher)
    give(record, question, cast.teacher, s1="1", s2="1")
    steps = steps_now(cast.exam, question)
    change(cast.exam, question, cast.staff, [replace(steps[1], follows=()), *steps[2:]])
    assert marks_of(record, question) == 1
    change(cast.exam, question, cast.staff, steps)
    assert marks_of(record, question) == 2
    assert replay_marks(record) == []


def test_a_new_step_is_looked_at_by_who_marks(cast: Any) -> None:
    question, record = written(cast.exam, 4), marking(cast.exam, cast.student, cast.teacher)
    give(record, question, cast.teacher, s1="1")
    give(record, written(cast.exam, 5, "a"), cast.teacher, s1="1")
    change(cast.exam, question, cast.staff, [*steps_now(cast.exam, question), new_step()], asks_again=True)
    desk = desk_data(record)
    four = next(one for one in desk.questions if one.number == 4)
    assert (four.look, four.scheme.number, four.steps[-1].change) == (True, 1, "new")
    assert four.scheme.said == ("Step 5 is new, marks: 1.",)
    with pytest.raises(UnfinishedError, match="new step"):
        finalise_evaluation(evaluation=record, actor=cast.teacher, now=NOW)
    # A desk that still shows the frozen scheme has not seen the new step.
    save_mark(
        evaluation=record, question_id=question.pk, version=four.mark.version, scheme=0, comment="", actor=cast.teacher,
        steps={key: D("0.5") for key in step_ids(question)[:2]}, now=NOW,
    )  # fmt: skip
    desk = desk_data(record)
    four = next(one for one in desk.questions if one.number == 4)
    assert four.look
    added = str(four.steps[-1].id)
    saved = save_mark(
        evaluation=record,
        question_id=question.pk,
        version=four.mark.version if four.mark else 0,
        steps={added: D(1), step_ids(question)[0]: D(1)},
        comment="",
        scheme=1,
        actor=cast.teacher,
        now=NOW,
    )
    assert saved.marks == 2
    finalise_evaluation(evaluation=record, actor=cast.teacher, now=NOW)


def new_step(**values: Any) -> StepEdit:
    return StepEdit(**{"id": "", "text": "Says why", "marks": D(1)} | values)


def test_new_steps_are_not_the_banks(cast: Any) -> None:
    question = written(cast.exam, 4)
    change(cast.exam, question, cast.staff, [*steps_now(cast.exam, question), new_step()])
    assert MarkingStep.everywhere.filter(version=question.version).count() == 5
    assert question.version.steps.count() == MarkingStep.objects.filter(version=question.version).count() == 4


def test_of_papers_that_are_back_a_new_step_opens_re_checks(cast: Any) -> None:
    question, record = written(cast.exam, 4), back(cast)
    change(cast.exam, question, cast.staff, [*steps_now(cast.exam, question), new_step()], asks_again=True)
    assert open_rechecks(now=NOW) == 1
    asked = RemarkRequest.objects.get(evaluation=record)
    assert (asked.is_recheck, asked.steps.get().step.text_source) == (True, "Says why")
    assert open_rechecks(now=NOW) == 0
    assert SchemeLook.objects.get().closed_at == NOW


def test_marks_of_papers_that_are_back_rise_with_all_a_correction_has(cast: Any) -> None:
    question, record = written(cast.exam, 4), back(cast)
    total = record.total_marks
    first, *rest = steps_now(cast.exam, question)
    change(cast.exam, question, cast.staff, [replace(first, marks=D(2)), *rest], reason="Step 1 takes two lines")
    record.refresh_from_db()
    noted = MarkCorrection.objects.get(evaluation=record)
    assert (noted.before, noted.after, noted.reason) == (D(1), D(2), "Step 1 takes two lines")
    assert (record.state, record.total_marks, noted.actor) == (EvaluationState.RELEASED, total + 1, cast.staff)
    assert Notification.objects.filter(user=cast.student, kind="marks_changed").count() == 1
    assert AuditEvent.objects.filter(action="evaluation.corrected", object_id=str(record.pk)).exists()
    assert AuditEvent.objects.filter(action="scheme.changed").count() == 1


@pytest.mark.parametrize("may_lower", [False, True])
def test_marks_that_are_back_fall_only_by_choice(cast: Any, may_lower: bool) -> None:
    question, record = written(cast.exam, 4), back(cast)
    open_one = marking(cast.exam, more_students(1)[0], cast.teacher)
    give(open_one, question, cast.teacher, s1="1")
    first, *rest = steps_now(cast.exam, question)
    steps = [replace(first, marks=D("0.5")), *rest]
    _edit, shown = preview(cast.exam, question, cast.staff, steps, may_lower=may_lower)
    assert (shown.kept, shown.lowered, shown.marked, shown.released) == (1 - may_lower, 1 + may_lower, 2, 1)
    revision = change(cast.exam, question, cast.staff, steps, may_lower=may_lower)
    assert marks_of(open_one, question) == D("0.5")
    assert marks_of(record, question) == (D("0.5") if may_lower else D(1))
    run = SchemeRun.objects.get(revision=revision)
    assert (run.kept, run.lowered, run.raised, run.done) == (1 - may_lower, 1 + may_lower, 0, 2)
    assert [replay_marks(one) for one in (record, open_one)] == [[], []]


def test_everybody_gets_the_marks_whoever_comes_later_too(cast: Any) -> None:
    question, record = written(cast.exam, 4), back(cast)
    waiting = marking(cast.exam, more_students(1)[0], cast.teacher)
    change(cast.exam, question, cast.staff, steps_now(cast.exam, question), is_given=True)
    assert marks_of(record, question) == marks_of(waiting, question) == 3
    mark = QuestionMark.objects.get(evaluation=waiting, question=question)
    again = save_mark(
        evaluation=waiting, question_id=question.pk, version=mark.version, steps={}, comment="", actor=cast.teacher,
        now=NOW,
    )  # fmt: skip
    assert again.marks == 3
    default_policy()
    late = open_evaluation(attempt_id=hand_in(cast.exam, more_students(1)[0]).pk, now=NOW)
    assert late is not None
    late.refresh_from_db()
    claim_evaluation(evaluation=late, teacher=late.teacher or cast.teacher, now=NOW)
    assert marks_of(late, question) == 3
    with pytest.raises(DomainError, match="already"):
        change(cast.exam, question, cast.staff, steps_now(cast.exam, question)[:1])


def test_what_was_given_by_an_older_scheme_is_never_lost(cast: Any) -> None:
    question, record = written(cast.exam, 4), marking(cast.exam, cast.student, cast.teacher)
    first = give(record, question, cast.teacher, s1="1")
    steps, ids = steps_now(cast.exam, question), step_ids(question)
    change(cast.exam, question, cast.staff, [replace(steps[1], follows=(), marks=D(2)), *steps[2:]])
    sent = MarkChange(question.pk, first.version, "Good", {ids[0]: D(1), ids[1]: D("0.5")}, scheme=0)
    values = {
        "question_id": sent.question, "version": sent.version, "steps": sent.steps, "comment": sent.comment,
        "scheme": 0, "actor": cast.teacher, "now": NOW,
    }  # fmt: skip
    mark = save_mark(evaluation=record, **values)
    assert (mark.marks, mark.comment, mark.version) == (D(1), "Good", 4)
    assert save_mark(evaluation=record, **values).version == 4
    own = MarkEvent.objects.filter(evaluation=record, worked_from=None).last()
    assert own.steps == {ids[0]: "1", ids[1]: "0.5"}
    with pytest.raises(MarkConflict):
        save_mark(evaluation=record, **{**values, "comment": "Other"})
    with pytest.raises(MarkError):
        save_mark(evaluation=record, **{**values, "scheme": 7})
    assert replay_marks(record) == []


def test_only_what_was_previewed_is_done(cast: Any) -> None:
    question, record = written(cast.exam, 4), marking(cast.exam, cast.student, cast.teacher)
    first, *rest = steps_now(cast.exam, question)
    edit, shown = preview(cast.exam, question, cast.staff, [replace(first, marks=D(2)), *rest])
    give(record, question, cast.teacher, s1="1")
    values = {"exam": cast.exam, "version": question.version, "actor": cast.staff, "now": NOW}
    with pytest.raises(ConflictError, match="since this preview"):
        change_scheme(edit=edit, digest=shown.digest, **values)
    again = preview_scheme(exam=cast.exam, version=question.version, edit=edit, actor=cast.staff)
    assert (again.marked, again.raised, again.steps) == (1, 1, ((D(1), 1),))
    change_scheme(edit=edit, digest=again.digest, **values)
    with pytest.raises(DomainError, match="Nothing is changed"):
        change_scheme(edit=edit, digest=again.digest, **values)
    assert SchemeRevision.objects.count() == 1


@pytest.mark.parametrize(
    ("edit", "word"),
    [
        ({"steps": []}, "Keep a step"),
        ({"reason": " "}, "Say why"),
        ({"steps": [new_step(marks=D("0.3"))]}, "half marks"),
        ({"steps": [new_step(marks=D(9))]}, "half marks"),
        ({"steps": [new_step(text=" ")]}, "no words"),
        ({"steps": [new_step(follows=(1,))]}, "before it"),
        ({"steps": [new_step(part="i")]}, "no such part"),
        ({"steps": [new_step(kind="x")]}, "no such kind"),
        ({"steps": [new_step(id="018f0000-0000-7000-8000-000000000000")]}, "does not belong"),
    ],
)
def test_what_cannot_be_is_said(cast: Any, edit: dict[str, Any], word: str) -> None:
    question = written(cast.exam, 4)
    with pytest.raises(DomainError, match=word):
        preview(cast.exam, question, cast.staff, **{"steps": [new_step()], **edit})


def test_only_staff_let_marks_fall(cast: Any) -> None:
    question = written(cast.exam, 4)
    with pytest.raises(NotPermittedError):
        preview(cast.exam, question, cast.teacher, steps_now(cast.exam, question)[:1], may_lower=True)


def test_a_run_that_was_killed_goes_on(cast: Any) -> None:
    question = written(cast.exam, 4)
    papers = [marking(cast.exam, student, cast.teacher) for student in more_students(4)]
    for paper in papers:
        give(paper, question, cast.teacher, s1="1")
    first, *rest = steps_now(cast.exam, question)
    revision = change(cast.exam, question, cast.staff, [replace(first, marks=D(2)), *rest])
    SchemeRun.objects.filter(revision=revision).update(finished_at=None, seen=papers[1].pk, done=2)
    assert continue_schemes(now=NOW) == 2
    assert MarkEvent.objects.count() == 8
    assert {marks_of(paper, question) for paper in papers} == {D(2)}


# --- All of it together ----------------------------------------------------------------------------------------------
EDITS = st.tuples(
    st.lists(st.integers(0, 6), max_size=6, unique=True),
    st.lists(HALVES, min_size=7, max_size=7),
    st.booleans(),
    st.booleans(),
)
MOVES = st.lists(
    st.one_of(
        st.tuples(st.just("mark"), st.integers(0, 1), st.lists(st.integers(0, 6), min_size=7, max_size=7)),
        st.tuples(st.just("old"), st.integers(0, 1), st.lists(st.integers(0, 6), min_size=7, max_size=7)),
        st.tuples(st.just("free"), st.integers(0, 1), st.integers(0, 10)),
        st.tuples(st.just("change"), st.just(0), EDITS),
    ),
    min_size=3,
    max_size=8,
)


@settings(
    max_examples=30,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
    phases=[Phase.explicit, Phase.reuse, Phase.generate],
)
@given(moves=MOVES)
def test_whatever_happens_totals_are_those_of_a_scoring_from_scratch(cast: Any, moves: list[Any]) -> None:
    """A question with a choice and two methods: half marks by the scheme of now or an older one, and changes."""
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
        mark = QuestionMark.objects.filter(evaluation=record, question=question).first()
        scheme = history.now if name == "mark" else history.schemes[len(moves) % len(history.schemes)]
        values: dict[str, Any] = {"steps": {}, "comment": "", "scheme": scheme.number}
        if name == "free":
            values |= {"free_marks": min(D(what) / 2, question.marks), "comment": "Another way"}
        else:
            awards = zip(scheme.lines, what, strict=False)
            values["steps"] = {line.id: min(D(n) / 2, line.marks) for line, n in awards}
        save_mark(
            evaluation=record, question_id=question.pk, version=mark.version if mark else 0, actor=cast.teacher,
            now=NOW, **values,
        )  # fmt: skip
    _reconciles(cast, record, questions)
    before = list(MarkEvent.objects.values_list("pk", flat=True))
    for run in SchemeRun.objects.all():
        SchemeRun.objects.filter(pk=run.pk).update(finished_at=None, seen=None)
        follow_scheme(revision_id=run.pk, now=NOW)
    assert list(MarkEvent.objects.values_list("pk", flat=True)) == before
    _reconciles(cast, record, questions)


def _change_somehow(cast: Any, question: Any, history: Any, what: Any) -> None:
    chosen, marks, is_new, is_given = what
    known = list({line.id: line for scheme in history.schemes for line in scheme.lines}.values())
    steps = [
        StepEdit(line.id, line.text, min(marks[place], question.marks), line.kind, (), "", "", line.method)
        for place, line in enumerate(known[:7])
        if place in chosen
    ]
    steps += [new_step(marks=min(marks[0], question.marks), alternative="b" if marks[1] > 2 else "")] if is_new else []
    try:
        change(cast.exam, question, cast.staff, steps, is_given=is_given and marks[2] > 3, asks_again=is_new)
    except DomainError as error:
        if error.code not in ("unchanged", "no_steps", "given_already"):
            raise


def _reconciles(cast: Any, record: Evaluation, questions: list[Any]) -> None:
    assert replay_marks(record) == []
    best = D(0)
    for question in questions:
        mark = QuestionMark.objects.filter(evaluation=record, question=question).first()
        if mark is None:
            continue
        history = scheme_histories(cast.exam.pk, [question.version_id])[question.version_id]
        own = MarkEvent.objects.filter(evaluation=record, question=question, worked_from=None).last()
        then = history.of(own.revision_id)
        awards = {key: D(value) for key, value in own.steps.items()}
        _steps, marks = scored(
            awards, own.marks, then=then.steps, now=history.now.steps, is_given=history.now.is_given,
            maximum=question.marks,
        )  # fmt: skip
        assert mark.marks == marks
        assert 0 <= mark.marks <= question.marks
        assert mark.revision_id == history.now.revision_id
        if mark.steps and not history.now.is_given:
            stored = {key: D(value) for key, value in mark.steps.items()}
            assert question_total(history.now.steps, stored, question.marks) == marks
        best = max(best, marks)
    assert marking_progress(record).total == best


# --- At once ---------------------------------------------------------------------------------------------------------
@pytest.mark.only_on("postgresql")  # SQLite has one writer
@pytest.mark.parametrize("rounds", range(3))
def test_marks_and_a_change_at_once(transactional_db: Any, cast: Any, rounds: int) -> None:
    question = written(cast.exam, 4)
    papers = [marking(cast.exam, student, cast.teacher) for student in more_students(4)]
    first, *rest = steps_now(cast.exam, question)
    revision = change(cast.exam, question, cast.staff, [replace(first, marks=D(2)), *rest], run=False)
    work = [lambda paper=paper: give(paper, question, cast.teacher, s1="1", s3="0.5") for paper in papers]
    run_at_once([*work, *[lambda: follow_scheme(revision_id=revision.pk, now=NOW)] * 3])
    for paper in papers:
        assert replay_marks(paper) == []
        assert QuestionMark.objects.get(evaluation=paper).revision == revision
    assert SchemeRun.objects.get().done == 4


def test_changes_are_told_in_words(cast: Any) -> None:
    question = written(cast.exam, 4)
    one, _two, three, four = steps_now(cast.exam, question)
    change(
        cast.exam, question, cast.staff,
        [replace(one, marks=D(2), text="Sets it up"), replace(three, alternative="a"), replace(four, follows=(1,)),
         new_step()],
    )  # fmt: skip
    history = scheme_histories(cast.exam.pk, [question.version_id])[question.version_id]
    assert changes_in_words(history.schemes[0], history.now) == [
        "Step 2 does not count any more.",
        "Step 1: marks 2 instead of 1.",
        "Step 1: its words were changed.",
        "Step 2: its kind or alternative was changed.",
        "Step 3: what it builds on was changed.",
        "Step 4 is new, marks: 1.",
    ]
