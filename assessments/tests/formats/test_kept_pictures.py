"""Pictures on their way through import and export: kept once, found again under the same address."""

from __future__ import annotations

import io
from typing import Any

import pytest
from django.core.management import call_command
from PIL import Image

from assessments.models import Question, QuestionPicture
from assessments.services.exporting import export_questions, kept_picture
from assessments.services.formats.items import ImportedItem, ParsedFile, Picture
from assessments.services.import_plan import plan_import
from assessments.services.importing import import_items, kept_by, read_file
from assessments.services.questions import normalised
from tests import factories

pytestmark = pytest.mark.django_db


def drawn(kind: str = "PNG") -> bytes:
    """A picture that no encoder leaves as it was at the first try."""
    image = Image.linear_gradient("L").convert("RGB")
    made = io.BytesIO()
    image.save(made, kind, **({"quality": 60} if kind == "JPEG" else {}))
    return made.getvalue()


def parsed(data: bytes, text: str = "See ![the heart](heart.png)") -> ParsedFile:
    (good,) = read_file(b"Q{T}").items
    content = normalised(good.content.__class__(**{**vars(good.content), "text": text}))
    return ParsedFile("x", (ImportedItem("1", "x", good.type, content, pictures=(Picture("heart.png", data, "x"),)),))


@pytest.fixture
def place(settings: Any, tmp_path: Any) -> dict[str, Any]:
    settings.STORAGES = {
        **settings.STORAGES,
        "sheets": {
            "BACKEND": "common.storage.SignedLocalStorage",
            "OPTIONS": {"location": str(tmp_path), "base_url": "/files/"},
        },
    }
    chapter, author = factories.ChapterFactory(name="Real Numbers"), factories.TeacherFactory()
    return {
        "programme": chapter.unit.programme,
        "chapter": chapter,
        "author": author,
        "now": factories.NOW,
        "keep_picture": kept_by(author),
    }


@pytest.mark.parametrize("kind", ["PNG", "JPEG"])
@pytest.mark.parametrize("format", ["moodle_xml", "qti", "csv"])
def test_a_picture_goes_out_and_comes_back_as_the_same(place: Any, kind: str, format: str) -> None:
    import_items(parsed(drawn(kind)), **place)
    question, picture = Question.objects.get(), QuestionPicture.objects.get()
    assert question.current.text_source == f"See ![the heart](/media/questions/{picture.name})"
    exported = export_questions(questions=[question], actor=place["author"], format=format, find_picture=kept_picture)
    assert not exported.notes
    (row,) = plan_import(read_file(exported.data), **place).rows
    assert (row.action, row.notes) == ("equal", ())
    assert QuestionPicture.objects.count() == 1


def test_what_is_no_picture_is_left_out_with_its_reason(place: Any) -> None:
    (row,) = import_items(parsed(b"<svg/>"), **place).rows
    assert row.notes == (
        "The picture “heart.png” was left out: This is not a picture we can read. Use PNG, JPEG, GIF or WebP.",
    )
    assert Question.objects.get().current.text_source == "See the heart"


def test_a_lost_file_is_no_picture(place: Any) -> None:
    import_items(parsed(drawn()), **place)
    row = QuestionPicture.objects.get()
    assert kept_picture(f"/media/questions/{row.name}").data
    assert kept_picture(f"/media/questions/{row.sha256}.jpg") is None
    assert kept_picture("/media/questions/x.png") is None
    assert kept_picture("https://example.org/x.png") is None


def test_commands_keep_pictures(place: Any, tmp_path: Any) -> None:
    import_items(parsed(drawn()), **place)
    target = tmp_path / "out.zip"
    email = place["author"].email
    call_command("export_questions", f"--actor={email}", "--format=qti", f"--output={target}")
    Question.objects.update(key="away")
    arguments = [f"--programme={place['programme'].slug}", f"--author={email}", "--chapter=Real Numbers"]
    call_command("import_questions", str(target), *arguments)
    assert QuestionPicture.objects.count() == 1
    assert Question.objects.count() == 1
