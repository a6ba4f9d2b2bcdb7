"""Quizzes: stars, attempts without a limit, the best one kept, and an order of one's own that everybody sees alike."""

import re
from datetime import timedelta
from decimal import Decimal

import pytest
from django.urls import reverse
from django.utils import timezone

from accounts.models import Entitlement
from assessments.enums import ExamPurpose, QuestionType, RevealWhen
from assessments.models import Attempt, Exam, PaperQuestion
from assessments.models.exams import NO_LIMIT_MINUTES
from assessments.selectors.attempt_layout import NAMES_LABELS, Layout, Seat
from assessments.selectors.attempts import paper_for_attempt, paper_for_student, shown_numbers
from assessments.selectors.quizzes import best_quiz_result, quiz_result, stars_for
from assessments.services.attempt_care import cancel_attempt
from assessments.services.attempts import save_response, start_attempt, submit_attempt
from common.errors import DomainError
from courses.models import CohortMembership
from tests import factories
from tests.factories import NOW

LATER = NOW + timedelta(minutes=5)
ROWS = [("A", number, "", QuestionType.SINGLE_CHOICE, "1", ()) for number in range(1, 11)]


# --- Stars -----------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("percent", "stars"),
    [(100, 5), (99, 4), (80, 4), (79, 3), (60, 3), (59, 2), (40, 2), (39, 1), (0, 1)],
)
def test_stars_by_per_cent(percent, stars):
    assert stars_for(percent) == stars


@pytest.mark.parametrize(
    ("marks", "maximum", "percent", "passed"),
    [
        ("7", "10", 70, True),
        ("6.5", "10", 65, False),
        ("7", "9", 77, True),
        ("-1", "3", 0, False),
        ("199.5", "200", 99, True),
    ],
)
def test_per_cent_is_rounded_down(marks, maximum, percent, passed):
    result = quiz_result(Decimal(marks), Decimal(maximum), pass_percent=70)
    assert (result.percent, result.passed) == (percent, passed)


# --- The order -------------------------------------------------------------------------------------------------------
def options(*texts: str) -> list[dict[str, str]]:
    return [{"label": label, "html": f"<p>{text}</p>"} for label, text in zip("ABCDE", texts, strict=False)]


LAYOUTS = [Layout(f"attempt {number}", shuffles_questions=True, shuffles_options=True) for number in range(30)]


def test_options_change_places_and_their_letters_do_not():
    orders = set()
    for layout in LAYOUTS:
        dealt = layout.options("q", "single_choice", options("1", "2", "3", "4"), is_fixed=False)
        assert [option["letter"] for option in dealt] == ["A", "B", "C", "D"]
        assert sorted(option["label"] for option in dealt) == ["A", "B", "C", "D"]
        orders.add("".join(option["label"] for option in dealt))
        assert dealt == layout.options("q", "single_choice", options("1", "2", "3", "4"), is_fixed=False)
    assert len(orders) > 10


@pytest.mark.parametrize("last", ["None of these", "All of the above", "none of the above.", "Any of them"])
def test_what_refers_to_the_others_stays_the_last(last):
    for layout in LAYOUTS:
        assert layout.options("q", "single_choice", options("1", "2", "3", last), is_fixed=False)[-1]["label"] == "D"


@pytest.mark.parametrize("kind", ["assertion_reason", "true_false", "ordering"])
def test_types_with_an_order_of_their_own_keep_it(kind):
    for layout in LAYOUTS:
        dealt = layout.options("q", kind, options("1", "2", "3"), is_fixed=False)
        assert [option["label"] for option in dealt] == ["A", "B", "C"]


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("Both A and B", True), ("(a) and (c) only", True), ("Option B is the mean.", True), ("So (C).", True),
        ("all of the left ventricle", False), ("A triangle has three sides.", False), ("x = 2 and y = 3", False),
    ],
)  # fmt: skip
def test_texts_that_name_options_by_label(text, names):
    assert bool(NAMES_LABELS.search(text)) == names


def test_numbers_are_dealt_within_a_section_and_not_where_answers_are_written():
    seats = [Seat(f"a{n}", "A", n, False) for n in range(1, 9)]
    seats += [Seat("b9", "B", 9, False), Seat("b10", "B", 10, True)]
    seats += [Seat("c11a", "C", 11, False), Seat("c11b", "C", 11, False), Seat("c12", "C", 12, False)]
    moved = 0
    for layout in LAYOUTS:
        numbers = layout.numbers(seats)
        assert sorted(numbers[f"a{n}"] for n in range(1, 9)) == list(range(1, 9))
        assert (numbers["b9"], numbers["b10"]) == (9, 10)
        assert numbers["c11a"] == numbers["c11b"] != numbers["c12"]
        moved += numbers["a1"] != 1
    assert moved > 20


# --- Sitting ---------------------------------------------------------------------------------------------------------
@pytest.fixture
def quiz(cast) -> Exam:
    return make_quiz(cast)


def make_quiz(cast) -> Exam:
    return factories.ExamFactory(
        title="Quadratics", paper=factories.small_paper(ROWS, title="Quiz"), for_cohorts=[cast.cohort],
        purpose=ExamPurpose.QUIZ, chapter=factories.ChapterFactory(), max_attempts=None, shuffle_questions=True,
        shuffle_options=True, duration_minutes=NO_LIMIT_MINUTES,
    )  # fmt: skip


def take(quiz: Exam, student, right: int, now=NOW) -> Attempt:
    """An attempt with the first `right` questions of the paper answered rightly, the others wrongly."""
    attempt = start_attempt(exam=quiz, student=student, now=now)
    for row in PaperQuestion.objects.filter(paper=quiz.paper):
        answer = {"choices": ["B" if row.number <= right else "D"]}
        save_response(
            attempt=attempt, question_id=row.pk, seq=1, answer=answer, marked_for_review=None, actor=student, now=now
        )
    return submit_attempt(attempt=attempt, actor=student, now=now + timedelta(minutes=1))


def used() -> set[int]:
    return set(Entitlement.objects.values_list("used", flat=True))


def test_a_quiz_is_sat_as_often_as_one_likes_and_takes_nothing_from_the_plan(cast, quiz):
    for number, right in enumerate((3, 8, 5)):
        take(quiz, cast.student, right, NOW + timedelta(hours=number))
    assert used() == {0}
    best = best_quiz_result(exam=quiz, student=cast.student)
    assert (best.marks, best.percent, best.stars, best.passed) == (8, 80, 4, True)
    live = start_attempt(exam=quiz, student=cast.student, now=NOW + timedelta(hours=5))
    Entitlement.objects.update(used=2)
    cancel_attempt(attempt=live, actor=cast.staff, now=NOW + timedelta(hours=5))
    assert used() == {2}, "what was not taken is not given back"
    assert best_quiz_result(exam=quiz, student=cast.classmate) is None


def test_a_limit_of_attempts_holds(cast, quiz):
    Exam.objects.filter(pk=quiz.pk).update(max_attempts=1)
    quiz.refresh_from_db()
    take(quiz, cast.student, 1)
    with pytest.raises(DomainError, match="already sat"):
        start_attempt(exam=quiz, student=cast.student, now=LATER)


def flat(paper) -> list[tuple[str, int, list[str]]]:
    questions = [question for section in paper["sections"] for question in section["questions"]]
    return [(q["id"], q["number"], [option["label"] for option in q["options"]]) for q in questions]


def test_page_and_api_agree_on_the_order_and_marks_follow_the_own_labels(cast, quiz, client):
    attempt = take(quiz, cast.student, 10)
    assert attempt.objective_marks == 10
    shown = flat(paper_for_attempt(attempt))
    assert shown != flat(paper_for_student(quiz.paper))
    assert [number for _id, number, _options in shown] == list(range(1, 11))
    assert {str(pk): number for pk, number in shown_numbers(attempt).items()} == {pk: n for pk, n, _options in shown}
    client.force_login(cast.student)
    told = client.get(reverse("api-attempt", args=[attempt.pk])).json()
    assert flat(told["paper"]) == shown
    second = take(quiz, cast.student, 10, LATER)
    assert flat(paper_for_attempt(second)) != shown


def test_the_exam_page_shows_letters_and_sends_labels(cast, quiz, client):
    Exam.objects.filter(pk=quiz.pk).update(opens_at=timezone.now() - timedelta(days=1))
    client.force_login(cast.student)
    page = client.post(reverse("exam-start", args=[quiz.pk]), follow=True).content.decode()
    attempt = Attempt.objects.get(exam=quiz)
    found = re.findall(r'value="([A-D])"><b class="exam__letter">([A-D])</b>', page)
    assert "".join(letter for _label, letter in found) == "ABCD" * 10
    labels = [label for _id, _number, order in flat(paper_for_attempt(attempt)) for label in order]
    assert [label for label, _letter in found] == labels
    assert 'class="exam__clock" hidden' in page


def test_an_attempt_without_shuffling_keeps_the_order_of_the_paper(cast):
    attempt = start_attempt(exam=cast.exam, student=cast.student, now=NOW)
    assert paper_for_attempt(attempt) == paper_for_student(cast.exam.paper)


# --- Pages and API ---------------------------------------------------------------------------------------------------
def test_quizzes_have_their_own_heading_with_the_best_result(cast, quiz, client):
    Exam.objects.filter(pk=quiz.pk).update(opens_at=timezone.now() - timedelta(days=9))
    quiz.refresh_from_db()
    take(quiz, cast.student, 6, timezone.now())
    client.force_login(cast.student)
    text = client.get(reverse("exam-list")).content.decode()
    assert text.index("Maths mock 1") < text.index('id="quizzes"') < text.index("Quadratics")
    for words in ("best 60 %", "pass at 70 %", "3 of 5 stars", "Try again: Quadratics"):
        assert words in text
    assert "3 of 5 stars" in client.get(reverse("exam-detail", args=[quiz.pk])).content.decode()
    assert quiz.title not in client.get(reverse("paper-list")).content.decode()
    [told] = [row for row in client.get(reverse("api-exams")).json()["results"] if row["purpose"] == "quiz"]
    assert told["best"] == {"marks": "6.00", "percent": 60, "stars": 3, "passed": False}
    assert (told["max_attempts"], told["chapter"]) == (None, str(quiz.chapter_id))


def test_what_the_quiz_does_not_show_its_stars_do_not_tell(cast, quiz, client):
    Exam.objects.filter(pk=quiz.pk).update(opens_at=timezone.now() - timedelta(days=9), reveal_marks=RevealWhen.NEVER)
    quiz.refresh_from_db()
    attempt = take(quiz, cast.student, 6, timezone.now())
    client.force_login(cast.student)
    for url in (
        reverse("exam-list"),
        reverse("exam-detail", args=[quiz.pk]),
        reverse("result-page", args=[attempt.pk]),
    ):
        text = client.get(url).content.decode()
        assert "stars" not in text.split("<main")[1]
        assert "60 %" not in text
    [told] = [row for row in client.get(reverse("api-exams")).json()["results"] if row["purpose"] == "quiz"]
    assert told["best"] is None


def test_a_teacher_sets_a_paper_as_a_quiz(cast, quiz, client):
    client.force_login(cast.teacher)
    url = reverse("paper-page", args=[quiz.paper_id])
    page = client.get(url, {"quiz": "1"}).content.decode()
    assert "Per cent to pass" in page
    sent = {
        "quiz": "1", "title": "Roots", "cohorts": [str(cast.cohort.pk)], "opens_at": "2026-11-20T10:00",
        "closes_at": "", "duration_minutes": "", "max_attempts": "", "pass_percent": "75", "shuffle_options": "on",
        "chapter": str(quiz.chapter_id), "reveal": "everything",
    }  # fmt: skip
    assert client.post(url, sent).status_code == 302
    made = Exam.objects.get(title="Roots")
    assert (made.purpose, made.max_attempts, made.pass_percent) == ("quiz", None, 75)
    assert (made.shuffle_questions, made.shuffle_options, made.has_time_limit) == (False, True, False)
    wrong = client.post(url, sent | {"reveal": "marks_first"})
    assert wrong.status_code == 422
    assert "needs a time at which it closes" in wrong.content.decode()
    assert client.post(url, sent | {"pass_percent": "0"}).status_code == 422


def test_a_paper_with_written_questions_is_no_quiz(cast, client):
    client.force_login(cast.teacher)
    assert "quiz=1" not in client.get(reverse("paper-page", args=[cast.exam.paper_id])).content.decode()


def test_outsiders_find_no_quiz(cast, quiz, client):
    assert not CohortMembership.objects.filter(user=cast.outsider, cohort=cast.cohort).exists()
    client.force_login(cast.outsider)
    assert client.get(reverse("exam-detail", args=[quiz.pk])).status_code == 404
    assert client.post(reverse("exam-start", args=[quiz.pk])).status_code == 404
