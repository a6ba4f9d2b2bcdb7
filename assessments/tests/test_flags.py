"""Readers flag questions; many flags, or a question that weak students do better on, make a review list."""

from __future__ import annotations

from decimal import Decimal

import pytest

from accounts.models import AuditEvent
from assessments.enums import QuestionState
from assessments.models import FlagKind, ItemStatistics, Question, QuestionFlag
from assessments.selectors.item_statistics import questions_to_review
from assessments.services.attempts import start_attempt
from assessments.services.flags import flag_question, resolve_flags
from assessments.services.item_statistics import count_marked_attempts, rebuild_item_statistics
from assessments.tests.sittings import LATER, new_student, question, sit, sit_all
from common.errors import DomainError, NotPermittedError
from common.testing.database import run_at_once

pytestmark = pytest.mark.django_db


def flag(cast, person, *, number=1, kind=FlagKind.WRONG_KEY, text="", now=LATER):
    return flag_question(question=question(cast.exam, number), kind=kind, text=text, actor=person, now=now)


def resolve(cast, person, resolution="The key is right.", number=1):
    return resolve_flags(version=question(cast.exam, number).version, resolution=resolution, actor=person, now=LATER)


def reviewed(cast, person=None):
    return [row.pk for row in questions_to_review(person or cast.staff)]


def test_whoever_has_read_the_paper_may_flag(cast):
    sit(cast.exam, cast.student, {})
    start_attempt(exam=cast.exam, student=cast.classmate, now=LATER)
    for person in (cast.student, cast.teacher, cast.colleague, cast.staff):
        assert flag(cast, person).version == question(cast.exam, 1).version
    # Still sitting it, never sat it, not verified, not their own paper.
    for person in (cast.classmate, cast.outsider, cast.newcomer, cast.guardian):
        with pytest.raises(NotPermittedError):
            flag(cast, person)


def test_flagging_again_says_it_anew(cast):
    sit(cast.exam, cast.student, {})
    first = flag(cast, cast.student)
    again = flag(cast, cast.student, kind=FlagKind.TYPO, text=" “teh” ")
    assert (first.pk, again.kind, again.text) == (again.pk, FlagKind.TYPO, "“teh”")
    resolve(cast, cast.teacher)
    assert flag(cast, cast.student).pk != first.pk
    assert QuestionFlag.objects.count() == 2


@pytest.mark.parametrize(
    ("kind", "text"), [("nonsense", ""), (FlagKind.OTHER, "  "), (FlagKind.OTHER, "\x00"), (FlagKind.TYPO, "x" * 1001)]
)
def test_bad_flags_are_refused(cast, kind, text):
    sit(cast.exam, cast.student, {})
    with pytest.raises(DomainError):
        flag(cast, cast.student, kind=kind, text=text)
    assert not QuestionFlag.objects.exists()


def test_more_than_a_tenth_puts_a_question_into_review(cast):
    attempts = sit_all(cast, ["B--"] * 10)
    count_marked_attempts()
    flag(cast, attempts[0].student)
    assert reviewed(cast) == []
    flag(cast, attempts[1].student)
    version = question(cast.exam, 1).version_id
    assert reviewed(cast) == reviewed(cast, cast.teacher) == [version]
    assert reviewed(cast, cast.student) == []
    row = questions_to_review(cast.staff).get()
    assert (row.flags, row.is_flagged, row.is_negative) == (2, True, False)
    assert [f.person for f in row.version.open_flags] == [attempts[1].student, attempts[0].student]
    # More attempts without a flag make it less than a tenth again.
    sit_all(cast, ["B--"] * 10)
    count_marked_attempts()
    assert reviewed(cast) == []


def test_resolving_closes_the_flags_and_is_audited(cast):
    sit(cast.exam, cast.student, {})
    flag(cast, cast.student)
    for person in (cast.student, cast.newcomer, cast.guardian):
        with pytest.raises(NotPermittedError):
            resolve(cast, person)
    with pytest.raises(DomainError):
        resolve(cast, cast.teacher, resolution=" ")
    assert (resolve(cast, cast.teacher), resolve(cast, cast.teacher)) == (1, 0)
    done = QuestionFlag.objects.get()
    assert (done.resolved_by, done.resolution) == (cast.teacher, "The key is right.")
    assert AuditEvent.objects.filter(action="question.reviewed").count() == 1
    assert reviewed(cast) == []


def test_negative_discrimination_after_thirty_attempts(cast):
    """Question 1 is right for those who have the rest wrong."""
    sit_all(cast, ["B--", "DCR"] * 14)
    count_marked_attempts()
    assert reviewed(cast) == []
    sit_all(cast, ["B--", "DCR"])
    count_marked_attempts()
    row = questions_to_review(cast.teacher).get()
    assert (row.pk, row.pairs, row.discrimination) == (question(cast.exam, 1).version_id, 30, Decimal(-1))
    assert not row.is_flagged
    resolve(cast, cast.teacher, "Hard, but right.")
    assert reviewed(cast) == []
    ItemStatistics.objects.filter(pk=row.pk).update(reviewed_pairs=15)
    rebuild_item_statistics()
    assert reviewed(cast) == [row.pk]
    Question.objects.filter(pk=row.version.question_id).update(state=QuestionState.RETIRED)
    assert reviewed(cast) == []


def test_the_review_list_costs_the_same_for_one_and_for_many(cast, django_assert_num_queries):
    sit(cast.exam, cast.student, {})
    for number in (1, 2, 3, 4):
        flag(cast, cast.student, number=number)
        flag(cast, cast.teacher, number=number)
        with django_assert_num_queries(2):
            rows = list(questions_to_review(cast.staff))
            assert {f.person.name for row in rows for f in row.version.open_flags} == {"Meera Nair", "Suresh Rao"}
            assert {row.version.question.chapter.unit.name for row in rows} == {"Algebra"}
        assert len(rows) == number


@pytest.mark.usefixtures("transactional_db")
def test_flags_and_counting_at_once(cast):
    students = [new_student(cast) for _ in range(4)]
    for student in students:
        sit(cast.exam, student, {})
    jobs = [lambda s=s: flag(cast, s) for s in students for _ in range(2)]
    run_at_once([*jobs, count_marked_attempts, count_marked_attempts])
    count_marked_attempts()
    row = ItemStatistics.objects.get(version=question(cast.exam, 1).version_id)
    assert (row.flags, row.attempts, QuestionFlag.objects.count()) == (4, 4, 4)


# --- Doors -----------------------------------------------------------------------------------------------------------
def test_the_page_asks_and_flags_and_leads_back(client, cast):
    attempt = sit(cast.exam, cast.student, {})
    client.force_login(cast.student)
    row = question(cast.exam, 1)
    address = f"/papers/questions/{row.pk}/flag/"
    assert "question 1" in client.get(address).content.decode()
    assert client.post(address, {"kind": "other", "text": ""}).status_code == 422
    part = client.post(address, {"kind": "nonsense"}, headers={"HX-Request": "true"})
    assert part.status_code == 422
    assert "<h1" not in part.content.decode()
    done = client.post(address, {"kind": "wrong_key", "text": "C & not <b>B</b>"})
    assert (done.status_code, done.url) == (302, f"/results/{attempt.pk}/#q1")
    shown = client.get(address).content.decode()
    assert "C &amp; not &lt;b&gt;B&lt;/b&gt;" in shown
    client.force_login(cast.teacher)
    assert client.post(address, {"kind": "typo"}).url == f"/papers/{row.paper_id}/"


def test_the_api_flags(client, cast):
    sit(cast.exam, cast.student, {})
    client.force_login(cast.student)
    address = f"/api/v1/paper-questions/{question(cast.exam, 1).pk}/flags/"
    made = client.post(address, {"kind": "unclear", "text": "Which side?"}, content_type="application/json")
    assert (made.status_code, made.json()["kind"]) == (201, "unclear")
    for body in (
        {},
        {"kind": "x"},
        {"kind": "other"},
        {"kind": "typo", "text": 7 * "x" * 1000},
        {"kind": "typo", "a": 1},
    ):
        assert client.post(address, body, content_type="application/json").status_code == 422
    client.force_login(cast.outsider)
    assert client.post(address, {"kind": "typo"}, content_type="application/json").status_code == 404
