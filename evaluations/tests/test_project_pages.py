"""The pages of a project: what each says, to whom, and in how few queries."""

import re
from datetime import timedelta

import pytest
from django.urls import reverse

from assessments.models import Exam, Project
from assessments.services.submissions import begin_submission
from assessments.tests.projects import DUE, LINK, add_work, handed_in, project_lesson, project_of
from courses.models import Lesson
from evaluations.models import Evaluation
from evaluations.services.claims import claim_evaluation
from evaluations.services.finishing import return_evaluation
from evaluations.tests.test_projects import marked, opened
from evaluations.tests.visits import MOST_QUERIES, cost
from tests.factories import NOW

pytestmark = pytest.mark.django_db
WRITTEN = {
    "text": "Build a bridge.",
    "takes_link": "on",
    "due_at": "2027-03-01T18:00",
    "late_percent": "10",
    "late_cap": "50",
    "revisions": "2",
    "pass_percent": "40",
    "criterion-text": ["Idea", "Mathematics", ""],
    "criterion-marks": ["", "5", ""],
    "criterion-levels": ["4: Own\n2: Partly", "", ""],
}


def page_of(client, person, name, *args):
    """The page and how many queries it took."""
    client.force_login(person)
    address = reverse(name, args=args)
    return client.get(address).content.decode(), cost(client, address)


def test_a_teacher_writes_and_publishes_it(client, cast):
    lesson = project_lesson(cast)
    client.force_login(cast.teacher)
    address = reverse("project-edit", args=[lesson.pk])
    form = client.get(address).context["form"]
    chapter = form.fields["chapter"].queryset.first()
    more = client.post(address, WRITTEN | {"do": "more"})
    assert (more.status_code, len(more.context["form"].rows)) == (200, 4)
    wrong = client.post(address, WRITTEN | {"chapter": chapter.pk, "do": "keep", "criterion-levels": ["all", "", ""]})
    assert wrong.status_code == 422
    assert "A level is a line like" in wrong.content.decode()
    assert not Project.objects.exists()
    assert client.post(address, WRITTEN | {"chapter": chapter.pk, "do": "publish"}).status_code == 302
    project = Project.objects.select_related("exam__paper").get()
    assert (project.exam.is_published, project.exam.paper.total_marks, project.late_cap) == (True, 9, 50)
    assert (project.takes_files, project.takes_link) == (False, True)
    lesson.refresh_from_db()
    assert lesson.target == project.pk
    text, queries = page_of(client, cast.teacher, "project-edit", lesson.pk)
    assert "2: Partly" in text
    assert queries <= MOST_QUERIES


def test_the_way_of_a_student(client, cast):
    project = project_of(cast)
    address = reverse("project-page", args=[project.pk])
    client.force_login(cast.student)
    assert client.post(address, {"do": "hand_in"}).status_code == 422
    assert client.post(address, {"do": "begin"}).status_code == 302
    bad = client.post(address, {"do": "hand_in", "link": "ftp://example.org"})
    assert (bad.status_code, "begins with https" in bad.content.decode()) == (422, True)
    assert "ftp://example.org" in bad.content.decode()
    assert client.post(address, {"do": "hand_in", "link": LINK}).status_code == 302
    assert "Your work is with us" in client.get(address).content.decode()
    assert client.post(address, {"do": "withdraw"}).status_code == 302
    assert "taken back" in client.get(address).content.decode()


def test_queries_do_not_grow_with_submissions(client, cast):
    project = project_of(cast, revisions=5)
    counts = []
    for _round in range(3):
        submission = begin_submission(project=project, student=cast.student, now=NOW)
        add_work(submission)
        counts.append(page_of(client, cast.student, "project-page", project.pk)[1])
        record = opened(handed_in(project, cast.student))
        claim_evaluation(evaluation=record, teacher=cast.teacher, now=NOW)
        return_evaluation(evaluation=record, actor=cast.teacher, reason="Show the load.", now=NOW)
    text, queries = page_of(client, cast.student, "project-page", project.pk)
    assert text.count("Show the load.") == 3
    assert max(*counts, queries) <= MOST_QUERIES
    assert counts[1] == counts[2]


def test_the_desk_and_the_result_of_a_late_project(client, cast):
    project = project_of(cast)
    submission = handed_in(project, cast.student, at=DUE + timedelta(hours=30), pages=1)
    record = opened(submission, DUE)
    Evaluation.objects.filter(pk=record.pk).update(submitted_at=NOW)
    text, queries = page_of(client, cast.teacher, "marking-desk", record.pk)
    assert LINK in text
    assert "2 days late: 1½ off" in text
    assert queries <= MOST_QUERIES
    record.refresh_from_db()
    marked(record, cast.teacher)
    for reader in (cast.student, cast.guardian):
        text, queries = page_of(client, reader, "result-page", submission.attempt_id)
        assert "7½ for the work − 1½ for being late = 6" in re.sub(r"\s+", " ", text)
        assert 'class="yes"' in text
        assert queries <= MOST_QUERIES


def test_a_revision_is_asked_for_on_the_desk_with_a_reason(client, cast):
    record = opened(handed_in(project_of(cast), cast.student))
    client.force_login(cast.teacher)
    assert client.get(reverse("marking-desk", args=[record.pk])).status_code == 200
    address = reverse("marking-revision", args=[record.pk])
    assert client.post(address, {"reason": " "}).status_code == 422
    assert client.post(address, {"reason": "More."}).status_code == 302
    page, _queries = page_of(client, cast.student, "project-page", record.attempt.exam_id)
    assert "More." in page
    client.force_login(cast.guardian)
    assert "to be revised" in client.get(reverse("result-page", args=[record.attempt_id])).content.decode()
    client.force_login(cast.student)
    result = client.get(reverse("result-page", args=[record.attempt_id]))
    assert result.url == reverse("project-page", args=[record.attempt.exam_id])


def test_projects_are_not_among_the_exams(client, cast):
    project = project_of(cast)
    text, _queries = page_of(client, cast.student, "exam-list")
    assert "A bridge" not in text
    assert Exam.objects.visible_to(cast.student).filter(pk=project.pk).exists()
    assert Lesson.objects.get(pk=project.lesson_id).target == project.pk
