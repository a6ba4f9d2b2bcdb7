"""The month played: students hand in, beats come, teachers claim, mark and finish, all through the real services."""

from __future__ import annotations

import heapq
import itertools
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any
from unittest import mock
from uuid import UUID

import numpy as np
from django.db import connection

from accounts.models import User
from common.errors import DomainError
from evaluations.enums import OPEN_STATES, EvaluationState
from evaluations.models import BreachWarning, Evaluation, PaperForecast
from evaluations.services import assignment
from evaluations.services.breach_warnings import follow_proposals, warn_of_breaches
from evaluations.services.breaches import scan_breaches
from evaluations.services.claims import claim_next, lapse_idle_claims, release_claim, renewed_lease
from evaluations.services.finishing import finalise_evaluation
from evaluations.services.marking import save_mark
from evaluations.services.opening import open_evaluation, open_missing_evaluations
from evaluations.services.rebalancing import rebalance
from evaluations.services.reminders import remind
from evaluations.tasks import make_marked_paper
from notifications import tasks
from tests.bench.month import draw, rows
from tests.bench.month.checks import check
from tests.bench.month.draw import Paper, World

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
#: Nobody takes up a paper so shortly before going home, nor begins a question so long after.
LAST_CLAIM, OVERTIME = 5 * MINUTE, 15 * MINUTE
ALIVE = 20 * MINUTE
AHEAD = 4 * HOUR
#: So long after the last day what is open is still marked.
RUN_OUT = 10 * DAY


@dataclass(frozen=True)
class Strategy:
    """Who gets a paper, whether the product moves it later, and whether staff press the button of a warning at once."""

    name: str
    choose: str = "ours"
    moves: bool = True
    forecasts: bool = True
    pressed: bool = False


STRATEGIES = {
    one.name: one
    for one in (
        Strategy("random", choose="random", moves=False, forecasts=False),
        Strategy("least", choose="least", moves=False, forecasts=False),
        Strategy("minutes", choose="minutes"),
        Strategy("still", moves=False),
        Strategy("ours"),
        Strategy("pressed", pressed=True),
    )
}


@dataclass
class Person:
    """A teacher at work. `paper` and `question`: what is in hand; `until`: gone until then."""

    number: int
    user_id: UUID
    evaluation: Evaluation | None = None
    paper: Paper | None = None
    question: int = 0
    until: datetime | None = None
    worked: float = 0.0


@dataclass
class Told:
    """What the forecast said four hours before the promise, of a paper that was open then."""

    chance: float
    at: datetime


@dataclass
class Record:
    """What the play saw that is not in the database."""

    told: dict[UUID, Told] = field(default_factory=dict)
    open_by_hour: list[int] = field(default_factory=list)
    late_by_hour: list[int] = field(default_factory=list)
    worked: list[float] = field(default_factory=list)
    done_marks: dict[UUID, int] = field(default_factory=dict)
    checks: int = 0
    lapsed: int = 0
    left_alone: int = 0
    put_down: int = 0
    pressed: int = 0
    refused: int = 0


class Month:
    """One strategy in one database. `say` is told once a simulated day."""

    def __init__(self, world: World, strategy: Strategy, say: Callable[[str], None] = lambda text: None) -> None:
        self.world, self.strategy, self.say = world, strategy, say
        self.rows = rows.write_world(world)
        self.people = [Person(number, user.pk) for number, user in enumerate(self.rows.teachers)]
        self.record = Record()
        self.paper_of: dict[UUID, Paper] = {}  # by attempt
        self.was_left: set[int] = set()
        self.opened = 0
        self.since: datetime | None = None
        self.order = itertools.count()
        self.events: list[tuple[datetime, int, Callable[..., None], tuple[Any, ...]]] = []

    def at(self, moment: datetime, do: Callable[..., None], *what: Any) -> None:
        heapq.heappush(self.events, (moment, next(self.order), do, what))

    def play(self) -> Record:
        for paper in self.world.papers:
            self.at(paper.at, self.arrive, paper)
        for person, drawn in zip(self.people, self.world.teachers, strict=True):
            for begins, _ends in drawn.spans:
                self.at(begins, self.seek, person)
            for _first, _last, told in drawn.ill:
                self.at(told, self.ill, person)
        self.at(self.world.start, self.beat)
        with ExitStack() as stack:
            stack.enter_context(without_mail())
            stack.enter_context(choosing(self.strategy.choose, self.world.options.seed))
            while self.events:
                moment, _order, do, what = heapq.heappop(self.events)
                do(moment, *what)
        self.look(self.world.end + RUN_OUT, everything=True)
        self.record.worked = [person.worked for person in self.people]
        return self.record

    # --- Students ----------------------------------------------------------------------------------------------------
    def arrive(self, now: datetime, paper: Paper) -> None:
        attempt = rows.hand_in(self.rows, paper)
        self.paper_of[attempt] = paper
        if not paper.is_lost:
            self.opened += open_evaluation(attempt_id=attempt, now=now) is not None

    # --- Staff and the clock -----------------------------------------------------------------------------------------
    def ill(self, now: datetime, person: Person) -> None:
        rows.fall_ill(self.rows, person.number)

    def beat(self, now: datetime) -> None:
        """The beats of the product, coarsened from a minute (forecast: two, breaches: fifteen)."""
        options = self.world.options
        minute = (now - self.world.start) // MINUTE
        if minute % 60 == 0:
            self.opened += open_missing_evaluations(now=now)
        assignment.assign_waiting(now=now)
        self.record.lapsed += lapse_idle_claims(now=now)
        self.let_go()
        if self.strategy.moves:
            rebalance(now=now)
            remind(now=now)
        scan_breaches(now=now)
        if self.strategy.forecasts and minute % options.forecast == 0:
            self.forecast(now)
        if minute % 60 == 0:
            self.look(now)
        for person in self.waited_for():
            self.seek(now, person)
        if now < self.world.end or (now < self.world.end + RUN_OUT and self.is_open()):
            self.at(now + options.step * MINUTE, self.beat)

    def is_open(self) -> bool:
        return Evaluation.objects.filter(state__in=OPEN_STATES).exists()

    def forecast(self, now: datetime) -> None:
        warn_of_breaches(now=now)
        if self.strategy.pressed:
            for warning in BreachWarning.objects.filter(warned_at=now, taker__isnull=False).select_related("taker"):
                try:
                    self.record.pressed += follow_proposals(warnings=[warning], actor=self.rows.staff, now=now)
                except DomainError:
                    self.record.refused += 1
        soon = now + AHEAD
        due = PaperForecast.objects.filter(
            made_at=now,
            evaluation__state__in=OPEN_STATES,
            evaluation__due_at__gte=soon,
            evaluation__due_at__lt=soon + self.world.options.forecast * MINUTE,
        )
        for pk, chance in due.values_list("pk", "late_chance"):
            self.record.told[pk] = Told(chance, now)

    def look(self, now: datetime, *, everything: bool = False) -> None:
        """Counts and checks; at midnight the whole history is read."""
        is_day = (now - self.world.start) % DAY < MINUTE
        holders = {one.evaluation.pk: one.user_id for one in self.people if one.evaluation}
        since = None if everything or is_day or self.since is None else self.since - MINUTE
        self.record.checks += check(since=since, now=now, opened=self.opened, holders=holders)
        self.since = now
        open_papers = Evaluation.objects.filter(state__in=OPEN_STATES)
        self.record.open_by_hour.append(open_papers.count())
        self.record.late_by_hour.append(open_papers.filter(due_at__lt=now).count())
        if is_day and connection.vendor == "postgresql":
            with connection.cursor() as cursor:
                cursor.execute("ANALYZE")
        if is_day:
            self.say(f"{now + 5.5 * HOUR:%d %B}: {self.opened} opened, {self.record.open_by_hour[-1]} open")

    # --- Teachers ----------------------------------------------------------------------------------------------------
    def waited_for(self) -> Iterator[Person]:
        """Those with nothing in hand for whom there may be something."""
        theirs = Evaluation.objects.filter(state=EvaluationState.ASSIGNED).order_by()
        owners = set(theirs.values_list("teacher_id", flat=True).distinct())
        any_waits = Evaluation.objects.filter(state=EvaluationState.QUEUED).exists()
        return (one for one in self.people if one.evaluation is None and (any_waits or one.user_id in owners))

    def home_at(self, person: Person, now: datetime) -> datetime | None:
        spans = self.world.teachers[person.number].spans
        return next((ends for begins, ends in spans if begins <= now < ends), None)

    def seek(self, now: datetime, person: Person) -> None:
        """Takes up the next paper, if there and free."""
        home = self.home_at(person, now)
        if person.evaluation or home is None or home - now < LAST_CLAIM or (person.until and now < person.until):
            return
        person.until = None
        # A request reads the person anew, with the speed that is known by now.
        teacher = User.objects.select_related("teacher_profile").get(pk=person.user_id)
        evaluation = claim_next(teacher=teacher, now=now)
        if evaluation is None:
            return
        person.evaluation, person.paper = evaluation, self.paper_of[evaluation.attempt_id]
        person.question = self.record.done_marks.get(evaluation.pk, 0)
        if person.paper.left and person.paper.number not in self.was_left:
            self.walk_off(now, person, person.paper)
        else:
            self.begin(now, person)

    def begin(self, now: datetime, person: Person) -> None:
        """Marks the next question, or finishes; goes home when it is time."""
        assert person.evaluation
        assert person.paper
        if person.question == len(person.paper.factors):
            finalise_evaluation(evaluation=person.evaluation, actor=self.user(person), now=now)
            person.evaluation = person.paper = None
            self.seek(now, person)
            return
        if self.home_at(person, now - OVERTIME) is None and self.home_at(person, now) is None:
            release_claim(evaluation=person.evaluation, teacher=self.user(person), now=now)
            person.evaluation = person.paper = None
            self.record.put_down += 1
            return
        takes = draw.seconds(self.world, self.world.teachers[person.number], person.paper, person.question, now)
        person.worked += takes
        self.work(now, person, now + timedelta(seconds=takes))

    def work(self, now: datetime, person: Person, ends: datetime) -> None:
        """Goes on with the question until `ends`; the heartbeats are written now and then, before the claim lapses."""
        until = min(ends, now + ALIVE)
        self.at(until, self.mark if until == ends else self.go_on, person, now, *([] if until == ends else [ends]))

    def user(self, person: Person) -> User:
        return self.rows.teachers[person.number]

    def go_on(self, now: datetime, person: Person, begun: datetime, ends: datetime) -> None:
        assert person.evaluation
        keep_alive(person.evaluation, begun, now)
        self.work(now, person, ends)

    def mark(self, now: datetime, person: Person, begun: datetime) -> None:
        assert person.evaluation
        evaluation = person.evaluation
        question = self.rows.questions[evaluation.attempt.exam_id][person.question]
        keep_alive(evaluation, begun, now)
        save_mark(
            evaluation=evaluation,
            question_id=question.id,
            version=0,
            steps=question.steps,
            comment="",
            actor=self.user(person),
            now=now,
        )
        for name, value in renewed_lease(evaluation, now).items():  # as the service has just written
            setattr(evaluation, name, value)
        person.question += 1
        self.record.done_marks[evaluation.pk] = person.question
        self.begin(now, person)

    def walk_off(self, now: datetime, person: Person, paper: Paper) -> None:
        """Gets up after ten minutes; the claim lapses, and what was not saved is to be done again."""
        assert person.evaluation
        self.was_left.add(paper.number)
        self.record.left_alone += 1
        keep_alive(person.evaluation, now, now + 10 * MINUTE)
        person.until = now + (10 + paper.left) * MINUTE
        self.at(max(person.until, now + 60 * MINUTE), self.seek, person)

    def let_go(self) -> None:
        """Those who got up lose what the sweep has let go of."""
        for person in self.people:
            if person.until and person.evaluation:
                person.evaluation.refresh_from_db(fields=["state"])
                if person.evaluation.state != EvaluationState.IN_PROGRESS:
                    person.evaluation = person.paper = None


def keep_alive(evaluation: Evaluation, begun: datetime, now: datetime) -> None:
    """The heartbeats of the desk, one a minute, worked out by the product's function and written at once."""
    at = begun + MINUTE
    if at > now:
        return
    while at <= now:
        for name, value in renewed_lease(evaluation, at).items():
            setattr(evaluation, name, value)
        at += MINUTE
    Evaluation.objects.filter(pk=evaluation.pk, state=EvaluationState.IN_PROGRESS).update(
        lease_until=evaluation.lease_until, active_seconds=evaluation.active_seconds
    )


@contextmanager
def without_mail() -> Iterator[None]:
    """Notifications are written, their e-mails are not sent; marked papers are asked for, not drawn."""
    with ExitStack() as stack:
        for task in (tasks.send_mail, tasks.send_mails, make_marked_paper):
            stack.enter_context(mock.patch.object(task, "delay"))
        yield


@contextmanager
def choosing(how: str, seed: int) -> Iterator[None]:
    """Replaces only the order of those who may have a paper: by lot, by the number of open papers, or by
    the expected minutes due before it, whatever the hours."""
    if how == "ours":
        yield
        return
    rank, random = assignment.choose, np.random.default_rng([seed, 7])

    def chosen(options: Any) -> Any:
        found = rank(options)
        able = list(found.able)
        random.shuffle(able)  # type: ignore[arg-type]
        if how == "least":
            able.sort(key=lambda one: one.open_papers)
        if how == "minutes":
            able.sort(key=lambda one: (one.expected_seconds, one.open_papers))
        return replace(found, able=tuple(able))

    with mock.patch.object(assignment, "choose", chosen):
        yield
