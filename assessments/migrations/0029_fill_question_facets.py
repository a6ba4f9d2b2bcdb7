"""Marks, difficulty and level of the current version onto the question, batch by batch."""

from django.db import migrations
from django.db.models import OuterRef, Subquery

BATCH = 2000
FACETS = ("marks", "difficulty", "cognitive_level")


def fill(apps, schema_editor):
    Question = apps.get_model("assessments", "Question")
    Version = apps.get_model("assessments", "QuestionVersion")
    # Without the order of versions, which would join the questions again, inside.
    shown = Version.objects.filter(pk=OuterRef("current")).order_by()
    values = {name: Subquery(shown.values(name)) for name in FACETS}
    ids = Question.objects.filter(current__isnull=False).order_by("pk").values_list("pk", flat=True)
    # By key, so that each batch is a short transaction; a stopped run is begun again and ends the same.
    batch = list(ids[:BATCH])
    while batch:
        Question.objects.filter(pk__in=batch).update(**values)
        batch = list(ids.filter(pk__gt=batch[-1])[:BATCH])


class Migration(migrations.Migration):
    atomic = False

    dependencies = [("assessments", "0028_question_facets")]

    operations = [migrations.RunPython(fill, migrations.RunPython.noop, elidable=True)]
