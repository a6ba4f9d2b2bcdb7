"""Item statistics count first attempts only: what repeats have added so far is taken out by the next count."""

from django.db import migrations
from django.db.models import Exists, OuterRef, Q

COUNTED_STATES = ("submitted", "handed_in")


def note_repeats(apps, schema_editor):
    """One statement; running it again notes nothing that counts."""
    Attempt = apps.get_model("assessments", "Attempt")
    MarkedAttempt = apps.get_model("assessments", "MarkedAttempt")
    before = Q(started_at__lt=OuterRef("started_at")) | Q(started_at=OuterRef("started_at"), pk__lt=OuterRef("pk"))
    earlier = Attempt.objects.filter(
        before, student=OuterRef("student"), exam=OuterRef("exam"), state__in=COUNTED_STATES
    ).order_by()
    repeats = Attempt.objects.filter(Exists(earlier), state__in=COUNTED_STATES).order_by()
    MarkedAttempt.objects.filter(attempt__in=repeats.values("pk")).update(is_due=True)


class Migration(migrations.Migration):
    dependencies = [("assessments", "0032_time_on_questions")]

    operations = [migrations.RunPython(note_repeats, migrations.RunPython.noop, elidable=True)]
