"""Who must not mark whose paper. Every way to a paper asks here: given out, pulled, claimed, moved, forecast.

A family is what guardians' links (invited and active ones) show within REACH steps: of a student the guardians, the
students who share a guardian with them, and those students' guardians. Three steps either way, so it is the same seen
from the teacher. Whoever gave marks for any question of a paper, taken back since or not, does not mark it anew
(`is_remark`), nor gives it its second marking. Nor does anybody who must not have papers of the exam now
(`eligibility`).
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from typing import NamedTuple, TypeAlias
from uuid import UUID

from django.db.models import Exists, OuterRef, Q, QuerySet

from accounts.enums import LinkState
from accounts.models import GuardianLink, User
from evaluations.enums import Conflict, EvaluationRole
from evaluations.models import Evaluation, MarkEvent
from evaluations.selectors.eligibility import barred_exams, not_eligible

REACH = 3
#: More people than this are not put into a statement: then all links are read.
BATCH = 500


#: Of each of these people, who is linked with them.
Neighbours: TypeAlias = Callable[[Collection[UUID]], dict[UUID, set[UUID]]]


class Sitting(NamedTuple):
    """What of a paper makes conflicts."""

    evaluation: UUID
    student: UUID
    exam: UUID
    is_remark: bool = False


def sitting_of(evaluation: Evaluation) -> Sitting:
    return Sitting(evaluation.pk, evaluation.attempt.student_id, evaluation.attempt.exam_id, evaluation.is_remark)


def conflicts_of(papers: Collection[Sitting]) -> dict[UUID, dict[UUID, str]]:
    """By evaluation: the people who must not mark it, and why (`Conflict`). At most eight queries for a BATCH of
    papers, two where no student has a guardian and no exam asks for practice."""
    families = kin_of({paper.student for paper in papers})
    found = {paper.evaluation: dict(families[paper.student]) for paper in papers}
    again = [paper.evaluation for paper in papers if paper.is_remark]
    for evaluation, actor in marked_before(again):
        found[evaluation].setdefault(actor, Conflict.MARKED)
    kept_away = not_eligible({paper.exam for paper in papers}) if papers else {}
    for paper in papers:
        for person, why in kept_away.get(paper.exam, {}).items():
            found[paper.evaluation].setdefault(person, why)
    return found


def marked_before(papers: Collection[UUID]) -> Iterable[tuple[UUID, UUID]]:
    """Of papers that are marked anew, each with whoever gave marks for the same attempt, on whichever evaluation of it;
    what a teacher gave on the re-mark, or the second marking, itself is its own work. One query, none for no papers."""
    if not papers:
        return []
    given = MarkEvent.objects.filter(evaluation__attempt__evaluations__in=papers).order_by()
    rows = given.values_list("evaluation__attempt__evaluations", "actor_id", "evaluation_id", "evaluation__role")
    of_paper = EvaluationRole.RECORD
    return [(paper, actor) for paper, actor, on, role in rows.distinct() if paper != on or role == of_paper]


def open_to(rows: QuerySet[Evaluation], teacher: User) -> QuerySet[Evaluation]:
    """Those of `rows` that the teacher may mark, seen from the teacher; reads the teacher's family at once."""
    family = kin_of({teacher.pk})[teacher.pk]
    marked = MarkEvent.objects.filter(evaluation__attempt=OuterRef("attempt"), actor=teacher)
    marked = marked.exclude(Q(evaluation=OuterRef("pk")) & ~Q(evaluation__role=EvaluationRole.RECORD))
    rows = rows.exclude(attempt__exam__in=barred_exams(teacher))
    return rows.exclude(attempt__student__in=list(family)).exclude(Q(is_remark=True) & Exists(marked))


def kin_of(people: Collection[UUID]) -> dict[UUID, dict[UUID, str]]:
    """The family of each person."""
    return kin_within(people, _neighbours)


def kin_within(people: Collection[UUID], neighbours: Neighbours) -> dict[UUID, dict[UUID, str]]:
    """Everybody within REACH links of each person: oneself, who is linked directly, and the rest of the family. Pure;
    `neighbours` says who is linked with whom, asked once for each step."""
    kin: dict[UUID, dict[UUID, str]] = {person: {person: Conflict.OWN} for person in people}
    edge = {person: {person} for person in people}
    known: dict[UUID, set[UUID]] = {}
    for step in range(REACH):
        reached = set().union(*edge.values()) if edge else set()
        known |= neighbours(reached - known.keys())
        kind = Conflict.FAMILY if step else Conflict.GUARDIAN
        edge = {
            person: fresh
            for person, outer in edge.items()
            if (fresh := {other for one in outer for other in known[one]} - kin[person].keys())
        }
        for person, fresh in edge.items():
            kin[person] |= dict.fromkeys(fresh, kind)
    return kin


def _neighbours(people: Collection[UUID]) -> dict[UUID, set[UUID]]:
    """Who is linked with each of these people, whichever of them is the guardian. One query, or none for nobody."""
    found: dict[UUID, set[UUID]] = {person: set() for person in people}
    for guardian, student in _links(people) if people else ():
        if guardian in found:
            found[guardian].add(student)
        if student in found:
            found[student].add(guardian)
    return found


def _links(people: Collection[UUID]) -> Iterable[tuple[UUID, UUID]]:
    links = GuardianLink.objects.exclude(state=LinkState.ENDED)
    if len(people) <= BATCH:
        links = links.filter(Q(guardian__in=people) | Q(student__in=people))
    return links.values_list("guardian_id", "student_id").iterator(chunk_size=2000)
