"""How a decision about a paper was made, to read instead of its JSON."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.db.models import QuerySet
from django.http import HttpRequest
from django.template.loader import render_to_string
from django.utils.translation import gettext_lazy as _
from unfold.admin import TabularInline
from unfold.decorators import display

from accounts.selectors import verified_teachers
from evaluations.enums import Conflict
from evaluations.models import AssignmentDecision
from evaluations.services.choosing import AWAY, FULL, HOLDER, NOT_MEANT, Option
from evaluations.services.replaying import Replay, replayed

WORDS: dict[str, Any] = {
    AWAY: _("on leave"),
    FULL: _("at their limit"),
    HOLDER: _("had it"),
    NOT_MEANT: _("not the one who was proposed"),
    **{one.value: one.label for one in Conflict},
}


@dataclass(frozen=True)
class Row:
    """One teacher of a decision. `words`: what became of them."""

    name: str
    option: Option
    words: Any

    @property
    def due_minutes(self) -> int:
        return round(self.option.due_seconds / 60)

    @property
    def own_minutes(self) -> int:
        return round(self.option.own_seconds / 60)

    @property
    def open_hours(self) -> str:
        return f"{self.option.open_seconds / 3600:.1f}"


class ReadOnlyInline(TabularInline):
    """Rows of an append-only record."""

    extra = 0
    can_delete = False
    show_change_link = False
    tab = True

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


class DecisionInline(ReadOnlyInline):
    """Each decision with all that it was made from, worked out again while it is shown."""

    model = AssignmentDecision
    fields = readonly_fields = ["at", "chosen", "reason", "made_from"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[AssignmentDecision]:
        self.names = dict(verified_teachers().values_list("pk", "name"))
        return super().get_queryset(request).select_related("chosen")  # type: ignore[no-any-return]

    @display(description=_("made from"))
    def made_from(self, decision: AssignmentDecision) -> str:
        replay = Replay(decision, replayed(decision), self.names)
        rows = [_row(replay, option) for option in replay.options]
        return render_to_string("admin/evaluations/decision.html", {"replay": replay, "rows": rows})


def _row(replay: Replay, option: Option) -> Row:
    name = replay.names.get(option.teacher, str(option.teacher)[-8:].upper())
    if option.teacher == replay.decision.chosen_id:
        return Row(name, option, _("chosen"))
    words = WORDS.get(option.excluded, "") if option.excluded else ("" if option.is_in_time else _("would be late"))
    return Row(name, option, words)
