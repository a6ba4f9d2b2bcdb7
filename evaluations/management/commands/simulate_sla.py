"""How many teachers do we need for so many papers a day at this promise? Played on paper; nothing is written."""

from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from time import perf_counter
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from common.errors import DomainError
from evaluations.services.policies import promise_called
from evaluations.services.simulation import Answer, Question, find_team, in_the_evening
from evaluations.services.simulation_plot import plot
from evaluations.services.sla_clock import CalendarError


class Command(BaseCommand):
    help = "Plays an institute with more and more teachers until the promise is kept often enough."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--papers-a-day", type=float, default=120)
        parser.add_argument("--days", type=int, default=20, help="days on which papers come")
        parser.add_argument("--marks", type=float, default=40, help="written marks of a paper")
        parser.add_argument("--seconds-per-mark", type=float, default=45)
        parser.add_argument("--spread", type=float, default=0.4, help="of a paper's time: deviation over mean")
        parser.add_argument("--hours", type=float, default=3, help="a teacher's hours of marking on a working day")
        parser.add_argument("--evening", action="store_true", help="teachers mark from 18:00 on, not in office hours")
        parser.add_argument("--policy", default="elapsed-48h", help="slug, or working-9h, elapsed-48h, same-day")
        parser.add_argument("--promise-kept", type=float, default=0.99, help="the share of promises to keep")
        parser.add_argument("--ill", type=float, default=0.0, help="share of days on which a teacher is missing")
        parser.add_argument("--from", dest="start", type=date.fromisoformat, help="first day; next Monday if not given")
        parser.add_argument("--seed", type=int, default=0)
        parser.add_argument("--plays", type=int, default=5, help="how often each number of teachers is played")
        parser.add_argument("--plot", type=Path, help="writes the picture to this SVG file")

    def handle(self, *args: Any, **options: Any) -> None:
        began = perf_counter()
        try:
            question = _question(options)
            answer = find_team(question, target=options["promise_kept"])
        except (DomainError, CalendarError) as error:
            raise CommandError(str(error)) from error
        self._tell(question, answer, options["promise_kept"])
        if options["plot"]:
            try:
                options["plot"].write_text(plot(question, answer, target=options["promise_kept"]), encoding="utf-8")
            except OSError as error:
                raise CommandError(f"The picture could not be written: {error}") from error
        self.stdout.write(f"Played in {perf_counter() - began:.1f} s.")

    def _tell(self, question: Question, answer: Answer, target: float) -> None:
        self.stdout.write(
            f"{question.papers_a_day:g} papers a day from {question.start}, {question.days} days, "
            f"{question.seconds / 60:g} min each, {question.hours:g} h a teacher: work for {answer.load:.1f}."
        )
        self.stdout.write("teachers   kept %  median h    95 % h  busiest hour %  hours used")
        for row in answer.rows:
            self.stdout.write(
                f"{row.teachers:8} {100 * row.kept:8.2f} {row.median:9.1f} {row.p95:9.1f} "
                f"{100 * row.busiest:15.0f} {row.used:11.2f}" + ("  <" if row.teachers == answer.needed else "")
            )
        if answer.needed:
            self.stdout.write(f"{answer.needed} teachers keep {100 * target:g} % of the promises.")
        elif answer.ceiling < target:
            self.stdout.write(
                f"No number of teachers keeps {100 * target:g} %: with one for every paper, in these hours, it is "
                f"{100 * answer.ceiling:.2f} %."
            )
        else:
            self.stdout.write(f"{100 * target:g} % was not reached with {answer.rows[-1].teachers} teachers.")


def _question(options: dict[str, Any]) -> Question:
    policy, calendar = promise_called(options["policy"])
    today = timezone.now().astimezone(calendar.time_zone).date()
    names = ("papers_a_day", "days", "marks", "seconds_per_mark", "spread", "hours", "ill", "seed", "plays")
    question = Question(
        policy=policy,
        calendar=calendar,
        teachers=in_the_evening(calendar, options["hours"]) if options["evening"] else calendar,
        start=options["start"] or today + timedelta(days=7 - today.weekday()),
        **{name: options[name] for name in names},
    )
    return replace(question, evening=0.0) if not question.spread else question
