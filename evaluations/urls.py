"""Pages of evaluations: returned papers and the marking desk."""

from django.urls import path

from evaluations.views import (
    clarifications,
    comments,
    desk_aids,
    fortnights,
    marking,
    pictures,
    rehearsals,
    remarks,
    results,
)

urlpatterns = [
    path("papers/", results.paper_list, name="paper-list"),
    path("results/<uuid:attempt_id>/", results.result, name="result-page"),
    path("results/<uuid:attempt_id>/marked/", results.marked_paper, name="marked-paper"),
    path("results/<uuid:attempt_id>/marked.pdf", results.marked_paper_file, name="marked-paper-file"),
    path("results/<uuid:attempt_id>/bundle.zip", results.result_bundle, name="result-bundle"),
    path("results/<uuid:attempt_id>/after/", clarifications.after, name="after-marks"),
    path("results/<uuid:attempt_id>/ask/", clarifications.ask, name="clarification-ask"),
    path("results/<uuid:attempt_id>/remark/<uuid:question_id>/", remarks.ask, name="remark-ask"),
    path("marking/<uuid:evaluation_id>/decision/", remarks.decision, name="remark-decision"),
    path("conversations/<uuid:clarification_id>/", clarifications.conversation, name="clarification-page"),
    path("conversations/<uuid:clarification_id>/close/", clarifications.close, name="clarification-close"),
    path("marking/conversations/", clarifications.conversation_list, name="clarification-list"),
    path("rehearsals/<uuid:attempt_id>/", rehearsals.rehearsal_end, name="rehearsal-end"),
    path("pages/<uuid:page_id>/<slug:size>/", results.page_image, name="page-image"),
    path("pictures/<uuid:request_id>/", pictures.picture, name="picture-page"),
    path("pictures/<uuid:request_id>/status/", pictures.picture_status, name="picture-status"),
    path("marking/", marking.queue, name="marking-queue"),
    path("marking/fortnight/", fortnights.own_fortnight, name="own-fortnight"),
    path("marking/comments/", comments.comment_bank, name="comment-bank"),
    path("marking/comments/<uuid:comment_id>/", comments.comment_edit, name="comment-edit"),
    path("marking/keys/", desk_aids.keys, name="desk-keys"),
    path("marking/claim/", marking.claim, name="marking-claim"),
    path("marking/<uuid:evaluation_id>/", marking.desk, name="marking-desk"),
    path("marking/<uuid:evaluation_id>/finalise/", marking.finalise, name="marking-finalise"),
    path("marking/<uuid:evaluation_id>/heartbeat/", marking.heartbeat, name="marking-heartbeat"),
    path("marking/<uuid:evaluation_id>/later/", desk_aids.later, name="marking-later"),
    path("marking/<uuid:evaluation_id>/earlier/<uuid:question_id>/", desk_aids.earlier, name="marking-earlier"),
    path("marking/<uuid:evaluation_id>/steps/<uuid:step_id>/", desk_aids.step, name="marking-step"),
    path("marking/<uuid:evaluation_id>/pages/", marking.pages, name="marking-pages"),
]
