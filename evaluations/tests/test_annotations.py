from dataclasses import replace
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assessments.models import SheetPage
from evaluations.enums import AnnotationKind
from evaluations.models import Annotation
from evaluations.services.annotations import (
    AnnotationConflict,
    AnnotationError,
    AnnotationInput,
    checked_geometry,
    save_annotations,
)
from evaluations.services.claims import ClaimError
from evaluations.tests.builders import hand_in, marking, step_ids, written
from tests.factories import NOW

pytestmark = pytest.mark.django_db


@pytest.fixture
def evaluation(cast):
    return marking(cast.exam, cast.student, cast.teacher)


def page_of(evaluation):
    return SheetPage.objects.filter(upload__attempt=evaluation.attempt).first()


def tick(evaluation, **values):
    page = page_of(evaluation).pk
    return AnnotationInput(**{"id": uuid4(), "page": page, "kind": "tick", "geometry": {"x": 0.5, "y": 0.25}, **values})


def save(cast, evaluation, *items, actor=None):
    return save_annotations(evaluation=evaluation, items=items, actor=actor or cast.teacher, now=NOW)


def test_ink_is_saved_changed_and_deleted_by_version(cast, evaluation):
    item = tick(evaluation, text="Good", question=written(cast.exam, 4).pk, marks="0.5")
    assert save(cast, evaluation, item)[0].version == 1
    moved = replace(item, geometry={"x": 0.75, "y": 0.25}, version=1)
    assert save(cast, evaluation, moved)[0].version == 2
    gone = save(cast, evaluation, replace(moved, deleted=True, version=2))[0]
    assert (gone.version, gone.deleted_at) == (3, NOW)
    undone = save(cast, evaluation, replace(moved, version=3))[0]
    assert (undone.version, undone.deleted_at) == (4, None)


def test_the_same_batch_again_changes_nothing(cast, evaluation):
    batch = [tick(evaluation), tick(evaluation, kind="pen", geometry={"points": [[0.123456789, 0, None], [1, 1]]})]
    first = save(cast, evaluation, *batch)
    again = save(cast, evaluation, *batch)
    assert [(a.pk, a.version) for a in first] == [(a.pk, a.version) for a in again]
    assert Annotation.objects.get(kind="pen").geometry == {"points": [[0.12346, 0.0, None], [1.0, 1.0]]}


def test_a_conflict_saves_nothing_and_shows_the_newer_version(cast, evaluation):
    item = tick(evaluation)
    save(cast, evaluation, item)
    save(cast, evaluation, replace(item, text="newer", version=1))
    other = tick(evaluation)
    with pytest.raises(AnnotationConflict) as error:
        save(cast, evaluation, other, replace(item, text="stale", version=1))
    assert [(c["id"], c["version"], c["text"]) for c in error.value.details["current"]] == [(str(item.id), 2, "newer")]
    assert not Annotation.objects.filter(pk=other.id).exists()


def test_deleting_what_was_never_saved_is_nothing(cast, evaluation):
    assert save(cast, evaluation, tick(evaluation, deleted=True)) == []
    assert not Annotation.objects.exists()


def test_an_id_of_another_paper_cannot_be_touched(cast, evaluation):
    other = marking(cast.exam, cast.classmate, cast.teacher)
    item = tick(other)
    save(cast, other, item)
    with pytest.raises(AnnotationError) as error:
        save(cast, evaluation, replace(item, page=page_of(evaluation).pk, version=1))
    assert error.value.code == "id_taken"


def test_what_does_not_belong_is_refused(cast, evaluation):
    foreign_page = hand_in(cast.exam, cast.outsider).uploads.first().pages.first()
    step = step_ids(written(cast.exam, 5, "a"))[0]
    wrong = {
        "unknown_page": {"page": foreign_page.pk},
        "unknown_question": {"question": written(cast.exam, 1).pk},
        "unknown_step": {"question": written(cast.exam, 4).pk, "step": step},
        "bad_kind": {"kind": "sticker"},
        "bad_text": {"text": "a\x00"},
        "bad_marks": {"marks": "<b>"},
        "bad_geometry": {"geometry": {"x": "0.5", "y": 0}},
    }
    for code, values in wrong.items():
        with pytest.raises(AnnotationError) as error:
            save(cast, evaluation, tick(evaluation, **values))
        assert error.value.code == code
    item = tick(evaluation)
    with pytest.raises(AnnotationError):
        save(cast, evaluation, item, item)
    assert not Annotation.objects.exists()


def test_only_whoever_holds_the_claim_draws(cast, evaluation):
    with pytest.raises(ClaimError):
        save(cast, evaluation, tick(evaluation), actor=cast.colleague)


BAD = [
    ("tick", None), ("tick", {}), ("tick", {"x": 0.5}), ("tick", {"x": True, "y": 0}), ("tick", {"x": 1.2, "y": 0}),
    ("tick", {"x": float("nan"), "y": 0}), ("tick", {"x": float("inf"), "y": 0}), ("tick", {"x": 10**400, "y": 0}),
    ("circle", {"x": 0.1, "y": 0.1}), ("pen", {"points": []}), ("pen", {"points": [[0.1]]}),
    ("pen", {"points": [[0.1, 0.1, 0.1, 0.1]]}), ("pen", {"points": "abc"}), ("pen", {"points": [[0, 0]] * 2001}),
    ("pen", {"points": [[None, 0]]}),
]  # fmt: skip


@pytest.mark.parametrize(("kind", "geometry"), BAD)
def test_bad_geometry_is_refused(kind, geometry):
    with pytest.raises(AnnotationError):
        checked_geometry(kind, geometry)


JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(["x", "y", "w", "h", "points"]), inner),
    max_leaves=12,
)


@given(st.sampled_from(AnnotationKind.values), JSON)
def test_any_json_is_either_refused_or_made_of_numbers_within_the_page(kind, geometry):
    try:
        made = checked_geometry(kind, geometry)
    except AnnotationError:
        return
    flat = [n for point in made.get("points", []) for n in point] or [v for k, v in made.items() if k != "points"]
    assert flat
    assert all(n is None or -0.05 <= n <= 1.05 for n in flat)
