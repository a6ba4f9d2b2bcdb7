"""What the teacher, the colleague and the newcomer earned."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

from django.db.models import Model

from evaluations.models import Earning, PayMonth, RateCard, Statement
from evaluations.tests.builders import evaluation_of, hand_in
from tests import factories
from tests.factories import NOW


def samples(cast: Any) -> dict[type[Model], list[Model]]:
    month = PayMonth.objects.create(first=date(2026, 1, 1))
    teachers = (cast.teacher, cast.colleague, cast.newcomer)
    exams = [factories.ExamFactory(for_cohorts=[cast.cohort]) for _ in teachers]
    papers = [
        evaluation_of(hand_in(exam, cast.student), teacher=teacher, state="released", finalised_at=NOW)
        for exam, teacher in zip(exams, teachers, strict=True)
    ]
    facts = {"month": month, "currency": "INR"}
    return {
        PayMonth: [month],
        RateCard: [RateCard.objects.create(amount=Decimal(20), unit="paper", valid_from=month.first)],
        Earning: [
            Earning.objects.create(
                evaluation=one, teacher=one.teacher, kind="first", amount=Decimal(20), finished_at=NOW, at=NOW, **facts
            )
            for one in papers
        ],
        Statement: [
            Statement.objects.create(number=number, teacher=one, papers=1, total=Decimal(20), **facts)
            for number, one in enumerate(teachers, start=1)
        ],
    }
