"""The facts that webhooks tell: each once, with ids, marks as text and addresses that lead somewhere, and no names."""

import json
from datetime import timedelta
from urllib.parse import urlsplit

import pytest
from django.urls import resolve

from assessments.models import Attempt
from assessments.services.attempts import start_attempt, submit_attempt
from assessments.services.rehearsals import start_rehearsal
from assessments.services.webhook_data import marks_text
from evaluations.enums import EvaluationState
from evaluations.models import Evaluation
from evaluations.services.breaches import scan_breaches
from evaluations.services.finishing import finalise_evaluation, release_evaluation, reopen_evaluation
from evaluations.tests import builders
from notifications.models import WebhookEvent
from notifications.tests.webhooks import endpoint_of
from tests.factories import NOW

DAY = timedelta(days=1)


@pytest.fixture
def endpoint(cast):
    return endpoint_of(cast.staff)


def events(kind):
    return list(WebhookEvent.objects.filter(type=kind).order_by("id"))


def paths_of(data):
    """The names of the routes that addresses in the data lead to."""
    found = [value for part in data.values() for key, value in part.items() if key.endswith("url")]
    return sorted(resolve(urlsplit(url).path).url_name for url in found)


def assert_no_person_in(event, cast):
    text = json.dumps(event.data)
    for person in cast.people.values():
        assert person.name not in text
        assert person.email not in text


def test_submitted_attempt_is_told_once(endpoint, cast):
    attempt = start_attempt(exam=cast.exam, student=cast.student, now=NOW)
    for _ in range(2):
        submit_attempt(attempt=attempt, actor=cast.student, now=NOW + timedelta(minutes=5))
    (event,) = events("attempt.submitted")
    attempt.refresh_from_db()
    assert event.data["attempt"]["id"] == str(attempt.pk)
    assert event.data["attempt"]["objective_marks"] == marks_text(attempt.objective_marks)
    assert event.data["exam"] == {"id": str(cast.exam.pk), "title": cast.exam.title}
    assert event.data["student"] == {"id": str(cast.student.pk)}
    assert paths_of(event.data) == ["api-attempt"]
    assert_no_person_in(event, cast)


def test_rehearsal_is_not_told(endpoint, cast):
    rehearsal = start_rehearsal(exam=cast.exam, actor=cast.teacher, now=NOW)
    attempt = rehearsal if isinstance(rehearsal, Attempt) else rehearsal.attempt
    submit_attempt(attempt=attempt, actor=cast.teacher, now=NOW + timedelta(minutes=5))
    assert not WebhookEvent.objects.exists()


def marked(cast):
    evaluation = builders.marking(cast.exam, cast.student, cast.teacher)
    builders.declare_not_attempted(evaluation.attempt, 4)
    return evaluation


def test_each_release_is_told_and_a_correction_is_another(endpoint, cast):
    evaluation = Evaluation.objects.get(pk=marked(cast).pk)
    Evaluation.objects.filter(pk=evaluation.pk).update(
        state=EvaluationState.FINALISED, total_marks=9.5, written_marks=6
    )
    release_evaluation(evaluation=evaluation, actor=cast.staff, now=NOW)
    (first,) = events("evaluation.released")
    assert first.data["evaluation"]["total_marks"] == "9.50"
    assert paths_of(first.data) == ["api-attempt", "api-attempt-result"]
    assert_no_person_in(first, cast)
    reopen_evaluation(evaluation=evaluation, actor=cast.staff, reason="A page was not seen", now=NOW + DAY)
    Evaluation.objects.filter(pk=evaluation.pk).update(state=EvaluationState.FINALISED, total_marks=10)
    release_evaluation(evaluation=evaluation, actor=cast.staff, now=NOW + DAY)
    assert [event.data["evaluation"]["total_marks"] for event in events("evaluation.released")] == ["9.50", "10.00"]


def test_missed_promise_is_told_once(endpoint, cast):
    evaluation = marked(cast)
    for _ in range(2):
        scan_breaches(now=evaluation.due_at + DAY)
    (event,) = events("sla.breached")
    told = event.data["evaluation"]
    assert (told["id"], told["teacher"]) == (str(evaluation.pk), str(cast.teacher.pk))
    assert told["policy"] == evaluation.policy.slug
    assert paths_of(event.data) == ["api-attempt", "api-evaluation-detail"]
    assert_no_person_in(event, cast)


def test_refused_finish_tells_nothing(endpoint, cast):
    evaluation = builders.marking(cast.exam, cast.student, cast.teacher)
    with pytest.raises(Exception, match="mark"):
        finalise_evaluation(evaluation=evaluation, actor=cast.teacher, now=NOW)
    assert events("evaluation.released") == []
