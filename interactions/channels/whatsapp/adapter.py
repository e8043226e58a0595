"""One number of WhatsApp at Meta's Cloud API, or at whoever speaks its language."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, ClassVar, Final

from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from ccx.kernel.events.effects import OutcomeIsUnknownError, RefusedEffectError, TemporaryEffectError
from interactions.channels.choices import Channel
from interactions.channels.contract import (
    Adapter,
    Answer,
    Capabilities,
    Check,
    FetchedFile,
    Field,
    Handed,
    Line,
    Outgoing,
    OutgoingFile,
    Parsed,
    Request,
    Words,
)
from interactions.channels.meta.checking import COMMON_FIELDS, step
from interactions.channels.meta.graph import call, node
from interactions.channels.meta.media import download
from interactions.channels.meta.signature import answer_challenge, verify_meta
from interactions.channels.telling import inner, rows, words
from interactions.channels.whatsapp.reading import read
from interactions.channels.whatsapp.templates import ask, filled, slots

WINDOW: Final = timedelta(hours=24)
MAX_TEXT: Final = 4096
MAX_CAPTION: Final = 1024
MB: Final = 1024 * 1024
MAX_FILE: Final = 100 * MB
# What may go as itself, and how large; everything else, and anything larger, goes as a document.
AS_ITSELF: Final = {
    "image": ({"image/jpeg", "image/png"}, 5 * MB),
    "audio": ({"audio/aac", "audio/mp4", "audio/mpeg", "audio/amr", "audio/ogg"}, 16 * MB),
    "video": ({"video/mp4", "video/3gpp"}, 16 * MB),
}
FILE_TYPES: Final = (
    *("image/jpeg", "image/png", "audio/aac", "audio/mp4", "audio/mpeg", "audio/amr", "audio/ogg", "video/mp4"),
    *("video/3gpp", "text/plain", "application/pdf", "application/msword", "application/vnd.ms-excel"),
    *("application/vnd.ms-powerpoint", "application/vnd.openxmlformats-officedocument.wordprocessingml.document"),
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "application/vnd.openxmlformats-officedocument.presentationml.presentation",
)

FIELDS: Final = (
    Field(
        name="phone_number_id",
        label=gettext_lazy("Phone number ID"),
        is_required=True,
        help=gettext_lazy("Not the number: the long id beside it in the app's WhatsApp page."),
    ),
    Field(
        name="waba_id",
        label=gettext_lazy("WhatsApp business account ID"),
        help=gettext_lazy("Needed to read the approved templates."),
    ),
    *COMMON_FIELDS,
)


class WhatsAppAdapter(Adapter):
    """Free words go within a day of the customer's last message; later, and first, only approved templates."""

    channel: ClassVar[Channel] = Channel.WHATSAPP
    label: ClassVar[str] = gettext_lazy("WhatsApp (Meta Cloud API)")  # type: ignore[assignment]
    webhook_help: ClassVar[Words] = gettext_lazy(
        "Enter it in the app's WhatsApp configuration with the verify token, and subscribe to the field messages."
    )
    guide: ClassVar[str] = "docs/channels/whatsapp.md"
    identity_kind: ClassVar[str] = "whatsapp"
    secret_query: ClassVar[tuple[str, ...]] = ("hub.verify_token",)

    def fields(self) -> Sequence[Field]:
        return FIELDS

    def capabilities(self, line: Line) -> Capabilities:
        templates = slots(line)
        return Capabilities(
            can_start=bool(templates),
            max_text=MAX_TEXT,
            max_text_with_files=MAX_CAPTION,
            max_files=1,
            max_file=MAX_FILE,
            file_types=FILE_TYPES,
            reply_window=WINDOW,
            templates=templates,
            tells_delivered=True,
            tells_read=True,
            shows_typing=True,
            shows_read=True,
            per_second=float(line.settings.get("per_second") or 20),
            notes=(_("A sound goes without words beside it."),),
        )

    def challenge(self, line: Line, request: Request) -> Answer | None:
        return answer_challenge(line, request)

    def verify(self, line: Line, request: Request) -> None:
        verify_meta(request, secret=line.secrets.get("app_secret", ""))

    def parse(self, line: Line, request: Request, *, received_at: datetime) -> Parsed:
        return read(line, request.json(), received_at=received_at)

    def send(self, line: Line, outgoing: Outgoing) -> Handed:
        """Its reference goes along, and comes back with every status: also where this answer is lost."""
        content = self._content(line, outgoing)
        to = outgoing.recipient
        told = call(
            line,
            "POST",
            f"{node(line.settings.get('phone_number_id', ''))}/messages",
            json={
                "messaging_product": "whatsapp",
                "recipient_type": "individual",
                **({"to": to.removeprefix("+")} if to.startswith("+") else {"recipient": to}),
                "biz_opaque_callback_data": str(outgoing.reference),
                **content,
            },
        )
        found = [words(one, "id") for one in rows(told, "messages") if isinstance(one, dict)]
        if not found or not found[0]:
            raise OutcomeIsUnknownError("WhatsApp answered without the message's id")
        return Handed(provider_id=found[0])

    def _content(self, line: Line, outgoing: Outgoing) -> dict[str, Any]:
        if outgoing.template:
            return {"type": "template", "template": filled(line, outgoing.template)}
        heard = outgoing.last_heard_at
        if heard is None or timezone.now() - heard >= WINDOW:
            raise RefusedEffectError(_("The customer's last message is over a day old: only a template may be sent."))
        if len(outgoing.files) > 1:
            raise RefusedEffectError(_("WhatsApp takes one file with a message."))
        if outgoing.files:
            return self._file(line, outgoing.files[0], outgoing.body)
        if not outgoing.body.strip() or len(outgoing.body) > MAX_TEXT:
            raise RefusedEffectError(
                _("The message is empty or longer than %(limit)d characters.") % {"limit": MAX_TEXT}
            )
        return {"type": "text", "text": {"body": outgoing.body, "preview_url": False}}

    def _file(self, line: Line, file: OutgoingFile, body: str) -> dict[str, Any]:
        kind = _kind_of(file)
        if file.size > MAX_FILE:
            raise RefusedEffectError(_("The file is too large for WhatsApp."))
        if len(body) > MAX_CAPTION or (kind == "audio" and body.strip()):
            raise RefusedEffectError(_("So many words cannot stand beside this file."))
        told = call(
            line,
            "POST",
            f"{node(line.settings.get('phone_number_id', ''))}/media",
            is_idempotent=True,
            timeout=60.0,
            data={"messaging_product": "whatsapp", "type": file.content_type},
            files={"file": (file.name, file.read(), file.content_type)},
        )
        if not words(told, "id"):
            raise TemporaryEffectError("WhatsApp took the file without an id")
        media = {"id": words(told, "id")}
        if body.strip():
            media["caption"] = body
        if kind == "document":
            media["filename"] = file.name
        return {"type": kind, kind: media}

    def fetch(self, line: Line, reference: Mapping[str, Any], *, max_bytes: int) -> FetchedFile:
        """By its id, which gives an address that is good for minutes."""
        told = call(line, "GET", node(reference.get("media", "")), is_idempotent=True)
        name = str(reference.get("name", ""))
        if (told.get("file_size") or 0) > max_bytes:
            raise RefusedEffectError("the file is too large")
        return download(line, words(told, "url"), name=name, max_bytes=max_bytes, with_token=True)

    def tell_typing(self, line: Line, recipient: str, *, last_heard: str = "") -> None:
        """It is shown for 25 seconds, and marks the message as read."""
        if last_heard:
            self._mark(line, last_heard, typing_indicator={"type": "text"})

    def tell_read(self, line: Line, external_id: str) -> None:
        self._mark(line, external_id)

    def _mark(self, line: Line, external_id: str, **more: Any) -> None:
        told = {"messaging_product": "whatsapp", "status": "read", "message_id": external_id, **more}
        try:
            call(line, "POST", f"{node(line.settings.get('phone_number_id', ''))}/messages", timeout=4.0, json=told)
        except Exception:  # a nicety, whose failure is nobody's trouble
            return

    def ask_templates(self, line: Line) -> list[dict[str, Any]]:
        return ask(line)

    def check(self, line: Line) -> Iterable[Check]:
        """The number, where it calls, and the account's templates."""
        number, told = step(
            _("The number"),
            lambda: call(
                line,
                "GET",
                node(line.settings.get("phone_number_id", "")),
                is_idempotent=True,
                params={"fields": "display_phone_number,verified_name,quality_rating,webhook_configuration"},
            ),
            lambda found: f"{words(found, 'display_phone_number')} {words(found, 'verified_name')}",
        )
        yield number
        if told is None:
            return
        calls = words(inner(told, "webhook_configuration"), "phone_number") or words(
            inner(told, "webhook_configuration"), "application"
        )
        is_ours = calls == line.webhook_url
        wrong = _("WhatsApp calls %(where)s instead of %(here)s. Enter ours as the callback URL of the app's webhook.")
        yield Check(
            name=_("The webhook"),
            is_well=is_ours,
            told="" if is_ours else wrong % {"where": calls or _("nobody"), "here": line.webhook_url},
        )
        if line.settings.get("waba_id"):
            yield step(
                _("The templates"),
                lambda: {"count": len(ask(line))},
                lambda found: _("%(count)d can be used.") % {"count": found["count"]},
            )[0]


def _kind_of(file: OutgoingFile) -> str:
    for kind, (types, most) in AS_ITSELF.items():
        if file.content_type in types and file.size <= most:
            return kind
    return "document"
