"""Links that students hand in. Pure: an address is kept as it is written; we never ask it ourselves."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from django.utils.translation import gettext as _

from common.errors import DomainError

MOST_LETTERS = 500


def checked_link(text: str) -> str:
    """An https address, or "" for none. Raises DomainError bad_link."""
    link = text.strip()
    if not link:
        return ""
    try:
        parts = urlsplit(link)
        is_usable = parts.scheme == "https" and "." in (parts.hostname or "") and not parts.username
    except ValueError:
        is_usable = False
    if not is_usable or len(link) > MOST_LETTERS or re.search(r"[\s\x00-\x1f<>\"]", link):
        raise DomainError(_("A link begins with https:// and has no spaces."), "bad_link")
    return link
