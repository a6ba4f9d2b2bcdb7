"""From a file to drafts and back: plans, all or nothing, nothing twice, and files broken in every way."""

import contextlib
import random
import time
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from hypothesis import example, given
from hypothesis import strategies as st

from accounts.models import AuditEvent
from assessments.models import MarkingStep, Question, QuestionVersion
from assessments.services.exporting import FORMATS, empty_table, export_questions
from assessments.services.formats.items import FormatError, ImportedItem, ParsedFile, Picture
from assessments.services.formats.table_examples import EXAMPLES
from assessments.services.import_plan import IMAGE, ImportRefusedError, plan_import
from assessments.services.importing import import_items, read_file, summary
from assessments.services.questions import content_of
from common.errors import DomainError, NotPermittedError
from courses.models import Topic
from tests import factories

GIFT = b"""$CATEGORY: Real Numbers/Surds

// [id:q-1]
::One::Is 2 even?{T}

::Two::Which?{=a ~b}

::Three::Which?{=a ~b}
"""


@pytest.fixture
def place(db) -> dict:
    chapter = factories.ChapterFactory(name="Real Numbers")
    return {
        "programme": chapter.unit.programme,
        "chapter": chapter,
        "author": factories.TeacherFactory(),
        "now": factories.NOW,
    }


def actions(plan) -> list[str]:
    return [row.action for row in plan.rows]


def test_a_file_arrives_as_drafts_and_only_once(place) -> None:
    topic = Topic.objects.create(chapter=place["chapter"], name="Surds")
    parsed = read_file(GIFT)
    assert actions(plan_import(parsed, **place)) == ["new", "new", "equal"]
    assert not Question.objects.exists()
    import_items(parsed, **place, file_sha256="ab")
    first, second = Question.objects.order_by("id")
    assert (first.key, first.state, first.topic, first.author) == ("q-1", "draft", topic, place["author"])
    assert second.key is None
    (event,) = AuditEvent.objects.filter(action="question.imported")
    assert event.after == {"format": "gift", "sha256": "ab", "new": 2, "changed": 0, "left_out": 0}
    again = import_items(parsed, **place)
    assert actions(again) == ["equal"] * 3
    assert (Question.objects.count(), AuditEvent.objects.filter(action="question.imported").count()) == (2, 1)


def test_a_changed_question_with_a_key_becomes_a_new_version(place) -> None:
    import_items(read_file(GIFT), **place)
    plan = import_items(read_file(GIFT.replace(b"{T}", b"{F}")), **place)
    assert actions(plan) == ["changed", "equal", "equal"]
    assert Question.objects.get(key="q-1").current.number == 2


def test_what_may_not_be_changed_is_refused(place) -> None:
    import_items(read_file(GIFT), **place)
    newcomer = factories.TeacherFactory()
    newcomer.teacher_profile.verified_at = None
    newcomer.teacher_profile.save()
    plan = plan_import(read_file(GIFT.replace(b"{T}", b"{F}")), **place | {"author": newcomer})
    assert "Another question already has the key" in plan.rows[0].reason
    plan = plan_import(read_file(GIFT.replace(b"{T}", b"{#2}")), **place)
    assert "cannot change" in plan.rows[0].reason
    Question.objects.update(state="retired")
    assert "retired" in plan_import(read_file(GIFT.replace(b"{T}", b"{F}")), **place).rows[0].reason
    with pytest.raises(NotPermittedError):
        plan_import(read_file(GIFT), **place | {"author": factories.StudentFactory()})


def test_one_refusal_stops_all_unless_it_shall_be_left_out(place) -> None:
    data = GIFT + b"\n::Bad::Only a text\n\n::Worse::$\\\\frac$ is?{T}\n"
    parsed = read_file(data)
    with pytest.raises(ImportRefusedError) as error:
        import_items(parsed, **place)
    assert [problem.partition(":")[0] for problem in error.value.details["problems"]] == ["line 12", "line 10"]
    assert not Question.objects.exists()
    plan = import_items(parsed, **place, without_refused=True)
    assert summary(plan) == "gift: 2 new, 0 changed, 1 equal to existing, 2 refused."


def test_places_are_found_by_name(place) -> None:
    topic = Topic.objects.create(chapter=place["chapter"], name="Irrational numbers")
    for category, found in [
        ("real numbers", (place["chapter"], None)),
        ("Anything/Irrational Numbers", (place["chapter"], topic)),
        ("Unheard of", (place["chapter"], None)),
    ]:
        (row,) = plan_import(read_file(f"$CATEGORY: {category}\n\nQ{{T}}".encode()), **place).rows
        assert (row.chapter, row.topic) == found
        assert any("Unheard" in note for note in row.notes) == (category == "Unheard of")
    (row,) = plan_import(read_file(b"Q{T}"), **place | {"chapter": None}).rows
    assert (row.action, "names no chapter" in row.reason) == ("refused", True)


def test_pictures_are_left_out_with_a_note_until_somebody_keeps_them(place, settings) -> None:
    (good,) = read_file(b"Q{T}").items
    content = good.content.__class__(
        **{**vars(good.content), "text": "See ![the heart](heart.png) and ![](http://x/y)"}
    )
    picture = Picture("heart.png", b"PNG", "image/png")
    parsed = ParsedFile("x", (ImportedItem("1", "x", good.type, content, pictures=(picture,)),))
    (row,) = plan_import(parsed, **place).rows
    assert row.item.content.text == "See the heart and"
    assert row.notes == ("The picture “heart.png” was left out.", "The picture “http://x/y” was left out.")
    (row,) = plan_import(parsed, **place, keep_picture=lambda one: f"{settings.MEDIA_URL}{one.name}").rows
    assert row.item.content.text == f"See ![the heart]({settings.MEDIA_URL}heart.png) and"
    assert row.action == "new"


@pytest.fixture
def bank(place) -> list[Question]:
    import_items(read_file(empty_table("csv").data), **place)
    return list(Question.objects.order_by("pk"))


@pytest.mark.parametrize("format", sorted(FORMATS))
def test_exports_are_recognised_and_equal(place, bank, format: str) -> None:
    exported = export_questions(questions=bank, actor=place["author"], format=format)
    parsed = read_file(exported.data)
    lost = {note.split("”")[0].removeprefix("“example-") for note in exported.notes}
    if format in {"csv", "xlsx"}:
        assert not exported.notes
    if format == "gift":
        assert lost == {"expression", "fill-in", "ordering"}
    plan = plan_import(parsed, **place)
    equal = {row.item.key for row in plan.rows if row.action == "equal" and row.item.key}
    if format != "aiken":
        assert {f"example-{name}" for name in lost} | equal >= {item.key for item in EXAMPLES}


def test_exports_hold_what_the_actor_may_see(bank, place) -> None:
    with pytest.raises(DomainError, match="no question to export"):
        export_questions(questions=bank, actor=factories.StudentFactory(), format="csv")
    with pytest.raises(DomainError, match="no format"):
        export_questions(questions=bank, actor=place["author"], format="docx")


def test_the_number_of_queries_does_not_grow(bank, place, django_assert_max_num_queries) -> None:
    with django_assert_max_num_queries(3):
        export_questions(questions=bank, actor=place["author"], format="csv")
    parsed = read_file(empty_table("csv").data)
    with django_assert_max_num_queries(9):
        assert set(actions(plan_import(parsed, **place))) == {"equal"}


def test_commands(place, tmp_path) -> None:
    file = tmp_path / "q.gift"
    file.write_bytes(GIFT)
    arguments = [str(file), f"--programme={place['programme'].slug}", f"--author={place['author'].email}"]
    out = StringIO()
    call_command("import_questions", *arguments, "--chapter=Real Numbers", "--dry-run", stdout=out)
    assert "gift: 2 new" in out.getvalue()
    assert not Question.objects.exists()
    call_command("import_questions", *arguments, stdout=out)
    target = tmp_path / "out.xml"
    call_command(
        "export_questions", f"--actor={place['author'].email}", "--format=gift", f"--output={target}", stdout=out
    )
    assert len(read_file(target.read_bytes()).items) == 2
    call_command("export_questions", "--template", "--format=xlsx", f"--output={target}", stdout=out)
    assert len(read_file(target.read_bytes()).items) == len(EXAMPLES)
    for wrong in (
        ["nowhere.txt", *arguments[1:]],
        [*arguments, "--chapter=None"],
        [str(file), "--programme=x", "--author=y"],
    ):
        with pytest.raises(CommandError):
            call_command("import_questions", *wrong)


@pytest.mark.parametrize(
    "data", [b"", b"hello world", b"\x89PNG\r\n\x1a\n\x00", b"PK\x03\x04", b"<html></html>", b"%PDF-1.7"]
)
def test_what_is_no_question_file(data: bytes) -> None:
    with pytest.raises(FormatError):
        read_file(data)


@given(st.binary(max_size=200) | st.text(max_size=200).map(str.encode))
@example(b"type,text\n\xef\xbb\xbf")
@example("::a::{".encode("utf-16"))
@example(b"A. \nANSWER: A")
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    with contextlib.suppress(FormatError):
        read_file(data)


@pytest.mark.parametrize(
    "piece",
    [
        "//[tag:",
        "//x\n",
        "::",
        "{",
        "\\(",
        "$$",
        '[html]<div class="step ',
        "=a",
        "~%50%",
        "a\n",
        "$CATEGORY:/",
        "#",
        "![",
        "![](<",
    ],
)
@pytest.mark.parametrize(
    "around", ["%s", "::q::a %s{=b}", "q{%s}", "type,text\n,%s", "Q\nA. %s\nANSWER: A", "{}\n\n%s", "q{####[html]%s}"]
)
@pytest.mark.timeout(30)
def test_hostile_files_take_no_time(piece: str, around: str) -> None:
    started = time.process_time()
    with contextlib.suppress(FormatError):
        parsed = read_file((around % (piece * (500_000 // len(piece)))).encode())
        for item in parsed.items:
            IMAGE.sub("", item.content.text)
    assert time.process_time() - started < 10


def mutated(data: bytes, chance: random.Random) -> bytes:
    """`data` with one to four faults: bytes changed, pieces cut, doubled, moved, signs put in."""
    signs = [
        b"{",
        b"}",
        b"=",
        b"~",
        b"<",
        b"\x00",
        b"\xff\xfe",
        b'"',
        b"\n\n",
        b"]]>",
        b"&",
        b"'",
        b"\\",
        b"%",
        b"$$",
        b"[1",
        b"9" * 50,
    ]
    for _fault in range(chance.randint(1, 4)):
        at, to = sorted(chance.randint(0, len(data)) for _ in range(2))
        to = min(to, at + 200)
        piece = data[at:to]
        data = chance.choice(
            [
                data[:at] + data[to:],
                data[:to] + piece * chance.randint(1, 3) + data[to:],
                data[:at] + chance.choice(signs) + data[at:],
                data[:at] + bytes(chance.randrange(256) for _ in range(4)) + data[at + 4 :],
                data[: at or 1],
            ]
        )
    return data


@pytest.mark.parametrize("format", sorted(FORMATS))
def test_mutated_files_do_no_harm(place, bank, format: str) -> None:
    """100 mutations of every format: a FormatError or a plan; an import takes all that the plan took, or nothing."""
    data = export_questions(questions=bank, actor=place["author"], format=format).data
    chance = random.Random(f"mutations of {format}")
    count, outcomes = Question.objects.count(), set()
    for number in range(100):
        broken = mutated(data, chance)
        started = time.process_time()
        try:
            parsed = read_file(broken)
        except FormatError:
            outcomes.add("unreadable")
            continue
        # Where few can still be read, each is tried until both kinds of outcome were seen.
        if number % 4 == 0 or len(outcomes) < 2:
            versions = QuestionVersion.objects.count()
            try:
                plan = import_items(parsed, **place)
                assert Question.objects.count() == count + plan.count("new")
                assert QuestionVersion.objects.count() == versions + plan.count("new") + plan.count("changed")
                outcomes.add("imported")
            except DomainError:
                assert (Question.objects.count(), QuestionVersion.objects.count()) == (count, versions)
                outcomes.add("refused")
            count = Question.objects.count()
        assert time.process_time() - started < 20
    # A changed byte breaks the checksum of a zip.
    assert len(outcomes) >= 2 or format in {"xlsx", "qti", "qti3"}
    for question in Question.objects.select_related("current"):
        assert content_of(question.current).text
    assert MarkingStep.objects.filter(version__isnull=True).count() == 0
