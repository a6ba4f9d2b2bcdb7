"""Who sat what in the demonstration, and how far their papers have come. Every sitting is one transaction."""

from __future__ import annotations

import hashlib
import random
import zlib
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID, uuid5

from django.db import transaction
from django.utils import timezone

from accounts.models import User
from assessments.models import Attempt, Exam, PaperQuestion, SheetPage
from assessments.services.attempts import save_response, start_attempt, submit_attempt
from assessments.services.sheets import announce_sheet, confirm_sheets, incoming_key, receive_sheet
from common.storage import sheet_storage
from config.demo import cast
from config.demo.exams import MOCKS, REAL_NUMBERS, WEEKLY
from config.demo.people import find_person
from config.demo.red_ink import mark_script
from config.demo.scripts import Script
from evaluations.models import Evaluation
from evaluations.services.assignment import reassign_evaluations
from evaluations.services.breaches import scan_breaches
from evaluations.services.claims import claim_evaluation
from evaluations.services.finishing import finalise_evaluation, return_evaluation
from evaluations.services.opening import open_evaluation
from notifications.enums import MailState
from notifications.models import Notification
from notifications.services.inbox import mark_read

NAMES = UUID("6f0c0f4e-52a8-4c63-9d0e-6f1f1f0d7a11")
# How far a sitting has come, in order.
SITTING, SENDING, WAITING, MARKING, RETURNED, DONE = range(6)
HOURS = timedelta(hours=1)
MINUTES = timedelta(minutes=1)
SHEET_SECONDS = timedelta(seconds=40)
# A finished sitting of a past day begins so long after the exam opens (at 09:00).
AFTERNOON = 7 * HOURS
UNREAD = 2
QUIZ_TAKES = 6 * MINUTES


@dataclass(frozen=True)
class Sitting:
    """One attempt. `strength` 0..1; `starts` counts from now, None is the afternoon of the exam's day.

    `teacher`: who must have the paper ("" whoever gets it). `breached`: the scan has run since it was due.
    """

    exam: str
    student: str
    strength: float
    stage: int = DONE
    starts: timedelta | None = None
    teacher: str = ""
    breached: bool = False
    photo: bool = False
    rich: bool = False

    @property
    def seed(self) -> int:
        return zlib.crc32(f"{self.exam} {self.student}".encode())


def _ago(hours: float) -> timedelta:
    return -timedelta(hours=hours)


def _past_papers() -> list[Sitting]:
    """The year of student@: nine weekly tests and two full mocks, better every time; and classmates in the last one."""
    days = sorted([(ago, f"Weekly test {n}") for n, ago in WEEKLY.items()], reverse=True)
    days = sorted([*days, *((ago, f"Maths mock {n}") for n, ago in MOCKS.items())], reverse=True)
    markers = ("teacher", "anita.desai", "farida.sheikh")
    found = []
    for place, (ago, title) in enumerate(days):
        full = title.startswith("Maths")
        teacher = "teacher" if full or ago < 20 else markers[place % 3]
        strength = 0.3 + 0.6 * place / (len(days) - 1)
        found.append(Sitting(title, "student", strength, teacher=teacher, photo=full or ago < 20, rich=full))
    classmates = (("arjun.nair", 0.55), ("rohan.gupta", 0.7), ("harpreet.kaur", 0.9), ("joseph.dsouza", 0.35))
    found += [
        Sitting("Weekly test 9", key, strength, teacher=("teacher", "anita.desai")[place % 2])
        for place, (key, strength) in enumerate(classmates)
    ]
    return found


SITTINGS = [
    *_past_papers(),
    Sitting("Weekly test 10", "farhan.ali", 0.4, WAITING, _ago(6 * 24), "anita.desai", breached=True),
    Sitting("Surprise test", "zoya.khan", 0.75, starts=_ago(33), teacher="teacher"),
    Sitting("Surprise test", "nandini.reddy", 0.5, starts=_ago(32), teacher="teacher"),
    Sitting("Half-term test", "sahil.jadhav", 0.4, RETURNED, _ago(27), "teacher"),
    Sitting("Half-term test", "tenzin.dorje", 0.6, WAITING, _ago(21), "teacher", photo=True),
    Sitting("Half-term test", "student", 0.85, MARKING, _ago(6), "teacher", photo=True, rich=True),
    Sitting("Weekly test 10", "ishaan.mehta", 0.7, WAITING, _ago(3.5), "anita.desai"),
    Sitting("Weekly test 10", "ananya.rao", 0.8, WAITING, _ago(2.5)),
    Sitting("Half-term test", "priya.das", 0.5, SENDING, -75 * MINUTES),
    Sitting("Maths mock 3", "rohan.gupta", 0.7, SITTING, -40 * MINUTES),
    Sitting(REAL_NUMBERS, "student", 0.6, starts=_ago(26)),
    Sitting("Quick practice: 9 questions", "karan.singh", 0.6, SITTING, -8 * MINUTES),
]


def start_of(sitting: Sitting, exam: Exam, now: datetime) -> datetime:
    late = timedelta(seconds=sitting.seed % 1500)
    return exam.opens_at + AFTERNOON + late if sitting.starts is None else now + sitting.starts


def seat(
    *, sitting: Sitting, exam: Exam, script: Script | None, sheets: list[tuple[bytes, list[int]]], now: datetime
) -> Attempt:
    """Makes one attempt through the services, as if everything had happened at its time."""
    student, start = find_person(sitting.student), start_of(sitting, exam, now)
    with transaction.atomic():
        attempt = start_attempt(exam=exam, student=student, now=start)
        ended = start + (QUIZ_TAKES if exam.is_quiz else (attempt.ends_at - start) * 0.87)
        _answer(attempt, sitting, upto=min(ended, now - MINUTES))
        if sitting.stage > SITTING and (exam.is_quiz or script is not None):
            submit_attempt(attempt=attempt, actor=student, now=ended)
        if sitting.stage > SITTING and script is not None:
            handed_in = _send(attempt, sitting, script, sheets, begins=ended)
            if sitting.stage > SENDING:
                evaluation = open_evaluation(attempt_id=attempt.pk, now=handed_in + timedelta(seconds=2))
                assert evaluation is not None  # there are pages and written questions
                _mark(evaluation, sitting, script, now=now)
        settle_notifications(now=now)
    return attempt


def _answer(attempt: Attempt, sitting: Sitting, *, upto: datetime) -> None:
    """Saves the objective answers, evenly over the time; one who is still writing has done about half."""
    rng, pauses = random.Random(f"answers {sitting.seed}"), random.Random(f"times {sitting.seed}")
    rows = list(PaperQuestion.objects.filter(paper=attempt.paper_id, is_written=False).select_related("version"))
    rows = rows if sitting.stage > SITTING else rows[: max(3, len(rows) // 2)]
    pace = (upto - attempt.started_at) / (len(rows) + 1)
    for place, row in enumerate(rows, start=1):
        if rng.random() < 0.05 * (1 - sitting.strength):
            continue
        right = row.version.answer["choices"]
        labels = [option["label"] for option in row.version.options]
        wrong = [label for label in labels if label not in right]
        chosen = right if rng.random() < 0.35 + 0.62 * sitting.strength else [rng.choice(wrong)]
        save_response(
            attempt=attempt,
            question_id=row.pk,
            seq=place,
            answer={"choices": chosen},
            marked_for_review=True if rng.random() < 0.06 else None,
            seconds=min(int(pauses.lognormvariate(4.2, 0.5)), int(pace.total_seconds())),
            actor=attempt.student,
            now=attempt.started_at + pace * place,
        )


def _send(
    attempt: Attempt, sitting: Sitting, script: Script, sheets: list[tuple[bytes, list[int]]], *, begins: datetime
) -> datetime:
    """Sends the pages and hands in; one who is still sending has announced the last page but not sent it."""
    student, storage, tags, at = attempt.student, sheet_storage(), {}, begins
    for number, (jpeg, questions) in enumerate(sheets, start=1):
        at += SHEET_SECONDS
        client_id = uuid5(NAMES, f"{attempt.pk} {number}")
        upload, _target = announce_sheet(
            attempt=attempt,
            client_id=client_id,
            page_number=number,
            sha256=hashlib.sha256(jpeg).hexdigest(),
            size=len(jpeg),
            content_type="image/jpeg",
            actor=student,
            now=at,
        )
        if sitting.stage == SENDING and number == len(sheets):
            return at
        storage.put_bytes(incoming_key(upload), jpeg, "image/jpeg")
        upload.attempt = attempt
        receive_sheet(upload=upload, actor=student, now=at)
        storage.delete(incoming_key(upload))
        tags[client_id] = questions
    at += SHEET_SECONDS
    confirm_sheets(attempt=attempt, pages=tags, not_attempted=list(script.skipped), actor=student, now=at)
    return at


def _mark(evaluation: Evaluation, sitting: Sitting, script: Script, *, now: datetime) -> None:
    given = evaluation.submitted_at + 5 * MINUTES
    wanted = find_person(sitting.teacher) if sitting.teacher else None
    if wanted is not None and evaluation.teacher_id != wanted.pk:
        reassign_evaluations(
            evaluations=[evaluation],
            teacher=wanted,
            actor=find_person(cast.STAFF[0]),
            reason="Shares the week's papers evenly",
            now=given,
        )
        evaluation.refresh_from_db()
    if sitting.breached:
        scan_breaches(now=evaluation.due_at + 10 * MINUTES)
    if sitting.stage == WAITING or wanted is None:
        return
    if sitting.stage == MARKING:
        claim_evaluation(evaluation=evaluation, teacher=wanted, now=now - 9 * MINUTES)
        _mark_pages(evaluation, sitting, script, wanted, begins=now - 9 * MINUTES, ends=now - timedelta(seconds=20))
        return
    begins = _working_moment(evaluation, sitting, now)
    claim_evaluation(evaluation=evaluation, teacher=wanted, now=begins)
    if sitting.stage == RETURNED:
        reason = "Pages 2 and 3 are cut off at the edge. Please photograph them again in daylight."
        return_evaluation(evaluation=evaluation, actor=wanted, reason=reason, now=begins + 3 * MINUTES)
        return
    at = _mark_pages(evaluation, sitting, script, wanted, begins=begins)
    finalise_evaluation(evaluation=evaluation, actor=wanted, now=at + MINUTES)


def _mark_pages(
    evaluation: Evaluation,
    sitting: Sitting,
    script: Script,
    teacher: User,
    *,
    begins: datetime,
    ends: datetime | None = None,
) -> datetime:
    pages = SheetPage.objects.filter(upload__attempt=evaluation.attempt_id).order_by("upload__page_number")
    return mark_script(
        evaluation=evaluation,
        script=script,
        pages=list(pages.values_list("pk", flat=True)),
        teacher=teacher,
        begins=begins,
        rich=sitting.rich,
        share=0.5 if ends else 1.0,
        ends=ends,
    )


def _working_moment(evaluation: Evaluation, sitting: Sitting, now: datetime) -> datetime:
    """When the teacher takes the paper up: in working hours where the promise allows it, never after it, never later
    than two hours ago."""
    handed_in = evaluation.submitted_at
    until = min(evaluation.due_at, now) - 2 * HOURS
    share = 0.2 + (sitting.seed % 100) / 200
    moment = handed_in + max(until - handed_in, 20 * MINUTES) * share
    local = timezone.localtime(moment)
    if not 9 <= local.hour < 18:
        day = local if local.hour < 9 else local + timedelta(days=1)
        morning = day.replace(hour=10, minute=sitting.seed % 60)
        moment = morning if handed_in < morning < until else moment
    return moment


def settle_notifications(*, now: datetime) -> None:
    """Nobody of the demonstration has a mailbox, and of their messages all but the newest two have been read."""
    rows = Notification.objects.filter(user__email__endswith=f"@{cast.DOMAIN}")
    rows.filter(mail_state=MailState.WAITING).update(mail_state=MailState.NONE, mail_after=None)
    for user in User.objects.filter(pk__in=rows.unread().values("user")):
        older = list(rows.filter(user=user).order_by("-created_at", "-id")[UNREAD:])
        unread = [row for row in older if row.read_at is None]
        if unread:
            latest = max(row.created_at for row in unread)
            mark_read(user=user, ids=[row.pk for row in unread], now=min(now, latest + 30 * MINUTES))
