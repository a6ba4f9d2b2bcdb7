"""The comments that the institute shares with all who mark a programme, an exam or a question."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext
from unfold.admin import ModelAdmin
from unfold.decorators import display
from unfold.widgets import UnfoldBooleanSwitchWidget

from accounts.services.office import delete_row
from common.errors import DomainError
from evaluations.models import BankComment
from evaluations.selectors.comment_bank import open_uses
from evaluations.services.comment_bank import checked_comment, edit_comment, save_shared, scope_of


class SharedCommentForm(forms.ModelForm):
    with_uses = forms.BooleanField(label=_("Also where it stands"), required=False, widget=UnfoldBooleanSwitchWidget)

    class Meta:
        model = BankComment
        fields = ["text", "programme", "exam", "question"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.before = {} if self.instance._state.adding else scope_of(self.instance)
        places = 0 if self.instance._state.adding else open_uses(self.instance).count()
        self.fields["with_uses"].disabled = not places
        self.fields["with_uses"].help_text = ngettext(
            "It stands on %(n)d place of papers that are not back yet. Papers that are back stay as they are.",
            "It stands on %(n)d places of papers that are not back yet. Papers that are back stay as they are.",
            places,
        ) % {"n": places}

    def clean_text(self) -> str:
        try:
            return checked_comment(self.cleaned_data["text"], comment=self.instance)
        except DomainError as error:
            raise forms.ValidationError(error.message) from error


@admin.register(BankComment)
class SharedCommentAdmin(ModelAdmin):
    form = SharedCommentForm
    fields = ["text", "programme", "exam", "question", "with_uses"]
    list_display = ["text", "place", "uses"]
    list_filter = [("programme", admin.RelatedOnlyFieldListFilter), ("exam", admin.RelatedOnlyFieldListFilter)]
    list_select_related = ["programme", "exam", "question"]
    autocomplete_fields = ["programme", "exam", "question"]
    search_fields = ["text"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[BankComment]:
        rows: QuerySet[BankComment] = super().get_queryset(request)
        return rows.filter(owner__isnull=True)

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """A new one stands nowhere yet."""
        return self.fields if obj else self.fields[:-1]

    def save_model(self, request: HttpRequest, obj: BankComment, form: Any, change: bool) -> None:
        text, now, actor = obj.text, timezone.now(), request.user
        if change:
            obj.text = form.before["text"]
        save_shared(comment=obj, before=form.before, actor=actor, now=now)
        if change and text != obj.text:
            places = edit_comment(
                comment=obj, text=text, with_uses=form.cleaned_data["with_uses"], actor=actor, now=now
            )
            messages.info(request, ngettext("%(n)d place changed.", "%(n)d places changed.", places) % {"n": places})

    def delete_model(self, request: HttpRequest, obj: Any) -> None:
        delete_row(row=obj, actor=request.user, now=timezone.now())

    def delete_queryset(self, request: HttpRequest, queryset: Any) -> None:
        for row in queryset:
            self.delete_model(request, row)

    @display(description=_("for"))
    def place(self, comment: BankComment) -> str:
        return str(comment.programme or comment.exam or comment.question or _("Everything"))
