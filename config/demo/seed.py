"""Fills an installation with the demonstration, block by block; every block is complete or not there at all.

A second run finds every block done and writes nothing. A run that was killed is completed by the next one.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor, ThreadPoolExecutor
from contextlib import contextmanager
from datetime import datetime
from multiprocessing import get_context
from uuid import UUID

from django.db import connections

from assessments.enums import PageState, UploadState
from assessments.models import Attempt, Exam, SheetPage, SheetUpload
from assessments.services.sheet_processing import MAX_TRIES, process_sheet
from config.demo import cast
from config.demo.course_people import seed_course_people
from config.demo.courses import seed_courses
from config.demo.drawing import draw_script, end_with_parent
from config.demo.exams import seed_bank, seed_exams
from config.demo.external import seed_external
from config.demo.hours import seed_hours
from config.demo.paths import seed_paths
from config.demo.pay import seed_pay
from config.demo.people import seed_express_promise, seed_staff_and_teachers, seed_students_and_guardians
from config.demo.scripts import Script, write_script
from config.demo.sittings import SITTING, SITTINGS, Sitting, seat, start_of
from courses.models import Programme

Say = Callable[[str], None]
Sheets = list[tuple[bytes, list[int]]]


def seed_demo(*, now: datetime, say: Say, workers: int = 2, photos: bool = True) -> None:
    """Makes whatever is missing. `workers`: processes that draw and threads that make page images; 0 does both here.

    `photos` False draws flat pages, which is quicker.
    """
    began = time.monotonic()

    def report(line: str) -> None:
        say(f"{time.monotonic() - began:5.1f} s  {line}")

    made = seed_staff_and_teachers(now=now)
    programme = seed_bank(now=now)
    seed_express_promise()
    made += seed_students_and_guardians(programme=programme, now=now)
    report(f"people: {made} new")
    report(f"exams: {seed_exams(programme=programme, now=now)} new")
    report(f"elsewhere: {seed_external(programme=programme, now=now)} new")
    report(f"hours with a teacher: {seed_hours(now=now)} new")
    seated = _seed_sittings(programme, now=now, report=report, workers=workers, photos=photos)
    report(f"attempts: {seated} new")
    report(f"courses: {seed_courses(programme=programme, now=now)} new, {seed_course_people(now=now)} people in them")
    report(f"months of pay: {seed_pay(now=now)} new")
    report(f"learning paths: {seed_paths(programme=programme, now=now)} new")
    report(f"page images: {_make_page_images(now=now, workers=workers)} new")


def _seed_sittings(programme: Programme, *, now: datetime, report: Say, workers: int, photos: bool) -> int:
    exams = {exam.title: exam for exam in Exam.objects.counted().filter(programme=programme).select_related("paper")}
    sat = set(
        Attempt.objects.filter(student__email__endswith=f"@{cast.DOMAIN}").values_list("exam_id", "student__email")
    )
    missing = [each for each in SITTINGS if (exams[each.exam].pk, cast.address(each.student)) not in sat]
    missing.sort(key=lambda each: start_of(each, exams[each.exam], now))
    scripts = {each: _script(each, exams[each.exam], photos=photos) for each in missing}
    with _drawing(scripts, workers) as drawn:
        for number, each in enumerate(missing, start=1):
            seat(sitting=each, exam=exams[each.exam], script=scripts[each], sheets=drawn(each), now=now)
            if number % 8 == 0:
                report(f"attempts: {number} of {len(missing)}")
    return len(missing)


def _script(sitting: Sitting, exam: Exam, *, photos: bool) -> Script | None:
    """What they wrote on paper; nothing yet for those who are still writing."""
    if sitting.stage == SITTING or exam.paper is None:
        return None
    return write_script(paper=exam.paper, strength=sitting.strength, seed=sitting.seed, photo=photos and sitting.photo)


@contextmanager
def _drawing(scripts: dict[Sitting, Script | None], workers: int) -> Iterator[Callable[[Sitting], Sheets]]:
    """A function that gives the drawn pages of a sitting, drawn ahead by other processes when there are `workers`."""
    work = {each: (script.items, script.seed, script.photo) for each, script in scripts.items() if script is not None}
    if not workers or not work:
        yield lambda sitting: draw_script(*work[sitting]) if sitting in work else []
        return
    # Not forked: a copy of this process would share its database connection.
    pool = ProcessPoolExecutor(workers, mp_context=get_context("spawn"), initializer=end_with_parent)
    try:
        ahead: dict[Sitting, Future[Sheets]] = {each: pool.submit(draw_script, *job) for each, job in work.items()}
        yield lambda sitting: ahead.pop(sitting).result() if sitting in ahead else []
    finally:
        pool.shutdown(cancel_futures=True)


def _make_page_images(*, now: datetime, workers: int) -> int:
    """Screen images and thumbnails of every page of the demonstration that has none."""
    waiting = SheetPage.objects.filter(state=PageState.WAITING, tries__lt=MAX_TRIES)
    uploads = SheetUpload.objects.filter(
        state=UploadState.VERIFIED, pages__in=waiting, attempt__student__email__endswith=f"@{cast.DOMAIN}"
    )
    ids = list(uploads.order_by("-id").distinct().values_list("pk", flat=True))

    def make(upload_id: UUID) -> int:
        try:
            return process_sheet(upload_id=upload_id, now=now)
        finally:
            if workers:
                connections.close_all()

    if not workers:
        return sum(map(make, ids))
    with ThreadPoolExecutor(workers) as pool:
        return sum(pool.map(make, ids))
