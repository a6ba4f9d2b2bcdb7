"""The design system's template tags and filters. Registered as a builtin: no {% load %} is needed.

Tags that hold a body end with `end<name>`. Every tag renders a template of templates/components/, so that
`{% include %}` and the tags cannot drift apart. Geometry and phrasing are pure functions, tested on their own.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from decimal import Decimal, InvalidOperation
from functools import lru_cache
from html import unescape
from typing import Any

from django import template
from django.forms import BoundField, CheckboxInput, CheckboxSelectMultiple, PasswordInput, RadioSelect
from django.template.loader import render_to_string
from django.templatetags.static import static
from django.utils.html import format_html, json_script, strip_tags
from django.utils.safestring import SafeString
from django.utils.text import Truncator
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from common.charts import Trend, trend_geometry
from common.maths_text import line_maths

register = template.Library()

VULGAR = {Decimal("0.5"): "½", Decimal("0.25"): "¼", Decimal("0.75"): "¾"}
NOTHING = "–"
BLANK = re.compile(r"\[\[\d{1,2}\]\]")
# A tag is passed over whole: what stands in an attribute is no blank.
BLANK_OR_TAG = re.compile(r"""<(?:[^"'>]|"[^"]*"|'[^']*')*>|\[\[(\d{1,2})\]\]""")
NOT_TEXT = re.compile(r"<math\b.*?</math>|<[^>]*>|&\w+;", re.DOTALL)
DEVANAGARI = re.compile("[\u0900-\u097f]")
LATIN_WORD = re.compile(r"[A-Za-z]{2}")
BLANK_LINE = '<b class="nowrap num">({}) ____</b>'


# --- Numbers ---------------------------------------------------------------------------------------------------------
@register.filter
def marks(value: Any) -> str:
    """Marks as a teacher writes them: 4.5 → 4½, 0.5 → ½, 66.00 → 66, None → –."""
    if value is None or value == "":
        return NOTHING
    try:
        number = Decimal(str(value))
    except InvalidOperation:
        return str(value)
    sign, number = ("−" if number < 0 else ""), abs(number)
    whole, rest = divmod(number, 1)
    if not rest:
        return f"{sign}{whole:.0f}"
    if rest in VULGAR:
        return f"{sign}{whole:.0f}{VULGAR[rest]}" if whole else sign + VULGAR[rest]
    return f"{sign}{number.normalize():f}"


@register.filter
def half(count: int | None) -> str:
    """A number of half marks as marks: 9 → 4½."""
    return NOTHING if count is None else marks(Decimal(count) / 2)


@register.filter
def signed(value: Any) -> str:
    """A change, always with its sign: 7 → +7, −2.5 → −2½, 0 → ±0."""
    if value is None or value == "":
        return NOTHING
    number = Decimal(str(value))
    return "±0" if number == 0 else ("+" if number > 0 else "") + marks(number)


@register.filter
def indian(value: Any) -> str:
    """Indian digit grouping: 1234567.5 → 12,34,567.5."""
    if value is None or value == "":
        return NOTHING
    text = str(value)
    sign, text = ("−", text[1:]) if text.startswith("-") else ("", text)
    whole, dot, rest = text.partition(".")
    head, tail = whole[:-3], whole[-3:]
    groups = [tail] if tail else []
    while head:
        groups.insert(0, head[-2:])
        head = head[:-2]
    return sign + ",".join(groups) + dot + rest


# --- Languages -------------------------------------------------------------------------------------------------------
@register.filter
def lang_attr(text: Any) -> str:
    """` lang="en"` or ` lang="hi"` for what people wrote, where it is not in the language of the page; else nothing.

    The script tells: Devanagari is Hindi, Latin words are English. A formula, a number or a single letter has none, and
    HTML is judged by its text.
    """
    plain = NOT_TEXT.sub(" ", str(text or ""))
    written = "hi" if DEVANAGARI.search(plain) else "en" if LATIN_WORD.search(plain) else ""
    return format_html(' lang="{}"', written) if written and written != (get_language() or "en")[:2] else ""


# --- People ----------------------------------------------------------------------------------------------------------
@register.filter
def initials(name: Any) -> str:
    """First letters of the first and last word, at most two: "Meera K Nair" → MN."""
    words = [word for word in str(name or "").replace(".", " ").split() if word[0].isalnum()]
    letters = [words[0][0], words[-1][0]] if len(words) > 1 else [word[0] for word in words]
    return "".join(letters).upper() or "?"


@register.filter
def person_name(user: Any) -> str:
    """The name to show for a user, whichever of full name, name or e-mail is filled."""
    full = getattr(user, "get_full_name", None)
    return (full() if callable(full) else "") or getattr(user, "name", "") or getattr(user, "email", "") or str(user)


@register.filter
def role_line(user: Any) -> str:
    """The roles of a user in words, for the line under the name: "Teacher, guardian"."""
    names = {
        "is_student": _("student"),
        "is_teacher": _("teacher"),
        "is_guardian": _("guardian"),
        "is_staff": _("staff"),
    }
    text = ", ".join(word for attribute, word in names.items() if getattr(user, attribute, False))
    return text[:1].upper() + text[1:]


@lru_cache(maxsize=1)
def _sprite() -> str:
    """The address of the icons; it cannot change while the process lives, and a page shows up to 200 of them."""
    return static("img/icons.svg")


@register.filter
@lru_cache(maxsize=4096)
def gist(html: str, length: int = 90) -> str:
    """The first `length` characters of the text of `html`. Remembered: parsing 40 questions took a tenth of a page."""
    return Truncator(BLANK.sub("____", unescape(strip_tags(line_maths(html))))).chars(length)


@register.filter
def blanks(html: str) -> SafeString:
    """Stored HTML to be read, not filled in: every [[1]] of its text is a numbered line."""
    return SafeString(BLANK_OR_TAG.sub(lambda found: BLANK_LINE.format(found[1]) if found[1] else found[0], html))


# --- Small parts -----------------------------------------------------------------------------------------------------
@register.simple_tag
def icon(name: str, label: str = "", cls: str = "") -> SafeString:
    """{% icon "camera" %}, {% icon "x" label="Close" %}: one icon of static/img/icons.svg."""
    href = f"{_sprite()}#i-{name}"
    css = f"i {cls}".strip()
    if label:
        return format_html('<svg class="{}" role="img" aria-label="{}"><use href="{}"/></svg>', css, label, href)
    return format_html('<svg class="{}" aria-hidden="true"><use href="{}"/></svg>', css, href)


@register.inclusion_tag("components/button.html")
def button(label: str, href: str = "", icon: str = "", kind: str = "", **attributes: Any) -> dict[str, Any]:
    """{% button "Carry on" href=url icon="play" kind="gold" %}: a link when it has `href`, else a submit button.

    `kind`: any of gold quiet danger text sm block, space separated. Other keywords become attributes,
    with _ written as - (`data_dialog="confirm"`); `type` defaults to submit.
    """
    classes = " ".join(["btn", *(f"btn--{word}" for word in kind.split())])
    extra = {key.replace("_", "-"): value for key, value in attributes.items()}
    return {
        "label": label,
        "href": href,
        "icon": icon,
        "classes": classes,
        "type": extra.pop("type", "submit"),
        "extra": extra,
    }


@register.inclusion_tag("components/chip.html")
def chip(label: str, tone: str = "", icon: str = "") -> dict[str, Any]:
    """{% chip "21 h left" tone="neel" icon="clock" %}; tones: leaf gold clay neel red, or none."""
    return {"label": label, "tone": tone, "icon": icon}


@register.inclusion_tag("components/score.html")
def score(got: Any, out_of: Any = None, tone: str = "", size: str = "") -> dict[str, Any]:
    """{% score 66 80 %}; tone="teacher" for a mark a person gave, size="sm" in lists."""
    return {"got": marks(got), "out_of": None if out_of is None else marks(out_of), "tone": tone, "size": size}


@register.inclusion_tag("components/gillu.html")
def gillu(stripes: int = 0, label: str = "") -> dict[str, Any]:
    """{% gillu 1 label="One of three stripes filled" %}; without a label she is decoration."""
    return {"stripes": max(0, min(3, int(stripes))), "label": label}


@register.inclusion_tag("components/empty.html")
def empty_state(text: str, action: str = "", href: str = "", title: str = "", icon: str = "") -> dict[str, Any]:
    """{% empty_state "No papers yet." action="Choose an exam" href=url %}: Gillu, one sentence, one action."""
    return {"text": text, "action": action, "href": href, "title": title, "icon": icon}


@register.inclusion_tag("components/status_steps.html")
def status_steps(steps: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """Received → Marking → Back. Each step: {label, note, state: done | now | todo, percent (of the step now)}."""
    return {"steps": list(steps)}


@register.inclusion_tag("components/pager.html")
def pager(previous: str = "", following: str = "") -> dict[str, Any]:
    """{% pager previous_url next_url %}: keyset pages; renders nothing when there is one page only."""
    return {"previous": previous, "following": following}


@register.inclusion_tag("components/crumbs.html")
def crumbs(*parts: str) -> dict[str, Any]:
    """{% crumbs "Papers" papers_url "Maths mock 2" %}: pairs of label and URL; the last label stands alone."""
    pairs = [(parts[n], parts[n + 1] if n + 1 < len(parts) else "") for n in range(0, len(parts), 2)]
    return {"pairs": pairs}


@register.inclusion_tag("components/tabs.html")
def tabs(items: Iterable[Mapping[str, Any]], label: str = "") -> dict[str, Any]:
    """{% tabs items label="Papers" %}; items: {label, url, current, count}."""
    return {"items": list(items), "label": label}


@register.inclusion_tag("components/hang.html")
def hang(
    value: Any, label: str = "", tone: str = "", goal: Any = None, note: str = "", href: str = ""
) -> dict[str, Any]:
    """{% hang 35 "Semiconductors" tone="mitti" goal=75 %}: a headline bar filled to `value` percent."""
    return {"row": {"value": value, "label": label, "tone": tone, "goal": goal, "note": note, "url": href}}


@register.inclusion_tag("components/hang_bars.html")
def hang_bars(rows: Iterable[Mapping[str, Any]], label: str = "") -> dict[str, Any]:
    """Mastery bars with a table behind; rows: {label, value (0–100), goal, note, url, tone}; tone_of() if no tone."""
    made = [{**row, "tone": row.get("tone") or tone_of(row.get("value"), row.get("goal"))} for row in rows]
    return {"rows": made, "label": label, "has_goal": any(row.get("goal") is not None for row in made)}


def tone_of(value: Any, goal: Any = None) -> str:
    """patti at the goal (or 75), neel from 65, genda from 50, mitti below; plain when nothing is known."""
    if value is None:
        return ""
    number, target = float(value), float(75 if goal is None else goal)
    return "patti" if number >= target else "neel" if number >= 65 else "genda" if number >= 50 else "mitti"


@register.inclusion_tag("components/trend.html")
def trend(
    points: Iterable[Mapping[str, Any]],
    goal: Any = None,
    out_of: Any = None,
    forecast: Mapping[str, Any] | None = None,
    title: str = "",
    summary: str = "",
) -> dict[str, Any]:
    """{% trend points goal=64 out_of=70 forecast=forecast title="Physics scores" %}.

    points: {label, value}; forecast: {label, low, likely, high}. Draws a wide and a phone variant and the table.
    """
    rows = list(points)
    given = [(str(row["label"]), float(row["value"])) for row in rows]
    ahead = {key: float(forecast[key]) for key in ("low", "likely", "high")} if forecast else None
    variants: list[tuple[str, Trend]] = []
    if given:
        for css, width, height in (("chart--d", 720, 318), ("chart--m", 350, 252)):
            made = trend_geometry(
                given,
                width=width,
                height=height,
                goal=float(goal) if goal else None,
                forecast=ahead,
                ceiling=float(out_of) if out_of else None,
            )
            variants.append((css, made))
    return {
        "rows": rows,
        "variants": variants,
        "goal": goal,
        "out_of": out_of,
        "forecast": forecast,
        "title": title,
        "summary": summary,
    }


# --- The frame -------------------------------------------------------------------------------------------------------
@register.simple_tag
def ui_words() -> str:
    """JSON of the few words app.js needs to refresh times, in the page's language; {} stands for the number."""
    words = {
        "left": _("%(span)s left"),
        "late": _("%(span)s late"),
        "ago": _("%(span)s ago"),
        "now": _("just now"),
        "soon": _("under a minute"),
        "d": _("%(n)d d"),
        "h": _("%(n)d h"),
        "min": _("%(n)d min"),
        "offline": _("That did not reach us. Check your connection and try again."),
    }
    plain = {key: text.replace("%(span)s", "{}").replace("%(n)d", "{}") for key, text in words.items()}
    # Escaped, a letter of Hindi would take six.
    return json.dumps(plain, ensure_ascii=False)


@register.simple_tag
def ink_words() -> SafeString:
    """What marking-ink.js calls each mark of red ink for those who hear the page; before its script, on its pages."""
    words = {
        "tick": _("Tick"),
        "half": _("Half tick"),
        "cross": _("Cross"),
        "circle": _("Circle"),
        "underline": _("Underline"),
        "pen": _("Pen stroke"),
        "highlight": _("Highlight"),
        "comment": _("Comment"),
        "one": _("{} mark"),
        "many": _("{} marks"),
    }
    return json_script(words, "ink-words")


@register.inclusion_tag("components/bottom_nav.html")
def bottom_nav(nav: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """The phone's tabs: five at most; what does not fit waits behind "More". `primary` marks the raised item."""
    items = list(nav)
    shown, rest = (items, []) if len(items) <= 5 else (items[:4], items[4:])
    return {"shown": shown, "rest": rest, "rest_current": any(item.get("current") for item in rest)}


# --- Parts with a body -----------------------------------------------------------------------------------------------
@register.simple_block_tag
def card(
    content: str,
    title: str = "",
    tone: str = "",
    sub: str = "",
    link: str = "",
    href: str = "",
    id: str = "",
    level: int = 2,
    cls: str = "",
) -> str:
    """{% card title="Physics mock 3" tone="teacher" %} … {% endcard %}.

    tone: the headline bar (neel genda teacher patti mitti plain) or the whole card (soft night flush). `link` + `href`
    put one link beside the title.
    """
    classes = " ".join(["card", *(f"card--{word}" for word in tone.split()), *cls.split()])
    return render_to_string(
        "components/card.html",
        {
            "content": content,
            "title": title,
            "classes": classes,
            "sub": sub,
            "link": link,
            "href": href,
            "id": id,
            "level": level,
        },
    )


@register.simple_block_tag
def page_header(content: str, title: str, eyebrow: str = "", lede: str = "") -> str:
    """{% page_header "Papers" eyebrow="Class 10" %} buttons {% endpage_header %}: the page's h1 and its actions."""
    return render_to_string(
        "components/page_header.html",
        {"content": SafeString(content.strip()), "title": title, "eyebrow": eyebrow, "lede": lede},
    )


@register.simple_block_tag
def note(content: str, tone: str = "info", icon: str = "") -> str:
    """{% note tone="ok" %}All 6 sheets are saved with us.{% endnote %}; tones: ok info warn problem."""
    chosen = icon or {"ok": "shield-check", "info": "info", "warn": "clock", "problem": "triangle-alert"}.get(
        tone, "info"
    )
    return render_to_string("components/note.html", {"content": content, "tone": tone, "icon": chosen})


@register.simple_block_tag
def dialog(content: str, id: str, title: str) -> str:
    """{% dialog id="confirm" title="Hand in now?" %} … {% enddialog %}; opened by data-dialog="confirm"."""
    return render_to_string("components/dialog.html", {"content": content, "id": id, "title": title})


# --- Forms -----------------------------------------------------------------------------------------------------------
@register.inclusion_tag("components/field.html")
def field(bound: BoundField, label: str = "", help: str | None = None, **attributes: Any) -> dict[str, Any]:
    """{% field form.email %}: label, control, help and errors, tied together for screen readers.

    `help` replaces the field's help text ("" removes it). Keywords become attributes of the control, _ written
    as - (`autocomplete="email"`). Django itself adds aria-describedby and aria-invalid.
    """
    widget = bound.field.widget
    control = "choices" if isinstance(widget, RadioSelect | CheckboxSelectMultiple) else "box"
    control = "check" if isinstance(widget, CheckboxInput) else control
    control = "password" if isinstance(widget, PasswordInput) else control
    if help is not None:
        bound.help_text = help
    extra = {key.replace("_", "-"): value for key, value in attributes.items()}
    if "placeholder" not in extra:
        # A placeholder that repeats the label is noise; allauth's forms set one on every box.
        widget.attrs.pop("placeholder", None)
    return {"bound": bound, "control": control, "label": label or bound.label, "rendered": bound.as_widget(attrs=extra)}


@register.inclusion_tag("components/form_errors.html")
def form_errors(form: Any) -> dict[str, Any]:
    """{% form_errors form %}: what is wrong with the form as a whole, said at once to screen readers."""
    return {"errors": form.non_field_errors() if form is not None and form.is_bound else []}


@register.inclusion_tag("components/form_fields.html")
def form_fields(form: Any) -> dict[str, Any]:
    """{% form_fields form %}: errors of the form, hidden fields, then every visible field in order."""
    return {"form": form}
