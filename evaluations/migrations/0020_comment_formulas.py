"""Formulas in comments, set when they are saved; comments from before have none set."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("evaluations", "0019_marked_index"),
    ]

    operations = [
        migrations.AddField(
            model_name="annotation",
            name="shown",
            field=models.CharField(blank=True, db_default="", default="", max_length=1000),
        ),
        migrations.AddField(
            model_name="questionmark",
            name="comment_html",
            field=models.TextField(blank=True, db_default="", default=""),
        ),
    ]
