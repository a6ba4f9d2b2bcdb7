"""The question bank as files: a folder with curriculum.toml, blueprint.toml and one TOML file of items per unit.
Without curriculum.toml the items join the programme that the blueprint names.

Items are matched by their key. An item that reads as it is stored writes nothing; one that differs becomes a new
version. Either the whole folder is loaded or nothing.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any

from django.db import transaction

from accounts.models import User
from assessments.enums import ExamKind, QuestionState, StepKind
from assessments.models import (
    Blueprint,
    BlueprintSection,
    BlueprintSlot,
    MarkingStep,
    Question,
    QuestionVersion,
)
from assessments.services.content_schema import (
    OptionContent,
    PartContent,
    QuestionContent,
    QuestionInvalidError,
    StepContent,
)
from assessments.services.digests import digest_versions
from assessments.services.questions import build_version, check_verifier, content_of, normalised, record_published
from assessments.services.tags import fold, put_tags, read_tags, tag_problems
from common.errors import DomainError
from courses.models import Chapter, Programme, Topic, Unit
from courses.services.curriculum import load_curriculum


class BankFileError(DomainError):
    """The files cannot be loaded. `details["problems"]` has one sentence per fault, naming file and item."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("\n".join(problems), "bank_file", problems=problems)


@dataclass
class BankReport:
    """What a load did, in numbers of questions."""

    programme: Programme
    created: int = 0
    revised: int = 0
    unchanged: int = 0
    blueprints: list[Blueprint] = field(default_factory=list)


@dataclass(frozen=True)
class _Item:
    """One item of a file, resolved to its place in the curriculum."""

    where: str
    key: str
    chapter: Chapter
    topic: Topic
    type: str
    content: QuestionContent
    tags: tuple[str, ...] | None = None


def load_bank(*, folder: Path, author: User, verifier: User, now: datetime) -> BankReport:
    """Loads `folder`; new items are active, written by `author` and verified by `verifier`.

    An item whose question staff have retired or returned keeps that state. Raises BankFileError, NotPermittedError.
    """
    check_verifier(verifier=verifier, writers=[author])
    files = {path.name: _read(path) for path in sorted(folder.glob("*.toml"))}
    with transaction.atomic():
        report = BankReport(_load_programme(files, folder))
        items = _read_items(files, report.programme)
        _store_items(items, report, author=author, verifier=verifier, now=now)
        for name, data in files.items():
            if "blueprint" in data:
                try:
                    report.blueprints.append(load_blueprint(data=data, programme=report.programme))
                except BankFileError as error:
                    raise BankFileError([f"{name}: {error.message}"]) from error
    return report


def _load_programme(files: dict[str, dict[str, Any]], folder: Path) -> Programme:
    """By curriculum.toml, which is taken out of `files`; or the programme that the blueprint names."""
    curriculum = files.pop("curriculum.toml", None)
    if curriculum is not None:
        found: Programme = load_curriculum(data=curriculum)
        return found
    slug = files.get("blueprint.toml", {}).get("blueprint", {}).get("programme", "")
    programme: Programme | None = Programme.objects.filter(slug=slug).first()
    if programme is None:
        raise BankFileError([f"There is no curriculum.toml in {folder.name}, and its blueprint names no programme."])
    return programme


def load_blueprint(*, data: Mapping[str, Any], programme: Programme) -> Blueprint:
    """Makes the blueprint of `data` (the shape of blueprint.toml) and returns it. Unchanged data writes nothing.

    Raises BankFileError.
    """
    head = data.get("blueprint", {})
    units = {unit.slug: unit for unit in Unit.objects.filter(programme=programme)}
    try:
        fields = {
            "programme": programme,
            "name": head["title"],
            "kind": ExamKind(head.get("kind", ExamKind.BOARD_PAPER)),
            "duration_minutes": int(head["duration_minutes"]),
            "total_marks": Decimal(head["total_marks"]),
        }
        if "no_repeat_papers" in head:
            fields["no_repeat_papers"] = int(head["no_repeat_papers"])
        sections = [
            (raw["label"], raw["title"], raw.get("instruction", ""), position)
            for position, raw in enumerate(data["section"], start=1)
        ]
        slots = sorted(
            (
                raw["section"],
                int(raw["number"]),
                units[raw["unit"]].pk,
                raw["types"],
                Decimal(raw["marks"]),
                bool(raw.get("choice", False)),
            )
            for raw in data["slot"]
        )
        slug = head["slug"]
    except (KeyError, ValueError, InvalidOperation) as error:
        raise BankFileError([f"The blueprint is missing or misspells: {error}."]) from error
    with transaction.atomic():
        blueprint, _created = Blueprint.objects.get_or_create(slug=slug, defaults=fields)
        changed = [name for name, value in fields.items() if getattr(blueprint, name) != value]
        for name in changed:
            setattr(blueprint, name, fields[name])
        if changed:
            blueprint.save(update_fields=changed)
        if (sections, slots) != _stored_shape(blueprint):
            _replace_shape(blueprint, sections, slots)
    return blueprint


def _read(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise BankFileError([f"{path.name}: {error}"]) from error


def _read_items(files: Mapping[str, Mapping[str, Any]], programme: Programme) -> list[_Item]:
    """Every item of every file, in order. Raises BankFileError naming all that cannot be placed or read."""
    chapters = {
        (chapter.unit.slug, chapter.name): chapter
        for chapter in Chapter.objects.filter(unit__programme=programme).select_related("unit")
    }
    topics = {
        (topic.chapter_id, topic.name): topic for topic in Topic.objects.filter(chapter__unit__programme=programme)
    }
    items: dict[str, _Item] = {}
    problems: list[str] = []
    for name, data in files.items():
        for number, raw in enumerate(data.get("item", ()), start=1):
            where = f"{name}, item {raw.get('key', number)}"
            try:
                chapter = chapters[(data["unit"], raw["chapter"])]
                item = _Item(
                    where,
                    raw["key"],
                    chapter,
                    topics[(chapter.pk, raw["topic"])],
                    raw["type"],
                    read_content(raw),
                    tuple(read_tags(raw["tags"])) if "tags" in raw else None,
                )
            except (KeyError, TypeError, ValueError, InvalidOperation) as error:
                problems.append(f"{where}: missing or unknown {error}.")
                continue
            problems += [f"{where}: {problem}" for problem in tag_problems(item.tags or ())]
            if item.key in items:
                problems.append(f"{where}: the key is used twice.")
            items[item.key] = item
    if problems:
        raise BankFileError(problems)
    return list(items.values())


def read_content(raw: Mapping[str, Any]) -> QuestionContent:
    """One `[[item]]` of a file as content. Raises KeyError or InvalidOperation for what is missing or no number."""
    return QuestionContent(
        marks=Decimal(raw["marks"]),
        difficulty=raw["difficulty"],
        cognitive_level=raw["cognitive_level"],
        text=raw["text"],
        options=tuple(OptionContent(label=o["label"], text=o["text"]) for o in raw.get("options", ())),
        parts=tuple(
            PartContent(
                label=p["label"],
                text=p.get("text", ""),
                marks=Decimal(p["marks"]),
                alternative=p.get("alternative", ""),
            )
            for p in raw.get("parts", ())
        ),
        answer=raw.get("answer", {}),
        model_answer=raw.get("model_answer", ""),
        explanation=raw.get("explanation", ""),
        steps=tuple(
            StepContent(
                text=s["text"],
                marks=Decimal(s["marks"]),
                kind=s.get("kind", StepKind.METHOD),
                part=s.get("part", ""),
                alternative=s.get("alternative", ""),
                follows=tuple(map(int, s.get("follows", ()))),
                method=int(s.get("method", 1)),
            )
            for s in raw.get("steps", ())
        ),
        parameters=raw.get("parameters", {}),
        hints=tuple(str(hint) for hint in raw.get("hints", ())),
        method_titles=tuple(str(title) for title in raw.get("methods", ())),
    )


def _store_items(items: Iterable[_Item], report: BankReport, *, author: User, verifier: User, now: datetime) -> None:
    """Writes new and changed items in a handful of queries, whatever their number."""
    items = list(items)
    stored = {
        question.key: question
        for question in Question.objects.select_for_update(of=("self",))
        .filter(key__in=[item.key for item in items])
        .select_related("current")
        .prefetch_related("current__steps", "tags")
    }
    new: list[Question] = []
    written: list[tuple[Question, QuestionVersion, list[MarkingStep]]] = []
    problems: list[str] = []
    for item in items:
        question = stored.get(item.key)
        try:
            if question is None:
                question = _new_question(item, author, verifier)
                written.append(
                    (question, *build_version(question=question, number=1, content=item.content, actor=author, now=now))
                )
                new.append(question)
            elif (rows := _changed(question, item, author, now)) is not None:
                written.append((question, *rows))
        except QuestionInvalidError as error:
            problems.append(f"{item.where}: {error.message}")
    if problems:
        raise BankFileError(problems)
    _write(new, written, verifier=verifier, now=now)
    made = stored | {question.key: question for question in new}
    put_tags((made[item.key], item.tags or ()) for item in items if _tagged_anew(stored.get(item.key), item))
    report.created, report.revised = len(new), len(written) - len(new)
    report.unchanged = len(items) - len(written)


def _tagged_anew(question: Question | None, item: _Item) -> bool:
    """Whether the file says other tags than are stored; one that says none leaves them alone."""
    if item.tags is None:
        return False
    return {fold(tag) for tag in item.tags} != {tag.folded for tag in question.tags.all()} if question else True


def _new_question(item: _Item, author: User, verifier: User) -> Question:
    return Question(
        key=item.key,
        chapter=item.chapter,
        topic=item.topic,
        type=item.type,
        state=QuestionState.ACTIVE,
        author=author,
        verifier=verifier,
    )


def _changed(
    question: Question, item: _Item, author: User, now: datetime
) -> tuple[QuestionVersion, list[MarkingStep]] | None:
    """The rows of a next version, or None when the stored content is the item's."""
    if question.type != item.type:
        raise QuestionInvalidError([f"The type of a question cannot change from {question.type} to {item.type}."])
    current = question.current
    if current is not None and content_of(current) == normalised(item.content):
        return None
    number = current.number + 1 if current else 1
    return build_version(question=question, number=number, content=item.content, actor=author, now=now)


def _write(
    new: list[Question],
    written: list[tuple[Question, QuestionVersion, list[MarkingStep]]],
    *,
    verifier: User,
    now: datetime,
) -> None:
    Question.objects.bulk_create(new)
    QuestionVersion.objects.bulk_create([version for _question, version, _steps in written])
    MarkingStep.objects.bulk_create([step for _question, _version, steps in written for step in steps])
    digest_versions([version for _question, version, _steps in written])
    fresh = {question.pk for question in new}
    for question, version, _steps in written:
        before, from_version = ("", None) if question.pk in fresh else (question.state, version.number - 1)
        question.show(version)
        if question.state == QuestionState.ACTIVE:
            record_published(question=question, before=before, actor=verifier, now=now, from_version=from_version)
    Question.objects.bulk_update([question for question, _version, _steps in written], Question.SHOWN)


def _stored_shape(blueprint: Blueprint) -> tuple[list[Any], list[Any]]:
    sections = list(blueprint.sections.order_by("position").values_list("label", "title", "instruction", "position"))
    slots = BlueprintSlot.objects.filter(section__blueprint=blueprint).values_list(
        "section__label", "number", "unit_id", "types", "marks", "has_choice"
    )
    return sections, sorted(slots)


def _replace_shape(blueprint: Blueprint, sections: list[Any], slots: list[Any]) -> None:
    """Slots are only a recipe: drawn papers do not refer to them, so they can be written anew."""
    blueprint.sections.all().delete()
    rows = {
        label: BlueprintSection(blueprint=blueprint, label=label, title=title, instruction=text, position=position)
        for label, title, text, position in sections
    }
    unknown = sorted({slot[0] for slot in slots} - rows.keys())
    if unknown:
        raise BankFileError([f"There is no section {', '.join(unknown)}."])
    BlueprintSection.objects.bulk_create(rows.values())
    BlueprintSlot.objects.bulk_create(
        BlueprintSlot(section=rows[label], number=number, unit_id=unit, types=types, marks=marks, has_choice=choice)
        for label, number, unit, types, marks, choice in slots
    )
