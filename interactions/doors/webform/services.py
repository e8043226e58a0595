"""What was filled in becomes a contact."""

from typing import Any

from django.utils import timezone

from interactions.channels.contact import IdentityClaim, InboundContact, Receipt
from interactions.customers.choices import Assurance, IdentityKind, normalise_identity
from interactions.doors.models import WebForm
from interactions.intake.services import receive

Answers = list[tuple[dict[str, Any], Any]]


def receive_form(*, web_form: WebForm, number: str, answers: Answers, language: str) -> Receipt:
    """Take one filled form in. Anybody can write any address into it, so its identity is claimed and no more."""
    contact = InboundContact(
        inbox_id=web_form.inbox_id,
        channel=web_form.inbox.channel,
        external_id=f"form:{number}",
        occurred_at=timezone.now(),
        identity=_identity(answers),
        customer_name=_named(answers, "name")[:200],
        language=language[:10],
        subject=(_named(answers, "subject") or web_form.title)[:250],
        body=_words(answers),
        payload={str(spec["name"]): answer for spec, answer in answers},
    )
    return receive(contact=contact, by_id=None)


def _named(answers: Answers, name: str) -> str:
    return next((str(answer) for spec, answer in answers if spec["name"] == name and answer), "")


def _identity(answers: Answers) -> IdentityClaim | None:
    for field_kind, identity_kind in (("email", IdentityKind.EMAIL), ("tel", IdentityKind.PHONE)):
        for spec, answer in answers:
            if spec.get("kind") != field_kind or not answer:
                continue
            try:
                value = normalise_identity(identity_kind, str(answer))
            except ValueError:
                continue
            return IdentityClaim(kind=identity_kind.value, value=value, assurance=Assurance.CLAIMED, source="web form")
    return None


def _words(answers: Answers) -> str:
    """The long text first, then the other answers by their labels."""
    long = [str(answer) for spec, answer in answers if spec.get("kind") == "textarea" and answer]
    short = [
        f"{str(spec.get('label') or spec['name']).rstrip(' :?')}: {_word(answer)}"
        for spec, answer in answers
        if spec.get("kind") != "textarea" and spec["name"] not in {"name", "subject"} and answer not in (None, "")
    ]
    return "\n\n".join(part for part in ("\n\n".join(long), "\n".join(short)) if part)


def _word(answer: Any) -> str:
    if isinstance(answer, bool):
        return "✓" if answer else "-"
    return str(answer)
