"""The words, numbers and shapes of the design system."""

import itertools
import json
import re
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from types import SimpleNamespace
from zoneinfo import ZoneInfo

import pytest
from django import forms
from django.conf import settings
from django.template import Context, Template
from django.test import RequestFactory
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from common import charts
from common.htmx import ui as context_of_display
from common.templatetags import ui, ui_times

FRIDAY = datetime(2026, 11, 20, 15, 42, tzinfo=UTC)  # Fri 9:12 pm in India
SUNDAY = datetime(2026, 11, 22, 12, 30, tzinfo=UTC)  # Sun 6 pm in India


@pytest.fixture(autouse=True)
def india():
    with timezone.override(ZoneInfo("Asia/Kolkata")):
        yield


def render(source: str, **context: object) -> str:
    return Template(source).render(Context(context))


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (Decimal("4.5"), "4½"),
        (Decimal("0.50"), "½"),
        (0, "0"),
        (Decimal("66.00"), "66"),
        (Decimal("-1.5"), "−1½"),
        (Decimal("2.25"), "2¼"),
        (Decimal("3.4"), "3.4"),
        (100, "100"),
        (None, "–"),
        ("", "–"),
    ],
)
def test_marks_as_a_teacher_writes_them(value, text):
    assert ui.marks(value) == text


def test_half_and_signed():
    assert (ui.half(9), ui.half(0), ui.half(1), ui.half(None)) == ("4½", "0", "½", "–")
    assert (ui.signed(7), ui.signed(Decimal("-2.5")), ui.signed(0), ui.signed(None)) == ("+7", "−2½", "±0", "–")


@pytest.mark.parametrize(
    ("value", "text"),
    [(0, "0"), (999, "999"), (1000, "1,000"), (123456, "1,23,456"), (12345678, "1,23,45,678"), (-99999, "−99,999")],
)
def test_indian_groups_digits(value, text):
    assert ui.indian(value) == text


def test_indian_keeps_paise():
    assert ui.indian(Decimal("499000.50")) == "4,99,000.50"


@given(st.integers(min_value=0, max_value=10**15))
def test_indian_loses_no_digit(number):
    assert ui.indian(number).replace(",", "") == str(number)


@pytest.mark.parametrize(
    ("name", "letters"),
    [("Meera Nair", "MN"), ("Meera K. Nair", "MN"), ("Meera", "M"), ("", "?"), (None, "?"), ("मीरा", "म")],
)
def test_initials(name, letters):
    assert ui.initials(name) == letters


def test_role_line_names_every_role():
    assert ui.role_line(SimpleNamespace(is_teacher=True, is_guardian=True, is_student=False)) == "Teacher, guardian"
    assert ui.role_line(SimpleNamespace()) == ""


def test_person_name_falls_back_to_the_address():
    assert ui.person_name(SimpleNamespace(name="Meera Nair", email="m@example.com")) == "Meera Nair"
    assert ui.person_name(SimpleNamespace(name="", email="m@example.com")) == "m@example.com"


def test_when_is_short_this_week_and_fuller_later():
    assert ui_times.when(FRIDAY, FRIDAY) == "Fri 9:12 pm"
    assert ui_times.when(SUNDAY, FRIDAY) == "Sun 6 pm"
    assert ui_times.when(FRIDAY, FRIDAY + timedelta(days=30)) == "Fri 20 Nov, 9:12 pm"
    assert ui_times.when(FRIDAY, FRIDAY + timedelta(days=300)) == "Fri 20 Nov 2026, 9:12 pm"
    assert ui_times.when(None) == "–"


def test_when_follows_the_persons_zone():
    with timezone.override(ZoneInfo("Europe/London")):
        assert ui_times.when(FRIDAY, FRIDAY) == "Fri 3:42 pm"


@pytest.mark.parametrize(("hour", "text"), [(0, "12 am"), (9, "9 am"), (12, "12 pm"), (23, "11 pm")])
def test_clock_has_no_zero_hour(hour, text):
    assert ui_times.clock_text(datetime(2026, 11, 20, hour, tzinfo=UTC)) == text


@pytest.mark.parametrize(
    ("span", "text"),
    [
        (timedelta(seconds=20), "under a minute"),
        (timedelta(minutes=40), "40 min"),
        (timedelta(hours=21, minutes=59), "21 h"),
        (timedelta(hours=71), "71 h"),
        (timedelta(days=9), "9 d"),
    ],
)
def test_span_in_one_unit(span, text):
    assert ui_times.span_text(span) == text


def test_due_phrase_before_and_after():
    assert ui_times.due_phrase(SUNDAY, SUNDAY - timedelta(hours=21)) == "by Sun 6 pm, 21 h left"
    assert ui_times.due_phrase(SUNDAY, SUNDAY + timedelta(hours=3)) == "due Sun 6 pm, 3 h late"
    assert ui_times.ago(FRIDAY, FRIDAY + timedelta(hours=19)) == "19 h ago"
    assert ui_times.ago(FRIDAY, FRIDAY) == "just now"


@pytest.mark.parametrize(("hours", "state"), [(30, "calm"), (5, "soon"), (-1, "late")])
def test_due_component_says_its_state(hours, state):
    html = render("{% due at now %}", at=SUNDAY, now=SUNDAY - timedelta(hours=hours))
    assert f'data-state="{state}"' in html
    assert html.count('<time datetime="2026-11-22T12:30:00+00:00"') == 2


def test_due_component_without_a_promise_is_empty():
    assert render("{% due at %}", at=None).strip() == ""


def test_icon_hides_from_screen_readers_unless_named():
    assert 'aria-hidden="true"' in ui.icon("camera")
    assert 'aria-label="Close"' in ui.icon("x", label="Close")
    assert "<script" not in ui.icon("x", label="<script>")


def test_every_icon_named_in_templates_is_in_the_sprite():
    root = Path(settings.BASE_DIR)
    sprite = (root / "static/img/icons.svg").read_text()

    used = set()
    for page in (root / "templates").rglob("*.html"):
        used |= set(re.findall(r'{% icon "([a-z0-9-]+)"', page.read_text()))
        used |= set(re.findall(r'\bicon="([a-z0-9-]+)"', page.read_text()))
    assert used
    assert not {name for name in used if f'id="i-{name}"' not in sprite}


def test_button_is_a_link_only_with_an_address():
    assert render('{% button "Go" href="/x" kind="gold sm" %}').startswith('<a class="btn btn--gold btn--sm" href="/x"')
    assert 'type="submit"' in render('{% button "Go" %}')
    assert 'data-dialog="sure" ' in render('{% button "Go" type="button" data_dialog="sure" name="n" %}')


def test_texts_from_people_are_escaped_everywhere():
    evil = "<img src=x>"
    rows = [{"label": evil, "value": 10, "note": evil, "url": "/a"}]
    points = [{"label": evil, "value": 1}, {"label": "b", "value": 2}]
    html = render(
        "{% button e %}{% chip e %}{% crumbs e '/' e %}{% hang_bars rows %}{% trend points title=e %}"
        "{% card title=e sub=e %}{{ e }}{% endcard %}{% page_header e %}{{ e }}{% endpage_header %}{% empty_state e %}",
        e=evil,
        rows=rows,
        points=points,
    )
    assert "<img" not in html
    assert "&lt;img" in html


def test_block_tags_keep_the_html_of_their_body():
    html = render(
        '{% card title="T" tone="teacher" %}<b>x</b>{% endcard %}{% page_header "P" %} <i>y</i> {% endpage_header %}'
    )
    assert 'class="card card--teacher"' in html
    assert "<b>x</b>" in html
    assert "<i>y</i>" in html


class Sample(forms.Form):
    email = forms.EmailField(help_text="We never share it.", widget=forms.EmailInput(attrs={"placeholder": "E-mail"}))
    note = forms.CharField(required=False)
    secret = forms.CharField(widget=forms.PasswordInput)
    agree = forms.BooleanField()
    kind = forms.ChoiceField(choices=[("a", "A"), ("b", "B")], widget=forms.RadioSelect)


def test_field_ties_help_and_errors_to_the_control():
    html = render("{% field form.email autocomplete='email' %}", form=Sample({"email": "no"}))
    assert 'aria-describedby="id_email_helptext id_email_error"' in html
    assert 'id="id_email_helptext"' in html
    assert 'id="id_email_error"' in html
    assert 'aria-invalid="true"' in html
    assert 'autocomplete="email"' in html
    assert "placeholder" not in html


def test_field_without_help_names_no_missing_element():
    html = render('{% field form.email help="" %}', form=Sample())
    assert "helptext" not in html


def test_field_shapes_by_kind():
    html = render("{% form_fields form %}", form=Sample())
    assert "(optional)" in html
    assert 'data-reveal="id_secret"' in html
    assert 'class="check" for="id_agree"' in html
    assert "<legend>Kind" in html


def test_hang_bars_choose_a_tone_and_have_a_table():
    rows = [{"label": "A", "value": v, "goal": 80} for v in (35, 58, 69, 82)] + [{"label": "B", "value": None}]
    html = render("{% hang_bars rows %}", rows=rows)
    for tone in ("mitti", "genda", "neel", "patti"):
        assert f"hang--{tone}" in html
    assert html.count('<th scope="row">') == 5


def test_bottom_nav_holds_five_and_hides_the_rest():
    nav = [{"label": f"L{n}", "url": f"/{n}/", "icon": "sun", "current": n == 5} for n in range(6)]
    assert "More" not in render("{% bottom_nav nav %}", nav=nav[:5])
    html = render("{% bottom_nav nav %}", nav=nav)
    assert '<summary aria-current="true">' in html
    assert html.count("<a ") == 6


def test_words_for_the_browser_have_a_place_for_the_number():

    words = json.loads(ui.ui_words())
    assert all("{}" in words[key] for key in ("left", "late", "ago", "d", "h", "min"))


# --- Charts ----------------------------------------------------------------------------------------------------------
POINTS = [("Jul", 41.0), ("Aug", 45.0), ("Sep", 44.0), ("Oct", 51.0), ("Oct", 48.0), ("Nov", 55.0)]


def test_trend_matches_the_drawn_prototype():
    made = charts.trend_geometry(
        POINTS, width=720, height=318, goal=64, ceiling=70, forecast={"low": 57, "likely": 61, "high": 65}
    )
    assert [tick.text for tick in made.ticks] == ["30", "40", "50", "60", "70"]
    assert made.dots[0].y > made.dots[-1].y
    assert made.dots[-1].last
    assert made.ahead is not None
    assert made.ahead.high[0] + 16 <= made.ahead.likely[0] <= made.ahead.low[0] - 16
    assert [dot.named for dot in made.dots] == [True, True, True, True, False, True]


def test_trend_needs_something_to_draw():
    with pytest.raises(ValueError, match="at least one"):
        charts.trend_geometry([], width=720, height=318)
    assert render("{% trend points %}", points=[]).strip() == ""


@given(
    values=st.lists(st.floats(min_value=0, max_value=100), min_size=1, max_size=60),
    wide=st.booleans(),
    ceiling=st.sampled_from([None, 100.0]),
)
def test_trend_stays_inside_its_box(values, wide, ceiling):
    width, height = (720, 318) if wide else (350, 252)
    made = charts.trend_geometry(
        [(str(n), v) for n, v in enumerate(values)], width=width, height=height, ceiling=ceiling
    )
    assert all(made.left <= dot.x <= made.right and 0 <= dot.y <= made.bottom + 0.1 for dot in made.dots)
    assert len(made.ticks) >= 2
    assert made.ticks[0].y > made.ticks[-1].y
    named = [dot.x for dot in made.dots if dot.named]
    assert all(b - a > 25 for a, b in itertools.pairwise(named))


@given(low=st.floats(min_value=0, max_value=1000), size=st.floats(min_value=0, max_value=1000))
def test_ticks_enclose_and_ascend(low, size):
    ticks = charts.nice_ticks(low, low + size)
    assert ticks[0] <= low + 1e-6
    assert ticks[-1] >= low + size - 1e-6
    assert ticks == sorted(set(ticks))
    assert 2 <= len(ticks) <= 12


@given(st.lists(st.floats(min_value=0, max_value=300), min_size=3, max_size=3))
def test_labels_are_kept_apart(values):
    made = charts.spread(sorted(values), 17)
    assert made[1] - made[0] >= 17 - 1e-6
    assert made[2] - made[1] >= 17 - 1e-6


def test_no_template_has_a_middle_dot():
    """Screen readers and mail programs say "middle dot" or swallow it; words and commas do better."""
    pages = [path for kind in ("html", "txt") for path in (settings.BASE_DIR / "templates").rglob(f"*.{kind}")]
    assert len(pages) > 50
    assert [str(path) for path in pages if "\u00b7" in path.read_text()] == []


@pytest.mark.parametrize(
    ("cookie", "shown"),
    [
        ("theme=dark|contrast=more|font=legible", ("dark", "more", "legible")),
        ("theme=light|contrast=less", ("light", "less", "")),
        ('theme="><script>|contrast=x|font', ("", "", "")),
        ("", ("", "", "")),
    ],
)
def test_display_choices_are_read_from_the_cookie(cookie, shown):
    request = RequestFactory().get("/")
    request.COOKIES["abhyas_prefs"] = cookie
    chosen = context_of_display(request)["ui"]
    assert (chosen["theme"], chosen["contrast"], chosen["font"]) == shown
