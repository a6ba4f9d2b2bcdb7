"""Imports mutated files of every format: `python -m tests.bench.import_fuzz --files 2000`.

Each file is a valid one with faults: bytes changed, pieces cut, doubled or moved, elements and columns put elsewhere,
entries of a zip renamed (also to lead out of it), damaged or packed again. It is read and imported by the services into
a database in memory. A refusal is a sentence; an import is all of its plan; anything else fails the run.
"""

from __future__ import annotations

import argparse
import io
import os
import random
import re
import resource
import sys
import time
import zipfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

SIGNS = [
    b"{", b"}", b"=", b"~", b"<", b">", b"\x00", b"\xff\xfe", b'"', b"\n\n", b"]]>", b"&", b"&lol;", b"'", b"\\", b"%",
    b"$$", b"[[1]]", b"[[=a]]", b"9" * 50, b"1e999999999", b"-1", b"NaN", b"![](x)",
    b'<!DOCTYPE a [<!ENTITY l SYSTEM "file:///etc/passwd">]>',
    b"<quiz>", b"</question>", b"ANSWER: Z", b"$CATEGORY: /", b"::", b",", b"\t", b"=cmd()", "हृदय".encode(),
    b"\xed\xa0\x80",
]  # fmt: skip
NAMES = ["../../evil.xml", "/etc/evil", "a\\..\\b.xml", "imsmanifest.xml", "x" * 600, "", "a/./b.xml", "C:evil.xml"]
#: One file takes longer than this only when the machine is busy with something else.
MAX_SECONDS = 30
MAX_GROWTH_MB = 1024


@dataclass
class Tally:
    """What came of the files of one format."""

    files: int = 0
    imported: int = 0
    refused: int = 0
    worst: float = 0.0
    peak_mb: int = 0
    faults: list[str] = field(default_factory=list)


def mutated(data: bytes, chance: random.Random) -> bytes:
    """`data` with one to four faults in its bytes or its structure; a zip also in its entries."""
    if data[:4] == b"PK\x03\x04" and chance.random() < 0.75:
        return _mutated_zip(data, chance)
    for _fault in range(chance.randint(1, 4)):
        data = chance.choice([_in_bytes, _in_bytes, _in_structure])(data, chance)
    return data


def _in_bytes(data: bytes, chance: random.Random) -> bytes:
    at, to = sorted(chance.randint(0, len(data)) for _ in range(2))
    to = min(to, at + 200)
    faults: list[Callable[[], bytes]] = [
        lambda: data[:at] + data[to:],
        lambda: data[:to] + data[at:to] * chance.randint(1, 30) + data[to:],
        lambda: data[:at] + chance.choice(SIGNS) + data[at:],
        lambda: data[:at] + chance.choice(SIGNS) + data[to:],
        lambda: data[:at] + chance.randbytes(4) + data[at + 4 :],
        lambda: data[: at or 1],
    ]
    return chance.choice(faults)()


def _in_structure(data: bytes, chance: random.Random) -> bytes:
    """Lines or elements change places, are doubled, wrapped in themselves, or lose their end."""
    pieces = re.split(rb"(?<=>)(?=<)|(?<=\n)", data) if chance.random() < 0.5 else data.split(b"\n\n")
    if len(pieces) < 3:
        return data
    one, other = (chance.randrange(len(pieces)) for _ in range(2))
    fault = chance.randrange(4)
    if fault == 0:
        pieces[one], pieces[other] = pieces[other], pieces[one]
    elif fault == 1:
        del pieces[one]
    elif fault == 2:
        pieces[one:one] = [pieces[other]] * chance.choice([1, 3, 200])
    else:
        pieces[one] = pieces[other]
    return (b"\n\n" if b"\n\n".join(data.split(b"\n\n")) == data and b">" not in data[:40] else b"").join(pieces)


def _mutated_zip(data: bytes, chance: random.Random) -> bytes:
    with zipfile.ZipFile(io.BytesIO(data)) as package:
        files = {name: package.read(name) for name in package.namelist()}
    names = list(files)
    chosen = chance.choice(names)
    fault = chance.randrange(6)
    if fault == 0:
        del files[chosen]
    elif fault == 1:
        files[chance.choice(NAMES)] = files.pop(chosen)
    elif fault == 2:
        files[chosen] = bytes(chance.choice([0, 3_000_000]))
    elif fault == 3:
        other = chance.choice(names)
        files[chosen], files[other] = files[other], files[chosen]
    else:
        files[chosen] = _in_bytes(_in_structure(files[chosen], chance), chance)
    made = io.BytesIO()
    with zipfile.ZipFile(
        made, "w", chance.choice([zipfile.ZIP_DEFLATED, zipfile.ZIP_STORED, zipfile.ZIP_BZIP2])
    ) as out:
        for name, content in files.items():
            out.writestr(zipfile.ZipInfo(name or "x"), content)
    packed = made.getvalue()
    return _in_bytes(packed, chance) if chance.random() < 0.2 else packed


def run(formats: dict[str, bytes], files: int, place: dict[str, Any], seed: int = 1) -> dict[str, Tally]:
    """Imports `files` mutations in all, the formats in turn, every other round without what is refused.

    Every import is rolled back afterwards, so that each file meets the same bank.
    """
    tallies = {name: Tally() for name in formats}
    names = list(formats)
    for number in range(files):
        name = names[number % len(names)]
        chance = random.Random(f"{seed} {name} {number}")
        how = {**place, "without_refused": number // len(names) % 2 == 1}
        _one(mutated(formats[name], chance), tallies[name], f"{name} {number}", how)
    return tallies


def _one(data: bytes, tally: Tally, title: str, place: dict[str, Any]) -> None:
    from django.db import transaction

    from assessments.services.importing import import_items, read_file
    from common.errors import DomainError

    tally.files += 1
    started, before = time.monotonic(), _counts()
    try:
        with transaction.atomic():
            plan = import_items(read_file(data), **place)
            new, changed = plan.count("new"), plan.count("changed")
            if _counts() != (before[0] + new, before[1] + new + changed):
                tally.faults.append(f"{title}: the plan and what was written differ")
            tally.imported += 1
            transaction.set_rollback(True)
    except DomainError:
        tally.refused += 1
        if _counts() != before:
            tally.faults.append(f"{title}: refused, and yet something was written")
    except Exception as error:  # noqa: BLE001 - any other exception is what this looks for
        tally.faults.append(f"{title}: {error!r}"[:300])
    tally.worst = max(tally.worst, time.monotonic() - started)
    tally.peak_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024


def _counts() -> tuple[int, int]:
    from assessments.models import Question, QuestionVersion

    return Question.objects.count(), QuestionVersion.objects.count()


def valid_files(place: dict[str, Any]) -> dict[str, bytes]:
    """A valid file of every format, with a question of every type it has; the bank holds these questions."""
    from assessments.models import Question
    from assessments.services.exporting import FORMATS, empty_table, export_questions
    from assessments.services.importing import import_items, read_file

    import_items(read_file(empty_table("csv").data), **place)
    bank = list(Question.objects.order_by("pk"))
    return {name: export_questions(questions=bank, actor=place["author"], format=name).data for name in FORMATS}


def report(tallies: dict[str, Tally]) -> str:
    lines = ["format       files  imported  refused  worst s  peak MB"]
    for name, tally in tallies.items():
        numbers = f"{tally.files:5}  {tally.imported:8}  {tally.refused:7}  {tally.worst:7.2f}  {tally.peak_mb:7}"
        lines.append(f"{name:11}  {numbers}")
    return "\n".join(lines)


def make_place() -> dict[str, Any]:
    from tests import factories

    chapter = factories.ChapterFactory(name="Real Numbers")
    author = factories.TeacherFactory()
    return {"programme": chapter.unit.programme, "chapter": chapter, "author": author, "now": factories.NOW}


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--files", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args(arguments)
    os.environ["DJANGO_SETTINGS_MODULE"] = "config.settings.test"
    import django

    django.setup()
    from django.core.management import call_command
    from django.test.utils import setup_databases, setup_test_environment, teardown_databases

    setup_test_environment()
    databases = setup_databases(verbosity=0, interactive=False)
    try:
        call_command("check", verbosity=0)
        place = make_place()
        formats = valid_files(place)
        start_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
        tallies = run(formats, options.files, place, options.seed)
    finally:
        teardown_databases(databases, verbosity=0)
    sys.stdout.write(report(tallies) + f"\npeak at the start: {start_mb} MB\n")
    faults = [fault for tally in tallies.values() for fault in tally.faults]
    worst, peak = max(one.worst for one in tallies.values()), max(one.peak_mb for one in tallies.values())
    if worst > MAX_SECONDS:
        faults.append(f"one file took {worst:.1f} s")
    if peak - start_mb > MAX_GROWTH_MB:
        faults.append(f"memory grew by {peak - start_mb} MB")
    sys.stdout.write("".join(f"FAULT {fault}\n" for fault in faults))
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
