"""Whatever is rehearsed, the world is afterwards exactly what it was: lists, numbers, statistics, queues, plans."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.contrib import admin
from django.contrib.auth.models import AnonymousUser
from django.test import RequestFactory

from accounts.enums import LinkState
from accounts.models import AuditEvent, Entitlement, GuardianLink, User
from analytics.selectors.family import family
from analytics.selectors.family_week import child_week, week_of
from analytics.selectors.student_home import student_home
from analytics.selectors.teacher_home import teacher_home
from assessments.enums import ExamKind, QuestionType
from assessments.models import (
    Attempt,
    Blueprint,
    BlueprintSection,
    BlueprintSlot,
    Exam,
    ItemStatistics,
    MarkedAttempt,
    Paper,
    Question,
    Response,
)
from assessments.selectors import blueprint_pages
from assessments.selectors.attempts import crowd_of, exam_list, recent_question_ids
from assessments.selectors.bank_pages import question_history, with_usage
from assessments.selectors.exam_pages import exam_rows
from assessments.selectors.item_statistics import own_attempt_at
from assessments.services.attempts import close_overdue_attempts, save_response, start_attempt, submit_attempt
from assessments.services.hand_in import confirm_sheets
from assessments.services.item_statistics import count_marked_attempts, rebuild_item_statistics
from assessments.services.rehearsals import move_clock, start_rehearsal
from assessments.services.rescoring import preview_rescore
from assessments.services.submission import NETWORK_GRACE
from assessments.tests.sheets import receive
from courses.enums import CohortRole
from courses.models import Cohort, CohortMembership
from evaluations.models import Evaluation
from evaluations.selectors.result_page import paper_rows
from evaluations.services.opening import open_evaluation, open_missing_evaluations
from evaluations.tests.builders import hand_in
from notifications.models import Notification
from tests import factories
from tests.cast import Cast
from tests.factories import NOW

pytestmark = pytest.mark.django_db
MINUTE = timedelta(minutes=1)
RIGHT: dict[int, dict[str, Any]] = {1: {"choices": ["B"]}, 2: {"choices": ["A", "C"]}, 3: {"value": "9"}}


def drawn_exam(cast: Cast) -> Exam:
    """Each who sits it draws one question of four."""
    for _ in range(4):
        factories.question_version(QuestionType.SINGLE_CHOICE, "1")
    blueprint = Blueprint.objects.create(
        programme=cast.cohort.programme, slug="draw", name="Draw", kind=ExamKind.CUSTOM, duration_minutes=10,
        total_marks=1, author=cast.teacher,
    )  # fmt: skip
    section = BlueprintSection.objects.create(blueprint=blueprint, label="A", title="Section A")
    unit = factories.UnitFactory()
    BlueprintSlot.objects.create(section=section, number=1, unit=unit, types=["single_choice"], marks=1)
    return factories.ExamFactory(paper=None, blueprint=blueprint, for_cohorts=[cast.cohort])


def everything(cast: Cast, now: datetime) -> dict[str, Any]:
    """What lists, numbers and queues say, by where they are read."""
    count_marked_attempts()
    open_missing_evaluations(now=now)
    people: dict[str, Any] = {**cast.people, "anonymous": AnonymousUser()}
    seen: dict[str, Any] = {}
    for name, person in people.items():
        seen[f"exams of {name}"] = sorted(Exam.objects.visible_to(person).values_list("pk"))
    for name, person in cast.people.items():
        seen |= {
            f"API list of {name}": [
                (row.pk, row.attempts_used, row.latest_attempt_id) for row in exam_list(person).order_by("pk")
            ],
            f"exam page of {name}": [(row["exam"].pk, row["status"]) for row in exam_rows(user=person, now=now)],
            f"home of {name}": repr(student_home(user=person, now=now)),
            f"papers of {name}": [row.pk for row in paper_rows(person, url="/", now=now)["attempts"]],
            f"recent questions of {name}": recent_question_ids(
                student=person, programme_id=cast.exam.programme_id, papers=50
            ),
        }
    # Staff and the person themself may look at a rehearsal; nobody else knows of it.
    for name in set(people) - {"staff", "teacher"}:
        seen[f"attempts of {name}"] = sorted(Attempt.objects.visible_to(people[name]).values_list("pk"))
        seen[f"answers of {name}"] = Response.objects.visible_to(people[name]).count()
    return seen | _bank(cast) | _office(cast) | _work(cast, now)


def _bank(cast: Cast) -> dict[str, Any]:
    questions = Question.objects.order_by("pk")
    papers = Paper.objects.filter(title__in=["Short paper", "Fixed"]).order_by("pk")
    single = cast.exam.paper.questions.select_related("version__question").get(number=1)
    looked = preview_rescore(version=single.version, answer={"choices": ["C"]})
    return {
        "usage": list(with_usage(questions).values_list("pk", "papers_count")),
        "history": [[exam.pk for exam in question_history(question)["exams"]] for question in questions],
        "blueprints": [(row["blueprint"].pk, row["papers"]) for row in blueprint_pages.blueprint_rows(cast.teacher)],
        "papers": [
            [(paper.pk, paper.exam_count) for paper in blueprint_pages.papers_of(blueprint)]
            for blueprint in Blueprint.objects.order_by("pk")
        ],
        "set as": [[exam.pk for exam in blueprint_pages.exams_with(paper)] for paper in papers],
        "rescoring": (looked.answers, [change.attempt.pk for change in looked.changes]),
        "own attempts": own_attempt_at(single, cast.teacher),
        "crowd": crowd_of(cast.exam),
        "marked": list(MarkedAttempt.objects.order_by("pk").values()),
        "statistics": list(ItemStatistics.objects.order_by("pk").values()),
    }


def _office(cast: Cast) -> dict[str, Any]:
    request = RequestFactory().get("/")
    request.user = cast.staff
    lists = {
        model: admin.site._registry[model].get_queryset(request).order_by("pk") for model in (Exam, Attempt, Paper)
    }
    return {
        "exams in the office": list(lists[Exam].values_list("pk", "sitting_count", "done_count")),
        "attempts in the office": list(lists[Attempt].values_list("pk")),
        "papers in the office": list(lists[Paper].values_list("pk")),
    }


def _work(cast: Cast, now: datetime) -> dict[str, Any]:
    return {
        "evaluations": list(Evaluation.objects.order_by("pk").values()),
        "news": list(Notification.objects.order_by("pk").values()),
        "plans": list(Entitlement.objects.order_by("pk").values()),
        "audit": AuditEvent.objects.count(),
        "teacher's home": repr(teacher_home(teacher=cast.teacher, now=now)),
        "guardian's home": repr(family(guardian=cast.guardian, week=week_of(now), now=now)),
        "guardian's week": repr(child_week(child=cast.student, week=week_of(now), now=now)),
    }


def rehearse_all(cast: Cast, exam: Exam | None, paper: Paper | None, actor: User) -> Attempt:
    """Everything answered, one page photographed, submitted by the clock, handed in."""
    attempt = start_rehearsal(exam=exam, paper=paper, actor=actor, now=NOW)
    for question in attempt.paper.questions.filter(is_written=False):
        answer = RIGHT.get(question.number, {"choices": ["A"]})
        save_response(
            attempt=attempt, question_id=question.pk, seq=1, answer=answer, marked_for_review=False, seconds=20,
            actor=actor, now=NOW + MINUTE,
        )  # fmt: skip
    moved = move_clock(attempt=attempt, to="10s", actor=actor, now=NOW + MINUTE)
    over = moved.ends_at + NETWORK_GRACE
    assert close_overdue_attempts(now=over) == 1
    attempt.refresh_from_db()
    if attempt.paper.written_marks:
        sent = receive(attempt, now=over)
        confirm_sheets(attempt=attempt, pages={sent.client_id: [4]}, not_attempted=[5], actor=actor, now=over)
    attempt.refresh_from_db()
    assert attempt.state == "handed_in"
    return attempt


def test_a_rehearsal_changes_nothing_in_the_world(cast: Cast, django_capture_on_commit_callbacks: Any) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        # The teacher is a student of another batch as well, with a guardian and a plan.
        other = Cohort.objects.get(name="X B")
        User.objects.filter(pk=cast.teacher.pk).update(is_student=True)
        cast.teacher.refresh_from_db()
        CohortMembership.objects.create(cohort=other, user=cast.teacher, role=CohortRole.STUDENT)
        GuardianLink.objects.create(guardian=cast.guardian, student=cast.teacher, state=LinkState.ACTIVE)
        factories.EntitlementFactory(user=cast.teacher)
        drawn, fixed = drawn_exam(cast), factories.small_paper(title="Fixed")
        from_blueprint = Paper.objects.create(
            programme=cast.cohort.programme, blueprint=drawn.blueprint, title="Fixed", seed=1, total_marks=1,
            written_marks=0, frozen_at=NOW,
        )  # fmt: skip
        # Students have sat both, on a fixed paper and on one of their own.
        own = start_attempt(exam=drawn, student=cast.student, now=NOW)
        submit_attempt(attempt=own, actor=cast.student, now=NOW)
        sat = start_attempt(exam=cast.exam, student=cast.classmate, now=NOW)
        save_response(
            attempt=sat, question_id=sat.paper.questions.get(number=1).pk, seq=1, answer={"choices": ["C"]},
            marked_for_review=None, actor=cast.classmate, now=NOW,
        )  # fmt: skip
        submit_attempt(attempt=sat, actor=cast.classmate, now=NOW)
        marked = hand_in(cast.exam, cast.student)
        open_evaluation(attempt_id=marked.pk, now=NOW)
    rebuild_item_statistics()
    now = NOW + 60 * MINUTE
    before = everything(cast, now)

    with django_capture_on_commit_callbacks(execute=True):
        done = [
            rehearse_all(cast, exam, paper, actor)
            for actor in (cast.teacher, cast.staff)
            for exam, paper in (
                (cast.exam, None),
                (drawn, None),
                (None, fixed),
                (None, own.paper),  # drawn by the student: it stays a paper of their own
            )
        ]
        start_rehearsal(paper=from_blueprint, actor=cast.teacher, now=NOW)
        start_rehearsal(exam=cast.exam, actor=cast.teacher, now=NOW)  # again, and left open
    assert [attempt.objective_marks for attempt in done[:2]] != [None, None]
    assert done[0].objective_marks == 3
    assert [open_evaluation(attempt_id=attempt.pk, now=now) for attempt in done] == [None] * len(done)

    after = everything(cast, now)
    assert {name: after[name] for name in before if before[name] != after[name]} == {}
    statistics = after["statistics"]
    rebuild_item_statistics()
    assert list(ItemStatistics.objects.order_by("pk").values()) == statistics
    assert not MarkedAttempt.objects.filter(attempt__in=done).exists()


def test_the_measure_would_see_an_attempt(cast: Cast) -> None:
    """That of a student is in these lists: the test above compares something."""
    now = NOW + 60 * MINUTE
    before = everything(cast, now)
    attempt = start_attempt(exam=cast.exam, student=cast.student, now=NOW)
    submit_attempt(attempt=attempt, actor=cast.student, now=NOW)
    after = everything(cast, now)
    changed = {name for name in before if before[name] != after[name]}
    assert {"attempts of guardian", "exams in the office", "marked", "plans", "home of student"} <= changed
