"""Rooms of courses."""

import django.core.validators
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import common.models
from common.append_only import AppendOnly


class Migration(migrations.Migration):
    dependencies = [
        ("courses", "0003_course_search"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Room",
            fields=[
                (
                    "course",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="room",
                        serialize=False,
                        to="courses.course",
                    ),
                ),
                ("is_on", models.BooleanField(default=True, verbose_name="the room is open")),
                (
                    "writers",
                    models.CharField(
                        choices=[("everybody", "Everybody in the course"), ("teachers", "Teachers only")],
                        default="everybody",
                        max_length=10,
                        verbose_name="who writes",
                    ),
                ),
                (
                    "slow_seconds",
                    models.PositiveSmallIntegerField(
                        default=0,
                        help_text="0: as often as they like. At most 300.",
                        validators=[django.core.validators.MaxValueValidator(300)],
                        verbose_name="seconds between two messages of a student",
                    ),
                ),
                ("guardians_read", models.BooleanField(default=False, verbose_name="guardians may read")),
                (
                    "links",
                    models.CharField(
                        choices=[("everybody", "Everybody"), ("teachers", "Teachers only")],
                        default="teachers",
                        max_length=10,
                        verbose_name="who may post links",
                    ),
                ),
                (
                    "names",
                    models.CharField(
                        choices=[("short", "First name and initial"), ("full", "Full name")],
                        default="short",
                        max_length=10,
                        verbose_name="names of students",
                    ),
                ),
                ("last_seq", models.PositiveBigIntegerField(default=0, editable=False)),
                ("last_change", models.PositiveBigIntegerField(default=0, editable=False)),
                ("opened_at", models.DateTimeField(editable=False)),
            ],
            options={
                "verbose_name": "room",
            },
        ),
        migrations.CreateModel(
            name="Message",
            fields=[
                (
                    "id",
                    models.UUIDField(default=common.models.new_id, editable=False, primary_key=True, serialize=False),
                ),
                ("hidden_at", models.DateTimeField(blank=True, null=True)),
                ("hidden_reason", models.CharField(blank=True, max_length=300, verbose_name="why it is hidden")),
                ("seq", models.PositiveBigIntegerField()),
                ("change", models.PositiveBigIntegerField(default=0)),
                ("client_id", models.UUIDField()),
                (
                    "side",
                    models.CharField(
                        choices=[("student", "Student"), ("teacher", "Teacher"), ("staff", "Your institute")],
                        max_length=8,
                    ),
                ),
                ("source", models.TextField(verbose_name="message")),
                ("html", models.TextField(editable=False)),
                ("at", models.DateTimeField()),
                ("edited_at", models.DateTimeField(blank=True, null=True)),
                (
                    "author",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
                (
                    "hidden_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "room",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="messages", to="courses.room"
                    ),
                ),
            ],
            options={
                "verbose_name": "message in a room",
                "verbose_name_plural": "messages in rooms",
                "ordering": ["room", "seq"],
            },
        ),
        migrations.CreateModel(
            name="MessageEdit",
            fields=[
                (
                    "id",
                    models.UUIDField(default=common.models.new_id, editable=False, primary_key=True, serialize=False),
                ),
                ("source", models.TextField()),
                ("at", models.DateTimeField()),
                (
                    "message",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="edits", to="courses.message"
                    ),
                ),
            ],
            options={
                "verbose_name": "edit of a message",
                "ordering": ["id"],
            },
        ),
        migrations.CreateModel(
            name="Report",
            fields=[
                (
                    "id",
                    models.UUIDField(default=common.models.new_id, editable=False, primary_key=True, serialize=False),
                ),
                (
                    "reason",
                    models.CharField(
                        choices=[
                            ("hurtful", "Hurts somebody"),
                            ("unsafe", "Asks for something private or unsafe"),
                            ("exam", "Gives away an exam"),
                            ("spam", "Advertising or noise"),
                            ("other", "Something else"),
                        ],
                        max_length=10,
                        verbose_name="what is wrong",
                    ),
                ),
                ("words", models.CharField(blank=True, max_length=500, verbose_name="in your words")),
                ("at", models.DateTimeField()),
                (
                    "message",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="reports", to="courses.message"
                    ),
                ),
                (
                    "reporter",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
                (
                    "room",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="reports", to="courses.room"
                    ),
                ),
            ],
            options={
                "verbose_name": "report of a message",
                "verbose_name_plural": "reports of messages",
                "ordering": ["id"],
            },
        ),
        migrations.CreateModel(
            name="ReadPosition",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("seq", models.PositiveBigIntegerField(default=0)),
                (
                    "person",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
                (
                    "room",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="positions", to="courses.room"
                    ),
                ),
            ],
            options={
                "verbose_name": "place of reading",
            },
        ),
        migrations.CreateModel(
            name="Mute",
            fields=[
                (
                    "id",
                    models.UUIDField(default=common.models.new_id, editable=False, primary_key=True, serialize=False),
                ),
                ("reason", models.CharField(max_length=300, verbose_name="reason")),
                ("at", models.DateTimeField()),
                ("until", models.DateTimeField(verbose_name="until")),
                ("lifted_at", models.DateTimeField(blank=True, null=True)),
                (
                    "by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
                (
                    "lifted_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "person",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
                (
                    "room",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="mutes", to="courses.room"
                    ),
                ),
            ],
            options={
                "verbose_name": "muted person",
                "verbose_name_plural": "muted people",
                "ordering": ["-id"],
            },
        ),
        migrations.CreateModel(
            name="Announcement",
            fields=[
                (
                    "id",
                    models.UUIDField(default=common.models.new_id, editable=False, primary_key=True, serialize=False),
                ),
                ("hidden_at", models.DateTimeField(blank=True, null=True)),
                ("hidden_reason", models.CharField(blank=True, max_length=300, verbose_name="why it is hidden")),
                ("client_id", models.UUIDField(unique=True)),
                ("title", models.CharField(max_length=140, verbose_name="title")),
                ("source", models.TextField(verbose_name="text")),
                ("html", models.TextField(editable=False)),
                ("at", models.DateTimeField()),
                ("pinned_until", models.DateTimeField(blank=True, null=True, verbose_name="on top until")),
                (
                    "author",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
                (
                    "hidden_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "room",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="announcements", to="courses.room"
                    ),
                ),
            ],
            options={
                "verbose_name": "announcement",
                "ordering": ["-id"],
            },
        ),
        migrations.CreateModel(
            name="Thread",
            fields=[
                (
                    "id",
                    models.UUIDField(default=common.models.new_id, editable=False, primary_key=True, serialize=False),
                ),
                ("hidden_at", models.DateTimeField(blank=True, null=True)),
                ("hidden_reason", models.CharField(blank=True, max_length=300, verbose_name="why it is hidden")),
                ("title", models.CharField(max_length=160, verbose_name="question")),
                ("asked_at", models.DateTimeField()),
                ("last_at", models.DateTimeField()),
                ("answers", models.PositiveIntegerField(default=0)),
                ("words", models.TextField(blank=True)),
                (
                    "accepted",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="courses.message",
                    ),
                ),
                (
                    "accepted_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "asker",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
                (
                    "hidden_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "lesson",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to="courses.lesson",
                    ),
                ),
                (
                    "room",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="threads", to="courses.room"
                    ),
                ),
            ],
            options={
                "verbose_name": "question in a room",
                "verbose_name_plural": "questions in rooms",
                "ordering": ["-last_at", "-id"],
            },
        ),
        migrations.AddField(
            model_name="message",
            name="thread",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="messages",
                to="courses.thread",
            ),
        ),
        migrations.CreateModel(
            name="ThreadFollow",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "person",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
                (
                    "thread",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="follows", to="courses.thread"
                    ),
                ),
            ],
            options={
                "verbose_name": "question that is followed",
            },
        ),
        migrations.CreateModel(
            name="ReportDecision",
            fields=[
                (
                    "report",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        primary_key=True,
                        related_name="decision",
                        serialize=False,
                        to="courses.report",
                    ),
                ),
                (
                    "outcome",
                    models.CharField(
                        choices=[("hidden", "The message was hidden"), ("kept", "The message stays")],
                        max_length=10,
                        verbose_name="outcome",
                    ),
                ),
                ("at", models.DateTimeField()),
                (
                    "by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
            ],
            options={
                "verbose_name": "decision about a report",
                "verbose_name_plural": "decisions about reports",
            },
        ),
        migrations.AddIndex(
            model_name="report",
            index=models.Index(fields=["room", "id"], name="room_report_idx"),
        ),
        migrations.AddConstraint(
            model_name="report",
            constraint=models.UniqueConstraint(fields=("message", "reporter"), name="room_report_unique"),
        ),
        migrations.AddConstraint(
            model_name="readposition",
            constraint=models.UniqueConstraint(fields=("room", "person"), name="room_position_unique"),
        ),
        migrations.AddIndex(
            model_name="mute",
            index=models.Index(fields=["room", "person", "until"], name="room_mute_idx"),
        ),
        migrations.AddConstraint(
            model_name="mute",
            constraint=models.CheckConstraint(
                condition=models.Q(("until__gt", models.F("at"))), name="room_mute_lasts"
            ),
        ),
        migrations.AddIndex(
            model_name="announcement",
            index=models.Index(fields=["room", "-id"], name="room_announcement_idx"),
        ),
        migrations.AddIndex(
            model_name="thread",
            index=models.Index(fields=["room", "-last_at", "-id"], name="room_thread_order_idx"),
        ),
        migrations.AddIndex(
            model_name="message",
            index=models.Index(
                condition=models.Q(("change__gt", 0)), fields=["room", "change"], name="room_message_change_idx"
            ),
        ),
        migrations.AddIndex(
            model_name="message",
            index=models.Index(
                condition=models.Q(("thread__isnull", True)), fields=["room", "-seq"], name="room_message_chat_idx"
            ),
        ),
        migrations.AddIndex(
            model_name="message",
            index=models.Index(fields=["room", "author", "-seq"], name="room_message_author_idx"),
        ),
        migrations.AddConstraint(
            model_name="message",
            constraint=models.UniqueConstraint(fields=("room", "seq"), name="room_message_seq_unique"),
        ),
        migrations.AddConstraint(
            model_name="message",
            constraint=models.UniqueConstraint(fields=("author", "client_id"), name="room_message_client_unique"),
        ),
        migrations.AddConstraint(
            model_name="threadfollow",
            constraint=models.UniqueConstraint(fields=("thread", "person"), name="room_follow_unique"),
        ),
        # What was said stays, hidden or not; reports, decisions and what a message said before stay as they are.
        AppendOnly("Message", verbs=("DELETE",)),
        AppendOnly("MessageEdit"),
        AppendOnly("Report"),
        AppendOnly("ReportDecision"),
    ]
