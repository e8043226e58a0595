"""A mail of ours to a customer: plain text and files, threaded, with the way back in it."""

import re
from collections.abc import Iterable
from email import encoders
from email.mime.base import MIMEBase
from email.utils import formataddr
from typing import Final
from uuid import UUID

from django.core.mail import EmailMessage
from django.utils.translation import gettext as _

from ccx.kernel.events.effects import RefusedEffectError
from ccx.kernel.mail import address_of, domain_of, header_value
from interactions.channels.contract import Line, Outgoing, OutgoingFile
from interactions.channels.email.reading import DECEPTIVE
from interactions.channels.email.tokens import reply_address, sent_id

ANSWERED: Final = re.compile(r"\s{0,5}(?:re|aw|sv|antw|odp|rv)\s?:", re.IGNORECASE)
MAX_REFERENCES: Final = 20
LONGEST_NAME: Final = 200
MEDIA_TYPE: Final = re.compile(r"[a-z0-9][a-z0-9!#$&^_.+-]{0,60}/[a-z0-9][a-z0-9!#$&^_.+-]{0,60}")
# A part of these kinds is more than its bytes to a mail program.
COMPOUND: Final = ("multipart/", "message/")


def compose(line: Line, outgoing: Outgoing) -> EmailMessage:
    """The mail. Nothing is quoted: who is copied in later reads only what was written to them.

    Raises RefusedEffectError if the line has no address, or the recipient or one of the copies is none.
    """
    if not line.address:
        raise RefusedEffectError("the line has no address")
    domain = domain_of(line.address)
    back = reply_address(line.address, outgoing.interaction_id) if outgoing.interaction_id else ""
    headers = {"Message-ID": message_id_of(line, outgoing)}
    if thread := _ids(outgoing.thread, domain=domain):
        # The first one names the thread, the last ones the place in it.
        kept = thread[:1] + thread[1:][-(MAX_REFERENCES - 1) :]
        headers |= {"In-Reply-To": kept[-1], "References": " ".join(kept)}
    if outgoing.language:
        headers["Content-Language"] = header_value(outgoing.language)
    shown = str(line.settings.get("from_name") or line.name)
    return EmailMessage(
        subject=header_value(_subject(outgoing)),
        body=outgoing.body,
        from_email=formataddr((header_value(shown), address_of(line.address))),
        to=[address_of(outgoing.recipient)],
        cc=[address_of(copy) for copy in dict.fromkeys(outgoing.copies) if copy != outgoing.recipient],
        reply_to=[back] if back else None,
        headers=headers,
        attachments=[_attached(file) for file in outgoing.files],
    )


def message_id_of(line: Line, outgoing: Outgoing) -> str:
    """The Message-ID that this message has however often it is sent."""
    return sent_id(outgoing.reference, domain=domain_of(line.address))


def _ids(thread: Iterable[str], *, domain: str) -> list[str]:
    """Message-IDs of what was said before: the customer's as they came, ours as we sent them; others have none."""
    ids = []
    for told in thread:
        named = told.partition("#")[0]
        if named.startswith("<") and named.endswith(">") and not re.search(r"\s", named):
            ids.append(named)
            continue
        try:
            ids.append(sent_id(UUID(told), domain=domain))
        except ValueError:
            continue
    return ids


def _subject(outgoing: Outgoing) -> str:
    subject = outgoing.subject.strip() or _("Your message")
    return subject if ANSWERED.match(subject) else f"Re: {subject}"


def _attached(file: OutgoingFile) -> MIMEBase:
    """Its very bytes, whatever it says it is; the name in one line, without what could deceive or lead elsewhere."""
    kind = file.content_type.lower() if MEDIA_TYPE.fullmatch(file.content_type.lower()) else ""
    content = file.read()
    if not kind or kind.startswith(COMPOUND) or (kind.startswith("text/") and not _is_utf8(content)):
        kind = "application/octet-stream"
    part = MIMEBase(*kind.split("/", 1))
    if kind.startswith("text/"):
        part.set_param("charset", "utf-8")
    part.set_payload(content)
    encoders.encode_base64(part)
    name = header_value(DECEPTIVE.sub("", file.name)).replace("\\", "/").rpartition("/")[2].strip(" .-")
    name = name[:LONGEST_NAME] or "file"
    part.add_header("Content-Disposition", "attachment", filename=name if name.isascii() else ("utf-8", "", name))
    return part


def _is_utf8(content: bytes) -> bool:
    try:
        content.decode()
    except UnicodeDecodeError:
        return False
    return True
