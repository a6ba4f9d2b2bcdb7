"""What the exam page shows beside its questions: the words of the rough-work sheet and the keys of the calculator."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _

from assessments.enums import Calculator

Key = dict[str, str]


def exam_aids(calculator: str) -> dict[str, Any]:
    """`calculator`: a value of enums.Calculator. Each key has a `face` and types `types` or does `do`; `label` names
    what its face does not say."""
    return {"calculator": calculator, "calculator_keys": _keys(calculator), "aid_words": _words()}


def _typing(faces: str) -> list[Key]:
    return [{"face": face, "types": face} for face in faces.split()]


def _keys(calculator: str) -> list[Key]:
    """In rows of four; a scientific one has two rows of six above them."""
    clear = {"face": "C", "do": "clear", "label": _("Clear")}
    back = {"face": "⌫", "do": "back", "label": _("Delete the last sign")}
    root = {"face": "√", "types": "√(", "label": _("Square root")}
    scientific = [
        {"face": "deg", "do": "unit", "label": f"deg, {_('unit of angles')}"},
        *({"face": name, "types": f"{name}("} for name in ("sin", "cos", "tan")),
        *_typing("π e"),
        *({"face": name, "types": f"{name}("} for name in ("ln", "log")),
        {"face": "xʸ", "types": "^", "label": f"xʸ, {_('to the power of')}"},
        {"face": "x²", "types": "^2", "label": f"x², {_('squared')}"},
        *_typing("! Ans"),
    ]
    return [
        *(key | {"small": "1"} for key in scientific if calculator == Calculator.SCIENTIFIC),
        clear, back, *_typing("( )"),
        root, *_typing("% ÷ ×"),
        *_typing("7 8 9 −"),
        *_typing("4 5 6 +"),
        *_typing("1 2 3"), {"face": "=", "do": "equals", "label": _("Equals")},
        *_typing("0 ."),
    ]  # fmt: skip


def _words() -> dict[str, str]:
    return {
        "full": _("The sheet is full. Empty it to go on."),
        "cleared": _("The sheet is empty. Undo brings it back."),
        "unfinished": _("This calculation is not finished."),
        "zero": _("Nothing can be divided by zero."),
        "range": _("No number comes out of this."),
        "unknown": _("The calculator does not know this sign."),
    }
