"""The curriculum tree as its page shows it, and where a step up or down leads."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db.models import Count, OuterRef, QuerySet, Subquery, Sum

from courses.models import Chapter, Programme, Topic, Unit

LEVELS = ("unit", "chapter", "topic")


@dataclass
class Node:
    """A unit, chapter or topic with what is below it; `key` is its name in addresses and forms."""

    level: str
    row: Any
    parent_id: UUID
    children: list[Node] = field(default_factory=list)

    @property
    def key(self) -> str:
        return f"{self.level}:{self.row.pk}"

    @property
    def below(self) -> str:
        """The level of its children, or nothing."""
        place = LEVELS.index(self.level) + 1
        return LEVELS[place] if place < len(LEVELS) else ""


@dataclass
class Tree:
    """Everything of a programme, in its order."""

    units: list[Node]

    def walk(self) -> Iterator[Node]:
        for unit in self.units:
            yield unit
            for chapter in unit.children:
                yield chapter
                yield from chapter.children

    @property
    def size(self) -> int:
        return sum(1 for _node in self.walk())

    @property
    def marks(self) -> Decimal:
        """What the units weigh together."""
        return sum((unit.row.marks for unit in self.units), Decimal(0))

    def find(self, key: str) -> Node | None:
        return next((node for node in self.walk() if node.key == key), None)

    def at_level(self, level: str) -> list[Node]:
        return [node for node in self.walk() if node.level == level]

    def siblings(self, node: Node) -> list[Node]:
        return [other for other in self.at_level(node.level) if other.parent_id == node.parent_id]

    def parents(self, node: Node) -> list[Node]:
        """Where it could hang: everything of the level above; units have one programme only."""
        place = LEVELS.index(node.level)
        return self.at_level(LEVELS[place - 1]) if place else []

    def step(self, node: Node, by: int) -> tuple[UUID, int] | None:
        """The parent and the place one step up (-1) or down (1); past the edge it goes on in the neighbour."""
        siblings = self.siblings(node)
        to = siblings.index(node) + by
        if 0 <= to < len(siblings):
            return node.parent_id, to
        parents = self.parents(node)
        at = next((place for place, one in enumerate(parents) if one.row.pk == node.parent_id), 0) + by
        if not parents or not 0 <= at < len(parents):
            return None
        return parents[at].row.pk, 0 if by > 0 else len(parents[at].children)

    def beside(self, node: Node) -> str:
        """What is looked at when this one is gone: its sibling before or after, or its parent."""
        siblings = self.siblings(node)
        at = siblings.index(node)
        near = siblings[at - 1] if at else siblings[1] if len(siblings) > 1 else None
        if near is None:
            near = next((one for one in self.parents(node) if one.row.pk == node.parent_id), None)
        return near.key if near else ""


def curriculum_tree(programme: Programme) -> Tree:
    """In three queries, however large it is."""
    units = {row.pk: Node("unit", row, programme.pk) for row in _in_order(Unit, programme=programme)}
    chapters = {
        row.pk: Node("chapter", row, row.unit_id) for row in _in_order(Chapter, unit__programme=programme)
    }  # fmt: skip
    for row in _in_order(Topic, chapter__unit__programme=programme):
        if row.chapter_id in chapters:
            chapters[row.chapter_id].children.append(Node("topic", row, row.chapter_id))
    for chapter in chapters.values():
        if chapter.parent_id in units:
            units[chapter.parent_id].children.append(chapter)
    return Tree(list(units.values()))


def programmes_with_sizes() -> QuerySet[Programme]:
    """Every programme with the number of its units and chapters and the marks of its units, in one query."""
    units = Unit.objects.filter(programme=OuterRef("pk")).order_by().values("programme")
    chapters = Chapter.objects.filter(unit__programme=OuterRef("pk")).order_by().values("unit__programme")
    found: QuerySet[Programme] = Programme.objects.annotate(
        units_total=Subquery(units.annotate(n=Count("pk")).values("n")),
        chapters_total=Subquery(chapters.annotate(n=Count("pk")).values("n")),
        marks_total=Subquery(units.annotate(n=Sum("marks")).values("n")),
    )
    return found


def _in_order(model: Any, **narrowed: Any) -> Any:
    return model.objects.filter(**narrowed).order_by("position", "pk")
