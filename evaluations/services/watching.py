"""What happens when a marker leaves the limits of their control chart: staff are told, or the marker is paused."""

from __future__ import annotations

from datetime import datetime

from accounts.models import User
from evaluations.enums import ChartAction
from evaluations.models import ExamChecks
from evaluations.selectors.marker_charts import marker_charts, words_of
from evaluations.services.calibration_news import tell_staff_drift
from evaluations.services.standings import lock_standing, pause


def watch_marker(*, checks: ExamChecks, teacher: User, now: datetime) -> bool:
    """After a seeded script: whether the marker is out of the limits. Told once for each paper that shows it; paused
    once. Call it in the transaction that finished the script."""
    if checks.chart == ChartAction.OFF:
        return False
    chart = marker_charts(checks, [teacher.pk]).get(teacher.pk)
    if chart is None or not chart.signals:
        return False
    standing = lock_standing(checks, teacher, now)
    if standing.paused_at is not None:
        return True
    why, cause = words_of(chart.signals), f"chart:{checks.pk}:{teacher.pk}:{chart.last}"
    is_paused = checks.chart == ChartAction.PAUSE
    if is_paused:
        pause(standing, actor=None, reason=why, cause=cause, now=now)
    tell_staff_drift(checks, teacher, why, cause, is_paused, now)
    return True
