"""Who may see files of questions on their way into the bank: whoever brought them."""

from __future__ import annotations

from typing import Any

import rules

from assessments.models import QuestionImport, QuestionImportRow


@rules.predicate
def brought_it(user: Any, obj: QuestionImport | QuestionImportRow | None) -> bool:
    if obj is None or not user.is_authenticated:
        return False
    source = obj.source if isinstance(obj, QuestionImportRow) else obj
    return bool(source.author_id == user.pk)


for name in ("questionimport", "questionimportrow"):
    rules.add_perm(f"assessments.view_{name}", brought_it)
    for verb in ("add", "change", "delete"):
        rules.add_perm(f"assessments.{verb}_{name}", rules.always_deny)
