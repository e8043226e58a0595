"""One bot of Telegram."""

import hashlib
import hmac
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, ClassVar, Final

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from ccx.kernel import egress
from ccx.kernel.events.effects import CredentialsRefusedError, OutcomeIsUnknownError, RefusedEffectError
from interactions.channels.choices import Channel
from interactions.channels.contract import (
    Adapter,
    Capabilities,
    Check,
    FetchedFile,
    Field,
    Handed,
    Line,
    NotVerifiedError,
    Outgoing,
    OutgoingFile,
    Parsed,
    Request,
    Words,
)
from interactions.channels.telegram.calling import USUAL_BASE, address, call
from interactions.channels.telegram.reading import read
from interactions.channels.telling import needed, words

HEADER: Final = "x-telegram-bot-api-secret-token"
MB: Final = 1024 * 1024
MAX_TEXT: Final = 4096
MAX_CAPTION: Final = 1024
MAX_FILE: Final = 50 * MB
MAX_PHOTO: Final = 10 * MB
MAX_FETCHED: Final = 20 * MB
SECONDS_OF_FILE: Final = 60.0
UPDATES: Final = ("message", "edited_message", "callback_query", "message_reaction")

FIELDS: Final = (
    Field(
        name="bot_token",
        label=gettext_lazy("Token of the bot"),
        kind="secret",
        is_required=True,
        help=gettext_lazy("BotFather tells it when the bot is made."),
    ),
    Field(
        name="secret_token",
        label=gettext_lazy("Secret of the webhook"),
        kind="secret",
        help=gettext_lazy("Empty: we make one. Trying the line hands it to Telegram together with our address."),
    ),
    Field(
        name="api_base",
        label=gettext_lazy("Address of the Bot API"),
        kind="url",
        default=USUAL_BASE,
        is_rare=True,
    ),
)


def secret_of(line: Line) -> str:
    """What Telegram sends along to show that it is it: the one that was given, else one made of the bot's token."""
    if given := line.secrets.get("secret_token", ""):
        return given
    token = line.secrets.get("bot_token", "")
    if not token:
        return ""
    return hmac.new(token.encode(), f"webhook {line.public_id}".encode(), hashlib.sha256).hexdigest()


class TelegramAdapter(Adapter):
    """Customers write first. While a webhook is set Telegram keeps what it could not bring for a day, and brings it."""

    channel: ClassVar[Channel] = Channel.TELEGRAM
    label: ClassVar[str] = gettext_lazy("Telegram bot")  # type: ignore[assignment]
    webhook_help: ClassVar[Words] = gettext_lazy("There is nothing to enter: sending a test tells it to Telegram.")
    guide: ClassVar[str] = "docs/channels/telegram.md"
    identity_kind: ClassVar[str] = "telegram"

    def fields(self) -> Sequence[Field]:
        return FIELDS

    def capabilities(self, line: Line) -> Capabilities:
        return Capabilities(
            max_text=MAX_TEXT,
            counts="utf16",
            max_text_with_files=MAX_CAPTION,
            max_files=1,
            max_file=MAX_FILE,
            shows_typing=True,
            per_second=float(line.settings.get("per_second") or 25),
        )

    def verify(self, line: Line, request: Request) -> None:
        secret = secret_of(line)
        if not secret or not hmac.compare_digest(request.headers.get(HEADER, "").encode(), secret.encode()):
            raise NotVerifiedError

    def parse(self, line: Line, request: Request, *, received_at: datetime) -> Parsed:
        return read(line, request.json(), received_at=received_at)

    def send(self, line: Line, outgoing: Outgoing) -> Handed:
        """Words, or one file with words beside it."""
        if outgoing.files:
            told = self._send_file(line, outgoing)
        elif not outgoing.body.strip() or _units(outgoing.body) > MAX_TEXT:
            raise RefusedEffectError(
                _("The message is empty or longer than %(limit)d characters.") % {"limit": MAX_TEXT}
            )
        else:
            told = call(line, "sendMessage", json={"chat_id": outgoing.recipient, "text": outgoing.body})
        if not words(told, "message_id"):
            raise OutcomeIsUnknownError("Telegram answered without the message's id")
        return Handed(provider_id=f"{outgoing.recipient}:{words(told, 'message_id')}")

    def _send_file(self, line: Line, outgoing: Outgoing) -> Mapping[str, Any]:
        file = outgoing.files[0]
        if len(outgoing.files) > 1 or file.size > MAX_FILE or _units(outgoing.body) > MAX_CAPTION:
            raise RefusedEffectError(_("Telegram takes one file of up to 50 MB with up to 1024 characters beside it."))
        method, part = _way_of(file)
        return call(
            line,
            method,
            timeout=SECONDS_OF_FILE,
            data={"chat_id": outgoing.recipient, **({"caption": outgoing.body} if outgoing.body.strip() else {})},
            files={part: (file.name, file.read(), file.content_type)},
        )

    def fetch(self, line: Line, reference: Mapping[str, Any], *, max_bytes: int) -> FetchedFile:
        """By its id, which gives a path that is good for an hour; bots may fetch up to 20 MB."""
        told = call(line, "getFile", is_idempotent=True, json={"file_id": str(reference.get("file_id", ""))})
        if (told.get("file_size") or 0) > min(max_bytes, MAX_FETCHED):
            raise RefusedEffectError("the file is too large")
        path = needed(told, "file_path")
        if ".." in path.split("/"):
            raise RefusedEffectError("no path of a file")
        url = address(line, path, of_file=True)
        answer = egress.ask("GET", url, is_idempotent=True, timeout=SECONDS_OF_FILE, max_bytes=max_bytes)
        kind = answer.headers.get("content-type", "").partition(";")[0].strip()
        return FetchedFile(name=str(reference.get("name", "")), content_type=kind, content=answer.content)

    def tell_typing(self, line: Line, recipient: str, *, last_heard: str = "") -> None:
        """It is shown for five seconds."""
        try:
            call(line, "sendChatAction", timeout=4.0, json={"chat_id": recipient, "action": "typing"})
        except Exception:  # a nicety, whose failure is nobody's trouble
            return

    def check(self, line: Line) -> Iterable[Check]:
        """The bot; and Telegram is told where we are, for it has no page where a person could enter that."""
        try:
            bot = call(line, "getMe", is_idempotent=True)
            yield Check(name=_("The bot"), is_well=True, told=f"@{words(bot, 'username')}")
            yield self._check_webhook(line)
        except CredentialsRefusedError as error:
            told = _("Telegram knows no bot with this token: %(why)s") % {"why": error}
            yield Check(name=_("The bot"), is_well=False, told=told)
        except Exception as error:  # whatever it is, the person who tries the line is to read it
            yield Check(name=_("Telegram"), is_well=False, told=_("No answer: %(why)s") % {"why": error})

    def _check_webhook(self, line: Line) -> Check:
        name = _("The webhook")
        wanted = {"url": line.webhook_url, "secret_token": secret_of(line), "allowed_updates": list(UPDATES)}
        before = call(line, "getWebhookInfo", is_idempotent=True)
        try:
            call(line, "setWebhook", is_idempotent=True, json=wanted)
        except RefusedEffectError as error:
            told = _("Telegram does not accept our address %(here)s: %(why)s")
            return Check(name=name, is_well=False, told=told % {"here": line.webhook_url, "why": error})
        is_known = words(before, "url") == line.webhook_url
        trouble = words(before, "last_error_message") if is_known else ""
        if trouble and (before.get("pending_update_count") or 0):
            told = _("Telegram cannot reach us: %(why)s") % {"why": trouble}
            return Check(name=name, is_well=False, told=told)
        return Check(name=name, is_well=True, told="" if is_known else _("Telegram knows our address from now on."))


def _units(text: str) -> int:
    return len(text.encode("utf-16-le")) // 2


def _way_of(file: OutgoingFile) -> tuple[str, str]:
    """The method and its part for a file: shown in the chat where Telegram can, else to be saved."""
    if file.content_type in {"image/jpeg", "image/png"} and file.size <= MAX_PHOTO:
        return "sendPhoto", "photo"
    if file.content_type == "video/mp4":
        return "sendVideo", "video"
    return "sendDocument", "document"
