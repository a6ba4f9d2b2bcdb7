"""A marked paper as PDF: first what it is and what it won, then every page with the red ink of the screen.

The libraries behind it take a second and 60 MB to load, so that a process loads them with the first paper.
"""

from dataclasses import dataclass
from datetime import datetime

from evaluations.selectors.marked_papers import MarkedDocument, Retake


@dataclass(frozen=True)
class MadeFile:
    data: bytes
    pages: int


def draw_marked_paper(document: MarkedDocument, retakes: list[Retake], *, now: datetime) -> MadeFile:
    """In the language and the zone that are active. Reads the pages' images, raises what their storage raises."""
    from evaluations.services.marked_pdf.drawing import draw

    return draw(document, retakes, now=now)
