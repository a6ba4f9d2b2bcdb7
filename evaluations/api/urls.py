"""Routes of evaluations under /api/v1/."""

from django.urls import path

from evaluations.api import exports, operations, pictures, views

urlpatterns = [
    path("evaluations/", views.EvaluationList.as_view(), name="api-evaluation-list"),
    path("evaluations/claim/", views.ClaimNext.as_view(), name="api-evaluation-claim"),
    path("evaluations/<uuid:evaluation_id>/", views.EvaluationDesk.as_view(), name="api-evaluation-detail"),
    path(
        "evaluations/<uuid:evaluation_id>/marks/<uuid:question_id>/",
        views.QuestionMarkDetail.as_view(),
        name="api-evaluation-mark",
    ),
    path(
        "evaluations/<uuid:evaluation_id>/annotations/",
        views.AnnotationBatch.as_view(),
        name="api-evaluation-annotations",
    ),
    path(
        "evaluations/<uuid:evaluation_id>/operations/",
        operations.DeskOperations.as_view(),
        name="api-evaluation-operations",
    ),
    path("evaluations/<uuid:evaluation_id>/pictures/", pictures.PaperPictures.as_view(), name="api-pictures"),
    path("pictures/<uuid:request_id>/", pictures.Picture.as_view(), name="api-picture"),
    path("pictures/<uuid:request_id>/withdraw/", pictures.PictureWithdraw.as_view(), name="api-picture-withdraw"),
    path("pictures/<uuid:request_id>/sheets/", pictures.PictureAnnounce.as_view(), name="api-picture-sheets"),
    path(
        "pictures/<uuid:request_id>/sheets/<uuid:client_id>/done/",
        pictures.PictureDone.as_view(),
        name="api-picture-sheet-done",
    ),
    path("evaluations/<uuid:evaluation_id>/finalise/", views.Finalise.as_view(), name="api-evaluation-finalise"),
    path("exams/<uuid:exam_id>/marks/", exports.ExamMarks.as_view(), name="api-exam-marks"),
    path("attempts/<uuid:attempt_id>/result/", views.AttemptResult.as_view(), name="api-attempt-result"),
    path("attempts/<uuid:attempt_id>/marked-paper/", views.AttemptMarkedPaper.as_view(), name="api-marked-paper"),
]
