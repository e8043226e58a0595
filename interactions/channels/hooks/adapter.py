"""The API channel. What it sends can be verified by the stock library of Standard Webhooks, in any language."""

import base64
import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, ClassVar, Final

from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from standardwebhooks import Webhook

from ccx.kernel import egress
from ccx.kernel.events.effects import (
    CredentialsRefusedError,
    OutcomeIsUnknownError,
    ReceiverIsGoneError,
    RefusedEffectError,
    TemporaryEffectError,
)
from ccx.kernel.files import safe_name
from interactions.channels.choices import Channel
from interactions.channels.contract import (
    Adapter,
    Capabilities,
    Check,
    FetchedFile,
    Field,
    Handed,
    Line,
    Outgoing,
    Words,
)

# What a receiver says is of no use beyond a line or two.
MAX_ANSWER: Final = 64 * 1024
MAX_FILES: Final = 10
MAX_FILE: Final = 25 * 1024 * 1024
MAX_TEXT: Final = 100_000
MAX_ID: Final = 250

FIELDS: Final = (
    Field(
        name="url",
        label=gettext_lazy("Address of your system"),
        kind="url",
        is_required=True,
        help=gettext_lazy("Our answers are posted there, signed as Standard Webhooks says."),
    ),
    Field(
        name="secret",
        label=gettext_lazy("Secret"),
        kind="secret",
        is_required=True,
        help=gettext_lazy("whsec_ and 24 to 64 bytes in base64; your system verifies with the same."),
    ),
    Field(
        name="old_secret",
        label=gettext_lazy("Secret before this one"),
        kind="secret",
        help=gettext_lazy("While it stands here too, everything is signed with both."),
    ),
    Field(
        name="takes_files",
        label=gettext_lazy("It takes files"),
        kind="bool",
        default=True,
        help=gettext_lazy("Each is named with an address at which it can be fetched for a quarter of an hour."),
    ),
)


class HookAdapter(Adapter):
    """Contacts come in by REST (docs/api.md), so there is no address of the line's own."""

    channel: ClassVar[Channel] = Channel.API
    label: ClassVar[Words] = gettext_lazy("A system of your own (REST and webhooks)")
    identity_kind: ClassVar[str] = "account"
    has_webhook: ClassVar[bool] = False
    guide: ClassVar[str] = "docs/api.md"
    gives_up_after: ClassVar[timedelta | None] = timedelta(days=3)

    def fields(self) -> Sequence[Field]:
        return FIELDS

    def capabilities(self, line: Line) -> Capabilities:
        is_set = bool(line.settings.get("url"))
        takes_files = is_set and bool(line.settings.get("takes_files", True))
        return Capabilities(
            can_send=is_set,
            can_start=is_set,
            max_text=MAX_TEXT,
            max_files=MAX_FILES if takes_files else 0,
            max_file=MAX_FILE if takes_files else 0,
            has_subject=True,
            tells_delivered=True,
            tells_read=True,
        )

    def send(self, line: Line, outgoing: Outgoing) -> Handed:
        """Sent twice it is one message: its webhook-id is ours of the message, and receivers go by that."""
        answer = _post(line, message_id=f"msg_{outgoing.reference}", event=_event("message.sent", _told(outgoing)))
        return Handed(provider_id=_id_in(answer) or str(outgoing.reference))

    def fetch(self, line: Line, reference: Mapping[str, Any], *, max_bytes: int) -> FetchedFile:
        """A file that the system named in a message of a customer; nothing of ours goes along with the request."""
        answer = egress.ask("GET", str(reference["url"]), is_idempotent=True, timeout=60, max_bytes=max_bytes)
        return FetchedFile(
            name=safe_name(str(reference.get("name", ""))),
            content_type=answer.headers.get("content-type", ""),
            content=answer.content,
        )

    def check(self, line: Line) -> Iterable[Check]:
        url = str(line.settings.get("url", ""))
        try:
            egress.vet(url)
        except egress.AddressIsRefusedError as error:
            told = _("%(url)s cannot be called: %(error)s") % {"url": url or "—", "error": error}
            yield Check(name=_("Address"), is_well=False, told=told)
            return
        yield Check(name=_("Address"), is_well=True)
        if not _signers(line):
            yield Check(name=_("Secret"), is_well=False, told=_("It is no secret of Standard Webhooks: whsec_…"))
            return
        yield Check(name=_("Secret"), is_well=True)
        try:
            _post(line, message_id=f"msg_ping_{timezone.now().timestamp():.0f}", event=_event("ping", {}))
        except (TemporaryEffectError, RefusedEffectError, OutcomeIsUnknownError) as error:
            told = _("A signed test message was not taken: %(error)s") % {"error": error}
            yield Check(name=_("Answer"), is_well=False, told=told)
        else:
            yield Check(name=_("Answer"), is_well=True)


def _post(line: Line, *, message_id: str, event: str) -> bytes:
    signers = _signers(line)
    if not signers:
        raise CredentialsRefusedError("the line has no secret to sign with")
    now = timezone.now()
    headers = {
        "content-type": "application/json",
        "webhook-id": message_id,
        "webhook-timestamp": str(int(now.timestamp())),
        "webhook-signature": " ".join(signer.sign(message_id, now, event) for signer in signers),
    }
    try:
        answer = egress.ask(
            "POST",
            str(line.settings.get("url", "")),
            is_idempotent=True,
            max_bytes=MAX_ANSWER,
            cuts=True,
            content=event.encode(),
            headers=headers,
        )
    except RefusedEffectError as error:
        response = getattr(error, "response", None)
        if response is not None and response.status_code == 410:
            # Standard Webhooks: the receiver wants no more. Somebody has to look at the line first.
            raise ReceiverIsGoneError("the receiver is gone (410)") from error
        raise
    return answer.content


def _signers(line: Line) -> list[Webhook]:
    """The secret and, while it is being changed, the one before it; one that is none is left out."""
    words = [line.secrets.get(name, "").removeprefix("whsec_") for name in ("secret", "old_secret")]
    return [Webhook(key) for key in map(_key, words) if 24 <= len(key) <= 64]


def _key(word: str) -> bytes:
    try:
        return base64.b64decode(word + "=" * (-len(word) % 4), validate=True)
    except ValueError:
        return b""


def _event(kind: str, data: Mapping[str, Any]) -> str:
    moment: datetime = timezone.now()
    return json.dumps({"type": kind, "timestamp": moment.isoformat(), "data": data}, ensure_ascii=False)


def _told(outgoing: Outgoing) -> dict[str, Any]:
    return {
        "id": str(outgoing.reference),
        "recipient": outgoing.recipient,
        "subject": outgoing.subject,
        "body": outgoing.body,
        "author": outgoing.author,
        "language": outgoing.language,
        "answers": list(outgoing.thread[-1:]),
        "files": [
            {"name": file.name, "content_type": file.content_type, "size": file.size, "url": file.url()}
            for file in outgoing.files
        ],
    }


def _id_in(answer: bytes) -> str:
    """The receiver's own id, where its answer is an object that names one."""
    try:
        told = json.loads(answer)
    except (ValueError, RecursionError):
        return ""
    found = told.get("id") if isinstance(told, dict) else None
    return found if isinstance(found, str) and 0 < len(found) <= MAX_ID else ""
