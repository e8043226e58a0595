"""The customer's page. Whoever has the link may answer; looking at it records nothing, whoever or whatever looks."""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import wraps
from typing import Any, Final

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone, translation
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from ccx.kernel.access.rates import Decision, Rate, take
from ccx.kernel.people.address import client_address
from feedback.surveys.choices import MAX_COMMENT, SCALES, Question
from feedback.surveys.errors import LinkHasExpiredError, NothingAnsweredError
from feedback.surveys.forms import AnswerForm
from feedback.surveys.mailing import contact_words, ends_of, question_texts, sender_name
from feedback.surveys.models import Invitation, Response, Survey
from feedback.surveys.selectors import hash_of, invitation_of, response_to
from feedback.surveys.services import do_not_ask_again, record_answer
from feedback.surveys.wording import language_of_page

# One address (a company's mail scanner asks for many links), and one link.
ADDRESS_RATE: Final = Rate(name="survey-address", per_minute=60, burst=120)
LINK_RATE: Final = Rate(name="survey-link", per_minute=6, burst=12)

View = Callable[[HttpRequest, str], HttpResponse]


@dataclass(frozen=True, kw_only=True)
class Shown:
    """A question as the page draws it."""

    key: str
    text: str
    options: tuple[tuple[str, str], ...] = ()
    chosen: str = ""
    ends: tuple[str, str] = ("", "")
    max_length: int = MAX_COMMENT


def public(view: View) -> View:
    """Without a session, kept by nobody, found by no search engine, and telling no other site where one came from."""

    @wraps(view)
    def open_page(request: HttpRequest, secret: str) -> HttpResponse:
        decision = take(bucket=client_address(request) or "unknown", rate=ADDRESS_RATE)
        response = view(request, secret) if decision.is_allowed else _later(request, decision)
        response["X-Robots-Tag"] = "noindex, nofollow, noarchive"
        response["Referrer-Policy"] = "no-referrer"
        return response

    answer: View = csrf_exempt(never_cache(require_http_methods(["GET", "HEAD", "POST"])(open_page)))
    return answer


@public
def survey_page(request: HttpRequest, secret: str) -> HttpResponse:
    """The questions; after a POST, thanks and the way to change the answer."""
    invitation = _invitation(secret)
    with translation.override(language_of_page(invitation.language)):
        if request.method == "POST":
            return _taken(request, secret, invitation)
        response = response_to(invitation.interaction_id)
        if _has_expired(invitation):
            return _expired(request, is_answered=response is not None)
        given = answers_of(response)
        picked = {key: request.GET[key] for key in SCALES if request.GET.get(key, "") in map(str, SCALES[key])}
        context = {"has_answered": response is not None, "is_open": response is None or bool(picked)}
        return _page(request, secret, invitation, given | picked, context=context)


@public
def survey_stop(request: HttpRequest, secret: str) -> HttpResponse:
    """Asks once more, and on a POST (a mail program's own button sends one) remembers not to ask again."""
    invitation = _invitation(secret)
    with translation.override(language_of_page(invitation.language)):
        is_done = request.method == "POST"
        if is_done:
            do_not_ask_again(invitation_id=invitation.pk)
        context = {"is_done": is_done, "sender": sender_name(), "secret": secret}
        return render(request, "feedback/surveys/stop.html", context)


def _invitation(secret: str) -> Invitation:
    invitation = invitation_of(secret)
    if invitation is None:
        raise Http404
    return invitation


def _has_expired(invitation: Invitation) -> bool:
    return invitation.expires_at is None or invitation.expires_at <= timezone.now()


def _taken(request: HttpRequest, secret: str, invitation: Invitation) -> HttpResponse:
    decision = take(bucket=hash_of(secret), rate=LINK_RATE)
    if not decision.is_allowed:
        return _later(request, decision)
    asked = question_texts(invitation.survey, invitation.language)
    # A program may send a NUL, which no column takes and no person types.
    given = {key: request.POST.get(key, "").replace("\x00", "") for key in asked}
    form = AnswerForm(given, asked=list(asked))
    problem = ""
    if not form.is_valid():
        problem = _("Something was not right. Please look it over and send it again.")
    else:
        try:
            record_answer(invitation_id=invitation.pk, answers=form.answers())
        except NothingAnsweredError:
            problem = _("Nothing was chosen yet. One tap is enough, and you may leave out the rest.")
        except LinkHasExpiredError:
            return _expired(request, is_answered=response_to(invitation.interaction_id) is not None)
    if problem:
        context = {"problem": problem, "is_open": True}
        return _page(request, secret, invitation, given, context=context, status=400)
    return redirect("survey-page", secret)


def answers_of(response: Response | None) -> dict[str, str]:
    """What was answered, as the page's fields have it."""
    if response is None:
        return {}
    given = {key: str(value) for key in SCALES if (value := getattr(response, key)) is not None}
    if response.is_resolved is not None:
        given[Question.RESOLVED] = "yes" if response.is_resolved else "no"
    return given | {Question.COMMENT: response.comment}


def shown_questions(survey: Survey, language: str, given: Mapping[str, str]) -> list[Shown]:
    """The questions in the order they are asked, with what is chosen."""
    texts = question_texts(survey, language)
    shown = []
    for key in Question.values:
        if key not in texts:
            continue
        options: tuple[tuple[str, str], ...] = ()
        ends = ("", "")
        if key in SCALES:
            options, ends = tuple((str(value), str(value)) for value in SCALES[key]), ends_of(key)
        elif key == Question.RESOLVED:
            options = (("yes", _("Yes")), ("no", _("No")))
        shown.append(Shown(key=key, text=texts[key], options=options, chosen=given.get(key, ""), ends=ends))
    return shown


def _page(
    request: HttpRequest,
    secret: str,
    invitation: Invitation,
    given: Mapping[str, str],
    *,
    context: dict[str, Any],
    status: int = 200,
) -> HttpResponse:
    defaults = {"has_answered": False, "is_open": True, "problem": "", "is_preview": False}
    page = defaults | context
    page |= {
        "questions": shown_questions(invitation.survey, invitation.language, given),
        "contact": contact_words(invitation.interaction),
        "sender": sender_name(),
        "secret": secret,
        "expires_at": invitation.expires_at,
    }
    return render(request, "feedback/surveys/survey.html", page, status=status)


def _expired(request: HttpRequest, *, is_answered: bool) -> HttpResponse:
    context = {"is_answered": is_answered, "sender": sender_name()}
    return render(request, "feedback/surveys/expired.html", context, status=410)


def _later(request: HttpRequest, decision: Decision) -> HttpResponse:
    response = render(request, "feedback/surveys/later.html", {"sender": sender_name()}, status=429)
    response["Retry-After"] = str(max(1, math.ceil(decision.retry_after)))
    return response
