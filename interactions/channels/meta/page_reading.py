"""What Messenger's and Instagram's webhooks tell; they share one language."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from django.utils.translation import gettext as _

from interactions.channels.contact import IdentityClaim, InboundContact
from interactions.channels.contract import (
    Arrived,
    Edit,
    Line,
    Parsed,
    Reaction,
    RemoteFile,
    Report,
    UnreadableDeliveryError,
)
from interactions.channels.telling import (
    Gathered,
    attested,
    inner,
    mapping,
    moment,
    needed,
    place,
    place_words,
    reference,
    rows,
    words,
)

FILES: Final = {"image": "jpg", "audio": "mp4", "video": "mp4", "file": "bin", "ig_reel": "mp4", "reel": "mp4"}
# Stories and posts of others: what is shown is not the customer's own, and its address dies soon.
SHARED: Final = frozenset({"share", "story_mention", "ig_story", "post", "ig_post"})
SIGNS: Final = {"love": "❤", "smile": "😆", "wow": "😮", "sad": "😢", "angry": "😠", "like": "👍", "dislike": "👎"}
# What happens beside messages; nobody says anything with it.
SILENT: Final = ("optin", "account_linking", "pass_thread_control", "take_thread_control", "request_thread_control")


def read(line: Line, told: Any, *, of: str, received_at: datetime) -> Parsed:
    """Everything in one delivery. Raises UnreadableDeliveryError for one that is not of the object `of`."""
    whole = mapping(told)
    if whole.get("object") != of:
        raise UnreadableDeliveryError(f"no delivery of {of}")
    found = Gathered()
    ours = str(line.settings.get("page_id") or "")
    for entry in rows(whole, "entry"):
        with found.part("entry"):
            one = mapping(entry)
            if ours and words(one, "id") not in {"", ours}:
                found.ignored.append("of another page")
                continue
            for event in _events(one, found):
                with found.part("event"):
                    _event(line, mapping(event), found, received_at)
    return found.parsed()


def _events(entry: Mapping[str, Any], found: Gathered) -> list[Any]:
    if rows(entry, "standby"):
        found.ignored.append("standby")
    events = rows(entry, "messaging")
    for change in rows(entry, "changes"):
        one = mapping(change)
        if words(one, "field") == "messages":
            events = [*events, inner(one, "value")]
        else:
            found.ignored.append(words(one, "field") or "change")
    return events


def _event(line: Line, told: Mapping[str, Any], found: Gathered, received_at: datetime) -> None:
    at = moment(told.get("timestamp"), received_at, in_a_second=1000)
    if "message" in told:
        _message(line, told, inner(told, "message"), found, at)
    elif "message_edit" in told:
        edit = inner(told, "message_edit")
        found.edits.append(Edit(external_id=needed(edit, "mid"), body=words(edit, "text"), at=at))
    elif "postback" in told:
        found.arrived.append(_pressed(line, told, inner(told, "postback"), at))
    elif "reaction" in told:
        reaction = inner(told, "reaction")
        sign = words(reaction, "emoji") or SIGNS.get(words(reaction, "reaction"), "")
        sign = "" if words(reaction, "action") == "unreact" else sign[:32]
        found.reactions.append(Reaction(message_id=needed(reaction, "mid"), sign=sign, by=_who(line, told), at=at))
    elif "delivery" in told:
        delivered = rows(inner(told, "delivery"), "mids")
        found.reports += [Report(provider_id=str(mid), state="delivered", at=at) for mid in delivered[:500]]
    elif "read" in told:
        found.reports.append(_seen(told, inner(told, "read"), at, received_at))
    else:
        found.ignored.append(next((name for name in SILENT if name in told), "event"))


def _message(line: Line, told: Mapping[str, Any], message: Mapping[str, Any], found: Gathered, at: datetime) -> None:
    if message.get("is_echo") is True:
        _echo(message, found, at)
    elif message.get("is_deleted") is True:
        found.edits.append(Edit(external_id=needed(message, "mid"), body=None, at=at))
    else:
        found.arrived.append(_said(line, told, message, at))


def _echo(message: Mapping[str, Any], found: Gathered, at: datetime) -> None:
    """Ours on its way: its own reference says which, also where the answer to our call was lost."""
    if ours := reference(words(message, "metadata")):
        found.reports.append(Report(provider_id=needed(message, "mid"), state="sent", at=at, reference=ours))
    else:
        found.ignored.append("echo")


def _seen(told: Mapping[str, Any], read_: Mapping[str, Any], at: datetime, received_at: datetime) -> Report:
    if mid := words(read_, "mid"):
        return Report(provider_id=mid, state="read", at=at)
    until = moment(read_.get("watermark"), received_at, in_a_second=1000)
    return Report(provider_id="", state="read", at=until, recipient=needed(inner(told, "sender"), "id"))


def _said(line: Line, told: Mapping[str, Any], message: Mapping[str, Any], at: datetime) -> Arrived:
    parts = [words(message, "text")]
    files: list[RemoteFile] = []
    meta: dict[str, Any] = {}
    for one in rows(message, "attachments")[:30]:
        _attached(mapping(one), parts, files, meta)
    if message.get("is_unsupported") is True:
        parts.append(_("(The customer sent something that cannot be shown here.)"))
        meta["unsupported"] = "message"
    if choice := words(inner(message, "quick_reply"), "payload"):
        meta["choice"] = choice
    answered = inner(message, "reply_to")
    if words(answered, "mid"):
        meta["reply_to"] = words(answered, "mid")
    if words(inner(answered, "story"), "url"):
        meta["story"] = words(inner(answered, "story"), "url")
    return _arrived(line, told, needed(message, "mid"), "\n".join(filter(None, parts)), at, (tuple(files), meta))


def _attached(one: Mapping[str, Any], parts: list[str], files: list[RemoteFile], meta: dict[str, Any]) -> None:
    kind, payload = words(one, "type"), inner(one, "payload")
    url = words(payload, "url") or words(one, "url")
    title = words(one, "title") or words(payload, "title")
    if kind == "location":
        where = inner(payload, "coordinates")
        meta["place"] = place(where, "lat", "long")
        parts.append(place_words(meta["place"], title))
    elif kind in FILES and url:
        name = f"{kind}.{FILES[kind]}"
        files.append(RemoteFile(name=name, content_type="", reference={"url": url, "name": name}))
    else:
        parts.append("\n".join(filter(None, [title, url])))
        meta["shared" if kind in SHARED else "attached"] = kind


def _pressed(line: Line, told: Mapping[str, Any], postback: Mapping[str, Any], at: datetime) -> Arrived:
    """A button of ours, whose words are what the customer says with it."""
    who = _who(line, told)
    external_id = words(postback, "mid") or f"postback:{who.value}:{int(at.timestamp() * 1000)}"
    meta: dict[str, Any] = {"choice": words(postback, "payload")}
    if ref := words(inner(postback, "referral"), "ref"):
        meta["referral"] = {"ref": ref}
    return _arrived(line, told, external_id, words(postback, "title"), at, ((), meta))


def _arrived(
    line: Line,
    told: Mapping[str, Any],
    external_id: str,
    body: str,
    at: datetime,
    more: tuple[tuple[RemoteFile, ...], dict[str, Any]],
) -> Arrived:
    who = _who(line, told)
    contact = InboundContact(
        inbox_id=line.inbox_id,
        channel=line.channel,
        external_id=external_id,
        occurred_at=at,
        identity=who,
        body=body,
        thread_token=who.value,
    )
    return Arrived(contact=contact, files=more[0], meta=more[1])


def _who(line: Line, told: Mapping[str, Any]) -> IdentityClaim:
    return attested(line.channel.slug, needed(inner(told, "sender"), "id"), "platform")
