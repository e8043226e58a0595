"""Forms are made, and what was filled in becomes a contact."""

from collections.abc import Mapping, Sequence
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from ccx.kernel.models import User
from ccx.kernel.people.services.authority import require_configure
from interactions.cases.models import Message
from interactions.channels.choices import Channel
from interactions.channels.contact import IdentityClaim, InboundContact, Receipt
from interactions.channels.contract import FetchedFile
from interactions.channels.errors import LineIsNotRightError
from interactions.channels.services import save_line
from interactions.customers.choices import Assurance, IdentityKind, normalise_identity
from interactions.doors.files import attach, forget_files, keep_files
from interactions.doors.models import WebForm
from interactions.intake.services import receive

Answers = list[tuple[dict[str, Any], Any]]
FIELDS = ("title", "slug", "intro", "thanks", "takes_files", "confirms", "fields")


@transaction.atomic
def save_form(*, form_id: int | None, values: Mapping[str, Any], line: Mapping[str, Any], by: User | None) -> WebForm:
    """Make a form with its line, or change both; each by the values of its model. Raises LineIsNotRightError."""
    require_configure(by)
    found = WebForm() if form_id is None else WebForm.objects.select_for_update().get(pk=form_id)
    for name, value in values.items():
        if name not in FIELDS:
            raise ValueError(f"Not a field of a form: {name}")
        setattr(found, name, value)
    if WebForm.objects.filter(slug=found.slug).exclude(pk=found.pk).exists():
        raise LineIsNotRightError(_("There is a form at that address already."), field="slug")
    kind = {"channel": Channel.WEB_FORM} if form_id is None else {}
    found.inbox = save_line(inbox_id=None if form_id is None else found.inbox_id, values={**line, **kind}, by=by)
    found.save()
    return found


def receive_form(
    *, web_form: WebForm, number: str, answers: Answers, language: str, files: Sequence[FetchedFile] = ()
) -> Receipt:
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
    kept = keep_files(files)
    receipt: Receipt | None = None
    try:
        with transaction.atomic():
            receipt = receive(contact=contact, by_id=None)
            if receipt.is_new and receipt.message_id is not None:
                attach(kept, message_id=receipt.message_id)
                Message.objects.filter(pk=receipt.message_id).update(meta=_beside(answers))
    except BaseException:
        receipt = None
        raise
    finally:
        if receipt is None or not receipt.is_new:
            forget_files(kept)
    return receipt


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


def _beside(answers: Answers) -> dict[str, Any]:
    """The short answers by themselves: an address among them may be one that we know somebody by."""
    short = [
        {"label": str(spec.get("label") or spec["name"]), "answer": answer}
        for spec, answer in answers
        if spec.get("kind", "text") in {"text", "email", "tel"} and answer
    ]
    return {"form": {"answers": short}}


def _word(answer: Any) -> str:
    if isinstance(answer, bool):
        return "✓" if answer else "-"
    return str(answer)
