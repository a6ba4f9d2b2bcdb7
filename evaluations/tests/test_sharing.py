"""Marking by question: a paper is divided, its questions are marked by different teachers, and it is gathered again."""

from __future__ import annotations

import uuid
from datetime import timedelta
from decimal import Decimal
from functools import partial
from typing import Any

import pytest
from django.urls import reverse

from accounts.models import AuditEvent
from assessments.enums import MarkingMode
from assessments.models import SheetPage
from common.errors import DomainError
from common.testing.database import run_at_once
from evaluations.enums import EvaluationRole, EvaluationState
from evaluations.models import (
    Annotation,
    Evaluation,
    MarkEvent,
    MarkingGroup,
    PaperForecast,
    PictureRequest,
    QuestionMark,
    SlaBreach,
    Transition,
)
from evaluations.selectors.desk import desk_data
from evaluations.services.annotations import AnnotationInput, save_annotations
from evaluations.services.assignment import assign_waiting, requeue_evaluations
from evaluations.services.breaches import scan_breaches
from evaluations.services.claims import claim_evaluation, claim_next
from evaluations.services.finishing import (
    finalise_evaluation,
    release_evaluation,
    reopen_evaluation,
    return_evaluation,
)
from evaluations.services.forecasting import refresh_forecasts
from evaluations.services.groups import GroupError, read_numbers, save_group
from evaluations.services.marking import save_mark
from evaluations.services.opening import open_evaluation
from evaluations.services.pictures import ask_picture, withdraw_picture
from evaluations.services.totals import MarkError
from evaluations.tests.builders import declare_not_attempted, default_policy, hand_in, more_students, step_ids, written
from notifications.models import Notification
from tests.factories import NOW

pytestmark = pytest.mark.django_db
MINUTE = timedelta(minutes=1)


@pytest.fixture
def exam(cast: Any) -> Any:
    default_policy()
    cast.exam.marking = MarkingMode.BY_QUESTION
    cast.exam.save()
    return cast.exam


def opened(exam: Any, student: Any) -> tuple[Evaluation, dict[int, Evaluation]]:
    """The record, and its shares by number."""
    record = open_evaluation(attempt_id=hand_in(exam, student).pk, now=NOW)
    assert record is not None
    shares = Evaluation.objects.filter(record=record, state__in=["queued", "assigned"])
    return record, {number: share for share in shares for number in share.numbers or []}


def question_of(exam: Any, number: int) -> Any:
    return written(exam, number, "a" if number == 5 else "")


def mark(share: Evaluation, marks: str, *, teacher: Any, now: Any = NOW) -> Evaluation:
    """The teacher takes the share up, gives every question of it these marks and finishes it."""
    claim_evaluation(evaluation=share, teacher=teacher, now=now)
    for number in share.numbers or []:
        question = question_of(share.attempt.exam, number)
        save_mark(
            evaluation=share, question_id=question.pk, version=0, steps={}, comment="As it stands.",
            free_marks=Decimal(marks), actor=teacher, now=now,
        )  # fmt: skip
    return finalise_evaluation(evaluation=share, actor=teacher, now=now)


def give(share: Evaluation, teacher: Any) -> Evaluation:
    Evaluation.objects.filter(pk=share.pk).update(teacher=teacher, state="assigned", assigned_at=NOW)
    share.refresh_from_db()
    return share


def test_a_paper_is_divided_into_its_written_questions(cast: Any, exam: Any) -> None:
    record, shares = opened(exam, cast.student)
    assert (record.state, record.teacher, record.is_shared) == (EvaluationState.SHARED, None, True)
    assert sorted(shares) == [4, 5]
    for share in shares.values():
        assert (share.role, share.due_at, share.attempt_id) == (EvaluationRole.SHARE, record.due_at, record.attempt_id)
        assert share.state == EvaluationState.ASSIGNED
    assert shares[4].max_marks + shares[5].max_marks == record.attempt.paper.written_marks
    assert shares[4].work["questions"] == 1
    # The student is told of one paper and sees one.
    assert Notification.objects.filter(user=cast.student).count() == 1
    assert list(Evaluation.objects.visible_to(cast.student)) == [record]


def test_opening_twice_divides_once(cast: Any, exam: Any) -> None:
    record, shares = opened(exam, cast.student)
    assert open_evaluation(attempt_id=record.attempt_id, now=NOW) == record
    assert Evaluation.objects.filter(record=record).count() == len(shares)


def test_what_was_not_attempted_is_nobodys_share(cast: Any, exam: Any) -> None:
    attempt = hand_in(exam, cast.student)
    declare_not_attempted(attempt, 4)
    record = open_evaluation(attempt_id=attempt.pk, now=NOW)
    assert [share.numbers for share in Evaluation.objects.filter(record=record)] == [[5]]


def test_a_paper_without_anything_attempted_stays_whole(cast: Any, exam: Any) -> None:
    attempt = hand_in(exam, cast.student)
    for number in (4, 5):
        declare_not_attempted(attempt, number)
    record = open_evaluation(attempt_id=attempt.pk, now=NOW)
    assert record is not None
    assert (record.is_shared, record.state) == (False, EvaluationState.ASSIGNED)


def test_the_family_reads_that_several_teachers_marked_it(cast: Any, exam: Any, client: Any) -> None:
    record, shares = opened(exam, cast.student)
    client.force_login(cast.student)
    waits = client.get(reverse("result-page", args=[record.attempt_id])).content.decode()
    assert "with a teacher" in waits
    for number, teacher in ((4, cast.teacher), (5, cast.colleague)):
        mark(give(shares[number], teacher), "1", teacher=teacher)
    for url in (reverse("result-page", args=[record.attempt_id]), reverse("paper-list")):
        assert "marked by several teachers" in client.get(url).content.decode()
    assert client.get(reverse("student-home")).status_code == 200


def test_the_last_share_finishes_the_paper(cast: Any, exam: Any) -> None:
    record, shares = opened(exam, cast.student)
    four, five = give(shares[4], cast.teacher), give(shares[5], cast.colleague)
    mark(four, "1.5", teacher=cast.teacher)
    record.refresh_from_db()
    assert record.state == EvaluationState.SHARED
    mark(five, "2", teacher=cast.colleague, now=NOW + MINUTE)
    record.refresh_from_db()
    assert (record.state, record.written_marks) == (EvaluationState.RELEASED, Decimal("3.5"))
    assert record.total_marks == Decimal("3.5") + record.attempt.objective_marks
    given = MarkEvent.objects.filter(evaluation=record).values_list("question__number", "marks", "actor")
    assert set(given) == {(4, Decimal("1.5"), cast.teacher.pk), (5, Decimal(2), cast.colleague.pk)}
    names = Transition.objects.filter(evaluation=record).order_by("id").values_list("name", flat=True)
    assert list(names) == ["open", "divide", "gather", "release"]
    assert AuditEvent.objects.filter(action="evaluation.gathered").count() == 1


def test_two_teachers_finish_at_the_same_moment(transactional_db: None, cast: Any, exam: Any) -> None:
    record, shares = opened(exam, cast.student)
    pairs = [(give(shares[4], cast.teacher), cast.teacher), (give(shares[5], cast.colleague), cast.colleague)]
    run_at_once([partial(mark, share, "1", teacher=teacher) for share, teacher in pairs])
    record.refresh_from_db()
    assert (record.state, record.written_marks) == (EvaluationState.RELEASED, Decimal(2))
    assert Transition.objects.filter(evaluation=record, name="gather").count() == 1


def test_ink_goes_over_to_the_record(cast: Any, exam: Any) -> None:
    record, shares = opened(exam, cast.student)
    share = give(shares[4], cast.teacher)
    claim_evaluation(evaluation=share, teacher=cast.teacher, now=NOW)
    page = SheetPage.objects.filter(upload__attempt=record.attempt_id).first()
    tick = AnnotationInput(id=uuid.uuid4(), page=page.pk, kind="tick", geometry={"x": 0.5, "y": 0.5}, version=0)
    save_annotations(evaluation=share, items=[tick], actor=cast.teacher, now=NOW)
    mark(share, "1", teacher=cast.teacher)
    copy = Annotation.objects.get(evaluation=record)
    assert (copy.page_id, copy.kind, copy.geometry, copy.author) == (
        page.pk,
        "tick",
        {"x": 0.5, "y": 0.5},
        cast.teacher,
    )


def test_a_teacher_sees_and_marks_only_their_questions(cast: Any, exam: Any) -> None:
    _record, shares = opened(exam, cast.student)
    share = give(shares[4], cast.teacher)
    claim_evaluation(evaluation=share, teacher=cast.teacher, now=NOW)
    desk = desk_data(Evaluation.objects.with_paper().get(pk=share.pk))
    assert {question.number for question in desk.questions} == {4}
    with pytest.raises(MarkError) as error:
        save_mark(
            evaluation=share, question_id=question_of(exam, 5).pk, version=0, steps={}, comment="",
            free_marks=None, actor=cast.teacher, now=NOW,
        )  # fmt: skip
    assert error.value.code == "not_your_question"


def test_pages_of_other_questions_are_left_out(cast: Any, exam: Any) -> None:
    """Page 1 carries both questions, page 2 none: both may hold what is to be marked."""
    record, shares = opened(exam, cast.student)
    pages = list(SheetPage.objects.filter(upload__attempt=record.attempt_id).order_by("upload__page_number"))
    pages[1].questions.create(number=5)
    desk = desk_data(Evaluation.objects.with_paper().get(pk=shares[4].pk))
    assert [page.id for page in desk.pages] == [pages[0].pk]
    assert len(desk_data(Evaluation.objects.with_paper().get(pk=shares[5].pk)).pages) == 2


def test_the_same_questions_of_every_paper_are_one_teachers(cast: Any, exam: Any) -> None:
    everybody = [opened(exam, student)[1] for student in [cast.student, cast.classmate, *more_students(3)]]
    for number in (4, 5):
        assert len({shares[number].teacher_id for shares in everybody}) == 1
    reasons = everybody[1][4].decisions.values_list("reason", flat=True)
    assert "on every paper" in reasons[0]


def test_questions_go_only_to_the_teachers_named_for_them(cast: Any, exam: Any) -> None:
    group = MarkingGroup(exam=exam)
    save_group(group=group, numbers=[4], teachers=[cast.colleague], actor=cast.staff, now=NOW)
    _record, shares = opened(exam, cast.student)
    assert shares[4].teacher == cast.colleague
    Evaluation.objects.filter(pk=shares[4].pk).update(teacher=None, state="queued", assigned_at=None)
    Evaluation.objects.filter(pk=shares[5].pk).update(state="finalised", teacher=cast.teacher, finalised_at=NOW)
    assert claim_next(teacher=cast.teacher, now=NOW) is None
    assert claim_next(teacher=cast.colleague, now=NOW) == shares[4]


def test_the_next_paper_is_the_same_question_again(cast: Any, exam: Any) -> None:
    first, second = (opened(exam, student)[1] for student in (cast.student, cast.classmate))
    for shares in (first, second):
        for share in shares.values():
            give(share, cast.teacher)
    mark(first[5], "1", teacher=cast.teacher)
    # Question 4 of the first paper is due no later; question 5 of the second is what they have in mind.
    assert claim_next(teacher=cast.teacher, now=NOW + MINUTE) == second[5]


def test_a_late_shared_paper_is_flagged_once(cast: Any, exam: Any) -> None:
    record, _shares = opened(exam, cast.student)
    assert scan_breaches(now=record.due_at + MINUTE) == 1
    assert [breach.evaluation for breach in SlaBreach.objects.all()] == [record]
    assert scan_breaches(now=record.due_at + MINUTE) == 0


def test_finishing_late_flags_the_record(cast: Any, exam: Any) -> None:
    record, shares = opened(exam, cast.student)
    for share in shares.values():
        mark(give(share, cast.teacher), "1", teacher=cast.teacher, now=record.due_at + MINUTE)
    assert [breach.evaluation for breach in SlaBreach.objects.all()] == [record]


def test_the_student_reads_when_the_last_share_is_expected(cast: Any, exam: Any) -> None:
    record, shares = opened(exam, cast.student)
    refresh_forecasts(now=NOW)
    parts = PaperForecast.objects.filter(evaluation__in=shares.values()).values_list("expected_at", flat=True)
    assert PaperForecast.objects.get(evaluation=record).expected_at == max(parts)


def test_a_clearer_picture_stops_the_clock_of_the_paper(cast: Any, exam: Any) -> None:
    record, shares = opened(exam, cast.student)
    share = give(shares[4], cast.teacher)
    claim_evaluation(evaluation=share, teacher=cast.teacher, now=NOW)
    page = SheetPage.objects.filter(upload__attempt=record.attempt_id).first()
    asked = ask_picture(evaluation=share, page_id=page.pk, region=None, reason="blurred", actor=cast.teacher, now=NOW)
    record.refresh_from_db()
    assert record.paused_at == NOW
    assert list(PictureRequest.objects.visible_to(cast.student)) == [asked]
    due = record.due_at
    withdraw_picture(asked=asked, actor=cast.teacher, now=NOW + timedelta(hours=3))
    record.refresh_from_db()
    assert record.paused_at is None
    assert record.due_at > due


def test_a_share_is_not_returned_but_staff_return_the_paper(cast: Any, exam: Any) -> None:
    record, shares = opened(exam, cast.student)
    mark(give(shares[5], cast.colleague), "2", teacher=cast.colleague)
    share = give(shares[4], cast.teacher)
    claim_evaluation(evaluation=share, teacher=cast.teacher, now=NOW)
    with pytest.raises(DomainError) as error:
        return_evaluation(evaluation=share, actor=cast.teacher, reason="Dark", now=NOW)
    assert error.value.code == "shared"
    return_evaluation(evaluation=record, actor=cast.staff, reason="Dark", now=NOW)
    share.refresh_from_db()
    record.refresh_from_db()
    assert (share.state, record.state) == (EvaluationState.CLOSED, EvaluationState.RETURNED)
    # It comes again: what is marked already is not marked anew.
    requeue_evaluations(evaluations=[record], actor=cast.staff, reason="Sent again", now=NOW + MINUTE)
    assert assign_waiting(now=NOW + MINUTE) == 1
    again = Evaluation.objects.get(record=record, state="assigned")
    assert again.numbers == [4]
    mark(give(again, cast.teacher), "1", teacher=cast.teacher, now=NOW + 2 * MINUTE)
    record.refresh_from_db()
    assert (record.state, record.written_marks) == (EvaluationState.RELEASED, Decimal(3))


def test_only_the_whole_paper_is_released_and_opened_again(cast: Any, exam: Any) -> None:
    record, shares = opened(exam, cast.student)
    for number, teacher in ((4, cast.teacher), (5, cast.colleague)):
        mark(give(shares[number], teacher), "1", teacher=teacher)
    share = Evaluation.objects.get(pk=shares[4].pk)
    with pytest.raises(DomainError):
        release_evaluation(evaluation=share, actor=cast.staff, now=NOW)
    with pytest.raises(DomainError):
        reopen_evaluation(evaluation=share, actor=cast.staff, reason="Added wrongly", now=NOW)
    record.refresh_from_db()
    reopen_evaluation(evaluation=record, actor=cast.staff, reason="Added wrongly", now=NOW)
    record.refresh_from_db()
    assert (record.state, record.teacher, record.is_shared) == (EvaluationState.ASSIGNED, cast.teacher, False)
    claim_evaluation(evaluation=record, teacher=cast.teacher, now=NOW)
    question = question_of(exam, 5)
    mine = QuestionMark.objects.get(evaluation=record, question=question)
    steps = {step_ids(question)[0]: Decimal("0.5")}
    save_mark(
        evaluation=record, question_id=question.pk, version=mine.version, steps=steps, comment="",
        actor=cast.teacher, now=NOW,
    )  # fmt: skip
    finalise_evaluation(evaluation=record, actor=cast.teacher, now=NOW)
    record.refresh_from_db()
    assert record.written_marks == Decimal("1.5")


def test_teachers_are_told_of_a_question_once_a_day(cast: Any, exam: Any) -> None:
    for student in (cast.student, cast.classmate):
        opened(exam, student)
    told = Notification.objects.filter(kind="paper_assigned").values_list("title", flat=True)
    assert sorted(told) == ["Q4 to mark: Maths mock 1", "Q5 to mark: Maths mock 1"]


@pytest.mark.parametrize(
    ("text", "numbers"), [("31", [31]), ("21-23, 31", [21, 22, 23, 31]), ("5–5,4", [4, 5]), ("4,4", [4])]
)
def test_numbers_are_read_as_people_write_them(text: str, numbers: list[int]) -> None:
    assert read_numbers(text) == numbers


@pytest.mark.parametrize("text", ["", "x", "0", "9-3", "1-9999", "-4", "4;5"])
def test_what_is_no_number_is_refused(text: str) -> None:
    with pytest.raises(GroupError):
        read_numbers(text)


def test_staff_set_groups(cast: Any, exam: Any, client: Any) -> None:
    url = reverse("admin:evaluations_markinggroup_add")
    client.force_login(cast.staff)
    page = client.post(url, {"exam": exam.pk, "questions": "4-5", "teachers": [cast.colleague.pk]})
    assert page.status_code == 302
    group = MarkingGroup.objects.get()
    assert (group.numbers, list(group.teachers.all())) == ([4, 5], [cast.colleague])
    assert AuditEvent.objects.filter(action="markinggroup.added").exists()
    taken = client.post(url, {"exam": exam.pk, "questions": "5", "teachers": []})
    assert "in another group" in taken.content.decode()
    wrong = client.post(url, {"exam": exam.pk, "questions": "1", "teachers": []})
    assert "Not a written question" in wrong.content.decode()
    _record, shares = opened(exam, cast.student)
    assert shares[4] == shares[5]
    assert client.get(reverse("admin:evaluations_markinggroup_changelist")).status_code == 200


def test_a_group_that_a_paper_made_gives_way(cast: Any, exam: Any) -> None:
    _record, before = opened(exam, cast.student)
    group = MarkingGroup(exam=exam)
    save_group(group=group, numbers=[4, 5], teachers=[], actor=cast.staff, now=NOW)
    _record, after = opened(exam, cast.classmate)
    assert after[4].numbers == [4, 5]
    assert before[4].group_id != after[4].group_id
