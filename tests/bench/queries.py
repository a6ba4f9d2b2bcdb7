"""Queries per page, and whether PostgreSQL reads a big table from end to end for one of them."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable, Iterator
from typing import Any

from tests.bench.pages import Call, Doors, Page, Targets

BIG_ROWS = 10_000
SLOW_MS = 20
# Without an index; one that is only read in its order says USING.
SQLITE_SCAN = re.compile(r"SCAN (\w+)")
USERS = 4
EXPLAINED = ("SELECT", "INSERT", "UPDATE", "DELETE", "WITH")
# The borders of a transaction are not queries.
BORDERS = {"BEGIN", "COMMIT", "ROLLBACK"}
LITERAL = re.compile(r"'[^']*'(?:::\w+)?|\b\d+(?:\.\d+)?\b")


def count_queries(page: Page, targets: Targets, doors: Doors) -> dict[str, Any]:
    """{cold, warm: most queries of one request; same: whether every user cost the same; statements: their SQL}.

    Cold is a request that finds nothing in the cache. Raises NoReverseMatch.
    """
    from django.core.cache import caches

    calls = list(targets.calls(page))
    chosen = calls[:: max(1, len(calls) // USERS)][:USERS]
    cold, warm, statuses, statements = [], [], set(), []
    for call in chosen:
        # Another key version hides everything stored so far; flushing could hit what others keep in this Redis.
        caches["default"].version = time.time_ns()
        status, found = _request(page, call, doors)
        statuses.add(status)
        cold.append(len(found))
        statements += found
        if page.saves:
            call = next(again for again in targets.calls(page) if again.path == call.path)
        status, found = _request(page, call, doors)
        statuses.add(status)
        warm.append(len(found))
    return {
        "cold": max(cold),
        "warm": max(warm),
        "same": len(set(cold)) == 1 and len(set(warm)) == 1,
        "spread": [min(warm), max(warm)],
        "statuses": sorted(statuses),
        "statements": statements,
    }


def _request(page: Page, call: Call, doors: Doors) -> tuple[int, list[str]]:
    from django.db import connection
    from django.test import Client
    from django.test.utils import CaptureQueriesContext

    client = Client(SERVER_NAME="localhost", raise_request_exception=False)
    headers = doors.headers(page, call)
    with CaptureQueriesContext(connection) as captured:
        if call.body is None:
            response = client.get(call.path, headers=headers)
        else:
            response = client.put(call.path, call.body, content_type="application/json", headers=headers)
    found = [query["sql"] for query in captured.captured_queries]
    return response.status_code, [statement for statement in found if statement.upper() not in BORDERS]


def slow_plans(statements: list[str]) -> list[dict[str, Any]]:
    """Explains each distinct statement (reads run, writes only planned); those that scan a big table or are slow."""
    explain = explainer()
    found = [explain(statement) for statement in _distinct(statements)]
    return [plan for plan in found if plan["scans"] or plan["ms"] > SLOW_MS]


def explainer() -> Callable[[str], dict[str, Any]]:
    """Explains one statement: {scans: big tables that it reads from end to end, ms, buffers, sql}.

    SQLite says neither time nor buffers, and estimates nothing: it must have been analysed.
    """
    from django.db import connection

    return _explain_postgresql() if connection.vendor == "postgresql" else _explain_sqlite()


def _explain_postgresql() -> Callable[[str], dict[str, Any]]:
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("SELECT relname, reltuples FROM pg_class WHERE relkind = 'r' AND reltuples > %s", [BIG_ROWS])
        big = dict(cursor.fetchall())

    def explain(statement: str) -> dict[str, Any]:
        reads = statement.lstrip().upper().startswith("SELECT")
        how = "ANALYZE, BUFFERS, FORMAT JSON" if reads else "FORMAT JSON"
        with connection.cursor() as cursor:
            cursor.execute(f"EXPLAIN ({how}) " + statement.replace("%", "%%"), [])
            answer = cursor.fetchone()[0]
        plan = (json.loads(answer) if isinstance(answer, str) else answer)[0]
        scans = {node["Relation Name"] for node in _nodes(plan["Plan"]) if _is_scan(node)}
        pages = sum(plan["Plan"].get(f"Shared {kind} Blocks", 0) for kind in ("Hit", "Read"))
        took = round(plan.get("Execution Time", 0.0), 1)
        return {"scans": sorted(scans & set(big)), "ms": took, "buffers": pages, "sql": statement}

    return explain


def _explain_sqlite() -> Callable[[str], dict[str, Any]]:
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("SELECT tbl, max(CAST(stat AS INTEGER)) FROM sqlite_stat1 GROUP BY tbl")
        big = {table for table, rows in cursor.fetchall() if rows > BIG_ROWS}

    def explain(statement: str) -> dict[str, Any]:
        with connection.cursor() as cursor:
            cursor.execute("EXPLAIN QUERY PLAN " + statement.replace("%", "%%"), [])
            details = [row[3] for row in cursor.fetchall()]
        # A table goes by its alias there.
        tables = {alias: table for table, alias in re.findall(r'"(\w+)" ([A-Z]\d+)\b', statement)}
        scanned = {match[1] for detail in details if (match := SQLITE_SCAN.fullmatch(detail))}
        scans = {tables.get(name, name) for name in scanned}
        return {"scans": sorted(scans & big), "ms": 0.0, "buffers": 0, "sql": statement}

    return explain


def _is_scan(node: dict[str, Any]) -> bool:
    return node["Node Type"] == "Seq Scan" and "Relation Name" in node


def _distinct(statements: list[str]) -> Iterator[str]:
    """One of each statement, apart from its values; only those that can be explained."""
    seen = set()
    for statement in statements:
        shape = LITERAL.sub("?", statement)
        if shape not in seen and statement.lstrip().upper().startswith(EXPLAINED):
            seen.add(shape)
            yield statement


def _nodes(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield plan
    for child in plan.get("Plans", ()):
        yield from _nodes(child)
