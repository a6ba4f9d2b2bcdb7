from django.db import models
from django.utils.translation import gettext_lazy as _


class CohortRole(models.TextChoices):
    STUDENT = "student", _("Student")
    TEACHER = "teacher", _("Teacher")
