import pytest

from common.errors import NotPermittedError
from courses.models import Chapter, Topic, Unit
from courses.services.arranging import CurriculumError, add_node, delete_node, move_node, rename_node
from tests import factories
from tests.cast import Cast

NOW = factories.NOW


def test_tree_is_arranged_and_keeps_what_is_in_use(cast: Cast) -> None:
    programme, by = cast.cohort.programme, {"actor": cast.staff, "now": NOW}
    algebra, geometry = (
        add_node(level="unit", parent_id=programme.pk, name=name, **by) for name in ("Algebra II", "Geometry")
    )
    first, second = (add_node(level="chapter", parent_id=algebra.pk, name=name, **by) for name in ("Roots", "Powers"))
    topic = add_node(level="topic", parent_id=first.pk, name="Square roots", **by)
    move_node(level="chapter", node_id=second.pk, to=0, **by)
    assert list(Chapter.objects.filter(unit=algebra).values_list("name", flat=True)) == ["Powers", "Roots"]
    move_node(level="chapter", node_id=second.pk, to=5, parent_id=geometry.pk, **by)
    assert Chapter.objects.get(pk=second.pk).unit == geometry
    assert rename_node(level="topic", node_id=topic.pk, name="  Surds ", **by).name == "Surds"
    with pytest.raises(CurriculumError, match="“Roots” is in use: 1 topic"):
        delete_node(level="chapter", node_id=first.pk, **by)
    delete_node(level="topic", node_id=topic.pk, **by)
    factories.question_version(chapter=first)
    with pytest.raises(CurriculumError) as caught:
        delete_node(level="chapter", node_id=first.pk, **by)
    assert caught.value.details == {"question": 1}
    assert not Topic.objects.filter(pk=topic.pk).exists()


def test_tree_refuses_what_cannot_be(cast: Cast) -> None:
    programme, by = cast.cohort.programme, {"actor": cast.staff, "now": NOW}
    unit = add_node(level="unit", parent_id=programme.pk, name="Sets", **by)
    add_node(level="chapter", parent_id=unit.pk, name="Union", **by)
    for wrong in ({"name": "Union"}, {"name": " "}, {"name": "x" * 121}, {"level": "planet", "name": "x"}):
        with pytest.raises(CurriculumError):
            add_node(**{"level": "chapter", "parent_id": unit.pk} | wrong, **by)
    elsewhere = factories.ProgrammeFactory(slug="other", grade="XI")
    with pytest.raises(CurriculumError, match="stays in its programme"):
        move_node(level="unit", node_id=unit.pk, to=0, parent_id=elsewhere.pk, **by)
    with pytest.raises(NotPermittedError):
        rename_node(level="unit", node_id=unit.pk, name="x", actor=cast.teacher, now=NOW)
    assert Unit.objects.get(pk=unit.pk).name == "Sets"
