"""What the environment makes of the settings, and whether the papers about it are true."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from django.core.management import call_command

from accounts.models import User

ROOT = Path(__file__).resolve().parents[2]
PROD = {
    "DJANGO_SETTINGS_MODULE": "config.settings.prod",
    "SECRET_KEY": "k" * 50,
    "SITE_URL": "https://exams.example/",
    "DATABASE_URL": "postgres://abhyas@localhost/abhyas",
}
S3 = {"SHEETS_STORAGE": "s3", "S3_BUCKET": "b", "S3_ACCESS_KEY": "a", "S3_SECRET_KEY": "s"}
ASK = (
    "import json; from django.conf import settings as s; "
    "print(json.dumps([s.ALLOWED_HOSTS, s.SITE_URL, s.FILES_ORIGINS, s.SHOW_DEMO_ACCOUNTS]))"
)


def start(tmp_path: Path, **source: str) -> subprocess.CompletedProcess[str]:
    """Loads the settings in a process of its own, which sees nothing but `source`."""
    env = {"PATH": os.environ["PATH"], "ABHYAS_VAR": str(tmp_path)} | source
    return subprocess.run([sys.executable, "-c", ASK], cwd=ROOT, env=env, capture_output=True, text=True, timeout=60)


def settings_of(tmp_path: Path, **source: str) -> list[Any]:
    finished = start(tmp_path, **source)
    assert finished.returncode == 0, finished.stderr
    found: list[Any] = json.loads(finished.stdout)
    return found


def test_the_site_and_the_probes_are_allowed_hosts(tmp_path: Path) -> None:
    hosts, site_url, origins, demo = settings_of(tmp_path, **PROD)
    assert hosts == ["exams.example", "localhost", "127.0.0.1", "[::1]"]
    assert (site_url, origins, demo) == ("https://exams.example", [], False)


def test_named_hosts_keep_the_probes(tmp_path: Path) -> None:
    hosts, *_rest = settings_of(tmp_path, **PROD, ALLOWED_HOSTS="a.example,b.example")
    assert hosts == ["a.example", "b.example", "localhost", "127.0.0.1", "[::1]"]


def test_pages_may_be_sent_to_the_public_endpoint(tmp_path: Path) -> None:
    source = PROD | S3 | {"S3_ENDPOINT": "http://minio:9000", "S3_PUBLIC_ENDPOINT": "https://files.example"}
    assert settings_of(tmp_path, **source)[2] == ["https://files.example"]
    assert settings_of(tmp_path, **PROD, **S3, S3_ENDPOINT="http://minio:9000")[2] == ["http://minio:9000"]
    assert settings_of(tmp_path, **source, FILES_ORIGINS="https://cdn.example")[2] == ["https://cdn.example"]


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"SECRET_KEY": ""}, "The environment variable SECRET_KEY must be set."),
        ({"DATABASE_URL": None}, "The environment variable DATABASE_URL must be set."),
        (S3, "The environment variable FILES_ORIGINS must be set"),
        ({"SITE_URL": "exams.example"}, "SITE_URL is 'exams.example', but must be an address"),
        ({"TIME_ZONE": "IST"}, "TIME_ZONE is 'IST', but must be a time zone"),
        ({"BROKER_URL": "amqp://h"}, "BROKER_URL is 'amqp://h', but must be"),
        ({"API_RATE_ANON": "many"}, "API_RATE_ANON is 'many', but must be"),
    ],
)
def test_wrong_settings_stop_the_start(tmp_path: Path, change: dict[str, str | None], sentence: str) -> None:
    source = {name: value for name, value in (PROD | change).items() if value is not None}
    finished = start(tmp_path, **source)
    assert finished.returncode == 1
    assert sentence in finished.stderr.splitlines()[-1]


# --- The papers ------------------------------------------------------------------------------------------------------
def variables_read() -> set[str]:
    """Every name that the settings and the supervisor ask the environment for."""
    found = {"DJANGO_SETTINGS_MODULE", "ABHYAS_DEMO"}
    for path in [
        *(ROOT / "config" / "settings").glob("*.py"),
        ROOT / "config" / "up.py",
        ROOT / "config" / "sign_in.py",
    ]:
        text = path.read_text(encoding="utf-8")
        found |= set(re.findall(r'(?:\benv\.[a-z]+\(|number_from\(env, )\s*"([A-Z][A-Z0-9_]*)"', text))
    return found - {"PYTHONUNBUFFERED"}


def test_operations_name_every_variable_and_no_other() -> None:
    table = [
        line.split("|")[1]
        for line in (ROOT / "docs" / "operations.md").read_text(encoding="utf-8").splitlines()
        if line.startswith("| `")
    ]
    named = re.findall(r"`([A-Z][A-Z0-9_]*)`", "".join(table))
    assert len(named) == len(set(named))
    assert set(named) == variables_read()


@pytest.mark.parametrize("service", ["migrate", "web", "worker", "beat", "flower"])
def test_compose_sets_only_variables_that_are_read(service: str) -> None:
    composed = yaml.safe_load((ROOT / "docker-compose.yml").read_text(encoding="utf-8"))["services"]
    assert set(composed[service]["environment"]) <= variables_read()


def test_compose_and_kubernetes_prepare_the_database_before_anything_runs() -> None:
    composed = yaml.safe_load((ROOT / "docker-compose.yml").read_text(encoding="utf-8"))["services"]
    assert composed["migrate"]["command"] == "python manage.py prepare"
    for part in ("web", "worker", "beat"):
        assert composed[part]["depends_on"]["migrate"]["condition"] == "service_completed_successfully"
    manifests = list(yaml.safe_load_all((ROOT / "deploy" / "kubernetes" / "abhyas.yaml").read_text(encoding="utf-8")))
    [job] = [each for each in manifests if each["kind"] == "Job"]
    assert job["spec"]["template"]["spec"]["containers"][0]["command"] == ["python", "manage.py", "prepare"]


def test_the_closed_list_of_common_is_closed() -> None:
    text = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    listed = text.split("closed list:")[1].split("```")[0].replace(",", " ").split()
    found = {
        path.stem for path in (ROOT / "common").iterdir() if path.suffix == ".py" or (path / "__init__.py").exists()
    }
    assert set(listed) - {"vendor"} == found - {"__init__", "apps", "tests"}


@pytest.mark.parametrize("path", ["docker-compose.yml", "deploy/kubernetes/abhyas.yaml"])
def test_every_queue_has_one_kind_of_worker(settings: Any, path: str) -> None:
    taken = re.findall(r'--queues[ ,"]+([a-z,]+)', (ROOT / path).read_text(encoding="utf-8"))
    named = [name for names in taken for name in names.split(",")]
    assert sorted(named) == sorted(queue.name for queue in settings.CELERY_TASK_QUEUES)


# --- prepare ---------------------------------------------------------------------------------------------------------
def test_prepare_makes_the_demonstration_only_where_settings_say_so(db: None, settings: Any) -> None:
    settings.SHOW_DEMO_ACCOUNTS = False
    call_command("prepare")
    assert not User.objects.exists()
