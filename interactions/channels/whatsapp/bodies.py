"""What a message of WhatsApp says in words, by its kind, and the files that come with it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from interactions.channels.contract import RemoteFile
from interactions.channels.telling import inner, mapping, needed, place, place_words, rows, words

MOST_ROWS: Final = 50
ENDINGS: Final = {
    "image/jpeg": "jpg",
    "image/png": "png",
    "image/webp": "webp",
    "audio/ogg": "ogg",
    "audio/mpeg": "mp3",
    "audio/aac": "aac",
    "audio/amr": "amr",
    "audio/mp4": "m4a",
    "video/mp4": "mp4",
    "video/3gpp": "3gp",
    "application/pdf": "pdf",
}


@dataclass(frozen=True)
class Said:
    """One message: its words, its files, and what else is to be kept of it."""

    body: str = ""
    files: tuple[RemoteFile, ...] = ()
    meta: Mapping[str, Any] = field(default_factory=dict)


def _text(told: Mapping[str, Any]) -> Said:
    return Said(body=words(inner(told, "text"), "body"))


def _file(told: Mapping[str, Any]) -> Said:
    kind = words(told, "type")
    media = inner(told, kind)
    media_type = words(media, "mime_type").partition(";")[0].strip()
    name = words(media, "filename") or f"{kind}.{ENDINGS.get(media_type, 'bin')}"
    # The address that may be told along is good for minutes; the id is good for days, and gives a new address.
    file = RemoteFile(name=name, content_type=media_type, reference={"media": needed(media, "id"), "name": name})
    meta = {"voice": True} if media.get("voice") is True else {}
    return Said(body=words(media, "caption"), files=(file,), meta=meta)


def _place(told: Mapping[str, Any]) -> Said:
    where = inner(told, "location")
    point = place(where)
    return Said(body=place_words(point, words(where, "name"), words(where, "address")), meta={"place": point})


def _contacts(told: Mapping[str, Any]) -> Said:
    people = [mapping(one) for one in rows(told, "contacts")[:MOST_ROWS]]
    return Said(body="\n".join(filter(None, map(_person, people))), meta={"contacts": len(people)})


def _person(told: Mapping[str, Any]) -> str:
    name = words(inner(told, "name"), "formatted_name")
    phones = [words(mapping(one), "phone") for one in rows(told, "phones")[:MOST_ROWS]]
    mails = [words(mapping(one), "email") for one in rows(told, "emails")[:MOST_ROWS]]
    return ", ".join(filter(None, [name, *phones, *mails]))


def _interactive(told: Mapping[str, Any]) -> Said:
    reply = inner(told, "interactive")
    kind = words(reply, "type")
    chosen = inner(reply, kind) if kind else {}
    if kind == "nfm_reply":
        meta = {"form": words(chosen, "name"), "answers": words(chosen, "response_json")[:10_000]}
        return Said(body=words(chosen, "body"), meta=meta)
    body = "\n".join(filter(None, [words(chosen, "title"), words(chosen, "description")]))
    return Said(body=body, meta={"choice": words(chosen, "id")})


def _button(told: Mapping[str, Any]) -> Said:
    button = inner(told, "button")
    return Said(body=words(button, "text"), meta={"choice": words(button, "payload")})


def _order(told: Mapping[str, Any]) -> Said:
    order = inner(told, "order")
    items = [mapping(one) for one in rows(order, "product_items")[:MOST_ROWS]]
    lines = [words(order, "text"), *map(_item, items)]
    return Said(body="\n".join(filter(None, lines)), meta={"order": {"catalog": words(order, "catalog_id")}})


def _item(told: Mapping[str, Any]) -> str:
    price = told.get("item_price")
    cost = f" {price} {words(told, 'currency')}".rstrip() if isinstance(price, int | float | str) else ""
    return f"{words(told, 'quantity') or '?'} × {words(told, 'product_retailer_id')}{cost and ' à' + cost}"


FILES: Final = ("image", "audio", "video", "document", "sticker")
KINDS: Final[Mapping[str, Callable[[Mapping[str, Any]], Said]]] = {
    "text": _text,
    "location": _place,
    "contacts": _contacts,
    "interactive": _interactive,
    "button": _button,
    "order": _order,
} | dict.fromkeys(FILES, _file)
