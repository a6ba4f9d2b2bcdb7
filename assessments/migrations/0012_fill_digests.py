"""Words and signatures of the questions that were there before."""

from django.db import migrations

from assessments.services.likeness import bands, plain_words

BATCH = 500


def fill(apps, schema_editor):
    Question = apps.get_model("assessments", "Question")
    Digest = apps.get_model("assessments", "QuestionDigest")
    Band = apps.get_model("assessments", "QuestionBand")
    waiting = Question.objects.filter(current__isnull=False, digest__isnull=True).select_related("current")
    # Each batch takes what is still missing, so that a stopped run carries on where it was.
    while batch := list(waiting.order_by("pk")[:BATCH]):
        rows = []
        for question in batch:
            version = question.current
            texts = [version.text_source, *(row["source"] for row in [*version.options, *version.parts])]
            rows.append((question, plain_words(texts)))
        Band.objects.filter(question__in=batch).delete()
        Band.objects.bulk_create(
            [Band(question=question, value=value) for question, words in rows for value in set(bands(words))]
        )
        Digest.objects.bulk_create([Digest(question=question, words=words) for question, words in rows])


class Migration(migrations.Migration):
    atomic = False

    dependencies = [("assessments", "0011_question_digests")]

    operations = [migrations.RunPython(fill, migrations.RunPython.noop, elidable=True)]
