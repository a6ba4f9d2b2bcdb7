"""Which questions of an exam one teacher marks on every paper, as staff set it."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from accounts.models import User
from accounts.services.office import save_row
from assessments.models import Exam, PaperQuestion
from common.errors import DomainError
from evaluations.models import MarkingGroup

MOST = 200
SPAN = re.compile(r"^(\d{1,3})(?:\s*[-–]\s*(\d{1,3}))?$")


class GroupError(DomainError):
    """The questions cannot be marked together so."""


def read_numbers(text: str) -> list[int]:
    """21-25, 31 → [21, 22, 23, 24, 25, 31]. Raises GroupError, saying what is wrong."""
    numbers: set[int] = set()
    for part in filter(None, (piece.strip() for piece in text.split(","))):
        found = SPAN.match(part)
        first, last = (int(found[1]), int(found[2] or found[1])) if found else (0, 0)
        if not 0 < first <= last <= MOST:
            raise GroupError(_("“%s” is no question number. Write 21–25, 31.") % part[:20], "bad_numbers")
        numbers |= set(range(first, last + 1))
    if not numbers:
        raise GroupError(_("Which questions? Write 21–25, 31."), "bad_numbers")
    return sorted(numbers)


def check_group(*, group: MarkingGroup, exam: Exam, numbers: Collection[int]) -> list[MarkingGroup]:
    """Whether these numbers of the exam can be marked together. Returns the groups that give way: those that a paper
    made for one number alone and that nobody set.

    Raises GroupError when a number is in another group, or is no written question of the exam's paper.
    """
    wanted = set(numbers)
    if exam.paper_id is not None:
        written = PaperQuestion.objects.filter(paper=exam.paper_id, is_written=True, number__in=wanted)
        unknown = sorted(wanted - set(written.values_list("number", flat=True)))
        if unknown:
            raise GroupError(_("Not a written question of this paper: %s.") % unknown[0], "unknown_question")
    others = MarkingGroup.objects.filter(exam=exam).exclude(pk=group.pk).prefetch_related("teachers")
    met = [other for other in others if wanted.intersection(other.numbers)]
    for other in met:
        if len(other.numbers) > 1 or other.teachers.all():
            shared = min(wanted.intersection(other.numbers))
            raise GroupError(_("Question %s is in another group of this exam.") % shared, "in_another_group")
    return met


def save_group(
    *, group: MarkingGroup, numbers: Collection[int], teachers: Collection[User], actor: User, now: datetime
) -> MarkingGroup:
    """Saves a new or changed group. Papers that are with teachers already stay as they were divided. Audited.

    Raises what check_group does.
    """
    with transaction.atomic():
        exam = Exam.objects.select_for_update(of=("self",)).get(pk=group.exam_id)
        for other in check_group(group=group, exam=exam, numbers=numbers):
            # Shares that were made from it keep it; it gets no new ones.
            other.numbers, other.first_number = [], None
            other.save(update_fields=["numbers", "first_number"])
        known = MarkingGroup.objects.filter(pk=group.pk).first()
        before = _told(known, known.teachers.all()) if known else {}
        group.numbers, group.first_number = sorted(set(numbers)), min(numbers)
        save_row(row=group, before=before, after=_told(group, teachers), actor=actor, now=now)
        group.teachers.set(teachers)
    return group


def _told(group: MarkingGroup, teachers: Iterable[User]) -> dict[str, object]:
    return {"numbers": list(group.numbers), "teachers": sorted(str(teacher.pk) for teacher in teachers)}
