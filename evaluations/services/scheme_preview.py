"""What a changed scheme would do to the marks of an exam, worked out without writing anything."""

from __future__ import annotations

import hashlib
import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal
from uuid import UUID

from assessments.models import Exam, PaperQuestion, QuestionVersion
from evaluations.enums import DONE_STATES, EvaluationRole, EvaluationState
from evaluations.models import Evaluation, ExamChecks, MarkEvent, QuestionMark
from evaluations.selectors.schemes import Scheme, SchemeHistory, SchemeLine, scheme_histories
from evaluations.selectors.totals import MarkedQuestion, SchemeStep, paper_total, plain
from evaluations.services.scheme_marks import given_by
from evaluations.services.scheme_scoring import scored

SHOWN = 200
ZERO = Decimal(0)


@dataclass(frozen=True)
class PaperChange:
    """A paper whose total changes. `passes` before and after, by the pass mark of the exam's checks."""

    evaluation: UUID
    label: str
    state: str
    before: Decimal
    after: Decimal
    passed: bool
    passes: bool


@dataclass(frozen=True)
class Preview:
    """`unmarked`, `marked` and `released` count papers by the question's mark; `changes` are the papers whose total
    changes, the largest first; `steps`: by how much, how many. `kept`: papers that are back and keep a mark that would
    be lower. `looks`: answers that somebody looks at again. `digest` is of all that this was worked out from."""

    unmarked: int
    marked: int
    released: int
    changes: tuple[PaperChange, ...]
    steps: tuple[tuple[Decimal, int], ...]
    kept: int
    looks: int
    pass_percent: int
    digest: str

    @property
    def raised(self) -> int:
        return sum(one.after > one.before for one in self.changes)

    @property
    def lowered(self) -> int:
        return sum(one.after < one.before for one in self.changes)

    @property
    def crossing(self) -> list[PaperChange]:
        """Those that pass now and would not, or the other way round."""
        return [one for one in self.changes if one.passed != one.passes]


def preview_marks(
    *,
    exam: Exam,
    version: QuestionVersion,
    before: Scheme,
    lines: tuple[SchemeLine, ...],
    edit_flags: Mapping[str, bool],
) -> Preview:
    """Works through the records of the exam. Six queries, however many papers."""
    # A step without an id has nobody's award yet; any name will do.
    named = tuple(line if line.id else replace(line, id=f"new-{place}") for place, line in enumerate(lines))
    papers = _papers(exam)
    marks, questions = _marks(exam, version)
    found = _Found(
        steps=Scheme(named).steps,
        flags=edit_flags,
        has_new=edit_flags["asks_again"] and any(not line.id for line in lines),
        history=scheme_histories(exam.pk, [version.pk])[version.pk],
        events=_own_events(exam, version),
        pass_percent=_pass_percent(exam),
    )
    for paper in papers:
        ours, rows = marks.get(paper.pk, {}), questions[paper.attempt.paper_id]
        changed = found.look_at(paper, ours, [row for row in rows if row.version_id == version.pk])
        found.note(paper, ours, changed, {row.pk: row for row in rows})
    found.changes.sort(key=lambda one: (-abs(one.after - one.before), one.label))
    sums = Counter(one.after - one.before for one in found.changes)
    of_version = {row.pk for rows in questions.values() for row in rows if row.version_id == version.pk}
    return Preview(
        unmarked=found.unmarked,
        marked=found.marked,
        released=found.released,
        changes=tuple(found.changes),
        steps=tuple(sorted(sums.items())),
        kept=found.kept,
        looks=found.looks,
        pass_percent=found.pass_percent,
        digest=_digest(before, named, edit_flags, papers, marks, of_version),
    )


@dataclass
class _Found:
    steps: list[SchemeStep]
    flags: Mapping[str, bool]
    has_new: bool
    history: SchemeHistory
    events: Mapping[tuple[UUID, UUID], MarkEvent]
    pass_percent: int
    changes: list[PaperChange] = field(default_factory=list)
    unmarked: int = 0
    marked: int = 0
    released: int = 0
    kept: int = 0
    looks: int = 0

    def look_at(
        self, paper: Evaluation, ours: Mapping[UUID, QuestionMark], questions: Iterable[PaperQuestion]
    ) -> dict[UUID, Decimal]:
        """The marks that change on one paper, by question."""
        changed: dict[UUID, Decimal] = {}
        for question in questions:
            mark, event = ours.get(question.pk), self.events.get((paper.pk, question.pk))
            if mark is None or event is None:
                self.unmarked += 1
                if self.flags["given"] and paper.state in DONE_STATES:
                    changed[question.pk] = question.marks
                continue
            self.marked += 1
            self.released += paper.state == EvaluationState.RELEASED
            new = self._new(event, question)
            if new < mark.marks and paper.released_at is not None and not self.flags["may_lower"]:
                self.kept += 1
                continue
            self.looks += self.has_new and new < question.marks
            changed[question.pk] = new
        return changed

    def _new(self, event: MarkEvent, question: PaperQuestion) -> Decimal:
        given = given_by(event, self.history)
        awards = {key: Decimal(value) for key, value in given.steps.items()}
        return scored(
            awards,
            given.marks,
            then=given.under.steps,
            now=self.steps,
            is_given=self.flags["given"],
            maximum=question.marks,
        )[1]

    def note(
        self,
        paper: Evaluation,
        ours: Mapping[UUID, QuestionMark],
        changed: Mapping[UUID, Decimal],
        rows: Mapping[UUID, PaperQuestion],
    ) -> None:
        limit = paper.attempt.paper.written_marks
        then = {key: one.marks for key, one in ours.items()}
        sums = [
            paper_total(
                [MarkedQuestion(rows[key].number, rows[key].alternative, one) for key, one in values.items()], limit
            )
            for values in (then, then | dict(changed))
        ]
        objective = paper.attempt.objective_marks or ZERO
        before, after = (objective + one for one in sums)
        if before != after:
            line = paper.max_marks * self.pass_percent / 100
            self.changes.append(
                PaperChange(paper.pk, paper.short_id, paper.state, before, after, before >= line, after >= line)
            )


def _papers(exam: Exam) -> list[Evaluation]:
    rows = Evaluation.objects.records().filter(attempt__exam=exam).select_related("attempt__paper")
    return list(rows.order_by("pk"))


def _marks(
    exam: Exam, version: QuestionVersion
) -> tuple[dict[UUID, dict[UUID, QuestionMark]], dict[UUID, list[PaperQuestion]]]:
    """The marks of the records, by record and question; the written questions, by paper."""
    found: dict[UUID, dict[UUID, QuestionMark]] = defaultdict(dict)
    rows = QuestionMark.objects.filter(evaluation__attempt__exam=exam, evaluation__role=EvaluationRole.RECORD)
    for mark in rows.only("evaluation_id", "question_id", "marks", "version"):
        found[mark.evaluation_id][mark.question_id] = mark
    questions: dict[UUID, list[PaperQuestion]] = defaultdict(list)
    papers = Evaluation.objects.records().filter(attempt__exam=exam).values("attempt__paper")
    for row in PaperQuestion.objects.filter(paper__in=papers, is_written=True).defer("variant"):
        questions[row.paper_id].append(row)
    return found, questions


def _own_events(exam: Exam, version: QuestionVersion) -> dict[tuple[UUID, UUID], MarkEvent]:
    """What people gave last, by record and question."""
    rows = MarkEvent.objects.filter(
        evaluation__attempt__exam=exam,
        evaluation__role=EvaluationRole.RECORD,
        question__version=version,
        worked_from=None,
    )
    return {(event.evaluation_id, event.question_id): event for event in rows.order_by("id")}


def _pass_percent(exam: Exam) -> int:
    found = ExamChecks.objects.filter(exam=exam).values_list("pass_percent", flat=True).first()
    return int(found if found is not None else ExamChecks._meta.get_field("pass_percent").default)


def _digest(
    before: Scheme,
    lines: tuple[SchemeLine, ...],
    flags: Mapping[str, bool],
    papers: Iterable[Evaluation],
    marks: Mapping[UUID, Mapping[UUID, QuestionMark]],
    of: set[UUID],
) -> str:
    """SHA-256 of the scheme of now, the one to be, and every paper with its state and the question's mark."""
    seen = []
    for paper in papers:
        ours = [[str(key), one.version, plain(one.marks)] for key, one in marks.get(paper.pk, {}).items() if key in of]
        seen.append([str(paper.pk), paper.state in DONE_STATES, paper.released_at is not None, *sorted(ours)])
    told = [before.number, [line.stored() for line in lines], sorted(flags.items()), seen]
    return hashlib.sha256(json.dumps(told, sort_keys=True).encode()).hexdigest()
