"""The extra time that stood on students' profiles, as accommodations for every exam."""

from django.db import migrations
from django.utils import timezone

REASON = "Extra time from the student's profile"


def fill(apps, schema_editor):
    Profile = apps.get_model("accounts", "StudentProfile")
    Accommodation = apps.get_model("assessments", "Accommodation")
    now = timezone.now()
    granted = Profile.objects.filter(extra_time_percent__gt=0).values_list("user_id", "extra_time_percent")
    Accommodation.objects.bulk_create(
        [
            Accommodation(
                student_id=student,
                extra_time_percent=percent,
                starts_on=timezone.localdate(now),
                reason=REASON,
                granted_at=now,
            )
            for student, percent in granted.iterator()
        ],
        batch_size=500,
    )


def put_back(apps, schema_editor):
    Profile = apps.get_model("accounts", "StudentProfile")
    Accommodation = apps.get_model("assessments", "Accommodation")
    rows = Accommodation.objects.filter(exam=None, withdrawn_at=None, extra_time_percent__gt=0)
    for student, percent in rows.order_by("extra_time_percent").values_list("student_id", "extra_time_percent"):
        Profile.objects.filter(user_id=student).update(extra_time_percent=percent)


class Migration(migrations.Migration):
    dependencies = [("accounts", "0002_append_only"), ("assessments", "0017_accommodations")]

    operations = [migrations.RunPython(fill, put_back, elidable=True)]
