"""What goes out as Moodle XML comes back the same."""

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from assessments.services.formats.moodle_xml import parse, write
from assessments.tests.formats.exported import TYPES, items

many = settings(
    max_examples=20, deadline=None, suppress_health_check=list(HealthCheck), phases=[Phase.explicit, Phase.generate]
)


def shows_picture(item):
    return "heart.png" in repr(item.content)


@pytest.mark.parametrize("type", TYPES)
def test_every_type_comes_back_the_same(type):
    @many
    @given(item=items(type))
    def round_trip(item):
        parsed = parse(write([item]))
        assert not parsed.skipped
        (found,) = parsed.items
        assert found.content == item.content
        assert (found.type, found.name, found.key) == (type, item.name, item.key)
        assert (found.chapter, found.topic, found.tags) == (item.chapter, item.topic, item.tags)
        assert found.pictures == (item.pictures if shows_picture(item) else ())
        assert found.notes == ()

    round_trip()


@settings(many, max_examples=3)
@given(st.data())
def test_many_questions_keep_their_order(data):
    written = [data.draw(items(type)) for type in TYPES]
    found = parse(write(written)).items
    assert [one.content for one in found] == [one.content for one in written]


def test_an_empty_list_is_an_empty_quiz():
    assert parse(write([])).items == ()
