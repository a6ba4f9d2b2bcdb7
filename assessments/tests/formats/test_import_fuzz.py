"""A small run of tests/bench/import_fuzz.py: mutated files of every format do no harm."""

import pytest

from tests.bench.import_fuzz import make_place, run, valid_files


@pytest.mark.slow
@pytest.mark.django_db
def test_mutated_files_are_imported_whole_or_refused() -> None:
    place = make_place()
    tallies = run(valid_files(place), 120, place)
    assert not [fault for tally in tallies.values() for fault in tally.faults]
    assert sum(tally.imported for tally in tallies.values()) > 5
    assert sum(tally.refused for tally in tallies.values()) > 5
