"""The messages of one professional account of Instagram that belongs to a page."""

from collections.abc import Sequence
from typing import Any, ClassVar, Final

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from ccx.kernel.events.effects import RefusedEffectError
from interactions.channels.choices import Channel
from interactions.channels.contract import Capabilities, Field, Line, Outgoing, Words
from interactions.channels.meta.page import WINDOW, WINDOW_OF_PEOPLE, PageAdapter, page_fields

MAX_TEXT: Final = 1000
MB: Final = 1024 * 1024
MAX_FILES: Final = {"image": 8 * MB, "audio": 25 * MB, "video": 25 * MB}
FILE_TYPES: Final = (
    *("image/png", "image/jpeg", "audio/aac", "audio/mp4", "audio/wav", "video/mp4", "video/ogg", "video/quicktime"),
    *("video/webm", "video/x-msvideo", "application/pdf"),
)

ACCOUNT: Final = Field(
    name="page_id",
    label=gettext_lazy("Instagram account ID"),
    is_required=True,
    help=gettext_lazy("The long id of the professional account, not its name."),
)


class InstagramAdapter(PageAdapter):
    """It fetches files itself, from an address of ours that holds for minutes."""

    channel: ClassVar[Channel] = Channel.INSTAGRAM
    label: ClassVar[str] = gettext_lazy("Instagram")  # type: ignore[assignment]
    webhook_help: ClassVar[Words] = gettext_lazy(
        "Enter it in the app's webhook settings with the verify token, and subscribe to what the guide names."
    )
    guide: ClassVar[str] = "docs/channels/messenger-instagram.md"
    identity_kind: ClassVar[str] = "instagram"
    told_as: ClassVar[str] = "instagram"
    platform: ClassVar[str] = "instagram"

    def fields(self) -> Sequence[Field]:
        return page_fields(ACCOUNT)

    def sender(self, line: Line) -> str:
        """The token is the page's, and says whose account it is."""
        return "me"

    def capabilities(self, line: Line) -> Capabilities:
        return Capabilities(
            max_text=MAX_TEXT,
            counts="bytes",
            max_files=1,
            max_file=25 * MB,
            file_types=FILE_TYPES,
            has_text_with_files=False,
            reply_window=WINDOW_OF_PEOPLE if line.settings.get("human_agent") else WINDOW,
            tells_read=True,
            shows_typing=True,
            per_second=float(line.settings.get("per_second") or 40),
            notes=(_("Pictures up to 8 MB, anything else up to 25 MB."),),
        )

    def message(self, line: Line, outgoing: Outgoing) -> dict[str, Any]:
        if outgoing.files:
            return self._file(outgoing)
        if not outgoing.body.strip() or len(outgoing.body.encode()) > MAX_TEXT:
            raise RefusedEffectError(_("The message is empty or longer than %(limit)d bytes.") % {"limit": MAX_TEXT})
        return {"text": outgoing.body}

    def _file(self, outgoing: Outgoing) -> dict[str, Any]:
        file = outgoing.files[0]
        kind = file.content_type.partition("/")[0]
        kind = kind if kind in MAX_FILES else "file"
        if len(outgoing.files) > 1 or outgoing.body.strip() or file.size > MAX_FILES.get(kind, 25 * MB):
            raise RefusedEffectError(_("Instagram takes one file, no larger than it likes, without words beside it."))
        return {"attachment": {"type": kind, "payload": {"url": file.url()}}}
