"""One migrated database for all test processes and runs: migrating takes longer than most tests of an app together.

Whoever comes first has it made by the product's own command, in `var/tests` or beside the databases of PostgreSQL;
when a migration changes, anew. Each process starts with a copy of it and lets Django migrate that: nothing is left to
do, but permissions and groups become those of the code as it is now.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import re
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import django
import psycopg
from django.conf import settings
from django.db import connection
from psycopg import sql

ROOT = Path(__file__).resolve().parent.parent.parent
SETTINGS = {"DJANGO_SETTINGS_MODULE": "config.settings.test"}
IMPORTED = re.compile(r"^(?:from|import) ((?:accounts|assessments|common|courses|evaluations)\.[\w.]+)", re.M)


def make_key() -> str:
    """Of everything that migrating depends on."""
    migrations = [path.read_bytes() for path in sorted(ROOT.glob("*/migrations/*.py"))]
    names = {name for text in migrations for name in IMPORTED.findall(text.decode())}
    others = [ROOT / f"{name.replace('.', '/')}.py" for name in sorted(names)] + [ROOT / "requirements.txt"]
    parts = [sys.version, sqlite3.sqlite_version, *settings.INSTALLED_APPS]
    digest = hashlib.sha256("\n".join(parts).encode())
    for text in [*migrations, *(path.read_bytes() for path in others if path.exists())]:
        digest.update(hashlib.sha256(text).digest())
    return digest.hexdigest()[:16]


@contextmanager
def _alone() -> Iterator[Path]:
    """In the folder of what is kept, while no other process of this checkout is."""
    folder = Path(settings.VAR_DIR) / "tests"
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield folder


def migrated_file() -> Path:
    """A SQLite file with every table and nothing in it but what migrations write."""
    key = make_key()
    with _alone() as folder:
        path = folder / f"migrated-{key}.sqlite3"
        if not path.exists():
            for old in folder.glob("migrated-*"):
                old.unlink()
            made = folder / "migrated-new"
            _migrate(f"sqlite:///{made}")
            made.rename(path)
    return path


def migrated_database(address: str) -> str:
    """The name of the same on the server of `address`, for `CREATE DATABASE … TEMPLATE`."""
    parts = urlsplit(address)
    name, key = f"test_{parts.path.strip('/')}_migrated", make_key()
    with _alone(), psycopg.connect(parts._replace(path="/postgres").geturl(), autocommit=True) as server:
        known = "SELECT shobj_description(oid, 'pg_database') FROM pg_database WHERE datname = %s"
        if server.execute(known, [name]).fetchone() != (key,):
            server.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))
            server.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
            _migrate(parts._replace(path=f"/{name}").geturl())
            server.execute(sql.SQL("COMMENT ON DATABASE {} IS {}").format(sql.Identifier(name), sql.Literal(key)))
    return name


def _migrate(address: str) -> None:
    done = subprocess.run(
        [sys.executable, "manage.py", "migrate", "--noinput", "--verbosity", "0"],
        cwd=ROOT, env=os.environ | SETTINGS | {"DATABASE_URL": address},
        capture_output=True, text=True, timeout=600, check=False,
    )  # fmt: skip
    assert done.returncode == 0, f"migrating failed:\n{done.stdout[-3000:]}\n{done.stderr[-6000:]}"


def address() -> str:
    """Where the suite has its databases; empty: in memory."""
    return os.environ.get("DATABASE_URL", "") if connection.vendor == "postgresql" else ""


@contextmanager
def start_migrated() -> Iterator[None]:
    """Django makes its test database, named by the settings as they are now, out of what was kept."""
    if connection.vendor == "postgresql":
        connection.settings_dict["TEST"]["TEMPLATE"] = migrated_database(address())
        yield
        return
    # A database in memory is shared by name and lives as long as somebody holds it.
    name = connection.creation._get_test_db_name()  # type: ignore[attr-defined]
    with closing(sqlite3.connect(name, uri=True)) as memory, closing(sqlite3.connect(migrated_file())) as file:
        file.backup(memory)
        yield


def prepare_apart() -> subprocess.Popen[bytes]:
    """Has it made while the test processes still read their tests; they wait for the lock, not for this."""
    return subprocess.Popen(  # noqa: S603 - our own interpreter and module
        [sys.executable, "-m", __name__], cwd=ROOT, env=os.environ | SETTINGS,
        stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip


if __name__ == "__main__":
    django.setup()
    migrated_database(address()) if address() else migrated_file()
