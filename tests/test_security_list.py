"""Every test that docs/security.md names as proof exists."""

import re
from pathlib import Path

HERE = Path(__file__).parent.parent
NAMED = re.compile(r"`([\w/]+\.py)::(\w+)`")


def test_every_named_test_exists() -> None:
    named = NAMED.findall((HERE / "docs" / "security.md").read_text())
    assert len(named) > 40
    missing = [f"{path}::{name}" for path, name in named if f"def {name}(" not in (HERE / path).read_text()]
    assert not missing
