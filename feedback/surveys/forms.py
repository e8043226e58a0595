"""What customers and administrators fill in."""

from collections.abc import Mapping, Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from feedback.surveys.choices import MAX_COMMENT, SCALES, Question
from feedback.surveys.models import Survey
from feedback.surveys.services.following_up import LONGEST_CAUSE
from feedback.surveys.wording import languages
from interactions.channels.choices import Channel

YES_NO = {"yes": True, "no": False}


class AnswerForm(forms.Form):
    """What a customer answers. Nothing is mandatory, and only what the survey asks is read."""

    def __init__(self, *args: Any, asked: Sequence[str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for key in asked:
            self.fields[key] = _field(key)

    def answers(self) -> dict[str, int | bool | str | None]:
        """As the model names them. What was asked and left out is empty; what was not asked is not there."""
        given: dict[str, int | bool | str | None] = {}
        for key in self.fields:
            value = self.cleaned_data[key]
            if key == Question.RESOLVED:
                given["is_resolved"] = YES_NO.get(value)
            elif key == Question.COMMENT:
                given["comment"] = value
            else:
                given[key] = int(value) if value else None
        return given


def _field(key: str) -> forms.Field:
    if key == Question.COMMENT:
        return forms.CharField(required=False, max_length=MAX_COMMENT)
    options = list(YES_NO) if key == Question.RESOLVED else [str(value) for value in SCALES[key]]
    return forms.ChoiceField(required=False, choices=[(option, option) for option in options])


class CloseForm(forms.Form):
    cause = forms.CharField(
        label=_("What caused it?"),
        max_length=LONGEST_CAUSE,
        help_text=_("One sentence that the owner of the cause can act on."),
    )


class SurveyForm(forms.Form):
    """A survey as administrators see it: five questions to switch, words per language, timing."""

    name = forms.CharField(label=_("Name"), max_length=120, help_text=_("Only you see it."))
    is_active = forms.BooleanField(label=_("Ask customers"), required=False)
    channels = forms.MultipleChoiceField(
        label=_("After contacts on"),
        choices=[(channel.slug, channel.label) for channel in Channel],
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=_("None chosen means all."),
    )
    share_percent = forms.IntegerField(label=_("Share of contacts, in percent"), min_value=0, max_value=100)
    delay_minutes = forms.IntegerField(label=_("Minutes after the wrap-up"), min_value=0, max_value=10_080)
    cooldown_days = forms.IntegerField(
        label=_("Days between two invitations to one customer"), min_value=0, max_value=365
    )
    valid_days = forms.IntegerField(label=_("Days a link is good for"), min_value=1, max_value=90)
    unhappy_due_hours = forms.IntegerField(label=_("Hours to look after an unhappy answer"), min_value=1, max_value=720)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for question in Question:
            self.fields[f"{question.value}_on"] = forms.BooleanField(label=question.label, required=False)
            for code, language in languages():
                self.fields[f"{question.value}_{code}"] = forms.CharField(
                    label=_("Words, %(language)s") % {"language": language}, max_length=200, required=False
                )
        for code, language in languages():
            self.fields[f"subject_{code}"] = forms.CharField(
                label=_("Subject, %(language)s") % {"language": language}, max_length=120, required=False
            )
            self.fields[f"text_{code}"] = forms.CharField(
                label=_("Text, %(language)s") % {"language": language},
                max_length=1000,
                required=False,
                widget=forms.Textarea(attrs={"rows": 3}),
            )

    def groups(self) -> list[tuple[Any, list[Any]]]:
        """Each question's switch and its fields of words."""
        return [
            (self[f"{question.value}_on"], [self[f"{question.value}_{code}"] for code, _name in languages()])
            for question in Question
        ]

    def greeting_fields(self) -> list[Any]:
        """The words of the mail."""
        return [self[f"{part}_{code}"] for part in ("subject", "text") for code, _name in languages()]

    def plain_fields(self) -> list[Any]:
        """Everything that is no word."""
        return [self[name] for name in self.base_fields if name not in {"name", "is_active", "channels"}]

    def values(self, known: Survey | None) -> dict[str, Any]:
        """Fields of the model. Words in languages that this page does not show stay as they are."""
        data = self.cleaned_data
        before = {question["key"]: question.get("text", {}) for question in (known.questions if known else [])}
        questions = []
        for question in Question:
            key = question.value
            if data[f"{key}_on"]:
                words = {code: data[f"{key}_{code}"].strip() for code, _name in languages()}
                questions.append({"key": key, "text": _filled(before.get(key, {}) | words)})
        greeting = dict(known.greeting if known else {})
        for code, _name in languages():
            subject, text = data[f"subject_{code}"].strip(), data[f"text_{code}"].strip()
            greeting[code] = {"subject": subject, "text": text} if subject and text else {}
        plain = {name: data[name] for name in self.base_fields}
        return plain | {"questions": questions, "greeting": _filled(greeting)}


def _filled(texts: Mapping[str, Any]) -> dict[str, Any]:
    return {language: words for language, words in texts.items() if words}


def initial_of(survey: Survey) -> dict[str, Any]:
    """A survey as the form's initial values."""
    initial: dict[str, Any] = {name: getattr(survey, name) for name in SurveyForm.base_fields}
    for question in survey.questions:
        initial[f"{question['key']}_on"] = True
        initial |= {f"{question['key']}_{code}": words for code, words in question.get("text", {}).items()}
    for code, words in survey.greeting.items():
        initial |= {f"subject_{code}": words.get("subject", ""), f"text_{code}": words.get("text", "")}
    return initial
