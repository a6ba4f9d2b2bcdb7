"""Pages of exams, attempts and sheets. Answers and uploads go through the API."""

from django.urls import path

from assessments.views import attempts, exams, sheets

urlpatterns = [
    path("exams/", exams.exam_list, name="exam-list"),
    path("exams/<uuid:exam_id>/", exams.exam_detail, name="exam-detail"),
    path("exams/<uuid:exam_id>/start/", exams.exam_start, name="exam-start"),
    path("attempts/<uuid:attempt_id>/", attempts.attempt_page, name="attempt-page"),
    path("attempts/<uuid:attempt_id>/clock/", attempts.attempt_clock, name="attempt-clock"),
    path("attempts/<uuid:attempt_id>/submit/", attempts.attempt_submit, name="attempt-submit"),
    path("attempts/<uuid:attempt_id>/sheets/", sheets.sheets_page, name="sheets-page"),
    path("attempts/<uuid:attempt_id>/sheets/status/", sheets.status, name="sheet-status"),
    path("attempts/<uuid:attempt_id>/sheets/order/", sheets.order, name="sheet-order"),
    path("attempts/<uuid:attempt_id>/sheets/<uuid:client_id>/remove/", sheets.remove, name="sheet-remove"),
    path("attempts/<uuid:attempt_id>/sheets/pages/<uuid:page_id>/rotate/", sheets.rotate, name="sheet-rotate"),
]
