"""Sample rows of accommodations: of every student, for every exam and for one, standing and withdrawn."""

from django.db import models

from assessments.models import Accommodation
from tests import factories
from tests.cast import Cast


def samples(cast: Cast) -> dict[type[models.Model], list[models.Model]]:
    rows = [
        factories.AccommodationFactory(student=student, exam=exam, large_print=True, withdrawn_at=withdrawn)
        for student in (cast.student, cast.classmate, cast.outsider)
        for exam, withdrawn in ((None, None), (cast.exam, None), (cast.exam, factories.NOW))
    ]
    return {Accommodation: rows}
