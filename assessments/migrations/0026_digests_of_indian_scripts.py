"""Words and signatures anew where a text has vowel signs: these were cut out of the words."""

import re

from django.db import migrations, transaction

from assessments.services.likeness import SIGNS, bands, plain_words

BATCH = 500
SIGN = re.compile(f"[{SIGNS}]")


def texts_of(version):
    return [version.text_source, *(row["source"] for row in [*version.options, *version.parts])]


def refill(apps, schema_editor):
    Question = apps.get_model("assessments", "Question")
    questions = Question.objects.filter(current__isnull=False).select_related("current").order_by("pk")
    batch = list(questions[:BATCH])
    while batch:
        found = [(question, texts_of(question.current)) for question in batch]
        with transaction.atomic():
            write(apps, [(one, plain_words(texts)) for one, texts in found if any(map(SIGN.search, texts))])
        batch = list(questions.filter(pk__gt=batch[-1].pk)[:BATCH])


def write(apps, rows):
    Digest = apps.get_model("assessments", "QuestionDigest")
    Band = apps.get_model("assessments", "QuestionBand")
    Band.objects.filter(question__in=[question for question, _words in rows]).delete()
    Digest.objects.bulk_create(
        [Digest(question=question, words=words) for question, words in rows],
        update_conflicts=True,
        unique_fields=["question"],
        update_fields=["words"],
    )
    Band.objects.bulk_create(
        [Band(question=question, value=value) for question, words in rows for value in set(bands(words))],
        batch_size=1000,
    )


class Migration(migrations.Migration):
    # Batch by batch: a stopped run is begun again and ends the same.
    atomic = False

    dependencies = [("assessments", "0025_bank_indexes")]

    operations = [migrations.RunPython(refill, migrations.RunPython.noop, elidable=True)]
