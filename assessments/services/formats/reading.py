"""A strange file is read in a process of its own, with bounded time and memory: `read_apart`."""

from __future__ import annotations

import os
import pickle
import signal
import subprocess
import sys
import tempfile
from decimal import Decimal
from pathlib import Path
from typing import Any

import structlog
from django.apps import apps
from django.conf import settings
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from assessments.services.content_schema import OptionContent, PartContent, QuestionContent, StepContent
from assessments.services.formats.items import FormatError, ImportedItem, ParsedFile, Picture, Skipped
from assessments.services.formats.reader import NO_MEMORY

log = structlog.get_logger(__name__)

PROGRAM = "from assessments.services.formats.reader import main; main()"
READ_SECONDS = 120
#: What the interpreter itself needs of the environment; keys and passwords stay here.
ENVIRONMENT = (
    "PATH", "LD_LIBRARY_PATH", "LANG", "LC_ALL", "TMPDIR",
    "PYTHONPATH", "PYTHONPYCACHEPREFIX", "PYTHONDONTWRITEBYTECODE",
)  # fmt: skip
#: All that may come back from the other process: values, no behaviour.
KNOWN = (ParsedFile, ImportedItem, Skipped, Picture, QuestionContent, OptionContent, PartContent, StepContent, Decimal)
ALLOWED = {(one.__module__, one.__qualname__): one for one in KNOWN}


def read_apart(data: bytes, file_name: str = "", *, seconds: int = READ_SECONDS) -> ParsedFile:
    """What `importing.read_file` reads. Raises FormatError also when that takes too long or too much memory, or ends
    without an answer."""
    with tempfile.TemporaryFile() as source, tempfile.TemporaryFile() as answer:
        source.write(data)
        source.seek(0)
        command = [sys.executable, "-c", PROGRAM, str(seconds), file_name[:200], *_language()]
        try:
            # Our own interpreter and module; the name of the file is an argument, never a command.
            done = subprocess.run(  # noqa: S603
                command,
                stdin=source,
                stdout=answer,
                stderr=subprocess.DEVNULL,
                # A busy machine may be slow; a stuck reader may not wait for ever.
                timeout=2 * seconds + 30,
                check=False,
                cwd=settings.BASE_DIR,
                env=_environment(),
            )
        except subprocess.TimeoutExpired as error:
            raise _too_much(seconds) from error
        answer.seek(0)
        try:
            found = _Values(answer).load() if done.returncode == 0 else None
        except (pickle.UnpicklingError, EOFError, AttributeError, TypeError, ValueError) as error:
            raise _broken() from error
    if isinstance(found, ParsedFile):
        return found
    if isinstance(found, str):
        raise FormatError(found)
    # Beyond its time the kernel ends it by one of these, and so does a machine that is out of memory.
    if done.returncode in (-signal.SIGXCPU, -signal.SIGKILL, NO_MEMORY):
        raise _too_much(seconds)
    log.error("question_file_reader_failed", returncode=done.returncode)
    raise _broken()


def _environment() -> dict[str, str]:
    return {name: os.environ[name] for name in ENVIRONMENT if name in os.environ} | {"MALLOC_ARENA_MAX": "1"}


def _language() -> list[str]:
    """The language of the person, and where this project keeps its translations."""
    own = [Path(app.path) / "locale" for app in apps.get_app_configs() if Path(app.path).parent == settings.BASE_DIR]
    folders = [*(folder for folder in own if folder.is_dir()), *settings.LOCALE_PATHS]
    return [get_language() or settings.LANGUAGE_CODE, *map(str, folders)]


def _broken() -> FormatError:
    return FormatError(_("This file cannot be read: reading it broke off. Save it anew, or in another format."))


def _too_much(seconds: int) -> FormatError:
    return FormatError(
        _("Reading this file takes more than %s seconds or too much memory. Split it into smaller files.") % seconds
    )


class _Values(pickle.Unpickler):
    def find_class(self, module: str, name: str) -> Any:
        if (module, name) in ALLOWED:
            return ALLOWED[module, name]
        raise pickle.UnpicklingError(f"{module}.{name} is no value of a file")
