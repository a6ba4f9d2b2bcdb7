"""Calibration scripts, practice papers, standings of markers."""

from decimal import Decimal

import django.core.validators
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import common.models
from common.append_only import AppendOnly


class Migration(migrations.Migration):
    dependencies = [
        ("assessments", "0045_marking_mode"),
        ("evaluations", "0040_bookings"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddField(
            model_name="examchecks",
            name="chart",
            field=models.CharField(
                choices=[("off", "Nothing"), ("tell", "Staff are told"), ("pause", "The marker is paused")],
                db_default="off",
                default="off",
                max_length=8,
                verbose_name="out of the control limits",
            ),
        ),
        migrations.AddField(
            model_name="examchecks",
            name="practice_bias",
            field=models.PositiveSmallIntegerField(
                db_default=10,
                default=10,
                help_text="More generous or stricter than this on the whole is not passed.",
                validators=[django.core.validators.MaxValueValidator(100)],
                verbose_name="all marks together, ± per cent",
            ),
        ),
        migrations.AddField(
            model_name="examchecks",
            name="practice_papers",
            field=models.PositiveSmallIntegerField(
                db_default=0,
                default=0,
                help_text="A teacher marks so many before the first paper. 0: none.",
                validators=[django.core.validators.MaxValueValidator(10)],
                verbose_name="practice papers",
            ),
        ),
        migrations.AddField(
            model_name="examchecks",
            name="practice_rounds",
            field=models.PositiveSmallIntegerField(
                db_default=3,
                default=3,
                validators=[django.core.validators.MinValueValidator(1), django.core.validators.MaxValueValidator(20)],
                verbose_name="rounds",
            ),
        ),
        migrations.AddField(
            model_name="examchecks",
            name="practice_share",
            field=models.PositiveSmallIntegerField(
                db_default=80,
                default=80,
                validators=[django.core.validators.MaxValueValidator(100)],
                verbose_name="questions within the tolerance, per cent",
            ),
        ),
        migrations.AddField(
            model_name="examchecks",
            name="seed_every",
            field=models.PositiveSmallIntegerField(
                db_default=0,
                default=0,
                help_text="0: none. Where the exam shows names, a seeded script shows a code instead.",
                verbose_name="one seeded script in so many papers",
            ),
        ),
        migrations.AlterField(
            model_name="evaluation",
            name="role",
            field=models.CharField(
                choices=[
                    ("record", "The paper"),
                    ("share", "Some questions of a paper"),
                    ("remark", "A question that is marked again"),
                    ("first", "As first marked"),
                    ("second", "Second marking"),
                    ("moderation", "Moderation"),
                    ("practice", "Practice paper"),
                    ("seed", "Seeded script"),
                ],
                db_default="record",
                default="record",
                editable=False,
                max_length=12,
            ),
        ),
        migrations.AlterField(
            model_name="evaluation",
            name="state",
            field=models.CharField(
                choices=[
                    ("queued", "Waiting for a teacher"),
                    ("assigned", "With a teacher"),
                    ("in_progress", "Being marked"),
                    ("shared", "With several teachers"),
                    ("second", "Second marking"),
                    ("moderation", "With a moderator"),
                    ("returned", "Returned: cannot be read"),
                    ("finalised", "Marked"),
                    ("released", "Back with the student"),
                    ("closed", "No longer needed"),
                    ("practice", "Practice"),
                    ("practised", "Practice, finished"),
                ],
                default="queued",
                max_length=12,
            ),
        ),
        migrations.AlterField(
            model_name="examchecks",
            name="moderators",
            field=models.ManyToManyField(
                blank=True,
                help_text="Teachers who decide between two markings and prepare practice papers. Staff always may.",
                related_name="moderated_exams",
                to=settings.AUTH_USER_MODEL,
                verbose_name="moderators",
            ),
        ),
        migrations.CreateModel(
            name="CalibrationScript",
            fields=[
                (
                    "id",
                    models.UUIDField(default=common.models.new_id, editable=False, primary_key=True, serialize=False),
                ),
                (
                    "numbers",
                    models.JSONField(
                        blank=True, help_text="Empty: all of the paper.", null=True, verbose_name="questions"
                    ),
                ),
                (
                    "use",
                    models.CharField(
                        choices=[("practice", "Before the first paper"), ("seed", "Among the papers")],
                        default="practice",
                        max_length=8,
                        verbose_name="used",
                    ),
                ),
                (
                    "state",
                    models.CharField(
                        choices=[("draft", "Being prepared"), ("ready", "In use"), ("retired", "Not used any more")],
                        default="draft",
                        max_length=8,
                        verbose_name="state",
                    ),
                ),
                ("chosen_at", models.DateTimeField(verbose_name="chosen")),
                (
                    "checks",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="scripts", to="evaluations.examchecks"
                    ),
                ),
                (
                    "chosen_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="by",
                    ),
                ),
                (
                    "record",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="scripts", to="evaluations.evaluation"
                    ),
                ),
            ],
            options={
                "verbose_name": "calibration script",
                "ordering": ["id"],
            },
        ),
        migrations.CreateModel(
            name="CalibrationMark",
            fields=[
                (
                    "id",
                    models.UUIDField(default=common.models.new_id, editable=False, primary_key=True, serialize=False),
                ),
                (
                    "marks",
                    common.models.MarksField(
                        decimal_places=2,
                        max_digits=6,
                        validators=[
                            django.core.validators.MinValueValidator(Decimal("0")),
                            common.models.validate_half_marks,
                        ],
                    ),
                ),
                ("steps", models.JSONField(default=dict)),
                ("words", models.CharField(blank=True, max_length=500)),
                (
                    "question",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="assessments.paperquestion"
                    ),
                ),
                (
                    "script",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="marks",
                        to="evaluations.calibrationscript",
                    ),
                ),
            ],
            options={
                "verbose_name": "reference mark",
                "ordering": ["script", "question__number", "question__alternative"],
            },
        ),
        migrations.CreateModel(
            name="MarkerStanding",
            fields=[
                (
                    "id",
                    models.UUIDField(default=common.models.new_id, editable=False, primary_key=True, serialize=False),
                ),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("practising", "Practising"),
                            ("passed", "Passed"),
                            ("waived", "Waived"),
                            ("failed", "Not passed"),
                        ],
                        default="practising",
                        max_length=12,
                        verbose_name="state",
                    ),
                ),
                ("paused_at", models.DateTimeField(blank=True, null=True, verbose_name="paused")),
                ("reason", models.CharField(blank=True, max_length=300, verbose_name="reason")),
                (
                    "rounds_from",
                    models.PositiveSmallIntegerField(default=0, help_text="Rounds up to this one count no more."),
                ),
                ("watched_from", models.DateTimeField(blank=True, null=True)),
                ("updated_at", models.DateTimeField(verbose_name="changed")),
                (
                    "by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "checks",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="standings",
                        to="evaluations.examchecks",
                    ),
                ),
                (
                    "teacher",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="standings",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "verbose_name": "standing of a marker",
                "verbose_name_plural": "standings of markers",
                "ordering": ["checks", "teacher__name"],
            },
        ),
        migrations.CreateModel(
            name="PracticePaper",
            fields=[
                (
                    "id",
                    models.UUIDField(default=common.models.new_id, editable=False, primary_key=True, serialize=False),
                ),
                ("given_at", models.DateTimeField()),
                ("finished_at", models.DateTimeField(blank=True, null=True)),
                ("questions", models.PositiveSmallIntegerField(blank=True, null=True)),
                ("within", models.PositiveSmallIntegerField(blank=True, null=True)),
                ("bias", models.FloatField(blank=True, null=True)),
                (
                    "evaluation",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="practice",
                        to="evaluations.evaluation",
                    ),
                ),
                (
                    "script",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="papers",
                        to="evaluations.calibrationscript",
                    ),
                ),
                (
                    "teacher",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="practice_papers",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "verbose_name": "practice paper",
                "ordering": ["id"],
            },
        ),
        migrations.CreateModel(
            name="CalibrationPair",
            fields=[
                (
                    "id",
                    models.UUIDField(default=common.models.new_id, editable=False, primary_key=True, serialize=False),
                ),
                (
                    "given",
                    common.models.MarksField(
                        decimal_places=2,
                        max_digits=6,
                        validators=[
                            django.core.validators.MinValueValidator(Decimal("0")),
                            common.models.validate_half_marks,
                        ],
                    ),
                ),
                (
                    "reference",
                    common.models.MarksField(
                        decimal_places=2,
                        max_digits=6,
                        validators=[
                            django.core.validators.MinValueValidator(Decimal("0")),
                            common.models.validate_half_marks,
                        ],
                    ),
                ),
                (
                    "max_marks",
                    common.models.MarksField(
                        decimal_places=2,
                        max_digits=6,
                        validators=[
                            django.core.validators.MinValueValidator(Decimal("0")),
                            common.models.validate_half_marks,
                        ],
                    ),
                ),
                ("is_within", models.BooleanField()),
                ("at", models.DateTimeField()),
                (
                    "question",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="assessments.paperquestion"
                    ),
                ),
                (
                    "teacher",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
                (
                    "paper",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="pairs",
                        to="evaluations.practicepaper",
                    ),
                ),
            ],
            options={
                "verbose_name": "mark beside its reference",
                "verbose_name_plural": "marks beside their reference",
                "ordering": ["-at"],
            },
        ),
        migrations.CreateModel(
            name="PracticeRound",
            fields=[
                (
                    "id",
                    models.UUIDField(default=common.models.new_id, editable=False, primary_key=True, serialize=False),
                ),
                ("number", models.PositiveSmallIntegerField()),
                (
                    "state",
                    models.CharField(
                        choices=[("open", "Being marked"), ("passed", "Passed"), ("failed", "Not passed")],
                        default="open",
                        max_length=8,
                    ),
                ),
                ("started_at", models.DateTimeField()),
                ("ended_at", models.DateTimeField(blank=True, null=True)),
                ("share", models.FloatField(blank=True, null=True)),
                ("bias", models.FloatField(blank=True, null=True)),
                (
                    "checks",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="rounds", to="evaluations.examchecks"
                    ),
                ),
                (
                    "teacher",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="practice_rounds",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "verbose_name": "practice round",
                "ordering": ["id"],
            },
        ),
        migrations.AddField(
            model_name="practicepaper",
            name="round",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="papers",
                to="evaluations.practiceround",
            ),
        ),
        migrations.AddConstraint(
            model_name="calibrationscript",
            constraint=models.UniqueConstraint(
                condition=models.Q(("state__in", ["draft", "ready"])),
                fields=("checks", "record"),
                name="script_once_in_use",
            ),
        ),
        migrations.AddConstraint(
            model_name="calibrationmark",
            constraint=models.UniqueConstraint(fields=("script", "question"), name="reference_mark_unique"),
        ),
        migrations.AddConstraint(
            model_name="markerstanding",
            constraint=models.UniqueConstraint(fields=("checks", "teacher"), name="marker_standing_unique"),
        ),
        migrations.AddIndex(
            model_name="calibrationpair",
            index=models.Index(fields=["teacher", "at"], name="calibration_pair_marker_idx"),
        ),
        migrations.AddIndex(
            model_name="calibrationpair",
            index=models.Index(fields=["at"], name="calibration_pair_at_idx"),
        ),
        migrations.AddConstraint(
            model_name="calibrationpair",
            constraint=models.UniqueConstraint(fields=("paper", "question"), name="calibration_pair_unique"),
        ),
        migrations.AddConstraint(
            model_name="practiceround",
            constraint=models.UniqueConstraint(fields=("checks", "teacher", "number"), name="practice_round_unique"),
        ),
        migrations.AddConstraint(
            model_name="practiceround",
            constraint=models.UniqueConstraint(
                condition=models.Q(("state", "open")), fields=("checks", "teacher"), name="practice_round_one_open"
            ),
        ),
        migrations.AddIndex(
            model_name="practicepaper",
            index=models.Index(fields=["teacher", "finished_at"], name="practice_paper_done_idx"),
        ),
        migrations.AddConstraint(
            model_name="practicepaper",
            constraint=models.UniqueConstraint(fields=("round", "script"), name="practice_paper_unique"),
        ),
        migrations.AddConstraint(
            model_name="practicepaper",
            constraint=models.UniqueConstraint(
                condition=models.Q(("round__isnull", True)), fields=("teacher", "script"), name="seeded_script_once"
            ),
        ),
        AppendOnly("CalibrationPair"),
    ]
