"""Papers, keys and sheets as they come out of the printer: read back as text and as pictures."""

import io
import re
import uuid
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pypdfium2
import pytest
from PIL import Image
from qrcode.constants import ERROR_CORRECT_M
from qrcode.main import QRCode

from assessments.enums import WRITTEN_TYPES, QuestionType
from assessments.models import Paper, PaperQuestion, QuestionVersion
from assessments.services.bank_files import load_bank
from assessments.services.drawing import draw_paper
from assessments.services.pictures import store_picture
from assessments.services.printing import (
    PageCode,
    PageCodeError,
    PrintOptions,
    paper_code,
    print_answer_sheet,
    print_key,
    print_paper,
    read_page_code,
)
from assessments.services.printing.boxes import Strip, kept, paginate
from assessments.services.printing.page_codes import write_page_code
from common.content import render_content
from common.errors import DomainError
from tests import factories

NOW = factories.NOW
SHIPPED = Path(__file__).resolve().parents[2] / "data" / "cbse_x_mathematics"
NORMAL = PrintOptions()


def pages_of(data: bytes) -> list[str]:
    with pypdfium2.PdfDocument(data) as pdf:
        texts = []
        for page in pdf:
            text = page.get_textpage()
            texts.append(text.get_text_range().replace("\r\n", "\n"))
            text.close()
            page.close()
    return texts


@pytest.fixture
def board_paper(db) -> Paper:
    report = load_bank(folder=SHIPPED, author=factories.TeacherFactory(), verifier=factories.TeacherFactory(), now=NOW)
    return draw_paper(blueprint=report.blueprints[0], seed=7, title="Model paper 1", now=NOW)


def a_paper(*contents: dict[str, Any]) -> Paper:
    """One question per dict: `type`, `marks` and fields of QuestionVersion."""
    paper = Paper.objects.create(
        programme=factories.ProgrammeFactory(),
        title="Paper",
        seed=1,
        sections=[],
        total_marks=len(contents),
        written_marks=0,
        frozen_at=NOW,
    )
    for number, content in enumerate(contents, start=1):
        kind = content.pop("type", QuestionType.SHORT_ANSWER)
        question = factories.QuestionFactory(type=kind)
        fields = {"text_source": "-", "marks": Decimal(1), "created_by": question.author, "created_at": NOW} | content
        version = QuestionVersion.objects.create(question=question, number=1, **fields)
        PaperQuestion.objects.create(
            paper=paper,
            section="",
            number=number,
            version=version,
            type=kind,
            marks=version.marks,
            is_written=kind in WRITTEN_TYPES,
        )
    return paper


def said(text: str) -> str:
    return re.sub(r"\s+", " ", text)


@pytest.mark.slow
def test_a_board_paper_looks_like_one(board_paper: Paper, django_assert_num_queries) -> None:
    with django_assert_num_queries(3):
        data = print_paper(board_paper, NORMAL)
    pages = pages_of(data)
    whole = "\n".join(pages)
    assert f"{len(pages)} printed pages and 38 questions" in said(whole)
    assert [f"{n} of {len(pages)}" in page for n, page in enumerate(pages, start=1)] == [True] * len(pages)
    for wanted in ("MATHEMATICS", "Time allowed: 3 hours", "Maximum marks: 80", "General instructions", "Roll No."):
        assert wanted in pages[0]
    for number in range(1, 39):
        assert re.search(rf"(?m)^{number}\.", whole), number
    # Two choices in each of B, C and D, and one in each case study.
    assert len(re.findall(r"(?m)^OR\s*$", whole)) == 9
    assert all(f"Section {label}:" in whole for label in "ABCDE")
    assert "End of the question paper" in pages[-1]
    assert "Marking scheme" not in whole
    for page in pages:
        last = [line for line in page.splitlines() if line.strip()][-6:]
        assert not any(line.startswith("Section") for line in last), "a heading alone at the bottom"
    assert print_paper(board_paper, NORMAL) == data, "the same paper is the same file"


@pytest.mark.slow
def test_the_key_has_answers_and_schemes(board_paper: Paper, django_assert_num_queries) -> None:
    with django_assert_num_queries(3):
        data = print_key(board_paper, NORMAL)
    whole = said(" ".join(pages_of(data)))
    # A second method has its own heading, after OR.
    seconds = whole.count("Marking scheme, method 2: ")
    assert whole.count("Marking scheme") == 24 + seconds
    assert seconds == sum(len(row.version.methods) > 1 for row in board_paper.questions.filter(is_written=True))
    assert "follows 1" in whole
    assert "Confidential" in whole
    for row in board_paper.questions.filter(is_written=False).select_related("version"):
        assert f"({row.version.answer['choices'][0]})" in whole if "choices" in row.version.answer else True
    assert print_key(board_paper, NORMAL) == data


@pytest.mark.slow
def test_large_print_takes_more_pages(board_paper: Paper) -> None:
    normal, large = (pages_of(print_paper(board_paper, PrintOptions(size=size))) for size in ("normal", "large"))
    assert len(large) > 1.5 * len(normal)


def test_a_small_paper_without_blueprint(db) -> None:
    paper = factories.small_paper()
    first, *rest = pages_of(print_paper(paper, NORMAL))
    assert rest == []
    assert "Time allowed" not in first
    assert "Maximum marks: 12" in first
    assert said(first).count("(A) A (B) B (C) C (D) D") == 2
    assert "(a) What is x?" in said(first)
    assert "OR" in first.split()
    key = said(pages_of(print_key(paper, NORMAL))[0])
    assert "(B) B" in key
    assert "(C) C" in key
    assert "3.5 ± 0.01" in key
    assert "½ M" in key


def test_every_type_is_printed_with_its_key(db) -> None:
    blanks = {
        "1": {"kind": "choice", "options": ["is", "are"], "correct": "are"},
        "2": {"kind": "text", "accepted": [{"text": "two"}, {"text": "2", "credit": "0.5"}]},
    }
    paper = a_paper(
        {"type": QuestionType.FILL_IN, "text_html": "<p>They [[1]] [[2]].</p>", "answer": {"blanks": blanks}},
        {
            "type": QuestionType.MATCHING,
            "text_html": "<p>Match.</p>",
            "parts": [{"label": "1", "alternative": "", "html": "<p>sun</p>", "marks": "1"}],
            "options": [{"label": "A", "html": "<p>star</p>"}, {"label": "B", "html": "<p>moon</p>"}],
            "answer": {"pairs": {"1": "A"}},
        },
        {"type": QuestionType.TRUE_FALSE, "text_html": "<p>It is so.</p>", "answer": {"choices": ["true"]}},
    )
    text = said(pages_of(print_paper(paper, NORMAL))[0])
    assert re.search(r"It is so\.\s.*Write True or False\.", text)
    assert re.search(r"They \(1\)\s_{12} \[is / are\]", text)
    assert "[[" not in text
    assert "Column I Column II (1) sun (A) star" in text
    key = said(pages_of(print_key(paper, NORMAL))[0])
    assert "(1) are" in key
    assert "two; 2 (credit 0.5)" in key
    assert "1 – A" in key


def test_devanagari_and_signs_of_no_text_font(db) -> None:
    paper = a_paper({"text_html": "<p>क्षेत्रफल ज्ञात कीजिए ₹500 <strong>विद्यार्थी</strong> ∠ABC</p>"})
    text = pages_of(print_paper(paper, NORMAL))[0]
    assert "कीजिए" in text or re.search("[\u0900-\u097f]{3}", text)
    assert "500" in text


def test_pictures_and_tables(db) -> None:
    drawing = io.BytesIO()
    Image.new("RGB", (400, 200), "red").save(drawing, "PNG")
    address = store_picture(drawing.getvalue())
    source = f"![a triangle]({address})\n\n| Marks | 0–10 |\n|---|---|\n| Students | $x$ |"
    paper = a_paper({"text_html": render_content(source).html})
    data = print_paper(paper, NORMAL)
    assert "Students" in pages_of(data)[0]
    with pypdfium2.PdfDocument(data) as pdf:
        picture = pdf[0].render(scale=1).to_pil().convert("RGB")
    assert (255, 0, 0) in {colour for _, colour in picture.getcolors(100_000)}


def test_a_missing_picture_is_seen(db) -> None:
    paper = a_paper({"text_html": f'<p><img src="/media/questions/{"0" * 64}.png" alt="a triangle"></p>'})
    assert "picture missing: a triangle" in said(pages_of(print_paper(paper, NORMAL))[0])


HOSTILE = [
    "<p>" + "x" * 20_000 + "</p>",
    "<div>" * 3_000 + "deep" + "</div>" * 3_000,
    "<ul><li>" * 400 + "deep",
    "<table>" + "<tr>" + "<td>narrow word</td>" * 60 + "</tr>" + "</table>",
    "<table><tr><td>" + "<p>line</p>" * 300 + "</td><td>x</td></tr></table>",
    "<table></table>",
    "",
    "<p>\x07 (Tj) \\) ET Q endstream \ufffe</p>",
    "<script>alert(1)</script><unknown>text</unknown></p></div>",
    "<p><math><mi>x</mi></p>",
    "<p><math><mfrac><mi>x</mi></mfrac></math> stays</p>",
    '<ol start="99999999999999999999"><li>a</li></ol>',
    "<p>😀 漢字 \u202e right to left \u0301</p>",
    "<pre>" + "long " * 500 + "</pre>",
    '<p><img src="https://elsewhere.example/x.png"><img src="file:///etc/passwd"><img></p>',
]


@pytest.mark.parametrize("html", HOSTILE, ids=range(len(HOSTILE)))
def test_no_content_breaks_a_paper(db, html: str) -> None:
    options = [{"label": "A", "html": html}, {"label": "B", "html": "<p>b</p>"}]
    paper = a_paper(
        {"type": QuestionType.SINGLE_CHOICE, "text_html": html, "options": options, "answer": {"choices": ["A"]}},
        {"text_html": "<p>The next question</p>", "model_answer_html": html, "explanation_html": html},
    )
    assert "The next question" in "".join(pages_of(print_paper(paper, NORMAL)))
    assert pages_of(print_key(paper, PrintOptions(size="large")))


# --- Codes -----------------------------------------------------------------------------------------------------------
def test_a_code_is_read_back() -> None:
    code = PageCode(uuid.uuid4(), "sheet", 3, 12, uuid.uuid4())
    assert read_page_code(write_page_code(code)) == code
    assert read_page_code(write_page_code(replace(code, attempt=None, copy=0))) == replace(code, attempt=None, copy=0)


@pytest.mark.parametrize("text", ["", "https://example.org", "AP1.p.x.1.0.:sig", "x" * 5_000, "AP1.p...:", "\u0967"])
def test_a_foreign_code_is_refused(text: str) -> None:
    with pytest.raises(PageCodeError):
        read_page_code(text)


def test_a_changed_code_is_refused() -> None:
    text = write_page_code(PageCode(uuid.uuid4(), "sheet", 3))
    with pytest.raises(PageCodeError):
        read_page_code(text.replace(".3.", ".4."))


@pytest.mark.parametrize("kind", ["paper", "key", "sheet"])
def test_the_printed_code_is_the_one_of_its_page(db, kind: str) -> None:
    paper = factories.small_paper()
    options = PrintOptions(copy=7)
    data = {"paper": print_paper, "key": print_key, "sheet": print_answer_sheet}[kind](paper, options)
    with pypdfium2.PdfDocument(data) as pdf:
        picture = pdf[0].render(scale=4).to_pil().convert("L")
    code: Any = QRCode(error_correction=ERROR_CORRECT_M, border=0)
    code.add_data(write_page_code(PageCode(paper.pk, kind, 1, 7)))
    rows = code.get_matrix()
    # Where pages.py puts it, in points from the top left.
    left, top, side = 595.28 - 51 - 52, 841.89 - 86 + 17, 52
    module = side / len(rows)
    seen = [
        [
            picture.getpixel((round(4 * (left + (c + 0.5) * module)), round(4 * (top + (r + 0.5) * module)))) < 128
            for c in range(len(rows))
        ]
        for r in range(len(rows))
    ]
    assert seen == [[bool(dark) for dark in row] for row in rows]


# --- Sheets, options, pages ------------------------------------------------------------------------------------------
def test_answer_sheets(db) -> None:
    paper = factories.small_paper()
    pages = pages_of(print_answer_sheet(paper, NORMAL, pages=3))
    assert len(pages) == 3
    assert all(paper_code(paper) in page and f"{n} of 3" in page for n, page in enumerate(pages, start=1))
    for count in (0, 61):
        with pytest.raises(DomainError):
            print_answer_sheet(paper, NORMAL, pages=count)


@pytest.mark.parametrize("options", [{"size": "huge"}, {"copy": -1}, {"copy": 100_000}])
def test_wrong_options_are_refused(options: dict[str, Any]) -> None:
    with pytest.raises(DomainError):
        PrintOptions(**options)


def strip(height: float, **more: Any) -> Strip:
    return Strip(height, 0.0, lambda x, y: None, **more)


def test_what_is_kept_together_moves_to_the_next_page() -> None:
    strips = [strip(70), *kept([strip(20), strip(20)]), strip(10)]
    assert [[s.height for _, s in page] for page in paginate(strips, lambda page: 100)] == [[70], [20, 20, 10]]


def test_what_no_page_holds_is_cut() -> None:
    pages = paginate(kept([strip(40)] * 6), lambda page: 100)
    assert [len(page) for page in pages] == [2, 2, 2]


def test_a_gap_at_the_top_of_a_page_is_left_out() -> None:
    pages = paginate([strip(60, gap=30), strip(60, gap=30)], lambda page: 100)
    assert [page[0][0] for page in pages] == [0.0, 0.0]
