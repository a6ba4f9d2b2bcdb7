"""Fetch only what the person may see, then ask whether they may do this: the one way in for pages, API and admin."""

from typing import Any, TypeVar

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import models
from django.http import Http404

from common.errors import NotPermittedError

T = TypeVar("T", bound=models.Model)


def get_permitted(user: Any, permission: str, source: type[T] | models.QuerySet[T], pk: Any, *, message: str = "") -> T:
    """Returns the object `pk` of `source` (a model, or a queryset that already prefetches what the page needs).

    Raises Http404 when the object is not among what `user` may see, so that foreign things do not even exist for them,
    and NotPermittedError (with `message`) or PermissionDenied when they may see it but not do `permission` to it.
    """
    queryset: Any = source._default_manager.all() if isinstance(source, type) else source
    try:
        found: T = queryset.visible_to(user).get(pk=pk)
    except (queryset.model.DoesNotExist, ValidationError, ValueError) as error:
        raise Http404(f"No {queryset.model._meta.verbose_name} here.") from error
    if not user.has_perm(permission, found):
        if message:
            raise NotPermittedError(message, "not_permitted")
        raise PermissionDenied
    return found
