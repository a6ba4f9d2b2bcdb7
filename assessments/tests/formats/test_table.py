"""The table of questions: both kinds of file, every type, and what spreadsheets do to files."""

import csv
import io
from dataclasses import replace

import pytest
from hypothesis import given
from openpyxl import Workbook, load_workbook

from assessments.enums import QuestionType
from assessments.services.formats import table
from assessments.services.formats.items import FormatError
from assessments.services.formats.table_examples import EXAMPLES
from assessments.services.formats.table_workbook import write_workbook
from assessments.services.questions import normalised
from assessments.tests.formats.samples import exported

TYPES = tuple(QuestionType.values)
WRITERS = pytest.mark.parametrize("write", [table.write, write_workbook])


def read(text: str, encoding: str = "utf-8"):
    return table.parse(text.encode(encoding))


def settled(content):
    """Numbers compare by value, not by how many noughts they show; the default grading may be left out."""
    answer = {k: v for k, v in content.answer.items() if (k, v) != ("grading", "all")}
    return replace(normalised(content), answer=answer)


@WRITERS
@given(item=exported(TYPES))
def test_what_we_write_we_read(write, item) -> None:
    parsed = table.parse(write([item]))
    assert not parsed.skipped, parsed.skipped
    (back,) = parsed.items
    assert (back.type, settled(back.content)) == (item.type, settled(item.content))
    assert (back.name, back.key, back.tags, back.chapter) == (item.name, item.key, item.tags, item.chapter)


@WRITERS
def test_the_examples_are_good_questions(write) -> None:
    parsed = table.parse(write(EXAMPLES))
    assert not parsed.skipped
    assert [settled(item.content) for item in parsed.items] == [settled(item.content) for item in EXAMPLES]
    assert not any(item.notes for item in parsed.items)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "cp1252"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_encodings_and_delimiters(encoding: str, delimiter: str) -> None:
    rows = [["Type", "Question", "A", "Option B", "Correct"], ["Single choice", "Où est-il?", "là", "ici; ou, là", "b"]]
    buffer = io.StringIO()
    csv.writer(buffer, delimiter=delimiter).writerows(rows)
    (item,) = read(buffer.getvalue(), encoding).items
    assert (item.type, item.content.text, item.content.options[1].text) == (
        "single_choice",
        "Où est-il?",
        "ici; ou, là",
    )
    assert item.content.answer == {"choices": ["B"]}
    assert any("Windows-1252" in note for note in item.notes) == (encoding == "cp1252")


def test_the_first_line_of_excel() -> None:
    assert read("sep=;\ntype;text;answer\ntrue_false;a, b;T\n").items[0].content.answer == {"choices": ["true"]}


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ("essay,Q,A,,,1", "no question type “essay”"),
        (",Q,A,,,1", "“type” is empty"),
        ("numeric,Q,many,,,1", "decimal number"),
        ("numeric,Q,2,,,lots", "marks must be a number"),
        ("numeric,Q,2,,,1.3", "marks in halves"),
        ("single_choice,Q,A,x,,1", "2 to 8 options"),
        ("matching,Q,1-A,x,y,1", "left"),
        ("fill_in,Q,x,,,1", "must begin with brackets"),
        ("fill_in,Q,[1],,,1", "blank"),
    ],
)
def test_refused_rows_say_why(row: str, reason: str) -> None:
    parsed = read("type,text,answer,a,b,marks\n" + row)
    assert reason in parsed.skipped[0].reason
    assert parsed.skipped[0].where == "line 2"


def test_methods_begin_with_a_line_of_their_own() -> None:
    rows = "type,marks,text,model_answer,steps\nshort_answer,1,Why?,So.,"
    two = "[Method 1]\n[0.5] a\n[0.5 accuracy follows:1] b\n[method 2] By [[substitution]]\n[1] c"
    (item,) = read(f'{rows}"{two}"').items
    assert [(step.text, step.method, step.follows) for step in item.content.steps] == [
        ("a", 1, ()),
        ("b", 1, (1,)),
        ("c", 2, ()),
    ]
    assert item.content.method_titles == ("", "By [[substitution]]")
    for wrong in ("[1] a\n[method 1]\n[1] b", "[method 2]\n[1] a", "[method one]\n[1] a"):
        assert "Methods begin with “[method 1]”" in read(f'{rows}"{wrong}"').skipped[0].reason


def test_a_step_says_what_it_follows_in_its_brackets() -> None:
    rows = "type,text,marks,steps\nshort_answer,Q,3,"
    (item,) = read(rows + '"[1 method] a\n[1] b\n[1 accuracy follows:1+2] c"').items
    assert [step.follows for step in item.content.steps] == [(), (), (1, 2)]
    refused = [read(f'{rows}"[1] a\n[2 {word}] b"').skipped[0].reason for word in ("follows:a", "follows:2")]
    assert "written as “follows:1+2”" in refused[0]
    assert "only a step before it" in refused[1]


@pytest.mark.parametrize(
    ("source", "sentence"),
    [
        ("a,b\n1,2", "first row must name"),
        ("\n\n", "empty"),
        ("type,text,text\n", "twice"),
        ("type,text" + ",x" * 200 + "\n", "more than 100 cells"),
        ("type,text\ntrue_false," + "x" * 200_000, "cannot be read"),
    ],
)
def test_what_is_no_table(source: str, sentence: str) -> None:
    with pytest.raises(FormatError, match=sentence):
        read(source)


def test_written_rows_without_a_scheme_say_so() -> None:
    (item,) = read("type,text,unknown\nlong_answer,Why?,x\n").items
    assert len(item.notes) == 4
    assert item.content.steps[0].marks == 1


def test_no_cell_of_ours_runs_in_a_spreadsheet() -> None:
    item = replace(EXAMPLES[3], name="@SUM(1)", content=replace(EXAMPLES[3].content, text='=cmd|"/c calc"!A1'))
    row = list(csv.reader(io.StringIO(table.write([item]).decode("utf-8-sig"))))[1]
    assert not any(cell[:1] in tuple("=+-@\t\r") for cell in row if cell)
    sheet = load_workbook(io.BytesIO(write_workbook([item]))).active
    assert all(cell.data_type != "f" for line in sheet.iter_rows() for cell in line)


def workbook(*rows: list) -> bytes:
    book = Workbook()
    for row in rows:
        book.active.append(row)
    buffer = io.BytesIO()
    book.save(buffer)
    return buffer.getvalue()


def test_numbers_and_truths_of_a_spreadsheet() -> None:
    head = ["type", "text", "answer", "tolerance", "marks"]
    one, two = table.parse(
        workbook(head, ["numeric", "Q", 0.1 + 0.2, 0.05, 2], [], ["true_false", "R", True, None, 1.5])
    ).items
    assert one.content.answer == {"value": "0.3", "tolerance": "0.05"}
    assert (two.content.answer, two.where) == ({"choices": ["true"]}, "row 4")


def test_a_formula_is_never_evaluated() -> None:
    with pytest.raises(FormatError, match=r"Cell C2 has a formula"):
        table.parse(workbook(["type", "text", "answer"], ["numeric", "Q", "=1+1"]))
