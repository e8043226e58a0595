"""The mail with which a customer is asked: plain text, and HTML in which each score is a link that only preselects."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from email.utils import parseaddr
from typing import Any

from django.conf import settings
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import formats, timezone, translation
from django.utils.translation import gettext as _

from feedback.surveys.choices import SCALES, Question
from feedback.surveys.models import Invitation, Survey
from feedback.surveys.wording import STANDARD_GREETING, in_language, language_of_page
from interactions.channels.choices import Channel
from interactions.models import Interaction


@dataclass(frozen=True, kw_only=True)
class Mail:
    """A mail, but for whom it is to."""

    subject: str
    text: str
    html: str
    language: str
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class ScoreLink:
    """A score and where it leads: to the page, with this score chosen and nothing recorded."""

    value: int
    url: str


def sender_name() -> str:
    """Who asks, as the installation's own address names it."""
    return parseaddr(settings.DEFAULT_FROM_EMAIL)[0]


def absolute(path: str) -> str:
    """An address of ours for the outside."""
    return settings.BASE_URL.rstrip("/") + path


def contact_words(interaction: Interaction) -> str:
    """Which contact it is about, in words that tell a stranger nothing: the way it came and the day."""
    day = formats.date_format(timezone.localtime(interaction.started_at), "DATE_FORMAT")
    by_channel = {
        Channel.VOICE: _("your call of %(day)s"),
        Channel.CHAT: _("your chat with us of %(day)s"),
        Channel.EMAIL: _("your e-mail of %(day)s"),
        Channel.WEB_FORM: _("your message of %(day)s"),
    }
    return by_channel.get(Channel(interaction.channel), _("your message of %(day)s")) % {"day": day}


def contact_words_of_today() -> str:
    """A contact that stands for any, for previews and tests."""
    return _("your call of %(day)s") % {"day": formats.date_format(timezone.localdate(), "DATE_FORMAT")}


def question_texts(survey: Survey, language: str) -> dict[str, str]:
    """The questions that are asked, by key, in one language."""
    texts = {}
    for question in survey.questions:
        words = in_language(question.get("text") or {}, language)
        if words and question.get("key") in Question.values:
            texts[question["key"]] = str(words)
    return texts


def invitation_mail(invitation: Invitation, secret: str) -> Mail:
    """The mail of one invitation."""
    link = absolute(reverse("survey-page", args=[secret]))
    stop = absolute(reverse("survey-stop", args=[secret]))
    with translation.override(language_of_page(invitation.language)):
        return _mail(
            invitation.survey,
            language=invitation.language,
            link=link,
            context={"stop": stop, "contact": contact_words(invitation.interaction)},
            headers={
                "List-Unsubscribe": f"<{stop}>",
                "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
            },
        )


def test_mail(survey: Survey, *, link: str, language: str) -> Mail:
    """What a customer would get, with a link to the preview."""
    with translation.override(language_of_page(language)):
        context = {"stop": "", "contact": contact_words_of_today()}
        return _mail(survey, language=language, link=link, context=context, headers={})


def _mail(survey: Survey, *, language: str, link: str, context: dict[str, Any], headers: Mapping[str, str]) -> Mail:
    greeting = in_language(survey.greeting or {}, language) or in_language(STANDARD_GREETING, language)
    key, question, scores = _first_scale(survey, language, link)
    context |= {
        "greeting": greeting["text"],
        "link": link,
        "question": question,
        "ends": ends_of(key) if key else ("", ""),
        "scores": scores,
        "sender": sender_name(),
        "language": translation.get_language(),
    }
    return Mail(
        subject=str(greeting["subject"]),
        text=render_to_string("emails/feedback/survey.txt", context).strip() + "\n",
        html=render_to_string("emails/feedback/survey.html", context),
        language=str(context["language"]),
        headers=headers,
    )


def _first_scale(survey: Survey, language: str, link: str) -> tuple[str, str, Sequence[ScoreLink]]:
    """The first question with a scale, and a link for each of its scores."""
    texts = question_texts(survey, language)
    join = "&" if "?" in link else "?"
    for key, scale in SCALES.items():
        if key in texts:
            return key, texts[key], [ScoreLink(value=value, url=f"{link}{join}{key}={value}") for value in scale]
    return "", "", ()


def ends_of(key: str) -> tuple[str, str]:
    """What the two ends of a scale mean."""
    return {
        Question.CSAT.value: (_("Very dissatisfied"), _("Very satisfied")),
        Question.CES.value: (_("Very difficult"), _("Very easy")),
        Question.NPS.value: (_("Not at all likely"), _("Extremely likely")),
    }[key]
