"""The question bank in the back office: read, search, and move questions along. Content is written by services only."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext
from unfold.admin import ModelAdmin, TabularInline
from unfold.decorators import action, display

from assessments.enums import QuestionState
from assessments.models import Question, QuestionVersion
from assessments.selectors.bank import bank_list, questions_with_content
from assessments.services.questions import change_question_state
from common.admin import NoWriting, do_for_each
from common.templatetags.ui import gist
from common.templatetags.ui import marks as shown_marks


def question_words(question: Question, version: QuestionVersion | None) -> str:
    """What a list calls a question: its key where it has one, and how its text begins."""
    text = gist(version.text_html, 60) if version else ""
    return ": ".join(filter(None, (question.key, text))) or str(question)


class VersionInline(NoWriting, TabularInline):
    model = QuestionVersion
    fields = ["number", "marks", "difficulty", "cognitive_level", "created_by", "created_at"]
    readonly_fields = fields
    ordering = ["-number"]
    extra = 0

    def get_queryset(self, request: HttpRequest) -> QuerySet[QuestionVersion]:
        versions: QuerySet[QuestionVersion] = super().get_queryset(request)
        return versions.select_related("created_by", "question")


@admin.register(Question)
class QuestionAdmin(NoWriting, ModelAdmin):
    empty_sentence = _("The bank is empty. Teachers write questions and read in files on their pages.")
    list_display = ["words", "shown_state", "type", "marks", "difficulty", "chapter", "author", "verifier"]
    list_filter = [
        "state",
        "type",
        "difficulty",
        ("chapter__unit__programme", admin.RelatedOnlyFieldListFilter),
        ("chapter__unit", admin.RelatedOnlyFieldListFilter),
        ("chapter", admin.RelatedOnlyFieldListFilter),
    ]
    search_fields = ["key", "current__text_source"]
    search_help_text = _("Key or words of the question")
    list_per_page = 50
    show_full_result_count = False
    inlines = [VersionInline]
    actions = ["send_to_review", "activate", "send_back", "retire"]
    fieldsets = [
        (None, {"fields": ["key", "state", "type", "chapter", "topic", "author", "verifier", "created_at"]}),
        (_("Content"), {"fields": ["preview"]}),
    ]
    readonly_fields = ["preview"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Question]:
        one = request.resolver_match is not None and "object_id" in request.resolver_match.kwargs
        return questions_with_content() if one else bank_list().order_by(*self.get_ordering(request) or ["-id"])

    @display(
        description=_("state"),
        ordering="state",
        label={
            QuestionState.ACTIVE.label: "success",
            QuestionState.IN_REVIEW.label: "warning",
            QuestionState.DRAFT.label: "info",
        },
    )
    def shown_state(self, question: Question) -> str:
        return question.get_state_display()

    @display(description=_("question"), ordering="key")
    def words(self, question: Question) -> str:
        return question_words(question, question.current)

    @display(description=_("marks"), ordering="marks")
    def marks(self, question: Question) -> str:
        return shown_marks(question.current.marks) if question.current else ""

    @display(description=_("difficulty"), ordering="difficulty")
    def difficulty(self, question: Question) -> Any:
        return question.current.difficulty if question.current else None

    @display(description=_("as students and markers see it"))
    def preview(self, question: Question) -> str:
        return render_to_string("assessments/admin_question.html", {"version": question.current})

    # Moving a question is decided by the service, per question; reading the list is enough to ask for it.
    @action(description=_("Send to review"), permissions=["view"])
    def send_to_review(self, request: HttpRequest, queryset: QuerySet[Question]) -> None:
        self._move(request, queryset, QuestionState.IN_REVIEW)

    @action(description=_("Activate (I have verified them)"), permissions=["view"])
    def activate(self, request: HttpRequest, queryset: QuerySet[Question]) -> None:
        self._move(request, queryset, QuestionState.ACTIVE)

    @action(description=_("Send back to the author"), permissions=["view"])
    def send_back(self, request: HttpRequest, queryset: QuerySet[Question]) -> None:
        self._move(request, queryset, QuestionState.DRAFT)

    @action(description=_("Retire"), permissions=["view"])
    def retire(self, request: HttpRequest, queryset: QuerySet[Question]) -> None:
        self._move(request, queryset, QuestionState.RETIRED)

    def _move(self, request: HttpRequest, questions: QuerySet[Question], state: QuestionState) -> None:
        """Moves each question; says how many, and for the others why not."""

        def move(question: Question) -> None:
            change_question_state(question=question, state=state, actor=request.user, now=timezone.now())

        done = do_for_each(self, request, questions, move)
        if done:
            text = ngettext("%(n)d question is now: %(state)s.", "%(n)d questions are now: %(state)s.", done)
            self.message_user(request, text % {"n": done, "state": state.label}, messages.SUCCESS)
