"""From when students see what: the pure rule over the whole matrix, the facts it stands on, and their cost."""

from datetime import timedelta

import pytest

from assessments.enums import REVEAL_PRESETS, AttemptState, RevealItem, RevealPreset, RevealWhen
from assessments.models import Attempt, Exam
from assessments.selectors.reveal import (
    EVERYTHING,
    RevealFacts,
    exams_hiding,
    reveal_facts,
    reveal_notes,
    shown_by_exam,
    shown_items,
    shown_of,
)
from assessments.services.attempt_care import cancel_attempt
from assessments.tests.sittings import LATER, new_student, sit
from courses.models import CohortMembership
from tests.factories import NOW

HOUR = timedelta(hours=1)
# (closes, somebody writes, all have sat): the rules whose time has come.
MOMENTS = [
    (None, False, False, {"at_once"}),
    (None, True, True, {"at_once", "all_sat"}),
    (HOUR, False, False, {"at_once"}),
    (HOUR, True, True, {"at_once", "all_sat"}),
    (-HOUR, True, False, {"at_once"}),
    (-HOUR, False, False, {"at_once", "all_sat", "closed"}),
    (timedelta(), False, True, {"at_once", "all_sat", "closed"}),
]


@pytest.mark.parametrize("item", RevealItem)
@pytest.mark.parametrize("when", RevealWhen)
@pytest.mark.parametrize(("closes", "writing", "all_sat", "come"), MOMENTS)
def test_an_item_is_shown_from_its_moment_on(item, when, closes, writing, all_sat, come):
    rules = dict.fromkeys(RevealItem, RevealWhen.NEVER) | {item: when}
    facts = RevealFacts(rules, None if closes is None else NOW + closes, writing, all_sat)
    assert shown_items(facts, NOW) == ({item} if when in come else set())


def set_rules(exam: Exam, preset: str = RevealPreset.EVERYTHING, **fields: object) -> Exam:
    rules = {f"reveal_{item}": when for item, when in REVEAL_PRESETS[preset].items()}
    Exam.objects.filter(pk=exam.pk).update(**rules, **fields)
    exam.refresh_from_db()
    return exam


def shown(exam: Exam, now=LATER) -> frozenset[RevealItem]:
    return shown_by_exam([exam], now)[exam.pk]


@pytest.mark.django_db
def test_an_exam_shows_everything_at_once_unless_it_says_otherwise(cast, django_assert_num_queries):
    with django_assert_num_queries(0):
        assert shown(cast.exam) == EVERYTHING


@pytest.mark.django_db
def test_everybody_has_sat_when_every_active_student_has_submitted(cast):
    exam = set_rules(cast.exam, RevealPreset.ALL_SAT)
    sit(exam, cast.student, {})
    assert not shown(exam), "the classmate has not begun"
    other = sit(exam, cast.classmate, {}, submit=False)
    assert not shown(exam), "the classmate is still writing"
    Attempt.objects.filter(pk=other.pk).update(state=AttemptState.SUBMITTED)
    assert shown(exam) == EVERYTHING
    late = new_student(cast)
    assert not shown(exam), "who joins later must not find the answers"
    late.is_active = False
    late.save()
    assert shown(exam) == EVERYTHING, "who has left holds nobody up"


@pytest.mark.django_db
def test_a_cancelled_attempt_is_no_sitting(cast):
    exam = set_rules(cast.exam, RevealPreset.ALL_SAT)
    sit(exam, cast.student, {})
    attempt = sit(exam, cast.classmate, {}, submit=False)
    cancel_attempt(attempt=attempt, actor=cast.staff, now=LATER)
    assert not shown(exam)


@pytest.mark.django_db
def test_an_exam_of_two_batches_waits_for_both(cast):
    exam = set_rules(cast.exam, RevealPreset.ALL_SAT)
    exam.cohorts.add(CohortMembership.objects.get(user=cast.outsider).cohort)
    for student in (cast.student, cast.classmate):
        sit(exam, student, {})
    assert not shown(exam)
    sit(exam, cast.outsider, {})
    assert shown(exam) == EVERYTHING


@pytest.mark.django_db
@pytest.mark.parametrize("preset", [RevealPreset.MARKS_FIRST, RevealPreset.ALL_SAT])
def test_closing_waits_for_whoever_began_before_it(cast, preset):
    exam = set_rules(cast.exam, preset, closes_at=NOW + HOUR / 4)
    sit(exam, cast.student, {})
    live = sit(exam, cast.classmate, {}, submit=False)
    assert RevealItem.KEY not in shown(exam)
    [note] = reveal_notes(reveal_facts([exam])[exam.pk], LATER, of={RevealItem.KEY})
    assert note == "The right answers appear as soon as the last student has finished writing."
    Attempt.objects.filter(pk=live.pk).update(state=AttemptState.CANCELLED)
    assert shown(exam) == EVERYTHING


@pytest.mark.django_db
def test_the_cost_is_one_query_for_any_number_of_exams_and_students(cast, django_assert_num_queries):
    exams = [set_rules(cast.exam, RevealPreset.ALL_SAT)]
    for number in range(4):
        twin = Exam.objects.get(pk=cast.exam.pk)
        twin.pk, twin.title = None, f"Twin {number}"
        twin._state.adding = True
        twin.save()
        twin.cohorts.set([cast.cohort])
        exams.append(twin)
        new_student(cast)
    with django_assert_num_queries(1):
        assert not any(shown_by_exam(exams, NOW).values())
    with django_assert_num_queries(2):
        assert exams_hiding(RevealItem.MARKS, Exam.objects.all(), NOW) == {exam.pk for exam in exams}


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("who", "everything"),
    [("student", False), ("guardian", False), ("teacher", True), ("staff", True)],
)
def test_who_sees_what_is_not_revealed(cast, who, everything):
    set_rules(cast.exam, RevealPreset.ALL_SAT)
    attempt = sit(cast.exam, cast.student, {})
    assert shown_of(attempt, reader=cast.people[who], now=LATER) == (EVERYTHING if everything else frozenset())


@pytest.mark.django_db
def test_a_teacher_elsewhere_who_is_the_guardian_sees_what_guardians_see(cast):
    set_rules(cast.exam, RevealPreset.ALL_SAT)
    attempt = sit(cast.exam, cast.student, {})
    link = cast.guardian.guardian_links.get()
    link.pk, link.guardian = None, cast.colleague
    link._state.adding = True
    link.save()
    cast.colleague.is_guardian = True
    cast.colleague.save()
    assert not shown_of(attempt, reader=cast.colleague, now=LATER)


def facts(preset: str, closes=None, **more) -> RevealFacts:
    return RevealFacts(REVEAL_PRESETS[preset], closes, **more)


@pytest.mark.parametrize(
    ("known", "of", "notes"),
    [
        (facts("everything"), set(RevealItem), []),
        (
            facts("marks_first", NOW + timedelta(days=15)),
            {RevealItem.KEY, RevealItem.EXPLANATION, RevealItem.MARKS},
            ["The right answers and the explanations appear after the exam closes on 3 December, 10:00."],
        ),
        (
            facts("all_sat", NOW + timedelta(days=15)),
            {RevealItem.MARKS},
            ["The marks appear when everybody has sat this exam, at the latest after it closes on 3 December, 10:00."],
        ),
        (facts("all_sat"), {RevealItem.MARKS}, ["The marks appear when everybody has sat this exam."]),
        (
            RevealFacts(REVEAL_PRESETS["everything"] | {RevealItem.KEY: RevealWhen.NEVER}),
            {RevealItem.KEY},
            ["The right answers are not shown for this exam."],
        ),
    ],
)
def test_what_comes_and_when_in_one_sentence(known, of, notes):
    assert reveal_notes(known, NOW, of=of) == notes
