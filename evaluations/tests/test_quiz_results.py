"""The result of a shuffled attempt: the student's own order, marked by the paper's own labels."""

import pytest

from assessments.models import Exam
from assessments.selectors.attempts import paper_for_attempt
from assessments.tests.test_quizzes import flat, make_quiz, take
from evaluations.selectors import result_data
from tests.factories import NOW

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("shuffled", [True, False])
def test_the_result_keeps_the_order_that_was_sat(cast, shuffled):
    quiz = make_quiz(cast)
    Exam.objects.update(shuffle_questions=shuffled, shuffle_options=shuffled)
    quiz.refresh_from_db()
    attempt = take(quiz, cast.student, 4)
    result = result_data(attempt, reader=cast.student, now=NOW)
    seen = [(str(q.id), q.number, [option["label"] for option in q.options]) for q in result.questions]
    assert seen == flat(paper_for_attempt(attempt))
    assert [option["letter"] for q in result.questions for option in q.options] == list("ABCD") * 10
    assert (result.total_marks, sum(bool(q.is_correct) for q in result.questions)) == (4, 4)
