"""Who may do what with evaluations. Written independently of the querysets' `visible_to`; a test compares the two.

The admin asks without an object; then only staff pass.
"""

from __future__ import annotations

from typing import Any

import rules

from accounts.enums import ConsentKind, LinkState
from accounts.models import Consent
from accounts.rules import is_signed_in, is_staff, is_teacher, is_verified_teacher
from evaluations.enums import PRACTICE_ROLES, EvaluationRole, EvaluationState


@rules.predicate
def is_marker(user: Any, evaluation: Any) -> bool:
    """The evaluation is with this person, who is a verified teacher. Free when it came with `teacher_profile`."""
    if evaluation is None or evaluation.teacher_id is None or evaluation.teacher_id != user.pk:
        return False
    if evaluation.role in PRACTICE_ROLES and not _agrees(evaluation.attempt.student_id):
        return False
    return bool(is_verified_teacher.test(evaluation.teacher))


def _agrees(student: Any) -> bool:
    """To the use of scans outside of the marking of the own paper."""
    return bool(Consent.objects.filter(person=student, kind=ConsentKind.SCAN_USE, withdrawn_at__isnull=True).exists())


def _is_family(user: Any, attempt: Any) -> bool:
    if attempt.student_id == user.pk:
        return True
    if not user.is_guardian:
        return False
    return bool(user.guardian_links.filter(student_id=attempt.student_id, state=LinkState.ACTIVE).exists())


@rules.predicate
def is_family(user: Any, evaluation: Any) -> bool:
    """The student whose record it is, or a guardian of theirs."""
    if evaluation is None or evaluation.role != EvaluationRole.RECORD:
        return False
    return bool(user.is_authenticated) and _is_family(user, evaluation.attempt)


@rules.predicate
def is_moderator(user: Any, evaluation: Any) -> bool:
    """It is to be decided between two markings, in an exam that this verified teacher moderates."""
    if evaluation is None or evaluation.role != EvaluationRole.MODERATION or not is_verified_teacher.test(user):
        return False
    return bool(user.moderated_exams.filter(exam=evaluation.attempt.exam_id).exists())


@rules.predicate
def moderates(user: Any, checks: Any) -> bool:
    """An exam, or its checks (they have one key), that this verified teacher moderates."""
    if checks is None or not is_verified_teacher.test(user):
        return False
    return bool(user.moderated_exams.filter(exam=checks.pk).exists())


@rules.predicate
def moderates_row(user: Any, row: Any) -> bool:
    """A row of the calibration of such an exam."""
    return row is not None and bool(moderates.test(user, row.checks))


@rules.predicate
def moderates_script(user: Any, row: Any) -> bool:
    return row is not None and bool(moderates.test(user, row.script.checks))


@rules.predicate
def moderates_pair(user: Any, row: Any) -> bool:
    return row is not None and bool(moderates.test(user, row.paper.script.checks))


@rules.predicate
def is_teachers(user: Any, row: Any) -> bool:
    return row is not None and row.teacher_id == user.pk


@rules.predicate
def is_released(user: Any, evaluation: Any) -> bool:
    return evaluation is not None and evaluation.state == EvaluationState.RELEASED


@rules.predicate
def is_own_sitting(user: Any, attempt: Any) -> bool:
    return attempt is not None and bool(user.is_authenticated) and _is_family(user, attempt)


@rules.predicate
def owns(user: Any, row: Any) -> bool:
    return row is not None and row.owner_id is not None and row.owner_id == user.pk


@rules.predicate
def is_shared(user: Any, comment: Any) -> bool:
    """A comment of the institute; asked without one, whether there may be any."""
    return comment is None or comment.owner_id is None


@rules.predicate
def is_own_speed(user: Any, row: Any) -> bool:
    return row is not None and row.teacher_id == user.pk


@rules.predicate
def marks_row(user: Any, row: Any) -> bool:
    """A row that hangs on an evaluation which is with this teacher."""
    return row is not None and bool(is_marker.test(user, row.evaluation))


@rules.predicate
def reads_row(user: Any, row: Any) -> bool:
    """A row that hangs on an evaluation which has come back to the student."""
    return row is not None and bool((is_family & is_released).test(user, row.evaluation))


@rules.predicate
def of_family(user: Any, row: Any) -> bool:
    """A row that hangs on an evaluation of the student's, or of a student they look after, whatever its state."""
    return row is not None and bool(is_family.test(user, row.evaluation.record or row.evaluation))


@rules.predicate
def is_own_paper(user: Any, attempt: Any) -> bool:
    return attempt is not None and attempt.student_id == user.pk


@rules.predicate
def is_own_picture(user: Any, asked: Any) -> bool:
    return asked is not None and asked.evaluation.attempt.student_id == user.pk


@rules.predicate
def is_asked(user: Any, thread: Any) -> bool:
    """A conversation that is put to this person, who is a verified teacher."""
    if thread is None or thread.marker_id is None or thread.marker_id != user.pk:
        return False
    return bool(is_verified_teacher.test(thread.marker))


@rules.predicate
def asks(user: Any, thread: Any) -> bool:
    return thread is not None and thread.evaluation.attempt.student_id == user.pk


@rules.predicate
def is_family_of_thread(user: Any, thread: Any) -> bool:
    return thread is not None and bool(is_family.test(user, thread.evaluation))


@rules.predicate
def sees_message(user: Any, message: Any) -> bool:
    return message is not None and bool((is_asked | is_family_of_thread).test(user, message.clarification))


@rules.predicate
def marks_again(user: Any, asked: Any) -> bool:
    return asked is not None and bool(is_marker.test(user, asked.remark))


@rules.predicate
def sees_remark(user: Any, step: Any) -> bool:
    return step is not None and bool((marks_again | is_family_of_thread).test(user, step.request))


@rules.predicate
def is_own_token(user: Any, token: Any) -> bool:
    return token is not None and token.student_id == user.pk


@rules.predicate
def teaches(user: Any, booking: Any) -> bool:
    return booking is not None and booking.teacher_id == user.pk


@rules.predicate
def books(user: Any, booking: Any) -> bool:
    """A booking of one's own, or of a student whom one looks after."""
    return (
        booking is not None
        and bool(user.is_authenticated)
        and (
            (booking.student_id == user.pk and user.is_student)
            or bool(
                user.is_guardian
                and user.guardian_links.filter(student_id=booking.student_id, state=LinkState.ACTIVE).exists()
            )
        )
    )


@rules.predicate
def is_own_result(user: Any, row: Any) -> bool:
    """A result from elsewhere, of one's own or of a student whom one looks after."""
    return row is not None and bool(user.is_authenticated) and _is_family(user, row)


rules.add_perm("evaluations.view_booking", is_staff | teaches | books)
rules.add_perm("evaluations.move_booking", is_staff | books)
rules.add_perm("evaluations.cancel_booking", is_staff | teaches | books)
rules.add_perm("evaluations.note_booking", teaches)
for model in ("bookablehours", "bookingplace"):
    rules.add_perm(f"evaluations.view_{model}", is_staff | is_own_speed)
rules.add_perm("evaluations.view_bookinguse", is_staff)
for model in ("earning", "statement"):
    rules.add_perm(f"evaluations.view_{model}", is_staff | (is_teacher & is_own_speed))
rules.add_perm("evaluations.answer_statement", is_teacher & is_own_speed)
rules.add_perm("evaluations.view_importedresult", is_staff | is_own_result)
rules.add_perm("evaluations.import_result", is_staff)
rules.add_perm("evaluations.view_paymonth", is_staff)
for verb in ("view", "add", "change"):
    rules.add_perm(f"evaluations.{verb}_ratecard", is_staff)
rules.add_perm("evaluations.view_evaluation", is_staff | is_marker | is_family | is_moderator)
rules.add_perm("evaluations.change_evaluation", is_staff)
rules.add_perm("evaluations.view_queue", is_verified_teacher)
rules.add_perm("evaluations.view_desk", is_staff | is_marker)
rules.add_perm("evaluations.mark_evaluation", is_marker)
rules.add_perm("evaluations.moderate_evaluation", is_staff | is_moderator)
rules.add_perm("evaluations.change_scheme", is_staff | moderates)
# Asked of an attempt that the person can already see: a teacher of the cohort reads it too.
rules.add_perm("evaluations.view_result", is_staff | is_own_sitting | is_verified_teacher)

rules.add_perm("evaluations.view_remarkrequest", is_staff | marks_again | is_family_of_thread)
rules.add_perm("evaluations.view_remarkstep", is_staff | sees_remark)
rules.add_perm("evaluations.view_remarktoken", is_staff | is_own_token)
rules.add_perm("evaluations.open_recheck", is_staff)
rules.add_perm("evaluations.export_result", is_staff)
rules.add_perm("evaluations.export_marks", is_staff)
rules.add_perm("evaluations.view_clarification", is_staff | is_asked | is_family_of_thread)
rules.add_perm("evaluations.answer_clarification", is_staff | is_asked | asks)
rules.add_perm("evaluations.view_clarificationmessage", is_staff | sees_message)
rules.add_perm("evaluations.ask_about_marks", is_own_paper)
rules.add_perm("evaluations.view_questions", is_staff | is_verified_teacher)
for model in ("annotation", "markcorrection", "markevent", "questionmark"):
    rules.add_perm(f"evaluations.view_{model}", is_staff | marks_row | reads_row)
rules.add_perm("evaluations.view_picturerequest", is_staff | marks_row | of_family)
rules.add_perm("evaluations.withdraw_picturerequest", marks_row)
rules.add_perm("evaluations.answer_picturerequest", is_own_picture)
rules.add_perm("evaluations.view_paperforecast", is_staff | marks_row | of_family)
for model in (
    *("markinggroup", "transition", "assignmentdecision", "slabreach", "slapause", "breachwarning", "reminder"),
    *("forecastrun", "markerforecast", "deskoperation", "markedpaper", "deskkeys", "laterflag"),
    "markpair",
    *("schemerevision", "schemerun", "schemelook"),
):
    rules.add_perm(f"evaluations.view_{model}", is_staff)
for verb in ("add", "change", "delete"):
    rules.add_perm(f"evaluations.{verb}_markinggroup", is_staff)
    rules.add_perm(f"evaluations.{verb}_examchecks", is_staff)
rules.add_perm("evaluations.view_examchecks", is_staff | moderates)
rules.add_perm("evaluations.prepare_scripts", is_staff | moderates)
rules.add_perm("evaluations.decide_standings", is_staff)
rules.add_perm("evaluations.view_calibrationscript", is_staff | moderates_row)
rules.add_perm("evaluations.view_calibrationmark", is_staff | moderates_script)
rules.add_perm("evaluations.view_practiceround", is_staff | moderates_row | is_teachers)
rules.add_perm("evaluations.view_markerstanding", is_staff | moderates_row | is_teachers)
rules.add_perm("evaluations.view_practicepaper", is_staff | moderates_script | is_teachers)
rules.add_perm("evaluations.view_calibrationpair", is_staff | moderates_pair | is_teachers)
rules.add_perm("evaluations.view_markingspeed", is_staff | is_own_speed)
rules.add_perm("evaluations.view_bankcomment", is_staff | owns | (is_teacher & is_shared))
rules.add_perm("evaluations.change_bankcomment", owns | (is_staff & is_shared))
rules.add_perm("evaluations.delete_bankcomment", owns | (is_staff & is_shared))
rules.add_perm("evaluations.add_bankcomment", is_staff)
for model in ("aftermarkspolicy", "bookingrules", "slapolicy", "workingcalendar", "openinghours", "holiday"):
    rules.add_perm(f"evaluations.view_{model}", is_signed_in)
    for verb in ("add", "change", "delete"):
        rules.add_perm(f"evaluations.{verb}_{model}", is_staff)
