"""The linter's list of private doors must name every door that exists: a new file is never left unguarded."""

import configparser
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
APPS = ["accounts", "notifications", "courses", "assessments", "evaluations", "analytics"]
DOORS = ["urls", "views", "api", "admin", "forms", "receivers", "tasks"]


def existing_doors(app: str) -> set[str]:
    packages = {path.parent.name for path in (ROOT / app).glob("*/__init__.py")}
    found = packages | {path.stem for path in (ROOT / app).glob("*.py")}
    return {f"{app}.{door}" for door in DOORS if door in found}


@pytest.mark.parametrize("app", APPS)
def test_every_door_is_private(app: str):
    contracts = configparser.ConfigParser()
    contracts.read(ROOT / ".importlinter")
    section = contracts[f"importlinter:contract:doors-{app}"]
    assert set(section["protected_modules"].split()) >= existing_doors(app)


def test_every_app_is_linted():
    contracts = configparser.ConfigParser()
    contracts.read(ROOT / ".importlinter")
    assert set(contracts["importlinter"]["root_packages"].split()) == {*APPS, "common", "config"}
