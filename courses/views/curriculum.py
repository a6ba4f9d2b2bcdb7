"""The curriculum tree: staff arrange it, teachers read it."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_http_methods

from common.access import get_permitted
from common.errors import ConflictError, DomainError
from common.htmx import render_page
from courses.models import Programme
from courses.selectors.curriculum import Node, Tree, curriculum_tree, programmes_with_sizes
from courses.services import arranging as service
from courses.services.arranging import CurriculumError

WORDS = {"unit": gettext_lazy("Unit"), "chapter": gettext_lazy("Chapter"), "topic": gettext_lazy("Topic")}
NEW = {"unit": gettext_lazy("New unit"), "chapter": gettext_lazy("New chapter"), "topic": gettext_lazy("New topic")}
#: Past the end of any list.
LAST = 100_000


@require_GET
def curriculum_list(request: HttpRequest) -> HttpResponse:
    _require_reader(request)
    context = {"rows": programmes_with_sizes(), "may": request.user.has_perm("courses.add_programme")}
    return render_page(request, "courses/curriculum_list.html", context)


@require_http_methods(["GET", "POST"])
def curriculum_page(request: HttpRequest, programme_id: UUID) -> HttpResponse:
    """The tree and the chosen part (`at`). A POST does one thing (`do`) to the part `node` and draws both anew.

    `part` asks for the chosen part alone.
    """
    _require_reader(request)
    user = request.user
    programme = get_permitted(user, "courses.view_programme", Programme, programme_id)
    may = user.has_perm("courses.arrange_curriculum")
    at, told, problem, error = request.GET.get("at", ""), "", "", None
    if request.method == "POST":
        if not may:
            raise PermissionDenied
        at = request.POST.get("node", "")
        try:
            told, at = _do(request, programme, curriculum_tree(programme))
        except DomainError as refused:
            problem, error = refused.message, refused
        if not getattr(request, "htmx", False) and error is None:
            query = f"?{urlencode({'at': at})}" if at else ""
            return redirect(f"{reverse('curriculum-page', args=[programme.pk])}{query}")
    tree = curriculum_tree(programme)
    chosen = tree.find(at)
    context = {
        "programme": programme, "tree": tree, "chosen": chosen, "may": may, "told": told, "problem": problem,
        "words": WORDS, "new_words": NEW, **_chosen(tree, chosen),
        "typed": _typed(request, chosen, error),
    }  # fmt: skip
    part = "node" if request.method == "GET" and request.GET.get("part") else "curriculum"
    return render_page(
        request, "courses/curriculum_page.html", context, partial=part, status=error.status if error else 200
    )


def _require_reader(request: HttpRequest) -> None:
    if not request.user.is_staff and not request.user.is_teacher:
        raise PermissionDenied


def _chosen(tree: Tree, chosen: Node | None) -> dict[str, Any]:
    """What hangs on the chosen part, and where it can go."""
    if chosen is None:
        return {}
    hanging = service.count_hanging(chosen.row)
    return {
        "level": WORDS[chosen.level],
        "hanging": ", ".join(f"{number} {name}" for name, number in hanging.items()),
        "parents": tree.parents(chosen),
        "may_up": tree.step(chosen, -1) is not None,
        "may_down": tree.step(chosen, 1) is not None,
    }


def _typed(request: HttpRequest, chosen: Node | None, error: DomainError | None) -> dict[str, Any]:
    """What the fields show: what is kept, or what was typed and refused. After a conflict `seen` is what is kept by
    now, so that the next press of the button is an answer."""
    post, do = request.POST, request.POST.get("do", "") if error else ""
    kept = {"add": "", "add_after": "", "add_unit": post.get("name", "") if do == "add-unit" else ""}
    if chosen is None:
        return kept
    row = chosen.row
    kept |= {"name": row.name, "seen_name": row.name, "marks": _plain(getattr(row, "marks", None))}
    kept["seen_marks"] = kept["marks"]
    names = {"rename": "name", "weigh": "marks", "add-child": "add", "add-after": "add_after"}
    if do in names:
        kept[names[do]] = post.get("marks" if do == "weigh" else "name", "")
    if do in ("rename", "weigh") and not isinstance(error, ConflictError):
        kept["seen_name" if do == "rename" else "seen_marks"] = post.get("seen", "")
    return kept


def _plain(marks: Decimal | None) -> str:
    """Marks as one types them: 20, 7.5."""
    return "" if marks is None else f"{marks.normalize():f}"


def _do(request: HttpRequest, programme: Programme, tree: Tree) -> tuple[str, str]:
    """What the pressed button asks for; returns what to say to those who listen, and which part is chosen then."""
    post, by = request.POST, {"actor": request.user, "now": timezone.now()}
    do, name = post.get("do", ""), post.get("name", "")
    if do == "add-unit":
        row = service.add_node(level="unit", parent_id=programme.pk, name=name, **by)
        return _("Added: %s") % row, ""
    node = tree.find(post.get("node", ""))
    if node is None:
        raise CurriculumError(_("This is not in the curriculum any more."), "gone")
    thing: dict[str, Any] = {"level": node.level, "node_id": node.row.pk, **by}
    acts: dict[str, Callable[[], tuple[str, str]]] = {
        "rename": lambda: _said(_("Renamed: %s"), service.rename_node(name=name, seen=post.get("seen"), **thing), node),
        "weigh": lambda: _weigh(post, node, by),
        "add-child": lambda: _add(tree, node, name, by, inside=True),
        "add-after": lambda: _add(tree, node, name, by, inside=False),
        "up": lambda: _step(tree, node, -1, thing),
        "down": lambda: _step(tree, node, 1, thing),
        "place": lambda: _place(tree, node, post, thing),
        "delete": lambda: _delete(tree, node, thing),
    }
    if do not in acts:
        raise CurriculumError(_("Say what to do."), "unknown_action")
    return acts[do]()


def _said(sentence: str, row: Any, node: Node) -> tuple[str, str]:
    return sentence % row, node.key


def _weigh(post: Any, node: Node, by: dict[str, Any]) -> tuple[str, str]:
    if node.level != "unit":
        raise CurriculumError(_("Only units have marks."), "level_unknown")
    service.weigh_unit(unit_id=node.row.pk, marks=post.get("marks", ""), seen=post.get("seen"), **by)
    return _said(_("Saved: %s"), node.row, node)


def _add(tree: Tree, node: Node, name: str, by: dict[str, Any], *, inside: bool) -> tuple[str, str]:
    """Into the part, which stays chosen so that the next one can be typed; or after it, and the new one is chosen."""
    if inside:
        if not node.below:
            raise CurriculumError(_("Nothing hangs below a topic."), "level_unknown")
        row = service.add_node(level=node.below, parent_id=node.row.pk, name=name, **by)
        return _said(_("Added: %s"), row, node)
    row = service.add_node(level=node.level, parent_id=node.parent_id, name=name, after=node.row.pk, **by)
    return _("Added: %s") % row, f"{node.level}:{row.pk}"


def _step(tree: Tree, node: Node, by: int, thing: dict[str, Any]) -> tuple[str, str]:
    target = tree.step(node, by)
    if target is None:
        raise CurriculumError(_("It stands at the end already."), "place_invalid")
    parent, to = target
    return _said(_("Moved: %s"), service.move_node(parent_id=parent, to=to, **thing), node)


def _place(tree: Tree, node: Node, post: Any, thing: dict[str, Any]) -> tuple[str, str]:
    """To the end of parent `in`; by drag also next to `after`, or first. `seen` is the parent that the page showed."""
    place: dict[str, Any] = {"parent_id": _id(post, "in") or node.parent_id, "seen_parent": _id(post, "seen")}
    after = _id(post, "after")
    place |= {"after": after} if after else {"to": 0 if "first" in post else LAST}
    return _said(_("Moved: %s"), service.move_node(**place, **thing), node)


def _delete(tree: Tree, node: Node, thing: dict[str, Any]) -> tuple[str, str]:
    service.delete_node(**thing)
    return _("Deleted: %s") % node.row, tree.beside(node)


def _id(post: Any, name: str) -> UUID | None:
    """The id of a form's field, with or without its level. Raises CurriculumError."""
    text = post.get(name, "").rpartition(":")[2]
    try:
        return UUID(text) if text else None
    except ValueError as error:
        raise CurriculumError(_("This is not in the curriculum any more."), "gone") from error
