"""What page tests show besides the world of the law tables: every type of question, a revised one, a file to import."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

from assessments.enums import WRITTEN_TYPES, AttemptState, Behaviour, ExamPurpose, QuestionType
from assessments.models import Attempt, Paper, Question, QuestionImport
from assessments.selectors.bank import questions_with_content
from assessments.services.attempts import save_response, start_attempt, submit_attempt
from assessments.services.question_edit import save_question
from assessments.services.question_files import receive_file, work_on
from assessments.services.questions import content_of
from tests import factories
from tests.law_urls_world import World

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
        **_quiz_and_checks(world),
    }


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
