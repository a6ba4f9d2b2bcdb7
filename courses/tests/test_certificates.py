from __future__ import annotations

import pytest
from django.db import IntegrityError, transaction
from django.test import Client
from django.urls import reverse
from pypdfium2 import PdfDocument

from accounts.models import AuditEvent
from courses.models import Certificate, Course
from courses.selectors.certificates import plain_code
from courses.services.certificate_pdf import draw_certificate
from courses.services.certificates import reissue_certificate, revoke_certificate
from courses.services.checks import CourseError
from courses.services.progress import finish_lesson
from courses.tests.builders import NOW, course_of, inside, lessons_of
from notifications.models import Notification
from tests.cast import Cast


def completed(cast: Cast, course: Course | None = None) -> Certificate:
    course = course or course_of(cast.teacher)
    inside(course, cast.student)
    for lesson in lessons_of(course):
        finish_lesson(lesson=lesson, student=cast.student, now=NOW)
    return Certificate.objects.get(completion__enrolment__course=course)


def test_completion_brings_one_certificate(cast: Cast) -> None:
    row = completed(cast)
    for lesson in lessons_of(row.completion.enrolment.course):
        finish_lesson(lesson=lesson, student=cast.student, now=NOW)
    assert Certificate.objects.count() == 1
    assert (row.name, row.course_title) == (cast.student.name, row.completion.enrolment.course.title)
    assert Notification.objects.get(user=cast.student, kind="certificate").cause == str(row.pk)
    with pytest.raises(IntegrityError), transaction.atomic():
        Certificate.objects.create(
            completion=row.completion, name="Again", course_title="x", completed_on=NOW.date(), issued_at=NOW
        )


def test_course_without_certificates_gives_none(cast: Cast) -> None:
    course = course_of(cast.teacher)
    Course.objects.filter(pk=course.pk).update(gives_certificate=False)
    inside(course, cast.student)
    for lesson in lessons_of(course):
        finish_lesson(lesson=lesson, student=cast.student, now=NOW)
    assert not Certificate.objects.exists()


def test_it_keeps_what_it_said(cast: Cast) -> None:
    row = completed(cast)
    cast.student.name = "Somebody Else"
    cast.student.save()
    assert Certificate.objects.get(pk=row.pk).name == row.name


def test_revoked_once_and_with_a_reason(cast: Cast) -> None:
    row = completed(cast)
    with pytest.raises(CourseError, match="why"):
        revoke_certificate(certificate=row, reason=" ", actor=cast.staff, now=NOW)
    revoke_certificate(certificate=row, reason="Copied", actor=cast.staff, now=NOW)
    with pytest.raises(CourseError, match="already"):
        revoke_certificate(certificate=row, reason="Copied", actor=cast.staff, now=NOW)
    assert AuditEvent.objects.filter(action="certificate.revoked", object_id=str(row.pk)).count() == 1


def test_issued_again_under_another_name_and_code(cast: Cast) -> None:
    row = completed(cast)
    with pytest.raises(CourseError):
        reissue_certificate(certificate=row, name="", reason="Spelling", actor=cast.staff, now=NOW)
    new = reissue_certificate(certificate=row, name=" Meera  K Nair", reason="Spelling", actor=cast.staff, now=NOW)
    row.refresh_from_db()
    assert (new.name, new.code != row.code, row.revoked_at) == ("Meera K Nair", True, NOW)


@pytest.mark.parametrize("name", ["Meera Nair", "मीरा नायर", "A very long name " * 7])
def test_file_says_whose_it_is_and_where_it_is_checked(name: str, db: None) -> None:
    row = Certificate(
        name=name.strip(), course_title="Quadratic equations", completed_on=NOW.date(), issued_at=NOW,
        code="7K3QX9ABCDEF",
    )  # fmt: skip
    address = "https://abhyas.example" + row.public_url
    made = draw_certificate(certificate=row, institute="An institute", address=address)
    assert made == draw_certificate(certificate=row, institute="An institute", address=address)
    (page,) = PdfDocument(made)
    text = " ".join(page.get_textpage().get_text_range().split())
    assert "7K3Q-X9AB-CDEF" in text
    assert "Quadratic equations" in text
    if name.isascii():
        assert name.strip() in text
    assert address.encode() in made


def test_pages(client, cast: Cast) -> None:
    row = completed(cast)
    check = reverse("certificate-check", args=[row.code])
    assert row.name in client.get(check).content.decode()
    typed = client.get(reverse("certificate-find"), {"code": row.shown_code.lower().replace("0", "o")})
    assert typed["Location"] == check
    assert client.get(reverse("certificate-check", args=["000000000000"])).status_code == 404
    client.force_login(cast.student)
    file = client.get(reverse("certificate-file", args=[row.pk]))
    assert (file.status_code, file.content[:5]) == (200, b"%PDF-")
    assert row.shown_code in client.get(reverse("certificate-list")).content.decode()
    client.force_login(cast.outsider)
    assert client.get(reverse("certificate-file", args=[row.pk])).status_code == 404
    revoke_certificate(certificate=row, reason="Copied", actor=cast.staff, now=NOW)
    client.force_login(cast.student)
    assert client.get(reverse("certificate-file", args=[row.pk])).status_code == 404
    assert row.shown_code not in client.get(reverse("certificate-list")).content.decode()
    shown = client.get(check)
    assert (shown.status_code, "revoked" in shown.content.decode()) == (200, True)
    assert "Copied" not in shown.content.decode()


def test_list_costs_the_same(client, cast: Cast, django_assert_max_num_queries) -> None:
    completed(cast)
    client.force_login(cast.student)
    url = reverse("certificate-list")
    client.get(url)
    for number in range(3):
        completed(cast, course_of(cast.teacher, slug=f"more-{number}"))
    with django_assert_max_num_queries(12):
        client.get(url)


def test_codes_are_read_as_people_type_them() -> None:
    assert plain_code(" 7k3q-x9ab cdef") == "7K3QX9ABCDEF"
    assert plain_code("OIL") == "011"


def test_staff_revoke_and_issue_again_in_the_back_office(client: Client, cast: Cast) -> None:
    row = completed(cast)
    again, revoke = (f"/admin/courses/certificate/{row.pk}/{name}/" for name in ("reissue", "revoke"))
    client.force_login(cast.staff)
    for url in (again, revoke):
        assert 'name="reason"' in client.get(url).content.decode()
    # Without a reason the dialog stays.
    assert client.post(revoke, {"_form_submitted": "1", "reason": ""}).status_code == 200
    given = {"_form_submitted": "1", "reason": "Wrong name", "name": "Meera K Nair"}
    assert client.post(again, given).status_code == 302
    new = Certificate.objects.standing().get()
    assert (new.name, Certificate.objects.get(pk=row.pk).revocation_reason) == ("Meera K Nair", "Wrong name")
    client.post(f"/admin/courses/certificate/{new.pk}/revoke/", given)
    assert not Certificate.objects.standing().exists()
    client.force_login(cast.teacher)
    assert client.get(revoke).status_code in (302, 403)
