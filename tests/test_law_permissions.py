"""A law for every model: a person may view a row exactly when it is among what `visible_to` gives them.

The rules and the querysets are written separately, so each checks the other. Every app registers sample rows in
`tests/law_samples/*.py` with a function `samples(cast) -> {Model: [rows]}`; a model without samples breaks the law.
"""

import importlib
import pkgutil
from collections.abc import Callable

import pytest
import rules
from django.apps import apps
from django.contrib.auth.models import AnonymousUser
from django.db import models

from tests import law_samples
from tests.cast import Cast

APPS = ("accounts", "notifications", "courses", "assessments", "evaluations", "analytics")
MODULES = sorted(module.name for module in pkgutil.iter_modules(law_samples.__path__))
MODELS = [model for app in APPS for model in apps.get_app_config(app).get_models()]

Samples = dict[type[models.Model], list[models.Model]]


def samples_of(name: str) -> Callable[[Cast], Samples]:
    return importlib.import_module(f"tests.law_samples.{name}").samples


@pytest.mark.parametrize("module", MODULES)
def test_view_permission_is_what_is_visible(cast: Cast, module: str) -> None:
    people = {**cast.people, "anonymous": AnonymousUser()}
    broken = []
    for model, rows in samples_of(module)(cast).items():
        permission = f"{model._meta.app_label}.view_{model._meta.model_name}"
        for name, person in people.items():
            visible = set(model._default_manager.visible_to(person).values_list("pk", flat=True))
            for row in rows:
                allowed = person.has_perm(permission, row)
                if allowed != (row.pk in visible):
                    broken.append(f"{name}: {permission} {row!r}: rule says {allowed}, visible_to {row.pk in visible}")
    assert not broken, "\n".join(broken)


def test_every_model_has_samples_that_somebody_sees(cast: Cast) -> None:
    found: dict[type[models.Model], list[models.Model]] = {}
    for module in MODULES:
        for model, rows in samples_of(module)(cast).items():
            found.setdefault(model, []).extend(rows)
    missing = [model._meta.label for model in MODELS if not found.get(model)]
    assert not missing, f"no sample rows for {', '.join(missing)}"
    unseen = [
        model._meta.label
        for model, rows in found.items()
        if not any(row.pk in _visible(model, person) for person in cast.people.values() for row in rows)
    ]
    assert not unseen, f"nobody sees any sample of {', '.join(unseen)}"


def _visible(model: type[models.Model], person: object) -> set[object]:
    return set(model._default_manager.visible_to(person).values_list("pk", flat=True))


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model._meta.label)
def test_every_model_has_a_view_rule(model: type[models.Model]) -> None:
    """Without one nobody could view it. Adding, changing and deleting are denied where there is no rule."""
    assert rules.perm_exists(f"{model._meta.app_label}.view_{model._meta.model_name}")


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model._meta.label)
def test_every_rule_answers_without_an_object(cast: Cast, model: type[models.Model]) -> None:
    """The admin asks without an object; a rule that cannot answer would be an error page, and only staff have lists."""
    for verb in ("view", "add", "change", "delete"):
        permission = f"{model._meta.app_label}.{verb}_{model._meta.model_name}"
        assert not AnonymousUser().has_perm(permission)
        assert all(isinstance(person.has_perm(permission), bool) for person in cast.people.values())
