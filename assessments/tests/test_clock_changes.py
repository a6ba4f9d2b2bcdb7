"""Exams over nights in which clocks change: nobody's time is shorter or longer, and a window means what it says."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from assessments.enums import RevealItem
from assessments.models import Exam
from assessments.services.attempts import close_overdue_attempts, save_response, start_attempt
from common.errors import DomainError

pytestmark = pytest.mark.django_db
SECOND = timedelta(seconds=1)


def utc(text):
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("zone", "change"),
    [
        ("Europe/London", "2026-03-29T01:00"),
        ("Europe/London", "2026-10-25T01:00"),
        ("America/New_York", "2026-11-01T06:00"),
        ("Australia/Lord_Howe", "2026-10-03T15:30"),
        ("Africa/Casablanca", "2026-02-15T02:00"),
        ("Asia/Kolkata", "2026-03-29T01:00"),
    ],
)
def test_an_hour_for_writing_is_an_hour_when_the_clocks_change_in_it(cast, zone, change):
    begins = utc(change) - timedelta(minutes=30)
    Exam.objects.update(opens_at=begins - timedelta(hours=1), closes_at=None, duration_minutes=60)
    with timezone.override(ZoneInfo(zone)):
        attempt = start_attempt(exam=Exam.objects.get(), student=cast.student, now=begins)
        attempt.refresh_from_db()
        assert attempt.ends_at - attempt.started_at == timedelta(hours=1)
        ends = begins + timedelta(hours=1)
        question = attempt.paper.questions.get(number=1)

        def save(seq, now):
            return save_response(
                attempt=attempt, question_id=question.pk, seq=seq, answer={"choices": ["B"]}, marked_for_review=None,
                actor=cast.student, now=now,
            )  # fmt: skip

        assert save(1, ends - SECOND).applied
        assert save(2, ends + 14 * SECOND).applied
        with pytest.raises(DomainError, match="Time is up"):
            save(3, ends + 15 * SECOND)
        assert close_overdue_attempts(now=ends + 14 * SECOND) == 0
        assert close_overdue_attempts(now=ends + 15 * SECOND) == 1


@pytest.fixture
def office_in_london(cast):
    cast.staff.time_zone = "Europe/London"
    cast.staff.save(update_fields=["time_zone"])
    client = Client()
    client.force_login(cast.staff)
    return client


def exam_form(cast, **window):
    return {
        "title": "Night exam", "programme": str(cast.cohort.programme.pk), "paper": str(cast.exam.paper.pk),
        "blueprint": "", "cohorts": [str(cast.cohort.pk)], "is_published": "on", "closes_at_0": "", "closes_at_1": "",
        "duration_minutes": "60", "upload_grace_minutes": "5", "max_attempts": "1", "marking": "whole",
        "release": "when_marked",
        "preset": "everything", "purpose": "exam", "pass_percent": "70", "behaviour": "deferred", "tries": "3",
        "try_penalty": "0.33", "calculator": "none", **{f"reveal_{item}": "at_once" for item in RevealItem}, **window,
    }  # fmt: skip


def test_the_back_office_refuses_a_time_that_is_skipped_and_takes_the_first_of_two(cast, office_in_london):
    add = reverse("admin:assessments_exam_add")
    refused = office_in_london.post(add, exam_form(cast, opens_at_0="2026-03-29", opens_at_1="01:30:00"))
    text = refused.content.decode()
    assert "The clocks skip this time on that day. Choose 29 March 2026, 02:30 or another time." in text
    assert not Exam.objects.filter(title="Night exam").exists()

    # By the hands of the clock 40 minutes; in truth 100 pass.
    day = "2026-10-25"
    window = {"opens_at_0": day, "opens_at_1": "01:30:00", "closes_at_0": day, "closes_at_1": "02:10:00"}
    assert office_in_london.post(add, exam_form(cast, **window)).status_code == 302
    exam = Exam.objects.get(title="Night exam")
    assert (exam.opens_at, exam.closes_at) == (utc("2026-10-25T00:30"), utc("2026-10-25T02:10"))


def test_an_exam_that_opens_in_the_second_of_two_hours_stays_there_when_its_title_is_changed(cast, office_in_london):
    opens = utc("2026-10-25T01:30")  # 01:30 for the second time
    Exam.objects.filter(pk=cast.exam.pk).update(opens_at=opens, closes_at=None)
    url = reverse("admin:assessments_exam_change", args=[cast.exam.pk])
    assert 'value="01:30:00"' in office_in_london.get(url).content.decode()

    form = exam_form(cast, opens_at_0="2026-10-25", opens_at_1="01:30:00", title="Another title")
    page = office_in_london.post(url, form)

    assert page.status_code == 302, page.context["errors"]
    exam = Exam.objects.get(pk=cast.exam.pk)
    assert (exam.title, exam.opens_at) == ("Another title", opens)
