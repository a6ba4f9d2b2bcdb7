"""Marked papers as files: made after the release, again after a change, for whom they are, and what is in them."""

from __future__ import annotations

import io
import uuid
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pypdfium2
import pytest
from django.test import Client
from django.urls import reverse
from PIL import Image

from assessments.enums import RevealWhen
from assessments.models import SheetPage
from assessments.services.printing.canvas import Canvas
from common.storage import sheet_storage
from evaluations import tasks
from evaluations.enums import EvaluationState, FileState, PictureState
from evaluations.models import Annotation, Evaluation, MarkedPaper, PictureRequest, QuestionMark
from evaluations.selectors.marked_papers import read_variant, variant_of
from evaluations.selectors.records import with_records
from evaluations.selectors.results import result_data
from evaluations.services.finishing import release_evaluation, reopen_evaluation
from evaluations.services.marked_papers import (
    MAX_TRIES,
    NoMarkedPaper,
    ask_marked_paper,
    forget_marked_papers,
    make_marked_paper,
    make_waiting_marked_papers,
)
from evaluations.services.marked_pdf.ink import _operators, draw_ink, ink_of
from evaluations.tests.builders import add_page, evaluation_of, hand_in, step_ids, written
from tests.cast import Cast
from tests.factories import NOW
from tests.marked_pictures.sets import annotation_set

HTMX = {"HX-Request": "true"}


def jpeg(width: int = 1240, height: int = 1754) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (width, height), "white").save(out, "JPEG")
    return out.getvalue()


def keep_pictures(evaluation: Evaluation) -> None:
    for page in SheetPage.objects.filter(upload__attempt=evaluation.attempt_id):
        sheet_storage().put_bytes(page.screen_key, jpeg(page.width, page.height), "image/jpeg")


def ink(evaluation: Evaluation, kind: str, *, text: str = "", marks: str = "", **geometry: Any) -> Annotation:
    page = SheetPage.objects.filter(upload__attempt=evaluation.attempt_id).order_by("upload__page_number").first()
    assert page is not None
    return Annotation.objects.create(
        id=uuid.uuid4(),
        evaluation=evaluation,
        page=page,
        question=written(evaluation.attempt.exam, 4),
        kind=kind,
        geometry=geometry or {"x": 0.4, "y": 0.3},
        text=text,
        marks=marks,
        author=evaluation.teacher,
        updated_at=NOW,
    )


@pytest.fixture
def marked(cast: Cast) -> Evaluation:
    """A finished paper of the student's, one mark and one comment on it, about to go back."""
    evaluation = evaluation_of(
        hand_in(cast.exam, cast.student),
        teacher=cast.teacher,
        state=EvaluationState.FINALISED,
        finalised_at=NOW + timedelta(hours=5),
        written_marks=Decimal(2),
        total_marks=Decimal(5),
    )
    question = written(cast.exam, 4)
    steps = dict.fromkeys(step_ids(question)[:1], "1")
    QuestionMark.objects.create(
        evaluation=evaluation, question=question, version=1, steps=steps, marks=2, comment="Good.", updated_at=NOW
    )
    ink(evaluation, "tick", marks="1")
    ink(evaluation, "comment", text="Where is $x^2$ from?")
    keep_pictures(evaluation)
    return evaluation


def release(evaluation: Evaluation) -> MarkedPaper:
    release_evaluation(evaluation=evaluation, actor=None, now=NOW + timedelta(hours=6))
    return MarkedPaper.objects.get()


def made(evaluation: Evaluation) -> MarkedPaper:
    row = release(evaluation)
    make_marked_paper(paper_id=row.pk, now=NOW)
    row.refresh_from_db()
    return row


def text_of(row: MarkedPaper) -> list[str]:
    """The text of each page."""
    with sheet_storage().open_bytes(row.storage_key) as stream:
        document = pypdfium2.PdfDocument(stream.read())
    texts = [" ".join(page.get_textpage().get_text_range().split()) for page in document]
    document.close()
    return texts


def state_for(evaluation: Evaluation, person: Any) -> str:
    client = Client()
    client.force_login(person)
    marked = client.get(reverse("result-page", args=[evaluation.attempt_id])).context["marked"]
    return marked.state if marked else ""


# --- Made ------------------------------------------------------------------------------------------------------------
def test_release_asks_for_the_file_and_the_task_makes_it(
    marked: Evaluation, django_capture_on_commit_callbacks: Any
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        release(marked)
    row = MarkedPaper.objects.get()
    assert (row.state, row.pages, row.variant.startswith("name,")) == (FileState.READY, 3, True)
    assert row.storage_key.endswith("-marked.pdf")
    assert row.size == len(sheet_storage().open_bytes(row.storage_key).read())


def test_making_twice_changes_nothing(marked: Evaluation) -> None:
    row = made(marked)
    before = (row.storage_key, row.digest, sheet_storage().digest(row.storage_key))
    assert make_marked_paper(paper_id=row.pk, now=NOW) == ""
    MarkedPaper.objects.update(state=FileState.WAITING)
    assert make_marked_paper(paper_id=row.pk, now=NOW + timedelta(days=1)) == FileState.READY
    row.refresh_from_db()
    assert (row.storage_key, row.digest, sheet_storage().digest(row.storage_key)) == before


def test_lost_task_is_found_and_a_long_queue_is_not_asked_again(marked: Evaluation) -> None:
    release(marked)
    late = NOW + timedelta(hours=7)
    assert [make_waiting_marked_papers(now=late), make_waiting_marked_papers(now=late)] == [1, 0]


def test_file_that_cannot_be_made_is_given_up_and_may_be_asked_for_again(marked: Evaluation, cast: Cast) -> None:
    row = release(marked)
    MarkedPaper.objects.update(tries=MAX_TRIES)
    assert make_marked_paper(paper_id=row.pk, now=NOW) == ""
    assert state_for(marked, cast.student) == "failed"
    ask_marked_paper(attempt=fresh(marked), reader=cast.student, now=NOW)
    assert make_marked_paper(paper_id=row.pk, now=NOW) == FileState.READY


def test_page_whose_picture_is_gone_stands_empty(marked: Evaluation) -> None:
    for page in SheetPage.objects.filter(upload__attempt=marked.attempt_id):
        sheet_storage().delete(page.screen_key)
    assert "The picture of this page is not here." in text_of(made(marked))[1]


def test_correction_makes_it_again_and_drops_the_old_file(marked: Evaluation, cast: Cast) -> None:
    old = made(marked)
    reopen_evaluation(evaluation=marked, actor=cast.staff, reason="Recount", now=NOW)
    assert make_marked_paper(paper_id=old.pk, now=NOW) == ""
    assert state_for(marked, cast.student) == ""
    QuestionMark.objects.update(marks=Decimal("2.5"))
    Evaluation.objects.update(state=EvaluationState.FINALISED, total_marks=Decimal("5.5"), written_marks=Decimal("2.5"))
    release_evaluation(evaluation=marked, actor=None, now=NOW + timedelta(hours=9))
    assert MarkedPaper.objects.get().state == FileState.WAITING
    make_marked_paper(paper_id=old.pk, now=NOW)
    new = MarkedPaper.objects.get()
    assert (new.pk, new.digest != old.digest) == (old.pk, True)
    assert not sheet_storage().exists(old.storage_key)
    assert "5½" in text_of(new)[0]


def test_reopened_while_it_waits_there_is_no_file(marked: Evaluation, cast: Cast) -> None:
    row = release(marked)
    reopen_evaluation(evaluation=marked, actor=cast.staff, reason="Recount", now=NOW)
    assert make_marked_paper(paper_id=row.pk, now=NOW) == ""
    assert not MarkedPaper.objects.exists()


@pytest.mark.parametrize("change", ["mark", "ink", "total", "language"])
def test_whatever_the_file_says_makes_it_old(marked: Evaluation, cast: Cast, change: str) -> None:
    made(marked)
    assert state_for(marked, cast.student) == "ready"
    if change == "mark":
        QuestionMark.objects.update(comment="Better.")
    elif change == "ink":
        Annotation.objects.filter(kind="tick").update(geometry={"x": 0.5, "y": 0.3})
    elif change == "total":
        Evaluation.objects.update(written_marks=Decimal(3))
    else:
        type(cast.student).objects.filter(pk=cast.student.pk).update(language="hi")
    assert state_for(marked, cast.student) == "none"


def test_reader_with_another_language_has_the_same_file(marked: Evaluation, cast: Cast) -> None:
    made(marked)
    type(cast.guardian).objects.filter(pk=cast.guardian.pk).update(language="hi")
    cast.guardian.refresh_from_db()
    assert state_for(marked, cast.guardian) == "ready"


# --- For whom --------------------------------------------------------------------------------------------------------
def test_variant_is_read_as_it_was_written(marked: Evaluation, cast: Cast) -> None:
    release(marked)
    shown = result_data(marked.attempt, reader=cast.student, now=NOW).shown
    assert read_variant(variant_of(shown, named=True)) == (shown, True)
    assert read_variant(variant_of(frozenset(), named=False)) == (frozenset(), False)
    assert len(variant_of(shown, named=True)) <= 100


def test_what_the_exam_hides_is_not_in_the_file_of_the_family(marked: Evaluation, cast: Cast) -> None:
    type(cast.exam).objects.update(reveal_marks=RevealWhen.NEVER, reveal_comments=RevealWhen.NEVER)
    marked.attempt.exam.refresh_from_db()
    words = " ".join(text_of(made(marked)))
    assert "Good." not in words
    assert "Where is" not in words
    assert "5 / 14" not in words
    # Staff see all of it, in a file of their own.
    row = ask_marked_paper(attempt=fresh(marked), reader=cast.staff, now=NOW)
    make_marked_paper(paper_id=row.pk, now=NOW)
    row.refresh_from_db()
    assert "Good." in " ".join(text_of(row))
    assert MarkedPaper.objects.count() == 2


def test_hidden_pages_have_no_file(marked: Evaluation, cast: Cast) -> None:
    type(cast.exam).objects.update(reveal_answers=RevealWhen.NEVER)
    marked.attempt.exam.refresh_from_db()
    row = release(marked)
    assert make_marked_paper(paper_id=row.pk, now=NOW) == ""
    assert state_for(marked, cast.student) == ""
    with pytest.raises(NoMarkedPaper):
        ask_marked_paper(attempt=fresh(marked), reader=cast.student, now=NOW)


@pytest.mark.parametrize(("hides", "named"), [(True, False), (False, True)])
def test_names_are_hidden_from_teachers_where_the_exam_hides_them(
    marked: Evaluation, cast: Cast, hides: bool, named: bool
) -> None:
    type(cast.exam).objects.update(hide_names=hides)
    made(marked)
    row = ask_marked_paper(attempt=fresh(marked), reader=cast.teacher, now=NOW)
    make_marked_paper(paper_id=row.pk, now=NOW)
    row.refresh_from_db()
    assert (cast.student.name in text_of(row)[0]) == named
    assert (
        cast.student.name
        in text_of(MarkedPaper.objects.get(variant__startswith="name,answers", attempt=marked.attempt_id))[0]
    )


def fresh(evaluation: Evaluation) -> Any:
    rows = with_records(type(evaluation.attempt).objects.select_related("exam__programme", "paper", "student"))
    return rows.get(pk=evaluation.attempt_id)


# --- What is in it ---------------------------------------------------------------------------------------------------
def test_summary_says_who_what_and_whether_the_promise_was_kept(marked: Evaluation, cast: Cast) -> None:
    first = text_of(made(marked))[0]
    for word in (cast.exam.title, cast.student.name, cast.teacher.name, "5 /", "kept: marked 43 h before", "Good."):
        assert word in first, word
    # A formula is a drawing; the words around it are words.
    assert "Where is" in first
    assert "$" not in first


def test_comment_stands_on_its_page_as_text(marked: Evaluation) -> None:
    ink(marked, "comment", text="क्षेत्रफल की इकाई लिखें")
    page = text_of(made(marked))[1]
    assert "इकाई" in page
    assert "+1" in page


def test_path_becomes_operators() -> None:
    drawn = " ".join(_operators("M1 2h3v4H0V9l1 1 1 1L5 5q3 0 3 3Z"))
    assert drawn == (
        "1.0 2.0 m 4.0 2.0 l 4.0 6.0 l 0.0 6.0 l 0.0 9.0 l 1.0 10.0 l 2.0 11.0 l 5.0 5.0 l 7.0 5.0 8.0 6.0 8.0 8.0 c h"
    )


@pytest.mark.parametrize("seed", range(5))
def test_every_shape_of_the_ink_can_be_drawn(seed: int) -> None:
    canvas = Canvas(title="", made_at=NOW)
    canvas.new_page()
    empty = len(canvas.output())
    canvas = Canvas(title="", made_at=NOW)
    canvas.new_page()
    draw_ink(canvas, ink_of(annotation_set(seed), width=1240, height=1754), x=20, y=20, width=500)
    assert len(canvas.output()) > empty


def test_file_says_its_title_and_language_and_nothing_of_a_person(marked: Evaluation, cast: Cast) -> None:
    type(cast.student).objects.filter(pk=cast.student.pk).update(language="hi")
    row = made(marked)
    data = sheet_storage().open_bytes(row.storage_key).read()
    document = pypdfium2.PdfDocument(data)
    about = {name: value for name, value in document.get_metadata_dict().items() if value}
    assert about.pop("Title").startswith(cast.exam.title)
    assert set(about) <= {"Producer", "CreationDate"}
    assert b"/Lang (hi-IN)" in data
    titles = [entry.get_title() for entry in document.get_toc()]
    assert titles[0] == "अंक"
    assert "प्रश्न 4" in titles
    assert "पृष्ठ 2" in titles
    document.close()


def test_clearer_picture_follows_its_page(marked: Evaluation, cast: Cast) -> None:
    page = SheetPage.objects.filter(upload__attempt=marked.attempt_id).order_by("upload__page_number").first()
    assert page is not None
    answer = add_page(marked.attempt, 9, state="retaken")
    sheet_storage().put_bytes(answer.screen_key, jpeg(1754, 1240), "image/jpeg")
    SheetPage.objects.filter(pk=answer.pk).update(width=1754, height=1240)
    PictureRequest.objects.create(
        evaluation=marked,
        page=page,
        reason="blurred",
        frozen={},
        state=PictureState.ANSWERED,
        asked_by=cast.teacher,
        asked_at=NOW,
        answer_by=NOW,
        closed_at=NOW,
        answer=answer,
    )
    texts = text_of(made(marked))
    assert [text.split(" of ")[0][:20] for text in texts[1:]] == [
        "Page 1 Question 4: 2",
        "A clearer picture of"[:17],
        "Page 2 4",
    ]


# --- Pages and API ---------------------------------------------------------------------------------------------------
def test_button_turns_from_asking_to_waiting_to_the_file(marked: Evaluation, cast: Cast) -> None:
    release(marked)
    MarkedPaper.objects.all().delete()
    client, attempt = Client(), marked.attempt_id
    client.force_login(cast.guardian)
    page, button = reverse("result-page", args=[attempt]), reverse("marked-paper", args=[attempt])
    assert "Prepare the marked paper" in client.get(page).content.decode()
    assert client.get(reverse("marked-paper-file", args=[attempt]))["Location"] == page
    waiting = client.post(button, headers=HTMX).content.decode()
    assert "being prepared" in waiting
    assert 'hx-trigger="every 2s"' in waiting
    assert "<html" not in waiting
    tasks.make_marked_paper(str(MarkedPaper.objects.get().pk))
    assert "Download the marked paper" in client.get(button, headers=HTMX).content.decode()
    # A page whose file is ready loads no more script than before.
    assert "htmx.min" not in client.get(page).content.decode()
    file = client.get(reverse("marked-paper-file", args=[attempt]))
    assert file["Cache-Control"] == "no-store"
    assert client.get(file["Location"])["Content-Type"] == "application/pdf"


def test_api_tells_where_it_stands(marked: Evaluation, cast: Cast) -> None:
    client, url = Client(), reverse("api-marked-paper", args=[marked.attempt_id])
    client.force_login(cast.student)
    refused = client.get(url)
    assert (refused.status_code, refused.json()["code"]) == (422, "no_marked_paper")
    row = release(marked)
    assert client.get(url).json()["state"] == "waiting"
    make_marked_paper(paper_id=row.pk, now=NOW)
    told = client.get(url).json()
    assert (told["state"], told["pages"]) == ("ready", 3)
    assert client.get(told["url"])["Content-Type"] == "application/pdf"
    assert client.post(url).status_code == 202
    assert client.get(url).json()["state"] == "ready"


def test_files_are_kept_for_a_time_and_no_longer(cast: Any, settings: Any) -> None:
    attempt = hand_in(cast.exam, cast.student)
    for variant, days in (("old", 400), ("new", 300)):
        sheet_storage().put_bytes(f"marked/{variant}.pdf", b"%PDF", "application/pdf")
        MarkedPaper.objects.create(
            attempt=attempt, variant=variant, asked_at=NOW, made_at=NOW - timedelta(days=days), state="ready",
            storage_key=f"marked/{variant}.pdf",
        )  # fmt: skip
    assert (forget_marked_papers(now=NOW), forget_marked_papers(now=NOW)) == (1, 0)
    assert MarkedPaper.objects.get().variant == "new"
    assert not sheet_storage().exists("marked/old.pdf")
    assert sheet_storage().exists("marked/new.pdf")
