"""GIFT of our questions. What GIFT has no place for (marks, difficulty, our type) travels as tags in comments."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Any

from assessments.enums import WRITTEN_TYPES
from assessments.services.formats.html_markdown import portable, to_html, to_plain
from assessments.services.formats.items import ExportedItem
from assessments.services.formats.xml_items import all_tags, block, plain_number, scheme_html
from assessments.services.variants import instantiate

SPECIAL = re.compile(r"[~=#{}:\\]")


def write(items: Sequence[ExportedItem]) -> bytes:
    """A file that Moodle imports and `gift.parse` reads back. Types that GIFT has not are named in a comment."""
    lines: list[str] = []
    place = ("", "")
    for item in items:
        if (item.chapter, item.topic) != place:
            place = (item.chapter, item.topic)
            path = "/".join(["top", *(_line(name).replace("/", "//") for name in place if name)])
            lines.append(f"$CATEGORY: $course$/{path}\n")
        lines.append(_question(item))
    return "\n".join(lines).encode()


def _question(item: ExportedItem) -> str:
    # A question with parameters goes out as one of its variants.
    item = replace(item, content=instantiate(item.content, item.key or item.name)[1])
    facts: dict[str, str] = {"marks": plain_number(item.content.marks)}
    answers = _answers(item, facts)
    if answers is None:
        return f"// left out, GIFT has no such question: {_line(item.name)} ({item.type})\n"
    comments = [f"[id:{_tag(item.key)}]"] if item.key else []
    comments += [f"[tag:{_tag(tag)}]" for tag in all_tags(item, **facts)]
    title = f"::{_escape(_line(item.name)) or 'Question'}::"
    text = _text(item.content.text)
    if item.content.parts and item.type == "case_study":
        parts = [
            block("part", to_html(part.text), f"({part.label}) [{part.marks}]", label=part.label,
                  marks=str(part.marks), alternative=part.alternative)
            for part in item.content.parts
        ]  # fmt: skip
        text = "[html]" + _escape("\n".join([to_html(item.content.text), *parts]))
    # A blank line would end the question.
    return re.sub(r"\n{2,}", "\n", f"// {' '.join(comments)}\n{title}{text} {{{answers}}}") + "\n"


def _answers(item: ExportedItem, facts: dict[str, str]) -> str | None:
    """What stands between the braces, or None when GIFT has no such type. Adds to `facts`."""
    content = item.content
    general = f"\n####{_text(content.explanation)}\n" if content.explanation.strip() else ""
    answer: Mapping[str, Any] = content.answer
    if item.type in {"single_choice", "assertion_reason", "multiple_choice"}:
        return _choices(item, answer, facts) + general
    if item.type == "true_false":
        return ("TRUE" if answer["choices"] == ["true"] else "FALSE") + general
    if item.type == "numeric":
        if answer.get("unit"):
            facts["unit"] = str(answer["unit"])
        tolerance = f":{answer['tolerance']}" if "tolerance" in answer else ""
        return f"#{answer['value']}{tolerance}{general}"
    if item.type == "short_text":
        facts["case"] = "1" if answer.get("match_case") else ""
        return "".join(f"\n={_weight(row.get('credit', '1'))}{_escape(row['text'])}" for row in answer["accepted"]) + (
            general or "\n"
        )
    if item.type == "matching":
        return _pairs(item, answer, facts) + general
    if item.type in WRITTEN_TYPES:
        facts["type"] = item.type
        explained = block("explanation", to_html(content.explanation)) if content.explanation.strip() else ""
        return "\n####[html]" + _escape(explained + scheme_html(content)) + "\n"
    return None


def _choices(item: ExportedItem, answer: Mapping[str, Any], facts: dict[str, str]) -> str:
    right, options = answer["choices"], item.content.options
    if item.type != "multiple_choice":
        if item.type == "assertion_reason":
            facts["type"] = item.type
        signs = dict.fromkeys(right, "=")
    else:
        # Moodle has no all-or-nothing: there, one wrong option costs everything. A tag brings back what was meant.
        facts["grading"] = answer.get("grading", "all")
        wrong = len(options) - len(right)
        loss = 100 if facts["grading"] == "all" else Decimal(100) / (wrong or 1)
        signs = {option.label: f"~%-{plain_number(round(Decimal(loss), 5))}%" for option in options}
        signs |= {label: f"~%{plain_number(round(Decimal(100) / len(right), 5))}%" for label in right}
    return "".join(f"\n{signs.get(option.label, '~')}{_text(option.text)}" for option in options) + "\n"


def _pairs(item: ExportedItem, answer: Mapping[str, Any], facts: dict[str, str]) -> str:
    choices = {option.label: _escape(to_plain(option.text)) for option in item.content.options}
    used = set(answer["pairs"].values())
    facts["parts"] = "-".join(plain_number(part.marks) for part in item.content.parts)
    order = [answer["pairs"][part.label] for part in item.content.parts]
    lines = [f"\n= -> {text}" for label, text in choices.items() if label not in used]
    lines += [
        f"\n={_text(part.text)} -> {choices[label]}" for part, label in zip(item.content.parts, order, strict=True)
    ]
    met = list(dict.fromkeys([*(label for label in choices if label not in used), *order]))
    facts["order"] = "" if met == list(choices) else "-".join(met)
    return "".join(lines) + "\n"


def _weight(credit: str) -> str:
    percent = Decimal(credit) * 100
    return "" if percent == 100 else f"%{plain_number(percent)}%"


def _text(source: str) -> str:
    form, text = portable(source.strip())
    return ("" if form == "plain" else f"[{form}]") + _escape(text)


def _escape(text: str) -> str:
    r"""Special characters after a backslash; new lines as `\n`, but as themselves where a TeX command could begin."""
    text = SPECIAL.sub(lambda match: "\\" + match[0], text)
    return re.sub(r"\n(?![a-z])", lambda _: "\\n", text)


def _line(text: str) -> str:
    return " ".join(text.split())


def _tag(text: str) -> str:
    return _line(text).replace("[", "(").replace("]", ")")
