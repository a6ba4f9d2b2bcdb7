"""Plausible questions of every type, as many as are wanted; the same number always gives the same question.

A text is an opening, a task and a remark, each its own paragraph, with names, things and numbers put in. Each piece is
rendered once, by the product, and the words are put into its HTML as they are into its source: neither a word nor a
number of these changes how the rest is rendered (tests/bench/bank/test_texts.py compares). One in 25 questions is the
one before with another number, as banks have it.
"""

from __future__ import annotations

import random
from dataclasses import dataclass, field, replace
from decimal import Decimal
from functools import cache
from typing import Any

from assessments.enums import WRITTEN_TYPES, CognitiveLevel, QuestionType
from assessments.services.content_schema import OptionContent, PartContent, QuestionContent, StepContent
from common.content import render_content


def _listed(text: str) -> list[str]:
    return text.split(", ")


NAMES = _listed(
    "Asha, Bina, Charu, Deepak, Esha, Farhan, Gauri, Harish, Imran, Jaya, Kabir, Lata, Meera, Naveen, Omkar, "
    "Pooja, Qasim, Rohan, Sana, Tarun, Usha, Varun, Waheeda, Yash, Zoya, Aditi, Bhavesh, Chitra, Dinesh, Ekta, "
    "Firoz, Geeta, Hemant, Indu, Jatin, Kavya, Lokesh, Madhu, Nitin, Ojas, Pallavi, Rakesh, Shalini, Tushar, "
    "Urvi, Vikram, Yamini, Zaheer"
)
PLACES = _listed(
    "Kolhapur, Mysuru, Bhopal, Kochi, Shillong, Jaipur, Surat, Patna, Ranchi, Cuttack, Madurai, Nashik, Kanpur, "
    "Indore, Raipur, Guntur, Hubli, Salem, Udaipur, Agartala, Imphal, Aizawl, Kohima, Gangtok, Panaji, Shimla, "
    "Dehradun, Leh, Jammu, Amritsar, Rohtak, Meerut, Gaya, Siliguri, Puri, Warangal, Tirupati, Thrissur, Belgaum, "
    "Satara, Latur, Akola, Rewa, Sagar, Kota, Bikaner, Bhuj, Vadodara"
)
THINGS = _listed(
    "lamp post, water tank, bamboo pole, kite string, brick wall, temple tower, flag staff, wheat field, bicycle "
    "wheel, cricket pitch, paper cone, clay pot, tin box, rain gauge, milk can, wooden top, copper wire, glass "
    "bowl, marble slab, steel pipe, rope bridge, garden path, bullock cart, window grill, table cloth, grain "
    "heap, swimming pool, circus tent, ice cream cone, toy train, spring balance, test tube, pin-hole camera, "
    "convex mirror, iron nail, neem leaf, human heart, onion peel, pond weed, bread mould, silk thread, rice "
    "paddy, electric bulb, fuse wire, bar magnet, pendulum, metre scale, burette"
)
WHEN = _listed(
    "on a Monday morning, after the monsoon, during the school fair, before the match, in the laboratory, for a "
    "project, at the weekly market, while it rains, on the way home, with two friends, for the science club, in "
    "the second week, at noon, by moonlight, for the village council, under supervision, on graph paper, without "
    "a calculator, from the terrace, with a thread and a nail, at the railway station, near the old well, inside "
    "the hall, behind the school, for charity"
)
#: @N names, @P places, @T and @U things, @W when; @1 … @4 numbers. The tokens stay whole in Markdown and in TeX.
OPENINGS = (
    "@N of @P keeps a @T of height 9071 cm beside a @U @W.",
    "@W, @N and a cousin from @P measure a @T and find 9071 units; the @U gives 9072.",
    "A workshop in @P sells a @T for ₹ 9071 and a @U for ₹ 9072, says @N.",
    "The ratio of the @T to the @U in @P is $9071 : 9072$, as @N noted @W.",
    "In a survey of 9071 families of @P, @N asks who owns a @T and who owns a @U.",
    "@N draws the curve $y = x^2 - 9071x + 9072$ @W and compares it with the edge of a @T.",
    "A @T is cut from a sheet in @P so that $\\dfrac{9071}{9072}$ of it is left; @N uses the rest for a @U.",
    "From the top of a @T in @P the angle to a @U is $30^\\circ$, as seen by @N @W.",
    "@N throws two dice @W; a friend in @P draws 9071 cards beside a @T.",
    "The sum of the first 9071 terms is written on a @T by @N, and the 9072nd term on a @U.",
    "@P की @N ने @W एक @T को 9071 सेमी की दूरी से देखा और @U के बारे में लिखा।",
    "A teacher in @P shows the class a @T, a @U and 9071 cubes of side $9072\\,\\text{cm}$; @N takes notes @W.",
    "Water flows from a @T into a @U at 9071 litres a minute, and @N of @P starts a clock @W.",
    "@N bought 9071 tickets for the fair of @P; each tenth carries the picture of a @T, each ninth that of a @U.",
)
TASKS = (
    "Find the value of $9073x + 9074$ when $x = 9071$.",
    "Solve $x^2 - 9073x + 9074 = 0$ and say which root fits.",
    "Prove that $\\sqrt{9073}$ is irrational and explain where a whole root would break the argument.",
    "Which statement about $\\dfrac{9073}{9074}$ is right?",
    "Find the area of the shaded region if the radius is $9073$ cm. Use $\\pi = \\dfrac{22}{7}$.",
    "Show that $\\sin^2 9073^\\circ + \\cos^2 9073^\\circ = 1$ and use it for the angle of 9074 degrees.",
    "What is the probability of drawing a number above 9073 from 9074 equal slips?",
    "Find the distance of the point $(9073, -9074)$ from the origin.",
    "State the law that explains this and name two conditions under which it fails for 9073 pieces.",
    "Calculate the mean of 9073 readings whose sum is 9074, and compare it with the median.",
    "Which part of the flower does this describe, and how many of 9073 seeds grow at $9074^\\circ$?",
    "Find the current through a wire of $9073\\,\\Omega$ at $9074$ volts.",
    "दिए गए वृत्त का क्षेत्रफल ज्ञात कीजिए जिसकी त्रिज्या 9073 सेमी है।",
    "सिद्ध कीजिए कि $\\sqrt{9073}$ एक अपरिमेय संख्या है।",
)
REMARKS = (
    "Give reasons for every step.",
    "Round to two decimal places.",
    "A rough figure helps.",
    "Leave your answer in terms of $\\pi$.",
    "Write the formula before you put the numbers in.",
    "State the theorem that you use.",
    "Check the result by another way.",
    "Take $g = 10\\,\\text{m/s}^2$ where you need it.",
    "Both ends are included.",
    "Give the unit.",
    "The figure is not to scale.",
    "Explain in one sentence why the other value is left out.",
)
#: In three questions only.
RARE = "The curve is a brachistochrone."
RARE_AT = frozenset({1_234, 23_456, 45_678})
OPTIONS = ("$9071$ cm", "$\\dfrac{9072}{9071}$", "@T", "$9071 - 9072$", "neither @T nor @U", "$9074$", "all of 9073")
TYPES = (
    [QuestionType.SINGLE_CHOICE] * 30 + [QuestionType.MULTIPLE_CHOICE] * 5 + [QuestionType.ASSERTION_REASON] * 6
    + [QuestionType.TRUE_FALSE] * 4 + [QuestionType.NUMERIC] * 8 + [QuestionType.SHORT_TEXT] * 3
    + [QuestionType.EXPRESSION] * 3 + [QuestionType.FILL_IN] * 3 + [QuestionType.MATCHING] * 2
    + [QuestionType.ORDERING] * 2 + [QuestionType.VERY_SHORT_ANSWER] * 10 + [QuestionType.SHORT_ANSWER] * 10
    + [QuestionType.LONG_ANSWER] * 7 + [QuestionType.CASE_STUDY] * 5 + [QuestionType.FILE_UPLOAD] * 2
)  # fmt: skip
MARKS = {"very_short_answer": 2, "short_answer": 3, "long_answer": 5, "case_study": 4, "file_upload": 5, "matching": 3}
LEVELS = list(CognitiveLevel.values)


@dataclass(frozen=True)
class Item:
    """One question: type and content, and the HTML of its texts by source."""

    type: str
    content: QuestionContent
    html: dict[str, str] = field(repr=False)


@cache
def rendered(source: str) -> str:
    return str(render_content(source).html)


def make_item(number: int, revision: int = 0) -> Item:
    """Question `number`; `revision` is an earlier wording, with another number in it."""
    near = number % 25 == 24
    # A near duplicate is its neighbour in all but one number.
    maker = _Maker(random.Random(number - near), shift=10 * revision + near)
    return maker.item(number)


class _Maker:
    def __init__(self, chance: random.Random, shift: int) -> None:
        self.chance = chance
        pick = chance.choice
        self.words = {
            "@N": pick(NAMES), "@P": pick(PLACES), "@T": pick(THINGS), "@U": pick(THINGS), "@W": pick(WHEN),
            "9071": str(chance.randint(2, 998) + shift), "9072": str(chance.randint(1002, 1998)),
            "9073": str(chance.randint(2, 89)), "9074": str(chance.randint(2001, 2999)),
        }  # fmt: skip
        self.html: dict[str, str] = {}

    def text(self, *templates: str) -> str:
        """The templates as paragraphs, filled; remembers the HTML."""
        sources, pages = [], []
        for template in templates:
            html = rendered(template)
            for token, word in self.words.items():
                template, html = template.replace(token, word), html.replace(token, word)
            sources.append(template)
            pages.append(html)
        source = "\n\n".join(sources)
        self.html[source] = "\n".join(pages)
        return source

    def item(self, number: int) -> Item:
        type = str(self.chance.choice(TYPES))
        marks = Decimal(MARKS.get(type, 1))
        remarks = [self.chance.choice(REMARKS), *([RARE] if number in RARE_AT else [])]
        parts = [self.chance.choice(OPENINGS), self.chance.choice(TASKS), *remarks]
        content = QuestionContent(
            marks=marks,
            difficulty=self.chance.choice([1, 1, 2, 2, 2, 3, 3, 3, 4, 4, 5]),
            cognitive_level=self.chance.choice(LEVELS),
            text=self.text(*parts),
            explanation=self.text("The value 9071 follows from the first line.") if number % 3 == 0 else "",
        )
        content = self.written(type, content) if type in WRITTEN_TYPES else replace(content, **self.keyed(type, parts))
        return Item(type, content, self.html)

    def keyed(self, type: str, parts: list[str]) -> dict[str, Any]:
        """Options, parts and key, by type."""
        if type == QuestionType.TRUE_FALSE:
            return {"answer": {"choices": ["true"]}}
        if type == QuestionType.NUMERIC:
            return {"answer": {"value": self.words["9071"], "tolerance": "0.5"}}
        if type == QuestionType.SHORT_TEXT:
            return {"answer": {"accepted": [{"text": self.words["@T"]}, {"text": "9" + self.words["9071"]}]}}
        if type == QuestionType.EXPRESSION:
            return {"answer": {"expression": f"{self.words['9073']}x+{self.words['9071']}", "form": ""}}
        if type == QuestionType.FILL_IN:
            blank = {"kind": "number", "value": self.words["9071"], "tolerance": "0"}
            text = self.text(*parts, "The @T measures [[1]] units.")
            return {"text": text, "parts": (PartContent("1", "", Decimal(1)),), "answer": {"blanks": {"1": blank}}}
        options = self.options(4)
        if type == QuestionType.MATCHING:
            lefts = ("the @T of @P", "what @N saw", "the number 9072")
            pairs = tuple(PartContent(str(n), self.text(left), Decimal(1)) for n, left in enumerate(lefts, 1))
            return {"options": options, "parts": pairs, "answer": {"pairs": {"1": "B", "2": "A", "3": "C"}}}
        if type == QuestionType.ORDERING:
            return {"options": options, "answer": {"order": ["C", "A", "D", "B"]}}
        right = ["A", "C"] if type == QuestionType.MULTIPLE_CHOICE else [self.chance.choice("ABCD")]
        return {"options": options, "answer": {"choices": right}}

    def options(self, wanted: int) -> tuple[OptionContent, ...]:
        chosen = self.chance.sample(OPTIONS, wanted)
        return tuple(OptionContent(label, self.text(text)) for label, text in zip("ABCD", chosen, strict=True))

    def written(self, type: str, content: QuestionContent) -> QuestionContent:
        model = self.text("Put 9071 for $x$. Then $9073x + 9074$ is what @N found.")
        if type != QuestionType.CASE_STUDY:
            steps = [StepContent(self.text("States the formula"), Decimal(1))]
            if content.marks > 1:
                steps.append(StepContent(self.text("Puts in 9071 and works it out"), content.marks - 1))
            return replace(content, model_answer=model, steps=tuple(steps))
        parts, scheme = [], []
        for label, marks in (("i", 1), ("ii", 1), ("iii", 2)):
            task = self.chance.choice(TASKS)
            parts.append(PartContent(label, self.text(task), Decimal(marks)))
            scheme.append(StepContent(self.text("Works it out for 9071"), Decimal(marks), part=label))
        return replace(content, model_answer=model, parts=tuple(parts), steps=tuple(scheme))
