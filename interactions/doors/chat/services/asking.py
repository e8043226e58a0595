"""What must be answered before a chat begins: asked by the widget, and insisted on here, whatever client it is."""

from collections.abc import Iterable, Mapping
from typing import Any

from django.utils.translation import gettext as _

from interactions.channels.chat.line import ChatLine, Question
from interactions.customers.choices import IdentityKind, normalise_identity
from interactions.doors.chat.errors import QuestionsAreOpenError
from interactions.doors.models import ChatVisitor


def refuse_open_questions(visitor: ChatVisitor, line: ChatLine) -> None:
    """Raises QuestionsAreOpenError unless this visitor has answered what must be answered before the first word."""
    # A name and an address are kept apart from the other answers, because a site may tell them.
    apart = {name: value for name, value in (("name", visitor.name), ("email", visitor.email)) if value}
    missing = _missing(line.questions, {**visitor.answers, **apart})
    if line.wants_email == "always" and not visitor.email and not any(one.name == "email" for one in line.questions):
        missing.append(_("E-mail"))
    _refuse(missing)


def refuse_open_form(answers: Mapping[str, Any], line: ChatLine) -> None:
    """The same of the form when nobody is there, which has its own places for a name and an address."""
    _refuse(_missing((one for one in line.questions if one.name not in {"name", "email"}), answers))


def _missing(questions: Iterable[Question], answers: Mapping[str, Any]) -> list[str]:
    return [one.label for one in questions if one.required and not _is_answered(one, answers.get(one.name))]


def _is_answered(question: Question, answer: Any) -> bool:
    if question.kind != "email" or not answer:
        return bool(answer)
    try:
        normalise_identity(IdentityKind.EMAIL, str(answer))
    except ValueError:
        return False
    return True


def _refuse(missing: list[str]) -> None:
    if missing:
        raise QuestionsAreOpenError(_("Please answer this first: %(questions)s") % {"questions": ", ".join(missing)})
