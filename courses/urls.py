"""Pages of courses."""

from django.urls import path

from courses.views import (
    building,
    certificates,
    curriculum,
    files,
    learning,
    room_moderation,
    room_questions,
    rooms,
    teaching,
)

ROOM = "courses/<uuid:course_id>/room/"
MESSAGE = f"{ROOM}messages/<uuid:message_id>/"
QUESTION = f"{ROOM}questions/<uuid:thread_id>/"

urlpatterns = [
    path("courses/", learning.course_list, name="course-list"),
    path("courses/join/", learning.course_join, name="course-join"),
    path("courses/<uuid:course_id>/", learning.course_page, name="course-page"),
    path("courses/<uuid:course_id>/enrol/", learning.course_enrol, name="course-enrol"),
    path("courses/<uuid:course_id>/leave/", learning.course_leave, name="course-leave"),
    path("courses/<uuid:course_id>/review/", learning.course_review, name="course-review"),
    path("courses/files/<uuid:file_id>/", files.course_file, name="course-file"),
    path("certificates/", certificates.certificate_list, name="certificate-list"),
    path("certificates/check/", certificates.certificate_check, name="certificate-find"),
    path("certificates/check/<str:code>/", certificates.certificate_check, name="certificate-check"),
    path("certificates/<uuid:certificate_id>/file/", certificates.certificate_file, name="certificate-file"),
    path("lessons/<uuid:lesson_id>/", learning.lesson_page, name="lesson-page"),
    path("lessons/<uuid:lesson_id>/done/", learning.lesson_done, name="lesson-done"),
    path("lessons/<uuid:lesson_id>/time/", learning.lesson_time, name="lesson-time"),
    path("lessons/<uuid:lesson_id>/note/", learning.lesson_note, name="lesson-note"),
    path("teaching/courses/", teaching.course_teaching, name="course-teaching"),
    path("teaching/courses/<uuid:course_id>/", building.course_build, name="course-build"),
    path("teaching/courses/<uuid:course_id>/settings/", teaching.course_settings, name="course-settings"),
    path("teaching/courses/<uuid:course_id>/state/", teaching.course_state, name="course-state"),
    path("teaching/courses/<uuid:course_id>/people/", teaching.course_people, name="course-people"),
    path("teaching/courses/<uuid:course_id>/people/add/", teaching.people_add, name="course-people-add"),
    path("teaching/courses/<uuid:course_id>/codes/", teaching.code_add, name="course-code-add"),
    path("teaching/codes/<uuid:code_id>/close/", teaching.code_close, name="course-code-close"),
    path("teaching/people/<uuid:enrolment_id>/remove/", teaching.people_remove, name="course-people-remove"),
    path("teaching/lessons/<uuid:lesson_id>/", building.lesson_edit, name="lesson-edit"),
    path("teaching/lessons/<uuid:lesson_id>/draft/", building.lesson_draft, name="lesson-draft"),
    path("teaching/curriculum/", curriculum.curriculum_list, name="curriculum-list"),
    path("teaching/curriculum/<uuid:programme_id>/", curriculum.curriculum_page, name="curriculum-page"),
    path(ROOM, rooms.chat_page, name="room-chat"),
    path(f"{ROOM}messages/", rooms.chat_messages, name="room-messages"),
    path(f"{ROOM}read/", rooms.chat_read, name="room-read"),
    path(MESSAGE, rooms.message_page, name="room-message"),
    path(f"{MESSAGE}edit/", rooms.message_edit, name="room-message-edit"),
    path(f"{MESSAGE}report/", room_moderation.message_report, name="room-message-report"),
    path(f"{MESSAGE}hide/", room_moderation.message_hide, name="room-message-hide"),
    path(f"{MESSAGE}show/", room_moderation.message_show, name="room-message-show"),
    path(f"{MESSAGE}mute/", room_moderation.message_mute, name="room-message-mute"),
    path(f"{ROOM}questions/", room_questions.question_list, name="room-questions"),
    path(f"{ROOM}questions/ask/", room_questions.question_ask, name="room-ask"),
    path(QUESTION, room_questions.question_page, name="room-question"),
    path(f"{QUESTION}accept/", room_questions.question_accept, name="room-question-accept"),
    path(f"{QUESTION}follow/", room_questions.question_follow, name="room-question-follow"),
    path(f"{ROOM}announcements/", room_questions.announcement_list, name="room-announcements"),
    path(
        f"{ROOM}announcements/<uuid:announcement_id>/withdraw/",
        room_questions.announcement_withdraw,
        name="room-announcement-withdraw",
    ),
    path(f"{ROOM}moderation/", room_moderation.moderation, name="room-moderation"),
    path(f"{ROOM}mutes/<uuid:mute_id>/lift/", room_moderation.mute_lift, name="room-mute-lift"),
    path(f"{ROOM}settings/", room_moderation.room_settings, name="room-settings"),
]
