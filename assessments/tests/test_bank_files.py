import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from accounts.models import AuditEvent
from assessments.models import BlueprintSlot, MarkingStep, Question, QuestionVersion
from assessments.selectors.bank import questions_with_content
from assessments.services.bank_files import BankFileError, BankReport, load_bank, load_blueprint
from assessments.services.drawing import check_blueprint
from common.errors import NotPermittedError
from tests import factories

SHIPPED = Path(__file__).resolve().parents[1] / "data" / "cbse_x_mathematics"
ITEM = """
[[item]]
key = "{key}"
chapter = "Real Numbers"
topic = "Irrational numbers"
section = "B"
type = "very_short_answer"
marks = "2"
difficulty = 1
cognitive_level = "apply"
text = '''{text}'''
explanation = ""
model_answer = "Yes."

[[item.steps]]
text = "Says so"
marks = "{marks}"
"""
CURRICULUM = """
[programme]
board = "CBSE"
grade = "X"
subject = "Mathematics"
session = "2026-27"
slug = "cbse-x-mathematics"

[[unit]]
slug = "number-systems"
title = "Number Systems"
marks = "6"

[[unit.chapters]]
title = "Real Numbers"
topics = ["Irrational numbers"]
"""


@pytest.fixture
def load(db) -> Callable[[Path], BankReport]:
    people = {"author": factories.TeacherFactory(), "verifier": factories.TeacherFactory()}
    return lambda folder: load_bank(folder=folder, now=factories.NOW, **people)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "curriculum.toml").write_text(CURRICULUM)
    write(tmp_path, ITEM.format(key="ns-1", text="Is $\\sqrt2$ irrational?", marks="2"))
    return tmp_path


def write(folder: Path, *items: str) -> None:
    (folder / "number-systems.toml").write_text('unit = "number-systems"\n' + "".join(items))


def test_the_shipped_bank_loads_once_and_fills_its_blueprint(load, django_assert_max_num_queries) -> None:
    report = load(SHIPPED)
    assert (report.created, report.revised, report.unchanged) == (Question.objects.count(), 0, 0)
    assert report.created >= 130
    assert Question.objects.active().count() == report.created
    assert AuditEvent.objects.filter(action="question.state_changed").count() == report.created
    (blueprint,) = report.blueprints
    assert check_blueprint(blueprint=blueprint) == []
    before = list(MarkingStep.objects.values_list("pk")), list(BlueprintSlot.objects.values_list("pk"))
    with django_assert_max_num_queries(30):
        again = load(SHIPPED)
    assert (again.created, again.revised, again.unchanged) == (0, 0, report.created)
    assert (list(MarkingStep.objects.values_list("pk")), list(BlueprintSlot.objects.values_list("pk"))) == before


def test_a_changed_item_becomes_a_new_version(load, folder: Path) -> None:
    load(folder)
    question = Question.objects.get(key="ns-1")
    write(folder, ITEM.format(key="ns-1", text="Is $\\sqrt3$ irrational?", marks="2"))
    report = load(folder)
    assert (report.created, report.revised) == (0, 1)
    question.refresh_from_db()
    assert (question.state, question.current.number) == ("active", 2)
    assert [version.number for version in question.versions.all()] == [1, 2]
    assert AuditEvent.objects.order_by("-id").first().after == {"state": "active", "version": 2}


def test_a_retired_question_stays_retired(load, folder: Path) -> None:
    load(folder)
    Question.objects.update(state="retired")
    write(folder, ITEM.format(key="ns-1", text="Changed?", marks="2"))
    load(folder)
    assert Question.objects.get().state == "retired"


@pytest.mark.parametrize(
    ("items", "sentence"),
    [
        ([ITEM.format(key="a", text="x", marks="1")], "number-systems.toml, item a: The steps add up to 1 marks"),
        ([ITEM.format(key="a", text="$\\frac{1}$", marks="2")], "item a: The question: "),
        ([ITEM.format(key="a", text="x", marks="2")] * 2, "item a: the key is used twice"),
        ([ITEM.format(key="a", text="x", marks="two")], "item a: missing or unknown"),
        ([ITEM.format(key="a", text="x", marks="2").replace("Irrational", "Odd")], "item a: missing or unknown"),
        ([ITEM.format(key="a", text="x", marks="2").replace("very_short_answer", "essay")], "no question type “essay”"),
        (["x ="], "number-systems.toml: "),
    ],
)
def test_a_fault_names_file_and_item_and_loads_nothing(load, folder: Path, items: list[str], sentence: str) -> None:
    write(folder, ITEM.format(key="good", text="x", marks="2"), *items)
    with pytest.raises(BankFileError) as error:
        load(folder)
    assert sentence in error.value.message
    assert not Question.objects.exists()
    assert not QuestionVersion.objects.exists()


def test_every_fault_is_reported_at_once(load, folder: Path) -> None:
    write(folder, *(ITEM.format(key=key, text="x", marks="1") for key in "abc"))
    with pytest.raises(BankFileError) as error:
        load(folder)
    assert len(error.value.details["problems"]) == 3


def test_a_folder_needs_a_curriculum(load, tmp_path: Path) -> None:
    with pytest.raises(BankFileError, match=r"no curriculum\.toml"):
        load(tmp_path)


def test_the_author_cannot_verify(folder: Path, db) -> None:
    teacher = factories.TeacherFactory()
    with pytest.raises(NotPermittedError):
        load_bank(folder=folder, author=teacher, verifier=teacher, now=factories.NOW)


def test_a_changed_blueprint_replaces_its_slots(load, folder: Path) -> None:
    programme = load(folder).programme
    slot = {"number": 1, "section": "A", "unit": "number-systems", "types": ["very_short_answer"], "marks": "2"}
    data = {
        "blueprint": {"slug": "short", "title": "Short", "duration_minutes": 30, "total_marks": "2", "kind": "custom"},
        "section": [{"label": "A", "title": "Section A"}],
        "slot": [slot],
    }
    first = load_blueprint(data=data, programme=programme)
    data["slot"] = [slot, {**slot, "number": 2, "choice": True}]
    data["blueprint"]["total_marks"] = "4"
    assert load_blueprint(data=data, programme=programme) == first
    assert list(BlueprintSlot.objects.values_list("number", "has_choice")) == [(1, False), (2, True)]
    data["slot"] = [{**slot, "section": "B"}]
    with pytest.raises(BankFileError, match="no section B"):
        load_blueprint(data=data, programme=programme)
    data["slot"] = [{**slot, "unit": "poetry"}]
    with pytest.raises(BankFileError, match="poetry"):
        load_blueprint(data=data, programme=programme)


def test_command(folder: Path, db, capsys: pytest.CaptureFixture[str]) -> None:
    author, verifier = factories.TeacherFactory(), factories.TeacherFactory()
    people = ["--author", author.email.upper(), "--verifier", verifier.email]
    call_command("load_bank", str(folder), *people)
    assert "1 new, 0 changed, 0 unchanged" in capsys.readouterr().out
    with pytest.raises(CommandError, match="Nobody here"):
        call_command("load_bank", str(folder), "--author", "x@example.com", "--verifier", verifier.email)
    with pytest.raises(CommandError, match="no folder"):
        call_command("load_bank", str(folder / "none"), *people)
    shutil.copy(folder / "number-systems.toml", folder / "twice.toml")
    with pytest.raises(CommandError, match="twice"):
        call_command("load_bank", str(folder), *people)


@pytest.mark.parametrize("count", [1, 30])
def test_questions_are_read_with_their_content_in_two_queries(load, count, django_assert_num_queries) -> None:
    load(SHIPPED)
    with django_assert_num_queries(2):
        for question in questions_with_content()[:count]:
            assert question.chapter.unit.programme
            assert question.author
            assert question.current.text_html
            list(question.current.steps.all())
