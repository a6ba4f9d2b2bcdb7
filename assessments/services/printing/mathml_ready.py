"""Stored MathML (Temml's, sanitised) made ready for ziamath, which knows MathML 3 but neither Temml's classes nor CSS.

`ready_rows(math)` returns the formula as rows between which a line may break, each a `<mrow>` that can be drawn on its
own. What is changed, and why:

- `mstyle` becomes `mrow`: ziamath would dissolve it, and a fraction would get a third child.
- Every operator gets its form and spaces as numbers, because a part of a broken line no longer knows its neighbours,
  and because ziamath takes an em for 1.333 of what it is.
- Lengths, cell padding and alignment written as CSS become the attributes ziamath reads.
- Rows inside rows are dissolved and deep stretchy fences stop stretching: ziamath measures such a row twice per level.
"""

from __future__ import annotations

import re
from xml.etree.ElementTree import Element

from assessments.services.printing.ziamath_nodes import get_params

# ziamath's em is 1.333 times the font size.
EM = 1.333 * 1.000002
MAX_STRETCHED = 5
ROW_GAP = "0.45em"
MEDIUM, THIN = f"{4 / 18:.4f}em", f"{3 / 18:.4f}em"
SIGNS = set("+-−±∓")
#: As in MathML Core, where ziamath's table has nothing or something else.
SPACES = dict.fromkeys("×⋅·÷∪∩∘∖∧∨⊕", MEDIUM)
INVISIBLE = dict.fromkeys((0x2061, 0x2062, 0x2063, 0x2064, 0x200B, 0x200C, 0x200D, 0xFE0E, 0xFE0F))
ROWS = {"math", "mrow", "mstyle", "merror", "mtd", "msqrt", "mpadded", "mphantom", "menclose"}
#: A line may break after these: relations, then signs of adding, then separators.
SCRIPTS = {"msub", "msup", "msubsup", "munder", "mover", "munderover"}
BREAKS_AFTER = set("=≠<>≤≥≈≡≅∼→⇒⇔⟹⟺∈∉⊂⊆⊥∥∣:+−-±∓×·⋅÷∪∩,;")
NAMED_SPACES = {
    name: size / 18
    for size, name in enumerate(
        (
            "veryverythinmathspace",
            "verythinmathspace",
            "thinmathspace",
            "mediummathspace",
            "thickmathspace",
            "verythickmathspace",
            "veryverythickmathspace",
        ),
        start=1,
    )
}
KEPT = {"displaystyle", "mathvariant", "linethickness", "accent", "accentunder", "notation", "movablelimits"}
LENGTHS = {"width", "height", "depth", "lspace", "voffset"}
UNITS = {"em": 1.0, "ex": 0.43, "pt": 0.1, "px": 0.0625, "mu": 1 / 18}
LENGTH = re.compile(r"\s*([+-]?)(\d*\.?\d+)(em|ex|pt|px|mu)\s*")


def ready_rows(math: Element) -> list[Element]:
    """The formula as rows that can stand on different lines; mostly one. `math` itself is left as it was."""
    root = _dissolved(math)
    _set_operators(root)
    style = {"displaystyle": "false"} | _attributes(root)
    rows: list[Element] = [Element("mrow", style)]
    depth = 0
    for child in root:
        rows[-1].append(_ready(child, 0))
        text = (child.text or "").strip()
        if child.get("fence") == "true":
            depth += {"prefix": 1, "postfix": -1}.get(child.get("form", ""), 0)
        if child.tag == "mo" and not depth and text and text in BREAKS_AFTER and child.get("form") == "infix":
            rows.append(Element("mrow", style))
    if len(rows[-1]) == 0 and len(rows) > 1:
        rows.pop()
    _trim(rows[0], 0, "lspace")
    _trim(rows[-1], -1, "rspace")
    return rows


def _trim(row: Element, place: int, side: str) -> None:
    """No operator's space at the ends of a formula: the space of the sentence is there."""
    if len(row) and row[place].tag == "mo":
        row[place].set(side, "0em")


def _dissolved(math: Element) -> Element:
    """A copy in which a row that holds the whole formula, or rows without a look of their own, are gone."""
    copy = Element(math.tag, dict(math.attrib))
    copy.text = math.text
    for child in map(_dissolved, math):
        plain_row = child.tag in {"mrow", "mstyle"} and math.tag in ROWS
        if plain_row and not _look(child) and not _stretches(child):
            copy.extend(child)
        else:
            copy.append(child)
    if math.tag == "math" and len(copy) == 1 and copy[0].tag == "mstyle" and not _stretches(copy[0]):
        only = copy[0]
        copy = Element("math", {**math.attrib, **{k: v for k, v in only.attrib.items() if k in KEPT}})
        copy.extend(only)
    return copy


def _look(row: Element) -> bool:
    return bool({"displaystyle", "scriptlevel", "mathvariant", "style"} & set(row.keys()))


def _stretches(row: Element) -> bool:
    return any(child.tag == "mo" and child.get("stretchy") == "true" for child in row)


# --- Operators -------------------------------------------------------------------------------------------------------
def _set_operators(node: Element) -> None:
    """Gives each `mo` of a row its form by its place, as a browser does, before rows are cut."""
    if node.tag in ROWS:
        inner = [child for child in node if child.tag != "mspace"]
        for place, child in enumerate(inner):
            if child.tag == "mo" and "form" not in child.attrib:
                first, last = place == 0, place == len(inner) - 1
                form = "infix" if first == last else ("prefix" if first else "postfix")
                child.set("form", form)
    for child in node:
        _set_operators(child)


def _operator(mo: Element, text: str) -> Element:
    form = mo.get("form", "infix")
    params = get_params(text, form)
    stretchy = mo.get("stretchy") or mo.get("fence") or "false"
    ready = Element("mo", {"form": form, "stretchy": stretchy})
    for name in ("lspace", "rspace"):
        space = params.get(name, "0")
        if form == "infix" and text in SPACES:
            space = SPACES[text]
        elif text in {",", ";"}:
            space = THIN if name == "rspace" else "0"
        elif form == "prefix" and text in SIGNS:
            space = "0"
        ready.set(name, _spaced(mo.get(name) or space))
    for name in ("minsize", "maxsize"):
        if (size := mo.get(name)) and size.endswith("em"):
            ready.set(name, _length(size))
    if "movablelimits" in mo.attrib:
        ready.set("movablelimits", mo.attrib["movablelimits"])
    ready.text = text
    return ready


def _spaced(space: str) -> str:
    """A space as ziamath's em."""
    if space in NAMED_SPACES:
        return f"{NAMED_SPACES[space] / EM:.4f}em"
    return _length(space) if LENGTH.fullmatch(space) else "0em"


def _length(value: str) -> str:
    if found := LENGTH.fullmatch(value):
        return f"{found[1]}{float(found[2]) * UNITS[found[3]] / EM:.4f}em"
    return value


# --- Elements --------------------------------------------------------------------------------------------------------
def _ready(node: Element, stretched: int) -> Element:
    tag = {"mstyle": "mrow", "math": "mrow", "ms": "mtext"}.get(node.tag, node.tag)
    text = (node.text or "").translate(INVISIBLE)
    if tag in {"mo", "mi", "mn", "mtext"}:
        return _leaf(node, tag, text, stretched)
    if tag == "mtable":
        return _table(node, stretched)
    ready = Element(tag, _attributes(node))
    if tag == "mrow" and "border" in node.get("style", ""):
        ready = Element("menclose", {"notation": "box", **_attributes(node)})
    deeper = stretched + _stretches(node)
    for child in node:
        ready.append(_ready(child, deeper))
    if tag in {"mover", "munder"} and len(ready) == 2 and ready[1].text == "\u203e":
        ready[1].text = "\u2015"
    return _with_spaces(ready) if tag in SCRIPTS and len(ready) and ready[0].tag == "mo" else ready


def _with_spaces(script: Element) -> Element:
    """The space of an operator with limits stands outside of them."""
    row = Element("mrow")
    before, after = (Element("mspace", {"width": script[0].get(name, "0em")}) for name in ("lspace", "rspace"))
    if script[0].text in {"∫", "∬", "∭", "∮", "∑", "∏"}:
        after.set("width", _length(THIN))
    script[0].set("lspace", "0em")
    script[0].set("rspace", "0em")
    row.extend((before, script, after))
    return row


def _leaf(node: Element, tag: str, text: str, stretched: int) -> Element:
    shown = text.replace("\u00a0", " ") if tag == "mtext" else text.strip()
    if not shown.strip():
        return Element("mspace", {"width": _length(f"{0.25 * len(shown)}em")})
    if tag == "mo":
        ready = _operator(node, shown)
        if stretched > MAX_STRETCHED:
            ready.set("stretchy", "false")
        return ready
    # ziamath takes the name of a function for an operator and adds space; Temml has set its spaces beside it.
    ready = Element("mtext" if tag == "mi" and len(shown) > 1 else tag, _attributes(node))
    ready.text = shown
    return ready


def _attributes(node: Element) -> dict[str, str]:
    kept = {name: value for name, value in node.items() if name in KEPT}
    kept |= {name: _length(value) for name, value in node.items() if name in LENGTHS and node.tag != "mo"}
    if (level := node.get("scriptlevel", "")).isdigit():
        kept["scriptlevel"] = str(min(int(level), 3))
    return kept


def _table(node: Element, stretched: int) -> Element:
    """Temml puts space and alignment of columns into the cells' style and class."""
    rows = [[cell for cell in row if cell.tag == "mtd"] for row in node if row.tag == "mtr"]
    columns = max((len(row) for row in rows), default=0)
    gaps = []
    for column in range(columns - 1):
        pairs = [(row[column], row[column + 1]) for row in rows if len(row) > column + 1]
        gaps.append(max(_padding(left, "right") + _padding(right, "left") for left, right in pairs))
    table = Element("mtable", _attributes(node) | {"rowspacing": _length(ROW_GAP)})
    if gaps:
        table.set("columnspacing", " ".join(_length(f"{gap:.3f}em") for gap in gaps))
    for row in rows:
        made = Element("mtr")
        for cell in row:
            kept = Element("mtd", _attributes(cell) | {"columnalign": _alignment(cell)})
            if sides := re.findall(r"border-(top|right|bottom|left):", cell.get("style", "")):
                kept.set("rule", " ".join(sides))
            kept.extend(_ready(child, stretched) for child in cell)
            made.append(kept)
        table.append(made)
    return table


def _padding(cell: Element, side: str) -> float:
    if found := re.search(rf"padding-{side}:\s*([\d.]+)(em|ex|pt|px)", cell.get("style", "")):
        # Temml counts 5.9776pt for half an em.
        return float(found[1]) * (0.5 / 5.9776 if found[2] == "pt" else UNITS[found[2]])
    return 0.4


def _alignment(cell: Element) -> str:
    said = f"{cell.get('columnalign', '')} {cell.get('class', '')} {cell.get('style', '')}"
    for side in ("left", "right"):
        if f"tml-{side}" in said or f"text-align:{side}" in said.replace(" ", "") or said.startswith(side):
            return side
    return "center"
