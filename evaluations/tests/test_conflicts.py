"""Who never marks whose paper, asked in every way in which a paper comes to a teacher."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from accounts.enums import LinkState
from accounts.models import GuardianLink, User
from common.errors import NotPermittedError
from evaluations.enums import Conflict
from evaluations.models import Evaluation, MarkEvent
from evaluations.selectors import conflicts as module
from evaluations.selectors import pullable_by
from evaluations.selectors.conflicts import Sitting, conflicts_of, kin_of, kin_within, sitting_of
from evaluations.services.assignment import (
    AssignmentError,
    assign_evaluation,
    give_evaluation,
    reassign_evaluations,
)
from evaluations.services.claims import claim_evaluation, claim_next
from evaluations.services.forecasting import open_queue
from evaluations.tests.builders import evaluation_of, hand_in, written
from tests import factories
from tests.factories import NOW

pytestmark = pytest.mark.django_db


def link(guardian: User, student: User, state: str = LinkState.ACTIVE) -> None:
    GuardianLink.objects.create(guardian=guardian, student=student, state=state)


def guard(cast: Any) -> str:
    link(cast.teacher, cast.student)
    return Conflict.GUARDIAN


def invite(cast: Any) -> str:
    link(cast.teacher, cast.student, LinkState.INVITED)
    return Conflict.GUARDIAN


def be_the_other_parent(cast: Any) -> str:
    """The student's guardian and the teacher look after the same child, not this one."""
    link(cast.guardian, cast.classmate)
    link(cast.teacher, cast.classmate)
    return Conflict.FAMILY


def be_a_sibling(cast: Any) -> str:
    link(cast.guardian, cast.teacher)
    return Conflict.FAMILY


def have_marked_it(cast: Any) -> str:
    return Conflict.MARKED


WAYS = [guard, invite, be_the_other_parent, be_a_sibling, have_marked_it]


def waiting(cast: Any, **fields: Any) -> Evaluation:
    return evaluation_of(hand_in(cast.exam, cast.student), **fields)


def marked_before(paper: Evaluation, teacher: User) -> None:
    question = written(paper.attempt.exam, 4)
    MarkEvent.objects.create(evaluation=paper, question=question, version=1, marks=1, actor=teacher, at=NOW)


@pytest.mark.parametrize("conflict", WAYS)
def test_no_way_leads_to_the_paper(cast: Any, conflict: Any) -> None:
    why = conflict(cast)
    paper = waiting(cast, is_remark=why == Conflict.MARKED)
    marked_before(paper, cast.teacher)
    assert conflicts_of([sitting_of(paper)])[paper.pk][cast.teacher.pk] == why
    assert not pullable_by(cast.teacher).exists()
    assert claim_next(teacher=cast.teacher, now=NOW) is None
    with pytest.raises(NotPermittedError) as refused:
        claim_evaluation(evaluation=paper, teacher=cast.teacher, now=NOW)
    assert refused.value.code == "conflict_of_interest"
    assert cast.teacher.pk in {one.id: one for one in open_queue(NOW).papers}[paper.pk].barred
    decision = assign_evaluation(evaluation=paper, now=NOW)
    assert decision.chosen == cast.colleague
    assert {one["teacher"]: one["barrier"] for one in decision.candidates}[str(cast.teacher.pk)] == why
    with pytest.raises(AssignmentError) as error:
        reassign_evaluations(evaluations=[paper], teacher=cast.teacher, actor=cast.staff, reason="x", now=NOW)
    assert error.value.code == "conflict_of_interest"
    paper.refresh_from_db()
    assert cast.teacher.pk in {one.id: one for one in open_queue(NOW).papers}[paper.pk].barred, (
        "of papers with others too"
    )
    assert give_evaluation(evaluation=paper, to=cast.teacher.pk, reason="x", now=NOW)[0] is None


def test_a_correction_may_go_to_who_marked_it(cast: Any) -> None:
    paper = waiting(cast)
    marked_before(paper, cast.teacher)
    assert list(pullable_by(cast.teacher)) == [paper]
    assert conflicts_of([sitting_of(paper)])[paper.pk].keys() == {cast.student.pk, cast.guardian.pk}


def test_strangers_and_ended_links_are_no_family(cast: Any) -> None:
    link(cast.teacher, cast.student, LinkState.ENDED)
    link(cast.colleague, cast.classmate)
    assert kin_of({cast.student.pk})[cast.student.pk] == {
        cast.student.pk: Conflict.OWN, cast.guardian.pk: Conflict.GUARDIAN,
    }  # fmt: skip
    assert kin_of(set()) == {}


def test_the_papers_of_a_class_cost_as_many_questions_as_one(cast: Any, django_assert_max_num_queries: Any) -> None:
    students = [factories.StudentFactory() for _ in range(30)]
    for student in students:
        link(factories.UserFactory(is_guardian=True), student)
    papers = [Sitting(uuid4(), student.pk, uuid4(), True) for student in students]
    with django_assert_max_num_queries(5) as one:
        conflicts_of(papers[:1])
    with django_assert_max_num_queries(len(one)):
        found = conflicts_of(papers)
    assert all(len(each) == 2 for each in found.values())


@given(st.sets(st.tuples(st.integers(0, 5), st.integers(0, 5)), max_size=10))
def test_seen_from_the_teacher_it_is_the_same(pairs: set[tuple[int, int]]) -> None:
    """Family is mutual, however people are linked: that pulling and giving out agree rests on it."""
    people = [UUID(int=number) for number in range(6)]
    links = {(people[a], people[b]) for a, b in pairs if a != b}

    def neighbours(asked: Collection[UUID]) -> dict[UUID, set[UUID]]:
        return {one: {b for a, b in links if a == one} | {a for a, b in links if b == one} for one in asked}

    kin = kin_within(people, neighbours)
    assert all((b in kin[a]) == (a in kin[b]) for a in people for b in people)
    assert {person: kin_within([person], neighbours)[person] for person in people} == kin


def test_a_long_list_of_students_reads_all_links(cast: Any, monkeypatch: Any) -> None:
    link(cast.teacher, cast.classmate)
    few = kin_of({cast.student.pk, cast.classmate.pk})
    monkeypatch.setattr(module, "BATCH", 1)
    assert kin_of({cast.student.pk, cast.classmate.pk}) == few
    assert few[cast.classmate.pk][cast.teacher.pk] == Conflict.GUARDIAN
