"""The API of exams, attempts and sheets, under /api/v1/."""

from django.urls import path

from assessments.api import external, flags, views

urlpatterns = [
    path("external-assessments/", external.ExternalAssessmentList.as_view(), name="api-external-assessments"),
    path(
        "external-assessments/<uuid:assessment_id>/launches/",
        external.ExternalLaunches.as_view(),
        name="api-external-launches",
    ),
    path("external/<uuid:tool_id>/results/", external.ExternalResults.as_view(), name="api-external-results"),
    path("exams/", views.ExamList.as_view(), name="api-exams"),
    path("exams/<uuid:exam_id>/attempts/", views.ExamAttempts.as_view(), name="api-exam-attempts"),
    path("attempts/<uuid:attempt_id>/", views.AttemptDetail.as_view(), name="api-attempt"),
    path(
        "attempts/<uuid:attempt_id>/responses/<uuid:question_id>/",
        views.AttemptResponse.as_view(),
        name="api-attempt-response",
    ),
    path(
        "attempts/<uuid:attempt_id>/responses/<uuid:question_id>/check/",
        views.AttemptResponseCheck.as_view(),
        name="api-attempt-response-check",
    ),
    path("attempts/<uuid:attempt_id>/events/", views.AttemptEvents.as_view(), name="api-attempt-events"),
    path("attempts/<uuid:attempt_id>/times/", views.AttemptTimes.as_view(), name="api-attempt-times"),
    path("attempts/<uuid:attempt_id>/submit/", views.AttemptSubmit.as_view(), name="api-attempt-submit"),
    path("attempts/<uuid:attempt_id>/sheets/", views.SheetAnnounce.as_view(), name="api-sheets"),
    path("attempts/<uuid:attempt_id>/sheets/confirm/", views.SheetConfirm.as_view(), name="api-sheets-confirm"),
    path("attempts/<uuid:attempt_id>/sheets/<uuid:client_id>/done/", views.SheetDone.as_view(), name="api-sheet-done"),
    path("paper-questions/<uuid:question_id>/flags/", flags.QuestionFlags.as_view(), name="api-question-flags"),
]
