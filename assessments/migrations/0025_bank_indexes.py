from django.db import migrations, models

from common.online_indexes import AddIndexOnline


class Migration(migrations.Migration):
    atomic = False

    dependencies = [
        ("assessments", "0024_external_assessments"),
    ]

    operations = [
        AddIndexOnline(
            model_name="question",
            index=models.Index(
                condition=models.Q(("state", "in_review")), fields=["id"], name="question_in_review_idx"
            ),
        ),
        AddIndexOnline(
            model_name="questionversion",
            index=models.Index(
                fields=["id"],
                include=["marks", "difficulty", "cognitive_level"],
                name="question_version_facets_idx",
            ),
        ),
    ]
