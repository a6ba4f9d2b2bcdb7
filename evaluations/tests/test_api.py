from uuid import uuid4

import pytest
from django.urls import reverse
from rest_framework.test import APIClient

from evaluations.enums import EvaluationState
from evaluations.models import Evaluation
from evaluations.tests.builders import evaluation_of, hand_in, marking, more_students, step_ids, written

pytestmark = pytest.mark.django_db

NUL = "\x00"


@pytest.fixture
def api():
    def client_of(person):
        client = APIClient(raise_request_exception=True)
        if person is not None:
            client.force_authenticate(person)
        return client

    return client_of


@pytest.fixture
def evaluation(cast):
    from django.utils import timezone

    made = marking(cast.exam, cast.student, cast.teacher)
    Evaluation.objects.filter(pk=made.pk).update(lease_until=timezone.now())
    return made


def mark_url(evaluation, question):
    return reverse("api-evaluation-mark", args=[evaluation.pk, getattr(question, "pk", question)])


def ink_url(evaluation):
    return reverse("api-evaluation-annotations", args=[evaluation.pk])


def test_the_marking_half_of_the_main_job(api, cast):
    evaluation = evaluation_of(hand_in(cast.exam, cast.student))
    teacher = api(cast.teacher)
    claimed = teacher.post(reverse("api-evaluation-claim"))
    assert (claimed.status_code, claimed.data["id"]) == (200, str(evaluation.pk))
    assert (claimed.data["state"], claimed.data["teacher"]) == ("in_progress", str(cast.teacher.pk))
    assert teacher.post(reverse("api-evaluation-claim")).status_code == 204
    desk = teacher.get(reverse("api-evaluation-detail", args=[evaluation.pk])).data
    assert desk["student"] == "", "the exam hides names"
    assert desk["unmarked"] == [4, 5]
    assert desk["pages"][0]["image"].startswith("http://testserver/files/pages/")
    assert desk["pages"][0]["questions"] == [4, 5]
    four, _five_a, five_b = desk["questions"]
    steps = [step["id"] for step in four["steps"]]
    url = mark_url(evaluation, four["id"])
    saved = teacher.put(url, {"version": 0, "steps": {steps[0]: "1", steps[2]: "0.5"}, "comment": "ok"}, format="json")
    assert (saved.status_code, saved.data) == (200, {"version": 1, "marks": "1.5", "total": "1.5"})
    ink = {"id": str(uuid4()), "page": desk["pages"][0]["id"], "kind": "tick", "geometry": {"x": 0.2, "y": 0.3}}
    drawn = teacher.put(ink_url(evaluation), {"annotations": [{**ink, "question": four["id"]}]}, format="json")
    assert (drawn.status_code, drawn.data["annotations"][0]["version"]) == (200, 1)
    finish = reverse("api-evaluation-finalise", args=[evaluation.pk])
    early = teacher.post(finish)
    assert (early.status_code, early.data["code"], early.data["numbers"]) == (422, "unmarked", [5])
    result_url = reverse("api-attempt-result", args=[evaluation.attempt_id])
    student = api(cast.student)
    before = student.get(result_url).data
    assert (before["ready"], before["total_marks"], before["questions"], before["pages"]) == (False, None, [], [])
    b_steps = [step["id"] for step in five_b["steps"]]
    five = {"version": 0, "steps": {b_steps[0]: "2", b_steps[1]: "1.5"}}
    assert teacher.put(mark_url(evaluation, five_b["id"]), five, format="json").data["total"] == "5"
    done = teacher.post(finish)
    assert (done.status_code, done.data["state"], done.data["total_marks"]) == (200, "released", "8")
    result = student.get(result_url).data
    assert (result["ready"], result["written_marks"], result["total_marks"]) == (True, "5", "8")
    by_label = {f"{q['number']}{q['alternative']}": q for q in result["questions"]}
    assert [s["awarded"] for s in by_label["4"]["steps"]] == ["1", "0", "0.5", "0"]
    assert (by_label["5b"]["awarded"], by_label["5b"]["counts"], by_label["5a"]["counts"]) == ("3.5", True, False)
    assert by_label["1"]["key"] == {"choices": ["B"]}
    assert result["pages"][0]["annotations"][0]["id"] == ink["id"]


def test_a_newer_version_is_409_with_the_current_values(api, cast, evaluation):
    question = written(cast.exam, 4)
    first = step_ids(question)[0]
    client = api(cast.teacher)
    client.put(mark_url(evaluation, question), {"version": 0, "steps": {first: "1"}}, format="json")
    stale = client.put(mark_url(evaluation, question), {"version": 0, "steps": {first: "0.5"}}, format="json")
    assert (stale.status_code, stale.data["code"]) == (409, "version")
    assert stale.data["current"] == {"version": 1, "steps": {first: "1"}, "marks": "1", "comment": ""}


def test_everybody_lists_only_what_is_theirs(api, cast):
    own = evaluation_of(hand_in(cast.exam, cast.student), teacher=cast.teacher)
    other = evaluation_of(hand_in(cast.exam, cast.classmate))
    url = reverse("api-evaluation-list")
    seen = {who: {row["id"] for row in api(person).get(url).data["results"]} for who, person in cast.people.items()}
    assert seen == {
        "student": {str(own.pk)}, "guardian": {str(own.pk)}, "teacher": {str(own.pk)},
        "classmate": {str(other.pk)}, "staff": {str(own.pk), str(other.pk)},
        "colleague": set(), "newcomer": set(), "outsider": set(),
    }  # fmt: skip
    row = api(cast.teacher).get(url).data["results"][0]
    assert set(row) == {"id", "attempt", "state", "due_at", "teacher"}
    assert [len(api(cast.staff).get(url, {"state": s}).data["results"]) for s in ("queued", "released")] == [1, 0]


def test_the_list_costs_the_same_for_one_and_for_thirty(api, cast, django_assert_num_queries):
    client = api(cast.staff)
    evaluation_of(hand_in(cast.exam, cast.student))
    with django_assert_num_queries(1):
        client.get(reverse("api-evaluation-list"))
    for student in more_students(29):
        evaluation_of(hand_in(cast.exam, student))
    with django_assert_num_queries(1):
        assert len(client.get(reverse("api-evaluation-list")).data["results"]) == 30


@pytest.mark.parametrize(
    ("who", "desk", "mark"),
    [
        (None, 401, 401), ("student", 403, 403), ("guardian", 403, 403), ("classmate", 404, 404),
        ("colleague", 404, 404), ("newcomer", 404, 404), ("staff", 200, 403), ("teacher", 200, 200),
    ],
)  # fmt: skip
def test_who_may_open_and_mark(api, cast, evaluation, who, desk, mark):
    client = api(cast.people[who] if who else None)
    assert client.get(reverse("api-evaluation-detail", args=[evaluation.pk])).status_code == desk
    body = {"version": 0, "steps": {}}
    assert client.put(mark_url(evaluation, written(cast.exam, 4)), body, format="json").status_code == mark
    assert client.put(ink_url(evaluation), {"annotations": []}, format="json").status_code == mark
    finish = client.post(reverse("api-evaluation-finalise", args=[evaluation.pk])).status_code
    assert finish == (422 if mark == 200 else mark)


@pytest.mark.parametrize("who", ["student", "newcomer", "staff"])
def test_only_verified_teachers_claim(api, cast, who):
    assert api(cast.people[who]).post(reverse("api-evaluation-claim")).status_code == 403


@pytest.mark.parametrize(
    ("who", "status"),
    [("student", 200), ("guardian", 200), ("teacher", 200), ("staff", 200), ("classmate", 404), ("colleague", 404)],
)
def test_who_reads_a_result(api, cast, who, status):
    attempt = evaluation_of(hand_in(cast.exam, cast.student), teacher=cast.teacher).attempt
    assert api(cast.people[who]).get(reverse("api-attempt-result", args=[attempt.pk])).status_code == status


BODIES = [
    None, [], "x", 7, {}, {"version": -1}, {"version": "x"}, {"version": 10**30}, {"version": 0, "steps": []},
    {"version": 0, "steps": {"x": "1"}}, {"version": 0, "steps": {NUL: "1"}}, {"version": 0, "steps": {"a": "NaN"}},
    {"version": 0, "steps": {"a": "1e999"}}, {"version": 0, "steps": {"a": None}}, {"version": 0, "comment": NUL},
    {"version": 0, "comment": "x" * 2000}, {"version": 0, "free_marks": "2"}, {"version": 0, "free_marks": "-1"},
    {"version": 0, "comment": {"a": 1}}, {"version": True, "steps": {"a": "0.3"}},
]  # fmt: skip


@pytest.mark.parametrize("body", BODIES)
def test_malformed_marks_are_refused_with_a_problem(api, cast, evaluation, body):
    sent = api(cast.teacher).put(mark_url(evaluation, written(cast.exam, 4)), body, format="json")
    assert sent.status_code in (400, 409, 422)
    assert sent["Content-Type"].startswith("application/problem+json")
    assert not evaluation.marks.exists()


INKS = [
    None, [], {}, {"annotations": {}}, {"annotations": [1]}, {"annotations": [{}]}, {"annotations": [{"id": "x"}]},
    {"annotations": [{"id": NUL, "page": NUL}]}, {"kind": "sticker"}, {"kind": NUL}, {"geometry": []},
    {"geometry": {"x": NUL, "y": 1}}, {"geometry": {"x": 1e308, "y": 0}}, {"text": NUL}, {"marks": NUL},
    {"marks": "x" * 99}, {"page": str(uuid4())}, {"question": str(uuid4())}, {"step": str(uuid4())}, {"version": 2**40},
]  # fmt: skip


@pytest.mark.parametrize("body", INKS)
def test_malformed_ink_is_refused_with_a_problem(api, cast, evaluation, body):
    page = evaluation.attempt.uploads.first().pages.first()
    good = {"id": str(uuid4()), "page": str(page.pk), "kind": "tick", "geometry": {"x": 0.5, "y": 0.5}}
    if isinstance(body, dict) and body and "annotations" not in body:
        body = {"annotations": [{**good, **body}]}
    sent = api(cast.teacher).put(ink_url(evaluation), body, format="json")
    assert sent.status_code in (400, 409, 422)
    assert not evaluation.annotations.exists()


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"{",
        b"\xff\xfe",
        b"NaN",
        b"[" * 100_000,
        b'{"version": 1' + b"0" * 5000 + b"}",
        b'{"version": 0, "comment": "\\ud800"}',
    ],
)
def test_bodies_that_are_no_json(api, cast, evaluation, raw):
    url = mark_url(evaluation, written(cast.exam, 4))
    sent = api(cast.teacher).put(url, raw, content_type="application/json")
    assert sent.status_code in (400, 422)


@pytest.mark.parametrize(
    ("query", "status"),
    [("state=nonsense", {422}), ("state=%00", {400, 422}), ("cursor=zzz", {404}), ("cursor=cD0lMDA%3D", {404}),
     ("cursor=cD1hYmM%3D", {404}), ("page_size=-5", {200}), ("page_size=99999", {200})],
)  # fmt: skip
def test_odd_list_queries(api, cast, query, status):
    assert api(cast.staff).get(f"{reverse('api-evaluation-list')}?{query}").status_code in status


def test_unknown_ids_are_404(api, cast):
    client = api(cast.staff)
    assert client.get(reverse("api-evaluation-detail", args=[uuid4()])).status_code == 404
    assert client.get(reverse("api-attempt-result", args=[uuid4()])).status_code == 404


def test_a_result_without_pages_is_the_objective_marks(api, cast):
    attempt = hand_in(cast.exam, cast.student, pages=0)
    result = api(cast.student).get(reverse("api-attempt-result", args=[attempt.pk])).data
    assert (result["state"], result["ready"], result["written_marks"], result["total_marks"]) == (
        "objective_only", True, "0", "3",
    )  # fmt: skip
    waiting = hand_in(cast.exam, cast.classmate)
    result = api(cast.classmate).get(reverse("api-attempt-result", args=[waiting.pk])).data
    assert (result["state"], result["ready"]) == ("opening", False)


@pytest.mark.parametrize("state", [s for s in EvaluationState if s != EvaluationState.RELEASED])
def test_nothing_is_shown_before_release(api, cast, state):
    teacher = None if state == EvaluationState.QUEUED else cast.teacher
    made = evaluation_of(hand_in(cast.exam, cast.student), teacher=teacher, state=state, total_marks=9)
    result = api(cast.student).get(reverse("api-attempt-result", args=[made.attempt_id])).data
    assert (result["state"], result["ready"], result["total_marks"], result["objective_marks"]) == (
        state,
        False,
        None,
        None,
    )
