"""Runs functions of our pure ES modules in the V8 that sets formulas too; pictures may be among the arguments."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from django.conf import settings
from PIL import Image
from py_mini_racer import MiniRacer

READ = "const read = (w, h, s) => ({width: w, height: h, data: Uint8ClampedArray.from(s, (c) => c.charCodeAt(0))});"
Ask = Callable[..., Any]


def engine_of(module: str) -> Ask:
    """`ask(name, *arguments)` calls an exported function of static/js/`module`; arguments are JSON or pictures."""
    source = (Path(settings.BASE_DIR) / "static/js" / module).read_text(encoding="utf-8")
    engine = MiniRacer()
    engine.eval(source.replace("export ", "") + READ)

    def ask(name: str, *arguments: Any) -> Any:
        said = ", ".join(_picture(one) if isinstance(one, Image.Image) else json.dumps(one) for one in arguments)
        return json.loads(engine.eval(f"JSON.stringify({name}({said}))"))

    return ask


def _picture(image: Image.Image) -> str:
    return f"read({image.width}, {image.height}, {json.dumps(image.convert('RGBA').tobytes().decode('latin-1'))})"
