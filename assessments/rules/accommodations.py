"""Who may see what a student is granted: the student and staff. Nobody who marks, nobody who sits beside them."""

from __future__ import annotations

import rules

from accounts.rules import is_office, never, owns

rules.add_perm("assessments.view_accommodation", owns("student_id") | is_office)
for verb in ("add", "change"):
    rules.add_perm(f"assessments.{verb}_accommodation", is_office)
rules.add_perm("assessments.delete_accommodation", never)
