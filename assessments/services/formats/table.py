r"""The table of questions (CSV and XLSX): one header, one row per question, every type.

Texts are Markdown + TeX. Cells that hold several things have one per line:

| column | holds |
|---|---|
| answer | choices `B` or `A, C`; `true`; a number; an expression; an order `C, A, B`; pairs `1-B, 2-A`; accepted texts, one per line, with their credit after a bar: `valve | 0.5` |
| answer of fill_in | a block per blank: `[1 text]` and accepted texts, `[2 number 0.01]` and the value, `[3 choice]` and the options, `= ` before the right one and `~ ` before the others |
| parts | a block per part, with label and marks: `[1 0.5] Left side` or, in a case study, `[ii a 3] Text` |
| steps | a block per step, with marks, kind, part and alternative: `[1 method] Text`, `[0.5 accuracy ii a] Text`; a step that builds on the first and the second of the scheme: `[1 accuracy follows:1+2] Text`; before the steps of each of several methods: `[method 2] By substitution` |
| parameters | the parameters of a question with variants, as JSON |
| hints | a block per hint, in order: `[1] Text` |
"""  # noqa: E501

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from string import ascii_uppercase
from typing import Any

from assessments.enums import WRITTEN_TYPES, CognitiveLevel, QuestionType, StepKind
from assessments.services.content_schema import PartContent, QuestionContent, StepContent, numbered, trimmed_titles
from assessments.services.formats.items import MAX_ITEMS, ExportedItem, FormatError, ImportedItem, ParsedFile, Skipped
from assessments.services.formats.table_files import Cells, read_rows, write_csv
from assessments.services.formats.xml_items import (
    NO_MODEL_ANSWER,
    NO_SCHEME,
    UnusableError,
    finish,
    half_marks,
    labelled,
    number,
    plain_number,
    read_follows,
)

LETTERS = ascii_uppercase[:12]
OPTIONS = [f"option_{letter.lower()}" for letter in LETTERS]
COLUMNS = [
    "key", "name", "type", "chapter", "topic", "tags", "marks", "difficulty", "level", "text", *OPTIONS, "answer",
    "tolerance", "unit", "form", "grading", "match_case", "parts", "model_answer", "steps", "explanation", "parameters",
    "hints",
]  # fmt: skip
SYNONYMS = {
    "question": "text",
    "id": "key",
    "correct": "answer",
    "correct_answer": "answer",
    "cognitive_level": "level",
}
BLOCK = re.compile(r"\[(?!\[)([^\[\]\n]{1,60})\][ \t]?", re.MULTILINE)
FOLLOWS = "follows:"
METHOD = "method"
YES = {"yes", "true", "1", "x", "ja", "oui"}


# --- Reading ---------------------------------------------------------------------------------------------------------
def parse(data: bytes, *, file_name: str = "") -> ParsedFile:
    """Every row of a CSV or XLSX table. Raises FormatError when it is no such table."""
    form, note, rows = read_rows(data)
    rows = iter(rows)
    columns, unknown = _header(rows)
    items: list[ImportedItem] = []
    skipped: list[Skipped] = []
    notes = [note] if note else []
    if unknown:
        notes.append(f"Columns of unknown names were not read: {', '.join(unknown)}.")
    for where, cells in rows:
        if not any(cell.strip() for cell in cells):
            continue
        if len(items) + len(skipped) >= MAX_ITEMS:
            raise FormatError(f"The table has more than {MAX_ITEMS} questions; split it.")
        read = _item(where, _row(columns, cells), notes)
        (items if isinstance(read, ImportedItem) else skipped).append(read)  # type: ignore[arg-type]
    return ParsedFile(form, tuple(items), tuple(skipped))


def is_header(cells: Sequence[str]) -> bool:
    """Whether these cells are the first row of a table of questions."""
    names = set(map(_column, cells))
    return "text" in names and bool(names & {"type", "answer", "option_a"})


def _column(cell: str) -> str:
    name = re.sub(r"[\s_-]+", "_", cell.strip().lower())
    name = re.sub(r"^(?:option|choice)?_?([a-l])$", r"option_\1", name)
    return SYNONYMS.get(name, name)


def _header(rows: Iterator[tuple[str, Cells]]) -> tuple[list[str], list[str]]:
    for _where, cells in rows:
        if any(cell.strip() for cell in cells):
            break
    else:
        raise FormatError("The table is empty.")
    if not is_header(cells):
        raise FormatError("The first row must name the columns, at least “type”, “text” and “answer”.")
    columns = [_column(cell) for cell in cells]
    named = [name for name in columns if name]
    if len(set(named)) < len(named):
        twice = next(name for name in named if named.count(name) > 1)
        raise FormatError(f"The column “{twice}” is there twice.")
    return columns, [name[:40] for name in named if name not in COLUMNS][:10]


def _row(columns: Sequence[str], cells: Cells) -> dict[str, str]:
    return dict.fromkeys(COLUMNS, "") | {
        name: cell.strip() for name, cell in zip(columns, cells, strict=False) if name in COLUMNS
    }


def _item(where: str, row: Mapping[str, str], file_notes: Sequence[str]) -> ImportedItem | Skipped:
    name = row["name"] or row["key"] or " ".join(row["text"].split())[:60]
    notes = list(file_notes)
    try:
        type = _type(row)
        head = {
            "where": where,
            "name": name,
            "key": row["key"] or None,
            "chapter": row["chapter"],
            "topic": row["topic"],
            "tags": tuple(filter(None, (tag.strip() for tag in re.split("[;,]", row["tags"])))),
        }
        return finish(head, type, _fields(type, row, notes), _facts(row), notes)
    except UnusableError as problem:
        return Skipped(where, name, str(problem))


def _type(row: Mapping[str, str]) -> str:
    named = re.sub(r"[\s/–-]+", "_", row["type"].lower())
    if named in QuestionType.values:
        return named
    by_label = {re.sub(r"[\s/–-]+", "_", str(type.label).lower()): type.value for type in QuestionType}
    if named in by_label:
        return by_label[named]
    if named:
        raise UnusableError(f"There is no question type “{row['type'][:40]}”.")
    if not row["option_a"]:
        raise UnusableError("The column “type” is empty.")
    return "multiple_choice" if len(_letters(row["answer"])) > 1 else "single_choice"


def _facts(row: Mapping[str, str]) -> dict[str, str]:
    facts = {}
    if row["difficulty"]:
        if row["difficulty"] not in {"1", "2", "3", "4", "5"}:
            raise UnusableError(f"Difficulty goes from 1 to 5, not “{row['difficulty'][:20]}”.")
        facts["difficulty"] = row["difficulty"]
    if row["level"]:
        if row["level"].lower() not in CognitiveLevel.values:
            raise UnusableError(f"There is no cognitive level “{row['level'][:20]}”.")
        facts["level"] = row["level"].lower()
    return facts


def _fields(type: str, row: Mapping[str, str], notes: list[str]) -> dict[str, Any]:
    fields: dict[str, Any] = {"text": row["text"], "explanation": row["explanation"]}
    fields["parts"] = tuple(_parts(row["parts"]))
    if row["marks"]:
        fields["marks"] = _number("marks", row["marks"])
    elif type in {"matching", "fill_in", "case_study"} and fields["parts"]:
        fields["marks"] = _total(fields["parts"])
    else:
        fields["marks"] = half_marks(None, notes)
    options = [row[name] for name in OPTIONS]
    while options and not options[-1]:
        options.pop()
    fields["options"] = labelled(options)
    if row["parameters"]:
        fields["parameters"] = _parameters(row["parameters"])
    if type in WRITTEN_TYPES:
        if row["hints"]:
            notes.append("Hints were left out: a written question has none.")
        return fields | _scheme(row, fields["marks"], notes)
    if row["model_answer"] or row["steps"]:
        notes.append("Model answer and marking scheme were left out: the key marks this question.")
    fields["hints"] = tuple(body for _number, body in _blocks("hints", row["hints"]))
    return fields | {"answer": _key(type, row)}


def _total(parts: Iterable[PartContent]) -> Decimal:
    """Alternatives of one part count once."""
    return sum({part.label: part.marks for part in parts}.values(), Decimal(0))


def _scheme(row: Mapping[str, str], marks: Decimal, notes: list[str]) -> dict[str, Any]:
    steps, titles = _steps(row["steps"])
    if not row["model_answer"]:
        notes.append("There was no model answer; write one before it is used.")
    if not steps:
        steps = (StepContent(NO_SCHEME, marks),)
        notes.append("There was no marking scheme; one step with all the marks was made.")
    if row["answer"]:
        notes.append("The answer was left out: a written question has a model answer.")
    return {"model_answer": row["model_answer"] or NO_MODEL_ANSWER, "steps": steps, "method_titles": titles}


def _key(type: str, row: Mapping[str, str]) -> dict[str, Any]:
    answer = row["answer"]
    grading = {"grading": row["grading"].lower()} if row["grading"] else {}
    if type == "true_false":
        return {"choices": [{"t": "true", "f": "false"}.get(answer.lower(), answer.lower())]}
    if type == "multiple_choice":
        return {"choices": _letters(answer), **grading}
    if type in {"single_choice", "assertion_reason"}:
        return {"choices": _letters(answer)}
    if type == "ordering":
        return {"order": _letters(answer), **grading}
    if type == "numeric":
        more = {name: row[name] for name in ("tolerance", "unit") if row[name]}
        return {"value": answer.replace("−", "-"), **more}
    if type == "expression":
        return {"expression": answer, "form": row["form"].lower()}
    if type == "short_text":
        return {"accepted": _accepted(answer), "match_case": row["match_case"].lower() in YES}
    if type == "matching":
        pairs = re.findall(r"(\d+)\s*[-:=]\s*([A-Za-z])", answer)
        return {"pairs": {prompt: choice.upper() for prompt, choice in pairs}}
    return {"blanks": dict(_blanks(answer))}


def _letters(answer: str) -> list[str]:
    return [letter.upper() for letter in re.split(r"[\s,;]+", answer.strip()) if letter]


def _number(what: str, text: str) -> Decimal:
    value = number(text)
    if value is None:
        raise UnusableError(f"The {what} must be a number, not “{text[:40]}”.")
    return value


def _accepted(cell: str) -> list[dict[str, str]]:
    rows = []
    for line in filter(None, (line.strip() for line in cell.split("\n"))):
        match = re.fullmatch(r"(.*\S)\s*\|\s*([\d.]{1,10})", line)
        rows.append({"text": match[1], "credit": match[2]} if match else {"text": line, "credit": "1"})
    return rows


def _blanks(cell: str) -> Iterator[tuple[str, dict[str, Any]]]:
    for words, body in _blocks("answer", cell):
        label, kind, *more = *words[:1], *(words[1:] or ["text"])
        if kind == "number":
            yield label, {"kind": kind, "value": body, "tolerance": more[0] if more else "0"}
        elif kind == "choice":
            lines = [line.strip() for line in body.split("\n") if line.strip()]
            marked = any(line.startswith("= ") for line in lines)
            options = [re.sub("^[=~] ", "", line) if marked else line for line in lines]
            right = [option for option, line in zip(options, lines, strict=True) if line.startswith("= ")] or options
            yield label, {"kind": kind, "options": options, "correct": right[0] if right else ""}
        else:
            yield label, {"kind": kind, "accepted": _accepted(body), "match_case": "case" in more}


def _parts(cell: str) -> Iterator[PartContent]:
    for words, body in _blocks("parts", cell):
        if len(words) not in {2, 3}:
            raise UnusableError(f"A part begins with its label and marks, as “[ii 3]”, not “[{' '.join(words)}]”.")
        yield PartContent(words[0], body, _number("marks of a part", words[-1]), "".join(words[1:-1]))


def _steps(cell: str) -> tuple[tuple[StepContent, ...], tuple[str, ...]]:
    """The steps and the titles of their methods."""
    steps: list[StepContent] = []
    titles: list[str] = []
    for words, body in _blocks("steps", cell):
        if words[0].lower() == METHOD:
            if words[1:] != [str(len(titles) + 1)] or (steps and not titles):
                raise UnusableError("Methods begin with “[method 1]”, “[method 2]” … in order, each before its steps.")
            titles.append(body)
        else:
            steps.append(replace(_step(words, body), method=len(titles) or 1))
    return tuple(steps), trimmed_titles(titles)


def _step(words: list[str], body: str) -> StepContent:
    follows = "+".join(word.removeprefix(FOLLOWS) for word in words if word.startswith(FOLLOWS))
    if follows and not re.fullmatch(r"\d{1,3}(\+\d{1,3})*", follows, re.ASCII):
        raise UnusableError(f"What a step follows is written as “follows:1+2”, not “follows:{follows[:40]}”.")
    words = [word for word in words if not word.startswith(FOLLOWS)]
    marks, kind, part, alternative = (*words, *("", StepKind.METHOD.value, "", "")[len(words) :])[:4]
    value = _number("marks of a step", marks)
    return StepContent(body, value, kind.lower(), part, alternative, read_follows(follows))


def _blocks(column: str, cell: str) -> Iterator[tuple[list[str], str]]:
    """The words in brackets and the text after them, for every line that begins with brackets."""
    heads = list(re.finditer(r"^" + BLOCK.pattern, cell, re.MULTILINE))
    if cell and (not heads or heads[0].start()):
        raise UnusableError(f"The cell “{column}” must begin with brackets, such as “[1 …]”.")
    for position, head in enumerate(heads):
        end = heads[position + 1].start() if position + 1 < len(heads) else len(cell)
        body = re.sub(r"^\\(?=\\*\[)", "", cell[head.end() : end].strip(), flags=re.MULTILINE)
        yield head[1].split() or [""], body


def _parameters(cell: str) -> dict[str, Any]:
    try:
        value = json.loads(cell)
    except (ValueError, RecursionError) as problem:
        raise UnusableError("The parameters are no JSON.") from problem
    if not isinstance(value, dict):
        raise UnusableError("The parameters must be a JSON object.")
    return value


# --- Writing ---------------------------------------------------------------------------------------------------------
def write(items: Sequence[ExportedItem]) -> bytes:
    """The table as CSV."""
    return write_csv(rows_of(items))


def rows_of(items: Sequence[ExportedItem]) -> list[list[str]]:
    """The header and one row for each question."""
    return [COLUMNS, *map(_cells, items)]


def _cells(item: ExportedItem) -> list[str]:
    content = item.content
    row = {
        "key": item.key or "",
        "name": item.name,
        "type": item.type,
        "chapter": item.chapter,
        "topic": item.topic,
        "tags": "; ".join(item.tags),
        "marks": plain_number(content.marks),
        "difficulty": str(content.difficulty),
        "level": content.cognitive_level,
        "text": content.text,
        "explanation": content.explanation,
        "model_answer": content.model_answer,
        "parts": "\n".join(
            _block([part.label, part.alternative, plain_number(part.marks)], part.text) for part in content.parts
        ),
        "steps": "\n".join(_step_blocks(content)),
        "parameters": json.dumps(content.parameters, ensure_ascii=False) if content.parameters else "",
        "hints": "\n".join(_block([str(number)], hint) for number, hint in enumerate(content.hints, start=1)),
    }
    row |= {f"option_{option.label.lower()}": option.text for option in content.options}
    row |= _key_cells(content.answer)
    return [row.get(column, "") for column in COLUMNS]


def _step_blocks(content: QuestionContent) -> Iterator[str]:
    """The steps, with a heading before each method where there are several or one has a title."""
    titles = dict(enumerate(content.method_titles, start=1))
    headed = bool(titles) or any(step.method > 1 for step in content.steps)
    for place, step in numbered(content.steps):
        if headed and place == 1:
            yield _block([METHOD, str(step.method)], titles.get(step.method, ""))
        facts = [plain_number(step.marks), step.kind, step.part, step.alternative, _follows(step)]
        yield _block(facts, step.text)


def _follows(step: StepContent) -> str:
    return FOLLOWS + "+".join(map(str, step.follows)) if step.follows else ""


def _key_cells(answer: Mapping[str, Any]) -> dict[str, str]:
    cells = {name: str(answer[name]) for name in ("grading", "tolerance", "unit", "form") if answer.get(name)}
    if answer.get("match_case"):
        cells["match_case"] = "yes"
    for name in ("value", "expression"):
        if name in answer:
            cells["answer"] = str(answer[name])
    for name in ("choices", "order"):
        if name in answer:
            cells["answer"] = ", ".join(answer[name])
    if "accepted" in answer:
        cells["answer"] = _accepted_cell(answer["accepted"])
    if "pairs" in answer:
        cells["answer"] = ", ".join(f"{prompt}-{choice}" for prompt, choice in answer["pairs"].items())
    if "blanks" in answer:
        cells["answer"] = "\n".join(_blank_cell(label, blank) for label, blank in answer["blanks"].items())
    return cells


def _accepted_cell(rows: Iterable[Mapping[str, str]]) -> str:
    credits = [(row["text"], row.get("credit", "1")) for row in rows]
    return "\n".join(text if credit == "1" and "|" not in text else f"{text} | {credit}" for text, credit in credits)


def _blank_cell(label: str, blank: Mapping[str, Any]) -> str:
    if blank["kind"] == "number":
        return _block([label, "number", str(blank.get("tolerance", "0"))], str(blank["value"]))
    if blank["kind"] == "choice":
        lines = [f"{'=' if option == blank['correct'] else '~'} {option}" for option in blank["options"]]
        return _block([label, "choice"], "\n".join(lines))
    return _block([label, "text", "case" if blank.get("match_case") else ""], _accepted_cell(blank["accepted"]))


def _block(words: Sequence[str], text: str) -> str:
    shown = re.sub(r"^(?=\\*\[(?!\[))", lambda _: "\\", text, flags=re.MULTILINE)
    return f"[{' '.join(filter(None, words))}] {shown}"
