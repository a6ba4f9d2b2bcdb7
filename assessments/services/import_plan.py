"""The dry run of an import: what would happen to every question of a file, and everything lost or changed by it."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _

from accounts.models import User
from assessments.enums import QuestionState
from assessments.models import MarkingStep, Question, QuestionVersion
from assessments.services.content_schema import (
    OptionContent,
    PartContent,
    QuestionContent,
    QuestionInvalidError,
    StepContent,
)
from assessments.services.formats.items import ImportedItem, ParsedFile, Picture
from assessments.services.questions import build_version, content_of, is_verified, normalised
from assessments.services.tags import usable_tags
from common.content import is_own_file
from common.errors import DomainError, NotPermittedError
from courses.models import Chapter, Programme, Topic

NEW, EQUAL, CHANGED, REFUSED, SKIPPED = "new", "equal", "changed", "refused", "skipped"
#: A formula may take seconds to be refused; a file full of such is not read to its end.
MAX_UNREADABLE = 50
KEY = re.compile(r"[A-Za-z0-9_-]{1,80}")
IMAGE = re.compile(r"!\[((?:\\.|[^][\\])*)\]\((?:<([^>\n]{0,500})>|([^)\s]{0,500}))\)")

#: Keeps a picture where content pictures live and gives its address there. Raises DomainError.
KeepPicture = Callable[[Picture], str]
#: Is told how far the plan is, (done, of how many), and may raise to stop it.
Watch = Callable[[int, int], None]


class ImportRefusedError(DomainError):
    """Something in the file cannot be imported. `details["problems"]` has a sentence per place."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("\n".join(problems), "import_refused", problems=problems)


@dataclass(frozen=True)
class PlannedItem:
    """What would happen to one question of the file. `reason` says why it is refused, or what it is equal to.

    `version` and `steps` are what would be written, rendered and unsaved.
    """

    where: str
    name: str
    action: str
    reason: str = ""
    notes: tuple[str, ...] = ()
    item: ImportedItem | None = None
    chapter: Chapter | None = None
    topic: Topic | None = None
    question: Question | None = None
    version: QuestionVersion | None = None
    steps: tuple[MarkingStep, ...] = ()

    @property
    def is_left_out(self) -> bool:
        """Whether nothing of this place of the file would be in the bank."""
        return self.action in {REFUSED, SKIPPED}


@dataclass(frozen=True)
class ImportPlan:
    """The whole dry run, in the order of the file."""

    format: str
    rows: tuple[PlannedItem, ...]

    def count(self, action: str) -> int:
        """How many rows would be NEW, EQUAL, CHANGED, REFUSED or SKIPPED."""
        return sum(row.action == action for row in self.rows)

    @property
    def problems(self) -> list[str]:
        """One sentence per row that is left out."""
        return [f"{row.where}: {row.reason}" for row in self.rows if row.is_left_out]


def plan_import(
    parsed: ParsedFile,
    *,
    programme: Programme,
    chapter: Chapter | None,
    author: User,
    now: datetime,
    keep_picture: KeepPicture | None = None,
    watch: Watch | None = None,
) -> ImportPlan:
    """The dry run: what `import_items` would do with every question of the file. `chapter` takes what names none.

    Without `keep_picture` pictures are left out. It writes nothing else.

    Raises NotPermittedError, and ImportRefusedError when so much is wrong that reading on is not worth while.
    """
    if not (author.is_staff or author.is_teacher):
        raise NotPermittedError(_("Only teachers and staff write questions."), "not_permitted")
    planner = _Planner(programme, chapter, author, now, keep_picture, watch)
    skipped = [PlannedItem(skip.where, skip.name, SKIPPED, skip.reason) for skip in parsed.skipped]
    return ImportPlan(parsed.format, (*planner.rows(parsed.items), *skipped))


class _Planner:
    """Compares the items with the curriculum and the bank, in a handful of queries."""

    def __init__(
        self,
        programme: Programme,
        chapter: Chapter | None,
        author: User,
        now: datetime,
        keep_picture: KeepPicture | None,
        watch: Watch | None,
    ) -> None:
        self._programme, self._default, self._author, self._now = programme, chapter, author, now
        self._keep_picture = keep_picture
        self._watch = watch or (lambda _done, _total: None)
        chapters = list(Chapter.objects.filter(unit__programme=programme).select_related("unit"))
        self._chapters = {_folded(one.name): one for one in reversed(chapters)}
        topics = Topic.objects.filter(chapter__unit__programme=programme).select_related("chapter__unit")
        self._topics = {(topic.chapter_id, _folded(topic.name)): topic for topic in topics}
        self._keys: set[str] = set()
        self._seen: dict[str, str] = {}
        self._unreadable = 0

    def rows(self, items: Iterable[ImportedItem]) -> Iterator[PlannedItem]:
        """One row per item, in order."""
        items = list(items)
        # Two rounds: pictures and keys of all, then the content of each.
        total = 2 * len(items)
        settled = []
        for number, item in enumerate(items):
            self._watch(number, total)
            settled.append(self._settled(item))
        items = settled
        self._by_key = {
            question.key: question for question in self._stored(key__in=[item.key for item in items if item.key])
        }
        visible = Question.objects.visible_to(self._author).filter(key__in=list(self._by_key))
        self._visible = set(visible.values_list("pk", flat=True))
        self._same: dict[str, Question] = {}
        texts = sorted({normalised(item.content).text for item in items})
        for question in self._stored(
            pk__in=Question.objects.visible_to(self._author).values("pk"),
            chapter__unit__programme=self._programme,
            current__text_source__in=texts,
        ):
            assert question.current is not None
            self._same[_fingerprint(question.type, content_of(question.current))] = question
        for number, item in enumerate(items, start=len(items)):
            self._watch(number, total)
            yield self._row(item)

    def _stored(self, **conditions: Any) -> Iterator[Question]:
        """Questions that meet `conditions`, of which the last is a long list."""
        *_others, name = conditions
        values = conditions.pop(name)
        for start in range(0, len(values), 200):
            yield from (
                Question.objects.filter(**conditions, **{name: values[start : start + 200]})
                .select_related("current", "author", "chapter__unit")
                .prefetch_related("current__steps")
            )

    def _settled(self, item: ImportedItem) -> ImportedItem:
        """The item as it would be stored: pictures kept or taken out, its key usable."""
        notes = list(item.notes)
        kept = {picture.name: picture for picture in item.pictures}

        def image(match: re.Match[str]) -> str:
            address = match[2] or match[3]
            if address in kept and self._keep_picture:
                try:
                    return f"![{match[1]}]({self._keep_picture(kept[address])})"
                except DomainError as error:
                    reason = _("The picture “%(name)s” was left out: %(reason)s")
                    notes.append(reason % {"name": address[:80], "reason": error.message})
                    return match[1]
            if address not in kept and is_own_file(address):
                return match[0]
            notes.append(_("The picture “%s” was left out.") % address[:80])
            return match[1]

        content = map_texts(item.content, lambda text: IMAGE.sub(image, text) if "![" in text else text)
        key = item.key
        if key and not KEY.fullmatch(key):
            notes.append(_("“%s” cannot be a key here: letters, digits, “-” and “_” only.") % key[:80])
            key = None
        tags, left = usable_tags(item.tags)
        if left:
            notes.append(_("These tags are too long or too many: %s.") % ", ".join(left)[:200])
        return replace(item, content=normalised(content), key=key, tags=tuple(tags), notes=tuple(dict.fromkeys(notes)))

    def _row(self, item: ImportedItem) -> PlannedItem:
        chapter, topic, note = self._place(item)
        notes = (*item.notes, note) if note else item.notes
        row = PlannedItem(item.where, item.name, NEW, "", notes, item, chapter, topic)
        fingerprint = _fingerprint(item.type, item.content)
        if item.key:
            if item.key in self._keys:
                return replace(row, action=REFUSED, reason=_("The key “%s” is used twice in the file.") % item.key)
            self._keys.add(item.key)
            if question := self._by_key.get(item.key):
                return self._known(replace(row, question=question), fingerprint)
        elif question := self._same.get(fingerprint):
            return replace(row, action=EQUAL, reason=_("It is in the bank already."), question=question)
        elif fingerprint in self._seen:
            return replace(row, action=EQUAL, reason=_("The same as %s of the file.") % self._seen[fingerprint])
        self._seen.setdefault(fingerprint, item.where)
        if chapter is None:
            return replace(row, action=REFUSED, reason=_("It names no chapter of the programme. Choose one for these."))
        return self._checked(row)

    def _known(self, row: PlannedItem, fingerprint: str) -> PlannedItem:
        """A row whose key is in the bank."""
        question, item = row.question, row.item
        assert question is not None
        assert question.current is not None
        assert item is not None
        if question.pk not in self._visible or question.chapter.unit.programme_id != self._programme.pk:
            return replace(
                row, action=REFUSED, question=None, reason=_("Another question already has the key “%s”.") % item.key
            )
        if _fingerprint(question.type, content_of(question.current)) == fingerprint:
            return replace(row, action=EQUAL, reason=_("It is in the bank already."))
        if question.type != item.type:
            reason = _("The question “%(key)s” has the type “%(type)s”, which cannot change.")
            return replace(row, action=REFUSED, reason=reason % {"key": item.key, "type": question.get_type_display()})
        if question.state == QuestionState.RETIRED:
            return replace(row, action=REFUSED, reason=_("The question “%s” is retired.") % item.key)
        own_draft = question.author_id == self._author.pk and question.state == QuestionState.DRAFT
        if not (own_draft or is_verified(self._author)):
            return replace(row, action=REFUSED, reason=_("You may not change the question “%s”.") % item.key)
        return self._checked(replace(row, action=CHANGED))

    def _checked(self, row: PlannedItem) -> PlannedItem:
        """The row, refused if its content breaks a rule or cannot be shown."""
        assert row.item is not None
        try:
            version, steps = build_version(
                question=Question(type=row.item.type),
                number=1,
                content=row.item.content,
                actor=self._author,
                now=self._now,
            )
        except QuestionInvalidError as error:
            self._unreadable += 1
            if self._unreadable > MAX_UNREADABLE:
                raise ImportRefusedError(
                    [_("More than %s questions break a rule; the last: %s") % (MAX_UNREADABLE, error.message)]
                ) from error
            return replace(row, action=REFUSED, reason=error.message)
        return replace(row, version=version, steps=tuple(steps))

    def _place(self, item: ImportedItem) -> tuple[Chapter | None, Topic | None, str]:
        """Chapter and topic by name; a category of one level may name either. The note says what was not found."""
        for name in (item.chapter, item.topic):
            if chapter := self._chapters.get(_folded(name)):
                topic = self._topics.get((chapter.pk, _folded(item.topic)))
                missed = item.topic and topic is None and name != item.topic
                return chapter, topic, _("There is no topic “%s” here.") % item.topic[:80] if missed else ""
        found = [
            topic
            for (_chapter, name), topic in self._topics.items()
            if name and name in {_folded(item.topic), _folded(item.chapter)}
        ]
        if len(found) == 1:
            return found[0].chapter, found[0], ""
        if not (item.chapter or item.topic) or self._default is None:
            return self._default, None, ""
        named = " / ".join(filter(None, (item.chapter, item.topic)))[:120]
        return self._default, None, _("There is no chapter “%(named)s” here; it goes to “%(chapter)s”.") % {
            "named": named, "chapter": self._default,
        }  # fmt: skip


def map_texts(content: QuestionContent, change: Callable[[str], str]) -> QuestionContent:
    """The content with every text of it changed."""
    return replace(
        content,
        text=change(content.text),
        model_answer=change(content.model_answer),
        explanation=change(content.explanation),
        options=tuple(replace(option, text=change(option.text)) for option in content.options),
        parts=tuple(replace(part, text=change(part.text)) for part in content.parts),
        steps=tuple(replace(step, text=change(step.text)) for step in content.steps),
        hints=tuple(map(change, content.hints)),
    )


def _folded(name: str) -> str:
    return " ".join(name.split()).casefold()


def _fingerprint(type: str, content: QuestionContent) -> str:
    """The same for two contents that say and mark the same, however their keys are spelled."""
    content = normalised(content)
    return json.dumps(
        [type, {name: _plain(value) for name, value in vars(content).items()}], sort_keys=True, default=str
    )


def same_content(one: Any, other: Any) -> bool:
    """Whether two fields of a content say the same, however numbers are spelled."""
    return bool(_plain(one) == _plain(other))


#: The rule below the heading of a table, however long.
TABLE_RULE = re.compile(r"^\|(?:[ ]*-{3,}[ ]*\|)+[ ]*$", re.MULTILINE)
NUMBER = re.compile(r"[+-]?\d{1,40}\.?\d{0,40}|[+-]?\.\d{1,40}", re.ASCII)
IDLE = {"grading": "all", "unit": "", "form": "", "match_case": False, "tolerance": "0", "credit": "1"}


def _plain(value: Any) -> Any:
    """Without what goes without saying, with numbers and tables in one spelling."""
    if isinstance(value, Mapping):
        known = {name: _plain(one) for name, one in value.items()}
        return {name: one for name, one in known.items() if name not in IDLE or IDLE[name] != one}
    if isinstance(value, list | tuple):
        return [
            _plain(vars(one) if isinstance(one, OptionContent | PartContent | StepContent) else one) for one in value
        ]
    if isinstance(value, Decimal) or (isinstance(value, str) and NUMBER.fullmatch(value)):
        return f"{Decimal(value).normalize() + 0:f}"
    if isinstance(value, str) and "|--" in value.replace(" ", ""):
        return TABLE_RULE.sub(lambda match: re.sub("[ -]+", "-", match[0]), value)
    return value
