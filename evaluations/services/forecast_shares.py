"""What the play expects of each teacher with the papers they have. Pure arithmetic over `forecast`."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from evaluations.services.forecast import Marker, OpenTime, Outlook, Waiting


@dataclass(frozen=True)
class Share:
    """The papers that a teacher has. `work`: their mean seconds at the teacher's speed. `free`: seconds of marking that
    the teacher has until the last of them is due. `done_at`: by when all are done in four of five plays; None where
    there are none, or not all can be. `late`: how many come late on average."""

    marker: UUID
    papers: int
    work: float
    free: float
    last_due_at: datetime | None
    done_at: datetime | None
    late: float

    @property
    def load(self) -> float | None:
        """Work over time for it: over 1 not all can be in time. None where there is no time."""
        return self.work / self.free if self.free else None


def share_of_each(
    papers: Sequence[Waiting], outlooks: Mapping[UUID, Outlook], markers: Collection[Marker], *, now: datetime
) -> list[Share]:
    """One for every marker, in the order of their ids; what nobody has yet is nobody's."""
    theirs: dict[UUID, list[Waiting]] = defaultdict(list)
    for paper in papers:
        if paper.marker is not None:
            theirs[paper.marker].append(paper)
    return [
        share_of(marker, theirs[marker.id], outlooks, now=now) for marker in sorted(markers, key=lambda one: one.id)
    ]


def share_of(marker: Marker, papers: Sequence[Waiting], outlooks: Mapping[UUID, Outlook], *, now: datetime) -> Share:
    """Of one marker with these papers, wherever they are now."""
    ends = [outlooks[paper.id].expected_at for paper in papers]
    last = max((paper.due_at for paper in papers), default=None)
    open_time = OpenTime(marker.spans, now)
    return Share(
        marker=marker.id,
        papers=len(papers),
        work=sum(marker.seconds(paper) for paper in papers),
        free=open_time.passed(max(0.0, (last - now).total_seconds())) * marker.share if last else 0.0,
        last_due_at=last,
        done_at=None if None in ends else max((end for end in ends if end), default=None),
        late=sum(outlooks[paper.id].late_chance for paper in papers),
    )
