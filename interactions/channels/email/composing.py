"""A mail of ours to a customer: plain text, threaded, with the way back in it."""

import re
from dataclasses import dataclass
from email.utils import formataddr
from typing import Final
from uuid import UUID

from django.core.mail import EmailMessage
from django.utils.translation import gettext as _

from ccx.kernel.mail import address_of, domain_of, header_value
from interactions.channels.email.tokens import reply_address, sent_id

ANSWERED: Final = re.compile(r"\s{0,5}(?:re|aw|sv|antw|odp|rv)\s?:", re.IGNORECASE)
MAX_REFERENCES: Final = 20


@dataclass(frozen=True, kw_only=True)
class Outgoing:
    """What is to be said. `thread` are the Message-IDs of what was said before, the oldest first."""

    from_name: str
    from_address: str
    to: str
    subject: str
    body: str
    message_public_id: UUID
    interaction_id: int
    thread: tuple[str, ...] = ()


def compose(outgoing: Outgoing) -> EmailMessage:
    """The mail. Nothing is quoted: who is copied in later reads only what was written to them.

    Raises RefusedEffectError if the recipient is no address.
    """
    back = reply_address(outgoing.from_address, outgoing.interaction_id)
    headers = {"Message-ID": sent_id(outgoing.message_public_id, domain=domain_of(outgoing.from_address))}
    if outgoing.thread:
        # The first one names the thread, the last ones the place in it.
        kept = outgoing.thread[:1] + outgoing.thread[1:][-(MAX_REFERENCES - 1) :]
        headers |= {"In-Reply-To": kept[-1], "References": " ".join(kept)}
    return EmailMessage(
        subject=header_value(_subject(outgoing)),
        body=outgoing.body,
        from_email=formataddr((header_value(outgoing.from_name), address_of(outgoing.from_address))),
        to=[address_of(outgoing.to)],
        reply_to=[back] if back else None,
        headers=headers,
    )


def _subject(outgoing: Outgoing) -> str:
    subject = outgoing.subject.strip() or _("Your message")
    return subject if ANSWERED.match(subject) else f"Re: {subject}"
