"""Keys of a marker's own, and questions for later."""

from __future__ import annotations

import string
import uuid

import pytest
from django.urls import reverse
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from common.errors import DomainError
from evaluations.enums import EvaluationState
from evaluations.models import DeskKeys, LaterFlag
from evaluations.selectors.desk_keys import DEFAULTS, all_keys, key_rows, labels
from evaluations.selectors.desk_page import desk_page
from evaluations.services.claims import ClaimError
from evaluations.services.desk_keys import DeskKeyError, checked_keys, save_keys
from evaluations.services.finishing import finalise_evaluation
from evaluations.services.later import flag_later
from evaluations.services.marking import save_mark
from evaluations.tests.builders import evaluation_of, hand_in, written

NOW = timezone.now()


@pytest.fixture
def paper(cast):
    return evaluation_of(hand_in(cast.exam, cast.student), teacher=cast.teacher, state=EvaluationState.IN_PROGRESS)


def test_every_action_has_a_name_and_a_key_of_its_own():
    assert labels().keys() == DEFAULTS.keys()
    assert len(set(DEFAULTS.values())) == len(DEFAULTS)
    assert {row.action for row in key_rows(DEFAULTS)} == {"", *DEFAULTS}


def test_only_what_differs_is_kept_and_two_may_change_places(cast):
    saved = save_keys(person=cast.teacher, keys={**DEFAULTS, "tool_tick": "X", "tool_cross": "t"}, is_on=False)
    assert saved.keys == {"tool_tick": "x", "tool_cross": "t"}
    assert not DeskKeys.objects.get(person=cast.teacher).is_on
    assert save_keys(person=cast.teacher, keys={}, is_on=True).keys == {}


@pytest.mark.parametrize(
    ("keys", "sentence"),
    [
        ({"tool_tick": "x"}, "“Tick” and “Cross” cannot both have the key X."),
        ({"tool_tick": "3"}, "The key 3 is for the steps."),
        ({"tool_tick": "?"}, "The key ? is for the list of keys."),
        ({"tool_tick": "ab"}, "A key is one letter, digit or sign."),
        ({"tool_tick": 7}, "A key is one letter, digit or sign."),
        ({"tool_tick": "\x00"}, "A key is one letter, digit or sign."),
        ({"dance": "d"}, "The desk has no such action."),
    ],
)
def test_keys_that_cannot_be(cast, keys, sentence):
    with pytest.raises(DeskKeyError) as refused:
        save_keys(person=cast.teacher, keys=keys, is_on=True)
    assert refused.value.message == sentence
    assert not DeskKeys.objects.exists()


@given(st.dictionaries(st.sampled_from(list(DEFAULTS)), st.sampled_from([*string.ascii_letters, "0", "[", "ß", "İ"])))
def test_whatever_is_asked_for_no_two_actions_share_a_key(keys):
    try:
        made = all_keys(checked_keys(keys))
    except DeskKeyError:
        return
    assert made.keys() == DEFAULTS.keys()
    assert len(set(made.values())) == len(DEFAULTS)


def test_keys_over_the_wire(cast, client, paper):
    client.force_login(cast.teacher)

    def send(body):
        return client.post(reverse("desk-keys"), body, content_type="application/json")

    assert send({"keys": {"undo": "n"}, "is_on": True}).json()["keys"]["undo"] == "n"
    assert desk_page(evaluation=paper, reader=cast.teacher, now=NOW)["data"]["keys"]["keys"]["undo"] == "n"
    assert "cannot both have" in send({"keys": {"undo": "t"}, "is_on": True}).json()["detail"]
    assert send({"keys": ["n"], "is_on": True}).status_code == 422


def test_a_question_is_flagged_and_unflagged_and_finishing_is_not_forbidden(cast, client, paper):
    question = written(cast.exam, 4)
    client.force_login(cast.teacher)
    url = reverse("marking-later", args=[paper.pk])
    for _again in range(2):
        sent = client.post(url, {"question": str(question.pk), "later": True}, content_type="application/json")
        assert sent.json() == {"later": [str(question.pk)]}
    assert desk_page(evaluation=paper, reader=cast.teacher, now=NOW)["data"]["later"] == [str(question.pk)]
    sent = client.post(url, {"question": str(question.pk), "later": False}, content_type="application/json")
    assert sent.json() == {"later": []}
    flag_later(evaluation=paper, question_id=question.pk, is_later=True, actor=cast.teacher, now=NOW)
    for row in paper.attempt.paper.questions.filter(is_written=True):
        save_mark(evaluation=paper, question_id=row.pk, version=0, steps={}, comment="", actor=cast.teacher, now=NOW)
    finalise_evaluation(evaluation=paper, actor=cast.teacher, now=NOW)
    with pytest.raises(ClaimError):
        flag_later(evaluation=paper, question_id=question.pk, is_later=False, actor=cast.teacher, now=NOW)


def test_what_is_not_on_the_paper_is_not_flagged(cast, paper):
    with pytest.raises(DomainError):
        flag_later(evaluation=paper, question_id=uuid.uuid4(), is_later=True, actor=cast.teacher, now=NOW)
    assert not LaterFlag.objects.exists()
