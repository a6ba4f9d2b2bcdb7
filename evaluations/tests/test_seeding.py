"""Seeded scripts: at the rate, never before what is due soon, like any paper, and what the control chart does with
them."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from accounts.models import AuditEvent, Consent
from evaluations.enums import ChartAction, EvaluationRole, EvaluationState
from evaluations.models import CalibrationPair, Evaluation, ExamChecks, MarkerStanding, PracticePaper
from evaluations.selectors.calibration import practice_cards
from evaluations.selectors.queues import count_with, queue_for, staff_board
from evaluations.services.claims import claim_for_desk, claim_next
from evaluations.services.pictures import PictureError, ask_picture
from evaluations.services.practice_rules import seeds_due
from evaluations.services.rebalancing import move_from_barred
from evaluations.services.seeding import tend_practice
from evaluations.services.watching import watch_marker
from evaluations.tests.builders import evaluation_of, hand_in, marking
from evaluations.tests.calibration import asking, marked_record, practise, ready_script
from notifications.models import Notification
from tests import factories
from tests.factories import NOW

pytestmark = pytest.mark.django_db
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def seeding(cast: Any, *, scripts: int = 8, **fields: Any) -> ExamChecks:
    """One in two papers; seeds of papers that the colleague has marked."""
    checks = asking(cast.exam, cast.colleague, papers=0, scripts=0, seed_every=2, **fields)
    for _each in range(scripts):
        ready_script(checks, marked_record(cast.exam, cast.colleague), use="seed")
    return checks


def finish_paper(cast: Any) -> None:
    paper = marking(cast.exam, factories.StudentFactory(), cast.teacher, due_in=3 * DAY)
    practise(paper, cast.teacher)


def seeds(cast: Any) -> list[Evaluation]:
    return list(Evaluation.objects.filter(teacher=cast.teacher, role=EvaluationRole.SEED).order_by("id"))


def test_seeds_come_at_the_rate_and_look_like_papers(cast: Any) -> None:
    checks = seeding(cast)
    for finished in range(1, 8):
        finish_paper(cast)
        for seed in seeds(cast):
            if seed.state == EvaluationState.PRACTICE:
                row = next(row for row in queue_for(cast.teacher, NOW) if row.id == seed.pk)
                assert (row.state, row.exam_title, row.student_name) == ("assigned", cast.exam.title, "")
                assert count_with(cast.teacher) == 1
                assert claim_next(teacher=cast.teacher, now=NOW) == seed
                practise(seed, cast.teacher)
        due = seeds_due(finished, every=2, exam=checks.pk, teacher=cast.teacher.pk)
        assert len(seeds(cast)) == due
        assert due * 2 <= finished
    assert {seed.state for seed in seeds(cast)} == {EvaluationState.PRACTISED}
    assert CalibrationPair.objects.filter(paper__round=None).count() == 2 * len(seeds(cast))
    assert not Notification.objects.filter(user=cast.teacher).exists()
    assert staff_board(NOW).open == 0


def test_a_seed_waits_while_a_paper_is_due_soon_and_goes_when_its_time_is_over(cast: Any) -> None:
    seeding(cast)
    while not seeds(cast):
        finish_paper(cast)
    seed = seeds(cast)[0]
    Evaluation.objects.filter(pk=seed.pk).update(due_at=NOW + HOUR)
    pressing = evaluation_of(hand_in(cast.exam, cast.student), teacher=cast.teacher, due_in=3 * HOUR)
    assert [row.id for row in queue_for(cast.teacher, NOW)] == [pressing.pk, seed.pk]
    assert claim_next(teacher=cast.teacher, now=NOW) == pressing
    assert claim_next(teacher=cast.teacher, now=NOW) is None
    assert (tend_practice(now=NOW), tend_practice(now=NOW + 2 * HOUR), tend_practice(now=NOW + 2 * HOUR)) == (0, 1, 0)
    assert [row.id for row in queue_for(cast.teacher, NOW)] == [pressing.pk]
    finish_paper(cast)
    assert len(seeds(cast)) == 1, "no new seed before a paper that is due soon"


def test_a_consent_that_ends_takes_the_seed_back(cast: Any) -> None:
    seeding(cast)
    while not seeds(cast):
        finish_paper(cast)
    Consent.objects.update(withdrawn_at=NOW)
    assert queue_for(cast.teacher, NOW) == []
    assert claim_next(teacher=cast.teacher, now=NOW) is None
    assert tend_practice(now=NOW) == 1
    assert seeds(cast)[0].state == EvaluationState.CLOSED


def test_a_seed_in_an_exam_that_shows_names_has_a_code_and_no_new_pictures(cast: Any) -> None:
    type(cast.exam).objects.filter(pk=cast.exam.pk).update(hide_names=False)
    seeding(cast)
    while not seeds(cast):
        finish_paper(cast)
    seed = claim_for_desk(evaluation=seeds(cast)[0], person=cast.teacher, now=NOW)
    assert queue_for(cast.teacher, NOW)[0].student_name.startswith("Candidate ")
    assert (queue_for(cast.teacher, NOW)[0].state, seed.told_state) == ("in_progress", "in_progress")
    page = seed.attempt.uploads.first().pages.get()
    with pytest.raises(PictureError, match="cannot photograph"):
        ask_picture(evaluation=seed, page_id=page.pk, region=None, reason="dark", actor=cast.teacher, now=NOW)


def drifting(cast: Any, checks: ExamChecks, papers: int = 7) -> None:
    """Seeds on which the teacher gave nothing, where the agreed marks are 5 of 8."""
    for n in range(papers):
        script = checks.scripts.order_by("id")[n]
        seed = evaluation_of(
            script.record.attempt, teacher=cast.teacher, state=EvaluationState.PRACTICE, role=EvaluationRole.SEED,
            record=script.record, claimed_at=NOW, lease_until=NOW + HOUR,
        )  # fmt: skip
        PracticePaper.objects.create(evaluation=seed, script=script, teacher=cast.teacher, given_at=NOW)
        practise(seed, cast.teacher, four="0", five="0", now=NOW + n * HOUR / 10)


def test_a_marker_out_of_the_limits_is_told_of_once_a_paper(cast: Any) -> None:
    checks = seeding(cast, chart=ChartAction.TELL)
    drifting(cast, checks, papers=6)
    told = Notification.objects.filter(user=cast.staff, kind="calibration")
    assert told.count() == 1
    assert "stricter" in told.get().body
    watch_marker(checks=checks, teacher=cast.teacher, now=NOW + DAY)
    assert told.count() == 1
    assert not MarkerStanding.objects.filter(paused_at__isnull=False).exists()


def test_a_pause_keeps_what_is_begun_and_moves_the_rest(cast: Any) -> None:
    checks = seeding(cast, chart=ChartAction.PAUSE)
    begun = marking(cast.exam, cast.student, cast.teacher, active_seconds=30)
    fresh = evaluation_of(hand_in(cast.exam, cast.classmate), teacher=cast.teacher)
    drifting(cast, checks)
    stand = MarkerStanding.objects.get(teacher=cast.teacher)
    assert stand.paused_at is not None
    assert stand.by is None
    assert AuditEvent.objects.filter(action="standing.changed", actor=None).exists()
    assert Notification.objects.filter(user=cast.teacher, kind="calibration").count() == 1
    assert [card.kind for card in practice_cards(cast.teacher, NOW)] == ["paused"]
    assert move_from_barred(now=NOW) == 1
    fresh.refresh_from_db()
    assert fresh.teacher == cast.colleague
    practise(begun, cast.teacher)
    begun.refresh_from_db()
    assert begun.finalised_at is not None
    assert claim_next(teacher=cast.teacher, now=NOW) is None
