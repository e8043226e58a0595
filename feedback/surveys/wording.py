"""Words of surveys: which language holds, and what the standard survey says."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from django.conf import settings
from django.utils.translation import get_supported_language_variant

from feedback.surveys.choices import Question

STANDARD_QUESTIONS: Final[Sequence[Mapping[str, Any]]] = (
    {
        "key": Question.CSAT.value,
        "text": {"en": "How satisfied are you with our help?", "de": "Wie zufrieden sind Sie mit unserer Hilfe?"},
    },
    {
        "key": Question.CES.value,
        "text": {
            "en": "How easy was it to get this handled?",
            "de": "Wie leicht war es für Sie, Ihr Anliegen zu klären?",
        },
    },
    {
        "key": Question.NPS.value,
        "text": {
            "en": "How likely are you to recommend us to friends or colleagues?",
            "de": "Wie wahrscheinlich ist es, dass Sie uns weiterempfehlen?",
        },
    },
    {
        "key": Question.RESOLVED.value,
        "text": {"en": "Is your request resolved?", "de": "Ist Ihr Anliegen gelöst?"},
    },
    {
        "key": Question.COMMENT.value,
        "text": {"en": "Is there anything you want to tell us?", "de": "Möchten Sie uns noch etwas sagen?"},
    },
)
STANDARD_GREETING: Final[Mapping[str, Mapping[str, str]]] = {
    "en": {
        "subject": "How did we do?",
        "text": "Thank you for contacting us. Would you tell us how it went? It takes 20 seconds.",
    },
    "de": {
        "subject": "Wie haben wir Ihnen geholfen?",
        "text": "Danke, dass Sie sich an uns gewandt haben. Sagen Sie uns, wie es war? Es dauert 20 Sekunden.",
    },
}


def languages() -> list[tuple[str, str]]:
    """The languages in which words can be edited, the centre's own first."""
    own = settings.LANGUAGE_CODE
    return sorted(settings.LANGUAGES, key=lambda pair: pair[0] != own)


def language_of_page(language: str) -> str:
    """The language in which our own words stand around those of the survey."""
    try:
        return get_supported_language_variant(language.replace("_", "-"))
    except LookupError:
        return settings.LANGUAGE_CODE


def in_language(texts: Mapping[str, Any], language: str) -> Any:
    """What stands there for a language: its own, its base's, the centre's, or whatever there is; None for nothing."""
    wanted = language.replace("_", "-").lower()
    for key in (wanted, wanted.partition("-")[0], settings.LANGUAGE_CODE):
        if texts.get(key):
            return texts[key]
    return next((text for text in texts.values() if text), None)
