"""Saying that something is wrong with a question of a paper."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from assessments.forms.flags import FlagForm
from assessments.models import PaperQuestion
from assessments.selectors.item_statistics import own_attempt_at, own_flag
from assessments.services.flags import flag_question
from common.access import get_permitted
from common.errors import DomainError
from common.htmx import render_page


@require_http_methods(["GET", "POST"])
def question_flag(request: HttpRequest, question_id: UUID) -> HttpResponse:
    """GET: the form, with what the reader said before. POST: flags, and back to where the question was read."""
    questions = PaperQuestion.objects.select_related("paper", "version")
    question = get_permitted(request.user, "assessments.flag_paperquestion", questions, question_id)
    attempt = own_attempt_at(question, request.user)
    label = f"{question.number}{question.alternative}"
    back = f"{reverse('result-page', args=[attempt.pk])}#q{label}" if attempt else ""
    back = back or reverse("paper-page", args=[question.paper_id])
    if request.method == "POST":
        form = FlagForm(request.POST)
        if form.is_valid():
            try:
                flag_question(question=question, actor=request.user, now=timezone.now(), **form.cleaned_data)
            except DomainError as error:
                form.add_error(None, error.message)
            else:
                messages.success(request, _("Thank you. A teacher will look at it."))
                return redirect(back)
    else:
        form = FlagForm(initial=own_flag(question, request.user))
    context = {"question": question, "label": label, "form": form, "back": back}
    return render_page(
        request, "assessments/question_flag.html", context, partial="flag", status=422 if form.is_bound else 200
    )
