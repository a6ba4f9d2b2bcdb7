"""Who may see what a student is granted: the student, their guardians and staff. No markers."""

from __future__ import annotations

import rules

from accounts.rules import guards, is_office, never, owns

rules.add_perm("assessments.view_accommodation", owns("student_id") | guards("student_id") | is_office)
for verb in ("add", "change"):
    rules.add_perm(f"assessments.{verb}_accommodation", is_office)
rules.add_perm("assessments.delete_accommodation", never)
