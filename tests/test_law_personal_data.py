"""A law for personal data: whatever leads to a person is held by somebody, or named here with its reason.

Each app says in `services/own_data.py` what it holds of people. A new model or column that points at a person breaks
this test until it is said what a copy of their data has of it, and what erasure does to it.
"""

from collections.abc import Iterator
from typing import Any

import pytest
from django.apps import apps
from django.db import models

from accounts.models import TeacherProfile, User
from accounts.services.personal import Holding, contributions, holdings
from common.append_only import GATE

PEOPLE = (User, TeacherProfile)
MODELS = list(apps.get_models(include_auto_created=True))
#: Libraries that hold nothing of ours.
OTHERS = {"sites", "contenttypes", "django_celery_beat", "auth"}


def references(model: type[models.Model]) -> Iterator[Any]:
    """The columns of `model` that point at another row."""
    yield from (field for field in model._meta.concrete_fields if field.is_relation)


def words(model: type[models.Model]) -> Iterator[str]:
    """The columns of `model` that could hold words: text without choices, JSON, addresses."""
    for field in model._meta.concrete_fields:
        texts = (models.CharField, models.TextField, models.JSONField, models.GenericIPAddressField)
        if isinstance(field, texts) and not field.choices:
            yield field.name


def test_every_column_that_points_at_a_person_is_held() -> None:
    held = {(one.model, one.person) for one in holdings()}
    acts = {name for one in contributions() for name in one.acts}
    missing = [
        f"{model._meta.label}.{field.name}"
        for model in MODELS
        for field in references(model)
        if field.related_model in PEOPLE
        and model._meta.app_label not in OTHERS
        and (model, field.name) not in held
        and f"{model._meta.label}.{field.name}" not in acts
    ]
    assert not missing, f"no app says what it does with {', '.join(missing)}"


def test_what_hangs_on_a_held_row_is_held_too() -> None:
    held = {one.model for one in holdings()}
    about = {one.model for one in holdings() if one.model not in PEOPLE}
    excused = {name for one in contributions() for name in one.excused}
    acts = {name for one in contributions() for name in one.acts}
    missing = [
        f"{model._meta.label}.{field.name}"
        for model in MODELS
        for field in references(model)
        if field.related_model in about
        and model not in held
        and not {model._meta.label, f"{model._meta.label}.{field.name}"} & (excused | acts)
    ]
    assert not missing, f"no app says what it does with {', '.join(missing)}"


def test_nothing_is_named_that_does_not_exist() -> None:
    for contribution in contributions():
        for name in [*contribution.acts, *contribution.excused]:
            label, _dot, column = name.rpartition(".") if name.count(".") == 2 else (name, "", "")
            model = apps.get_model(label)
            assert not column or model._meta.get_field(column)


@pytest.mark.parametrize("holding", holdings(), ids=lambda one: one.key)
def test_every_column_of_words_is_cleared_removed_or_known_to_be_plain(holding: Holding) -> None:
    others = [one for one in holdings() if one.model is holding.model]
    cleared = {name for one in others for name in one.clear}
    keys = {holding.model._meta.pk.name}
    if not any(one.remove for one in others):
        left = set(words(holding.model)) - cleared - set(holding.plain) - keys - {n for o in others for n in o.plain}
        assert not left, f"{holding.key}: what becomes of {left}?"


@pytest.mark.parametrize("holding", holdings(), ids=lambda one: one.key)
def test_a_copy_shows_it_or_says_why_not(holding: Holding) -> None:
    assert bool(holding.show) != bool(holding.why)
    assert bool(holding.title) == bool(holding.show)


def test_no_two_pages_of_a_copy_have_one_name() -> None:
    keys = [one.key for one in holdings() if one.show]
    assert len(keys) == len(set(keys))


@pytest.mark.django_db
def test_only_tables_that_are_held_have_a_gate() -> None:
    from django.db import connection

    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute(
                "SELECT DISTINCT relname FROM pg_trigger JOIN pg_class ON pg_class.oid = tgrelid JOIN pg_proc "
                "ON pg_proc.oid = tgfoid WHERE proname = 'abhyas_refuse_unless_open'"
            )
        else:
            cursor.execute(
                "SELECT DISTINCT tbl_name FROM sqlite_master WHERE type = 'trigger' AND sql LIKE %s", [f"%{GATE}%"]
            )
        gated = {name for (name,) in cursor.fetchall()} - {"assessments_sheetupload"}
    said = {one.model._meta.db_table for one in holdings() if one.gated} - {"assessments_sheetupload"}
    assert gated - said == {
        "accounts_auditevent", "notifications_webhooktry", "assessments_paper", "assessments_paperquestion",
    }  # fmt: skip
    assert said <= gated
