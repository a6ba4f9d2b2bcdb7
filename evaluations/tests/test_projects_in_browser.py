"""A project in a real browser: written by a teacher, handed in as a photo and a link, given back, handed in anew,
marked by its rubric with the keyboard, and done."""

from __future__ import annotations

import io

import pytest
from django.urls import reverse
from PIL import Image, ImageDraw
from playwright.sync_api import Page, expect

from courses.enums import CompletionRule, LessonKind
from courses.models import Lesson
from evaluations.models import Evaluation
from tests.browser import Site
from tests.test_axe import violations

pytestmark = [pytest.mark.slow, pytest.mark.browser]
LEVELS = "4: Own and clear\n2: Partly\n1: Little"


def photograph() -> bytes:
    picture = Image.new("RGB", (900, 1200), (250, 247, 238))
    draw = ImageDraw.Draw(picture)
    for y in range(120, 1100, 60):
        draw.line((90, y, 780, y), fill=(30, 40, 90), width=4)
    made = io.BytesIO()
    picture.save(made, "JPEG")
    return made.getvalue()


def new_lesson(site: Site) -> Lesson:
    def made() -> Lesson:
        old = Lesson.objects.get(pk=site.ids["project_lesson"])
        fields = {"kind": LessonKind.PROJECT, "completion": CompletionRule.PASSED}
        return Lesson.objects.create(module=old.module, title="A tower", position=9, **fields)

    return site.ask(made)


def write_project(page: Page, lesson: Lesson) -> None:
    page.goto(reverse("project-edit", args=[lesson.pk]))
    page.get_by_label("The task").fill("Build a tower of height $h = \\frac{1}{2} g t^2$.")
    page.get_by_label("Chapter").select_option(index=1)
    page.locator("#criterion-1-text").fill("Idea")
    page.locator("#criterion-1-levels").fill(LEVELS)
    page.locator("#criterion-2-text").fill("Mathematics")
    page.locator("#criterion-2-marks").fill("5")
    page.get_by_label("A link").check()
    page.get_by_role("button", name="Publish").click()
    expect(page.get_by_text("The project is out.")).to_be_visible()


def record_of(site: Site, lesson: Lesson, number: int) -> Evaluation:
    rows = Evaluation.objects.filter(attempt__exam__project__lesson=lesson, attempt__submission__number=number)
    return site.ask(rows.get)


def test_a_project_from_its_task_to_its_marks(site: Site) -> None:
    lesson = new_lesson(site)
    with site.visit("teacher", axe=True) as teacher, site.visit("student", width=390, axe=True) as student:
        write_project(teacher.page, lesson)
        page = student.page
        page.goto(f"/exams/{site.ask(lambda: Lesson.objects.get(pk=lesson.pk).target)}/")
        page.get_by_role("button", name="Begin").click()
        page.wait_for_load_state("load")
        page.locator("input[type=file][multiple]").set_input_files(
            {"name": "tower.jpg", "mimeType": "image/jpeg", "buffer": photograph()}
        )
        expect(page.locator("#status")).to_contain_text("safe with us")
        assert violations(page) == []
        page.get_by_role("link", name="Back to the project").click()
        page.get_by_label("Link").fill("https://example.org/tower")
        assert violations(page) == []
        page.get_by_role("button", name="Hand in", exact=True).click()
        expect(page.get_by_text("Your work is with us.")).to_be_visible()

        desk = teacher.page
        desk.goto(f"/marking/{record_of(site, lesson, 1).pk}/")
        expect(desk.locator("#scheme .criterion")).to_have_count(2)
        desk.locator("[data-dialog=revise]").click()
        desk.get_by_label("What is to be done better").fill("Show the load.")
        desk.get_by_role("button", name="Give it back").click()
        expect(desk.get_by_text("Back with the student for revision.")).to_be_visible()

        page.reload()
        expect(page.get_by_text("Show the load.")).to_be_visible()
        page.get_by_role("button", name="Hand in a revision").click()
        page.get_by_role("link", name="Back to the project").click()
        page.get_by_label("Link").fill("https://example.org/tower-2")
        page.get_by_role("button", name="Hand in", exact=True).click()
        expect(page.get_by_text("Your work is with us.")).to_be_visible()

        desk.goto(f"/marking/{record_of(site, lesson, 2).pk}/")
        expect(desk.locator("#scheme .criterion")).to_have_count(2)
        assert violations(desk) == []
        desk.locator(".stage").focus()
        # The second level, then three and a half of five; a level is one of several.
        for key in ("1", "k", "2", "3", "3"):
            desk.keyboard.press(key)
        expect(desk.locator("#total")).to_have_text("5½")
        expect(desk.locator("#scheme .criterion [aria-pressed=true]")).to_have_count(2)
        expect(desk.locator("#saved")).to_have_attribute("data-state", "saved")
        desk.keyboard.press("Enter")
        desk.locator("#finish-dialog").get_by_role("button", name="Finish paper").click()
        expect(desk.get_by_text("Finished.")).to_be_visible()

        page.reload()
        expect(page.locator(".score")).to_contain_text("5½")
        page.get_by_role("link", name="Read the marking").first.click()
        expect(page.locator(".rubric li.yes")).to_contain_text("Partly")
        assert violations(page) == []
        page.goto(reverse("lesson-page", args=[lesson.pk]))
        expect(page.get_by_text("Done", exact=True).first).to_be_visible()
        assert student.problems == teacher.problems == []
