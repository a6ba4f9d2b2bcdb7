from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import DatabaseError, transaction

from accounts.models import AuditEvent
from assessments.enums import QuestionState, QuestionType
from assessments.models import Question, QuestionVersion
from assessments.selectors.version_diff import changes_between
from assessments.services.content_schema import content_problems
from assessments.services.questions import (
    OptionContent,
    PartContent,
    QuestionContent,
    QuestionInvalidError,
    QuestionStateError,
    StepContent,
    change_question_state,
    content_of,
    create_question,
    normalised,
    revise_question,
)
from common.errors import NotPermittedError
from common.models import HALF
from courses.models import Chapter, Topic
from tests import factories

NOW = factories.NOW
LATER = NOW + timedelta(hours=1)

CHOICE = QuestionContent(
    marks=Decimal(1),
    difficulty=2,
    cognitive_level="apply",
    text="What is $x$ if $2x = 4$?",
    options=tuple(OptionContent(label, text) for label, text in zip("ABCD", ("$1$", "$2$", "$3$", "$4$"), strict=True)),
    answer={"choices": ["B"]},
    explanation="Divide by $2$.",
)
NUMERIC = replace(CHOICE, options=(), answer={"value": "2", "tolerance": "0", "unit": ""})
WRITTEN = QuestionContent(
    marks=Decimal(3),
    difficulty=3,
    cognitive_level="analyse",
    text="Prove it.",
    model_answer="So $x = 1$.",
    steps=(StepContent("Sets up", Decimal("1.5")), StepContent("Gets $1$", Decimal("1.5"), kind="accuracy")),
)
CASE = QuestionContent(
    marks=Decimal(4),
    difficulty=3,
    cognitive_level="apply",
    text="A story.",
    model_answer="All of it.",
    parts=(
        PartContent("i", "One?", Decimal(1)),
        PartContent("ii", "Two?", Decimal(1)),
        PartContent("iii", "This?", Decimal(2), "a"),
        PartContent("iii", "Or that?", Decimal(2), "b"),
    ),
    steps=(
        StepContent("1", Decimal(1), part="i"),
        StepContent("2", Decimal(1), part="ii"),
        StepContent("3a", Decimal(2), part="iii", alternative="a"),
        StepContent("3b", Decimal("0.5"), part="iii", alternative="b"),
        StepContent("3b'", Decimal("1.5"), part="iii", alternative="b"),
    ),
)
SINGLE, MULTIPLE = QuestionType.SINGLE_CHOICE, QuestionType.MULTIPLE_CHOICE
LONG, STUDY = QuestionType.LONG_ANSWER, QuestionType.CASE_STUDY


def steps(*rows: StepContent) -> tuple[StepContent, ...]:
    return rows


def following(content: QuestionContent, index: int, *positions: int) -> QuestionContent:
    rows = list(content.steps)
    rows[index] = replace(rows[index], follows=positions)
    return replace(content, steps=tuple(rows))


@pytest.mark.parametrize(
    ("type", "content"),
    [
        (SINGLE, CHOICE),
        (MULTIPLE, replace(CHOICE, answer={"choices": ["A", "D"]})),
        (QuestionType.ASSERTION_REASON, CHOICE),
        (QuestionType.NUMERIC, NUMERIC),
        (LONG, WRITTEN),
        (STUDY, CASE),
    ],
)
def test_sound_content_has_no_problems(type: str, content: QuestionContent) -> None:
    assert list(content_problems(type, content)) == []


@pytest.mark.parametrize(
    ("type", "content", "sentence"),
    [
        ("essay", CHOICE, "no question type"),
        (SINGLE, replace(CHOICE, marks=Decimal("0.3")), "marks in halves"),
        (SINGLE, replace(CHOICE, marks=Decimal(0)), "more than 0"),
        (SINGLE, replace(CHOICE, marks=Decimal("NaN")), "marks in halves"),
        (SINGLE, replace(CHOICE, difficulty=6), "1 to 5"),
        (SINGLE, replace(CHOICE, cognitive_level="guess"), "cognitive level"),
        (SINGLE, replace(CHOICE, text="  "), "has no text"),
        (SINGLE, replace(CHOICE, options=CHOICE.options[:1], answer={"choices": ["A"]}), "2 to 8 options"),
        (SINGLE, replace(CHOICE, options=CHOICE.options[1:]), "labelled A, B, C"),
        (SINGLE, replace(CHOICE, options=(OptionContent("A", ""), OptionContent("B", "x"))), "needs a text"),
        (SINGLE, replace(CHOICE, options=(OptionContent("A", "x"), OptionContent("B", "x "))), "say the same"),
        (SINGLE, replace(CHOICE, answer={}), "list of option labels"),
        (SINGLE, replace(CHOICE, answer={"choices": ["E"]}), "names E"),
        (SINGLE, replace(CHOICE, answer={"choices": ["A", "B"]}), "exactly one right option, not 2"),
        (MULTIPLE, replace(CHOICE, answer={"choices": []}), "at least one right option"),
        (MULTIPLE, replace(CHOICE, answer={"choices": ["A", "A"]}), "an option twice"),
        (SINGLE, replace(CHOICE, steps=WRITTEN.steps), "no marking scheme"),
        (SINGLE, replace(CHOICE, parts=CASE.parts), "Only a case study has parts"),
        (QuestionType.NUMERIC, replace(NUMERIC, options=CHOICE.options), "no options"),
        (QuestionType.NUMERIC, replace(NUMERIC, answer={"value": "two"}), "must be a decimal number"),
        (QuestionType.NUMERIC, replace(NUMERIC, answer={"value": "1e9"}), "must be a decimal number"),
        (QuestionType.NUMERIC, replace(NUMERIC, answer={"value": "2", "tolerance": "-1"}), "tolerance"),
        (QuestionType.NUMERIC, replace(NUMERIC, answer={"value": "2", "key": "3"}), "has no “key”"),
        (LONG, replace(WRITTEN, options=CHOICE.options), "no options"),
        (LONG, replace(WRITTEN, answer={"value": "1"}), "no key"),
        (LONG, replace(WRITTEN, model_answer=""), "needs a model answer"),
        (LONG, replace(WRITTEN, steps=()), "at least one step"),
        (LONG, replace(WRITTEN, steps=WRITTEN.steps[:1]), "add up to 1.5 marks, but the question carries 3"),
        (
            LONG,
            replace(WRITTEN, steps=steps(StepContent("x", Decimal("2.75")), StepContent("y", Decimal("0.25")))),
            "Step 1",
        ),
        (LONG, replace(WRITTEN, steps=steps(StepContent("", Decimal(3)))), "has no text"),
        (LONG, replace(WRITTEN, steps=steps(StepContent("x", Decimal(3), kind="luck"))), "kind of step"),
        (LONG, replace(WRITTEN, steps=steps(StepContent("x", Decimal(3), part="i"))), "belong to a part"),
        (LONG, following(WRITTEN, 0, 1), "Step 1 can follow only a step before it, not step 1"),
        (LONG, following(WRITTEN, 0, 2), "Step 1 can follow only a step before it, not step 2"),
        (LONG, following(WRITTEN, 1, 0), "Step 2 can follow only a step before it, not step 0"),
        (STUDY, following(CASE, 1, 1), "Step 2 cannot follow step 1"),
        (STUDY, following(CASE, 3, 3), "Step 4 cannot follow step 3"),
        (STUDY, replace(CASE, parts=()), "needs parts"),
        (STUDY, replace(CASE, parts=CASE.parts[1:]), "labelled i, ii, iii"),
        (STUDY, replace(CASE, parts=CASE.parts[:3]), "two alternatives a and b"),
        (STUDY, replace(CASE, parts=(*CASE.parts[:3], replace(CASE.parts[3], marks=Decimal(1)))), "the same marks"),
        (STUDY, replace(CASE, parts=(replace(CASE.parts[0], text=""), *CASE.parts[1:])), "has no text"),
        (STUDY, replace(CASE, marks=Decimal(5)), "parts add up to 4 marks"),
        (STUDY, replace(CASE, steps=CASE.steps[:-1]), "part (iii)b add up to 0.5 marks, not 2"),
        (STUDY, replace(CASE, steps=(*CASE.steps, StepContent("x", Decimal(1), part="iv"))), "part (iv)"),
    ],
)
def test_each_rule_has_its_sentence(type: str, content: QuestionContent, sentence: str) -> None:
    assert sentence in " ".join(content_problems(type, content))


@pytest.fixture
def author(db):
    return factories.TeacherFactory()


@pytest.fixture
def verifier(db):
    return factories.TeacherFactory()


@pytest.fixture
def question(author) -> Question:
    return create_question(chapter=factories.ChapterFactory(), type=LONG, content=WRITTEN, author=author, now=NOW)


def test_a_new_question_is_a_rendered_draft(author) -> None:
    made = create_question(
        chapter=factories.ChapterFactory(), type=SINGLE, content=CHOICE, author=author, now=NOW, key="k-1"
    )
    made.refresh_from_db()
    assert (made.state, made.key, made.verifier) == (QuestionState.DRAFT, "k-1", None)
    version = made.current
    assert (version.number, version.created_by, version.created_at) == (1, author, NOW)
    assert "<math" in version.text_html
    assert [option["label"] for option in version.options] == list("ABCD")
    assert all("<math" in option["html"] for option in version.options)
    assert content_of(version) == CHOICE


def test_a_case_study_keeps_parts_and_steps_in_order(author) -> None:
    made = create_question(chapter=factories.ChapterFactory(), type=STUDY, content=CASE, author=author, now=NOW)
    version = QuestionVersion.objects.get(question=made)
    assert content_of(version) == CASE
    assert [part["marks"] for part in version.parts] == ["1", "1", "2", "2"]
    assert [step.position for step in version.steps.all()] == [1, 2, 3, 4, 5]


def two_ways(*second: str, **changes: Any) -> QuestionContent:
    """WRITTEN with a second method of these marks, each step following the one before it."""
    rows = (
        StepContent(f"Way 2, {n}", Decimal(one), method=2, follows=(n - 1,) if n > 1 else ())
        for n, one in enumerate(second, 1)
    )
    steps = changes.pop("steps", WRITTEN.steps)
    return replace(WRITTEN, steps=(*steps, *rows), method_titles=("By elimination", "By substitution"), **changes)


WHOLE = str(WRITTEN.marks)


@pytest.mark.parametrize(
    ("type", "content", "sentence"),
    [
        (LONG, two_ways("1"), f"The steps of method 2 add up to 1 marks, but the question carries {WHOLE}."),
        (LONG, two_ways("1", "0.3"), "Step 2 of method 2 must carry marks in halves"),
        (
            LONG,
            following(two_ways("1", "1"), len(WRITTEN.steps), 2),
            "Step 1 of method 2 can follow only a step before",
        ),
        (
            LONG,
            replace(two_ways(WHOLE), steps=WRITTEN.steps),
            "Method 2 has a title, but the marking scheme has no step",
        ),
        (LONG, replace(WRITTEN, steps=tuple(replace(s, method=2) for s in WRITTEN.steps)), "are numbered 1, 2, 3"),
        (LONG, replace(two_ways(WHOLE), method_titles=("x" * 61,)), "Method 1: its title is one line of at most 60"),
        (STUDY, replace(CASE, method_titles=("x",)), "The marking scheme of a case study has no methods"),
        (SINGLE, replace(CHOICE, method_titles=("x",)), "has no marking scheme"),
    ],
)
def test_what_is_wrong_with_methods_is_said(type: str, content: QuestionContent, sentence: str) -> None:
    assert any(sentence in problem for problem in content_problems(type, content)), list(
        content_problems(type, content)
    )


def test_methods_are_kept_with_the_version_and_a_change_of_them_makes_a_new_one(author) -> None:
    content = two_ways("0.5", str(WRITTEN.marks - HALF))
    mixed = replace(content, steps=content.steps[::-1])  # numbers stay within their method, whatever the order
    assert list(content_problems(LONG, content)) == []
    made = create_question(chapter=factories.ChapterFactory(), type=LONG, content=content, author=author, now=NOW)
    version = QuestionVersion.objects.get(question=made)
    assert content_of(version) == normalised(content)
    assert [(one.number, one.title, len(one.steps)) for one in version.methods] == [
        (1, "By elimination", len(WRITTEN.steps)),
        (2, "By substitution", 2),
    ]
    assert [step.method for step in normalised(mixed).steps] == [step.method for step in content.steps]
    assert revise_question(question=made, content=content, actor=author, now=LATER).number == 1
    retitled = replace(content, method_titles=("By elimination", "By graph"))
    assert revise_question(question=made, content=retitled, actor=author, now=LATER).number == 2
    changes = {one.label for one in changes_between(version, made.current)}
    assert changes == {"Method 2"}
    assert revise_question(question=made, content=WRITTEN, actor=author, now=LATER).number == 3
    gone = {one.label for one in changes_between(QuestionVersion.objects.get(question=made, number=2), made.current)}
    assert gone == {"Method 1", "Method 2", "Method 2, step 1", "Method 2, step 2"}


def test_what_a_step_follows_is_kept_with_the_version(author) -> None:
    chapter = factories.ChapterFactory()
    made = [
        create_question(chapter=chapter, type=type, content=content, author=author, now=NOW)
        for type, content in ((LONG, following(WRITTEN, 1, 1, 1)), (STUDY, following(CASE, 4, 4)))
    ]
    assert [[step.follows for step in question.current.steps.all()] for question in made] == [
        [None, [1]],
        [None, None, None, None, [4]],
    ]
    assert content_of(made[0].current).steps[1].follows == (1,)
    revise_question(question=made[0], content=WRITTEN, actor=author, now=LATER)
    assert made[0].current.number == 2


def test_unreadable_tex_names_its_place(author) -> None:
    broken = replace(CHOICE, options=(OptionContent("A", "$\\frac{1}$"), *CHOICE.options[1:]))
    with pytest.raises(QuestionInvalidError, match="Option A: "):
        create_question(chapter=factories.ChapterFactory(), type=SINGLE, content=broken, author=author, now=NOW)
    assert not Question.objects.exists()


def test_a_topic_of_another_chapter_is_refused(author) -> None:
    topic = Topic.objects.create(chapter=factories.ChapterFactory(name="Polynomials"), name="Zeros")
    with pytest.raises(QuestionInvalidError, match="not part of the chapter"):
        create_question(
            chapter=factories.ChapterFactory(), topic=topic, type=SINGLE, content=CHOICE, author=author, now=NOW
        )


def test_only_teachers_and_staff_write_questions(db) -> None:
    with pytest.raises(NotPermittedError):
        create_question(
            chapter=factories.ChapterFactory(), type=SINGLE, content=CHOICE, author=factories.StudentFactory(), now=NOW
        )


def test_a_new_active_question_needs_another_verifier(author, verifier) -> None:
    chapter: Chapter = factories.ChapterFactory()
    for nobody in (None, author):
        with pytest.raises(NotPermittedError):
            create_question(
                chapter=chapter, type=SINGLE, content=CHOICE, author=author, now=NOW, state="active", verifier=nobody
            )
    made = create_question(
        chapter=chapter, type=SINGLE, content=CHOICE, author=author, now=NOW, state="active", verifier=verifier
    )
    assert made.verifier == verifier
    assert AuditEvent.objects.get().after == {"state": "active", "version": 1}


def test_from_draft_to_retired(question, author, verifier) -> None:
    change_question_state(question=question, state="in_review", actor=author, now=NOW)
    assert not AuditEvent.objects.exists()
    change_question_state(question=question, state="active", actor=verifier, now=NOW)
    assert (question.state, question.verifier) == ("active", verifier)
    change_question_state(question=question, state="retired", actor=verifier, now=LATER)
    question.refresh_from_db()
    assert (question.state, question.verifier) == ("retired", verifier)
    events = AuditEvent.objects.order_by("id").values_list("action", "before__state", "after__state")
    assert list(events) == [
        ("question.state_changed", "in_review", "active"),
        ("question.state_changed", "active", "retired"),
    ]


@pytest.mark.parametrize(
    ("before", "after"),
    [("draft", "active"), ("draft", "draft"), ("active", "draft"), ("retired", "active"), ("active", "active")],
)
def test_impossible_moves(question, verifier, before: str, after: str) -> None:
    Question.objects.update(state=before)
    with pytest.raises(QuestionStateError, match="cannot become"):
        change_question_state(question=question, state=after, actor=verifier, now=NOW)


def test_the_author_does_not_verify(question, author) -> None:
    change_question_state(question=question, state="in_review", actor=author, now=NOW)
    with pytest.raises(NotPermittedError, match="other than the author"):
        change_question_state(question=question, state="active", actor=author, now=NOW)


def test_nor_does_the_one_who_wrote_the_current_version(question, author, verifier) -> None:
    revise_question(question=question, content=replace(WRITTEN, text="Prove it well."), actor=verifier, now=NOW)
    change_question_state(question=question, state="in_review", actor=author, now=NOW)
    with pytest.raises(NotPermittedError):
        change_question_state(question=question, state="active", actor=verifier, now=NOW)


def test_an_unverified_teacher_writes_and_submits_but_does_not_publish(db, verifier) -> None:
    newcomer = factories.TeacherFactory()
    newcomer.teacher_profile.verified_at = None
    newcomer.teacher_profile.save()
    own = create_question(chapter=factories.ChapterFactory(), type=LONG, content=WRITTEN, author=newcomer, now=NOW)
    change_question_state(question=own, state="in_review", actor=newcomer, now=NOW)
    other = create_question(
        chapter=factories.ChapterFactory(), type=LONG, content=WRITTEN, author=verifier, now=NOW, state="in_review"
    )
    for state in ("active", "draft", "retired"):
        with pytest.raises(NotPermittedError):
            change_question_state(question=other, state=state, actor=newcomer, now=NOW)
    with pytest.raises(NotPermittedError):
        revise_question(question=other, content=replace(WRITTEN, text="Mine now."), actor=newcomer, now=NOW)


def test_a_revision_is_a_new_version_and_the_old_one_stays(question, author) -> None:
    first = question.current
    second = revise_question(question=question, content=replace(WRITTEN, text="Show it."), actor=author, now=LATER)
    question.refresh_from_db()
    assert (second.number, question.current) == (2, second)
    assert QuestionVersion.objects.get(pk=first.pk).text_source == "Prove it."
    assert [step.marks for step in second.steps.all()] == [Decimal("1.5"), Decimal("1.5")]


def test_the_same_content_is_no_revision(question, author) -> None:
    same = replace(WRITTEN, text=" Prove it.\n", marks=Decimal("3.00"))
    assert revise_question(question=question, content=same, actor=author, now=LATER) == question.current
    assert QuestionVersion.objects.count() == 1


def test_a_revised_active_question_goes_back_to_review(question, author, verifier) -> None:
    change_question_state(question=question, state="in_review", actor=author, now=NOW)
    change_question_state(question=question, state="active", actor=verifier, now=NOW)
    revise_question(question=question, content=replace(WRITTEN, text="Show it."), actor=verifier, now=LATER)
    assert (question.state, question.verifier) == ("in_review", None)
    event = AuditEvent.objects.order_by("-id").first()
    assert (event.before, event.after) == ({"state": "active", "version": 1}, {"state": "in_review", "version": 2})


def test_a_retired_question_is_not_edited(question, verifier) -> None:
    change_question_state(question=question, state="retired", actor=verifier, now=NOW)
    with pytest.raises(QuestionStateError, match="retired"):
        revise_question(question=question, content=replace(WRITTEN, text="New"), actor=verifier, now=NOW)


def test_the_database_refuses_to_change_a_version(question) -> None:
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        QuestionVersion.objects.filter(pk=question.current.pk).update(marks=5)
