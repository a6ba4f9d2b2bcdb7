"""The addresses of printed papers: who may print, and what they may ask for."""

import io

import pypdfium2
import pytest
from django.test import Client
from django.urls import reverse

from tests import factories
from tests.cast import Cast

NAMES = ["paper-pdf", "paper-key-pdf", "paper-sheet-pdf"]


def get(person, name: str, paper, **query: object):
    client = Client()
    client.force_login(person)
    return client.get(reverse(name, args=[paper.pk]), query)


@pytest.mark.parametrize("name", NAMES)
def test_staff_and_verified_teachers_print(cast: Cast, name: str) -> None:
    paper = cast.exam.paper
    for person in (cast.staff, cast.teacher):
        response = get(person, name, paper)
        assert response.status_code == 200
        assert response["Content-Type"] == "application/pdf"
        assert "no-store" in response["Cache-Control"]
        assert response.content.startswith(b"%PDF-")


@pytest.mark.parametrize("name", NAMES)
def test_others_do_not(cast: Cast, name: str) -> None:
    paper = factories.small_paper()
    for person in (cast.student, cast.guardian, cast.newcomer):
        assert get(person, name, paper).status_code == 404


@pytest.mark.parametrize("name", NAMES)
def test_who_sits_the_paper_may_see_it_but_not_print_it(attempt, name: str) -> None:
    assert get(attempt.student, name, attempt.paper).status_code == 403


@pytest.mark.parametrize(
    "query", [{"size": "huge"}, {"copy": "x"}, {"copy": "-1"}, {"copy": "999999"}, {"copy": "१"}, {"attempt": "x"}]
)
def test_bad_wishes_get_a_sentence(cast: Cast, query: dict[str, str]) -> None:
    for name in NAMES:
        assert get(cast.teacher, name, cast.exam.paper, **query).status_code == 422


def test_too_many_pages_get_a_sentence(cast: Cast) -> None:
    assert get(cast.teacher, "paper-sheet-pdf", cast.exam.paper, pages="61").status_code == 422
    assert get(cast.teacher, "paper-sheet-pdf", cast.exam.paper, pages="0").status_code == 422


def test_sheets_for_one_attempt(cast: Cast, attempt) -> None:
    response = get(cast.staff, "paper-sheet-pdf", attempt.paper, attempt=attempt.pk, pages="2")
    assert response.status_code == 200
    assert len(pypdfium2.PdfDocument(io.BytesIO(response.content))) == 2
    other = factories.small_paper()
    assert get(cast.staff, "paper-sheet-pdf", other, attempt=attempt.pk).status_code == 404


def test_large_print_and_copies(cast: Cast) -> None:
    prints = [get(cast.teacher, "paper-pdf", cast.exam.paper, size=size, copy="3") for size in ("normal", "large")]
    normal, large = (response.content for response in prints)
    with pypdfium2.PdfDocument(large) as pdf:
        assert "Copy 3" in pdf[0].get_textpage().get_text_range()
    assert normal != large
