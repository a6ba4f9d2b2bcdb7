"""What page tests show besides the world of the law tables: every type of question, a revised one, a file to import."""

from __future__ import annotations

import hashlib
import io
import uuid
from dataclasses import replace
from datetime import timedelta
from typing import Any

from PIL import Image, ImageDraw

from accounts.models import FamilyPin
from accounts.services.family import make_family_code
from accounts.services.guardians import invite
from assessments.enums import WRITTEN_TYPES, AttemptState, Behaviour, ExamPurpose, QuestionType
from assessments.models import Attempt, Paper, Question, QuestionImport, SheetPage
from assessments.selectors.bank import questions_with_content
from assessments.services.attempts import save_response, start_attempt, submit_attempt
from assessments.services.question_edit import save_question
from assessments.services.question_files import receive_file, work_on
from assessments.services.questions import content_of
from assessments.services.rehearsals import start_rehearsal
from assessments.services.sheets import incoming_key, process_sheet
from common.storage import sheet_storage
from evaluations.enums import EvaluationState
from evaluations.models import Evaluation, PictureRequest
from evaluations.services.pictures import announce_picture, ask_picture, receive_picture
from evaluations.tests.builders import evaluation_of, hand_in
from tests import factories
from tests.law_urls_world import World
from tests.project_world import project_pages

# Of factories.ALL_TYPES_PAPER: right, partly right, wrong and left out.
ANSWERS: dict[int, dict[str, Any]] = {
    1: {"choices": ["true"]},
    2: {"choices": ["B"]},
    3: {"value": "3.5"},
    5: {"value": "(2x+3"},
    6: {"blanks": {"1": "has", "2": "5", "3": "tale"}},
    7: {"pairs": {"1": "B", "2": "C"}},
    8: {"order": ["B", "C", "A", "D"]},
}
GIFT = b"Two is even. {T}\n\n::Capital:: The capital of India is {=New Delhi ~Mumbai}\n\nBroken {=a"


def add_pages(world: World) -> dict[str, Any]:
    """Makes them; returns the ids that tests/pages.py writes in braces."""
    paper = factories.small_paper(factories.ALL_TYPES_PAPER, title="All question types")
    in_bank = {row.type: row.version.question_id for row in paper.questions.select_related("version")}
    return {
        **{f"bank_{kind}": pk for kind, pk in in_bank.items()},
        "types_paper": paper.pk,
        "types_live": _sit(world, paper, world.cast.classmate).pk,
        "types_result": _finish(world, _sit(world, paper, world.cast.student)).pk,
        "types_blanks": paper.questions.get(type=QuestionType.FILL_IN).pk,
        "revised": _revised(world).pk,
        "import": _file(world).pk,
        **_pictures(world),
        **_quiz_and_checks(world),
        "invitation": _family(world),
        "rehearsal_sheets": _rehearsal_sheets(world).pk,
        **project_pages(world.cast, world.now),
    }


def _family(world: World) -> str:
    """A family code, a child with a PIN, and an invitation whose token this is."""
    cast = world.cast
    code = make_family_code(guardian=cast.guardian, actor=cast.guardian, now=world.now)
    FamilyPin.objects.create(student=cast.student, family=code, first_name="meera", pin="none", set_at=world.now)
    return invite(email="new@example.com", student=cast.student, actor=cast.student, now=world.now)[1]


def _rehearsal_sheets(world: World) -> Attempt:
    """The colleague's exam, rehearsed by the teacher until the photographs."""
    exam = factories.ExamFactory(title="Mock to rehearse", paper=world.cast.exam.paper, opens_at=world.now)
    begun = start_rehearsal(exam=exam, actor=world.cast.teacher, now=world.now)
    return submit_attempt(attempt=begun, actor=world.cast.teacher, now=world.now)


def _pictures(world: World) -> dict[str, Any]:
    """A paper of the student whose first page is asked for again in part; its second page has been answered."""
    exam = factories.ExamFactory(
        title="Mock with a blurred page",
        paper=world.cast.exam.paper,
        opens_at=world.now,
        for_cohorts=[world.cast.cohort],
    )
    paper = evaluation_of(
        hand_in(exam, world.cast.student, at=world.now),
        teacher=world.cast.teacher,
        state=EvaluationState.IN_PROGRESS,
        assigned_at=world.now,
        claimed_at=world.now,
        lease_until=world.now + timedelta(hours=1),
    )
    Evaluation.objects.filter(pk=paper.pk).update(submitted_at=world.now, due_at=world.now + timedelta(hours=48))
    first, second = (upload.pages.get() for upload in paper.attempt.uploads.order_by("page_number"))
    for page in (first, second):
        _draw(page)
    asked = [
        ask_picture(
            evaluation=paper, page_id=page.pk, region=region, reason="blurred", words=words, actor=world.cast.teacher,
            now=world.now,
        )
        for page, region, words in (
            (first, {"x": 0.12, "y": 0.3, "w": 0.6, "h": 0.2}, "The last two lines of question 4"),
            (second, None, ""),
        )
    ]  # fmt: skip
    _answer(asked[1], world)
    return {"blurred": asked[0].pk, "sharp": asked[1].pk, "blurred_desk": paper.pk, "blurred_result": paper.attempt_id}


def _draw(page: SheetPage) -> None:
    scan = _scan((1240, 1754))
    for key in (page.screen_key, page.thumb_key):
        sheet_storage().put_bytes(key, scan, "image/jpeg")


def _answer(asked: PictureRequest, world: World) -> None:
    data = _scan((1200, 1700))
    facts = {"sha256": hashlib.sha256(data).hexdigest(), "size": len(data), "content_type": "image/jpeg"}
    upload, _ = announce_picture(asked=asked, client_id=uuid.uuid4(), actor=world.cast.student, now=world.now, **facts)
    sheet_storage().put_bytes(incoming_key(upload), data, "image/jpeg")
    receive_picture(asked=asked, client_id=upload.client_id, actor=world.cast.student, now=world.now)
    process_sheet(upload_id=upload.pk, now=world.now)


def _scan(size: tuple[int, int]) -> bytes:
    """A sheet with lines of handwriting, as JPEG."""
    image = Image.new("RGB", size, "#f8f5ee")
    pen = ImageDraw.Draw(image)
    for line in range(20):
        pen.line((100, 160 + 70 * line, size[0] - 140, 172 + 70 * line), fill="#223077", width=4)
    made = io.BytesIO()
    image.save(made, "JPEG", quality=82)
    return made.getvalue()


def _sit(world: World, paper: Paper, student: Any) -> Attempt:
    exam = factories.ExamFactory(
        title="All question types",
        paper=paper,
        opens_at=world.now - timedelta(hours=1),
        for_cohorts=[world.cast.cohort],
    )
    return start_attempt(exam=exam, student=student, now=world.now)


def _quiz_and_checks(world: World) -> dict[str, Any]:
    """A quiz that the student finished, and an exam that checks each answer, being written by the classmate."""
    paper = factories.small_paper(
        [row for row in factories.ALL_TYPES_PAPER if row[3] not in WRITTEN_TYPES], title="Quiz"
    )
    common = {"opens_at": world.now - timedelta(hours=1), "for_cohorts": [world.cast.cohort], "paper": paper}
    chapter = paper.questions.select_related("version__question__chapter").first().version.question.chapter
    quiz = factories.ExamFactory(
        title="Quiz: Zeroes", purpose=ExamPurpose.QUIZ, chapter=chapter, max_attempts=None, **common
    )
    checked = factories.ExamFactory(
        title="Checked", behaviour=Behaviour.IMMEDIATE, tries=3, try_penalty="0.2", **common
    )
    return {
        "quiz": quiz.pk,
        "quiz_paper": paper.pk,
        "quiz_result": _finish(world, start_attempt(exam=quiz, student=world.cast.student, now=world.now)).pk,
        "checked_live": start_attempt(exam=checked, student=world.cast.classmate, now=world.now).pk,
    }


def _finish(world: World, attempt: Attempt) -> Attempt:
    student = attempt.student
    for number, answer in ANSWERS.items():
        question = attempt.paper.questions.get(number=number)
        save_response(
            attempt=attempt, question_id=question.pk, seq=1, answer=answer, marked_for_review=None,
            actor=student, now=world.now,
        )  # fmt: skip
    submit_attempt(attempt=attempt, actor=student, now=world.now)
    Attempt.objects.filter(pk=attempt.pk).update(state=AttemptState.HANDED_IN, handed_in_at=world.now)
    return attempt


def _revised(world: World) -> Question:
    """A question of the teacher with two versions."""
    made = factories.question_version(QuestionType.SINGLE_CHOICE, author=world.cast.teacher, state="draft").question
    question = questions_with_content().get(pk=made.pk)
    content = content_of(question.current)
    return save_question(
        question=question,
        type=question.type,
        chapter=question.chapter,
        topic=None,
        content=replace(content, text="What is $x$ here?"),
        actor=world.cast.teacher,
        now=world.now,
        seen_version=1,
        send_to_review=False,
    )


def _file(world: World) -> QuestionImport:
    """A file that was read: what is new in it, and what is refused."""
    source, _ = receive_file(
        data=GIFT, file_name="quiz.gift", programme=world.cast.cohort.programme, chapter=None,
        author=world.cast.teacher, now=world.now,
    )  # fmt: skip
    work_on(import_id=source.pk, now=world.now)
    return source
