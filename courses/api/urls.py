"""Routes of courses under /api/v1/."""

from django.urls import path

from courses.api import views

urlpatterns = [
    path("courses/<uuid:course_id>/enrolments/", views.CourseEnrolments.as_view(), name="api-course-enrolments"),
    path("enrolments/<uuid:enrolment_id>/", views.EnrolmentDetail.as_view(), name="api-enrolment"),
]
