"""Setting up surveys. The audit log takes each change down by itself."""

from collections.abc import Mapping
from copy import deepcopy
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext as _

from ccx.kernel.models import User
from feedback.surveys.choices import Question
from feedback.surveys.errors import SurveyIsNotRightError
from feedback.surveys.models import Survey
from feedback.surveys.wording import STANDARD_GREETING, STANDARD_QUESTIONS
from interactions.channels.choices import Channel

FIELDS = (
    *("name", "is_active", "questions", "greeting", "channels", "share_percent", "delay_minutes", "cooldown_days"),
    *("valid_days", "unhappy_due_hours"),
)


@transaction.atomic
def make_standard_survey(*, by: User | None) -> Survey:
    """The survey that an installation begins with: all five questions, all channels. There already: it stays."""
    name = _("After every contact")
    survey, _is_new = Survey.objects.get_or_create(
        name=name,
        defaults=deepcopy({"questions": list(STANDARD_QUESTIONS), "greeting": STANDARD_GREETING}),
    )
    return survey


@transaction.atomic
def save_survey(*, survey_id: int | None, values: Mapping[str, Any], by: User) -> Survey:
    """Make a survey or change one; `values` are fields of the model. Raises SurveyIsNotRightError."""
    survey = Survey() if survey_id is None else Survey.objects.select_for_update().get(pk=survey_id)
    for name, value in values.items():
        if name not in FIELDS:
            raise ValueError(f"Not a field of a survey: {name}")
        setattr(survey, name, value)
    if Survey.objects.filter(name=survey.name).exclude(pk=survey.pk).exists():
        raise SurveyIsNotRightError(_("There is a survey of that name already."))
    _refuse_unless_right(survey)
    survey.save()
    return survey


def _refuse_unless_right(survey: Survey) -> None:
    keys = [question["key"] for question in survey.questions]
    if not keys or set(keys) - set(Question.values) or len(set(keys)) != len(keys):
        raise SurveyIsNotRightError(_("Ask at least one question."))
    if any(not question["text"].get(settings.LANGUAGE_CODE) for question in survey.questions):
        raise SurveyIsNotRightError(_("Every question needs words in the centre's own language."))
    if set(survey.channels) - {channel.slug for channel in Channel}:
        raise SurveyIsNotRightError(_("There is no such channel."))
