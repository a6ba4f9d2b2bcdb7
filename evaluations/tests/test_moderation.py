"""Between two markings: a moderator takes one of them, question by question, or decides on marks of their own."""

from __future__ import annotations

import uuid
from datetime import timedelta
from decimal import Decimal as D
from typing import Any

import pytest
from django.urls import reverse
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from accounts.models import AuditEvent
from assessments.models import SheetPage
from common.errors import ConflictError, DomainError, NotPermittedError
from evaluations.enums import DoubleMarking, EvaluationRole, EvaluationState
from evaluations.models import Annotation, Evaluation, ExamChecks, MarkEvent, QuestionMark
from evaluations.selectors.progress import marking_progress
from evaluations.services.annotations import AnnotationInput, save_annotations
from evaluations.services.finishing import finalise_evaluation
from evaluations.services.moderating import Decision, finish_moderation, sides_of, take_moderation
from evaluations.services.reminders import remind
from evaluations.tests.builders import default_policy, marking, written
from evaluations.tests.test_second_marking import mark
from notifications.models import Notification
from tests.factories import NOW

pytestmark = pytest.mark.django_db
FIRST, SECOND = Decision("first"), Decision("second")


def to_moderate(
    cast: Any, first: dict[str, str], second: dict[str, str], *, alternative: str = "a", **moments: Any
) -> Evaluation:
    """A paper that the teacher and the colleague marked so that it waits for a moderator."""
    default_policy()
    ExamChecks.objects.update_or_create(
        exam=cast.exam, defaults={"double": DoubleMarking.ALL, "tolerance_marks": D(0), "tolerance_percent": 0}
    )
    record = mark(marking(cast.exam, cast.student, cast.teacher), cast.teacher, **first)
    Evaluation.objects.filter(pk=record.pk).update(state=EvaluationState.IN_PROGRESS, **moments)
    ink(record, cast.teacher)
    finalise_evaluation(evaluation=record, actor=cast.teacher, now=NOW)
    other = Evaluation.objects.get(record=record, role=EvaluationRole.SECOND)
    mark(other, cast.colleague, **second, alternative=alternative)
    ink(other, cast.colleague)
    finalise_evaluation(evaluation=other, actor=cast.colleague, now=NOW)
    return Evaluation.objects.get(record=record, role=EvaluationRole.MODERATION)


def ink(evaluation: Evaluation, teacher: Any) -> None:
    """A tick on question 4 and a word on the page."""
    page = SheetPage.objects.filter(upload__attempt=evaluation.attempt_id).first()
    place = {"page": page.pk, "geometry": {"x": 0.5, "y": 0.5}, "version": 0}
    four = written(evaluation.attempt.exam, 4).pk
    save_annotations(
        evaluation=evaluation,
        items=[
            AnnotationInput(id=uuid.uuid4(), kind="tick", question=four, **place),
            AnnotationInput(id=uuid.uuid4(), kind="comment", text=teacher.name, **place),
        ],
        actor=teacher,
        now=NOW,
    )


def settle(asked: Evaluation, actor: Any, **decisions: Decision) -> Evaluation:
    """Decisions by name: q4, q5."""
    take_moderation(evaluation=asked, actor=actor, now=NOW)
    chosen = {int(name[1:]): one for name, one in decisions.items()}
    finish_moderation(evaluation=asked, decisions=chosen, actor=actor, now=NOW)
    record = asked.record
    assert record is not None
    record.refresh_from_db()
    return record


def marks_of(evaluation: Evaluation) -> dict[str, D]:
    rows = QuestionMark.objects.filter(evaluation=evaluation).select_related("question")
    return {f"{row.question.number}{row.question.alternative}": row.marks for row in rows}


def ink_of(evaluation: Evaluation) -> set[tuple[str, str]]:
    rows = Annotation.objects.filter(evaluation=evaluation, deleted_at=None)
    return {(row.author.name, row.kind) for row in rows.select_related("author")}


def test_the_first_stands_untouched(cast: Any) -> None:
    asked = to_moderate(cast, {"four": "3", "five": "2"}, {"four": "1", "five": "2"})
    record = settle(asked, cast.staff, q4=FIRST, q5=FIRST)
    assert (record.state, record.written_marks) == (EvaluationState.RELEASED, D(5))
    assert set(MarkEvent.objects.filter(evaluation=record).values_list("actor", flat=True)) == {cast.teacher.pk}
    assert ink_of(record) == {("Suresh Rao", "tick"), ("Suresh Rao", "comment")}


def test_the_second_is_promoted_with_its_ink(cast: Any) -> None:
    asked = to_moderate(cast, {"four": "3", "five": "2"}, {"four": "1", "five": "1"})
    record = settle(asked, cast.staff, q4=SECOND, q5=FIRST)
    assert record.written_marks == D(3)
    last = MarkEvent.objects.filter(evaluation=record, question__number=4).last()
    assert (last.actor, last.marks, last.version) == (cast.staff, D(1), 2)
    # The words on the page are on no question: the first's stay while anything of the first does.
    assert ink_of(record) == {("Anita Desai", "tick"), ("Suresh Rao", "comment")}


def test_all_of_the_second(cast: Any) -> None:
    asked = to_moderate(cast, {"four": "3", "five": "2"}, {"four": "1", "five": "1"})
    record = settle(asked, cast.staff, q4=SECOND, q5=SECOND)
    assert record.written_marks == D(2)
    assert ink_of(record) == {("Anita Desai", "tick"), ("Anita Desai", "comment")}


def test_own_marks_need_a_reason_and_bounds(cast: Any) -> None:
    asked = to_moderate(cast, {"four": "3", "five": "2"}, {"four": "1", "five": "2"})
    for own, word in (
        (Decision("own", D(2), ""), "why these marks"),
        (Decision("own", D("3.5"), "So"), "at most 3"),
        (Decision("own", D("1.2"), "So"), "halves"),
        (Decision("own", None, "So"), "how many"),
    ):
        with pytest.raises(DomainError, match=word):
            settle(asked, cast.staff, q4=own, q5=FIRST)
    record = settle(asked, cast.staff, q4=Decision("own", D("2.5"), "The method is right."), q5=FIRST)
    assert record.written_marks == D("4.5")
    assert QuestionMark.objects.get(evaluation=record, question__number=4).comment == "The method is right."
    assert ink_of(record) == {("Suresh Rao", "comment")}


def test_another_alternative_is_promoted_whole(cast: Any) -> None:
    """The first gave 5a three marks, the second 5b one: what was not taken must not win."""
    asked = to_moderate(cast, {"four": "1", "five": "3"}, {"four": "1", "five": "1"}, alternative="b")
    record = settle(asked, cast.staff, q4=FIRST, q5=SECOND)
    assert marks_of(record) == {"4": D(1), "5a": D(0), "5b": D(1)}
    assert record.written_marks == D(2)


def test_every_number_needs_a_decision(cast: Any) -> None:
    asked = to_moderate(cast, {"four": "3", "five": "2"}, {"four": "1", "five": "2"})
    with pytest.raises(DomainError, match="question 5 too"):
        settle(asked, cast.staff, q4=FIRST)
    with pytest.raises(DomainError, match="Nobody marked question 9"):
        settle(asked, cast.staff, q4=FIRST, q5=FIRST, q9=FIRST)


def test_who_marked_it_does_not_decide(cast: Any) -> None:
    asked = to_moderate(cast, {"four": "3"}, {"four": "1"})
    for marker in (cast.teacher, cast.colleague):
        with pytest.raises(NotPermittedError):
            take_moderation(evaluation=asked, actor=marker, now=NOW)


def test_one_moderator_at_a_time(cast: Any) -> None:
    asked = to_moderate(cast, {"four": "3"}, {"four": "1"})
    assert take_moderation(evaluation=asked, actor=cast.staff, now=NOW).teacher == cast.staff
    assert take_moderation(evaluation=asked, actor=cast.newcomer, now=NOW).teacher == cast.staff
    taken = take_moderation(evaluation=asked, actor=cast.newcomer, now=NOW, take_over=True)
    assert taken.teacher == cast.newcomer
    assert AuditEvent.objects.filter(action="evaluation.moderation_taken").count() == 2
    decided = {4: FIRST, 5: FIRST}
    with pytest.raises(ConflictError, match="taken this paper over"):
        finish_moderation(evaluation=asked, decisions=decided, actor=cast.staff, now=NOW)
    finish_moderation(evaluation=asked, decisions=decided, actor=cast.newcomer, now=NOW)
    with pytest.raises(ConflictError, match="settled already"):
        finish_moderation(evaluation=asked, decisions=decided, actor=cast.newcomer, now=NOW)


quarters = st.integers(0, 6).map(lambda n: str(D(n) / 2))
choices = st.sampled_from(["first", "second", "own"])


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    first=st.tuples(quarters, quarters),
    second=st.tuples(quarters, quarters),
    alternative=st.sampled_from("ab"),
    chosen=st.tuples(choices, choices),
    own=quarters,
)
def test_sums_reconcile_and_originals_stay(
    cast: Any,
    first: tuple[str, str],
    second: tuple[str, str],
    alternative: str,
    chosen: tuple[str, str],
    own: str,
) -> None:
    """Whatever is decided: the total is the sum of what was taken, within bounds; what the two gave is as it was; the
    log of each says what its projection says."""
    from django.db import transaction

    with transaction.atomic():
        if first == second:
            second = (str(D(3) - D(first[0])) if D(first[0]) != D("1.5") else "0", second[1])
        asked = to_moderate(
            cast,
            {"four": first[0], "five": first[1]},
            {"four": second[0], "five": second[1]},
            alternative=alternative,
        )
        sides = sides_of(asked)
        before = [marks_of(side) for side in sides]
        log = list(MarkEvent.objects.order_by("id").values_list("pk", "marks", "version"))
        decisions = {
            number: Decision(choice, D(own), "So.") if choice == "own" else Decision(choice)
            for number, choice in zip((4, 5), chosen, strict=True)
        }
        record = settle(asked, cast.staff, **{f"q{number}": one for number, one in decisions.items()})
        taken = [{"first": a, "second": b, "own": own}[c] for a, b, c in zip(first, second, chosen, strict=True)]
        assert record.written_marks == sum(map(D, taken))
        assert record.total_marks == record.written_marks + record.attempt.objective_marks
        asked.refresh_from_db()
        assert marking_progress(asked).total == asked.written_marks == record.written_marks
        assert [marks_of(side) for side in sides] == before
        assert list(MarkEvent.objects.order_by("id").values_list("pk", "marks", "version"))[: len(log)] == log
        for evaluation in (record, asked, *sides):
            assert replayed(evaluation) == {
                (row.question_id, row.version, row.marks) for row in QuestionMark.objects.filter(evaluation=evaluation)
            }
        transaction.set_rollback(True)


def replayed(evaluation: Evaluation) -> set[tuple[Any, int, D]]:
    """The projection, worked out from the log alone; its versions have no gaps."""
    last: dict[Any, MarkEvent] = {}
    for event in MarkEvent.objects.filter(evaluation=evaluation).order_by("id"):
        assert event.version == (last[event.question_id].version + 1 if event.question_id in last else 1)
        assert 0 <= event.marks <= event.question.marks
        assert event.marks % D("0.5") == 0
        last[event.question_id] = event
    return {(question, event.version, event.marks) for question, event in last.items()}


# --- The pages -------------------------------------------------------------------------------------------------------
def test_the_page_settles_a_paper(cast: Any, client: Any) -> None:
    asked = to_moderate(cast, {"four": "3", "five": "2"}, {"four": "1", "five": "2"})
    cast.exam.checks.moderators.set([cast.newcomer])
    cast.newcomer.teacher_profile.verified_at = NOW
    cast.newcomer.teacher_profile.save()
    client.force_login(cast.newcomer)
    listed = client.get(reverse("moderation-list")).content.decode()
    assert asked.short_id in listed
    assert "waits for your decision" in client.get(reverse("marking-queue")).content.decode()
    url = reverse("moderation", args=[asked.pk])
    shown = client.get(url).content.decode()
    assert "2 apart" in shown
    # Neither marker is named.
    assert cast.teacher.name not in shown.replace('"text": "Suresh Rao"', "").replace("Anita Desai", "")
    sent = {"choice-4": "own", "own-4": "2½", "reason-4": "", "choice-5": "first"}
    refused = client.post(url, sent)
    assert refused.status_code == 422
    assert 'value="2½"' in refused.content.decode()
    client.post(url, sent | {"reason-4": "The unit is there."})
    asked.refresh_from_db()
    assert (asked.state, asked.written_marks, asked.teacher) == (EvaluationState.FINALISED, D("4.5"), cast.newcomer)
    assert client.post(url, sent).status_code == 409


def test_nonsense_is_refused(cast: Any, client: Any) -> None:
    asked = to_moderate(cast, {"four": "3", "five": "2"}, {"four": "1", "five": "2"})
    client.force_login(cast.staff)
    url = reverse("moderation", args=[asked.pk])
    client.get(url)
    for sent in (
        {},
        {"choice-4": "none", "choice-5": "first"},
        {"choice-4": "own", "own-4": "NaN", "reason-4": "x", "choice-5": "first"},
        {"choice-4": "own", "own-4": "1e9", "reason-4": "x", "choice-5": "first"},
        {"choice-4": "own", "own-4": "two", "reason-4": "x", "choice-5": "first"},
        {"choice-999": "first"},
    ):
        assert client.post(url, sent).status_code == 422


def test_the_page_asks_a_constant_number_of_queries(cast: Any, client: Any, django_assert_max_num_queries: Any) -> None:
    asked = to_moderate(cast, {"four": "3", "five": "2"}, {"four": "1", "five": "2"})
    client.force_login(cast.staff)
    with django_assert_max_num_queries(45):
        assert client.get(reverse("moderation", args=[asked.pk])).status_code == 200


# --- Reminders -------------------------------------------------------------------------------------------------------
LADDER = {"half_at": NOW + timedelta(hours=24), "most_at": NOW + timedelta(hours=38)}


def told(person: Any) -> list[tuple[str, bool, str]]:
    rows = Notification.objects.filter(user=person, title__regex="^(Half|Due|Late)").order_by("created_at", "pk")
    return [(row.title.split(":")[0], row.mail_state != "none", row.url) for row in rows]


def test_a_paper_that_nobody_decides_climbs_the_ladder(cast: Any) -> None:
    asked = to_moderate(cast, {"four": "3"}, {"four": "1"}, **LADDER)
    cast.exam.checks.moderators.set([cast.newcomer, cast.teacher])  # who marked it is not asked
    asked.refresh_from_db()
    assert asked.remind_at == asked.half_at
    url = reverse("moderation", args=[asked.pk])
    remind(now=asked.half_at - timedelta(seconds=1))
    assert told(cast.newcomer) == []
    for count in (1, 0):
        assert remind(now=asked.half_at) == count
    assert told(cast.newcomer) == [("Half of the time is used", False, url)]
    assert [told(person) for person in (cast.teacher, cast.staff)] == [[], []]
    # Whoever has taken it up is warned alone.
    take_moderation(evaluation=asked, actor=cast.staff, now=asked.half_at)
    remind(now=asked.most_at)
    remind(now=asked.due_at)
    assert told(cast.staff) == [("Due soon", True, url)]
    assert len(told(cast.newcomer)) == 1


def test_after_missed_beats_the_highest_rung_is_told_and_what_is_settled_is_left_alone(cast: Any) -> None:
    asked = to_moderate(cast, {"four": "3"}, {"four": "1"}, **LADDER)
    asked.refresh_from_db()
    assert remind(now=asked.due_at + timedelta(hours=1)) == 1
    assert [title for title, _mail, _url in told(cast.staff)] == ["Late"]
    assert list(asked.reminders.values_list("rung", "is_told")) == [("half", False), ("most", True)]
    Evaluation.objects.filter(pk=asked.pk).update(remind_at=asked.half_at)
    settle(asked, cast.staff, q4=FIRST, q5=FIRST)
    assert remind(now=asked.due_at) == 0
