"""Files of questions through the pages and the worker: upload, report, import once, discard, sweep; export."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from django.utils import timezone, translation

from accounts.models import AuditEvent
from assessments.enums import QuestionType
from assessments.models import ImportState, Question, QuestionImport, QuestionImportRow
from assessments.services import question_files as services
from assessments.services.exporting import FORMATS
from assessments.services.formats.items import MAX_FILE, FormatError
from assessments.services.formats.reading import read_apart
from assessments.services.formats.table_examples import EXAMPLES
from assessments.services.importing import import_items, read_file
from common.errors import ConflictError, DomainError
from common.models import new_id
from common.storage import sheet_storage
from tests import factories

pytestmark = pytest.mark.django_db
HTMX = {"HX-Request": "true"}
UPLOAD = reverse("question-import")
GIFT = b"""// [id:q-1]
::One::Is 2 even?{T}

::Two::Which?{=a ~b}
"""
#: A reader that answers what it knows instead of reading.
TELLING = """
import os, pickle, sys
from assessments.services.formats.reader import prepare
prepare(sys.argv[3], sys.argv[4:])
import assessments.services.formats.recognition
from django.utils.translation import gettext
loaded = " ".join(name for name in sys.modules if name.startswith(("assessments.models", "config", "openpyxl")))
pickle.dump("|".join([gettext("%s"), repr(os.environ), loaded]), sys.stdout.buffer)
"""
BAD = GIFT + b"\n::Bad::Only a text\n"


@pytest.fixture
def chapter(settings: Any, tmp_path: Any) -> Any:
    options = {"location": str(tmp_path), "base_url": "/files/"}
    settings.STORAGES = {
        **settings.STORAGES, "sheets": {"BACKEND": "common.storage.SignedLocalStorage", "OPTIONS": options},
    }  # fmt: skip
    return factories.ChapterFactory(name="Real Numbers")


@pytest.fixture
def teacher(client: Client, cast: Any) -> Any:
    client.force_login(cast.teacher)
    return cast.teacher


@pytest.fixture
def commits(django_capture_on_commit_callbacks: Any) -> Any:
    """Runs what waits for a commit, as a committed request would."""
    return lambda: django_capture_on_commit_callbacks(execute=True)


def written(chapter: Any) -> Any:
    return Question.objects.filter(chapter=chapter)


def form(chapter: Any, data: bytes = GIFT, name: str = "quiz.gift") -> dict[str, Any]:
    file = SimpleUploadedFile(name, data)
    return {"file": file, "programme": chapter.unit.programme.pk, "chapter": str(chapter.pk)}


def upload(client: Client, chapter: Any, commits: Any, data: bytes = GIFT, name: str = "quiz.gift") -> QuestionImport:
    with commits():
        response = client.post(UPLOAD, form(chapter, data, name))
    assert response.status_code == 302, response.content.decode()
    return QuestionImport.objects.latest("created_at")


def page(source: QuestionImport) -> str:
    return reverse("question-import-page", args=[source.pk])


def press(client: Client, source: QuestionImport, commits: Any, **data: str) -> Any:
    with commits():
        return client.post(reverse("question-import-run", args=[source.pk]), data)


class TestImport:
    def test_report_first_then_drafts(self, client: Client, teacher: Any, chapter: Any, commits: Any) -> None:
        source = upload(client, chapter, commits)
        assert (source.state, source.counts["new"], written(chapter).count()) == ("ready", 2, 0)
        html = client.get(page(source)).content.decode()
        assert "Import 2 questions as drafts" in html
        assert "Is 2 even?" in html
        assert press(client, source, commits).status_code == 302
        assert set(written(chapter).values_list("state", "author")) == {("draft", teacher.pk)}
        assert "2 questions were imported as drafts" in client.get(page(source)).content.decode()
        assert not sheet_storage().exists(source.storage_key)

    def test_report_says_the_key_that_no_option_shows(
        self, client: Client, teacher: Any, chapter: Any, commits: Any
    ) -> None:
        source = upload(client, chapter, commits, b"::Near::About how many?{#7:0.5}")
        assert "Answer: 7 ± 0.5" in client.get(page(source)).content.decode()

    def test_pressing_twice_and_a_repeated_task_import_once(
        self, client: Client, teacher: Any, chapter: Any, commits: Any
    ) -> None:
        source = upload(client, chapter, commits)
        press(client, source, commits)
        press(client, source, commits)
        assert services.work_on(import_id=source.pk, now=timezone.now()) == ""
        assert written(chapter).count() == 2
        assert AuditEvent.objects.filter(action="question.imported").count() == 1

    def test_a_worker_killed_while_importing_is_asked_again(
        self, client: Client, teacher: Any, chapter: Any, commits: Any
    ) -> None:
        """Whatever it did not commit did not happen; the file is still there."""
        source = upload(client, chapter, commits)
        now = timezone.now()
        QuestionImport.objects.update(state=ImportState.IMPORTING, touched_at=now - timedelta(minutes=1))
        with commits():
            assert services.tend_files(now=now) == 0
        QuestionImport.objects.update(touched_at=now - timedelta(minutes=3))
        with commits():
            assert services.tend_files(now=now) == 1
        source.refresh_from_db()
        assert (source.state, written(chapter).count()) == ("done", 2)

    def test_a_file_that_kills_the_worker_is_given_up(
        self, client: Client, teacher: Any, chapter: Any, commits: Any
    ) -> None:
        source = upload(client, chapter, commits)
        QuestionImport.objects.update(state=ImportState.READING, tries=services.MAX_TRIES)
        assert services.work_on(import_id=source.pk, now=timezone.now()) == "failed"
        assert "failed several times" in client.get(page(source)).content.decode()

    def test_refused_places_are_left_out_only_when_asked(
        self, client: Client, teacher: Any, chapter: Any, commits: Any
    ) -> None:
        source = upload(client, chapter, commits, BAD)
        response = press(client, source, commits)
        assert response.status_code == 422
        assert "cannot be imported. Leave it out" in response.content.decode()
        assert not written(chapter).exists()
        press(client, source, commits, without_refused="1")
        assert written(chapter).count() == 2

    def test_changed_questions_are_marked(self, client: Client, teacher: Any, chapter: Any, commits: Any) -> None:
        press(client, upload(client, chapter, commits), commits)
        source = upload(client, chapter, commits, GIFT.replace(b"Is 2 even", b"Is 3 even"))
        html = client.get(page(source) + "?show=changed").content.decode()
        assert "<del>2</del><ins>3</ins>" in html
        assert "1 question of the bank gets a new version" in html
        assert client.get(page(source) + "?show=equal").content.decode().count("<article") == 1
        press(client, source, commits)
        assert Question.objects.get(key="q-1").current.number == 2

    def test_a_bank_that_changed_meanwhile_is_looked_at_again(
        self, client: Client, teacher: Any, chapter: Any, commits: Any
    ) -> None:
        source = upload(client, chapter, commits)
        import_items(
            read_file(GIFT), programme=chapter.unit.programme, chapter=chapter, author=teacher, now=factories.NOW
        )
        press(client, source, commits)
        with commits():
            services.work_on(import_id=source.pk, now=timezone.now())
        source.refresh_from_db()
        assert (source.state, source.counts["equal"], written(chapter).count()) == ("ready", 2, 2)
        assert "made anew" in client.get(page(source)).content.decode()

    def test_the_same_file_again_says_so(self, client: Client, teacher: Any, chapter: Any, commits: Any) -> None:
        source = upload(client, chapter, commits)
        response = client.post(UPLOAD, form(chapter), follow=True)
        assert "You have uploaded this very file already" in response.content.decode()
        assert QuestionImport.objects.count() == 1
        press(client, source, commits)
        again = upload(client, chapter, commits)
        assert "This very file was imported before" in client.get(page(again)).content.decode()

    @pytest.mark.parametrize(
        ("data", "sentence"),
        [(b"hello world", "none of the formats"), (b"PK\x03\x04", "damaged"), (b"<!DOCTYPE x><quiz/>", "")],
    )
    def test_a_file_that_cannot_be_read_is_a_sentence(
        self, client: Client, teacher: Any, chapter: Any, commits: Any, data: bytes, sentence: str
    ) -> None:
        source = upload(client, chapter, commits, data)
        html = client.get(page(source)).content.decode()
        assert source.state == "failed"
        assert sentence in html
        assert "Nothing was imported." in html
        assert not sheet_storage().exists(source.storage_key)

    def test_the_report_lets_the_chapter_be_chosen(
        self, client: Client, teacher: Any, chapter: Any, commits: Any
    ) -> None:
        with commits():
            client.post(UPLOAD, form(chapter) | {"chapter": ""})
        source = QuestionImport.objects.get()
        assert source.counts["refused"] == 2
        html = client.get(page(source)).content.decode()
        assert '<details class="files-place" open' in html
        assert "2 questions name no chapter of the programme: choose one" in html
        place = {"programme": chapter.unit.programme.pk, "chapter": str(chapter.pk)}
        with commits():
            response = client.post(reverse("question-import-place", args=[source.pk]), place)
        assert response.status_code == 302
        source.refresh_from_db()
        assert (source.state, source.counts["new"], source.counts["refused"]) == ("ready", 2, 0)
        assert source.chapter == chapter
        assert '<details class="files-place">' in client.get(page(source)).content.decode()
        press(client, source, commits)
        assert written(chapter).count() == 2

    def test_a_wrong_place_is_a_sentence(self, client: Client, teacher: Any, chapter: Any, commits: Any) -> None:
        source = upload(client, chapter, commits)
        address, elsewhere = (
            reverse("question-import-place", args=[source.pk]),
            factories.ChapterFactory(unit__programme__slug="other", unit__programme__grade="IX"),
        )
        place = {"programme": chapter.unit.programme.pk, "chapter": str(elsewhere.pk)}
        response = client.post(address, place)
        assert response.status_code == 422
        assert "This chapter is not part of the programme." in response.content.decode()
        press(client, source, commits)
        response = client.post(address, place | {"chapter": str(chapter.pk)})
        assert response.status_code == 409
        source.refresh_from_db()
        assert source.state == "done"

    @pytest.mark.parametrize("wrong", ["none", "empty", "large", "programme", "chapter"])
    def test_a_wrong_upload_is_a_422_page(self, client: Client, teacher: Any, chapter: Any, wrong: str) -> None:
        data = form(chapter)
        if wrong == "none":
            del data["file"]
        elif wrong == "empty":
            data["file"] = SimpleUploadedFile("x", b"")
        elif wrong == "large":
            data["file"] = SimpleUploadedFile("x", bytes(MAX_FILE + 1))
        else:
            data[wrong] = str(factories.ChapterFactory().pk) if wrong == "chapter" else "x"
            data["programme"] = chapter.unit.programme.pk if wrong == "chapter" else "x"
        if wrong == "chapter":
            data["chapter"] = "00000000-0000-0000-0000-000000000000"
        response = client.post(UPLOAD, data)
        assert response.status_code == 422
        assert 'class="err"' in response.content.decode()
        assert not QuestionImport.objects.exists()

    def test_while_the_worker_is_busy_the_page_asks_every_second(
        self, client: Client, teacher: Any, chapter: Any, commits: Any
    ) -> None:
        source = upload(client, chapter, commits)
        QuestionImport.objects.update(state=ImportState.READING, done=5, total=10)
        response = client.get(page(source), headers=HTMX)
        html = response.content.decode()
        assert 'hx-trigger="every 1s"' in html
        assert 'value="50"' in html
        assert "<html" not in html
        QuestionImport.objects.update(state=ImportState.READY)
        assert "hx-trigger" not in client.get(page(source), headers=HTMX).content.decode()

    def test_others_do_not_see_it(self, client: Client, teacher: Any, cast: Any, chapter: Any, commits: Any) -> None:
        source = upload(client, chapter, commits)
        for person in (cast.colleague, cast.staff):
            client.force_login(person)
            assert client.get(page(source)).status_code == 404
            assert press(client, source, commits).status_code == 404
        client.force_login(cast.student)
        assert client.post(UPLOAD, form(chapter)).status_code == 403

    def test_discarding_forgets_file_and_report(self, client: Client, teacher: Any, chapter: Any, commits: Any) -> None:
        source = upload(client, chapter, commits)
        url = reverse("question-import-discard", args=[source.pk])
        QuestionImport.objects.update(state=ImportState.IMPORTING)
        assert client.post(url).status_code == 409
        QuestionImport.objects.update(state=ImportState.READY)
        assert client.post(url).status_code == 302
        assert not QuestionImportRow.objects.exists()
        assert not sheet_storage().exists(source.storage_key)
        with pytest.raises(ConflictError):
            services.discard(source=source, actor=teacher)

    def test_after_a_day_only_the_memory_of_imports_stays(
        self, client: Client, teacher: Any, chapter: Any, commits: Any
    ) -> None:
        done = upload(client, chapter, commits)
        press(client, done, commits)
        waiting = upload(client, chapter, commits, BAD)
        assert sheet_storage().exists(waiting.storage_key)
        later = timezone.now() + timedelta(hours=24)
        assert services.tend_files(now=later) == 2
        assert services.tend_files(now=later) == 0
        assert list(QuestionImport.objects.all()) == [done]
        assert not QuestionImportRow.objects.exists()
        assert not sheet_storage().exists(waiting.storage_key)

    def test_too_many_waiting_files(self, client: Client, teacher: Any, chapter: Any) -> None:
        for number in range(services.MAX_WAITING):
            client.post(UPLOAD, form(chapter, GIFT + b"\n" * number))
        assert client.post(UPLOAD, form(chapter, GIFT + b"// x")).status_code == 422

    def test_queries_do_not_grow_with_the_report(
        self, client: Client, teacher: Any, chapter: Any, commits: Any, django_assert_max_num_queries: Any
    ) -> None:
        many = b"".join(b"::Q%d::Is %d even?{T}\n\n" % (n, n) for n in range(60))
        source = upload(client, chapter, commits, many)
        with django_assert_max_num_queries(12):
            response = client.get(page(source) + "?page=2")
        assert response.content.decode().count("<article") == 25
        assert client.get(page(source) + "?page=99&show=nonsense").status_code == 200


class TestReading:
    def test_apart_reads_the_same(self) -> None:
        assert read_apart(BAD, "quiz.gift") == read_file(BAD, "quiz.gift")
        with pytest.raises(FormatError, match="none of the formats"):
            read_apart(b"hello")

    @pytest.mark.parametrize("format", ["csv", "xlsx", "moodle_xml", "qti", "gift", "aiken"])
    def test_apart_reads_every_format(self, format: str) -> None:
        choices = [item for item in EXAMPLES if item.type == QuestionType.SINGLE_CHOICE]
        data = FORMATS[format].write(choices if format == "aiken" else EXAMPLES)
        assert read_apart(data) == read_file(data)

    def test_the_reader_speaks_the_language_of_the_person_and_knows_no_secrets(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        sentence = "Enter a valid value."
        monkeypatch.setenv("SECRET_KEY", "do not tell")
        monkeypatch.setattr("assessments.services.formats.reading.PROGRAM", TELLING % sentence)
        with translation.override("hi"), pytest.raises(FormatError) as told:
            read_apart(GIFT)
        said, environment, loaded = told.value.message.split("|")
        with translation.override("hi"):
            assert said == translation.gettext(sentence) != sentence
        assert "do not tell" not in environment
        assert "DATABASE_URL" not in environment
        assert loaded == "", "the reader knows models"

    def test_too_long_is_a_sentence(self) -> None:
        with pytest.raises(FormatError, match="Split it"):
            read_apart(GIFT * 40_000, seconds=0)

    @pytest.mark.parametrize(
        ("ending", "said"), [("os.abort()", "broke off"), ("print('nothing')", "broke off"), ("os._exit(77)", "memory")]
    )
    def test_a_reader_that_dies_says_so(self, monkeypatch: pytest.MonkeyPatch, ending: str, said: str) -> None:
        monkeypatch.setattr("assessments.services.formats.reading.PROGRAM", f"import os; {ending}")
        with pytest.raises(FormatError, match=said):
            read_apart(GIFT)

    def test_a_plan_that_takes_too_long_is_stopped(self) -> None:
        moments = iter([0.0, 1.0, 1000.0])
        watch = services._Stopwatch(new_id(), lambda: next(moments))
        with pytest.raises(DomainError):
            watch(1, 2)
        with pytest.raises(DomainError, match="minutes"):
            watch(1, 2)


class TestExport:
    @pytest.fixture(autouse=True)
    def bank(self, teacher: Any, chapter: Any) -> None:
        import_items(
            read_file(GIFT), programme=chapter.unit.programme, chapter=chapter, author=teacher, now=factories.NOW
        )

    def query(self, chapter: Any, **more: str) -> dict[str, str]:
        unit = chapter.unit
        return {"programme": str(unit.programme_id), "unit": str(unit.pk), "chapter": str(chapter.pk), **more}

    def test_says_what_is_lost_before_the_download(self, client: Client, chapter: Any) -> None:
        url = reverse("question-export")
        assert "2 questions" in client.get(url, self.query(chapter)).content.decode()
        response = client.get(url, self.query(chapter, format="aiken"), headers=HTMX)
        html = response.content.decode()
        assert "cannot carry everything" in html
        assert "<html" not in html
        assert "holds everything" in client.get(url, self.query(chapter, format="csv")).content.decode()

    def test_downloads_the_filter_or_the_selection(self, client: Client, chapter: Any) -> None:
        url = reverse("question-export-file")
        response = client.get(url, self.query(chapter, format="gift"))
        name = f"questions-{chapter.unit.programme.slug}-{timezone.localdate().isoformat()}.gift.txt"
        assert response["Content-Disposition"] == f'attachment; filename="{name}"'
        assert len(read_file(response.content).items) == 2
        one = Question.objects.get(key="q-1")
        response = client.get(url, {"question": str(one.pk), "format": "qti"})
        (item,) = read_file(response.content).items
        assert item.key == "q-1"

    def test_wrong_requests_are_sentences(self, client: Client, chapter: Any, monkeypatch: Any) -> None:
        url = reverse("question-export-file")
        assert "There is no format" in client.get(url, {"format": "docx"}).content.decode()
        response = client.get(url, {"format": "csv", "marks": "x"})
        assert response.status_code == 422
        assert client.get(url, {"format": "csv", "q": "nothing like this"}).status_code == 422
        monkeypatch.setattr("assessments.views.question_files.MAX_EXPORT", 1)
        assert "Narrow the filter" in client.get(url, self.query(chapter, format="csv")).content.decode()

    def test_newcomers_export_their_own(self, client: Client, cast: Any, chapter: Any) -> None:
        client.force_login(cast.newcomer)
        assert client.get(reverse("question-export-file"), self.query(chapter, format="csv")).status_code == 422
        client.force_login(cast.student)
        assert client.get(reverse("question-export")).status_code == 403

    @pytest.mark.parametrize("kind", ["csv", "xlsx"])
    def test_the_empty_table_can_be_imported(self, client: Client, kind: str) -> None:
        response = client.get(reverse("question-template", args=[kind]))
        assert response["Content-Disposition"].endswith(f'questions-template.{kind}"')
        assert len(read_file(response.content).items) > 10
