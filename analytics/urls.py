from django.urls import path

from analytics.views import homes

urlpatterns = [
    path("", homes.landing, name="landing"),
    path("home/", homes.home, name="home"),
    path("today/", homes.student, name="student-home"),
    path("teach/", homes.teacher, name="teacher-home"),
    path("family/", homes.guardian, name="guardian-home"),
    path("family/<uuid:student_id>/", homes.guardian_student, name="guardian-student"),
]
