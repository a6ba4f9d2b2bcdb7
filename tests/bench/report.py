"""The figures as a table for people."""

from __future__ import annotations

from typing import Any


def render(result: dict[str, Any]) -> str:
    """The whole report as Markdown text."""
    parts = [_rows(result["rows"])]
    if result["pages"]:
        parts.append(_load(result))
    parts.append(_queries(result["queries"]))
    return "\n\n".join(parts)


def table(header: list[str], rows: list[list[str]]) -> str:
    widths = [max(len(row[i]) for row in [header, *rows]) for i in range(len(header))]

    def line(cells: list[str]) -> str:
        padded = [cell.rjust(width) for cell, width in zip(cells, widths, strict=True)]
        return "| " + " | ".join([cells[0].ljust(widths[0]), *padded[1:]]) + " |"

    dashes = ["-" * (width + 1) for width in widths]
    rule = "|" + "|".join([dashes[0] + "-", *(dash + ":" for dash in dashes[1:])]) + "|"
    return "\n".join([line(header), rule, *map(line, rows)])


def _rows(rows: dict[str, int]) -> str:
    return "Rows: " + ", ".join(f"{number:,} {table}" for table, number in rows.items())


def _load(result: dict[str, Any]) -> str:
    speed = result["calibration"]
    healthz = speed["healthz"]
    lines = []
    for name, page in {"(empty: /healthz)": healthz, **result["pages"]}.items():
        if "missing" in page:
            lines.append([name, *["–"] * 8, page["missing"]])
            continue
        failed = {status: number for status, number in page["statuses"].items() if status != "200"}
        note = "; ".join(f"{number} × {status}" for status, number in failed.items())
        times = [f"{page[key]:.1f}" for key in ("p50_ms", "p95_ms", "p99_ms", "cpu_ms")]
        size, share = f"{page['bytes'] / 1024:.0f}", f"{page.get('of_healthz', 1):.3f}"
        lines.append([name, f"{page['per_second']:.0f}", *times, size, share, f"{page['load_average']:.1f}", note])
    header = ["page", "req/s", "p50 ms", "p95 ms", "p99 ms", "CPU ms", "KiB", "of empty", "load", "not 200"]
    head = (
        f"{result['server']}; {result['cores']} cores; SHA-256 {speed['sha256_mb_per_second']:.0f} MB/s; "
        f"load average {result['load_average'][0]:.1f}. Best of the rounds; CPU is the server's, without PostgreSQL."
    )
    return head + "\n\n" + table(header, lines)


def _queries(counts: dict[str, Any]) -> str:
    lines, plans = [], []
    for name, page in counts.items():
        if "missing" in page:
            lines.append([name, "–", "–", page["missing"]])
            continue
        bad = [str(status) for status in page["statuses"] if status != 200]
        notes = [f"answered {', '.join(bad)}"] if bad else []
        if not page["same"]:
            notes.append(f"{page['spread'][0]}–{page['spread'][1]} by user")
        lines.append([name, str(page["cold"]), str(page["warm"]), "; ".join(notes)])
        for plan in page["plans"]:
            what = f"scans {', '.join(plan['scans'])}" if plan["scans"] else "is slow"
            plans.append(f"{name}: {what}, {plan['ms']} ms: {plan['sql'][:700]}")
    text = table(["page", "queries, empty cache", "warm", "note"], lines)
    return text + "\n\n" + ("\n".join(plans) or "No query reads a table of more than 10,000 rows from end to end.")
