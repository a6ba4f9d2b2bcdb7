"""Many cases of every property of the service-level clock: `python -m tests.bench.sla_clock --cases 20000`.

The properties and what they draw from are those of the suite (`evaluations/tests/test_sla_clock_properties.py` and
`test_pauses.py`), with more examples. A case that fails is counted and the first of each property is shown; the exit
code is then 1.
"""

from __future__ import annotations

import argparse
import functools
import sys
import time
import traceback
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import django
from hypothesis import HealthCheck, Phase, seed, settings


@dataclass
class Tally:
    """What came of the cases of one property."""

    name: str
    cases: int = 0
    failed: int = 0
    first: str = ""

    def counting(self, check: Callable[..., None]) -> Callable[..., None]:
        """The same check, which goes on after a failure."""

        @functools.wraps(check)
        def counted(*args: Any, **kwargs: Any) -> None:
            self.cases += 1
            try:
                check(*args, **kwargs)
            except Exception:  # noqa: BLE001 - whatever it is, the property does not hold
                self.failed += 1
                self.first = self.first or f"{args} {kwargs}\n{traceback.format_exc(limit=-1)}"

        return counted


def properties() -> Iterator[Callable[[], None]]:
    """Every test of the two files that hypothesis draws cases for."""
    from evaluations.tests import test_pauses, test_sla_clock_properties

    for module in (test_sla_clock_properties, test_pauses):
        for name, test in vars(module).items():
            if name.startswith("test_") and hasattr(test, "hypothesis"):
                yield test


def run(test: Any, cases: int, chosen: int) -> Tally:
    tally, check = Tally(test.__name__.removeprefix("test_").replace("_", " ")), test.hypothesis.inner_test
    more = settings(
        max_examples=cases,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    test.hypothesis.inner_test = tally.counting(check)
    try:
        more(seed(chosen)(test))()
    finally:
        test.hypothesis.inner_test = check
    return tally


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--cases", type=int, default=20_000, help="of all properties together")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    started, tests = time.monotonic(), list(properties())
    each = -(-options.cases // len(tests))
    tallies = []
    for test in tests:
        tallies.append(tally := run(test, each, options.seed))
        print(f"{tally.cases:7,} cases {tally.failed:4,} failed  {tally.name}", flush=True)
        if tally.first:
            print(tally.first)
    failed = sum(tally.failed for tally in tallies)
    total = sum(tally.cases for tally in tallies)
    print(f"{total:7,} cases {failed:4,} failed  of {len(tests)} properties in {time.monotonic() - started:.0f} s")
    return 1 if failed else 0


if __name__ == "__main__":
    import os

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings.test")
    django.setup()
    sys.exit(main())
