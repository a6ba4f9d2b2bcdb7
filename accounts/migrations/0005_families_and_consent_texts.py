"""Family codes and PINs, invitations of guardians, texts of consents."""

import django.core.validators
import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models

import common.models


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0004_teacher_minutes"),
    ]

    operations = [
        migrations.AlterField(
            model_name="consent",
            name="text_version",
            field=models.CharField(max_length=20, verbose_name="version of the text"),
        ),
        migrations.CreateModel(
            name="ConsentText",
            fields=[
                (
                    "id",
                    models.UUIDField(default=common.models.new_id, editable=False, primary_key=True, serialize=False),
                ),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("guardian_access", "Guardian sees my results"),
                            ("scan_use", "Scans may improve marking suggestions"),
                            ("leaderboard", "Appear on leaderboards"),
                        ],
                        max_length=20,
                        verbose_name="about",
                    ),
                ),
                (
                    "language",
                    models.CharField(
                        choices=[("en", "English"), ("hi", "हिन्दी")], max_length=5, verbose_name="language"
                    ),
                ),
                (
                    "version",
                    models.PositiveIntegerField(
                        validators=[django.core.validators.MinValueValidator(1)], verbose_name="version"
                    ),
                ),
                ("text", models.TextField(max_length=4000, verbose_name="text")),
                (
                    "published_at",
                    models.DateTimeField(default=django.utils.timezone.now, editable=False, verbose_name="from"),
                ),
            ],
            options={
                "verbose_name": "text of a consent",
                "verbose_name_plural": "texts of consents",
                "ordering": ["kind", "-version", "language"],
                "constraints": [
                    models.UniqueConstraint(fields=("kind", "language", "version"), name="consent_text_unique")
                ],
            },
        ),
        migrations.AddField(
            model_name="consent",
            name="text",
            field=models.ForeignKey(
                blank=True,
                db_index=False,
                help_text="Empty for consents from before texts were kept here.",
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="consents",
                to="accounts.consenttext",
            ),
        ),
        migrations.CreateModel(
            name="FamilyCode",
            fields=[
                (
                    "id",
                    models.UUIDField(default=common.models.new_id, editable=False, primary_key=True, serialize=False),
                ),
                ("code", models.CharField(max_length=16, unique=True, verbose_name="family code")),
                ("made_at", models.DateTimeField(verbose_name="made")),
                (
                    "guardian",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="family_code",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "verbose_name": "family code",
            },
        ),
        migrations.CreateModel(
            name="FamilyPin",
            fields=[
                (
                    "id",
                    models.UUIDField(default=common.models.new_id, editable=False, primary_key=True, serialize=False),
                ),
                ("first_name", models.CharField(max_length=60)),
                ("pin", models.CharField(max_length=200)),
                ("failures", models.PositiveSmallIntegerField(default=0)),
                ("set_at", models.DateTimeField(verbose_name="set")),
                (
                    "family",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="pins", to="accounts.familycode"
                    ),
                ),
                (
                    "student",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="family_pin",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "verbose_name": "PIN",
                "constraints": [
                    models.UniqueConstraint(fields=("family", "first_name"), name="family_pin_one_of_a_name")
                ],
            },
        ),
        migrations.CreateModel(
            name="GuardianInvitation",
            fields=[
                (
                    "id",
                    models.UUIDField(default=common.models.new_id, editable=False, primary_key=True, serialize=False),
                ),
                ("email", models.EmailField(max_length=254, verbose_name="e-mail")),
                (
                    "relation",
                    models.CharField(
                        choices=[("mother", "Mother"), ("father", "Father"), ("guardian", "Guardian")],
                        default="guardian",
                        max_length=20,
                        verbose_name="relation",
                    ),
                ),
                ("token_digest", models.CharField(max_length=64, unique=True)),
                ("created_at", models.DateTimeField(verbose_name="invited")),
                ("expires_at", models.DateTimeField(verbose_name="until")),
                ("closed_at", models.DateTimeField(blank=True, null=True, verbose_name="answered")),
                ("accepted", models.BooleanField(default=False, verbose_name="accepted")),
                (
                    "guardian",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "invited_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="invitations",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "student",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "verbose_name": "invitation of a guardian",
                "verbose_name_plural": "invitations of guardians",
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("student__isnull", True), ("guardian__isnull", True), _connector="XOR"),
                        name="invitation_of_one_side",
                    )
                ],
            },
        ),
    ]
