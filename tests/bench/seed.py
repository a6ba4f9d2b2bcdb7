"""The large database: made with INSERT … SELECT, kept between runs, made again when it would come out different."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from string import Template
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import psycopg
from psycopg import sql

from tests.bench import seed_sql

SIZES = {
    "students": 10_000, "teachers": 40, "cohorts": 50, "exams": 300, "papers": 150, "attempts": 100_000,
    "recent": 20_000, "live": 400, "questions": 50_000,
}  # fmt: skip
BANK = Path(__file__).resolve().parents[2] / "assessments" / "data" / "cbse_x_mathematics"
QUESTIONS = Path(__file__).with_name("bank")
COUNTED = (
    "accounts_user", "assessments_attempt", "assessments_response", "evaluations_evaluation",
    "evaluations_questionmark", "evaluations_annotation", "notifications_notification", "assessments_exam",
    "assessments_question", "assessments_questionversion", "assessments_questionband",
)  # fmt: skip


class BenchError(Exception):
    """Something the person at the keyboard can put right; the message says what."""


def fingerprint() -> str:
    """A digest of everything the content of the database depends on."""
    scripts = (
        seed_sql.PEOPLE,
        seed_sql.EXAMS,
        seed_sql.SHAPES,
        seed_sql.ATTEMPTS,
        *seed_sql.BIG.values(),
        seed_sql.LIVE,
    )
    digest = hashlib.sha256(repr((SIZES, scripts)).encode())
    for path in [*sorted(BANK.glob("*.toml")), QUESTIONS / "texts.py", QUESTIONS / "rows.py"]:
        digest.update(path.read_bytes())
    return digest.hexdigest()


def ensure_database(url: str) -> None:
    """Creates the database of `url` where it is missing. Raises BenchError when no server answers."""
    parts = urlsplit(url)
    name = parts.path.lstrip("/")
    if parts.scheme not in {"postgres", "postgresql"} or not name.endswith("_bench"):
        raise BenchError(f"BENCH_DATABASE_URL is '{url}', but must be postgres://…/name_bench: it is rebuilt.")
    admin = urlunsplit(("postgresql", parts.netloc, "/postgres", "", ""))
    try:
        with psycopg.connect(admin, autocommit=True, connect_timeout=5) as connection:
            if not connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name]).fetchone():
                connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
            # As docker-compose.yml does: on solid-state disks the default of 4 makes it read whole tables instead.
            connection.execute(sql.SQL("ALTER DATABASE {} SET random_page_cost = 1.1").format(sql.Identifier(name)))
    except psycopg.OperationalError as error:
        raise BenchError(
            f"No PostgreSQL server can be used at {parts.netloc}: {str(error).strip().splitlines()[0]}. "
            "Start one, or name another with BENCH_DATABASE_URL=postgres://user@host/abhyas_bench."
        ) from error


def seed_database(*, say: Callable[[str], None], fresh: bool) -> dict[str, int]:
    """Brings the database of the current Django settings up to date and full; returns the rows of the big tables."""
    from django.core.management import call_command
    from django.db import connection

    known = None if fresh else _stored_fingerprint()
    if known != fingerprint():
        with connection.cursor() as cursor:
            cursor.execute("DROP SCHEMA IF EXISTS bench CASCADE; DROP SCHEMA public CASCADE; CREATE SCHEMA public")
        connection.close()
    # Without the checks: they load every page, and a page that is being written must not stop the seeding.
    call_command("migrate", verbosity=0, interactive=False, skip_checks=True)
    if known != fingerprint():
        began = time.monotonic()
        _fill(say)
        say(f"seeded in {time.monotonic() - began:.0f} s")
    _run(seed_sql.FRESHEN)
    with connection.cursor() as cursor:
        return {table: _count(cursor, table) for table in COUNTED}


def _stored_fingerprint() -> str | None:
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("SELECT to_regclass('bench.seed') IS NOT NULL")
        if not cursor.fetchone()[0]:
            return None
        cursor.execute("SELECT fingerprint FROM bench.seed")
        row = cursor.fetchone()
    return row[0] if row else None


def _fill(say: Callable[[str], None]) -> None:
    from django.db import connection

    _run(seed_sql.PEOPLE)
    _load_papers()
    say("people, question bank and papers are there")
    for script in (seed_sql.EXAMS, seed_sql.SHAPES, seed_sql.ATTEMPTS):
        _run(script)
    for table, statement in seed_sql.BIG.items():
        began = time.monotonic()
        with _without_indexes(table):
            rows = _run(statement)
        say(f"{rows:>10,} rows of {table} in {time.monotonic() - began:.1f} s")
    _run(seed_sql.LIVE)
    _fill_bank(say)
    with connection.cursor() as cursor:
        cursor.execute("VACUUM (ANALYZE)")
        cursor.execute("INSERT INTO bench.seed VALUES (%s, now())", [fingerprint()])


def _fill_bank(say: Callable[[str], None]) -> None:
    """After the papers are drawn, so that these hold the real questions."""
    from django.db import connection

    from tests.bench.bank.place import bank_place
    from tests.bench.bank.rows import fill_bank

    began = time.monotonic()
    with connection.cursor() as cursor:
        cursor.execute("SET session_replication_role = replica")
        fill_bank(questions=SIZES["questions"], place=bank_place(), without_indexes=_without_indexes)
        cursor.execute("RESET session_replication_role")
    say(f"{SIZES['questions']:>10,} questions in {time.monotonic() - began:.1f} s")


def _load_papers() -> None:
    """The real bank through the product's own services, and papers drawn from it with seeds 0, 1, 2 …"""
    from django.utils import timezone

    from accounts.models import User
    from assessments.models import Blueprint
    from assessments.services.bank_files import load_bank
    from assessments.services.drawing import draw_paper

    author, verifier = User.objects.filter(is_teacher=True).order_by("email")[:2]
    now = timezone.now()
    load_bank(folder=BANK, author=author, verifier=verifier, now=now)
    blueprint = Blueprint.objects.get()
    for number in range(SIZES["papers"]):
        draw_paper(blueprint=blueprint, seed=number, title=f"Paper {number + 1}", now=now)


def _run(script: str) -> int:
    """Runs `script` without foreign key checks, which INSERT … SELECT from one source does not need; rows written."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(
            "SET session_replication_role = replica; SET synchronous_commit = off; SET work_mem = '128MB';"
            "SET maintenance_work_mem = '512MB'"
        )
        cursor.execute(Template(script).substitute(SIZES))
        rows = cursor.rowcount
        cursor.execute("RESET session_replication_role; RESET synchronous_commit")
        cursor.execute("RESET work_mem; RESET maintenance_work_mem")
    return rows


@contextmanager
def _without_indexes(table: str) -> Iterator[None]:
    """Drops the unique constraints and plain indexes of `table` during a bulk insert; the primary key stays."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT conname, pg_get_constraintdef(oid) FROM pg_constraint "
            "WHERE conrelid = %s::regclass AND contype = 'u'",
            [table],
        )
        constraints = cursor.fetchall()
        cursor.execute(
            "SELECT indexrelid::regclass::text, pg_get_indexdef(indexrelid) FROM pg_index "
            "WHERE indrelid = %s::regclass AND NOT EXISTS (SELECT 1 FROM pg_constraint WHERE conindid = indexrelid)",
            [table],
        )
        indexes = cursor.fetchall()
        for name, _ in constraints:
            cursor.execute(f'ALTER TABLE "{table}" DROP CONSTRAINT "{name}"')
        for name, _ in indexes:
            cursor.execute(f"DROP INDEX {name}")
        yield
        cursor.execute("SET maintenance_work_mem = '512MB'")
        for name, definition in constraints:
            cursor.execute(f'ALTER TABLE "{table}" ADD CONSTRAINT "{name}" {definition}')
        for _, definition in indexes:
            cursor.execute(definition)
        cursor.execute("RESET maintenance_work_mem")


def _count(cursor: Any, table: str) -> int:
    cursor.execute(f'SELECT count(*) FROM "{table}"')
    return int(cursor.fetchone()[0])
