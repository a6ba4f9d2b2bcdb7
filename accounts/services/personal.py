"""Where personal data lie: each app says it once, and copies, erasure and the law test all read the same lines.

An app registers its `Holding`s from its `apps.py`. Higher apps come later, and are erased first, so that rows that
protect others are gone before them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db.models import CharField, Model, QuerySet, Value
from django.db.models.functions import Cast, Concat

from accounts.models import User

#: What stands where a text was that must not be empty.
ERASED = "erased"

Keys = Callable[[Any], Iterable[str]]
Files = Callable[[Any], Iterable[tuple[str, str]]]


@dataclass(frozen=True)
class Holding:
    """Rows of one model that are about a person.

    `person`: the lookup from a row to the person, empty for the person's own row. `title`: as people read it. `show`:
    what a copy has of a row, as lookups; nothing: the copy leaves the model out, for the reason in `why`. `clear`: what
    erasure writes into columns; `remove`: it deletes the rows instead. `plain`: columns of text that hold no words of
    or about the person, which stay. `keys`: all objects in storage of a row; `files`: (name, key) of those that a copy
    brings. `gated`: the table is append-only and erased through its gate.
    """

    model: type[Model]
    person: str
    title: Any
    show: tuple[str, ...] = ()
    why: str = ""
    clear: Mapping[str, Any] = field(default_factory=dict)
    remove: bool = False
    plain: tuple[str, ...] = ()
    keys: Keys | None = None
    files: Files | None = None
    gated: bool = False

    @property
    def key(self) -> str:
        """The name of its file in a copy."""
        lookup = self.person.rpartition("__")[2]
        return f"{self.model._meta.label_lower.replace('.', '-')}-{lookup or 'self'}"

    def rows(self, person: User) -> QuerySet[Any]:
        """The rows about this person, oldest first."""
        manager = self.model._default_manager
        return manager.filter(**{self.person or "pk": person.pk}).order_by("pk")


#: What waits for an end before anything may be erased, in sentences for people.
Blockers = Callable[[User], Iterable[str]]
#: What `Holding`s cannot say, done before them in the same transaction; yields further objects to delete.
Also = Callable[[User, datetime], Iterable[str]]


@dataclass(frozen=True)
class Contribution:
    """What one app holds. `acts`: {"model.column": why} of columns that only say who did something about somebody else;
    they go on pointing at the person's row, which names nobody any more."""

    app: str
    holdings: tuple[Holding, ...]
    acts: Mapping[str, str] = field(default_factory=dict)
    excused: Mapping[str, str] = field(default_factory=dict)
    blockers: Blockers | None = None
    also: Also | None = None


_registered: dict[str, Contribution] = {}


def register(contribution: Contribution) -> None:
    """Called once by each app when it is ready."""
    _registered[contribution.app] = contribution


def contributions() -> Iterator[Contribution]:
    """In the order of the apps, lower ones first."""
    yield from _registered.values()


def holdings() -> list[Holding]:
    return [holding for one in contributions() for holding in one.holdings]


def own_key(prefix: str) -> Any:
    """For a unique column that must hold something: `prefix` and the row's id."""
    return Concat(Value(f"{prefix}/"), Cast("pk", CharField()), output_field=CharField())
