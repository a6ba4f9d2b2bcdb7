"""Static files: styles minified, names hashed, gzip beside them, and nothing else kept."""

import re
from collections.abc import Iterator
from typing import Any

from django.core.files.base import ContentFile
from whitenoise.storage import CompressedManifestStaticFilesStorage

STRING = r"""("(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*')"""
BLANKS = re.compile(rf"{STRING}|(?:/\*.*?\*/|\s)+", re.DOTALL)
# The space of `--empty: ;` is its value.
AROUND = re.compile(rf"{STRING}|(?:(?<!:) )?([{{}};,]) ?")
AFTER_COLON = re.compile(rf"{STRING}|: (?![;}}])")


def minify(css: str) -> str:
    """The same rules without comments and without the white space that can never matter.

    The space before a colon stays: `.a :is(b)` is not `.a:is(b)`.
    """
    css = BLANKS.sub(lambda found: found[1] or " ", css)
    css = AROUND.sub(lambda found: found[1] or found[2], css)
    css = AFTER_COLON.sub(lambda found: found[1] or ":", css)
    return css.replace(";}", "}").strip()


class MinifiedStyles:
    """The files of `storage` with styles minified; what collecting reads the originals through."""

    def __init__(self, storage: Any) -> None:
        self.storage = storage

    def open(self, path: str) -> "ContentFile[bytes]":
        with self.storage.open(path) as original:
            return ContentFile(minify(original.read().decode()).encode(), name=path)


class HashedStaticFilesStorage(CompressedManifestStaticFilesStorage):  # type: ignore[misc]
    """Also rewrites what our ES modules import from each other, so every script has one address, cached for ever."""

    patterns = (
        *CompressedManifestStaticFilesStorage.patterns,
        ("*.webmanifest", ((r'(?P<matched>"src": "(?P<url>[^"]+)")', '"src": "%(url)s"'),)),
    )
    support_js_module_import_aggregation = True
    # Only our own modules: files of packages may import what only a bundler would find.
    _js_module_import_aggregation_patterns = (
        "js/*.js",
        CompressedManifestStaticFilesStorage._js_module_import_aggregation_patterns[1],
    )

    def post_process(self, paths: dict[str, Any], dry_run: bool = False, **options: Any) -> Iterator[Any]:
        """Minifies, hashes and compresses what was collected; `paths` maps names to (storage, path)."""
        read = {
            name: (MinifiedStyles(storage) if name.endswith(".css") else storage, path)
            for name, (storage, path) in paths.items()
        }
        yield from super().post_process(read, dry_run, **options)
