"""Where administrators set surveys up."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from ccx.kernel.errors import DomainError
from ccx.kernel.events.effects import RefusedEffectError, TemporaryEffectError
from ccx.kernel.look.figures import percent
from ccx.kernel.look.parts import Cell, Column, Link, Row, Table
from ccx.kernel.people.choices import Ability
from ccx.kernel.people.http import StaffRequest, needs
from feedback.surveys.forms import SurveyForm, initial_of
from feedback.surveys.mailing import absolute, contact_words_of_today, sender_name
from feedback.surveys.models import Survey
from feedback.surveys.services import make_standard_survey, save_survey, send_test
from feedback.surveys.views.answering import shown_questions
from feedback.surveys.wording import language_of_page, languages
from interactions.channels.choices import Channel


@require_safe
@needs(Ability.CONFIGURE)
def surveys(request: StaffRequest) -> HttpResponse:
    """All surveys; without any, the way to the standard one."""
    rows = list(Survey.objects.visible_to(request.user).order_by("-is_active", "name"))
    table = Table(
        caption=_("Surveys"),
        columns=[
            Column(label=_("Survey"), is_wide=True),
            Column(label=_("State")),
            Column(label=_("After contacts on")),
            Column(label=_("Share"), is_numeric=True),
        ],
        rows=[_row(survey) for survey in rows],
    )
    actions = [Link(label=_("Add a survey"), url=reverse("feedback:survey-add"), icon="add", is_primary=bool(rows))]
    context = {"table": table, "actions": actions, "is_empty": not rows}
    return render(request, "feedback/surveys/surveys.html", context)


def _row(survey: Survey) -> Row:
    channels = ", ".join(str(Channel.from_slug(slug).label) for slug in survey.channels) or _("All channels")
    return Row(
        url=reverse("feedback:survey", args=[survey.public_id]),
        cells=[
            Cell(text=survey.name),
            Cell(text=_("Asks customers"), icon="good", tone="good")
            if survey.is_active
            else Cell(text=_("Switched off"), icon="neutral", tone="neutral"),
            Cell(text=channels),
            Cell(text=percent(survey.share_percent / 100, 0), is_numeric=True),
        ],
    )


@require_POST
@needs(Ability.CONFIGURE)
def survey_standard(request: StaffRequest) -> HttpResponse:
    """Make the survey that an installation begins with."""
    survey = make_standard_survey(by=request.user)
    messages.success(request, _("The standard survey asks customers from now on. Change what you like."))
    return redirect("feedback:survey", survey.public_id)


@require_http_methods(["GET", "HEAD", "POST"])
@needs(Ability.CONFIGURE)
def survey_add(request: StaffRequest) -> HttpResponse:
    """A new survey, which asks nobody until it is switched on."""
    blank = Survey(is_active=False)
    return _edit(request, blank, None)


@require_http_methods(["GET", "HEAD", "POST"])
@needs(Ability.CONFIGURE)
def survey(request: StaffRequest, public_id: UUID) -> HttpResponse:
    """One survey: questions, words, timing."""
    found = _survey(request, public_id)
    return _edit(request, found, found)


def _edit(request: StaffRequest, survey: Survey, known: Survey | None) -> HttpResponse:
    form = SurveyForm(request.POST if request.method == "POST" else None, initial=initial_of(survey))
    if request.method == "POST" and form.is_valid():
        try:
            saved = save_survey(survey_id=known.pk if known else None, values=form.values(known), by=request.user)
        except DomainError as error:
            form.add_error(None, str(error))
        else:
            messages.success(request, _("Saved."))
            return redirect("feedback:survey", saved.public_id)
    back = Link(label=_("Surveys"), url=reverse("feedback:surveys"))
    title = known.name if known else _("Add a survey")
    context = {"form": form, "title": title, "survey": known, "back": back, "languages": languages()}
    return render(request, "feedback/surveys/survey_edit.html", context, status=422 if form.errors else 200)


@require_safe
@needs(Ability.CONFIGURE)
def survey_preview(request: StaffRequest, public_id: UUID) -> HttpResponse:
    """The page as a customer would see it, in the language asked for; nothing can be sent from it."""
    found = _survey(request, public_id)
    language = request.GET.get("language", "")
    if language not in dict(languages()):
        language = languages()[0][0]
    with translation.override(language_of_page(language)):
        context = {
            "questions": shown_questions(found, language, {}),
            "contact": contact_words_of_today(),
            "sender": sender_name(),
            "is_preview": True,
            "has_answered": False,
            "is_open": True,
            "problem": "",
            "secret": "preview",
            "back": reverse("feedback:survey", args=[found.public_id]),
        }
        return render(request, "feedback/surveys/survey.html", context)


@require_POST
@needs(Ability.CONFIGURE)
def survey_test(request: StaffRequest, public_id: UUID) -> HttpResponse:
    """Mail it to oneself."""
    found = _survey(request, public_id)
    preview = reverse("feedback:survey-preview", args=[found.public_id])
    language = request.POST.get("language", "")
    if language not in dict(languages()):
        language = languages()[0][0]
    try:
        send_test(survey=found, language=language, link=absolute(f"{preview}?language={language}"), by=request.user)
    except (TemporaryEffectError, RefusedEffectError, OSError):
        messages.error(request, _("The mail server did not take it. Look at the settings of outgoing mail."))
    else:
        messages.success(request, _("Sent to %(address)s.") % {"address": request.user.email})
    return redirect("feedback:survey", found.public_id)


def _survey(request: StaffRequest, public_id: UUID) -> Survey:
    return get_object_or_404(Survey.objects.visible_to(request.user), public_id=public_id)
