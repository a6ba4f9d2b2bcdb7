"""The curriculum's page: what staff do there, what two people at once are told, and what it costs."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.models import AuditEvent
from courses.models import Chapter, Topic, Unit
from courses.services.arranging import CurriculumError, add_node, move_node, weigh_unit
from courses.tests.test_pages import MOST_QUERIES, go, queries, send, signed_in
from tests import factories
from tests.cast import Cast

NOW = factories.NOW


@pytest.fixture
def tree(cast: Cast) -> dict[str, Any]:
    """Algebra (Sets: Union, Cuts; Roots) and Geometry (Lines)."""
    programme, by = cast.cohort.programme, {"actor": cast.staff, "now": NOW}
    algebra, geometry = (add_node(level="unit", parent_id=programme.pk, name=n, **by) for n in ("Algebra", "Geometry"))
    sets, roots = (add_node(level="chapter", parent_id=algebra.pk, name=n, **by) for n in ("Sets", "Roots"))
    lines = add_node(level="chapter", parent_id=geometry.pk, name="Lines", **by)
    for name in ("Union", "Cuts"):
        add_node(level="topic", parent_id=sets.pk, name=name, **by)
    return {"programme": programme, "algebra": algebra, "geometry": geometry, "sets": sets, "roots": roots,
            "lines": lines}  # fmt: skip


def do(cast: Cast, tree: dict[str, Any], what: str, node: Any = None, **fields: Any):
    key = f"{type(node).__name__.lower()}:{node.pk}" if node is not None else ""
    return send(cast.staff, "curriculum-page", tree["programme"].pk, do=what, node=key, **fields)


def names(model: Any, **narrowed: Any) -> list[str]:
    return list(model.objects.filter(**narrowed).order_by("position").values_list("name", flat=True))


def test_everything_is_done_by_plain_forms(cast: Cast, tree: dict[str, Any]) -> None:
    sets, algebra = tree["sets"], tree["algebra"]
    assert do(cast, tree, "add-unit", name="Calculus").status_code == 302
    do(cast, tree, "add-after", sets, name="Powers")
    assert names(Chapter, unit=algebra) == ["Sets", "Powers", "Roots"]
    assert do(cast, tree, "add-child", sets, name="Products").url.endswith(f"?at=chapter%3A{sets.pk}")
    do(cast, tree, "rename", sets, name="Sets and maps", seen="Sets")
    do(cast, tree, "weigh", algebra, marks="20.5", seen=str(algebra.marks))
    do(cast, tree, "down", sets)
    assert names(Chapter, unit=algebra) == ["Powers", "Sets and maps", "Roots"]
    do(cast, tree, "down", tree["roots"])
    assert names(Chapter, unit=tree["geometry"]) == ["Roots", "Lines"]
    do(cast, tree, "up", tree["roots"])
    assert names(Chapter, unit=algebra) == ["Powers", "Sets and maps", "Roots"]
    lines = {"in": f"unit:{algebra.pk}", "seen": str(tree["geometry"].pk)}
    do(cast, tree, "place", tree["lines"], first="1", **lines)
    assert names(Chapter, unit=algebra)[0] == "Lines"
    do(cast, tree, "delete", tree["geometry"])
    assert "Geometry" not in names(Unit)
    page = go(cast.staff, "curriculum-page", tree["programme"].pk, at=f"chapter:{sets.pk}").content.decode()
    assert "On it hang: 3 topics." in page
    assert "20½" in page
    said = set(AuditEvent.objects.filter(action__regex=r"^(unit|chapter|topic)\.").values_list("action", flat=True))
    assert said >= {"unit.added", "unit.weighed", "chapter.renamed", "chapter.moved", "unit.deleted"}


def test_two_people_at_once_are_told(cast: Cast, tree: dict[str, Any]) -> None:
    sets, algebra = tree["sets"], tree["algebra"]
    do(cast, tree, "rename", sets, name="Families of sets", seen="Sets")
    late = do(cast, tree, "rename", sets, name="Classes", seen="Sets")
    assert late.status_code == 409
    page = late.content.decode()
    assert "it is “Families of sets” now" in page
    assert 'value="Classes"' in page
    assert 'name="seen" value="Families of sets"' in page
    assert do(cast, tree, "rename", sets, name="Classes", seen="Families of sets").status_code == 302
    do(cast, tree, "weigh", algebra, marks="20", seen="0")
    assert do(cast, tree, "weigh", algebra, marks="25", seen="0").status_code == 409
    move_node(level="chapter", node_id=sets.pk, parent_id=tree["geometry"].pk, actor=cast.staff, now=NOW)
    elsewhere = {"in": str(algebra.pk), "seen": str(algebra.pk)}
    assert do(cast, tree, "place", sets, **elsewhere).status_code == 409
    beside = {"in": str(algebra.pk), "seen": str(algebra.pk), "after": f"chapter:{sets.pk}"}
    assert do(cast, tree, "place", tree["roots"], **beside).status_code == 409
    do(cast, tree, "delete", tree["lines"])
    gone = do(cast, tree, "rename", tree["lines"], name="x", seen="Lines")
    assert gone.status_code == 422
    assert "not in the curriculum any more" in gone.content.decode()


def test_what_cannot_be_is_said(cast: Cast, tree: dict[str, Any]) -> None:
    sets, algebra = tree["sets"], tree["algebra"]
    topic = Topic.objects.get(name="Union")
    for what, node, fields, said in (
        ("add-unit", None, {"name": "  "}, "1 to 120 characters"),
        ("add-after", sets, {"name": "Roots"}, "one of this name already"),
        ("add-child", topic, {"name": "x"}, "Nothing hangs below a topic"),
        ("weigh", algebra, {"marks": "0.3", "seen": "0"}, "in halves"),
        ("weigh", algebra, {"marks": "NaN", "seen": "0"}, "in halves"),
        ("weigh", algebra, {"marks": "1e9", "seen": "0"}, "in halves"),
        ("weigh", sets, {"marks": "1"}, "Only units have marks"),
        ("down", tree["geometry"], {}, "at the end already"),
        ("place", sets, {"in": "nothing"}, "not in the curriculum any more"),
        ("delete", algebra, {}, "“Algebra” is in use: 2 chapters."),
        ("fly", sets, {}, "Say what to do"),
    ):
        answer = do(cast, tree, what, node, **fields)
        assert (answer.status_code, said in answer.content.decode()) == (422, True), (what, said)
    with pytest.raises(CurriculumError):
        weigh_unit(unit_id=algebra.pk, marks="", actor=cast.staff, now=NOW)


def test_teachers_read_it_and_students_do_not(cast: Cast, tree: dict[str, Any]) -> None:
    at = f"unit:{tree['algebra'].pk}"
    page = go(cast.teacher, "curriculum-page", tree["programme"].pk, at=at).content.decode()
    assert "On it hang: 2 chapters." in page
    assert 'name="do"' not in page
    assert go(cast.student, "curriculum-list").status_code == 403
    assert str(tree["programme"]) in go(cast.teacher, "curriculum-list").content.decode()
    part = signed_in(cast.staff).get(
        reverse("curriculum-page", args=[tree["programme"].pk]),
        {"at": at, "part": "node"},
        headers={"HX-Request": "true"},
    )
    assert part.content.decode().lstrip().startswith("<aside")


def test_500_parts_cost_what_five_do(cast: Cast, tree: dict[str, Any]) -> None:
    programme, sets = tree["programme"], tree["sets"]
    address = ("curriculum-page", programme.pk)
    before = queries(cast.staff, *address)
    Topic.objects.bulk_create(Topic(chapter=sets, name=f"Topic {n}", position=n) for n in range(500))
    assert queries(cast.staff, *address) == before <= MOST_QUERIES
    client = signed_in(cast.staff)
    chosen = reverse("curriculum-page", args=[programme.pk]) + f"?at=chapter:{sets.pk}"
    with CaptureQueriesContext(connection) as found:
        assert "502 topics" in client.get(chosen).content.decode()
    assert len(found) <= MOST_QUERIES
