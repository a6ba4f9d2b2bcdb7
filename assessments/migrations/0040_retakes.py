import django.db.models.deletion
from django.db import migrations, models

from common.online_indexes import AddIndexOnline

STATES = [
    ("intended", "Announced"),
    ("verified", "Received and verified"),
    ("retaken", "Received as another picture of a page"),
    ("refused", "Refused"),
    ("removed", "Taken out by the student"),
]


class Migration(migrations.Migration):
    atomic = False

    dependencies = [("assessments", "0039_scans")]

    operations = [
        migrations.AddField(
            model_name="sheetupload",
            name="retake_of",
            field=models.ForeignKey(
                blank=True,
                db_index=False,
                help_text="The page that this is another picture of. It stands beside that page, never in its place.",
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="retakes",
                to="assessments.sheetpage",
            ),
        ),
        migrations.AlterField(
            model_name="sheetupload",
            name="state",
            field=models.CharField(choices=STATES, default="intended", max_length=10),
        ),
        AddIndexOnline(
            model_name="sheetupload",
            index=models.Index(
                condition=models.Q(("retake_of__isnull", False)),
                fields=["retake_of"],
                name="sheet_upload_retake_idx",
            ),
        ),
    ]
