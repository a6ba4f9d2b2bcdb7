"""Reading certificates."""

from __future__ import annotations

import re
from typing import Any

from django.db.models import Q, QuerySet

from accounts.selectors import guardian_students
from courses.models import Certificate

#: How people misread what is printed.
MISREAD = str.maketrans("OIL", "011")


def certificates_of(user: Any) -> QuerySet[Certificate]:
    """Standing ones of `user` and of the students they look after, newest first, with their students."""
    mine = Q(completion__enrolment__student=user)
    looked_after = Q(completion__enrolment__student__in=guardian_students(user).values("pk"))
    return (
        Certificate.objects.standing()
        .filter(mine | looked_after)
        .select_related("completion__enrolment__student")
        .order_by("-issued_at", "-pk")
    )


def plain_code(text: str) -> str:
    """A code as it is kept, however it was typed."""
    return re.sub(r"[\s-]", "", text).upper().translate(MISREAD)[:40]


def certificate_of_code(code: str) -> Certificate | None:
    """Revoked ones too."""
    return Certificate.objects.filter(code=plain_code(code)).first()
