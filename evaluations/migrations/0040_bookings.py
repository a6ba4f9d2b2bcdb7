"""Time with a teacher: hours that can be booked, bookings, and the minutes they used."""

from typing import Any

import django.core.validators
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import common.models

SPANS = (("booking_teacher_apart", "teacher_id"), ("booking_student_apart", "student_id"))


def keep_apart(apps: Any, editor: Any) -> None:
    """Two bookings of a teacher, or of a student, that overlap are refused by PostgreSQL itself. SQLite has no such
    constraint; it has one writer, who looks before writing."""
    if editor.connection.vendor != "postgresql":
        return
    editor.execute("CREATE EXTENSION IF NOT EXISTS btree_gist")
    for name, column in SPANS:
        editor.execute(
            f"ALTER TABLE evaluations_booking ADD CONSTRAINT {name} EXCLUDE USING gist "
            f"({column} WITH =, tstzrange(starts_at, ends_at) WITH &&) WHERE (state <> 'cancelled')"
        )


def let_overlap(apps: Any, editor: Any) -> None:
    if editor.connection.vendor == "postgresql":
        for name, _column in SPANS:
            editor.execute(f"ALTER TABLE evaluations_booking DROP CONSTRAINT IF EXISTS {name}")


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0004_teacher_minutes"),
        ("evaluations", "0024_held_papers"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Booking",
            fields=[
                (
                    "id",
                    models.UUIDField(default=common.models.new_id, editable=False, primary_key=True, serialize=False),
                ),
                ("booked_at", models.DateTimeField(verbose_name="booked")),
                ("starts_at", models.DateTimeField(verbose_name="from")),
                ("ends_at", models.DateTimeField(verbose_name="until")),
                (
                    "about",
                    models.CharField(
                        choices=[("doubt", "Doubts"), ("paper", "A marked paper")],
                        default="doubt",
                        max_length=8,
                        verbose_name="about",
                    ),
                ),
                ("words", models.CharField(blank=True, max_length=500, verbose_name="what it is about")),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("booked", "Booked"),
                            ("held", "Held"),
                            ("absent", "Student was absent"),
                            ("cancelled", "Cancelled"),
                        ],
                        default="booked",
                        max_length=10,
                        verbose_name="state",
                    ),
                ),
                ("sequence", models.PositiveSmallIntegerField(default=0)),
                ("remind_at", models.DateTimeField(blank=True, null=True)),
                ("ended_at", models.DateTimeField(blank=True, null=True)),
                ("is_late", models.BooleanField(default=False, verbose_name="too late")),
                ("note", models.CharField(blank=True, max_length=500, verbose_name="note")),
                (
                    "booked_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
                (
                    "ended_by",
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
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="bookings",
                        to="evaluations.evaluation",
                    ),
                ),
                (
                    "student",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="bookings",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "teacher",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="taught_bookings",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "verbose_name": "booking",
                "ordering": ["-starts_at"],
            },
        ),
        migrations.CreateModel(
            name="BookingPlace",
            fields=[
                (
                    "teacher",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="booking_place",
                        serialize=False,
                        to="accounts.teacherprofile",
                    ),
                ),
                ("place", models.CharField(blank=True, max_length=200, verbose_name="place")),
                (
                    "link",
                    models.CharField(
                        blank=True,
                        max_length=500,
                        validators=[django.core.validators.URLValidator(schemes=["https"])],
                        verbose_name="link",
                    ),
                ),
            ],
            options={
                "verbose_name": "place of bookings",
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("link", ""), ("place", ""), _negated=True), name="booking_place_said"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="BookingRules",
            fields=[
                (
                    "id",
                    models.UUIDField(default=common.models.new_id, editable=False, primary_key=True, serialize=False),
                ),
                (
                    "minutes",
                    models.PositiveSmallIntegerField(
                        choices=[(15, "15"), (20, "20"), (30, "30"), (45, "45"), (60, "60")],
                        default=30,
                        verbose_name="minutes of a booking",
                    ),
                ),
                (
                    "ahead_days",
                    models.PositiveSmallIntegerField(
                        default=14,
                        validators=[
                            django.core.validators.MinValueValidator(1),
                            django.core.validators.MaxValueValidator(60),
                        ],
                        verbose_name="days that can be booked ahead",
                    ),
                ),
                (
                    "notice_hours",
                    models.PositiveSmallIntegerField(
                        default=12,
                        validators=[django.core.validators.MaxValueValidator(336)],
                        verbose_name="hours a booking is made before",
                    ),
                ),
                (
                    "cancel_hours",
                    models.PositiveSmallIntegerField(
                        default=12,
                        help_text="Cancelled later by the family, its minutes are used up.",
                        validators=[django.core.validators.MaxValueValidator(336)],
                        verbose_name="hours until which it is moved or cancelled",
                    ),
                ),
            ],
            options={
                "verbose_name": "rules of bookings",
                "verbose_name_plural": "rules of bookings",
                "constraints": [models.UniqueConstraint(models.Value(1), name="booking_rules_one")],
            },
        ),
        migrations.CreateModel(
            name="BookingUse",
            fields=[
                (
                    "id",
                    models.UUIDField(default=common.models.new_id, editable=False, primary_key=True, serialize=False),
                ),
                ("minutes", models.PositiveSmallIntegerField()),
                ("returned_at", models.DateTimeField(blank=True, null=True)),
                (
                    "booking",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="uses", to="evaluations.booking"
                    ),
                ),
                (
                    "entitlement",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="accounts.entitlement"
                    ),
                ),
            ],
            options={
                "verbose_name": "minutes of a booking",
                "ordering": ["id"],
            },
        ),
        migrations.CreateModel(
            name="BookableHours",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "weekday",
                    models.PositiveSmallIntegerField(
                        blank=True,
                        choices=[
                            (0, "Monday"),
                            (1, "Tuesday"),
                            (2, "Wednesday"),
                            (3, "Thursday"),
                            (4, "Friday"),
                            (5, "Saturday"),
                            (6, "Sunday"),
                        ],
                        null=True,
                        verbose_name="weekday",
                    ),
                ),
                ("day", models.DateField(blank=True, null=True, verbose_name="day")),
                ("opens", models.TimeField(blank=True, null=True, verbose_name="from")),
                ("closes", models.TimeField(blank=True, null=True, verbose_name="to")),
                (
                    "teacher",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="bookable_hours",
                        to="accounts.teacherprofile",
                    ),
                ),
            ],
            options={
                "verbose_name": "bookable hours",
                "verbose_name_plural": "bookable hours",
                "ordering": ["weekday", "day", "opens"],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("day__isnull", False), ("weekday", None)),
                            models.Q(("day", None), ("weekday__isnull", False)),
                            _connector="OR",
                        ),
                        name="bookable_hours_week_or_day",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("closes__gt", models.F("opens")),
                            models.Q(("closes", None), ("opens", None), ("weekday", None)),
                            _connector="OR",
                        ),
                        name="bookable_hours_order",
                    ),
                    models.UniqueConstraint(fields=("teacher", "weekday", "opens"), name="bookable_hours_unique"),
                    models.UniqueConstraint(fields=("teacher", "day", "opens"), name="bookable_day_unique"),
                ],
            },
        ),
        migrations.AddIndex(
            model_name="booking",
            index=models.Index(fields=["teacher", "starts_at"], name="booking_teacher_idx"),
        ),
        migrations.AddIndex(
            model_name="booking",
            index=models.Index(fields=["student", "starts_at"], name="booking_student_idx"),
        ),
        migrations.AddIndex(
            model_name="booking",
            index=models.Index(
                condition=models.Q(("remind_at__isnull", False), ("state", "booked")),
                fields=["remind_at"],
                name="booking_remind_idx",
            ),
        ),
        migrations.AddConstraint(
            model_name="booking",
            constraint=models.CheckConstraint(
                condition=models.Q(("ends_at__gt", models.F("starts_at"))), name="booking_order"
            ),
        ),
        migrations.AddConstraint(
            model_name="booking",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("ended_at", None), ("state", "booked")),
                    models.Q(models.Q(("state", "booked"), _negated=True), ("ended_at__isnull", False)),
                    _connector="OR",
                ),
                name="booking_ended",
            ),
        ),
        migrations.AddConstraint(
            model_name="booking",
            constraint=models.CheckConstraint(
                condition=models.Q(("about", "paper"), ("evaluation", None), _connector="OR"),
                name="booking_about_paper",
            ),
        ),
        migrations.AddConstraint(
            model_name="booking",
            constraint=models.UniqueConstraint(
                condition=models.Q(("state", "cancelled"), _negated=True),
                fields=("teacher", "starts_at"),
                name="booking_teacher_once",
            ),
        ),
        migrations.AddConstraint(
            model_name="booking",
            constraint=models.UniqueConstraint(
                condition=models.Q(("state", "cancelled"), _negated=True),
                fields=("student", "starts_at"),
                name="booking_student_once",
            ),
        ),
        migrations.AddConstraint(
            model_name="bookinguse",
            constraint=models.UniqueConstraint(fields=("booking", "entitlement"), name="booking_use_once"),
        ),
        migrations.RunPython(keep_apart, let_overlap),
    ]
