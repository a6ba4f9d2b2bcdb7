from django.urls import path

from analytics.views import families, homes

CHILD = "family/<uuid:student_id>/"

urlpatterns = [
    path("", homes.landing, name="landing"),
    path("home/", homes.home, name="home"),
    path("today/", homes.student, name="student-home"),
    path("teach/", homes.teacher, name="teacher-home"),
    path("family/", families.guardian, name="guardian-home"),
    path(CHILD, families.guardian_student, name="guardian-student"),
    path(f"{CHILD}papers/", families.guardian_papers, name="guardian-papers"),
    path(f"{CHILD}courses/", families.guardian_courses, name="guardian-courses"),
    path(f"{CHILD}records/", families.guardian_records, name="guardian-records"),
]
