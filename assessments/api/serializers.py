"""What comes in and goes out of the API of exams, attempts and sheets."""

from functools import cached_property
from typing import Any

from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from assessments.enums import (
    TOLD_EVENTS,
    AttemptState,
    Behaviour,
    Calculator,
    DeviceBrowser,
    DeviceForm,
    DeviceSystem,
    QuestionType,
    RevealItem,
)
from assessments.models import Attempt, Exam
from assessments.selectors.accommodations import Terms
from assessments.selectors.attempts import paper_for_attempt, responses_of
from assessments.selectors.quizzes import MOST_STARS, quiz_result
from assessments.selectors.reveal import Shown, shown_of
from assessments.services.judging import rules_of
from assessments.services.standing import Standing, standings
from assessments.services.time_bounds import MOST_SECONDS
from common.api import StrictSerializer

# PostgreSQL's bigint; a larger number would be an error of the database, not of the request.
MAX_BIGINT = 2**63 - 1
# A hundred years in milliseconds: clocks of devices can be that wrong.
MAX_SPELL = 100 * 366 * 24 * 3600 * 1000


class WholeNumberField(serializers.IntegerField):
    """A JSON whole number; "7", 7.0 and true are mistakes of the sender."""

    def to_internal_value(self, data: Any) -> int:
        if isinstance(data, bool) or not isinstance(data, int):
            raise serializers.ValidationError(_("A whole number is needed."), code="invalid")
        return data


# --- In --------------------------------------------------------------------------------------------------------------
class SaveResponseIn(StrictSerializer):
    """`answer`, by type: {"choices": ["B"]} (true or false: ["true"]) | {"value": "3.5"} (a number or an expression)
    | {"text": "…"} | {"blanks": {"1": "…"}} | {"pairs": {"1": "B"}} | {"order": ["C", "A", "B"]} | {"on_paper": true} |
    {} to clear it."""

    seq = WholeNumberField(min_value=1, max_value=MAX_BIGINT, help_text="Grows with every save; the highest wins.")
    answer = serializers.DictField(required=False, allow_null=True)
    marked_for_review = serializers.BooleanField(required=False, allow_null=True)
    certainty = WholeNumberField(
        min_value=1,
        max_value=3,
        required=False,
        allow_null=True,
        help_text="1 not sure, 2 fairly sure, 3 certain; only where the exam's behaviour is “certainty”.",
    )
    seconds = WholeNumberField(
        min_value=0,
        max_value=MOST_SECONDS,
        required=False,
        allow_null=True,
        help_text="How long the question has been in view in all, while its student was active. The largest number "
        "that was told holds, up to the time that the attempt has run.",
    )
    device = serializers.UUIDField(
        required=False, allow_null=True, help_text="Chosen by the device once, for the flight record of the attempt."
    )


class FlightEventIn(StrictSerializer):
    """One thing that the device noticed. `opened` first, when the page was opened, with what the device is; spells
    (`offline`, `closed`, `hidden`, `unfocused`) when they end, with how long they lasted."""

    number = WholeNumberField(
        min_value=1, max_value=MAX_BIGINT, help_text="Grows with every event of the device; makes telling repeatable."
    )
    kind = serializers.ChoiceField(choices=sorted(TOLD_EVENTS))
    began_at = serializers.DateTimeField(
        help_text="By the server's clock: its last `server_now` and the device's monotonic timer since then."
    )
    ms = WholeNumberField(
        min_value=0, max_value=MAX_SPELL, required=False, help_text="How long a spell lasted, by the monotonic timer."
    )
    question = serializers.UUIDField(required=False, help_text="Where something was pasted.")
    characters = WholeNumberField(min_value=0, max_value=10**9, required=False, help_text="Pasted; never the text.")
    skew_ms = WholeNumberField(
        min_value=-MAX_SPELL, max_value=MAX_SPELL, required=False, help_text="The device's own clock less the server's."
    )
    form = serializers.ChoiceField(choices=DeviceForm.choices, required=False)
    system = serializers.ChoiceField(choices=DeviceSystem.choices, required=False)
    browser = serializers.ChoiceField(choices=DeviceBrowser.choices, required=False)


class FlightEventsIn(StrictSerializer):
    device = serializers.UUIDField(help_text="Chosen by the device once and kept.")
    events = serializers.ListField(child=FlightEventIn(), allow_empty=False, max_length=100)

    def validate_events(self, events: list[dict[str, Any]]) -> list[dict[str, Any]]:
        """What a kind has beside its time becomes its data."""
        columns = ("number", "kind", "began_at", "ms", "question")
        return [
            {name: event[name] for name in columns if name in event}
            | {"data": {name: value for name, value in event.items() if name not in columns}}
            for event in events
        ]


class TimesIn(StrictSerializer):
    seconds = serializers.DictField(
        child=WholeNumberField(min_value=0, max_value=MOST_SECONDS),
        help_text="By question id, as in a save; also of questions that were seen and not answered.",
    )

    def validate_seconds(self, seconds: dict[str, int]) -> dict[str, int]:
        if len(seconds) > 999:
            raise serializers.ValidationError(_("These are more questions than a paper has."))
        key = serializers.UUIDField()
        return {str(key.run_validation(question)): value for question, value in seconds.items()}


class CheckResponseIn(StrictSerializer):
    """`answer` as in a save; it is saved and judged."""

    seq = WholeNumberField(min_value=1, max_value=MAX_BIGINT, help_text="Grows with every save and check.")
    answer = serializers.DictField()


class AnnounceSheetIn(StrictSerializer):
    client_id = serializers.UUIDField(help_text="Chosen by the device; makes the call repeatable.")
    page_number = WholeNumberField(min_value=1, max_value=60)
    sha256 = serializers.RegexField(r"^[0-9a-f]{64}\Z", help_text="Of the file, 64 hexadecimal digits.")
    size = WholeNumberField(min_value=0, max_value=MAX_BIGINT, help_text="Bytes, at most 15 MB.")
    content_type = serializers.CharField(max_length=100)


class ConfirmSheetsIn(StrictSerializer):
    pages = serializers.DictField(
        child=serializers.ListField(child=WholeNumberField(min_value=1, max_value=999), max_length=999),
        help_text="Question numbers by client_id (or by page id, for single pages of a PDF); an empty list: no tag.",
    )
    not_attempted = serializers.ListField(
        child=WholeNumberField(min_value=1, max_value=999), max_length=999, required=False, default=list
    )

    def validate_pages(self, pages: dict[str, list[int]]) -> dict[Any, list[int]]:
        key = serializers.UUIDField()
        return {key.run_validation(client_id): numbers for client_id, numbers in pages.items()}


# --- Out -------------------------------------------------------------------------------------------------------------
class BestOut(serializers.Serializer[Any]):
    marks = serializers.DecimalField(max_digits=6, decimal_places=2)
    percent = serializers.IntegerField(help_text="Rounded down.")
    stars = serializers.IntegerField(min_value=1, max_value=MOST_STARS)
    passed = serializers.BooleanField()


class ExamOut(serializers.ModelSerializer[Exam]):
    """The window and the minutes for writing are those of the signed-in person, who may be granted their own."""

    programme = serializers.CharField(source="programme.slug")
    total_marks = serializers.SerializerMethodField()
    # Named here because the model's would describe the range of the database in use.
    duration_minutes = serializers.IntegerField()
    upload_grace_minutes = serializers.IntegerField()
    max_attempts = serializers.IntegerField(allow_null=True, help_text="Null: as often as they like.")
    chapter = serializers.UUIDField(source="chapter_id", allow_null=True, help_text="Of a quiz.")
    pass_percent = serializers.IntegerField(help_text="Of a quiz, and of an exam that a lesson asks to pass.")
    best = serializers.SerializerMethodField()
    attempts_used = serializers.IntegerField()
    latest_attempt = serializers.UUIDField(source="latest_attempt_id", allow_null=True)
    latest_state = serializers.ChoiceField(choices=AttemptState.choices, allow_null=True)
    writing_minutes = serializers.SerializerMethodField()
    opens_at = serializers.SerializerMethodField()
    closes_at = serializers.SerializerMethodField()
    is_open = serializers.SerializerMethodField()

    class Meta:
        model = Exam
        fields = (
            "id", "title", "purpose", "programme", "chapter", "behaviour", "total_marks", "duration_minutes",
            "writing_minutes", "upload_grace_minutes", "opens_at", "closes_at", "is_open", "max_attempts",
            "attempts_used", "latest_attempt", "latest_state", "pass_percent", "best",
        )  # fmt: skip

    def get_total_marks(self, exam: Exam) -> str:
        source = exam.paper or exam.blueprint
        assert source is not None  # exam_blueprint_or_paper
        return str(source.total_marks * Behaviour(exam.behaviour).factor)

    @extend_schema_field(BestOut(allow_null=True))
    def get_best(self, exam: Any) -> dict[str, Any] | None:
        """Of a quiz the best attempt; null without one, and until the quiz shows marks."""
        if not exam.is_quiz or not exam.best_max or exam.pk in self.context["hides_marks"]:
            return None
        result = quiz_result(exam.best_marks, exam.best_max, pass_percent=exam.pass_percent)
        return dict(BestOut(result).data)

    def get_writing_minutes(self, exam: Exam) -> int:
        return self._terms(exam).minutes

    @extend_schema_field(serializers.DateTimeField())
    def get_opens_at(self, exam: Exam) -> str:
        return serializers.DateTimeField().to_representation(self._terms(exam).opens_at)

    @extend_schema_field(serializers.DateTimeField(allow_null=True))
    def get_closes_at(self, exam: Exam) -> str | None:
        closes_at = self._terms(exam).closes_at
        return serializers.DateTimeField().to_representation(closes_at) if closes_at else None

    def get_is_open(self, exam: Exam) -> bool:
        return self._terms(exam).is_open(self.context["now"])

    def _terms(self, exam: Exam) -> Terms:
        terms: Terms = self.context["terms"].of(exam)
        return terms


class LabelledOut(serializers.Serializer[Any]):
    label = serializers.CharField()  # type: ignore[assignment] # the field's name hides Field.label, as DRF allows
    text = serializers.CharField()
    html = serializers.CharField()


class OptionOut(LabelledOut):
    """Answers name the `label`; on the page the option is called by its `letter`."""

    letter = serializers.CharField()


class PartOut(LabelledOut):
    alternative = serializers.CharField()
    marks = serializers.CharField()
    kind = serializers.CharField(help_text="Of a blank: text, number or choice; otherwise empty.")
    choices = serializers.ListField(child=serializers.CharField(), help_text="Of a blank of the kind choice.")


class QuestionOut(serializers.Serializer[Any]):
    id = serializers.UUIDField()
    number = serializers.IntegerField()
    alternative = serializers.CharField()
    type = serializers.ChoiceField(choices=QuestionType.choices)
    marks = serializers.CharField()
    text = serializers.CharField(help_text="Markdown with TeX.")
    html = serializers.CharField()
    options = OptionOut(many=True)
    parts = PartOut(many=True)
    unit = serializers.CharField(help_text="In which a number is wanted; may be empty.")
    grading = serializers.CharField(help_text="“partial” where parts of the key earn parts of the marks, or empty.")
    is_written = serializers.BooleanField()


class SectionOut(serializers.Serializer[Any]):
    label = serializers.CharField()  # type: ignore[assignment] # as above
    title = serializers.CharField()
    instruction = serializers.CharField()
    questions = QuestionOut(many=True)


class PaperOut(serializers.Serializer[Any]):
    id = serializers.UUIDField()
    title = serializers.CharField()
    total_marks = serializers.CharField()
    written_marks = serializers.CharField()
    sections = SectionOut(many=True)


class StoredResponseOut(serializers.Serializer[Any]):
    seq = serializers.IntegerField()
    answer = serializers.DictField()
    marked_for_review = serializers.BooleanField()
    certainty = serializers.IntegerField(allow_null=True)
    seconds = serializers.IntegerField(allow_null=True, help_text="In view; null where nothing measured it.")
    saved_at = serializers.DateTimeField()


class StandingOut(serializers.Serializer[Any]):
    """Where a student stands with a question that was checked. Hints only as far as they are earned."""

    tries = serializers.IntegerField()
    tries_left = serializers.IntegerField()
    outcome = serializers.ChoiceField(
        choices=["right", "partly", "wrong", "unknown"], allow_blank=True, help_text="Of the last try."
    )
    is_closed = serializers.BooleanField(help_text="Finished with: the answer changes no more.")
    marks = serializers.SerializerMethodField(help_text="What counts so far.")
    message = serializers.CharField()
    hints = serializers.ListField(child=serializers.CharField(), help_text="HTML.")
    explanation = serializers.CharField(source="explanation_html", help_text="HTML; empty until it is closed.")

    def get_marks(self, standing: Standing) -> str:
        return f"{standing.marks.normalize():f}"


class AttemptStateOut(serializers.ModelSerializer[Attempt]):
    """Where an attempt stands, without the paper. `objective_marks` is null until the exam shows marks."""

    exam = serializers.UUIDField(source="exam_id")
    server_now = serializers.SerializerMethodField()
    objective_marks = serializers.SerializerMethodField()

    class Meta:
        model = Attempt
        fields = (
            "id", "exam", "state", "started_at", "ends_at", "sheets_due_at", "server_now", "submitted_at",
            "submit_reason", "handed_in_at", "objective_marks", "objective_max",
        )  # fmt: skip

    @extend_schema_field(serializers.DateTimeField())
    def get_server_now(self, attempt: Attempt) -> str:
        return serializers.DateTimeField().to_representation(self.context["now"])

    @extend_schema_field(serializers.DecimalField(max_digits=6, decimal_places=2, allow_null=True))
    def get_objective_marks(self, attempt: Attempt) -> str | None:
        marks = attempt.objective_marks if self._shows(attempt, RevealItem.MARKS) else None
        return None if marks is None else f"{marks:.2f}"

    def _shows(self, attempt: Attempt, item: RevealItem) -> bool:
        """Whether the reader sees `item` of what was written; while it is being written it is the student's own."""
        if attempt.state == AttemptState.IN_PROGRESS:
            return True
        return item in self._shown

    @cached_property
    def _shown(self) -> Shown:
        assert isinstance(self.instance, Attempt)
        return shown_of(self.instance, reader=self.context["reader"], now=self.context["now"])


class AttemptOut(AttemptStateOut):
    """An attempt with its frozen paper, and what is saved and checked so far (by question id).

    Once it is submitted, `responses` and `checks` are empty until the exam shows them.
    """

    behaviour = serializers.ChoiceField(choices=Behaviour.choices, source="exam.behaviour")
    tries = serializers.SerializerMethodField(help_text="How often a question can be checked; 0: not before the end.")
    try_penalty = serializers.SerializerMethodField(help_text="Share of a question's marks that a wrong try costs.")
    calculator = serializers.ChoiceField(choices=Calculator.choices, source="exam.calculator")
    checks = serializers.SerializerMethodField()
    paper = serializers.SerializerMethodField()
    responses = serializers.SerializerMethodField()

    class Meta(AttemptStateOut.Meta):
        fields = (  # type: ignore[assignment]
            *AttemptStateOut.Meta.fields, "behaviour", "tries", "try_penalty", "calculator", "paper", "responses",
            "checks",
        )  # fmt: skip

    def get_tries(self, attempt: Attempt) -> int:
        return rules_of(attempt.exam).most_tries

    def get_try_penalty(self, attempt: Attempt) -> str:
        return str(attempt.exam.try_penalty)

    @extend_schema_field(serializers.DictField(child=StandingOut()))
    def get_checks(self, attempt: Attempt) -> dict[str, Any]:
        told = (RevealItem.CORRECTNESS, RevealItem.MARKS, RevealItem.EXPLANATION)
        if not all(self._shows(attempt, item) for item in told):
            return {}
        told = (RevealItem.CORRECTNESS, RevealItem.MARKS, RevealItem.EXPLANATION)
        if not all(self._shows(attempt, item) for item in told):
            return {}
        return {key: StandingOut(standing).data for key, standing in standings(attempt).items()}

    @extend_schema_field(PaperOut)
    def get_paper(self, attempt: Attempt) -> dict[str, Any]:
        return paper_for_attempt(attempt)

    @extend_schema_field(serializers.DictField(child=StoredResponseOut()))
    def get_responses(self, attempt: Attempt) -> dict[str, Any]:
        if not self._shows(attempt, RevealItem.ANSWERS):
            return {}
        return {key: StoredResponseOut(response).data for key, response in responses_of(attempt).items()}


class SavedResponseOut(serializers.Serializer[Any]):
    """The receipt. `applied` is false when a newer save is stored; `seq` is always the stored one."""

    question = serializers.UUIDField()
    seq = serializers.IntegerField()
    saved_at = serializers.DateTimeField()
    applied = serializers.BooleanField()
    server_now = serializers.DateTimeField()
    ends_at = serializers.DateTimeField()
    writer = serializers.UUIDField(allow_null=True, help_text="The device on which the student writes, as it told.")


class FlightEventsOut(serializers.Serializer[Any]):
    """`confirmed` need not be told again; after `is_full` nothing more is kept of this attempt."""

    confirmed = serializers.ListField(child=serializers.IntegerField())
    is_full = serializers.BooleanField()
    server_now = serializers.DateTimeField()
    ends_at = serializers.DateTimeField()
    writer = serializers.UUIDField(allow_null=True, help_text="As in a receipt; the event `taken` changes it.")
    state = serializers.ChoiceField(choices=AttemptState.choices)


class TimesOut(serializers.Serializer[Any]):
    seconds = serializers.DictField(child=serializers.IntegerField(), help_text="What is stored, by question id.")


class CheckedResponseOut(SavedResponseOut):
    """`applied` is false when a newer save is stored: then nothing was checked."""

    standing = StandingOut()


class UploadTargetOut(serializers.Serializer[Any]):
    """Send a multipart form: every field first, then the file in a part named `file`."""

    method = serializers.CharField()
    url = serializers.CharField()
    fields = serializers.DictField(child=serializers.CharField())  # type: ignore[assignment]


class ReceiptOut(serializers.Serializer[Any]):
    """Only a receipt with `verified_at` counts: until then the device keeps the photo."""

    client_id = serializers.UUIDField()
    page_number = serializers.IntegerField()
    sha256 = serializers.CharField()
    size = serializers.IntegerField()
    content_type = serializers.CharField()
    state = serializers.CharField()
    pages = serializers.SerializerMethodField()
    verified_at = serializers.DateTimeField(allow_null=True)

    def get_pages(self, upload: Any) -> int:
        return int(upload.pages.count())


class AnnouncedOut(serializers.Serializer[Any]):
    """`upload` is null when the file is verified already; `receipt` is null until then."""

    upload = serializers.DictField(allow_null=True)
    receipt = ReceiptOut(allow_null=True)
