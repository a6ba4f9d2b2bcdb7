"""Mutated and hostile files: each is read, or refused with a FormatError, within bounds of memory and time."""

from __future__ import annotations

import random
import time
import tracemalloc
from decimal import Decimal

import pytest

from assessments.services.content_schema import OptionContent, PartContent, QuestionContent, StepContent
from assessments.services.formats import moodle_xml, qti
from assessments.services.formats.items import ExportedItem, FormatError, ParsedFile, Picture
from assessments.services.formats.packages import write_package
from assessments.tests.formats.exported import PNG

pytestmark = pytest.mark.slow
MUTATIONS = 300
SECONDS, BYTES = 5, 120_000_000
PIECES = (
    b"<a>", b"</answer>", b"]]>",
    b"<![CDATA[", b"&amp;", b"&nope;", b"{1:SA:=", b"~%50%", b"}", b"{=", b"[[1]]", b"\xff\xfe",
    b"\x00", b"-1", b"1e99", b"999999999999999999999", b"NaN", b"\\(", b"$$", b'"', b"<", b"@@PLUGINFILE@@/", b"../../",
    b"identifier", b"RESPONSE", b"<!DOCTYPE a>", b"<math><mfrac>", b"%%", b'fraction="', b"<text>",
)  # fmt: skip


def exported() -> list[ExportedItem]:
    """A question of every type, short."""
    options = (OptionContent("A", "one"), OptionContent("B", "*two* ![h](h.png)"), OptionContent("C", "$x^2$"))
    parts = (PartContent("1", "p", Decimal(1)), PartContent("2", "q", Decimal(1)))
    empty = (PartContent("1", "", Decimal(1)), PartContent("2", "", Decimal(1)))
    steps = (StepContent("Finds it.", Decimal(2)),)
    blanks = {
        "1": {"kind": "text", "accepted": [{"text": "a*", "credit": "1"}], "match_case": False},
        "2": {"kind": "choice", "options": ["is", "are"], "correct": "is"},
    }
    fields: dict[str, dict[str, object]] = {
        "single_choice": {"options": options, "answer": {"choices": ["B"]}},
        "multiple_choice": {"options": options, "answer": {"choices": ["A", "C"], "grading": "partial"}},
        "true_false": {"answer": {"choices": ["true"]}},
        "numeric": {"answer": {"value": "3.5", "tolerance": "0.1", "unit": "cm"}},
        "short_text": {"answer": {"accepted": [{"text": "valve", "credit": "1"}], "match_case": True}},
        "fill_in": {"text": "a [[1]] b [[2]]", "parts": empty, "answer": {"blanks": blanks}},
        "matching": {"options": options, "parts": parts, "answer": {"pairs": {"1": "A", "2": "C"}}},
        "ordering": {"options": options, "answer": {"order": ["C", "A", "B"]}},
        "long_answer": {"model_answer": "So.", "steps": steps},
    }
    pictures = (Picture("h.png", PNG, "image/png"),)
    base = {
        "marks": Decimal(2),
        "difficulty": 2,
        "cognitive_level": "apply",
        "text": "What is $x$?",
        "explanation": "It is.",
    }
    return [
        ExportedItem(f"Q {type}", type, QuestionContent(**(base | more)), pictures=pictures)  # type: ignore[arg-type]
        for type, more in fields.items()
    ]


CALCULATED = b"""<question type="calculated"><name><text>c</text></name><questiontext><text>{a}+{b}={={a}+{b}}?</text>
</questiontext><answer fraction="100"><text>{a}/{b}</text><tolerance>0.1</tolerance></answer><dataset_definitions>
<dataset_definition><name><text>a</text></name><minimum><text>1</text></minimum><maximum><text>5</text></maximum>
<decimals><text>1</text></decimals></dataset_definition></dataset_definitions></question></quiz>"""


def mutated(data: bytes, seed: int) -> bytes:
    """`data` with a few faults of the kinds that broken tools and clever people make."""
    chance = random.Random(seed)
    found = bytearray(data)
    for _fault in range(chance.randint(1, 6)):
        at = chance.randrange(len(found))
        kind = chance.randrange(5)
        if kind == 0:
            found[at] = chance.randrange(256)
        elif kind == 1:
            found[at:at] = chance.choice(PIECES)
        elif kind == 2:
            del found[at : at + chance.randint(1, 60)]
        elif kind == 3:
            end = at + chance.randint(1, 200)
            found[at:at] = found[at:end] * chance.randint(1, 5)
        else:
            del found[at : at + len(found) // chance.choice((2, 50))]
        if not found:
            return b"<"
    return bytes(found)


def check(reader, data: bytes) -> ParsedFile | None:
    started = time.process_time()
    try:
        parsed = reader(data)
    except FormatError:
        parsed = None
    assert time.process_time() - started < SECONDS
    return parsed


def test_mutated_moodle_xml():
    data = moodle_xml.write(exported()).replace(b"</quiz>", CALCULATED)
    tracemalloc.start()
    read = [parsed for seed in range(MUTATIONS) if (parsed := check(moodle_xml.parse, mutated(data, seed))) is not None]
    assert tracemalloc.get_traced_memory()[1] < BYTES
    tracemalloc.stop()
    assert read


def test_mutated_qti_items():
    whole = [one for version in ("2.1", "3.0") for one in contents(qti.write(exported(), version=version))]
    tracemalloc.start()
    read = 0
    for seed in range(MUTATIONS):
        parsed = check(qti.parse, mutated(whole[seed % len(whole)], seed))
        read += parsed is not None
    assert tracemalloc.get_traced_memory()[1] < BYTES
    tracemalloc.stop()
    assert read


def test_mutated_packages():
    data = qti.write(exported())
    outer = [check(qti.parse, mutated(data, seed)) for seed in range(MUTATIONS)]
    files = dict(zip(names(data), contents(data, ""), strict=True))
    inner = []
    for seed in range(MUTATIONS):
        name = list(files)[seed % len(files)]
        inner.append(check(qti.parse, write_package(files | {name: mutated(files[name], seed)})))
    assert any(outer)
    assert any(inner)


def names(data: bytes) -> list[str]:
    return qti.Package(data).names()


def contents(data: bytes, within: str = "items/") -> list[bytes]:
    package = qti.Package(data)
    return [package.read(name) for name in package.names() if name.startswith(within)]


BOMB = b'<?xml version="1.0"?><!DOCTYPE q [<!ENTITY a "aaaaaaaaaa">' + b"".join(
    b'<!ENTITY %c "%s">' % (98 + n, b"&%c;" % (97 + n) * 10) for n in range(9)
)


@pytest.mark.parametrize(
    "data",
    [
        BOMB + b"]><quiz>&j;</quiz>",
        BOMB + b"]><assessmentItem>&j;</assessmentItem>",
        b'<!DOCTYPE q [<!ENTITY x SYSTEM "file:///etc/passwd">]><quiz>&x;</quiz>',
        b'<!DOCTYPE q PUBLIC "a" "http://127.0.0.1/a.dtd" [<!ENTITY % b SYSTEM "http://127.0.0.1/b"> %b;]><quiz/>',
        b"<quiz>" * 2_000_000,
        b"<quiz>" + b"<a/>" * 700_000 + b"</quiz>",
        b"<quiz a='" + b"x" * 15_000_000 + b"'/>",
        b"<quiz " + b" ".join(b"a%d=''" % n for n in range(100_000)) + b"/>",
    ],
    ids=["laughs", "laughs-qti", "external", "public", "deep", "wide", "long", "attributes"],
)
@pytest.mark.parametrize("reader", [moodle_xml.parse, qti.parse])
def test_hostile_xml_is_refused_within_bounds(reader, data):
    tracemalloc.start()
    started = time.process_time()
    with pytest.raises(FormatError):
        reader(data)
    assert time.process_time() - started < 60  # tracing memory takes its time too
    assert tracemalloc.get_traced_memory()[1] < 300_000_000
    tracemalloc.stop()


@pytest.mark.parametrize(
    "text",
    [
        "{1:SA:=" * 20_000,
        "{=" * 20_000 + "}" * 20_000,
        "[[" * 50_000,
        "~%50%" * 30_000,
        "{1:MC:=a" + "~b" * 100_000 + "}",
        "\\" * 200_000,
        '<div class="step ' * 10_000,
        "<p class='head'>" * 10_000,
        '<div class="step a"><p class="head">' * 10_000,
        "{1:XX:" * 50_000 + "}",
        "<" * 300_000,
    ],
)
@pytest.mark.parametrize("kind", ["cloze", "calculated", "gapselect", "essay", "shortanswer"])
def test_hostile_texts_do_not_take_long(kind, text):
    shown = text.replace("&", "&amp;").replace("<", "&lt;")
    data = (
        f'<quiz><question type="{kind}"><questiontext><text>{shown}</text></questiontext>'
        f"<graderinfo><text>{shown}</text></graderinfo>"
        f'<answer fraction="100"><text>{shown}</text></answer></question></quiz>'
    ).encode()
    started = time.process_time()
    moodle_xml.parse(data)
    assert time.process_time() - started < 15


def test_too_many_of_anything_is_refused_soon():
    pairs = "<subquestion><text>a</text><answer><text>b</text></answer></subquestion>" * 50_000
    answers = '<answer fraction="100"><text>a</text></answer>' * 100_000
    tags = "<tags>" + "".join(f"<tag><text>{n}</text></tag>" for n in range(50_000)) + "</tags>"
    for kind, body in (
        ("matching", pairs),
        ("multichoice", answers),
        ("shortanswer", answers),
        ("ordering", answers + tags),
    ):
        started = time.process_time()
        parsed = moodle_xml.parse(f'<quiz><question type="{kind}">{body}</question></quiz>'.encode())
        assert "is the most" in parsed.skipped[0].reason
        assert time.process_time() - started < 10
    choices = "".join(f'<simpleChoice identifier="A{n}">a</simpleChoice>' for n in range(101))
    body = f'<choiceInteraction responseIdentifier="R">{choices}</choiceInteraction>'
    parsed = qti.parse(f"<assessmentItem><itemBody>{body}</itemBody></assessmentItem>".encode())
    assert "more than 100" in parsed.skipped[0].reason


def test_one_picture_shown_often_is_unpacked_once():
    picture = PNG + bytes(4_000_000)
    shown = "".join('<img src="a.png" alt=""/>' for _ in range(200))
    body = f'<p>{shown}</p><extendedTextInteraction responseIdentifier="R"/>'
    item = f'<assessmentItem identifier="a"><itemBody>{body}</itemBody></assessmentItem>'.encode()
    (found,) = qti.parse(write_package({"item.xml": item, "a.png": picture[:900_000]})).items
    assert len(found.pictures) == 1
