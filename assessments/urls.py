"""Pages of exams, attempts and sheets. Answers and uploads go through the API."""

from django.urls import path, re_path

from assessments.views import attempts, bank, exams, question_editor, sheets

urlpatterns = [
    path("exams/", exams.exam_list, name="exam-list"),
    path("exams/<uuid:exam_id>/", exams.exam_detail, name="exam-detail"),
    path("exams/<uuid:exam_id>/start/", exams.exam_start, name="exam-start"),
    path("bank/", bank.bank_list, name="bank-list"),
    path("bank/review/", bank.bank_review, name="bank-review"),
    path("bank/new/", question_editor.question_new, name="question-new"),
    path("bank/preview/", question_editor.question_preview, name="question-preview"),
    path("bank/pictures/", question_editor.question_picture, name="question-picture"),
    path("bank/<uuid:question_id>/", bank.question_page, name="question-page"),
    path("bank/<uuid:question_id>/edit/", question_editor.question_edit, name="question-edit"),
    path("bank/<uuid:question_id>/move/", bank.question_move, name="question-move"),
    re_path(r"^media/questions/(?P<sha256>[0-9a-f]{64})\.(?P<kind>png|jpg)$", bank.picture, name="picture"),
    path("attempts/<uuid:attempt_id>/", attempts.attempt_page, name="attempt-page"),
    path("attempts/<uuid:attempt_id>/clock/", attempts.attempt_clock, name="attempt-clock"),
    path("attempts/<uuid:attempt_id>/submit/", attempts.attempt_submit, name="attempt-submit"),
    path("attempts/<uuid:attempt_id>/sheets/", sheets.sheets_page, name="sheets-page"),
    path("attempts/<uuid:attempt_id>/sheets/status/", sheets.status, name="sheet-status"),
    path("attempts/<uuid:attempt_id>/sheets/order/", sheets.order, name="sheet-order"),
    path("attempts/<uuid:attempt_id>/sheets/<uuid:client_id>/remove/", sheets.remove, name="sheet-remove"),
    path("attempts/<uuid:attempt_id>/sheets/pages/<uuid:page_id>/rotate/", sheets.rotate, name="sheet-rotate"),
]
