from django.db import models
from django.utils.translation import gettext_lazy as _


class QuestionType(models.TextChoices):
    SINGLE_CHOICE = "single_choice", _("Single choice")
    MULTIPLE_CHOICE = "multiple_choice", _("Multiple choice")
    ASSERTION_REASON = "assertion_reason", _("Assertion–reason")
    NUMERIC = "numeric", _("Numeric")
    VERY_SHORT_ANSWER = "very_short_answer", _("Very short answer")
    SHORT_ANSWER = "short_answer", _("Short answer")
    LONG_ANSWER = "long_answer", _("Long answer")
    CASE_STUDY = "case_study", _("Case study")


CHOICE_TYPES = frozenset({QuestionType.SINGLE_CHOICE, QuestionType.MULTIPLE_CHOICE, QuestionType.ASSERTION_REASON})
OBJECTIVE_TYPES = CHOICE_TYPES | {QuestionType.NUMERIC}
WRITTEN_TYPES = frozenset(set(QuestionType) - OBJECTIVE_TYPES)


class QuestionState(models.TextChoices):
    DRAFT = "draft", _("Draft")
    IN_REVIEW = "in_review", _("In review")
    ACTIVE = "active", _("Active")
    RETIRED = "retired", _("Retired")


class CognitiveLevel(models.TextChoices):
    REMEMBER = "remember", _("Remember")
    UNDERSTAND = "understand", _("Understand")
    APPLY = "apply", _("Apply")
    ANALYSE = "analyse", _("Analyse")
    EVALUATE = "evaluate", _("Evaluate")
    CREATE = "create", _("Create")


class StepKind(models.TextChoices):
    METHOD = "method", _("Method")
    ACCURACY = "accuracy", _("Accuracy")
    INDEPENDENT = "independent", _("Independent")


class ExamKind(models.TextChoices):
    BOARD_PAPER = "board_paper", _("Board paper")
    SECTION_PRACTICE = "section_practice", _("Section practice")
    UNIT_PRACTICE = "unit_practice", _("Unit practice")
    CUSTOM = "custom", _("Custom")


class ReleasePolicy(models.TextChoices):
    WHEN_MARKED = "when_marked", _("As soon as marked")
    BY_STAFF = "by_staff", _("When staff release it")


class AttemptState(models.TextChoices):
    IN_PROGRESS = "in_progress", _("In progress")
    SUBMITTED = "submitted", _("Submitted, sheets open")
    HANDED_IN = "handed_in", _("Handed in")
    CANCELLED = "cancelled", _("Cancelled")


class SubmitReason(models.TextChoices):
    STUDENT = "student", _("By the student")
    TIME_UP = "time_up", _("Time was up")


class UploadState(models.TextChoices):
    INTENDED = "intended", _("Announced")
    VERIFIED = "verified", _("Received and verified")
    REFUSED = "refused", _("Refused")
    REMOVED = "removed", _("Taken out by the student")


class PageState(models.TextChoices):
    WAITING = "waiting", _("Being prepared")
    READY = "ready", _("Ready")
    FAILED = "failed", _("Could not be prepared")
