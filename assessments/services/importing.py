"""Questions from files of other systems into the bank: recognised by content, planned (the dry run), then imported.

Either everything that the plan takes is imported or nothing; it arrives as drafts. A question is recognised by its
key, or by saying exactly the same: importing a file again changes nothing.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from accounts.models import User
from accounts.services.audit import record_event
from assessments.enums import QuestionState
from assessments.models import Question
from assessments.services.content_schema import (
    OptionContent,
    PartContent,
    QuestionContent,
    QuestionInvalidError,
    StepContent,
)
from assessments.services.formats import aiken, gift, moodle_xml, qti, table
from assessments.services.formats.decoding import decode
from assessments.services.formats.items import FormatError, ImportedItem, ParsedFile, Picture, check_size
from assessments.services.formats.packages import Package, is_zip
from assessments.services.formats.table_files import delimiter_of
from assessments.services.questions import (
    build_version,
    content_of,
    create_question,
    is_verified,
    normalised,
    revise_question,
)
from common.content import is_own_file
from common.errors import ConflictError, DomainError, NotPermittedError
from courses.models import Chapter, Programme, Topic

NEW, EQUAL, CHANGED, REFUSED = "new", "equal", "changed", "refused"
#: A formula may take seconds to be refused; a file full of such is not read to its end.
MAX_UNREADABLE = 50
KEY = re.compile(r"[A-Za-z0-9_-]{1,80}")
IMAGE = re.compile(r"!\[((?:\\.|[^][\\])*)\]\((?:<([^>\n]{0,500})>|([^)\s]{0,500}))\)")

#: Keeps a picture where content pictures live and gives its address there.
KeepPicture = Callable[[Picture], str]


class ImportRefusedError(DomainError):
    """Something in the file cannot be imported. `details["problems"]` has a sentence per place."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("\n".join(problems), "import_refused", problems=problems)


@dataclass(frozen=True)
class PlannedItem:
    """What would happen to one question of the file. `reason` says why it is refused, or what it is equal to."""

    where: str
    name: str
    action: str
    reason: str = ""
    notes: tuple[str, ...] = ()
    item: ImportedItem | None = None
    chapter: Chapter | None = None
    topic: Topic | None = None
    question: Question | None = None


@dataclass(frozen=True)
class ImportPlan:
    """The whole dry run, in the order of the file."""

    format: str
    rows: tuple[PlannedItem, ...]

    def count(self, action: str) -> int:
        """How many rows would be NEW, EQUAL, CHANGED or REFUSED."""
        return sum(row.action == action for row in self.rows)

    @property
    def problems(self) -> list[str]:
        """One sentence per refused row."""
        return [f"{row.where}: {row.reason}" for row in self.rows if row.action == REFUSED]


def read_file(data: bytes, file_name: str = "") -> ParsedFile:
    """The questions of a file; its content says which format it has. Raises FormatError."""
    return _reader(data)(data, file_name=file_name)


def _reader(data: bytes) -> Callable[..., ParsedFile]:
    check_size(data)
    if is_zip(data):
        return table.parse if "xl/workbook.xml" in Package(data) else qti.parse
    text, _note = decode(data)
    if text.lstrip().startswith("<"):
        return moodle_xml.parse if re.search(r"<(?:\w+:)?quiz[\s>]", text[:20_000]) else qti.parse
    if _is_table(text):
        return table.parse
    if re.search(r"^[ \t]*ANSWER[ \t]*:[ \t]*[A-Z]\b", text, re.MULTILINE | re.IGNORECASE) and "{" not in text:
        return aiken.parse
    if re.search(r"(?<!\\)\{|^::|^\$CATEGORY:", text, re.MULTILINE):
        return gift.parse
    raise FormatError(
        "This is none of the formats that can be read: Moodle XML, QTI, GIFT, Aiken, or the table as CSV or XLSX."
    )


def _is_table(text: str) -> bool:
    lines = (line for line in text[:5000].split("\n") if line.strip() and not line.startswith("sep="))
    first = next(lines, "")
    return table.is_header([cell.strip('" ') for cell in first.split(delimiter_of(first))])


def plan_import(
    parsed: ParsedFile,
    *,
    programme: Programme,
    chapter: Chapter | None,
    author: User,
    now: datetime,
    keep_picture: KeepPicture | None = None,
) -> ImportPlan:
    """The dry run: what `import_items` would do with every question of the file. `chapter` takes what names none.

    Raises NotPermittedError, and ImportRefusedError when so much is wrong that reading on is not worth while.
    """
    if not (author.is_staff or author.is_teacher):
        raise NotPermittedError(_("Only teachers and staff write questions."), "not_permitted")
    planner = _Planner(programme, chapter, author, now, keep_picture)
    skipped = [PlannedItem(skip.where, skip.name, REFUSED, skip.reason) for skip in parsed.skipped]
    return ImportPlan(parsed.format, (*planner.rows(parsed.items), *skipped))


def import_items(
    parsed: ParsedFile,
    *,
    programme: Programme,
    chapter: Chapter | None,
    author: User,
    now: datetime,
    file_sha256: str = "",
    without_refused: bool = False,
    keep_picture: KeepPicture | None = None,
) -> ImportPlan:
    """Imports the file in one transaction and returns the plan that was carried out.

    When anything is refused, nothing is imported and ImportRefusedError says what; `without_refused` leaves those
    out instead. Raises also NotPermittedError, and ConflictError when somebody imports the same at the same time.
    """
    try:
        with transaction.atomic():
            plan = plan_import(
                parsed, programme=programme, chapter=chapter, author=author, now=now, keep_picture=keep_picture
            )
            if plan.problems and not without_refused:
                raise ImportRefusedError(plan.problems)
            written = [row for row in plan.rows if _write(row, author, now)]
            if written:
                record_event(
                    actor=author,
                    action="question.imported",
                    obj=programme,
                    after={
                        "format": plan.format,
                        "sha256": file_sha256,
                        "new": plan.count(NEW),
                        "changed": plan.count(CHANGED),
                        "left_out": plan.count(REFUSED),
                    },
                    now=now,
                )
    except IntegrityError as error:
        raise ConflictError(_("Somebody imported the same questions just now. Look at the plan again.")) from error
    return plan


def _write(row: PlannedItem, author: User, now: datetime) -> Question | None:
    if row.item is None or row.action not in {NEW, CHANGED}:
        return None
    if row.question is not None:
        revise_question(question=row.question, content=row.item.content, actor=author, now=now)
        return row.question
    assert row.chapter is not None
    return create_question(
        chapter=row.chapter,
        topic=row.topic,
        type=row.item.type,
        key=row.item.key,
        content=row.item.content,
        author=author,
        now=now,
    )


class _Planner:
    """Compares the items with the curriculum and the bank, in a handful of queries."""

    def __init__(
        self,
        programme: Programme,
        chapter: Chapter | None,
        author: User,
        now: datetime,
        keep_picture: KeepPicture | None,
    ) -> None:
        self._programme, self._default, self._author, self._now = programme, chapter, author, now
        self._keep_picture = keep_picture
        chapters = list(Chapter.objects.filter(unit__programme=programme).select_related("unit"))
        self._chapters = {_folded(one.name): one for one in reversed(chapters)}
        topics = Topic.objects.filter(chapter__unit__programme=programme).select_related("chapter__unit")
        self._topics = {(topic.chapter_id, _folded(topic.name)): topic for topic in topics}
        self._keys: set[str] = set()
        self._seen: dict[str, str] = {}
        self._unreadable = 0

    def rows(self, items: Iterable[ImportedItem]) -> Iterator[PlannedItem]:
        """One row per item, in order."""
        items = [self._settled(item) for item in items]
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
        return (self._row(item) for item in items)

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
                return f"![{match[1]}]({self._keep_picture(kept[address])})"
            if address not in kept and is_own_file(address):
                return match[0]
            notes.append(_("The picture “%s” was left out.") % address[:80])
            return match[1]

        content = map_texts(item.content, lambda text: IMAGE.sub(image, text) if "![" in text else text)
        key = item.key
        if key and not KEY.fullmatch(key):
            notes.append(_("“%s” cannot be a key here: letters, digits, “-” and “_” only.") % key[:80])
            key = None
        if item.tags:
            notes.append(_("Tags are not kept: %s.") % ", ".join(item.tags)[:200])
        return replace(item, content=normalised(content), key=key, notes=tuple(dict.fromkeys(notes)))

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
            build_version(
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
        return row

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


NUMBER = re.compile(r"[+-]?\d{1,40}\.?\d{0,40}|[+-]?\.\d{1,40}", re.ASCII)
IDLE = {"grading": "all", "unit": "", "form": "", "match_case": False, "tolerance": "0", "credit": "1"}


def _plain(value: Any) -> Any:
    """Without what goes without saying, with numbers in one spelling."""
    if isinstance(value, Mapping):
        known = {name: _plain(one) for name, one in value.items()}
        return {name: one for name, one in known.items() if name not in IDLE or IDLE[name] != one}
    if isinstance(value, list | tuple):
        return [
            _plain(vars(one) if isinstance(one, OptionContent | PartContent | StepContent) else one) for one in value
        ]
    if isinstance(value, Decimal) or (isinstance(value, str) and NUMBER.fullmatch(value)):
        return f"{Decimal(value).normalize() + 0:f}"
    return value


def summary(plan: ImportPlan) -> str:
    """The numbers of a plan as one sentence."""
    counts = Counter(row.action for row in plan.rows)
    return (
        f"{plan.format}: {counts[NEW]} new, {counts[CHANGED]} changed, {counts[EQUAL]} equal to existing, "
        f"{counts[REFUSED]} refused."
    )
