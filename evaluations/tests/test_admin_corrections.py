"""The office corrects a key: sees who changes, then does it."""

import pytest
from django.urls import reverse

from assessments.enums import QuestionType
from assessments.models import KeyCorrection
from assessments.services.flags import flag_question
from assessments.services.item_statistics import count_marked_attempts
from assessments.tests.sittings import LATER, question, sit_all

pytestmark = pytest.mark.django_db


@pytest.fixture
def office(client, cast):
    client.force_login(cast.staff)
    return client


def correct_page(cast, number=1):
    return reverse("admin:correct_key", args=[question(cast.exam, number).version_id])


def test_preview_then_correct(office, cast):
    attempts = sit_all(cast, ["B--", "CCR"])
    page = correct_page(cast)
    assert office.get(page).status_code == 200
    body = {"key": ["C"], "reason": "C is right."}
    shown = office.post(page, {**body, "preview": "1"}).content.decode()
    assert attempts[0].student.name in shown
    assert "Answers marked again: 2. Students with more marks: 1, with fewer: 1." in shown
    assert "<b>With this key:</b> C<" in shown
    assert "Correct the key" in shown
    assert not KeyCorrection.objects.exists()
    done = office.post(page, {**body, "confirm": "1"}, follow=True)
    assert "The marks of 2 students changed." in done.content.decode()
    assert KeyCorrection.objects.get().answer == {"choices": ["C"]}


def test_one_right_option_is_chosen_by_radio_buttons_several_by_boxes(office, cast):
    page = correct_page(cast)
    shown = office.get(page).content.decode()
    assert shown.count('type="radio" name="key"') == 4
    assert 'type="checkbox" name="key"' not in shown
    version = question(cast.exam, 1).version
    type(version.question).objects.filter(pk=version.question_id).update(type=QuestionType.MULTIPLE_CHOICE)
    shown = office.get(page).content.decode()
    assert shown.count('type="checkbox" name="key"') == 4


@pytest.mark.parametrize(
    ("number", "key"),
    [(1, ["A", "B"]), (1, []), (1, ["Z"]), (3, "no JSON"), (3, "[1]"), (3, '{"value": "x"}'), (4, "{}")],
)
def test_no_key_is_a_sentence(office, cast, number, key):
    answer = office.post(correct_page(cast, number), {"key": key, "reason": "x", "confirm": "1"})
    assert answer.status_code == 422
    assert not KeyCorrection.objects.exists()


def test_only_the_office_corrects(client, cast):
    for person in (cast.teacher, cast.student):
        client.force_login(person)
        assert client.get(correct_page(cast)).status_code in (302, 403)


def test_lists_and_pages_of_statistics(office, cast, django_assert_max_num_queries):
    attempts = sit_all(cast, ["B--", "CCR", "---"])
    count_marked_attempts()
    row = question(cast.exam, 1)
    flag_question(question=row, kind="typo", text="“teh”", actor=attempts[0].student, now=LATER)
    address = reverse("admin:assessments_itemstatistics_changelist")
    for query in ("", "?review=all", "?review=flagged", "?review=negative", "?review=x", "?q=a"):
        with django_assert_max_num_queries(20):
            assert office.get(address + query).status_code == 200
    shown = office.get(reverse("admin:assessments_itemstatistics_change", args=[row.version_id])).content.decode()
    assert "left out" in shown
    assert "“teh”" in shown
    assert correct_page(cast) in shown
    assert "“teh”" in office.get(reverse("admin:assessments_questionflag_changelist")).content.decode()
    assert office.get(reverse("admin:assessments_keycorrection_changelist")).status_code == 200
    act = {"action": "resolve", "_selected_action": [str(row.version_id)]}
    assert "What came of it" in office.post(address, act).content.decode()
    office.post(address, {**act, "confirmed": "1", "resolution": "Mended."})
    assert "Mended." in office.get(reverse("admin:assessments_questionflag_changelist")).content.decode()
