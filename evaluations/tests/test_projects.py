"""A project from its task to its marks: handed in, replaced, given back for revision, late, marked, completed."""

from datetime import timedelta
from decimal import Decimal

import pytest

from assessments.enums import AttemptState, UploadState
from assessments.models import Exam, Question, SheetUpload, Submission
from assessments.services.attempts import start_attempt
from assessments.services.overdue import hand_in_overdue_sheets
from assessments.services.projects import save_project
from assessments.services.submissions import begin_submission, hand_in_work, set_link
from assessments.tests.projects import DUE, LINK, add_work, handed_in, plan_of, project_lesson, project_of
from common.errors import DomainError
from courses.enums import CompletionRule
from courses.models import CourseTeacher, LessonProgress
from courses.services.enrolments import leave_course
from evaluations.enums import EvaluationState
from evaluations.models import Evaluation, QuestionMark
from evaluations.selectors.results import result_data
from evaluations.services.claims import claim_evaluation
from evaluations.services.course_lessons import complete_by_release
from evaluations.services.finishing import finalise_evaluation, return_evaluation
from evaluations.services.marking import save_mark
from evaluations.services.opening import open_evaluation, open_missing_evaluations
from evaluations.services.project_work import withdraw_work
from notifications.enums import NotificationKind
from notifications.models import Notification
from tests.factories import NOW

pytestmark = pytest.mark.django_db
DAY, HOUR = timedelta(days=1), timedelta(hours=1)


def code(call, **arguments):
    with pytest.raises(DomainError) as refused:
        call(**arguments)
    return refused.value.code


def opened(submission, now=NOW):
    """As the receiver does after commit."""
    return open_evaluation(attempt_id=submission.attempt_id, now=now)


def steps_of(record):
    question = record.attempt.paper.questions.get()
    return question, {(one.part, one.alternative): one for one in question.version.steps.all()}


def marked(record, teacher, *, idea="1", maths="3.5", now=NOW):
    """Level 1 of the first criterion, so many marks for the second."""
    claim_evaluation(evaluation=record, teacher=teacher, now=now)
    question, steps = steps_of(record)
    given = {str(steps["1", idea].pk): steps["1", idea].marks, str(steps["2", ""].pk): Decimal(maths)}
    save_mark(evaluation=record, question_id=question.pk, version=0, steps=given, comment="", actor=teacher, now=now)
    return finalise_evaluation(evaluation=record, actor=teacher, now=now)


# --- Authoring -------------------------------------------------------------------------------------------------------
def test_a_project_is_an_exam_with_its_rubric_as_the_scheme(cast):
    project = project_of(cast)
    exam, lesson = project.exam, project.lesson
    lesson.refresh_from_db()
    assert (exam.is_project, exam.is_published, exam.title) == (True, True, "A bridge")
    assert (lesson.target, lesson.current is not None) == (exam.pk, True)
    assert exam.paper.total_marks == exam.paper.written_marks == Decimal("9.5")
    assert not Question.objects.active().filter(pk=exam.paper.questions.get().version.question_id).exists()


def test_the_task_stands_once_somebody_has_begun_dates_may_still_move(cast):
    project = project_of(cast)
    kept = {"lesson": project.lesson, "files": [], "publish": True, "actor": cast.teacher, "now": NOW}
    paper = project.exam.paper_id
    save_project(plan=plan_of(cast, text="Build a tower."), **kept)
    project.exam.refresh_from_db()
    assert project.exam.paper_id != paper
    begin_submission(project=project, student=cast.student, now=NOW)
    assert code(save_project, plan=plan_of(cast, text="Build a house."), **kept) == "project_in_use"
    changed = save_project(plan=plan_of(cast, text="Build a tower.", late_percent=5, due_at=DUE + DAY), **kept)
    assert (changed.late_percent, changed.due_at) == (5, DUE + DAY)


def test_only_the_teachers_of_the_course_write_it(cast):
    lesson = project_lesson(cast)
    kept = {"lesson": lesson, "plan": plan_of(cast), "files": [], "publish": True, "now": NOW}
    assert code(save_project, actor=cast.colleague, **kept) == "not_your_course"
    cast.teacher.qualifications.all().delete()
    assert code(save_project, actor=cast.teacher, **kept) == "no_marker"


# --- Handing in ------------------------------------------------------------------------------------------------------
def test_only_students_of_the_course_hand_in(cast):
    project = project_of(cast)
    assert Exam.objects.visible_to(cast.student).filter(pk=project.pk).exists()
    for stranger in (cast.outsider, cast.guardian, cast.teacher):
        assert code(begin_submission, project=project, student=stranger, now=NOW) == "not_for_you"
    assert not Exam.objects.visible_to(cast.outsider).filter(pk=project.pk).exists()
    assert code(start_attempt, exam=project.exam, student=cast.student, now=NOW) == "not_an_exam"
    enrolment = project.lesson.module.course.enrolments.get(student=cast.classmate)
    leave_course(enrolment=enrolment, actor=cast.classmate, now=NOW)
    assert code(begin_submission, project=project, student=cast.classmate, now=NOW) == "not_for_you"


def test_what_is_not_out_takes_nothing(cast):
    project = project_of(cast, publish=False)
    assert code(begin_submission, project=project, student=cast.student, now=NOW) == "not_for_you"


def test_something_must_be_there_and_have_arrived(cast):
    project = project_of(cast)
    submission = begin_submission(project=project, student=cast.student, now=NOW)
    assert begin_submission(project=project, student=cast.student, now=NOW).pk == submission.pk
    hand = {"submission": submission, "actor": cast.student, "now": NOW}
    assert code(hand_in_work, **hand) == "nothing_there"
    page = add_work(submission)
    coming = SheetUpload.objects.filter(pk=page.upload_id)
    coming.update(state=UploadState.INTENDED, intended_at=NOW)
    assert code(hand_in_work, **hand) == "page_not_verified"
    coming.update(state=UploadState.VERIFIED)
    assert code(set_link, submission=submission, link="javascript:alert(1)", actor=cast.student) == "bad_link"
    assert code(set_link, submission=submission, link="http://example.org", actor=cast.student) == "bad_link"
    assert code(set_link, submission=submission, link=LINK, actor=cast.classmate) == "not_permitted"
    done = hand_in_work(**hand)
    assert done.attempt.state == AttemptState.HANDED_IN
    assert list(page.questions.values_list("number", flat=True)) == [1]
    assert hand_in_work(**hand).attempt.handed_in_at == NOW


def test_a_link_alone_is_work_and_reaches_the_queue(cast):
    submission = handed_in(project_of(cast), cast.student)
    assert open_missing_evaluations(now=NOW) == 1
    record = Evaluation.objects.get(attempt=submission.attempt_id)
    assert (record.state, record.teacher) == (EvaluationState.ASSIGNED, cast.teacher)
    assert Notification.objects.filter(user=cast.teacher, kind=NotificationKind.PAPER_ASSIGNED).exists()
    assert Notification.objects.filter(user=cast.student, kind=NotificationKind.PAPER_RECEIVED).exists()


def test_who_does_not_teach_the_course_never_gets_it(cast):
    project = project_of(cast)
    CourseTeacher.objects.filter(course=project.lesson.module.course).update(teacher=cast.newcomer)
    record = opened(handed_in(project, cast.student))
    assert (record.state, record.teacher) == (EvaluationState.QUEUED, None)
    assert code(claim_evaluation, evaluation=record, teacher=cast.colleague, now=NOW) == "conflict_of_interest"


def test_work_is_replaced_until_it_is_taken_up(cast):
    project = project_of(cast)
    first = handed_in(project, cast.student)
    record = opened(first)
    withdraw_work(submission=first, actor=cast.student, now=NOW)
    record.refresh_from_db()
    assert record.state == EvaluationState.CLOSED
    assert Notification.objects.filter(user=cast.teacher, kind=NotificationKind.PAPER_MOVED).exists()
    second = handed_in(project, cast.student, link="https://example.org/other")
    record = opened(second)
    assert (second.number, second.revises) == (2, None)
    claim_evaluation(evaluation=record, teacher=cast.teacher, now=NOW)
    assert code(withdraw_work, submission=second, actor=cast.student, now=NOW) == "taken_up"
    assert code(begin_submission, project=project, student=cast.student, now=NOW) == "with_teacher"


def test_the_end_takes_what_is_there_and_nothing_from_who_has_nothing(cast):
    project = project_of(cast, closes_at=DUE + DAY)
    filled = begin_submission(project=project, student=cast.student, now=NOW)
    set_link(submission=filled, link=LINK, actor=cast.student)
    empty = begin_submission(project=project, student=cast.classmate, now=NOW)
    over = DUE + DAY + HOUR
    assert hand_in_overdue_sheets(now=over) == 2
    for row in (filled, empty):
        row.refresh_from_db()
        row.attempt.refresh_from_db()
    assert (filled.attempt.state, filled.late_days) == (AttemptState.HANDED_IN, 2)
    assert (empty.attempt.state, empty.late_days) == (AttemptState.CANCELLED, None)
    assert code(begin_submission, project=project, student=cast.classmate, now=over) == "project_closed"


# --- Marks -----------------------------------------------------------------------------------------------------------
def test_a_rubric_is_marked_and_the_lesson_is_done_when_passed(cast):
    project = project_of(cast)
    record = opened(handed_in(project, cast.student, pages=1))
    record = marked(record, cast.teacher)
    assert (record.state, record.total_marks, record.late_marks) == (EvaluationState.RELEASED, Decimal("7.5"), None)
    assert complete_by_release(evaluation_id=record.pk, now=NOW) == 1
    assert LessonProgress.objects.get(lesson=project.lesson, enrolment__student=cast.student).done_at == NOW


def test_a_lesson_may_ask_for_handing_in_alone(cast):
    lesson = project_lesson(cast, completion=CompletionRule.SUBMITTED)
    project = save_project(lesson=lesson, plan=plan_of(cast), files=[], publish=True, actor=cast.teacher, now=NOW)
    from assessments.services.course_lessons import complete_by_attempt

    submission = handed_in(project, cast.student)
    assert complete_by_attempt(attempt_id=submission.attempt_id, now=NOW) == 1


@pytest.mark.parametrize(
    ("late", "percent", "off", "total"),
    [(HOUR, 10, "0.5", "7"), (DAY + HOUR, 20, "1.5", "6"), (30 * DAY, 40, "3.5", "4")],
)
def test_being_late_is_a_line_of_its_own(cast, late, percent, off, total):
    project = project_of(cast, late_cap=40)
    submission = handed_in(project, cast.student, at=DUE + late)
    assert submission.late_percent == percent
    record = marked(opened(submission, DUE + late), cast.teacher, now=DUE + late)
    assert (record.written_marks, record.late_marks, record.total_marks) == (
        Decimal("7.5"), Decimal(off), Decimal(total),
    )  # fmt: skip
    result = result_data(submission.attempt, reader=cast.student, now=DUE + late)
    assert (result.late_marks, result.total_marks) == (Decimal(off), Decimal(total))


def test_lateness_never_takes_more_than_was_won(cast):
    project = project_of(cast)
    submission = handed_in(project, cast.student, at=DUE + 8 * DAY)
    record = marked(opened(submission, DUE), cast.teacher, idea="3", maths="0", now=DUE + 8 * DAY)
    assert (record.written_marks, record.late_marks, record.total_marks) == (Decimal(1), Decimal("7.5"), Decimal(0))
    result = result_data(submission.attempt, reader=cast.student, now=DUE + 8 * DAY)
    assert (result.late_marks, result.total_marks) == (Decimal(1), Decimal(0))


# --- Revision --------------------------------------------------------------------------------------------------------
def test_work_comes_back_for_revision_and_keeps_its_marks(cast):
    project = project_of(cast)
    first = handed_in(project, cast.student, at=DUE)
    record = opened(first, DUE)
    claim_evaluation(evaluation=record, teacher=cast.teacher, now=DUE)
    question, steps = steps_of(record)
    save_mark(
        evaluation=record, question_id=question.pk, version=0, steps={str(steps["1", "2"].pk): Decimal(2)},
        comment="", actor=cast.teacher, now=DUE,
    )  # fmt: skip
    back = return_evaluation(evaluation=record, actor=cast.teacher, reason="Show the load.", now=DUE + HOUR)
    told = Notification.objects.get(user=cast.student, kind=NotificationKind.WORK_RETURNED)
    assert (back.state, told.body, told.url) == (EvaluationState.RETURNED, "Show the load.", f"/projects/{project.pk}/")
    # Weeks later: no later than the first one was.
    second = handed_in(project, cast.student, at=DUE + 20 * DAY, link="https://example.org/2")
    assert (second.number, second.revises_id, second.late_days, second.late_percent) == (2, first.pk, 0, 0)
    assert QuestionMark.objects.get(evaluation=record).marks == 2
    again = opened(second, DUE + 20 * DAY)
    claim_evaluation(evaluation=again, teacher=cast.teacher, now=DUE + 20 * DAY)
    assert (
        code(return_evaluation, evaluation=again, actor=cast.teacher, reason="Again.", now=DUE + 20 * DAY)
        == "no_revision_left"
    )
    again.refresh_from_db()
    assert again.state == EvaluationState.IN_PROGRESS
    assert marked(again, cast.teacher, now=DUE + 20 * DAY).total_marks == Decimal("7.5")


def test_a_late_first_stays_late_in_its_revision(cast):
    project = project_of(cast)
    first = handed_in(project, cast.student, at=DUE + HOUR)
    record = opened(first, DUE + HOUR)
    claim_evaluation(evaluation=record, teacher=cast.teacher, now=DUE + HOUR)
    return_evaluation(evaluation=record, actor=cast.teacher, reason="More.", now=DUE + HOUR)
    replaced = handed_in(project, cast.student, at=DUE + 5 * DAY)
    withdraw_work(submission=replaced, actor=cast.student, now=DUE + 5 * DAY)
    last = handed_in(project, cast.student, at=DUE + 6 * DAY)
    assert (last.number, last.revises_id, last.late_days, last.late_percent) == (3, first.pk, 1, 10)
    assert Submission.objects.get(pk=replaced.pk).revises is None


def test_without_revisions_nothing_comes_back(cast):
    project = project_of(cast, revisions=0)
    record = opened(handed_in(project, cast.student))
    claim_evaluation(evaluation=record, teacher=cast.teacher, now=NOW)
    wanted = {"evaluation": record, "actor": cast.teacher, "reason": "More.", "now": NOW}
    assert code(return_evaluation, **wanted) == "no_revision_left"
