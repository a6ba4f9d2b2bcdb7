"""Questions of every type for round trips through Moodle XML and QTI."""

from __future__ import annotations

from decimal import Decimal
from string import ascii_uppercase

from hypothesis import strategies as st

from assessments.services.content_schema import OptionContent, PartContent, QuestionContent, StepContent
from assessments.services.formats.html_markdown import from_html, to_html
from assessments.services.formats.items import ExportedItem, Picture

PNG = b"\x89PNG\r\n\x1a\n" + b"not much of a picture"
LEVELS = ["remember", "understand", "apply", "analyse", "evaluate", "create"]
FRAGMENTS = [
    "the mitral valve", "$x^2 + 1$", "$\\frac{a}{b} < 3$", "**strong**", "*weak*", "5 < 6 & 7 > 3", "50 %", "a_b",
    "“quoted” \"too\"", "हृदय", "`code {1:SA:=x}`", "$$\\int_0^1 x\\,dx$$", "~ # = } { / \\\\", "]]>",
    "![a heart](heart.png)", "x", "A/B", "@@PLUGINFILE@@", "\\$5", "1. no list",
]  # fmt: skip
WORDS = [
    "Paris",
    "left ventricle",
    "H2O",
    "a}b",
    "c#d",
    "e~f",
    "g/h",
    '"i"',
    "j\\k",
    "=l",
    "%m%",
    "n\\*o",
    "p*",
    "<q>",
    "&r;",
]
halves = st.integers(1, 12).map(lambda n: Decimal(n) / 2)


def canonical(text: str) -> str:
    """`text` as our own reader writes it, which is all that HTML can promise to bring back."""
    return from_html(to_html(text), picture=str).text


def stable(text: str) -> bool:
    return bool(text) and canonical(text) == text


def sentences(*more: str) -> st.SearchStrategy[str]:
    parts = st.lists(st.sampled_from([*FRAGMENTS, *more]), min_size=1, max_size=4)
    return parts.map(lambda found: canonical(" ".join(found))).filter(stable)


texts = st.lists(sentences(), min_size=1, max_size=3).map("\n\n".join).map(canonical).filter(stable)
words = st.sampled_from(WORDS)


def labels(number: int) -> list[str]:
    return list(ascii_uppercase[:number])


@st.composite
def options(draw, low: int = 2, high: int = 8) -> tuple[OptionContent, ...]:
    found = draw(st.lists(sentences(), min_size=low, max_size=high, unique=True))
    return tuple(OptionContent(label, text) for label, text in zip(ascii_uppercase, found, strict=False))


@st.composite
def content(draw, **fields: object) -> QuestionContent:
    base = {
        "marks": draw(halves),
        "difficulty": draw(st.integers(1, 5)),
        "cognitive_level": draw(st.sampled_from(LEVELS)),
        "text": draw(texts),
        "explanation": draw(st.one_of(st.just(""), texts)),
    }
    return QuestionContent(**(base | fields))


@st.composite
def choice(draw, type: str = "single_choice") -> QuestionContent:
    shown = draw(options())
    return draw(content(options=shown, answer={"choices": [draw(st.sampled_from([o.label for o in shown]))]}))


@st.composite
def multiple_choice(draw) -> QuestionContent:
    shown = draw(options())
    right = sorted(draw(st.sets(st.sampled_from([o.label for o in shown]), min_size=1)))
    key: dict[str, object] = {"choices": right}
    if draw(st.booleans()):
        key["grading"] = "partial"
    return draw(content(options=shown, answer=key))


@st.composite
def numeric(draw) -> QuestionContent:
    key = {"value": draw(st.sampled_from(["3.5", "-0.25", "1000000", "0"]))}
    if draw(st.booleans()):
        key["tolerance"] = draw(st.sampled_from(["0.01", "2"]))
    if draw(st.booleans()):
        key["unit"] = draw(st.sampled_from(["cm", "m/s", "°C", "₹"]))
    return draw(content(answer=key))


accepted = st.lists(
    st.fixed_dictionaries({"text": words, "credit": st.sampled_from(["1", "0.5", "0.25"])}),
    min_size=1, max_size=4, unique_by=lambda one: one["text"],
).map(lambda found: [{**found[0], "credit": "1"}, *found[1:]])  # fmt: skip


@st.composite
def short_text(draw) -> QuestionContent:
    return draw(content(answer={"accepted": draw(accepted), "match_case": draw(st.booleans())}))


@st.composite
def expression(draw) -> QuestionContent:
    keys = [("2x+3", ""), ("a*b^2", "expanded"), ("(x-1)(x+1)", "factored"), ("x/2", "simplified")]
    text, form = draw(st.sampled_from(keys))
    return draw(content(answer={"expression": text, "form": form}))


@st.composite
def blank(draw) -> dict[str, object]:
    kind = draw(st.sampled_from(["text", "number", "choice"]))
    if kind == "text":
        return {"kind": kind, "accepted": draw(accepted), "match_case": draw(st.booleans())}
    if kind == "number":
        return {
            "kind": kind,
            "value": draw(st.sampled_from(["3", "-1.5"])),
            "tolerance": draw(st.sampled_from(["0.5", "0.1"])),
        }
    shown = draw(st.lists(words, min_size=2, max_size=5, unique=True))
    return {"kind": kind, "options": shown, "correct": draw(st.sampled_from(shown))}


def even_parts(texts: list[str], share: Decimal) -> tuple[PartContent, ...]:
    return tuple(PartContent(str(i), text, share) for i, text in enumerate(texts, start=1))


@st.composite
def fill_in(draw, uneven: bool = True) -> QuestionContent:
    blanks = draw(st.lists(blank(), min_size=1, max_size=4))
    shares = [draw(halves) for _ in blanks] if uneven else [draw(halves)] * len(blanks)
    parts = tuple(PartContent(str(i), "", share) for i, share in enumerate(shares, start=1))
    text = " ".join(f"{draw(sentences())} [[{i}]]" for i in range(1, len(blanks) + 1))
    answer = {"blanks": {str(i): one for i, one in enumerate(blanks, start=1)}}
    return draw(content(text=canonical(text), parts=parts, marks=sum(shares, Decimal(0)), answer=answer))


@st.composite
def matching(draw) -> QuestionContent:
    shown = draw(options())
    prompts = draw(st.lists(sentences(), min_size=2, max_size=5, unique=True))
    share = draw(halves)
    pairs = {str(i): draw(st.sampled_from(shown)).label for i in range(1, len(prompts) + 1)}
    return draw(
        content(options=shown, parts=even_parts(prompts, share), marks=share * len(prompts), answer={"pairs": pairs})
    )


@st.composite
def ordering(draw) -> QuestionContent:
    shown = draw(options())
    key: dict[str, object] = {"order": draw(st.permutations([o.label for o in shown]))}
    if draw(st.booleans()):
        key["grading"] = "partial"
    return draw(content(options=shown, answer=key))


@st.composite
def written(draw) -> QuestionContent:
    marks = draw(st.lists(halves, min_size=1, max_size=3))
    kinds = ["method", "accuracy", "independent"]
    steps = tuple(
        StepContent(
            draw(texts), one, draw(st.sampled_from(kinds)), follows=tuple(draw(st.sets(st.integers(1, n)))) if n else ()
        )
        for n, one in enumerate(marks)
    )
    titles: tuple[str, ...] = ()
    if draw(st.booleans()):
        whole = StepContent(draw(texts), sum(marks, Decimal(0)), "accuracy", method=2)
        steps = (*steps, whole)
        titles = draw(st.sampled_from([(), ("By *elimination*", "x < y & [2]"), ("", "[method 3] {~=#:}"), ("Only",)]))
    fields = {"steps": steps, "model_answer": draw(texts), "method_titles": titles}
    return draw(content(marks=sum(marks, Decimal(0)), **fields))


@st.composite
def case_study(draw) -> QuestionContent:
    places = [("i", ""), ("ii", "a"), ("ii", "b")]
    parts = tuple(PartContent(label, draw(texts), Decimal(2), alternative) for label, alternative in places)
    steps = tuple(StepContent(draw(texts), Decimal(2), "method", *place) for place in places)
    return draw(content(marks=Decimal(4), parts=parts, steps=steps, model_answer=draw(texts)))


TYPES = {
    "single_choice": choice(),
    "assertion_reason": choice(),
    "multiple_choice": multiple_choice(),
    "true_false": content(answer={"choices": ["true"]}) | content(answer={"choices": ["false"]}),
    "numeric": numeric(),
    "short_text": short_text(),
    "expression": expression(),
    "fill_in": fill_in(),
    "matching": matching(),
    "ordering": ordering(),
    "very_short_answer": written(),
    "short_answer": written(),
    "long_answer": written(),
    "file_upload": written(),
    "case_study": case_study(),
}


@st.composite
def items(draw, type: str) -> ExportedItem:
    return ExportedItem(
        name=draw(st.sampled_from(["Q 1", "The heart & its <valves>", "प्रश्न"])),
        type=type,
        content=draw(TYPES[type]),
        key=draw(st.sampled_from([None, "x-alg-01", "a:b/c"])),
        chapter=draw(st.sampled_from(["Heart", "Sets / Relations"])),
        topic=draw(st.sampled_from(["Valves", "a // b"])),
        tags=tuple(draw(st.lists(st.sampled_from(["easy", "2026", "x: y"]), unique=True))),
        pictures=(Picture("heart.png", PNG, "image/png"),),
    )
