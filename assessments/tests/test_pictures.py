"""Pictures of questions: what is taken, what is kept, and where it is shown."""

from __future__ import annotations

import io

import pytest
from django.urls import reverse
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from assessments.models import QuestionPicture
from assessments.services.pictures import PictureError, open_picture, store_picture
from common import pictures
from common.content import render_content

pytestmark = pytest.mark.django_db


def picture(size=(60, 40), mode="RGB", kind="PNG", **options) -> bytes:
    made = io.BytesIO()
    Image.new(mode, size, "white" if mode != "P" else 0).save(made, kind, **options)
    return made.getvalue()


def test_stored_picture_is_shown_by_markdown_at_its_address() -> None:
    address = store_picture(picture())
    row = QuestionPicture.objects.get()
    assert address == f"/media/questions/{row.sha256}.png"
    assert f'<img src="{address}" alt="a triangle">' in render_content(f"See ![a triangle]({address})").html
    with open_picture(row) as stream:
        assert Image.open(stream).size == (60, 40) == (row.width, row.height)


def test_same_picture_again_is_kept_once() -> None:
    assert store_picture(picture()) == store_picture(picture())
    assert QuestionPicture.objects.count() == 1


def test_photograph_loses_its_metadata_and_stands_upright() -> None:
    exif = Image.Exif()
    exif[0x0112], exif[0x010F] = 6, "Some phone"
    store_picture(picture((300, 100), kind="JPEG", exif=exif))
    row = QuestionPicture.objects.get()
    with open_picture(row) as stream:
        kept = stream.read()
    assert (row.media_type, row.width, row.height) == ("image/jpeg", 100, 300)
    assert b"Some phone" not in kept
    assert not Image.open(io.BytesIO(kept)).getexif()


def test_comment_in_a_drawing_does_not_travel() -> None:
    info = PngInfo()
    info.add_text("Author", "Somebody")
    store_picture(picture(pnginfo=info))
    with open_picture(QuestionPicture.objects.get()) as stream:
        assert b"Somebody" not in stream.read()


def test_large_picture_is_made_smaller() -> None:
    store_picture(picture((4000, 1000), kind="JPEG"))
    row = QuestionPicture.objects.get()
    assert (row.width, row.height) == (2000, 500)
    assert row.size <= pictures.MAX_STORED


def test_drawing_too_heavy_for_png_becomes_jpeg(monkeypatch) -> None:
    monkeypatch.setattr(pictures, "MAX_STORED", 2500)
    noise = Image.effect_noise((64, 64), 80).convert("RGBA")
    made = io.BytesIO()
    noise.save(made, "PNG")
    assert store_picture(made.getvalue()).endswith(".jpg")


@pytest.mark.parametrize("mode", ["P", "L", "LA", "RGBA", "1", "I;16"])
def test_every_mode_of_png_is_taken(mode: str) -> None:
    made = io.BytesIO()
    Image.new(mode, (20, 20)).save(made, "PNG")
    assert store_picture(made.getvalue()).endswith(".png")


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "not a picture"),
        (b"%PDF-1.7", "not a picture"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "not a picture"),
        (picture()[:60], "not a picture"),
        (picture((4, 4)), "too small"),
        (b"x" * (pictures.MAX_RECEIVED + 1), "larger than 5 MB"),
    ],
)
def test_what_is_no_picture_is_refused_with_a_sentence(data: bytes, said: str) -> None:
    with pytest.raises(PictureError, match=said):
        store_picture(data)


def test_picture_of_too_many_pixels_is_refused_before_it_is_decoded(monkeypatch) -> None:
    monkeypatch.setattr(pictures, "MAX_PIXELS", 100)
    with pytest.raises(PictureError, match="too many pixels"):
        store_picture(picture())


class TestAddress:
    def test_signed_in_people_get_the_picture_for_ever(self, client, cast) -> None:
        address = store_picture(picture())
        client.force_login(cast.student)
        response = client.get(address)
        assert response.status_code == 200
        assert response["Content-Type"] == "image/png"
        assert response["Cache-Control"] == "private, max-age=31536000, immutable"
        assert Image.open(io.BytesIO(b"".join(response.streaming_content))).size == (60, 40)

    def test_strangers_are_sent_to_sign_in(self, client, cast) -> None:
        assert client.get(store_picture(picture())).status_code == 302

    @pytest.mark.parametrize("name", ["0" * 64 + ".png", "a.png", "x"])
    def test_unknown_picture_is_404(self, client, cast, name: str) -> None:
        client.force_login(cast.student)
        assert client.get(f"/media/questions/{name}").status_code == 404


class TestUpload:
    def test_teacher_gets_the_markdown_back(self, client, cast) -> None:
        client.force_login(cast.newcomer)
        file = io.BytesIO(picture())
        file.name = "fig_2 (b).png"
        response = client.post(reverse("question-picture"), {"picture": file})
        assert response.status_code == 200
        row = QuestionPicture.objects.get()
        assert response.json() == {"address": f"/media/questions/{row.name}", "alt": "fig 2 b"}
        assert row.added_by == cast.newcomer

    def test_student_is_refused(self, client, cast) -> None:
        client.force_login(cast.student)
        assert client.post(reverse("question-picture"), {"picture": io.BytesIO(picture())}).status_code == 403

    def test_no_picture_is_a_sentence(self, client, cast) -> None:
        client.force_login(cast.teacher)
        response = client.post(reverse("question-picture"), {"picture": io.BytesIO(b"no")})
        assert response.status_code == 422
        assert "not a picture" in response.json()["detail"]
        assert client.post(reverse("question-picture")).status_code == 422
