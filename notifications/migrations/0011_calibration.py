"""News of practice papers."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("notifications", "0010_bookings"),
    ]

    operations = [
        migrations.AlterField(
            model_name="notification",
            name="kind",
            field=models.CharField(
                choices=[
                    ("paper_returned", "A marked paper is back"),
                    ("marks_changed", "Marks were corrected"),
                    ("paper_unreadable", "Pages of a paper cannot be read"),
                    ("picture_wanted", "A clearer picture is wanted"),
                    ("picture_dropped", "A clearer picture is not needed any more"),
                    ("attempt.credited", "Time was given back after an outage"),
                    ("marks_discussed", "A message about marks"),
                    ("remark_news", "News of a re-mark"),
                    ("booking_news", "News of an hour with a teacher"),
                    ("booking_reminder", "An hour with a teacher begins soon"),
                    ("paper_received", "Your sheets are with us"),
                    ("paper_assigned", "A paper to mark"),
                    ("paper_reminder", "A paper to mark is due soon"),
                    ("paper_halfway", "Half of the time for a paper is used"),
                    ("paper_moved", "A paper went to another teacher"),
                    ("calibration", "News of practice papers"),
                    ("picture_news", "News of a clearer picture"),
                    ("question.reviewed", "A question of yours was reviewed"),
                    ("breach_coming", "A promise will probably be missed"),
                    ("paper_not_begun", "A paper is not begun"),
                    ("sla_breached", "A promise was missed"),
                    ("webhook_stopped", "A webhook was switched off"),
                ],
                max_length=30,
            ),
        ),
        migrations.AlterField(
            model_name="notificationpreference",
            name="kind",
            field=models.CharField(
                choices=[
                    ("paper_returned", "A marked paper is back"),
                    ("marks_changed", "Marks were corrected"),
                    ("paper_unreadable", "Pages of a paper cannot be read"),
                    ("picture_wanted", "A clearer picture is wanted"),
                    ("picture_dropped", "A clearer picture is not needed any more"),
                    ("attempt.credited", "Time was given back after an outage"),
                    ("marks_discussed", "A message about marks"),
                    ("remark_news", "News of a re-mark"),
                    ("booking_news", "News of an hour with a teacher"),
                    ("booking_reminder", "An hour with a teacher begins soon"),
                    ("paper_received", "Your sheets are with us"),
                    ("paper_assigned", "A paper to mark"),
                    ("paper_reminder", "A paper to mark is due soon"),
                    ("paper_halfway", "Half of the time for a paper is used"),
                    ("paper_moved", "A paper went to another teacher"),
                    ("calibration", "News of practice papers"),
                    ("picture_news", "News of a clearer picture"),
                    ("question.reviewed", "A question of yours was reviewed"),
                    ("breach_coming", "A promise will probably be missed"),
                    ("paper_not_begun", "A paper is not begun"),
                    ("sla_breached", "A promise was missed"),
                    ("webhook_stopped", "A webhook was switched off"),
                ],
                max_length=30,
            ),
        ),
    ]
