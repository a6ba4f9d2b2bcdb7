"""Why did this teacher get this paper? Works every decision out again from what it stored; nothing is written."""

from typing import Any
from uuid import UUID

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db.models import CharField, Value
from django.db.models.functions import Cast, Replace

from evaluations.models import Evaluation
from evaluations.services.replaying import Replay, replay_decisions


class Command(BaseCommand):
    help = "Works the decisions about a paper out again and says whether the same teacher comes out."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("evaluation", help="its id, or the eight last digits that pages show")

    def handle(self, *args: Any, **options: Any) -> None:
        replays = replay_decisions(_found(options["evaluation"]))
        for replay in replays:
            self._tell(replay)
        if not replays:
            self.stdout.write("No decision has been made about this paper.")
        if any(replay.is_same is False for replay in replays):
            raise CommandError("A decision comes out differently.")

    def _tell(self, replay: Replay) -> None:
        decision = replay.decision
        self.stdout.write(f"\n{decision.at:%Y-%m-%d %H:%M:%S} UTC  {decision.reason}")
        for one in replay.options:
            mark = "*" if one.teacher == decision.chosen_id else " "
            end = "-" if one.end_seconds is None else f"{one.end_seconds / 3600:.1f} h"
            self.stdout.write(
                f"  {mark} {replay.names.get(one.teacher, str(one.teacher)):<24}"
                f" {one.open_papers:>3}/{one.cap:<3} papers"
                f" {one.due_seconds / 60:>6.0f} + {one.own_seconds / 60:.0f} min of work"
                f" {one.open_seconds / 3600:>6.1f} h of hours, through after {end}"
                f"{'  ' + one.excluded if one.excluded else ''}"
            )
        if decision.unqualified:
            self.stdout.write(f"    {decision.unqualified} verified teachers are not qualified for the programme")
        words = {True: "the same teacher", False: "ANOTHER TEACHER", None: "cannot be worked out again"}
        self.stdout.write(f"    worked out again: {words[replay.is_same]}")


def _found(text: str) -> Evaluation:
    try:
        one = Evaluation.objects.filter(pk=UUID(text)).first()
    except ValueError:
        digits = text.replace("-", "").lower()
        shown = Replace(Cast("pk", CharField()), Value("-"), Value(""))
        matches = list(Evaluation.objects.annotate(shown=shown).filter(shown__endswith=digits)[:2]) if digits else []
        one = matches[0] if len(matches) == 1 else None
    if one is None:
        raise CommandError(f"There is no paper “{text}”, or more than one.")
    return one
