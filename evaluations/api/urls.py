"""Routes of evaluations under /api/v1/."""

from django.urls import path

from evaluations.api import views

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
    path("evaluations/<uuid:evaluation_id>/finalise/", views.Finalise.as_view(), name="api-evaluation-finalise"),
    path("attempts/<uuid:attempt_id>/result/", views.AttemptResult.as_view(), name="api-attempt-result"),
]
