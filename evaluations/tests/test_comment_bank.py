"""What a teacher writes again joins their bank and is counted."""

from evaluations.models import BankComment
from evaluations.services.comment_bank import LONGEST, note_uses


def bank(owner) -> dict[str, int]:
    return dict(BankComment.objects.filter(owner=owner).values_list("text", "uses"))


def test_uses_are_counted_per_teacher(cast):
    note_uses(owner=cast.teacher, texts=["Units?", "Show the substitution", " Units? "])
    note_uses(owner=cast.teacher, texts=["Units?"])
    note_uses(owner=cast.colleague, texts=["Units?"])
    assert bank(cast.teacher) == {"Units?": 3, "Show the substitution": 1}
    assert bank(cast.colleague) == {"Units?": 1}


def test_empty_and_long_remarks_stay_out(cast):
    note_uses(owner=cast.teacher, texts=["", "   ", "x" * (LONGEST + 1)])
    assert bank(cast.teacher) == {}
