"""What a bot of Telegram is told: messages of one person at a time. Groups and channels are no customers."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from django.utils.translation import gettext as _

from interactions.channels.choices import Channel
from interactions.channels.contact import InboundContact
from interactions.channels.contract import Arrived, Edit, Line, Parsed, Reaction, RemoteFile
from interactions.channels.telling import (
    Gathered,
    attested,
    inner,
    mapping,
    moment,
    needed,
    place,
    place_words,
    rows,
    size_of,
    words,
)

FILES: Final = {
    "document": "bin",
    "animation": "mp4",
    "video": "mp4",
    "video_note": "mp4",
    "audio": "mp3",
    "voice": "ogg",
    "sticker": "webp",
}
START: Final = "/start"


def read(line: Line, told: Any, *, received_at: datetime) -> Parsed:
    """One update. Raises UnreadableDeliveryError for what is none."""
    update = mapping(told)
    needed(update, "update_id")
    found = Gathered()
    with found.part("update"):
        _update(line, update, found, received_at)
    return found.parsed()


def _update(line: Line, update: Mapping[str, Any], found: Gathered, received_at: datetime) -> None:
    if "message" in update:
        message = inner(update, "message")
        if _is_private(message):
            _message(line, message, found, moment(message.get("date"), received_at))
        else:
            found.ignored.append("group")
    elif "edited_message" in update:
        message = inner(update, "edited_message")
        if _is_private(message):
            at = moment(message.get("edit_date"), received_at)
            found.edits.append(Edit(external_id=message_id(message), body=_body(message), at=at))
        else:
            found.ignored.append("group")
    elif "callback_query" in update:
        _pressed(line, inner(update, "callback_query"), found, received_at)
    elif "message_reaction" in update:
        _reaction(inner(update, "message_reaction"), found, received_at)
    else:
        found.ignored.append(next((name for name in update if name != "update_id"), "update"))


def message_id(message: Mapping[str, Any]) -> str:
    """A message's id is its chat's; with the chat's it is the bot's."""
    return f"{needed(inner(message, 'chat'), 'id')}:{needed(message, 'message_id')}"


def _is_private(message: Mapping[str, Any]) -> bool:
    return words(inner(message, "chat"), "type") == "private"


def _message(line: Line, message: Mapping[str, Any], found: Gathered, at: datetime) -> None:
    body, meta = _body(message), _meta(message)
    if body == START:
        # They opened the chat and have said nothing yet.
        found.ignored.append("start")
        return
    if body.startswith(f"{START} "):
        meta["start"] = body.removeprefix(START).strip()
    found.arrived.append(_arrived(line, message, message_id(message), body, at, (_files(message), meta)))


def _arrived(
    line: Line,
    told: Mapping[str, Any],
    external_id: str,
    body: str,
    at: datetime,
    more: tuple[tuple[RemoteFile, ...], dict[str, Any]],
) -> Arrived:
    sender = inner(told, "from")
    who = needed(sender, "id")
    contact = InboundContact(
        inbox_id=line.inbox_id,
        channel=Channel.TELEGRAM,
        external_id=external_id,
        occurred_at=at,
        identity=attested("telegram", who, "platform"),
        customer_name=" ".join(filter(None, [words(sender, "first_name"), words(sender, "last_name")])),
        language=words(sender, "language_code")[:10],
        body=body,
        thread_token=who,
    )
    return Arrived(contact=contact, files=more[0], meta=more[1])


def _body(message: Mapping[str, Any]) -> str:
    """The words of a message; what has none is put into some."""
    if told := words(message, "text") or words(message, "caption") or _place_words(message):
        return told
    if "contact" in message:
        person = inner(message, "contact")
        return ", ".join(filter(None, (words(person, key) for key in ("first_name", "last_name", "phone_number"))))
    if "dice" in message or "sticker" in message:
        return words(inner(message, "dice" if "dice" in message else "sticker"), "emoji")
    if "photo" in message or any(kind in message for kind in FILES):
        return ""
    return _("(The customer sent something that cannot be shown here.)")


def _place_words(message: Mapping[str, Any]) -> str:
    venue = inner(message, "venue")
    where = inner(venue, "location") or inner(message, "location")
    return place_words(place(where), words(venue, "title"), words(venue, "address")) if where else ""


def _meta(message: Mapping[str, Any]) -> dict[str, Any]:
    meta: dict[str, Any] = {}
    where = inner(inner(message, "venue"), "location") or inner(message, "location")
    if where:
        meta["place"] = place(where)
    if answered := inner(message, "reply_to_message"):
        meta["reply_to"] = message_id(answered)
    if "forward_origin" in message:
        meta["forwarded"] = True
    if group := words(message, "media_group_id"):
        meta["album"] = group
    return meta


def _files(message: Mapping[str, Any]) -> tuple[RemoteFile, ...]:
    photos = [mapping(one) for one in rows(message, "photo")]
    if photos:
        best = max(photos, key=lambda one: size_of(one, "file_size") or size_of(one, "width") or 0)
        return (_file(best, "photo.jpg", "image/jpeg"),)
    for kind, ending in FILES.items():
        if told := inner(message, kind):
            return (_file(told, words(told, "file_name") or f"{kind}.{ending}", words(told, "mime_type")),)
    return ()


def _file(told: Mapping[str, Any], name: str, content_type: str) -> RemoteFile:
    reference = {"file_id": needed(told, "file_id"), "name": name}
    return RemoteFile(name=name, content_type=content_type, reference=reference, size=size_of(told, "file_size"))


def _pressed(line: Line, query: Mapping[str, Any], found: Gathered, received_at: datetime) -> None:
    """A button under a message, whose words are what the customer says with it."""
    message = inner(query, "message")
    if message and not _is_private(message):
        found.ignored.append("group")
        return
    data = words(query, "data")
    buttons = [
        mapping(one)
        for row in rows(inner(message, "reply_markup"), "inline_keyboard")
        for one in rows({"row": row}, "row")
    ]
    said = next((words(one, "text") for one in buttons if words(one, "callback_data") == data), "") or data
    external_id = f"callback:{needed(query, 'id')}"
    found.arrived.append(_arrived(line, query, external_id, said, received_at, ((), {"choice": data})))


def _reaction(told: Mapping[str, Any], found: Gathered, received_at: datetime) -> None:
    if not _is_private(told):
        found.ignored.append("group")
        return
    signs = [words(mapping(one), "emoji") for one in rows(told, "new_reaction")]
    found.reactions.append(
        Reaction(
            message_id=message_id(told),
            sign="".join(signs)[:32],
            by=attested("telegram", needed(inner(told, "user"), "id"), "platform"),
            at=moment(told.get("date"), received_at),
        )
    )
