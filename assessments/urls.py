"""Pages of exams, attempts and sheets. Answers and uploads go through the API."""

from django.urls import path, re_path

from assessments.views import attempts, bank, blueprints, exams, flags, paper_prints, papers, question_editor, sheets

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
    path("blueprints/", blueprints.blueprint_list, name="blueprint-list"),
    path("blueprints/new/<uuid:programme_id>/", blueprints.blueprint_new, name="blueprint-new"),
    path("blueprints/<uuid:blueprint_id>/", blueprints.blueprint_page, name="blueprint-page"),
    path("blueprints/<uuid:blueprint_id>/edit/", blueprints.blueprint_edit, name="blueprint-edit"),
    path("blueprints/<uuid:blueprint_id>/copy/", blueprints.blueprint_copy, name="blueprint-copy"),
    path("blueprints/<uuid:blueprint_id>/delete/", blueprints.blueprint_delete, name="blueprint-delete"),
    path("blueprints/<uuid:blueprint_id>/draft/", papers.paper_draft, name="paper-draft"),
    path("blueprints/<uuid:blueprint_id>/draft/freeze/", papers.paper_freeze, name="paper-freeze"),
    path("blueprints/<uuid:blueprint_id>/draft/<slug:seat>/", papers.paper_swap, name="paper-swap"),
    path("papers/questions/<uuid:question_id>/flag/", flags.question_flag, name="question-flag"),
    path("papers/<uuid:paper_id>/", papers.paper_page, name="paper-page"),
    path("papers/<uuid:paper_id>/paper.pdf", paper_prints.paper_pdf, name="paper-pdf"),
    path("papers/<uuid:paper_id>/key.pdf", paper_prints.key_pdf, name="paper-key-pdf"),
    path("papers/<uuid:paper_id>/sheet.pdf", paper_prints.sheet_pdf, name="paper-sheet-pdf"),
]
