"""What people write in a room: the safe Markdown of the house, without pictures, with links where the room allows."""

from __future__ import annotations

import re

from django.utils.translation import gettext as _

from common.content import render_content
from courses.enums import RoomLinks, RoomSide
from courses.models import Room
from courses.services.rooms.access import RoomError

LONGEST = 2000
LONGEST_NEWS = 8000
LONGEST_TITLE = 160
#: Addresses, also those that are not marked as links.
ADDRESS = re.compile(r"(?i)<a\s|\b(?:https?://|www\.)|\b[\w.+-]+@[\w-]+\.\w")


def rendered(source: str, *, room: Room, side: str, longest: int = LONGEST) -> tuple[str, str]:
    """The words without spaces around them and as HTML. Raises RoomError and ContentError with a sentence."""
    words = source.strip().replace("\r\n", "\n").replace("\x00", "")
    if not words:
        raise RoomError(_("Write something first."), "empty")
    if len(words) > longest:
        raise RoomError(
            _("This is too long: %(n)d characters, and %(most)d is the most.") % {"n": len(words), "most": longest},
            "too_long",
        )
    html = render_content(words).html
    if "<img" in html:
        raise RoomError(_("Pictures cannot be shown here."), "no_pictures")
    if room.links == RoomLinks.TEACHERS and side == RoomSide.STUDENT and ADDRESS.search(words + html):
        raise RoomError(_("Links and e-mail addresses are posted by teachers only here."), "no_links")
    return words, html


def titled(text: str) -> str:
    """One line. Raises RoomError when it is empty or too long."""
    line = " ".join(text.split())
    if not line:
        raise RoomError(_("Write the question in one line first."), "no_title")
    if len(line) > LONGEST_TITLE:
        raise RoomError(
            _("The line is too long: %(most)d characters is the most.") % {"most": LONGEST_TITLE}, "too_long"
        )
    return line
