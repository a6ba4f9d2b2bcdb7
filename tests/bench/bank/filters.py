"""Every filter of the bank's list and every pair of them, in every direction: what the database does for each page.

Each filter is asked for something common and something rare or missing. Of the pages, the first, one in the middle and
one backwards are explained; what reads a large table from end to end, or takes long, is told.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations, product
from typing import Any

from django.db import connection, transaction
from django.db.models import Count
from django.test.utils import CaptureQueriesContext

from accounts.models import User
from assessments.forms.bank import PLACES
from assessments.models import Question, Tag
from assessments.selectors.bank_pages import bank_page, bank_questions
from courses.models import Chapter
from tests.bench.queries import SLOW_MS, explainer

TAGGED = {"bench common": 5_000, "bench rare": 5}
COLUMNS = {"type": "type", "state": "state", "difficulty": "difficulty", "level": "cognitive_level", "marks": "marks"}
#: What no question of the bank has, where the form lets one ask for it.
MISSING = {"marks": "7.5", "tag": "no such tag"}


def filter_plans(user: User) -> dict[str, Any]:
    """{statements, scans, slow: [how it was asked, and what it does], slowest: (ms, how it was asked)}."""
    found: dict[str, Any] = {"statements": 0, "scans": [], "slow": [], "slowest": (0.0, "")}
    with transaction.atomic():
        _tag_questions()
        explain = explainer()
        for name, statement in _statements(user):
            plan = explain(statement)
            found["statements"] += 1
            found["slowest"] = max(found["slowest"], (plan["ms"], name))
            if plan["scans"]:
                found["scans"].append(f"{name}: {', '.join(plan['scans'])}, {plan['ms']} ms")
            elif plan["ms"] > SLOW_MS:
                found["slow"].append(f"{name}: {plan['ms']} ms, {plan['buffers']} buffers")
        transaction.set_rollback(True)
    return found


def filters_text(found: dict[str, Any]) -> str:
    """The plans as a few lines."""
    slowest = f", the slowest {found['slowest'][0]} ms ({found['slowest'][1]})" if found["slowest"][0] else ""
    head = f"Filters and pairs of filters of the list: {found['statements']} statements{slowest}; "
    if not found["scans"]:
        head += "none reads a large table from end to end."
    return "\n".join([head, *(f"  SCANS {line}" for line in found["scans"]), *(f"  slow {x}" for x in found["slow"])])


def _statements(user: User) -> Iterator[tuple[str, str]]:
    """(how the list was asked, the SQL of its page)"""
    choices = _choices()
    ids = Question.objects.order_by("pk").values_list("pk", flat=True)
    middle = ids[len(ids) // 2]
    directions: dict[str, dict[str, Any]] = {"": {}, " before": {"before": middle}, " after": {"after": middle}}
    sets = [(name,) for name in choices] + list(combinations(choices, 2))
    for names in sets:
        for values in product(*(choices[name] for name in names)):
            if (
                set(names) <= set(PLACES)
                and len({choices[name].index(value) for name, value in zip(names, values, strict=True)}) > 1
            ):
                continue  # a chapter of another unit cannot be asked for
            chosen = dict(zip(names, values, strict=True))
            view = chosen.pop("view", "")
            questions = bank_questions(user, chosen=chosen, terms=[], view=view)
            asked = ", ".join(f"{name} {value}" for name, value in zip(names, values, strict=True))
            for direction, edges in directions.items():
                with CaptureQueriesContext(connection) as captured:
                    bank_page(questions, **edges)
                # Nothing is asked of the bank for a tag that there is not.
                for query in captured.captured_queries[:1]:
                    yield asked + direction, query["sql"]


def _choices() -> dict[str, list[Any]]:
    """{filter: [something common, something rare or missing]}"""
    choices: dict[str, list[Any]] = {"view": ["mine", "review"]}
    for name, column in COLUMNS.items():
        counted = Question.objects.filter(marks__isnull=False).order_by().values_list(column)
        values = [value for value, _count in counted.annotate(n=Count("pk")).order_by("-n")]
        choices[name] = [values[0], values[-1]]
    choices["marks"].append(MISSING["marks"])
    chapters = Chapter.objects.annotate(n=Count("questions")).filter(n__gt=0).select_related("unit").order_by("-n")
    many, few = chapters[0], chapters.last()
    assert few is not None
    choices["programme"] = [many.unit.programme_id, few.unit.programme_id]
    choices["unit"] = [many.unit_id, few.unit_id]
    choices["chapter"] = [many.pk, few.pk]
    choices["topic"] = [one.topics.earliest("position").pk for one in (many, few) if one.topics.exists()]
    choices["tag"] = [*TAGGED, MISSING["tag"]]
    return choices


def _tag_questions() -> None:
    """Tags on some questions, taken back with the transaction."""
    through = Question.tags.through
    for name, count in TAGGED.items():
        tag = Tag.objects.create(name=name, folded=name)
        every = max(1, Question.objects.count() // count)
        chosen = list(Question.objects.order_by("pk").values_list("pk", flat=True))[::every]
        through.objects.bulk_create([through(question_id=pk, tag=tag) for pk in chosen], batch_size=5_000)
    with connection.cursor() as cursor:
        cursor.execute(f'ANALYZE "{through._meta.db_table}"')
