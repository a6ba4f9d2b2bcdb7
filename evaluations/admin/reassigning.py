"""Papers given to other teachers in bulk: choose, look what would come of it, press once."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.core import signing
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from unfold.admin import ModelAdmin
from unfold.decorators import action
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldAdminTextInputWidget

from accounts.models import User
from accounts.selectors import verified_teachers
from common.errors import DomainError
from evaluations.models import Evaluation
from evaluations.services.bulk_giving import Order, give_in_bulk
from evaluations.services.bulk_plans import MOST, Plan, plan_moves

SALT = "evaluations.reassign"
#: What was looked at longer ago has to be looked at again.
FRESH_SECONDS = 1800
#: So many papers are listed; the sums are of all.
LISTED = 200
BEST = "best"


class ReassignForm(forms.Form):
    teacher = forms.ChoiceField(label=gettext_lazy("Teacher"), widget=UnfoldAdminSelectWidget)
    reason = forms.CharField(label=gettext_lazy("Reason"), max_length=300, widget=UnfoldAdminTextInputWidget)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.teachers = {str(teacher.pk): teacher for teacher in verified_teachers()}
        named = [(key, teacher.name) for key, teacher in self.teachers.items()]
        self.fields["teacher"].choices = [(BEST, _("Whoever suits best, each")), *named]  # type: ignore[attr-defined]

    def taker(self) -> User | None:
        return self.teachers.get(self.cleaned_data["teacher"])


class ReassignPages(ModelAdmin):
    """Part of the evaluations' back office."""

    @action(description=gettext_lazy("Give to other teachers…"), permissions=["change"])
    def reassign(self, request: HttpRequest, queryset: QuerySet[Evaluation]) -> HttpResponse | None:
        form = ReassignForm(request.POST if "reason" in request.POST else None)
        plan: Plan | None = None
        if form.is_valid():
            if "plan" in request.POST:
                self._give(request, form.cleaned_data["reason"])
                return None
            try:
                chosen = [*queryset.order_by("pk").values_list("pk", flat=True)[: MOST + 1]]
                plan = plan_moves(papers=chosen, taker=form.taker(), now=timezone.now())
            except DomainError as error:
                form.add_error(None, error.message)
        return TemplateResponse(
            request,
            "admin/evaluations/reassign.html",
            {
                **self.admin_site.each_context(request),
                "title": _("Give papers to other teachers"),
                "opts": self.model._meta,
                "form": form,
                "count": queryset.count(),
                "selected": request.POST.getlist("_selected_action"),
                "across": request.POST.get("select_across", "0"),
                "plan": plan,
                "listed": LISTED,
                "sealed": _sealed(plan) if plan else "",
            },
            status=422 if form.is_bound and form.errors else 200,
        )

    def _give(self, request: HttpRequest, reason: str) -> None:
        assert isinstance(request.user, User)
        try:
            orders = _opened(request.POST["plan"])
            given = give_in_bulk(orders=orders, actor=request.user, reason=reason, now=timezone.now())
        except signing.BadSignature:
            self.message_user(request, _("This was shown too long ago. Look once more, then press."), messages.ERROR)
            return
        except DomainError as error:
            self.message_user(request, error.message, messages.ERROR)
            return
        if given.moved:
            text = ngettext(
                "%(n)d paper is with another teacher now.", "%(n)d papers are with other teachers now.", given.moved
            )
            self.message_user(request, text % {"n": given.moved}, messages.SUCCESS)
        for name, why in given.left[:20]:
            told = _("Paper %(name)s stayed: %(why)s") % {"name": name, "why": why}
            self.message_user(request, told, messages.WARNING)
        if len(given.left) > 20:
            more = _("%(n)d more papers stayed.") % {"n": len(given.left) - 20}
            self.message_user(request, more, messages.WARNING)


def _sealed(plan: Plan) -> str:
    """What was shown, signed, so that the press does that and nothing else."""
    rows = [
        [move.evaluation.pk.hex, _hex(move.evaluation.teacher_id), move.evaluation.state, move.taker.pk.hex]
        for move in plan.moves
        if move.taker is not None
    ]
    return signing.dumps(rows, salt=SALT, compress=True) if rows else ""


def _opened(sealed: str) -> list[Order]:
    rows = signing.loads(sealed, salt=SALT, max_age=FRESH_SECONDS)
    return [
        Order(UUID(paper), UUID(giver) if giver else None, state, UUID(taker)) for paper, giver, state, taker in rows
    ]


def _hex(key: UUID | None) -> str:
    return key.hex if key else ""
