"""The keys of the desk: what everybody starts with, and what a person has made of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from accounts.models import User
from evaluations.models import DeskKeys

#: What can have another key. Digits (steps), Enter (next, finish) and ? (this list) are everybody's.
DEFAULTS: dict[str, str] = {
    "full": "f",
    "none": "0",
    "method": "m",
    "later_flag": "l",
    "tool_v": "v",
    "tool_tick": "t",
    "tool_half": "y",
    "tool_cross": "x",
    "tool_pen": "p",
    "tool_circle": "o",
    "tool_line": "u",
    "tool_hl": "h",
    "tool_e": "e",
    "comment": "c",
    "crosshair": "i",
    "ask": "a",
    "who": "g",
    "undo": "z",
    "forward": "j",
    "back": "k",
    "earlier": "[",
    "later": "]",
    "in": "+",
    "out": "-",
    "fit": "w",
    "turn": "r",
}


@dataclass(frozen=True)
class KeyRow:
    """One line of the list of keys: `action` is empty for keys that are everybody's."""

    action: str
    label: str
    key: str


def desk_keys(person: User) -> DeskKeys:
    """The person's keys, or what everybody starts with. One query, none where they were read with the person."""
    own: DeskKeys | None = getattr(person, "desk_keys", None)
    return own or DeskKeys(person=person)


def all_keys(own: Mapping[str, Any]) -> dict[str, str]:
    """Every action with its key."""
    return DEFAULTS | {action: key for action, key in own.items() if action in DEFAULTS}


def labels() -> dict[str, str]:
    return {
        "full": _("Full marks"),
        "none": _("No marks"),
        "method": _("Next method"),
        "later_flag": _("Flag for later"),
        "tool_v": _("Select"),
        "tool_tick": _("Tick"),
        "tool_half": _("Half tick"),
        "tool_cross": _("Cross"),
        "tool_pen": _("Pen"),
        "tool_circle": _("Circle"),
        "tool_line": _("Underline"),
        "tool_hl": _("Highlight"),
        "tool_e": _("Eraser"),
        "comment": _("Comment (with Shift: on the whole page)"),
        "crosshair": _("A pointer for the keyboard"),
        "ask": _("Ask for a clearer picture"),
        "who": _("Who got this step"),
        "undo": _("Undo (with Shift: redo)"),
        "forward": _("Next question"),
        "back": _("Previous question"),
        "earlier": _("Previous page"),
        "later": _("Next page"),
        "in": _("Zoom in"),
        "out": _("Zoom out"),
        "fit": _("Fit width"),
        "turn": _("Turn the page"),
    }


def key_rows(keys: Mapping[str, str]) -> list[KeyRow]:
    """The list under ?."""
    fixed = [
        KeyRow("", _("Award step (again: half, none)"), "1…9"),
        KeyRow("", _("Next unmarked question"), "↵"),
        KeyRow("", _("Finish the paper"), "⇧↵"),
        KeyRow("", _("This list"), "?"),
    ]
    return [*fixed, *(KeyRow(action, label, keys[action].upper()) for action, label in labels().items())]
