"""Marking schemes that change after marking has begun."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import common.models
from common.append_only import AppendOnly


class Migration(migrations.Migration):
    dependencies = [
        ("assessments", "0046_steps_of_an_exam"),
        ("evaluations", "0042_imported_results"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="SchemeRevision",
            fields=[
                (
                    "id",
                    models.UUIDField(default=common.models.new_id, editable=False, primary_key=True, serialize=False),
                ),
                ("number", models.PositiveSmallIntegerField()),
                ("steps", models.JSONField(default=list)),
                ("is_given", models.BooleanField(default=False, verbose_name="marks given to everybody")),
                ("asks_again", models.BooleanField(default=False, verbose_name="marked answers are looked at again")),
                ("may_lower", models.BooleanField(default=False, verbose_name="marks may fall")),
                ("reason", models.CharField(max_length=1000, verbose_name="reason")),
                ("at", models.DateTimeField()),
                (
                    "actor",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
                (
                    "exam",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="scheme_revisions",
                        to="assessments.exam",
                    ),
                ),
                (
                    "version",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="assessments.questionversion"
                    ),
                ),
            ],
            options={
                "verbose_name": "changed marking scheme",
                "ordering": ["id"],
            },
        ),
        migrations.AddField(
            model_name="markevent",
            name="worked_from",
            field=models.ForeignKey(
                blank=True,
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="evaluations.markevent",
            ),
        ),
        migrations.CreateModel(
            name="SchemeLook",
            fields=[
                (
                    "id",
                    models.UUIDField(default=common.models.new_id, editable=False, primary_key=True, serialize=False),
                ),
                ("closed_at", models.DateTimeField(blank=True, null=True)),
                (
                    "closed_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "evaluation",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="scheme_looks",
                        to="evaluations.evaluation",
                    ),
                ),
                (
                    "question",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="assessments.paperquestion"
                    ),
                ),
                (
                    "revision",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="looks",
                        to="evaluations.schemerevision",
                    ),
                ),
            ],
            options={
                "verbose_name": "answer to look at again",
                "ordering": ["id"],
            },
        ),
        migrations.AddField(
            model_name="markevent",
            name="revision",
            field=models.ForeignKey(
                blank=True,
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="evaluations.schemerevision",
            ),
        ),
        migrations.AddField(
            model_name="questionmark",
            name="revision",
            field=models.ForeignKey(
                blank=True,
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="evaluations.schemerevision",
            ),
        ),
        migrations.CreateModel(
            name="SchemeRun",
            fields=[
                (
                    "revision",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        primary_key=True,
                        related_name="run",
                        serialize=False,
                        to="evaluations.schemerevision",
                    ),
                ),
                ("seen", models.UUIDField(blank=True, null=True)),
                ("done", models.PositiveIntegerField(default=0)),
                ("total", models.PositiveIntegerField(default=0)),
                ("raised", models.PositiveIntegerField(default=0)),
                ("lowered", models.PositiveIntegerField(default=0)),
                ("kept", models.PositiveIntegerField(default=0)),
                ("finished_at", models.DateTimeField(blank=True, null=True)),
            ],
            options={
                "verbose_name": "run of a changed scheme",
                "indexes": [
                    models.Index(
                        condition=models.Q(("finished_at", None)), fields=["revision"], name="scheme_run_open_idx"
                    )
                ],
            },
        ),
        migrations.AddConstraint(
            model_name="schemerevision",
            constraint=models.UniqueConstraint(fields=("exam", "version", "number"), name="scheme_revision_unique"),
        ),
        migrations.AddConstraint(
            model_name="schemerevision",
            constraint=models.CheckConstraint(condition=models.Q(("number__gte", 1)), name="scheme_revision_numbered"),
        ),
        migrations.AddIndex(
            model_name="schemelook",
            index=models.Index(
                condition=models.Q(("closed_at", None)), fields=["evaluation"], name="scheme_look_open_idx"
            ),
        ),
        migrations.AddConstraint(
            model_name="schemelook",
            constraint=models.UniqueConstraint(
                fields=("revision", "evaluation", "question"), name="scheme_look_unique"
            ),
        ),
        AppendOnly("SchemeRevision"),
    ]
