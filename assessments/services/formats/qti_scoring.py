"""How a QTI item is scored: declared answers, mappings, the usual templates and the usual hand-made conditions."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from xml.etree.ElementTree import Element

from assessments.services.formats.xml_items import half_marks, number, plain_number
from assessments.services.formats.xml_tools import child, children, descendants, plain

ZERO = Decimal(0)
MAPPINGS = ("mapResponse", "mapTolResponse")
COMPARISONS = ("match", "equal", "equalRounded", "stringMatch", "patternMatch", "member", "contains")
MATCHED, MAPPED, OTHER, NOT_SCORED = "match", "map", "other", "none"


@dataclass
class Response:
    """One response of an item: what is right, and what each answer earns when it is mapped."""

    identifier: str
    cardinality: str
    base_type: str
    correct: list[str]
    mapping: dict[str, Decimal] | None = None
    case_sensitive: bool = False
    method: str = NOT_SCORED
    tolerance: Decimal = ZERO
    relative: bool = False
    #: What this response alone earns, where the scoring says so.
    marks: Decimal | None = None
    #: Whether some answers earn less by rules of their own.
    graded: bool = False

    @property
    def best(self) -> Decimal:
        """The most that its mapping gives."""
        gains = [value for value in (self.mapping or {}).values() if value > 0]
        return (max(gains, default=ZERO) if self.cardinality == "single" else sum(gains, ZERO)) if gains else ZERO


@dataclass
class Scoring:
    """All responses of an item and the marks of the whole."""

    responses: dict[str, Response] = field(default_factory=dict)
    stated: Decimal | None = None

    def marks(self, notes: list[str]) -> Decimal:
        """The marks of the item; 1 for the plain “right or wrong” of the standard template."""
        if self.stated is not None and self.stated > 0:
            return half_marks(self.stated, notes)
        found = [response.marks for response in self.responses.values() if response.marks]
        return half_marks(sum(found, ZERO) if found else Decimal(1), notes)


def read_scoring(item: Element, notes: list[str]) -> Scoring:
    """The scoring of an `assessmentItem` in the words of 2.x."""
    scoring = Scoring({one.identifier: one for one in map(_response, children(item, "responseDeclaration"))})
    for outcome in children(item, "outcomeDeclaration"):
        if outcome.get("identifier") == "MAXSCORE":
            scoring.stated = number(plain(child(outcome, "defaultValue", "value")))
        elif outcome.get("identifier") == "SCORE":
            if scoring.stated is None:
                scoring.stated = number(outcome.get("normalMaximum"))
            if (begin := number(plain(child(outcome, "defaultValue", "value")))) and begin > 0:
                notes.append(f"The score began at {plain_number(begin)} there; now it begins at 0.")
        elif (name := outcome.get("identifier", "").removeprefix("MAXSCORE_")) in scoring.responses:
            # As ONYX and OpenOlat write it: each response has its own most.
            most = number(plain(child(outcome, "defaultValue", "value")))
            scoring.responses[name].marks = most if most is not None and most > 0 else None
    processing = child(item, "responseProcessing")
    if processing is not None:
        _process(processing, scoring, notes)
    for response in scoring.responses.values():
        if response.method == MAPPED and response.mapping is None:
            response.method = MATCHED
        if response.method == MAPPED and response.marks is None:
            response.marks = response.best
    return scoring


def _response(element: Element) -> Response:
    response = Response(
        element.get("identifier", ""),
        element.get("cardinality", "single"),
        element.get("baseType", "identifier"),
        [plain(value) for value in _values(child(element, "correctResponse"))],
    )
    mapping = child(element, "mapping")
    if mapping is not None:
        entries = children(mapping, "mapEntry")
        response.mapping = {
            " ".join(entry.get("mapKey", "").split()): number(entry.get("mappedValue")) or ZERO for entry in entries
        }
        response.case_sensitive = any(entry.get("caseSensitive", "true") == "true" for entry in entries)
        upper = number(mapping.get("upperBound"))
        response.marks = min(upper, response.best) if upper is not None and upper > 0 else None
    return response


def _values(holder: Element | None) -> Iterator[Element]:
    return iter(children(holder, "value") if holder is not None else ())


def _process(processing: Element, scoring: Scoring, notes: list[str]) -> None:
    template = (processing.get("template") or processing.get("templateLocation") or "").rpartition("/")[2]
    template = template.partition(".")[0].lower()
    if template in {"match_correct", "map_response"} or template.startswith("cc2_match"):
        for response in scoring.responses.values():
            response.method = MAPPED if template == "map_response" else MATCHED
        return
    if template:
        for response in scoring.responses.values():
            response.method = OTHER
    for condition in processing:
        _condition(condition, scoring)
    for one in descendants(processing, *COMPARISONS):
        compared = {part.get("identifier") for part in children(one, "variable")} & scoring.responses.keys()
        if len(compared) > 1:
            notes.append("Its answers were compared with each other there (none twice, say); now each is marked alone.")


def _condition(condition: Element, scoring: Scoring) -> None:
    """One rule of the processing. What it says of a single response is used."""
    named = {one.get("identifier", "") for one in condition.iter() if one.tag in {"variable", "correct", *MAPPINGS}}
    mine = [scoring.responses[name] for name in named if name in scoring.responses]
    for response in mine:
        _comparison(condition, response)
    if len(mine) != 1:
        return
    gains = [
        value
        for outcome in descendants(condition, "setOutcomeValue")
        if outcome.get("identifier", "").startswith("SCORE")
        for base in descendants(outcome, "baseValue")
        if (value := number(plain(base))) is not None and value > 0
    ]
    if gains and mine[0].marks is None and mine[0].method != MAPPED:
        mine[0].marks = max(gains)
        mine[0].graded = len(set(gains)) > 1


def _comparison(condition: Element, response: Response) -> None:
    """How `condition` looks at `response`; a right answer written there is taken when none is declared."""
    name = response.identifier
    guarded = _guarded(condition, name)
    for one in condition.iter():
        if one.tag == "correct" and one.get("identifier") == name:
            response.method = MATCHED
        elif one.tag in MAPPINGS and one.get("identifier") == name:
            response.method = MATCHED if one in guarded else MAPPED
            if one.tag != "mapResponse":
                # ONYX: a number near one of the map earns as much.
                response.tolerance, response.relative = _tolerance(one)
        elif one.tag == "mapResponsePoint" and one.get("identifier") == name:
            response.method = OTHER
        elif one.tag in COMPARISONS and any(
            part.tag == "variable" and part.get("identifier") == name for part in one.iter()
        ):
            _margin(one, response)
            said = [plain(base) for base in descendants(one, "baseValue")]
            if one.tag in {"match", "equal", "equalRounded", "stringMatch"} and said and not response.correct:
                response.correct, response.method = said[:1], MATCHED
            elif response.method == NOT_SCORED:
                response.method = MATCHED if any(part.tag == "correct" for part in one.iter()) else OTHER


def _guarded(condition: Element, name: str) -> set[Element]:
    """The mappings of `name` that count only when the whole answer is right."""
    found: set[Element] = set()
    for branch in descendants(condition, "responseIf", "responseElseIf"):
        if any(
            {(one.tag, one.get("identifier")) for one in match} == {("variable", name), ("correct", name)}
            for match in children(branch, "match")
        ):
            found |= set(descendants(branch, *MAPPINGS))
    return found


def _tolerance(element: Element) -> tuple[Decimal, bool]:
    margins = [number(text) for text in element.get("tolerance", "").split()]
    widest = max((abs(one) for one in margins if one is not None), default=ZERO)
    return widest, element.get("toleranceMode") == "relative"


def _margin(comparison: Element, response: Response) -> None:
    if comparison.tag == "equal" and comparison.get("toleranceMode", "exact") != "exact":
        response.tolerance, response.relative = _tolerance(comparison)
    elif comparison.tag == "equalRounded" and comparison.get("roundingMode") == "decimalPlaces":
        figures = number(comparison.get("figures"))
        if figures is not None and 0 <= figures <= 12:
            response.tolerance = Decimal("0.5").scaleb(-int(figures))
