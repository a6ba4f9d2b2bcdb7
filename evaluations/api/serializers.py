"""What the evaluation endpoints take and give. Marks are decimal strings in halves; times are UTC."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from assessments.enums import RevealItem
from common.storage import sheet_storage
from evaluations.enums import AnnotationKind, EvaluationState, FileState, PictureReason, PictureState
from evaluations.selectors import Result
from evaluations.services.annotations import AnnotationInput
from evaluations.services.totals import plain

Base = serializers.Serializer


@extend_schema_field(OpenApiTypes.STR)
class MarksOut(serializers.Field[Decimal, Any, str, Decimal]):
    """Marks as people write them: "2", "0.5"."""

    def to_representation(self, value: Decimal) -> str:
        return plain(value)


@extend_schema_field(OpenApiTypes.STR)
class StoredFile(serializers.Field[str, Any, str, str]):
    """A storage key as an absolute address that works for some minutes; empty while the file is being made."""

    def to_representation(self, value: str) -> str:
        if not value:
            return ""
        url = sheet_storage().signed_url(value)
        request = self.context.get("request")
        return str(request.build_absolute_uri(url)) if request else url


class StateQuery(Base[Any]):
    state = serializers.ChoiceField(choices=EvaluationState.choices, required=False)


class EvaluationOut(Base[Any]):
    id = serializers.UUIDField()
    attempt = serializers.UUIDField(source="attempt_id")
    state = serializers.ChoiceField(choices=EvaluationState.choices, source="told_state")
    due_at = serializers.DateTimeField()
    teacher = serializers.UUIDField(source="teacher_id", allow_null=True)


class FinishedOut(EvaluationOut):
    written_marks = MarksOut()
    total_marks = MarksOut()
    max_marks = MarksOut()
    finalised_at = serializers.DateTimeField()
    released_at = serializers.DateTimeField(allow_null=True)


class AnnotationOut(Base[Any]):
    id = serializers.UUIDField()
    page = serializers.UUIDField()
    question = serializers.UUIDField(allow_null=True)
    step = serializers.UUIDField(allow_null=True)
    kind = serializers.ChoiceField(choices=AnnotationKind.choices)
    geometry = serializers.JSONField()
    text = serializers.CharField()
    shown = serializers.CharField(help_text="The text with its formulas as plain characters; empty where it has none.")
    marks = serializers.CharField()
    version = serializers.IntegerField()
    deleted = serializers.BooleanField()


class AnnotationIn(Base[Any]):
    id = serializers.UUIDField()
    page = serializers.UUIDField()
    kind = serializers.ChoiceField(choices=AnnotationKind.choices)
    geometry = serializers.DictField(required=False, default=dict)
    text = serializers.CharField(max_length=1000, allow_blank=True, default="", trim_whitespace=False)
    question = serializers.UUIDField(allow_null=True, default=None)
    step = serializers.UUIDField(allow_null=True, default=None)
    marks = serializers.CharField(max_length=8, allow_blank=True, default="")
    version = serializers.IntegerField(min_value=0, max_value=2_000_000_000, default=0)
    deleted = serializers.BooleanField(default=False)


class AnnotationsIn(Base[Any]):
    annotations = serializers.ListField(child=AnnotationIn(), max_length=500)

    def items(self) -> list[AnnotationInput]:
        return [AnnotationInput(**item) for item in self.validated_data["annotations"]]


class AnnotationsOut(Base[Any]):
    annotations = AnnotationOut(many=True)


class MarkIn(Base[Any]):
    version = serializers.IntegerField(min_value=0, max_value=2_000_000_000)
    steps = serializers.DictField(
        child=serializers.DecimalField(max_digits=6, decimal_places=2), required=False, default=dict
    )
    comment = serializers.CharField(max_length=1000, allow_blank=True, default="", trim_whitespace=False)
    free_marks = serializers.DecimalField(max_digits=6, decimal_places=2, allow_null=True, default=None)
    scheme = serializers.IntegerField(
        min_value=0,
        max_value=32_000,
        allow_null=True,
        default=None,
        help_text="Number of the marking scheme that the marker saw; left out: the one of now.",
    )


class MarkOut(Base[Any]):
    version = serializers.IntegerField()
    marks = MarksOut()
    total = MarksOut(help_text="Of the whole written part, the better alternatives counted.")


class StepOut(Base[Any]):
    id = serializers.UUIDField()
    position = serializers.IntegerField()
    method = serializers.IntegerField(help_text="Of several complete solutions the better one counts.")
    number = serializers.IntegerField(help_text="Within its method.")
    part = serializers.CharField()
    alternative = serializers.CharField()
    kind = serializers.CharField()
    html = serializers.CharField()
    marks = MarksOut()
    follows = serializers.ListField(
        child=serializers.IntegerField(),
        help_text="Numbers of the steps, in the same method, whose value this one builds on.",
    )


class CurrentMarkOut(Base[Any]):
    version = serializers.IntegerField()
    steps = serializers.DictField(child=serializers.CharField())
    marks = MarksOut()
    comment = serializers.CharField()


class PageOut(Base[Any]):
    id = serializers.UUIDField()
    number = serializers.IntegerField()
    image = StoredFile(source="screen_key")
    thumbnail = StoredFile(source="thumb_key")
    width = serializers.IntegerField()
    height = serializers.IntegerField()
    state = serializers.CharField()
    advice = serializers.ListField(child=serializers.CharField())
    questions = serializers.ListField(child=serializers.IntegerField())
    annotations = AnnotationOut(many=True)


class DeskQuestionOut(Base[Any]):
    id = serializers.UUIDField()
    section = serializers.CharField()
    number = serializers.IntegerField()
    alternative = serializers.CharField()
    type = serializers.CharField()
    marks = MarksOut()
    text = serializers.CharField(source="html")
    parts = serializers.ListField(child=serializers.DictField())
    model_answer = serializers.CharField(source="model_answer_html")
    steps = StepOut(many=True)
    method_titles = serializers.ListField(child=serializers.CharField(allow_blank=True))
    mark = CurrentMarkOut(allow_null=True)
    mark_version = serializers.IntegerField(
        help_text="What the next change goes on from; above 0 without a mark where it was withdrawn."
    )
    not_attempted = serializers.BooleanField()
    pages = serializers.ListField(child=serializers.UUIDField())


class RegionIn(Base[Any]):
    x = serializers.FloatField()
    y = serializers.FloatField()
    w = serializers.FloatField()
    h = serializers.FloatField()


class PictureIn(Base[Any]):
    page = serializers.UUIDField()
    region = RegionIn(allow_null=True, default=None, help_text="In 0–1 of the page; null: all of it.")
    reason = serializers.ChoiceField(choices=PictureReason.choices)
    words = serializers.CharField(
        max_length=300, allow_blank=True, default="", help_text="Needed with the reason “other”."
    )


class PictureOut(Base[Any]):
    """A request for a clearer picture of one page, which stands beside the page and never in its place."""

    id = serializers.UUIDField()
    page = serializers.UUIDField()
    region = serializers.DictField(child=serializers.FloatField(), allow_null=True)
    reason = serializers.ChoiceField(choices=PictureReason.choices)
    words = serializers.CharField()
    state = serializers.ChoiceField(choices=PictureState.choices)
    asked_at = serializers.DateTimeField()
    answer_by = serializers.DateTimeField()
    closed_at = serializers.DateTimeField(allow_null=True)


class DeskPictureOut(PictureOut):
    """With the new picture, for whoever marks."""

    image = StoredFile(source="screen_key")
    thumbnail = StoredFile(source="thumb_key")
    width = serializers.IntegerField()
    height = serializers.IntegerField()
    image_state = serializers.CharField(source="answer_state", help_text="Empty until a picture came.")


class PictureAnnounceIn(Base[Any]):
    client_id = serializers.UUIDField(help_text="Chosen by the device; makes the call repeatable.")
    sha256 = serializers.RegexField(r"^[0-9a-f]{64}\Z", help_text="Of the file, 64 hexadecimal digits.")
    size = serializers.IntegerField(min_value=0, max_value=2_000_000_000, help_text="Bytes, at most 15 MB.")
    content_type = serializers.CharField(max_length=100)


class PictureTargetOut(Base[Any]):
    method = serializers.CharField()
    url = serializers.CharField()
    fields = serializers.DictField(child=serializers.CharField())  # type: ignore[assignment]


class PictureReceiptOut(Base[Any]):
    client_id = serializers.UUIDField()
    sha256 = serializers.CharField()
    size = serializers.IntegerField()
    verified_at = serializers.DateTimeField(allow_null=True)


class PictureAnnouncedOut(Base[Any]):
    upload = PictureTargetOut(allow_null=True)
    receipt = PictureReceiptOut(allow_null=True)


class DeskOut(Base[Any]):
    """Everything needed to mark one paper. `student` is empty where the exam hides names."""

    id = serializers.UUIDField(source="evaluation.pk")
    attempt = serializers.UUIDField(source="evaluation.attempt_id")
    state = serializers.CharField(source="evaluation.told_state")
    due_at = serializers.DateTimeField(source="evaluation.due_at")
    teacher = serializers.UUIDField(source="evaluation.teacher_id", allow_null=True)
    lease_until = serializers.DateTimeField(source="evaluation.lease_until", allow_null=True)
    exam = serializers.CharField(source="exam_title")
    paper = serializers.CharField(source="paper_title")
    student = serializers.CharField(source="student_name")
    total = MarksOut(source="progress.total")
    max_marks = MarksOut(source="written_max")
    unmarked = serializers.ListField(child=serializers.IntegerField(), source="progress.missing")
    pages = PageOut(many=True)
    questions = DeskQuestionOut(many=True)
    pictures = DeskPictureOut(many=True, help_text="Clearer pictures that were asked for.")
    paused_at = serializers.DateTimeField(
        source="evaluation.paused_at", allow_null=True, help_text="Since when the promise waits for the student."
    )


class MarkedPaperOut(Base[Any]):
    """The marked paper as PDF. "none": it has to be asked for first, with POST; "waiting": it is being prepared."""

    state = serializers.ChoiceField(choices=["none", *FileState.values])
    url = StoredFile(source="row.storage_key", default="", help_text="Works for a few minutes; empty before the first.")
    size = serializers.IntegerField(source="row.size", default=0, help_text="Bytes.")
    pages = serializers.IntegerField(source="row.pages", default=0)
    made_at = serializers.DateTimeField(source="row.made_at", allow_null=True, default=None)


class ResultStepOut(Base[Any]):
    id = serializers.UUIDField(source="step.id")
    method = serializers.IntegerField(source="step.method")
    part = serializers.CharField(source="step.part")
    alternative = serializers.CharField(source="step.alternative")
    html = serializers.CharField(source="step.html")
    marks = MarksOut(source="step.marks")
    awarded = MarksOut(allow_null=True)


class ResultMethodOut(Base[Any]):
    """A complete solution of the marking scheme; `marks` is null where marks are not shown."""

    number = serializers.IntegerField()
    title = serializers.CharField()
    marks = MarksOut(allow_null=True)
    counts = serializers.BooleanField(help_text="Whether the question's marks are this method's.")


class ScoredPartOut(Base[Any]):
    """One blank or one pair; `credit` is the share of its marks that the answer earned, from 0 to 1."""

    label = serializers.CharField()  # type: ignore[assignment] # the field's name hides Field.label, as DRF allows
    is_correct = serializers.BooleanField()
    credit = serializers.FloatField()


class ResultTryOut(Base[Any]):
    number = serializers.IntegerField()
    outcome = serializers.ChoiceField(choices=["right", "partly", "wrong", "unknown"])


class ResultQuestionOut(Base[Any]):
    id = serializers.UUIDField()
    section = serializers.CharField()
    number = serializers.IntegerField()
    alternative = serializers.CharField()
    type = serializers.CharField()
    is_written = serializers.BooleanField()
    marks = MarksOut()
    awarded = MarksOut(allow_null=True)
    counts = serializers.BooleanField()
    text = serializers.CharField(source="html")
    options = serializers.ListField(child=serializers.DictField())
    parts = serializers.ListField(child=serializers.DictField())
    answer = serializers.DictField()
    scored = ScoredPartOut(many=True)
    is_correct = serializers.BooleanField(allow_null=True)
    key = serializers.DictField()
    grading = serializers.CharField(help_text="“partial” where parts of the key earn parts of the marks, or empty.")
    explanation = serializers.CharField(source="explanation_html")
    model_answer = serializers.CharField(source="model_answer_html")
    steps = ResultStepOut(many=True)
    methods = ResultMethodOut(many=True)
    comment = serializers.CharField()
    pages = serializers.ListField(child=serializers.UUIDField())
    tries = ResultTryOut(many=True)
    certainty = serializers.IntegerField(
        allow_null=True, help_text="1 to 3, where the exam asks; 1 where none is said."
    )


class ResultOut(Base[Any]):
    """`ready` false: the paper is not back yet; then marks are null and the lists are empty.

    `shown`: what the exam shows of a result by now. What is not in it is null or empty, and `notes` says in sentences
    when it comes.
    """

    attempt = serializers.UUIDField(source="attempt.pk")
    evaluation = serializers.UUIDField(source="evaluation.pk", allow_null=True, default=None)
    state = serializers.CharField()
    ready = serializers.BooleanField(source="is_ready")
    shown = serializers.SerializerMethodField()
    notes = serializers.ListField(child=serializers.CharField())
    due_at = serializers.DateTimeField(allow_null=True)
    released_at = serializers.DateTimeField(allow_null=True)
    objective_marks = MarksOut(allow_null=True)
    objective_max = MarksOut(allow_null=True)
    written_marks = MarksOut(allow_null=True)
    written_max = MarksOut()
    late_marks = MarksOut(allow_null=True, help_text="Taken off a project that was handed in late.")
    total_marks = MarksOut(allow_null=True)
    max_marks = MarksOut()
    questions = ResultQuestionOut(many=True)
    pages = PageOut(many=True)

    @extend_schema_field(serializers.ListField(child=serializers.ChoiceField(choices=RevealItem.choices)))
    def get_shown(self, result: Result) -> list[str]:
        return [item.value for item in RevealItem if item in result.shown]
