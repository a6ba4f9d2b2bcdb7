"""The program of the process that reads a strange file; `reading.read_apart` starts it.

It knows formats and languages and nothing else: no apps, no models, no database and no secrets, so it starts in a
quarter of the time that all of Django takes.
"""

from __future__ import annotations

import os
import pickle
import resource
import sys

from django.apps import apps
from django.conf import settings
from django.utils import translation

READ_MEMORY = 2 * 1024**3
#: How the process ends that wanted more.
NO_MEMORY = 77


def prepare(language: str, locales: list[str]) -> None:
    """As much of Django as the formats need, in the language of the person."""
    settings.configure(USE_I18N=True, LOCALE_PATHS=locales)
    apps.populate([])
    translation.activate(language)


def main() -> None:
    """Reads the file on standard input; answers a ParsedFile or the sentence why not, pickled.

    Arguments: seconds of processor time, the name of the file, the language of sentences, folders of translations.
    """
    seconds, file_name, language, *locales = sys.argv[1:]
    prepare(language, locales)
    # Only now, since enumerations are made of Django's, which ask for settings.
    from assessments.services.formats.items import FormatError, ParsedFile
    from assessments.services.formats.recognition import read_file

    resource.setrlimit(resource.RLIMIT_CPU, (int(seconds), int(seconds)))
    resource.setrlimit(resource.RLIMIT_AS, (READ_MEMORY, READ_MEMORY))
    found: ParsedFile | str
    try:
        found = read_file(sys.stdin.buffer.read(), file_name)
    except FormatError as error:
        found = error.message
    except MemoryError:
        os._exit(NO_MEMORY)
    pickle.dump(found, sys.stdout.buffer)
