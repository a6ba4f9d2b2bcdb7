"""Reviews of courses: read by staff before others see them."""

from __future__ import annotations

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.admin import ModelAdmin

from courses.models import CourseReview
from courses.services.opinions import moderate_review


@admin.register(CourseReview)
class CourseReviewAdmin(ModelAdmin):
    empty_sentence = gettext_lazy("Nobody has reviewed a course yet.")
    list_display = ["course", "student", "stars", "text", "state", "updated_at"]
    list_filter = ["state"]
    list_select_related = ["course", "student"]
    search_fields = ["course__title", "student__name"]
    actions = ["show", "hide"]

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: CourseReview | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: CourseReview | None = None) -> bool:
        return False

    def has_moderate_permission(self, request: HttpRequest) -> bool:
        return bool(request.user.has_perm("courses.moderate_review"))

    @admin.action(description=gettext_lazy("Show them"), permissions=["moderate"])
    def show(self, request: HttpRequest, reviews: QuerySet[CourseReview]) -> None:
        self._moderate(request, reviews, show=True)

    @admin.action(description=gettext_lazy("Hide them"), permissions=["moderate"])
    def hide(self, request: HttpRequest, reviews: QuerySet[CourseReview]) -> None:
        self._moderate(request, reviews, show=False)

    def _moderate(self, request: HttpRequest, reviews: QuerySet[CourseReview], *, show: bool) -> None:
        for review in reviews:
            moderate_review(review=review, show=show, actor=request.user, now=timezone.now())
        messages.success(request, _("Done."))
