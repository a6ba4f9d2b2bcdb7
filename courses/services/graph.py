"""Cycles in a graph of what comes before what. Pure: no database."""

from __future__ import annotations

from collections.abc import Hashable, Iterable
from typing import TypeVar

Node = TypeVar("Node", bound=Hashable)


def find_cycle(edges: Iterable[tuple[Node, Node]], new: tuple[Node, Node]) -> list[Node] | None:
    """The cycle that `new` would close among `edges` (each: thing, what it requires), or None.

    The cycle begins and ends with `new[0]`: [a, b, …, a], where each requires the next. Time: one walk over the edges.
    """
    start, first = new
    requires: dict[Node, list[Node]] = {}
    for thing, required in edges:
        requires.setdefault(thing, []).append(required)
    came_from: dict[Node, Node] = {first: start}
    waiting = [first]
    while waiting:
        node = waiting.pop()
        if node == start:
            return _way_back(came_from, start)
        for required in requires.get(node, []):
            if required not in came_from:
                came_from[required] = node
                waiting.append(required)
    return None


def _way_back(came_from: dict[Node, Node], start: Node) -> list[Node]:
    way = [start]
    while len(way) == 1 or way[-1] != start:
        way.append(came_from[way[-1]])
    return way[::-1]
