"""Addresses that notifications point at. Plain paths: a worker tells people things without loading the pages.

A test holds them against the routes.
"""

from uuid import UUID


def desk_url(evaluation_id: UUID) -> str:
    return f"/marking/{evaluation_id}/"


def moderation_url(evaluation_id: UUID) -> str:
    return f"/marking/moderation/{evaluation_id}/"


def picture_url(request_id: UUID) -> str:
    return f"/pictures/{request_id}/"


def result_url(attempt_id: UUID) -> str:
    return f"/results/{attempt_id}/"


def clarification_url(clarification_id: UUID) -> str:
    return f"/conversations/{clarification_id}/"


def after_marks_url(attempt_id: UUID) -> str:
    return f"/results/{attempt_id}/after/"


def rechecks_url(request_id: UUID) -> str:
    return f"/admin/evaluations/remarkrequest/{request_id}/others/"


def calibration_url(exam_id: UUID) -> str:
    return f"/marking/calibration/{exam_id}/"


def project_url(exam_id: UUID) -> str:
    return f"/projects/{exam_id}/"


def queue_url() -> str:
    return "/marking/"


def warnings_url() -> str:
    return "/admin/evaluations/breachwarning/"


def board_url(evaluation_id: UUID) -> str:
    return f"/admin/evaluations/evaluation/{evaluation_id}/change/"


def booking_url(booking_id: UUID) -> str:
    return f"/bookings/{booking_id}/"


def statement_url(statement_id: UUID) -> str:
    return f"/marking/statements/{statement_id}/"
