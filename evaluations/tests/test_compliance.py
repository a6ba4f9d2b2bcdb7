"""The report of promises kept: every number against papers counted by hand, its lists, its file, its cost."""

from __future__ import annotations

import csv
import io
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from statistics import median_low
from typing import Any

import pytest
from django.urls import reverse

from evaluations.enums import EvaluationState, PauseReason
from evaluations.models import Evaluation, SlaPause, SlaPolicy
from evaluations.selectors.compliance import compliance
from evaluations.tests.builders import evaluation_of, hand_in, more_students
from tests.factories import NOW

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)
URL = "admin:evaluations_compliance"


def finished(cast: Any, *hours: float, teacher: Any = None, since: datetime = NOW, due: float = 48) -> list[Evaluation]:
    """Papers that took so many hours each, from `since`."""
    made = [
        evaluation_of(
            hand_in(cast.exam, who), teacher=teacher or cast.teacher, state=EvaluationState.RELEASED,
            finalised_at=since + took * HOUR, released_at=since + took * HOUR, total_marks=Decimal(5),
        )
        for who, took in zip(more_students(len(hours)), hours, strict=True)
    ]  # fmt: skip
    Evaluation.objects.filter(pk__in=[one.pk for one in made]).update(submitted_at=since, due_at=since + due * HOUR)
    return made


def report(by: str = "month", since: date = date(2026, 11, 1), until: date = date(2026, 12, 31)) -> Any:
    return compliance(since=since, until=until, by=by)


def test_every_number_of_a_line(cast: Any) -> None:
    took = [2, 4, 6, 8, 50, 52, 60]
    papers = finished(cast, *took)
    Evaluation.objects.filter(pk=papers[0].pk).update(state=EvaluationState.FINALISED, released_at=None)
    for number in range(2):
        SlaPause.objects.create(
            evaluation=papers[1], reason=PauseReason.STUDENT, started_at=NOW + number * HOUR,
            ended_at=NOW + (number + 1) * HOUR, due_before=NOW, due_after=NOW,
        )  # fmt: skip
    evaluation_of(hand_in(cast.exam, cast.student), teacher=cast.teacher)
    (line,) = report().lines
    assert (line.name, line.finished, line.in_time, line.late, line.released) == ("November 2026", 7, 4, 3, 6)
    assert line.share == pytest.approx(4 / 7)
    assert line.median == median_low(took) * HOUR
    assert (line.p95, line.lateness, line.pauses) == (60 * HOUR, 4 * HOUR, 2)
    total = report().total
    assert (total.finished, total.late, total.median, total.pauses) == (7, 3, 8 * HOUR, 2)


@pytest.mark.parametrize("count", [1, 2, 19, 20, 21, 40])
def test_the_ranks_are_those_of_papers_that_there_are(cast: Any, count: int) -> None:
    finished(cast, *[n + 1 for n in range(count)])
    (line,) = report("teacher").lines
    assert line.median == -(-count // 2) * HOUR
    assert line.p95 == -(-count * 95 // 100) * HOUR


def test_months_and_weeks_are_the_institute_s(cast: Any) -> None:
    """19:00 UTC on 30 November is 1 December in Kolkata, a Tuesday."""
    finished(cast, 0, since=datetime(2026, 11, 30, 18, 29, tzinfo=UTC))
    finished(cast, 0, 1, since=datetime(2026, 11, 30, 18, 30, tzinfo=UTC))
    assert [(line.name, line.finished) for line in report().lines] == [("December 2026", 2), ("November 2026", 1)]
    (week,) = report("week").lines
    assert (week.finished, week.name) == (3, "week 49, 30 Nov 2026")
    assert report(until=date(2026, 11, 30)).total.finished == 1
    assert report(since=date(2026, 12, 1)).total.finished == 2


def test_by_policy_programme_and_teacher(cast: Any) -> None:
    finished(cast, 1, 2)
    finished(cast, 50, teacher=cast.colleague)
    other = SlaPolicy.objects.exclude(is_default=True).order_by("slug")[0]
    Evaluation.objects.filter(teacher=cast.colleague).update(policy=other)
    assert [(line.name, line.finished, line.late) for line in report("teacher").lines] == [
        ("Anita Desai", 1, 1),
        ("Suresh Rao", 2, 0),
    ]
    assert {line.name: line.finished for line in report("policy").lines} == {"Within 48 hours": 2, other.name: 1}
    assert [line.finished for line in report("programme").lines] == [3]


def test_nothing_finished_is_an_empty_report(cast: Any) -> None:
    made = report()
    assert (made.lines, made.total.finished, made.total.share, made.total.median) == ([], 0, None, None)


@pytest.mark.parametrize("by", ["month", "week", "policy", "programme", "teacher"])
def test_it_costs_the_same_for_any_number_of_papers(cast: Any, by: str, django_assert_max_num_queries: Any) -> None:
    finished(cast, 1, 50)
    with django_assert_max_num_queries(9) as one:
        report(by)
    finished(cast, *range(20))
    with django_assert_max_num_queries(len(one)):
        report(by)


# --- The page --------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("by", ["month", "week", "policy", "programme", "teacher"])
def test_the_lists_behind_the_numbers_hold_as_many(client: Any, cast: Any, by: str) -> None:
    finished(cast, 1, 50)
    finished(cast, 60, teacher=cast.colleague, since=NOW + 14 * 24 * HOUR)
    client.force_login(cast.staff)
    page = client.get(reverse(URL), {"since": "2026-11-01", "until": "2026-12-31", "by": by})
    assert page.status_code == 200
    for row in page.context["rows"]:
        assert client.get(row["all"]).context["cl"].result_count == row["line"].finished
        assert client.get(row["late"]).context["cl"].result_count == row["line"].late


def test_a_report_of_nothing_and_of_nothing_late_is_a_page_too(client: Any, cast: Any) -> None:
    client.force_login(cast.staff)
    assert client.get(reverse(URL)).status_code == 200
    finished(cast, 1, since=NOW - 24 * HOUR)
    asked = {"since": "2026-11-01", "until": "2026-12-31", "by": "week"}
    assert ">1.0<" in client.get(reverse(URL), asked).content.decode()


def test_the_file_holds_what_the_page_shows_and_no_formula(client: Any, cast: Any) -> None:
    cast.teacher.name = "=SUM(A1)"
    cast.teacher.save()
    finished(cast, 1, 50.5)
    client.force_login(cast.staff)
    asked = {"since": "2026-11-01", "until": "2026-12-31", "by": "teacher", "format": "csv"}
    sent = client.get(reverse(URL), asked)
    assert sent["Content-Disposition"] == 'attachment; filename="promises-teacher-2026-11-01-2026-12-31.csv"'
    rows = list(csv.DictReader(io.StringIO(sent.content.decode())))
    assert rows[0] == {
        "teacher": "'=SUM(A1)", "finished": "2", "in_time": "1", "late": "1", "share_in_time": "0.5000",
        "given_back": "2", "median_hours": "1.00", "p95_hours": "50.50", "median_hours_late": "2.50", "pauses": "0",
    }  # fmt: skip
    assert rows[1]["teacher"] == "All"


@pytest.mark.parametrize("asked", [{"since": "2026-12-01", "until": "2026-11-01"}, {"by": "moon"}, {"since": "x"}])
def test_a_report_that_makes_no_sense_is_asked_again(client: Any, cast: Any, asked: dict[str, str]) -> None:
    client.force_login(cast.staff)
    assert client.get(reverse(URL), asked).status_code == 422


@pytest.mark.parametrize("who", ["student", "teacher", "guardian"])
def test_the_report_is_the_office_s(client: Any, cast: Any, who: str) -> None:
    client.force_login(cast.people[who])
    assert client.get(reverse(URL)).status_code == 302
