"""Words and signatures of questions: found by search, and found again when somebody writes nearly the same."""

from __future__ import annotations

import unicodedata
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assessments.models import QuestionBand, QuestionDigest
from assessments.services.digests import like_questions
from assessments.services.likeness import bands, likeness, plain_words, search_terms, shingles
from assessments.services.questions import OptionContent, QuestionContent, create_question, revise_question
from tests import factories
from tests.factories import NOW

TEXT = r"A toy is a cone of radius $\frac{7}{2}$ cm on a hemisphere of the same radius. Find its total surface area."
NEAR = r"A toy is a cone of radius $\frac72$ cm mounted on a hemisphere of same radius. Find the total surface area."
FAR = r"Two dice are thrown together. What is the probability that the sum of the numbers is more than nine?"


def content(text: str = TEXT, **changes) -> QuestionContent:
    return QuestionContent(
        marks=Decimal(1),
        difficulty=2,
        cognitive_level="apply",
        text=text,
        options=(OptionContent("A", "$100$ cm²"), OptionContent("B", "$154$ cm²")),
        answer={"choices": ["B"]},
        **changes,
    )


def make(author, text: str = TEXT):
    chapter = factories.ChapterFactory()
    return create_question(chapter=chapter, type="single_choice", content=content(text), author=author, now=NOW)


def test_words_have_no_marks() -> None:
    assert plain_words([r"**Find** $\frac{a}{b}$ of ![pic](/media/x.png) CO₂"]) == "find frac a b of co2"
    assert search_terms("  Quadratic, x² ") == ["quadratic", "x2"]


@given(st.text(max_size=300))
def test_any_text_has_words_and_bands(text: str) -> None:
    words = plain_words([text])
    assert plain_words([words]) == words
    assert len(bands(words)) in (0, 20)
    assert likeness(shingles(words), shingles(words)) == 1


def test_near_text_shares_a_band_and_far_text_does_not() -> None:
    near, far, own = (set(bands(plain_words([text]))) for text in (NEAR, FAR, TEXT))
    assert near & own
    assert not far & own


@pytest.mark.django_db
class TestLikeQuestions:
    def test_a_near_duplicate_is_found_with_how_near_it_is(self, cast, django_assert_num_queries) -> None:
        question = make(cast.teacher)
        make(cast.teacher, FAR)
        with django_assert_num_queries(2):
            (found,) = like_questions(texts=[NEAR, "$100$ cm²", "$154$ cm²"], user=cast.teacher)
        assert found.question == question
        assert 60 <= found.percent < 100

    def test_the_question_itself_is_left_out(self, cast) -> None:
        question = make(cast.teacher)
        assert like_questions(texts=[TEXT, "100", "154"], user=cast.teacher, other_than=question.pk) == []

    def test_nobody_is_shown_what_they_may_not_see(self, cast) -> None:
        make(cast.teacher)
        assert like_questions(texts=[TEXT, "$100$ cm²", "$154$ cm²"], user=cast.newcomer) == []

    def test_a_new_version_is_found_by_its_own_words_only(self, cast) -> None:
        question = make(cast.teacher)
        revise_question(question=question, content=content(FAR), actor=cast.teacher, now=NOW)
        assert "dice" in QuestionDigest.objects.get(question=question).words
        assert QuestionBand.objects.filter(question=question).count() == 20
        assert like_questions(texts=[TEXT], user=cast.teacher) == []

    def test_a_short_text_is_like_nothing(self, cast) -> None:
        make(cast.teacher)
        assert like_questions(texts=["x = 1"], user=cast.teacher) == []


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("वृत्त का क्षेत्रफल ज्ञात कीजिए।", ["वृत्त", "का", "क्षेत्रफल", "ज्ञात", "कीजिए"]),
        ("பரப்பளவு காண்க", ["பரப்பளவு", "காண்க"]),
        ("নির্ণয় কর", ["নির্ণয়", "কর"]),
    ],
)
def test_words_of_indian_scripts_stay_whole(text: str, words: list[str]) -> None:
    assert search_terms(text) == [unicodedata.normalize("NFKC", word) for word in words]
