"""The rows behind the addresses of tests/law_urls.py: the fixed cast in the middle of its work, at the present time.

The views ask the real clock, so everything here hangs on `timezone.now()` and not on the factories' fixed moment.
"""

from __future__ import annotations

import io
import uuid
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.utils import timezone
from PIL import Image

from accounts.enums import Feature
from accounts.models import Entitlement, GuardianLink, Leave, User
from accounts.services.availability import Span
from accounts.services.entitlements import grant_entitlement
from assessments.enums import (
    AttemptState,
    QuestionState,
    QuestionType,
    ScanPageState,
    ScanReason,
    ScanState,
    SubmitReason,
    UploadState,
)
from assessments.models import (
    Attempt,
    Blueprint,
    Exam,
    ExternalAssessment,
    ImportState,
    Paper,
    PaperQuestion,
    Question,
    QuestionImport,
    QuestionImportRow,
    QuestionPicture,
    Scan,
    ScanFile,
    ScanPage,
    SheetPage,
)
from assessments.services.attempts import save_response, submit_attempt
from assessments.services.hand_in import confirm_sheets
from assessments.services.paper_drafts import draw_draft
from assessments.services.pictures import store_picture
from assessments.services.rehearsals import start_rehearsal
from assessments.tests.external import external_world
from common.storage import sheet_storage
from evaluations.enums import EvaluationRole, EvaluationState, PictureState
from evaluations.models import (
    BookableHours,
    Booking,
    BookingRules,
    CalibrationScript,
    Clarification,
    ClarificationMessage,
    Evaluation,
    ExamChecks,
    ImportedResult,
    MarkEvent,
    PayMonth,
    PictureRequest,
    PracticeRound,
    QuestionMark,
    Statement,
)
from evaluations.services.booking_hours import set_bookable_hours
from evaluations.services.booking_slots import open_slots, slots_profile
from evaluations.services.bookings import book
from evaluations.services.practice import give_script, standing_of
from evaluations.tests import builders
from evaluations.tests.builders import add_page
from evaluations.tests.calibration import marked_record, practise, ready_script
from notifications.enums import NotificationKind
from notifications.models import Notification, WebhookDelivery, WebhookEvent
from notifications.services.stopping import stop_token
from notifications.tests.webhooks import endpoint_of
from tests import factories
from tests.cast import Cast
from tests.course_world import course_ids, course_world
from tests.law_rooms_world import build_room, room_ids
from tests.law_samples.imported import imported_sample
from tests.project_world import project_ids, project_world

__all__ = ["World", "add_page", "build_world"]


@dataclass(frozen=True)
class World:
    """Exams of the student: `open_exam` not begun; one being written; one whose sheets are photographed; one that
    `teacher` is marking; one back with the student. The classmate's paper waits for any teacher."""

    cast: Cast
    now: datetime
    open_exam: Exam
    live: Attempt
    sheets: Attempt
    page: SheetPage
    marking: Evaluation
    released: Evaluation
    waiting: Evaluation
    elsewhere: ExternalAssessment

    def ids(self) -> dict[str, Any]:
        """What the table writes in braces."""
        return room_ids(self.cast) | {
            "open_exam": self.open_exam.pk,
            "live": self.live.pk,
            "live_question": self.live.paper.questions.get(number=1).pk,
            "sheets": self.sheets.pk,
            "client": self.sheets.uploads.get(page_number=1).client_id,
            "unsent": self.sheets.uploads.get(page_number=2).client_id,
            "sheet_page": self.page.pk,
            "marking": self.marking.pk,
            "marking_attempt": self.marking.attempt_id,
            "marking_question": self.marking.attempt.paper.questions.get(number=4).pk,
            "marking_page": self.marking.attempt.uploads.first().pages.get().pk,
            "bank_comment": self.cast.teacher.bank_comments.get_or_create(text="Show the working.")[0].pk,
            "released": self.released.pk,
            "released_attempt": self.released.attempt_id,
            "asked": self.released.picture_requests.get().pk,
            "booking": self.cast.student.bookings.get(state="booked").pk,
            "imported": self.cast.student.imported_results.get().pk,
            "statement": Statement.objects.get(teacher=self.cast.teacher).pk,
            "thread": self.released.clarifications.get().pk,
            "waiting": self.waiting.pk,
            "moderated": Evaluation.objects.get(role=EvaluationRole.MODERATION).pk,
            "teacher": self.cast.teacher.pk,
            "calibrated": self.marking.attempt.exam_id,
            "script": CalibrationScript.objects.get(state="draft").pk,
            "practised": Evaluation.objects.get(role=EvaluationRole.PRACTICE).pk,
            "moderated_exam": self.marking.attempt.exam_id,
            "scheme_version": self.marking.attempt.paper.questions.get(number=4).version_id,
            "student": self.cast.student.pk,
            "guardian_link": GuardianLink.objects.get(guardian=self.cast.guardian, student=self.cast.student).pk,
            "stranger": self.cast.outsider.pk,
            "nobody": uuid.UUID(int=1),
            "mail_stop": stop_token(user_id=self.cast.student.pk, what=NotificationKind.PAPER_RETURNED),
            "programme": self.cast.cohort.programme_id,
            "blueprint": Blueprint.objects.get(author=self.cast.teacher).pk,
            "template": Blueprint.objects.get(author=None).pk,
            "fixed_paper": Paper.objects.get(title="Fixed paper").pk,
            "sat_paper": self.live.paper_id,
            "question": self.marking.attempt.paper.questions.get(number=4).version.question_id,
            "reviewed": Question.objects.get(state=QuestionState.IN_REVIEW, author=self.cast.newcomer).pk,
            "elsewhere": self.elsewhere.pk,
            "tool": self.elsewhere.tool_id,
            "question_import": QuestionImport.objects.get(author=self.cast.teacher).pk,
            "scan": (scan := Scan.objects.get()).pk,
            "scan_file": scan.files.get().pk,
            "scan_waiting": scan.pages.get(position=1).pk,
            "scan_discarded": scan.pages.get(position=2).pk,
            "rehearsal": Attempt.objects.get(exam__rehearsed_by=self.cast.teacher, state=AttemptState.IN_PROGRESS).pk,
            "rehearsed": Attempt.objects.get(exam__rehearsed_by=self.cast.teacher, state=AttemptState.HANDED_IN).pk,
            **course_ids(self.cast),
            **project_ids(),
            "leave": Leave.objects.get(teacher=self.cast.teacher.pk).pk,
            "picture": QuestionPicture.objects.latest("created_at").sha256,
        }


def build_world(cast: Cast) -> World:
    now = timezone.now()
    _bank(cast)
    _webhook(cast, now)
    course_world(cast)
    project_world(cast, now)
    _blueprints(cast, now)
    _question_file(cast, now)
    Entitlement.objects.update(starts_at=now - timedelta(days=30))
    later = (now + timedelta(days=300)).date()
    Leave.objects.create(teacher_id=cast.teacher.pk, starts_on=later, ends_on=later, reason="Wedding")
    open_exam, live_exam, sheets_exam, marking_exam, released_exam = _exams(cast, now)
    _scan(cast, open_exam, now)
    live = _attempt(live_exam, cast.student, now, AttemptState.IN_PROGRESS)
    sheets = _attempt(sheets_exam, cast.student, now, AttemptState.SUBMITTED)
    page = add_page(sheets, 1)
    add_page(sheets, 2, state=UploadState.INTENDED).delete()
    handed_in = now - timedelta(hours=2)
    marking = builders.evaluation_of(
        builders.hand_in(marking_exam, cast.student, at=handed_in),
        teacher=cast.teacher,
        state=EvaluationState.IN_PROGRESS,
        assigned_at=handed_in,
        claimed_at=handed_in,
        lease_until=now + timedelta(minutes=10),
    )
    SheetPage.objects.filter(upload__attempt=marking.attempt, upload__page_number=1).update(treatment=["evened"])
    released = builders.evaluation_of(
        builders.hand_in(released_exam, cast.student, at=now - timedelta(days=2)),
        teacher=cast.teacher,
        state=EvaluationState.RELEASED,
        finalised_at=now - timedelta(hours=3),
        released_at=now - timedelta(hours=3),
        written_marks=Decimal("6.5"),
        total_marks=Decimal("9.5"),
    )
    _marks(released, now)
    _asked(released, now)
    build_room(cast, now)
    _discussed(released, now)
    _booked(cast, now)
    waiting = builders.evaluation_of(builders.hand_in(marking_exam, cast.classmate, at=handed_in))
    _moderated(builders.hand_in(marking_exam, factories.StudentFactory(), at=handed_in), cast, now)
    Evaluation.objects.update(submitted_at=handed_in, due_at=now + timedelta(hours=46))
    _practised(cast, marking_exam, now)
    _rehearsals(cast, open_exam, now)
    for evaluation in (marking, released, waiting):
        evaluation.refresh_from_db()
    return World(cast, now, open_exam, live, sheets, page, marking, released, waiting, external_world(cast, now))


def _booked(cast: Cast, now: datetime) -> None:
    """The teacher can be booked all day; the student has an hour left and has booked half an hour of the day after
    tomorrow, and one that is over."""
    profile = cast.teacher.teacher_profile
    spans = [Span(day, time(8), time(20)) for day in range(7)]
    where = {"place": "Room 4", "link": "https://meet.example.com/rao"}
    set_bookable_hours(teacher=cast.teacher, spans=spans, **where, actor=cast.teacher, now=now)
    BookableHours.objects.create(teacher=profile, day=(now + timedelta(days=5)).date())
    grant_entitlement(
        user=cast.student, feature=Feature.TEACHER_MINUTES, quantity=90, source="hours",
        starts_at=now - timedelta(days=30), now=now,
    )  # fmt: skip
    slots = open_slots(
        profile=slots_profile(profile.pk), student_id=cast.student.pk, rules=BookingRules(), minutes=30, now=now
    )
    slot = next(one for one in slots if one > now + timedelta(days=2))
    book(
        booking_id=uuid.uuid4(), teacher_id=cast.teacher.pk, student=cast.student, starts_at=slot,
        words="Why is the discriminant negative?", actor=cast.student, now=now,
    )  # fmt: skip
    past = now - timedelta(days=3)
    Booking.objects.create(
        teacher=cast.teacher, student=cast.student, booked_by=cast.student, booked_at=past, starts_at=past,
        ends_at=past + timedelta(minutes=30), state="held", ended_by=cast.teacher, ended_at=now, note="Signs of terms.",
    )  # fmt: skip
    # Unread news costs every page that marks it as read; these pages are about other things.
    Notification.objects.filter(kind=NotificationKind.BOOKING_NEWS).delete()
    ImportedResult.objects.create(
        bundle="0" * 64, key="elsewhere", origin=uuid.uuid4(), student=cast.student, exam_title="Mock elsewhere",
        total=Decimal("3.5"), most=Decimal(5), made_at=now, imported_at=now, result=imported_sample(),
    )  # fmt: skip
    month = PayMonth.objects.create(first=date(2026, 1, 1), closed_at=now)
    Statement.objects.create(
        month=month, number=1, teacher=cast.teacher, currency="INR", papers=1, total=Decimal("120.00")
    )


def _practised(cast: Cast, exam: Exam, now: datetime) -> None:
    """A script that is being prepared, and one that the teacher has practised on; strangers' papers that the newcomer
    marked."""
    checks = ExamChecks.objects.get(exam=exam)
    made = marked_record(exam, cast.newcomer, finalised_at=now)
    ready_script(checks, made, state="draft", chosen_at=now)
    script = ready_script(checks, marked_record(exam, cast.newcomer, finalised_at=now), chosen_at=now)
    with transaction.atomic():
        standing_of(checks, cast.teacher, now)
    at_work = PracticeRound.objects.create(checks=checks, teacher=cast.teacher, number=1, started_at=now)
    with transaction.atomic():
        paper = give_script(
            script=script, profile=cast.teacher.teacher_profile, role=EvaluationRole.PRACTICE, at_work=at_work,
            due_at=now + timedelta(days=900), now=now,
        )  # fmt: skip
    practise(paper.evaluation, cast.teacher, four="0.5", now=now)


def _moderated(attempt: Attempt, cast: Cast, now: datetime) -> None:
    """A stranger's paper that the teacher and the newcomer marked apart; the colleague moderates its exam."""
    checks = ExamChecks.objects.create(exam=attempt.exam)
    checks.moderators.set([cast.colleague])
    record = builders.evaluation_of(attempt, teacher=cast.teacher, state=EvaluationState.MODERATION)
    hangs = {"record": record, "is_remark": True}
    first = builders.evaluation_of(attempt, state=EvaluationState.CLOSED, role=EvaluationRole.FIRST, **hangs)
    second = builders.evaluation_of(
        attempt, teacher=cast.newcomer, state=EvaluationState.FINALISED, role=EvaluationRole.SECOND,
        finalised_at=now, **hangs,
    )  # fmt: skip
    builders.evaluation_of(attempt, state=EvaluationState.MODERATION, role=EvaluationRole.MODERATION, **hangs)
    ids = builders.step_ids(builders.written(attempt.exam, 4))
    one, all_of_it = {ids[0]: "1"}, dict(zip(ids, ("1", "1", "0.5", "0.5"), strict=True))
    for side, marker, four in (
        (record, cast.teacher, all_of_it),
        (first, cast.teacher, all_of_it),
        (second, cast.newcomer, one),
    ):
        for number, alternative, marks, steps in ((4, "", sum(map(Decimal, four.values())), four), (5, "a", "2", {})):
            question = builders.written(attempt.exam, number, alternative)
            given = {"version": 1, "marks": Decimal(marks), "comment": "The unit is missing.", "evaluation": side}
            given["steps"] = steps
            MarkEvent.objects.create(question=question, actor=marker, at=now, **given)
            QuestionMark.objects.create(question=question, updated_at=now, **given)


def _rehearsals(cast: Cast, exam: Exam, now: datetime) -> None:
    """The teacher rehearses the paper that nobody has sat, and has rehearsed the exam, to the end."""
    start_rehearsal(paper=Paper.objects.get(title="Fixed paper"), actor=cast.teacher, now=now)
    done = start_rehearsal(exam=exam, actor=cast.teacher, now=now)
    for number, answer in ((1, {"choices": ["B"]}), (3, {"value": "7"})):
        save_response(
            attempt=done, question_id=done.paper.questions.get(number=number).pk, seq=1, answer=answer,
            marked_for_review=None, actor=cast.teacher, now=now,
        )  # fmt: skip
    submit_attempt(attempt=done, actor=cast.teacher, now=now)
    page = add_page(done, 1)
    page.questions.filter(number=5).delete()
    confirm_sheets(attempt=done, pages={page.upload.client_id: [4]}, not_attempted=[5], actor=cast.teacher, now=now)


def _bank(cast: Cast) -> None:
    """A question of the newcomer that waits for review, and a picture."""
    factories.question_version(
        QuestionType.SHORT_ANSWER, "3", ("1", "2"), author=cast.newcomer, state=QuestionState.IN_REVIEW
    )
    drawing = io.BytesIO()
    Image.new("RGB", (40, 30), "white").save(drawing, "PNG")
    store_picture(drawing.getvalue())


def _scan(cast: Cast, exam: Exam, now: datetime) -> None:
    """The teacher's scan of a class: a page without a code that waits, and an empty one that was discarded."""
    scan = Scan.objects.create(
        exam=exam, author=cast.teacher, state=ScanState.READ, total=2, done=2, created_at=now, touched_at=now
    )
    kind = "application/pdf"
    facts: dict[str, Any] = {"file_name": "hall.pdf", "size": 2048, "content_type": kind, "page_count": 2}
    file = ScanFile.objects.create(scan=scan, exam=exam, position=1, sha256="0" * 64, **facts)
    out = io.BytesIO()
    Image.new("L", (300, 424), "white").save(out, "JPEG")
    for index in range(2):
        page = ScanPage.objects.create(
            scan=scan, file=file, index=index, position=index + 1, sha256=str(index) * 64, width=300, height=424,
            state=ScanPageState.DISCARDED if index else ScanPageState.WAITING,
            reason=ScanReason.BLANK if index else ScanReason.NO_CODE,
            detail="An empty back" if index else "",
        )  # fmt: skip
        sheet_storage().put_bytes(page.image_key, out.getvalue(), "image/jpeg")
        sheet_storage().put_bytes(page.thumb_key, out.getvalue(), "image/jpeg")


def _question_file(cast: Cast, now: datetime) -> None:
    """A file of the teacher's with its report: one question to import, one that cannot be."""
    source = QuestionImport.objects.create(
        author=cast.teacher, programme=cast.cohort.programme, file_name="quiz.xml", sha256="0" * 64, size=2048,
        format="Moodle XML", state=ImportState.READY, counts={"new": 1, "skipped": 1}, created_at=now, touched_at=now,
    )  # fmt: skip
    options = [
        {"label": label, "text": text, "html": f"<p>{text}</p>"} for label, text in (("A", "Lima"), ("B", "Quito"))
    ]
    shown = {"text_html": "<p>Which city?</p>", "options": options, "right": ["B"], "marks": "1"}
    rows = [
        {"action": "new", "where": "question 2", "name": "Capital", "kind": "single_choice", "shown": shown,
         "notes": ["Hints were left out.", "The options had a fixed order there."], "place": "Real Numbers"},
        {"action": "skipped", "where": "question 3", "name": "Map", "reason": "Placing markers is not supported."},
    ]  # fmt: skip
    QuestionImportRow.objects.bulk_create(
        QuestionImportRow(source=source, position=position, **row) for position, row in enumerate(rows)
    )


def _webhook(cast: Cast, now: datetime) -> None:
    endpoint = endpoint_of(cast.staff, types=["sla.breached"], is_active=False)
    event = WebhookEvent.objects.create(type="ping", cause="world", occurred_at=now, data={})
    WebhookDelivery.objects.create(event=event, endpoint=endpoint, next_at=now)


def _blueprints(cast: Cast, now: datetime) -> None:
    """One of the teacher's with a draft, one of the institute's, and a paper that nobody has sat."""
    factories.small_paper(title="Fixed paper")
    unit = factories.UnitFactory(programme=cast.cohort.programme)
    for slug, author in (("unit-test", cast.teacher), ("board", None)):
        made = Blueprint.objects.create(
            slug=slug, name=slug, programme=cast.cohort.programme, author=author, duration_minutes=30, total_marks=4
        )
        section = made.sections.create(label="A", title="Section A", position=1)
        for number, kind, marks in ((1, QuestionType.SINGLE_CHOICE, 1), (2, QuestionType.SHORT_ANSWER, 3)):
            section.slots.create(number=number, unit=unit, types=[kind], marks=marks)
    draw_draft(blueprint=Blueprint.objects.get(author=cast.teacher), seed=1, actor=cast.teacher, now=now)


def _exams(cast: Cast, now: datetime) -> list[Exam]:
    """The cast's exam and four more with the same paper, open since yesterday."""
    cast.exam.opens_at = now - timedelta(days=1)
    cast.exam.save(update_fields=["opens_at"])
    more = [
        factories.ExamFactory(
            title=title, paper=cast.exam.paper, opens_at=now - timedelta(days=3), for_cohorts=[cast.cohort]
        )
        for title in ("Maths mock 2", "Maths mock 3", "Maths mock 4", "Maths mock 5")
    ]
    return [cast.exam, *more]


def _attempt(exam: Exam, student: User, now: datetime, state: str) -> Attempt:
    submitted = state == AttemptState.SUBMITTED
    return Attempt.objects.create(
        exam=exam,
        paper=exam.paper,
        student=student,
        state=state,
        started_at=now - timedelta(minutes=20),
        ends_at=now + timedelta(minutes=40),
        sheets_due_at=now + timedelta(minutes=45),
        submitted_at=now if submitted else None,
        submit_reason=SubmitReason.STUDENT if submitted else "",
        objective_marks=Decimal(3) if submitted else None,
        objective_max=Decimal(4) if submitted else None,
    )


def _asked(evaluation: Evaluation, now: datetime) -> None:
    """A clearer picture of page 1 that was not needed in the end."""
    page = evaluation.attempt.uploads.get(page_number=1).pages.get()
    PictureRequest.objects.create(
        evaluation=evaluation, page=page, reason="blurred", frozen={str(page.upload_id): page.upload.sha256},
        state=PictureState.WITHDRAWN, asked_by=evaluation.teacher, asked_at=now - timedelta(days=1),
        answer_by=now, closed_at=now - timedelta(hours=4),
    )  # fmt: skip


def _discussed(evaluation: Evaluation, now: datetime) -> None:
    """The student has asked about question 4."""
    question = PaperQuestion.objects.get(paper=evaluation.attempt.paper, number=4)
    thread = Clarification.objects.create(
        evaluation=evaluation, question=question, marker=evaluation.teacher, waits_for="marker",
        opened_at=now - timedelta(hours=1), last_at=now - timedelta(hours=1),
    )  # fmt: skip
    ClarificationMessage.objects.create(
        clarification=thread, side="student", author=evaluation.attempt.student, at=thread.opened_at,
        text="Why is step 2 only half?", page=evaluation.attempt.uploads.get(page_number=1).pages.get(),
        region={"x": 0.2, "y": 0.3, "w": 0.4, "h": 0.1},
    )  # fmt: skip


def _marks(evaluation: Evaluation, now: datetime) -> None:
    """Question 4 by its steps with a comment, question 5 by its second alternative."""
    for number, alternative, marks in ((4, "", "2.5"), (5, "b", "4")):
        question = PaperQuestion.objects.get(paper=evaluation.attempt.paper, number=number, alternative=alternative)
        steps = {}
        left = Decimal(marks)
        for step in question.version.steps.order_by("position"):
            steps[str(step.pk)] = str(min(left, step.marks))
            left -= min(left, step.marks)
        QuestionMark.objects.create(
            evaluation=evaluation,
            question=question,
            version=1,
            steps=steps,
            marks=Decimal(marks),
            comment="Show the sign.",
            updated_at=now,
        )
