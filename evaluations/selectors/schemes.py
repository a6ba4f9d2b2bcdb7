"""Marking schemes as an exam marks by them: as frozen, or as they were changed since; and in words, what changed."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import asdict, dataclass
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db.models import Exists, OuterRef
from django.utils.translation import gettext as _

from assessments.models import MarkingStep, PaperQuestion
from common.templatetags.ui import marks as marks_text
from evaluations.models import SchemeRevision
from evaluations.selectors.totals import SchemeStep, plain


@dataclass(frozen=True)
class SchemeLine:
    """One step as a marker reads it. `id`: of the MarkingStep, "" of one that is not saved yet. `follows`: numbers, in
    the same method, of the steps it builds on."""

    id: str
    part: str
    alternative: str
    kind: str
    text: str
    html: str
    marks: Decimal
    follows: tuple[int, ...] = ()
    method: int = 1

    def stored(self) -> dict[str, Any]:
        """As `SchemeRevision.steps` keeps it."""
        return asdict(self) | {"marks": plain(self.marks), "follows": list(self.follows)}


@dataclass(frozen=True)
class Scheme:
    """The scheme of one question at a time; `revision` None: as the paper was frozen."""

    lines: tuple[SchemeLine, ...]
    revision: SchemeRevision | None = None

    @property
    def number(self) -> int:
        return self.revision.number if self.revision else 0

    @property
    def revision_id(self) -> UUID | None:
        return self.revision.pk if self.revision else None

    @property
    def is_given(self) -> bool:
        return self.revision is not None and self.revision.is_given

    @property
    def steps(self) -> list[SchemeStep]:
        """What sums are worked out from."""
        return [SchemeStep(one.id, one.marks, one.part, one.alternative, one.method) for one in self.lines]


@dataclass(frozen=True)
class SchemeHistory:
    """All schemes that a question has had in an exam, the frozen one first."""

    schemes: tuple[Scheme, ...]

    @property
    def now(self) -> Scheme:
        return self.schemes[-1]

    def of(self, revision_id: UUID | None) -> Scheme:
        return next(one for one in self.schemes if one.revision_id == revision_id)

    def numbered(self, number: int) -> Scheme | None:
        return next((one for one in self.schemes if one.number == number), None)


def frozen_lines(steps: Iterable[MarkingStep]) -> tuple[SchemeLine, ...]:
    return tuple(
        SchemeLine(
            id=str(step.pk),
            part=step.part,
            alternative=step.alternative,
            kind=step.kind,
            text=step.text_source,
            html=step.text_html,
            marks=step.marks,
            follows=tuple(step.follows or ()),
            method=step.method or 1,
        )
        for step in steps
    )


def revised_lines(revision: SchemeRevision) -> tuple[SchemeLine, ...]:
    return tuple(
        SchemeLine(**one | {"marks": Decimal(one["marks"]), "follows": tuple(one["follows"])}) for one in revision.steps
    )


def scheme_histories(exam_id: UUID, versions: Collection[UUID]) -> dict[UUID, SchemeHistory]:
    """By question version. Two queries, however many questions."""
    frozen: dict[UUID, list[MarkingStep]] = defaultdict(list)
    for step in MarkingStep.objects.filter(version__in=versions).order_by("version", "position"):
        frozen[step.version_id].append(step)
    return _histories({key: frozen[key] for key in versions}, _revisions(exam_id, versions))


def histories_read(
    exam_id: UUID | None, questions: Iterable[PaperQuestion]
) -> tuple[dict[UUID, SchemeHistory], dict[str, int]]:
    """`scheme_histories` for a page, with the position of every frozen step; without an exam the frozen schemes alone.
    One query where nothing was changed, or is asked for."""
    versions = {question.version_id for question in questions}
    changed = SchemeRevision.objects.filter(exam=exam_id, version=OuterRef("version"))
    rows = MarkingStep.objects.filter(version__in=versions).annotate(is_changed=Exists(changed))
    frozen: dict[UUID, list[MarkingStep]] = {key: [] for key in versions}
    # A question without any frozen step may have been given some.
    found = set(versions)
    for step in rows.order_by("version", "position"):
        frozen[step.version_id].append(step)
        if not step.is_changed:  # type: ignore[attr-defined]  # annotated
            found.discard(step.version_id)
    revisions = _revisions(exam_id, found) if found and exam_id is not None else {}
    places = {str(step.pk): step.position for steps in frozen.values() for step in steps}
    return _histories(frozen, revisions), places


def _revisions(exam_id: UUID, versions: Collection[UUID]) -> dict[UUID, list[SchemeRevision]]:
    found: dict[UUID, list[SchemeRevision]] = defaultdict(list)
    for row in SchemeRevision.objects.filter(exam=exam_id, version__in=versions).order_by("version", "number"):
        found[row.version_id].append(row)
    return found


def _histories(
    frozen: Mapping[UUID, list[MarkingStep]], revisions: Mapping[UUID, list[SchemeRevision]]
) -> dict[UUID, SchemeHistory]:
    return {
        key: SchemeHistory(
            (Scheme(frozen_lines(steps)), *(Scheme(revised_lines(row), row) for row in revisions.get(key, ())))
        )
        for key, steps in frozen.items()
    }


def numbered_lines(lines: Iterable[SchemeLine]) -> dict[str, int]:
    """The number of every step within its method, by id."""
    counts: dict[int, int] = defaultdict(int)
    numbers = {}
    for line in lines:
        counts[line.method] += 1
        numbers[line.id] = counts[line.method]
    return numbers


def changes_in_words(then: Scheme, now: Scheme) -> list[str]:
    """What is different in `now`, a sentence each, in the language that is active."""
    is_new = now.is_given and not then.is_given
    first = [_("Everybody has the marks of this question.")] if is_new else []
    old, new = {one.id: one for one in then.lines}, {one.id: one for one in now.lines}
    was, numbers = numbered_lines(then.lines), numbered_lines(now.lines)
    said = [_("Step %(number)s does not count any more.") % {"number": was[key]} for key in old if key not in new]
    for key, line in new.items():
        number = {"number": numbers[key], "marks": marks_text(line.marks)}
        if key not in old:
            said.append(_("Step %(number)s is new, marks: %(marks)s.") % number)
            continue
        before = old[key]
        if before.marks != line.marks:
            known = number | {"before": marks_text(before.marks)}
            said.append(_("Step %(number)s: marks %(marks)s instead of %(before)s.") % known)
        if before.text != line.text:
            said.append(_("Step %(number)s: its words were changed.") % number)
        if _built_on(before, then.lines) != _built_on(line, now.lines):
            said.append(_("Step %(number)s: what it builds on was changed.") % number)
        if (before.alternative, before.kind) != (line.alternative, line.kind):
            said.append(_("Step %(number)s: its kind or alternative was changed.") % number)
    return [*first, *said]


def _built_on(line: SchemeLine, lines: Iterable[SchemeLine]) -> set[str]:
    """Ids, as numbers move when a step before them goes."""
    ids = [one.id for one in lines if one.method == line.method]
    return {ids[number - 1] for number in line.follows if 0 < number <= len(ids)}
