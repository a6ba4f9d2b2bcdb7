"""Comments that are used again: counted by themselves, shared by the institute, reworded where that is possible."""

from __future__ import annotations

import uuid
from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from evaluations.enums import EvaluationState
from evaluations.models import Annotation, BankComment, Evaluation
from evaluations.selectors.comment_bank import desk_bank, own_bank
from evaluations.services.annotations import AnnotationInput, save_annotations
from evaluations.services.comment_bank import LONGEST, BankError, edit_comment
from evaluations.tests.builders import evaluation_of, hand_in, written
from tests import factories

NOW = timezone.now()


@pytest.fixture
def papers(cast) -> list[Evaluation]:
    """The same teacher's: two being marked, of two students."""
    return [
        evaluation_of(hand_in(cast.exam, student), teacher=cast.teacher, state=EvaluationState.IN_PROGRESS)
        for student in (cast.student, cast.classmate)
    ]


def write(evaluation: Evaluation, *texts: str, number: int = 4) -> list[Annotation]:
    page = evaluation.attempt.uploads.first().pages.first()
    items = [
        AnnotationInput(
            id=uuid.uuid4(), page=page.pk, kind="comment", geometry={"x": 0.5, "y": 0.5}, text=text,
            question=written(evaluation.attempt.exam, number).pk,
        )
        for text in texts
    ]  # fmt: skip
    return save_annotations(evaluation=evaluation, items=items, actor=evaluation.teacher, now=NOW)


def bank(owner) -> dict[str, int]:
    return dict(BankComment.objects.filter(owner=owner).values_list("text", "uses"))


def test_uses_are_counted_per_teacher(cast, papers):
    write(papers[0], "Units?", "Show the substitution", " Units? ")
    write(papers[1], "Units?", "", "x" * (LONGEST + 1))
    assert bank(cast.teacher) == {"Units?": 3, "Show the substitution": 1}
    assert bank(cast.colleague) == {}
    assert Annotation.objects.filter(bank__text="Units?").count() == 3
    assert Annotation.objects.filter(bank=None).count() == 2


def test_a_shared_comment_counts_for_everybody_and_makes_no_copy(cast, papers):
    programme = cast.exam.programme
    shared = BankComment.objects.create(text="State the theorem", programme=programme)
    BankComment.objects.create(text="Not here", exam=factories.ExamFactory(title="Another"))
    write(papers[0], "State the theorem")
    assert bank(cast.teacher) == {}
    assert BankComment.objects.get(pk=shared.pk).uses == 1
    offered = desk_bank(reader=cast.teacher, evaluation=papers[1])
    question = written(cast.exam, 4)
    assert [(row["text"], row["shared"], row["here"]) for row in offered] == [
        ("State the theorem", True, {str(question.pk): 1})
    ]


def test_a_shared_comment_of_a_question_names_the_question_of_the_paper(cast, papers):
    question = written(cast.exam, 4)
    BankComment.objects.create(text="By hand", question=question.version.question)
    (offered,) = desk_bank(reader=cast.teacher, evaluation=papers[0])
    assert offered["question"] == str(question.pk)


def test_a_comment_is_reworded_on_papers_that_nobody_has_had_back(cast, papers):
    (open_one,), (back,) = write(papers[0], "Unit?"), write(papers[1], "Unit?")
    Evaluation.objects.filter(pk=papers[1].pk).update(released_at=NOW, state=EvaluationState.IN_PROGRESS)
    comment = BankComment.objects.get(owner=cast.teacher)
    assert [row.open for row in own_bank(owner=cast.teacher)] == [1], "reopened is not unread"
    later = NOW + timedelta(minutes=1)
    places = edit_comment(comment=comment, text=" Which  unit? ", with_uses=True, actor=cast.teacher, now=later)
    assert places == 1
    open_one.refresh_from_db()
    back.refresh_from_db()
    assert (open_one.text, open_one.version, open_one.bank_id) == ("Which unit?", 2, comment.pk)
    assert (back.text, back.version) == ("Unit?", 1)


def test_only_the_bank_changes_where_that_is_meant(cast, papers):
    (row,) = write(papers[0], "Unit?")
    comment = BankComment.objects.get(owner=cast.teacher)
    assert edit_comment(comment=comment, text="Units", with_uses=False, actor=cast.teacher, now=NOW) == 0
    row.refresh_from_db()
    assert (row.text, row.version) == ("Unit?", 1)
    assert [one.open for one in own_bank(owner=cast.teacher)] == [0]


def test_other_words_on_the_page_are_no_use_any_more(cast, papers):
    (row,) = write(papers[0], "Unit?")
    item = AnnotationInput(
        id=row.pk, page=row.page_id, kind="comment", geometry=row.geometry, text="Unit of the area?", version=1
    )
    save_annotations(evaluation=papers[0], items=[item], actor=cast.teacher, now=NOW)
    row.refresh_from_db()
    assert row.bank_id is None


@pytest.mark.parametrize(("text", "code"), [("  ", "empty"), ("x" * 201, "too_long"), ("Units?", "twice")])
def test_words_that_cannot_be(cast, text, code):
    BankComment.objects.create(owner=cast.teacher, text="Units?")
    comment = BankComment.objects.create(owner=cast.teacher, text="Reason?")
    with pytest.raises(BankError) as refused:
        edit_comment(comment=comment, text=text, with_uses=False, actor=cast.teacher, now=NOW)
    assert refused.value.code == code


def test_the_page_of_the_bank(cast, client, papers):
    write(papers[0], "Unit?")
    comment = BankComment.objects.get(owner=cast.teacher)
    client.force_login(cast.teacher)
    assert "Unit?" in client.get(reverse("comment-bank"), {"q": "unit"}).text
    assert "Unit?" not in client.get(reverse("comment-bank"), {"q": "sign"}).text
    url = reverse("comment-edit", args=[comment.pk])
    assert client.post(url, {"text": ""}).status_code == 422
    client.post(url, {"text": "Units, please", "reach": "uses"})
    assert list(Annotation.objects.values_list("text", flat=True)) == ["Units, please"]
    client.post(url, {"remove": "1"})
    assert Annotation.objects.get().bank_id is None
    client.force_login(cast.colleague)
    assert client.post(url, {"text": "Mine"}).status_code == 404


def test_staff_share_a_comment(cast, client, papers):
    client.force_login(cast.staff)
    url = reverse("admin:evaluations_bankcomment_add")
    both = {"programme": cast.exam.programme_id, "exam": cast.exam.pk}
    assert "not more than one" in client.post(url, {"text": "Reason?", **both}).text
    assert client.post(url, {"text": "Reason?", "exam": cast.exam.pk}).status_code == 302
    comment = BankComment.objects.get(owner=None)
    write(papers[0], "Reason?")
    change = reverse("admin:evaluations_bankcomment_change", args=[comment.pk])
    client.post(change, {"text": "Give a reason", "exam": cast.exam.pk, "with_uses": "on"})
    assert Annotation.objects.get().text == "Give a reason"
