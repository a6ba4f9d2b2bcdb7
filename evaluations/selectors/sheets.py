"""The pages of a paper as the desk and the result page show them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db.models import F

from accounts.services.personal import ERASED
from assessments.enums import UploadState
from assessments.models import SheetPage
from evaluations.enums import EvaluationRole
from evaluations.models import Annotation, Evaluation
from evaluations.selectors.ink import annotation_values

#: What a page's `state` is once its pictures were erased.
GONE = "gone"


@dataclass(frozen=True)
class PageView:
    """One page in reading order, `number` from 1; sizes in pixels of the screen image.

    The keys are names in the sheet storage, empty until the image is made; `plain_key` is the page as it came, empty
    where nothing was done to it. Of pictures that are not kept any more `state` is GONE and the keys are empty.
    """

    id: UUID
    number: int
    screen_key: str
    thumb_key: str
    plain_key: str
    width: int
    height: int
    state: str
    advice: list[str]
    questions: list[int]
    annotations: list[dict[str, Any]]


def page_number(page: SheetPage) -> int:
    """Which page of its paper it is, from 1 in reading order. One query."""
    pages = SheetPage.objects.filter(upload__attempt=page.upload.attempt_id, upload__state=UploadState.VERIFIED)
    order = pages.order_by("upload__page_number", "upload_id", "index")
    return list(order.values_list("pk", flat=True)).index(page.pk) + 1


def pages_of(evaluation: Evaluation, *, with_ink: bool = True) -> list[PageView]:
    """The pages that its marker sees: of a share those with its questions on them and those of which nobody said
    what is on them; all where none is said to have any, and of a re-mark, as its student may point anywhere. Two
    queries."""
    pages = page_views(evaluation.attempt_id, evaluation.pk if with_ink else None)
    mine = set(evaluation.numbers or ())
    if evaluation.role == EvaluationRole.REMARK or not any(mine.intersection(page.questions) for page in pages):
        return pages
    return [page for page in pages if not page.questions or mine.intersection(page.questions)]


def page_views(attempt_id: UUID, evaluation_id: UUID | None) -> list[PageView]:
    """Two queries: pages with the questions on them, and the ink."""
    # One row per page and question on it; a page without any gives one row with None.
    rows: Iterable[Any] = (
        SheetPage.objects.filter(upload__attempt=attempt_id, upload__state=UploadState.VERIFIED)
        .annotate(tagged=F("questions__number"))
        .order_by("upload__page_number", "upload_id", "index", "tagged")
    )
    pages: dict[UUID, SheetPage] = {}
    tags: dict[UUID, list[int]] = defaultdict(list)
    for row in rows:
        pages.setdefault(row.pk, row)
        if row.tagged is not None:
            tags[row.pk].append(row.tagged)
    gone = {key for key, page in pages.items() if page.screen_key.startswith(f"{ERASED}/")}
    ink: dict[UUID, list[dict[str, Any]]] = defaultdict(list)
    if evaluation_id is not None:
        drawn = Annotation.objects.filter(evaluation=evaluation_id, deleted_at__isnull=True)
        for annotation in drawn.order_by("updated_at", "id"):
            ink[annotation.page_id].append(annotation_values(annotation))
    return [
        PageView(
            id=page.pk,
            number=number,
            screen_key="" if page.pk in gone else page.screen_key,
            thumb_key="" if page.pk in gone else page.thumb_key,
            plain_key="" if page.pk in gone else page.plain_key,
            width=page.width,
            height=page.height,
            state=GONE if page.pk in gone else page.state,
            advice=page.advice,
            questions=tags[page.pk],
            annotations=ink[page.pk],
        )
        for number, page in enumerate(pages.values(), start=1)
    ]
