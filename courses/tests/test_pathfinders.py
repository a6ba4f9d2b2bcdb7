"""Pathfinders: made and put out, asked, answered once for each score, and explained."""

from __future__ import annotations

from decimal import Decimal
from typing import Any
from uuid import UUID, uuid4

import pytest

from common.errors import ConflictError, NotPermittedError
from courses.models import LearningPath, Pathfinder, PathfinderRun
from courses.services.pathfinders import (
    begin_run,
    change_interests,
    change_pathfinder,
    make_pathfinder,
    publish_pathfinder,
    take_score,
)
from courses.tests.builders import NOW, course_of
from courses.tests.test_enrolments import refused
from courses.tests.test_pages import MOST_QUERIES, go, queries, send
from courses.tests.test_paths import path_of
from notifications.models import Notification
from tests.cast import Cast

EXAM = UUID("0197a000-0000-7000-8000-00000000000a")
WORDS = {"Ground": ["numbers"], "Board": ["exams", "geometry"], "Code": ["computers", "geometry"]}


def world(cast: Cast) -> Pathfinder:
    """Ground from 0, Board from 50, Code by interests alone."""
    begins: dict[UUID, int | None] = {}
    for (title, words), number in zip(WORDS.items(), (0, 50, None), strict=True):
        path = path_of(cast, course_of(cast.teacher, modules=1, lessons=1), title=title)
        LearningPath.objects.filter(pk=path.pk).update(interests=words)
        begins[path.pk] = number
    by: dict[str, Any] = {"actor": cast.teacher, "now": NOW}
    made = make_pathfinder(title="Where to begin", **by)
    fields = {"title": "Where to begin", "intro": "Ten questions.", "kind": "quiz", "target": EXAM}
    made = change_pathfinder(pathfinder=made, fields=fields, begins=begins, seen=made.version, **by)
    return publish_pathfinder(pathfinder=made, publish=True, seen=made.version, **by)


def score(cast: Cast, marks: int, source: UUID | None = None, **changes: Any) -> list[PathfinderRun]:
    told: dict[str, Any] = {"kind": "quiz", "target": EXAM, "student": cast.student, "out_of": Decimal(10), "now": NOW}
    return take_score(score=Decimal(marks), source=source or uuid4(), **(told | changes))


def told(run: PathfinderRun) -> list[tuple[str, int]]:
    return [(fit["title"], fit["share"]) for fit in run.fits]


def test_a_score_answers_once_and_is_told(cast: Cast) -> None:
    pathfinder, source = world(cast), uuid4()
    begin_run(pathfinder=pathfinder, interests=["geometry", "made up"], student=cast.student, now=NOW)
    (run,) = score(cast, 8, source)
    assert run.interests == ["geometry"]
    assert told(run) == [("Board", 94), ("Code", 80), ("Ground", 70)]
    assert score(cast, 8, source) == []
    assert "Board" in Notification.objects.get(kind="path_news").title
    assert score(cast, 8, target=uuid4()) == []
    assert score(cast, 8, kind="external") == []
    # Again, without having begun: with the interests of last time.
    (again,) = score(cast, 2)
    assert (again.pk != run.pk, again.interests, told(again)[0]) == (True, ["geometry"], ("Ground", 94))
    changed = change_interests(run=again, interests=["computers", "geometry", "exams"], now=NOW)
    assert told(changed) == [("Ground", 94), ("Board", 90), ("Code", 90)]
    assert PathfinderRun.objects.count() == 2


def test_nothing_goes_out_that_leads_nowhere(cast: Cast) -> None:
    pathfinder, by = world(cast), {"actor": cast.teacher, "now": NOW}
    empty = make_pathfinder(title="Empty", **by)
    refused("leads_nowhere", publish_pathfinder, pathfinder=empty, publish=True, seen=None, **by)
    ground = LearningPath.objects.get(title="Ground").pk
    refused("no_lowest", change_pathfinder, pathfinder=pathfinder, fields={}, begins={ground: 5}, seen=None, **by)
    refused(
        "percent_invalid", change_pathfinder, pathfinder=pathfinder, fields={}, begins={ground: 101}, seen=None, **by
    )
    refused("path_unknown", change_pathfinder, pathfinder=pathfinder, fields={}, begins={uuid4(): 0}, seen=None, **by)
    refused("not_open", begin_run, pathfinder=empty, interests=[], student=cast.student, now=NOW)
    with pytest.raises(ConflictError):
        publish_pathfinder(pathfinder=pathfinder, publish=False, seen=1, **by)
    with pytest.raises(NotPermittedError):
        publish_pathfinder(pathfinder=pathfinder, publish=False, seen=None, actor=cast.colleague, now=NOW)
    with pytest.raises(NotPermittedError):
        make_pathfinder(title="Mine", actor=cast.student, now=NOW)


def test_the_student_sees_which_path_and_why(cast: Cast) -> None:
    pathfinder = world(cast)
    assert "Find your path" in go(cast.student, "course-list").content.decode()
    page = go(cast.student, "pathfinder-page", pathfinder.pk).content.decode()
    assert "How it works" in page
    begun = send(cast.student, "pathfinder-begin", pathfinder.pk, interest=["geometry"])
    assert begun.status_code == 302
    assert str(EXAM) in begun.url
    score(cast, 8)
    page = go(cast.student, "pathfinder-page", pathfinder.pk).content.decode()
    assert "You had 8 of 10. This path is for 50 to 100 per cent" in page
    assert "70 %, and 10 more for each interest of yours: geometry." in page
    assert "70 %: it meets none" in page
    assert send(cast.student, "pathfinder-interests", pathfinder.pk, interest=["numbers"]).status_code == 302
    assert PathfinderRun.objects.get().interests == ["numbers"]
    before = queries(cast.student, "pathfinder-page", pathfinder.pk)
    for _n in range(4):
        score(cast, 3)
    assert queries(cast.student, "pathfinder-page", pathfinder.pk) == before <= MOST_QUERIES


def test_it_is_made_by_plain_forms(cast: Cast) -> None:
    world(cast)
    made = send(cast.teacher, "pathfinder-new", title="Another")
    pathfinder = Pathfinder.objects.get(title="Another")
    assert str(pathfinder.pk) in made.url
    ground, board = (LearningPath.objects.get(title=title).pk for title in ("Ground", "Board"))

    def save(do: str = "save", **fields: Any):
        pathfinder.refresh_from_db()
        form = {
            "seen": pathfinder.version,
            "title": "Another",
            "kind": "quiz",
            "target": f"https://x.org/exams/{EXAM}/",
        }
        form |= {"path": [ground, board], f"from-{ground}": "0", f"from-{board}": "60"}
        return send(cast.teacher, "pathfinder-build", pathfinder.pk, do=do, **(form | fields))

    assert save().status_code == 302
    assert list(pathfinder.choices.values_list("path_id", "from_percent")) == [(ground, 0), (board, 60)]
    refused_form = save(**{f"from-{board}": "lots"})
    assert (refused_form.status_code, 'value="lots"' in refused_form.content.decode()) == (422, True)
    assert save(kind="magic").status_code == 422
    assert save(do="fly").status_code == 422
    assert save(seen="1").status_code == 409
    assert save(do="publish").status_code == 302
    pathfinder.refresh_from_db()
    assert (pathfinder.is_published, pathfinder.target) == (True, EXAM)
    assert go(cast.colleague, "pathfinder-build", pathfinder.pk).status_code == 403
    assert send(cast.teacher, "pathfinder-new", title=" ").status_code == 302
