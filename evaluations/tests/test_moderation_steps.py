"""A moderator decides step by step: what each step gets, whose tick stands, what the page says of nonsense."""

from __future__ import annotations

import uuid
from decimal import Decimal as D
from typing import Any

import pytest
from django.urls import reverse
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from playwright.sync_api import Page, expect

from assessments.models import SheetPage
from common.errors import DomainError
from evaluations.enums import DoubleMarking, EvaluationRole, EvaluationState
from evaluations.models import Annotation, Evaluation, ExamChecks, QuestionMark
from evaluations.services.annotations import AnnotationInput, save_annotations
from evaluations.services.claims import claim_evaluation
from evaluations.services.finishing import finalise_evaluation
from evaluations.services.marking import save_mark
from evaluations.services.moderating import Decision, StepDecision, sides_of
from evaluations.tests.builders import default_policy, marking, step_ids, written
from evaluations.tests.test_moderation import FIRST, marks_of, replayed, settle
from evaluations.tests.test_schemes import change, steps_now
from tests.browser import Site
from tests.factories import NOW
from tests.test_axe import COLOURS, hold_still, sideways, violations

pytestmark = pytest.mark.django_db
TAKE_FIRST, TAKE_SECOND = StepDecision("first"), StepDecision("second")
FOUR = ("1", "1", "0.5", "0.5")  # what its steps carry


def by_steps(evaluation: Evaluation, teacher: Any, four: tuple[str, ...]) -> Evaluation:
    """Question 4 with these awards and a tick at each; 5a gets 2 marks."""
    claim_evaluation(evaluation=evaluation, teacher=teacher, now=NOW)
    question, other = written(evaluation.attempt.exam, 4), written(evaluation.attempt.exam, 5, "a")
    awards = {key: D(one) for key, one in zip(step_ids(question), four, strict=True)}
    common = {"evaluation": evaluation, "version": 0, "actor": teacher, "now": NOW}
    save_mark(question_id=question.pk, steps=awards, comment="As it stands.", **common)
    save_mark(question_id=other.pk, steps={}, free_marks=D(2), comment="As it stands.", **common)
    page = SheetPage.objects.filter(upload__attempt=evaluation.attempt_id).first()
    ticks = [
        AnnotationInput(
            id=uuid.uuid4(), kind="tick", question=question.pk, step=uuid.UUID(key), page=page.pk, version=0,
            geometry={"x": 0.5, "y": 0.1 * place},
        )
        for place, (key, award) in enumerate(awards.items())
        if award
    ]  # fmt: skip
    save_annotations(evaluation=evaluation, items=ticks, actor=teacher, now=NOW)
    return evaluation


def apart(cast: Any, first: tuple[str, ...], second: tuple[str, ...]) -> Evaluation:
    """What is to be moderated."""
    default_policy()
    ExamChecks.objects.update_or_create(
        exam=cast.exam, defaults={"double": DoubleMarking.ALL, "tolerance_marks": D(0), "tolerance_percent": 0}
    )
    record = by_steps(marking(cast.exam, cast.student, cast.teacher), cast.teacher, first)
    finalise_evaluation(evaluation=record, actor=cast.teacher, now=NOW)
    other = Evaluation.objects.get(record=record, role=EvaluationRole.SECOND)
    finalise_evaluation(evaluation=by_steps(other, cast.colleague, second), actor=cast.colleague, now=NOW)
    return Evaluation.objects.get(record=record, role=EvaluationRole.MODERATION)


def four_of(evaluation: Evaluation) -> QuestionMark:
    return QuestionMark.objects.get(evaluation=evaluation, question__number=4)


def ticks_of(evaluation: Evaluation, ids: list[str]) -> set[tuple[int, str]]:
    """(number of the step, whose tick)."""
    rows = Annotation.objects.filter(evaluation=evaluation, deleted_at=None).select_related("author")
    return {(ids.index(str(row.step_id)) + 1, row.author.name) for row in rows}


def test_each_step_is_whose_it_was_taken_from_with_its_tick(cast: Any) -> None:
    asked = apart(cast, ("1", "1", "0", "0.5"), ("0.5", "1", "0.5", "0"))
    ids = step_ids(written(cast.exam, 4))
    chosen = dict(zip(ids, (TAKE_FIRST, TAKE_SECOND, TAKE_SECOND, StepDecision("own", D(0))), strict=True))
    record = settle(asked, cast.staff, q4=Decision("own", steps=chosen), q5=FIRST)
    mark = four_of(record)
    assert (mark.steps, mark.marks) == ({ids[0]: "1", ids[1]: "1", ids[2]: "0.5"}, D("2.5"))
    assert four_of(asked).steps == mark.steps
    assert (record.state, record.written_marks) == (EvaluationState.RELEASED, D("4.5"))
    assert ticks_of(record, ids) == {(1, "Suresh Rao"), (2, "Anita Desai"), (3, "Anita Desai")}
    assert [marks_of(side)["4"] for side in sides_of(asked)] == [D("2.5"), D(2)]


@pytest.mark.parametrize(
    ("chosen", "word", "at"),
    [
        ({}, "Question 4: Decide on step 1 too", 0),
        ({0: TAKE_FIRST, 1: TAKE_FIRST, 3: TAKE_FIRST}, "Decide on step 3 too", 2),
        ({0: TAKE_FIRST, 1: StepDecision("own"), 2: TAKE_FIRST, 3: TAKE_FIRST}, "how many marks", 1),
        ({0: StepDecision("own", D("1.5")), 1: TAKE_FIRST, 2: TAKE_FIRST, 3: TAKE_FIRST}, "at most 1", 0),
        ({0: StepDecision("own", D("0.3")), 1: TAKE_FIRST, 2: TAKE_FIRST, 3: TAKE_FIRST}, "halves", 0),
    ],
)
def test_what_cannot_be_says_which_step(cast: Any, chosen: dict[int, StepDecision], word: str, at: int) -> None:
    asked = apart(cast, FOUR, ("1", "0", "0", "0"))
    ids = step_ids(written(cast.exam, 4))
    steps = {ids[place]: one for place, one in chosen.items()}
    with pytest.raises(DomainError, match=word) as refused:
        settle(asked, cast.staff, q4=Decision("own", steps=steps), q5=FIRST)
    assert (refused.value.details["number"], refused.value.details["step"]) == (4, ids[at])
    strange = Decision("own", steps={str(uuid.uuid4()): TAKE_FIRST})
    with pytest.raises(DomainError, match="does not belong"):
        settle(asked, cast.staff, q4=strange, q5=FIRST)


def test_a_scheme_that_changed_meanwhile_is_decided_as_it_is_now(cast: Any) -> None:
    asked = apart(cast, FOUR, ("1", "0", "0", "0"))
    question = written(cast.exam, 4)
    one, two, *_rest = steps_now(cast.exam, question)
    change(cast.exam, question, cast.staff, [one, two])
    ids = step_ids(question)[:2]
    record = settle(asked, cast.staff, q4=Decision("own", steps=dict.fromkeys(ids, TAKE_FIRST)), q5=FIRST)
    assert four_of(record).steps == {ids[0]: "1", ids[1]: "1"}
    assert record.written_marks == D(4)


AWARDS = st.tuples(*(st.integers(0, int(D(most) * 2)).map(lambda n: str(D(n) / 2)) for most in FOUR))
CHOICES = st.tuples(*[st.sampled_from(["first", "second", "own"])] * 4)


@settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(first=AWARDS, second=AWARDS, own=AWARDS, choices=CHOICES)
def test_marks_are_the_sum_of_the_steps_that_were_taken(
    cast: Any, first: tuple[str, ...], second: tuple[str, ...], own: tuple[str, ...], choices: tuple[Any, ...]
) -> None:
    from django.db import transaction

    if sum(map(D, first)) == sum(map(D, second)):
        return
    with transaction.atomic():
        asked = apart(cast, first, second)
        ids, sides = step_ids(written(cast.exam, 4)), sides_of(asked)
        before = [four_of(side).steps for side in sides]
        taken = [{"first": a, "second": b, "own": c}[w] for a, b, c, w in zip(first, second, own, choices, strict=True)]
        decided = {
            key: StepDecision(choice, D(one) if choice == "own" else None)
            for key, choice, one in zip(ids, choices, own, strict=True)
        }
        record = settle(asked, cast.staff, q4=Decision("own", steps=decided), q5=FIRST)
        expected = {key: D(one) for key, one in zip(ids, taken, strict=True) if D(one)}
        assert {key: D(one) for key, one in four_of(record).steps.items()} == expected
        assert four_of(record).marks == sum(map(D, taken))
        assert [four_of(side).steps for side in sides] == before
        for evaluation in (record, asked, *sides):
            rows = QuestionMark.objects.filter(evaluation=evaluation)
            assert replayed(evaluation) == {(row.question_id, row.version, row.marks) for row in rows}
        transaction.set_rollback(True)


# --- The page --------------------------------------------------------------------------------------------------------
def test_the_page_decides_by_steps(cast: Any, client: Any) -> None:
    asked = apart(cast, FOUR, ("1", "0", "0", "0.5"))
    client.force_login(cast.staff)
    url, ids = reverse("moderation", args=[asked.pk]), step_ids(written(cast.exam, 4))
    shown = client.get(url).content.decode()
    # Where both gave the same that is chosen.
    assert f'name="step-4-{ids[0]}" value="first" data-marks="1" checked' in shown
    assert f'name="step-4-{ids[1]}" value="first" data-marks="1">' in shown
    sent = {"choice-4": "own", "choice-5": "first", **{f"award-4-{key}": "" for key in ids}}
    sent |= {f"step-4-{key}": "first" for key in ids[1:]}
    open_step = client.post(url, sent)
    assert open_step.status_code == 422
    assert "Question 4: Decide on step 1 too." in open_step.content.decode()
    sent |= {f"step-4-{ids[0]}": "own", f"award-4-{ids[0]}": "two"}
    refused = client.post(url, sent).content.decode()
    assert "Say how many marks" in refused
    assert 'value="two"' in refused
    assert refused.count('aria-invalid="true"') == 1
    done = client.post(url, sent | {f"award-4-{ids[0]}": "½", f"step-4-{ids[1]}": "second"})
    assert done.status_code == 302
    assert four_of(asked.record).steps == {ids[0]: "0.5", ids[2]: "0.5", ids[3]: "0.5"}


def wrong_with(page: Page) -> list[str]:
    hold_still(page)
    wrong = [f"light: {text}" for text in violations(page)]
    page.emulate_media(color_scheme="dark")
    wrong += [f"dark: {text}" for text in violations(page, **COLOURS)]
    page.emulate_media(color_scheme="light")
    return wrong + [f"{pixels} px too wide" for pixels in [sideways(page)] if pixels]


@pytest.mark.slow
@pytest.mark.browser
@pytest.mark.parametrize("width", [390, 1440])
def test_the_page_by_keyboard_alone(site: Site, width: int) -> None:
    """First's step 1 (both agree), second's 2, own 0.5 for 3, first's 4; question 5 agrees."""
    with site.visit("staff", width=width, axe=True) as visit:
        page = visit.page
        page.goto(f"/marking/moderation/{site.ids['moderated']}/", wait_until="load")
        four = page.locator("#q4")
        four.locator("input[value=first]").first.focus()
        for _ in range(2):
            page.keyboard.press("ArrowRight")
        expect(four.locator(".bysteps")).to_be_visible()
        expect(page.locator("#left")).to_have_text("1 question left")
        page.keyboard.press("Tab")  # step 1, chosen already
        page.keyboard.press("Tab")
        page.keyboard.press("Tab")  # step 2
        page.keyboard.press("ArrowRight")
        page.keyboard.press("Tab")
        page.keyboard.press("Tab")  # step 3
        page.keyboard.press("Tab")
        page.keyboard.type("0.5")
        page.keyboard.press("Tab")  # step 4
        page.keyboard.press("Space")
        expect(four.locator("[data-shown]")).to_have_text("2")
        expect(page.locator("#total")).to_have_text("4")
        assert wrong_with(page) == []
        page.keyboard.press("Enter")
        expect(page).to_have_url(f"{site.url}/marking/moderation/")
        assert visit.problems == []
    decided = QuestionMark.objects.filter(evaluation=site.ids["moderated"], question__number=4)
    assert site.ask(lambda: list(decided.values_list("marks", flat=True))) == [D(2)]
