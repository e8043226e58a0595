"""The messages of one Facebook page."""

from collections.abc import Sequence
from typing import Any, ClassVar, Final

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from ccx.kernel.events.effects import RefusedEffectError, TemporaryEffectError
from interactions.channels.choices import Channel
from interactions.channels.contract import Capabilities, Field, Line, Outgoing, Words
from interactions.channels.meta.graph import call
from interactions.channels.meta.page import SECONDS_OF_FILE, WINDOW, WINDOW_OF_PEOPLE, PageAdapter, page_fields
from interactions.channels.telling import words

MAX_TEXT: Final = 2000
MAX_FILE: Final = 25 * 1024 * 1024

PAGE: Final = Field(name="page_id", label=gettext_lazy("Page ID"), is_required=True)


class MessengerAdapter(PageAdapter):
    """A file goes without words beside it."""

    channel: ClassVar[Channel] = Channel.MESSENGER
    label: ClassVar[str] = gettext_lazy("Facebook Messenger")  # type: ignore[assignment]
    webhook_help: ClassVar[Words] = gettext_lazy(
        "Enter it in the app's webhook settings with the verify token, and subscribe to what the guide names."
    )
    guide: ClassVar[str] = "docs/channels/messenger-instagram.md"
    identity_kind: ClassVar[str] = "messenger"
    told_as: ClassVar[str] = "page"
    platform: ClassVar[str] = "messenger"

    def fields(self) -> Sequence[Field]:
        return page_fields(PAGE)

    def capabilities(self, line: Line) -> Capabilities:
        return Capabilities(
            max_text=MAX_TEXT,
            max_files=1,
            max_file=MAX_FILE,
            has_text_with_files=False,
            reply_window=WINDOW_OF_PEOPLE if line.settings.get("human_agent") else WINDOW,
            tells_delivered=True,
            tells_read=True,
            shows_typing=True,
            per_second=float(line.settings.get("per_second") or 40),
        )

    def message(self, line: Line, outgoing: Outgoing) -> dict[str, Any]:
        if outgoing.files:
            return self._file(line, outgoing)
        if not outgoing.body.strip() or len(outgoing.body) > MAX_TEXT:
            raise RefusedEffectError(
                _("The message is empty or longer than %(limit)d characters.") % {"limit": MAX_TEXT}
            )
        return {"text": outgoing.body}

    def _file(self, line: Line, outgoing: Outgoing) -> dict[str, Any]:
        file = outgoing.files[0]
        if len(outgoing.files) > 1 or outgoing.body.strip() or file.size > MAX_FILE:
            raise RefusedEffectError(_("Messenger takes one file of up to 25 MB, without words beside it."))
        kind = file.content_type.partition("/")[0]
        kind = kind if kind in {"image", "audio", "video"} else "file"
        attachment = f'{{"attachment":{{"type":"{kind}","payload":{{"is_reusable":false}}}}}}'
        told = call(
            line,
            "POST",
            f"{self.sender(line)}/message_attachments",
            is_idempotent=True,
            timeout=SECONDS_OF_FILE,
            data={"message": attachment},
            files={"filedata": (file.name, file.read(), file.content_type)},
        )
        if not words(told, "attachment_id"):
            raise TemporaryEffectError("Messenger took the file without an id")
        return {"attachment": {"type": kind, "payload": {"attachment_id": words(told, "attachment_id")}}}
