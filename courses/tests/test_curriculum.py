import copy
from typing import Any

import pytest

from courses.models import Chapter, Programme, Topic, Unit
from courses.selectors import curriculum_tree
from courses.services.curriculum import CurriculumInvalidError, load_curriculum

DATA: dict[str, Any] = {
    "programme": {"slug": "demo", "board": "CBSE", "grade": "X", "subject": "Mathematics", "session": "2026-27"},
    "unit": [
        {
            "slug": "algebra",
            "title": "Algebra",
            "marks": "20",
            "chapters": [
                {"title": "Polynomials", "topics": ["Zeros", "Degree"]},
                {"title": "Progressions", "topics": []},
            ],
        },
        {"slug": "geometry", "title": "Geometry", "marks": "15.5", "chapters": [{"title": "Polynomials"}]},
    ],
}


def test_the_tree_keeps_the_order_of_the_file(db, django_assert_num_queries) -> None:
    programme = load_curriculum(data=DATA)
    with django_assert_num_queries(4):
        tree = curriculum_tree(programme)
        names = [
            (
                unit.name,
                [(chapter.name, [topic.name for topic in chapter.topics.all()]) for chapter in unit.chapters.all()],
            )
            for unit in tree.units.all()
        ]
    assert names == [
        ("Algebra", [("Polynomials", ["Zeros", "Degree"]), ("Progressions", [])]),
        ("Geometry", [("Polynomials", [])]),
    ]


def test_loading_again_writes_nothing(db, django_assert_num_queries) -> None:
    load_curriculum(data=DATA)
    ids = set(Topic.objects.values_list("pk", flat=True))
    # One read per level, and the savepoint.
    with django_assert_num_queries(6):
        load_curriculum(data=DATA)
    assert set(Topic.objects.values_list("pk", flat=True)) == ids


def test_a_change_updates_in_place_and_removes_nothing(db) -> None:
    load_curriculum(data=DATA)
    algebra = Unit.objects.get(slug="algebra")
    data = copy.deepcopy(DATA)
    data["programme"]["session"] = "2027-28"
    data["unit"][0] |= {
        "marks": "18",
        "title": "Algebra and more",
        "chapters": [{"title": "Progressions", "topics": ["Sum"]}],
    }
    programme = load_curriculum(data=data)
    algebra.refresh_from_db()
    assert (algebra.name, algebra.marks, programme.session) == ("Algebra and more", 18, "2027-28")
    assert set(algebra.chapters.values_list("name", flat=True)) == {"Polynomials", "Progressions"}
    assert Topic.objects.get(chapter__name="Progressions").name == "Sum"
    assert Programme.objects.count() == 1


@pytest.mark.parametrize(
    ("path", "value", "sentence"),
    [
        (("programme",), {"slug": "x"}, "needs: board, grade, subject, session"),
        (("unit",), [], "no unit"),
        (("unit", 0, "slug"), "", "needs a slug"),
        (("unit", 0, "marks"), "many", "marks in halves"),
        (("unit", 0, "marks"), "0.3", "marks in halves"),
        (("unit", 0, "chapters"), [{}], "has no title"),
    ],
)
def test_what_is_missing_is_a_sentence_and_nothing_is_kept(
    db, path: tuple[Any, ...], value: Any, sentence: str
) -> None:
    data: Any = copy.deepcopy(DATA)
    place = data
    for step in path[:-1]:
        place = place[step]
    place[path[-1]] = value
    with pytest.raises(CurriculumInvalidError, match=sentence):
        load_curriculum(data=data)
    assert not Programme.objects.exists()
    assert not Chapter.objects.exists()
