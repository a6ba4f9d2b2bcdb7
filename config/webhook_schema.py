"""The shapes of outgoing webhooks for the API's schema; `docs/webhooks.md` says the same to people.

What is sent is built in `services/webhook_data` of each app; a test holds one against the other.
"""

from typing import Any

from drf_spectacular.utils import OpenApiResponse, OpenApiWebhook, extend_schema
from rest_framework import serializers

from assessments.enums import AttemptState, SubmitReason
from courses.enums import EnrolmentSource, EnrolmentState
from evaluations.enums import EvaluationState

HEADERS = {
    "webhook-id": "The same whenever the same event is sent: do nothing twice.",
    "webhook-timestamp": "Seconds since 1970, in UTC; refuse what is more than five minutes off.",
    "webhook-signature": "`v1,` and base64 of HMAC-SHA256 over id, timestamp and body, full stops between; during a "
    "rotation two of them, separated by a space (Standard Webhooks).",
}


OVER = [(state.value, state.label) for state in (AttemptState.SUBMITTED, AttemptState.HANDED_IN)]


def _marks(**options: Any) -> serializers.DecimalField:
    return serializers.DecimalField(max_digits=6, decimal_places=2, **options)


class EventExam(serializers.Serializer[Any]):
    id = serializers.UUIDField()
    title = serializers.CharField()


class EventStudent(serializers.Serializer[Any]):
    id = serializers.UUIDField()


class EventAttempt(serializers.Serializer[Any]):
    id = serializers.UUIDField()
    url = serializers.URLField(help_text="The attempt in the API.")


class SubmittedAttempt(EventAttempt):
    state = serializers.ChoiceField(choices=OVER, help_text="`submitted`: sheets are still to come.")
    submitted_at = serializers.DateTimeField()
    submit_reason = serializers.ChoiceField(choices=SubmitReason.choices)
    objective_marks = _marks(allow_null=True, help_text="Of what the computer marks.")
    objective_max = _marks()


class ReleasedEvaluation(serializers.Serializer[Any]):
    id = serializers.UUIDField()
    result_url = serializers.URLField(help_text="The result in the API.")
    total_marks = _marks(allow_null=True)
    written_marks = _marks(allow_null=True)
    max_marks = _marks()
    due_at = serializers.DateTimeField(help_text="What was promised.")
    released_at = serializers.DateTimeField()


class BreachedEvaluation(serializers.Serializer[Any]):
    id = serializers.UUIDField()
    url = serializers.URLField(help_text="The evaluation in the API.")
    state = serializers.ChoiceField(choices=EvaluationState.choices)
    due_at = serializers.DateTimeField()
    policy = serializers.CharField()
    teacher = serializers.UUIDField(allow_null=True, help_text="Who has it.")


class SubmittedData(serializers.Serializer[Any]):
    exam = EventExam()
    student = EventStudent()
    attempt = SubmittedAttempt()


class ReleasedData(serializers.Serializer[Any]):
    exam = EventExam()
    student = EventStudent()
    attempt = EventAttempt()
    evaluation = ReleasedEvaluation()


class BreachedData(serializers.Serializer[Any]):
    exam = EventExam()
    student = EventStudent()
    attempt = EventAttempt()
    evaluation = BreachedEvaluation()


class EventCourse(serializers.Serializer[Any]):
    id = serializers.UUIDField()
    title = serializers.CharField()


class EventEnrolment(serializers.Serializer[Any]):
    id = serializers.UUIDField()
    url = serializers.URLField(help_text="The enrolment in the API.")
    state = serializers.ChoiceField(choices=EnrolmentState.choices)
    source = serializers.ChoiceField(choices=EnrolmentSource.choices)  # type: ignore[assignment] # not DRF's own
    completed_at = serializers.DateTimeField(allow_null=True)


class EnrolmentData(serializers.Serializer[Any]):
    course = EventCourse()
    student = EventStudent()
    enrolment = EventEnrolment()


class PingData(serializers.Serializer[Any]):
    endpoint = serializers.CharField(help_text="The webhook's name.")


def _webhook(kind: str, data: type[serializers.Serializer[Any]], summary: str) -> OpenApiWebhook:
    name = "".join(part.title() for part in kind.split("."))
    fields = {
        "type": serializers.ChoiceField(choices=[kind]),
        "timestamp": serializers.DateTimeField(help_text="When it happened."),
        "data": data(),
    }
    event = type(f"{name}Event", (serializers.Serializer,), fields)
    answer = OpenApiResponse(description="Any 2xx within ten seconds. 410 switches the webhook off.")
    return OpenApiWebhook(
        name=kind,
        decorator=extend_schema(request=event, responses={"2XX": answer}, summary=summary, tags=["webhooks"]),
    )


WEBHOOKS = [
    _webhook("attempt.submitted", SubmittedData, "Writing is over; once more when an outage opened it again."),
    _webhook("evaluation.released", ReleasedData, "A marked paper went back; once more after a correction."),
    _webhook("sla.breached", BreachedData, "A promise was missed; once per paper."),
    _webhook("enrolment.created", EnrolmentData, "Somebody came into a course, or onto its waiting list; again too."),
    _webhook("enrolment.completed", EnrolmentData, "Somebody completed a course; once."),
    _webhook("ping", PingData, "A test."),
]


def add_headers(result: dict[str, Any], generator: Any, request: Any, public: bool) -> dict[str, Any]:
    """The headers with which every webhook comes."""
    for methods in result.get("webhooks", {}).values():
        methods["post"]["parameters"] = [
            {"in": "header", "name": name, "required": True, "schema": {"type": "string"}, "description": text}
            for name, text in HEADERS.items()
        ]
    return result
