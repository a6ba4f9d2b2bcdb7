"""One order may grant several courses: what makes a grant for a course one of a kind is the course, too."""

from django.db import migrations, models

from common.online_indexes import AddConstraintOnline


class Migration(migrations.Migration):
    atomic = False

    dependencies = [("accounts", "0009_course_access")]

    # Both hold for every row that the stricter one before them let in.
    operations = [
        AddConstraintOnline(
            model_name="entitlement",
            constraint=models.UniqueConstraint(
                condition=models.Q(("feature", "course.access"), _negated=True),
                fields=("user", "feature", "source", "starts_at"),
                name="entitlement_once",
            ),
        ),
        AddConstraintOnline(
            model_name="entitlement",
            constraint=models.UniqueConstraint(
                condition=models.Q(("feature", "course.access")),
                fields=("user", "value", "source", "starts_at"),
                name="entitlement_course_once",
            ),
        ),
        migrations.RemoveConstraint(model_name="entitlement", name="entitlement_unique"),
    ]
