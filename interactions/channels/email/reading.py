"""What a mail says: from whom, about what, in which words, with which files, in answer to what."""

import hashlib
import re
from dataclasses import dataclass
from email.utils import getaddresses, parseaddr
from typing import Final

from django.core.exceptions import ValidationError
from django.core.validators import validate_email

from interactions.channels.email import automatic
from interactions.channels.email.automatic import ids
from interactions.channels.email.errors import MailIsUnreadableError
from interactions.channels.email.html_safe import clean
from interactions.channels.email.html_text import text_of
from interactions.channels.email.mime import Budget, Headers, Part, read_headers, read_part, split_head, unfolded

WANTED: Final = frozenset(
    {
        *("from", "to", "cc", "delivered-to", "x-original-to", "reply-to", "subject", "date", "message-id"),
        *("in-reply-to", "references", "content-language", "authentication-results"),
        *("content-type", "content-disposition", "content-transfer-encoding"),
        *automatic.HEADERS,
    }
)
# S/MIME and PGP. Such a mail is kept whole as well, under this name.
SEALED_PARTS: Final = frozenset({"multipart/signed", "multipart/encrypted"})
SEALED_FILES: Final = frozenset({"application/pkcs7-mime", "application/x-pkcs7-mime"})
ORIGINAL: Final = "original.eml"
MAX_TEXT: Final = 2_000_000
MAX_FILES: Final = 100
MAX_ADDRESSES: Final = 50
MAX_ANSWERED: Final = 40
DMARC: Final = re.compile(
    r"\bdmarc\s{0,3}=\s{0,3}pass\b[^;]{0,500}?\bheader\.from\s{0,3}=\s{0,3}([^\s;]{1,253})", re.IGNORECASE
)
COMMENT: Final = re.compile(r"\([^()]*\)")
# Characters that make a name look like another one: direction marks, zero widths, line ends.
DECEPTIVE: Final = re.compile(r"[\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]")


@dataclass(frozen=True, kw_only=True)
class File:
    """A file that came along. The name is what the sender called it, without what could deceive."""

    name: str
    content_type: str
    content: bytes
    content_id: str = ""


@dataclass(frozen=True, kw_only=True)
class Participant:
    """Somebody named in a header."""

    name: str
    address: str


@dataclass(frozen=True, kw_only=True)
class Mail:
    """One mail in our words. `digest` tells two mails apart that claim one Message-ID.

    `html` is how its sender laid it out, cleaned (html_safe.py); `has_remote`: it wants images from elsewhere.
    `answers` are the Message-IDs it refers to, the nearest first; `bounced` those that a report says did not arrive.
    `is_attested`: our own mail server vouches that the sender's domain sent it. `flags` are codes of what was odd.
    """

    message_id: str
    digest: str
    sender: str
    sender_name: str
    reply_to: str
    recipients: tuple[str, ...]
    subject: str
    sent: str
    text: str
    language: str
    answers: tuple[str, ...]
    bounced: tuple[str, ...]
    files: tuple[File, ...]
    is_automatic: bool
    is_attested: bool
    flags: tuple[str, ...]
    reply_to_name: str = ""
    to: tuple[Participant, ...] = ()
    cc: tuple[Participant, ...] = ()
    html: str = ""
    has_remote: bool = False


def parse(raw: bytes, *, authserv_id: str = "") -> Mail:
    """Read one mail. `authserv_id` names the server whose Authentication-Results are ours; without it none count.

    Raises MailIsUnreadableError for whatever cannot be read, and nothing else.
    """
    try:
        return _parse(raw, authserv_id)
    except (RecursionError, ValueError, LookupError, TypeError, AttributeError) as error:
        raise MailIsUnreadableError(f"{type(error).__name__}: {error}"[:300]) from error


def _parse(raw: bytes, authserv_id: str) -> Mail:
    head, body = split_head(raw)
    headers = read_headers(head, WANTED)
    budget = Budget()
    root = read_part(headers, body, budget=budget)
    flags = [f"several_{name}" for name in ("from", "subject", "message-id") if len(headers.get(name, ())) > 1]
    senders = _addresses(headers, "from")
    if len(senders) > 1:
        flags.append("several_senders")
    reply_to_name, reply_to = next(iter(_addresses(headers, "reply-to")), ("", ""))
    name, sender = (senders[0][0], senders[0][1].lower()) if senders else ("", "")
    texts, leaves = _read(root)
    text = "\n\n".join(part.strip("\n") for part in texts if part.strip()).lstrip("\ufeff")
    if len(text) > MAX_TEXT:
        text = text[:MAX_TEXT]
        flags.append("text_cut")
    left_out = budget.left_out + max(0, len(leaves) - MAX_FILES)
    if left_out:
        flags.append(f"parts_left_out:{left_out}")
    shown = clean(_html(root))
    if shown.is_too_complex:
        flags.append("html_too_complex")
    subject = DECEPTIVE.sub("", unfolded(_first(headers, "subject")))
    is_automatic = automatic.is_automatic(headers, sender=sender, subject=subject, root=root)
    if not is_automatic and automatic.says_away(subject):
        flags.append("looks_automatic")
    bounced = automatic.reported(root, headers, sender=sender, subject=subject, text=text) if is_automatic else ()
    return Mail(
        message_id=next(iter(ids(headers, "message-id")), ""),
        digest=_digest(headers, body),
        sender=sender,
        sender_name=DECEPTIVE.sub("", name)[:200],
        reply_to=reply_to.lower(),
        reply_to_name=DECEPTIVE.sub("", reply_to_name)[:200],
        recipients=tuple(
            dict.fromkeys(
                address
                for header in ("delivered-to", "x-original-to", "to", "cc")
                for _, address in _addresses(headers, header)
            )
        ),
        subject=subject,
        sent=_first(headers, "date")[:100],
        text=text,
        language=_language(headers),
        answers=tuple(dict.fromkeys([*ids(headers, "in-reply-to"), *reversed(ids(headers, "references"))]))[
            :MAX_ANSWERED
        ],
        bounced=tuple(dict.fromkeys(bounced)),
        files=(
            *(_file(leaf, number) for number, leaf in enumerate(leaves[:MAX_FILES], 1)),
            *([File(name=ORIGINAL, content_type="message/rfc822", content=raw)] if _is_sealed(root) else ()),
        ),
        is_automatic=is_automatic,
        is_attested=_is_unmistakable(headers, sender) and _is_attested(headers, sender, authserv_id),
        flags=tuple(flags),
        to=_participants(headers, "to"),
        cc=_participants(headers, "cc"),
        html=shown.html,
        has_remote=shown.has_remote,
    )


def _is_sealed(part: Part) -> bool:
    """Whether somebody signed or encrypted it or a part of it: then only the very bytes prove anything."""
    is_whole = bool(part.children) if part.content_type in SEALED_PARTS else bool(part.body)
    return (part.content_type in SEALED_PARTS | SEALED_FILES and is_whole) or any(map(_is_sealed, part.children))


def _first(headers: Headers, name: str) -> str:
    return (headers.get(name) or [""])[0]


def _addresses(headers: Headers, name: str) -> list[tuple[str, str]]:
    """Names and addresses of one header; decoded after they were taken apart, so that no name smuggles one in."""
    found = []
    values = headers.get(name, [])[:1] if name == "from" else headers.get(name, [])
    for value in values:
        pairs = getaddresses([value]) if "," in value else [parseaddr(value)]
        for shown, address in pairs[:MAX_ADDRESSES]:
            try:
                validate_email(address)
            except ValidationError:
                continue
            found.append((unfolded(shown), address))
    return found


def _participants(headers: Headers, name: str) -> tuple[Participant, ...]:
    return tuple(
        Participant(name=DECEPTIVE.sub("", shown)[:200], address=address.lower())
        for shown, address in _addresses(headers, name)
    )


def _html(part: Part) -> str:
    """The layout of a mail: its HTML, where several alternatives say the same the last of them."""
    if part.content_type == "multipart/alternative":
        return next((html for child in reversed(part.children) if (html := _html(child))), "")
    if part.children:
        return "".join(_html(child) for child in part.children)
    is_said = part.content_type == "text/html" and not (part.is_attachment or part.name)
    return part.text if is_said else ""


def _language(headers: Headers) -> str:
    told = _first(headers, "content-language").partition(",")[0].strip().lower()
    return told if re.fullmatch(r"[a-z]{2,3}(?:-[a-z0-9]{2,4})?", told) else ""


def _digest(headers: Headers, body: bytes) -> str:
    """What makes a mail itself; the way it took (Received and the like) does not."""
    digest = hashlib.sha256()
    for name in ("message-id", "from", "date", "subject"):
        digest.update(f"{name}:{_first(headers, name)}\n".encode("utf-8", "replace"))
    digest.update(body.replace(b"\r\n", b"\n").rstrip())
    return digest.hexdigest()


def _is_unmistakable(headers: Headers, sender: str) -> bool:
    """Whether nobody can read another sender out of the header than we do."""
    values = headers.get("from", [])
    if len(values) != 1 or not sender:
        return False
    told = values[0].lower().strip()
    return told == sender or (told.endswith(f"<{sender}>") and told.count("<") == 1)


def _is_attested(headers: Headers, sender: str, authserv_id: str) -> bool:
    """Only the topmost result that bears our server's name counts: anybody can write further ones below it."""
    if not authserv_id:
        return False
    for value in headers.get("authentication-results", []):
        told = COMMENT.sub(" ", value)
        named = told.partition(";")[0].split()
        if named and named[0].lower() == authserv_id.lower():
            found = DMARC.search(told)
            return found is not None and found[1].lower().rstrip(".") == sender.rpartition("@")[2]
    return False


def _read(part: Part) -> tuple[list[str], list[Part]]:
    """The words of a part, in order, and its files."""
    if part.content_type == "multipart/alternative":
        return _read_alternatives(part)
    if part.children:
        texts: list[str] = []
        files: list[Part] = []
        for child in part.children:
            more_texts, more_files = _read(child)
            texts += more_texts
            files += more_files
        return texts, files
    if part.is_attachment or part.name or part.content_type not in {"text/plain", "text/html", "text/enriched"}:
        return ([], [part]) if part.content_type != "message/delivery-status" else ([], [])
    return [text_of(part.text) if part.content_type == "text/html" else _lines(part.text)], []


def _read_alternatives(part: Part) -> tuple[list[str], list[Part]]:
    """The same said in several ways: the plain one if it says anything, else what the others say."""
    readings = [(child, *_read(child)) for child in part.children]
    files = [file for _, _, more in readings for file in more]
    saying = [(child, texts) for child, texts, _ in readings if any(text.strip() for text in texts)]
    chosen = next((texts for child, texts in saying if child.content_type == "text/plain"), None)
    return chosen or next((texts for _, texts in saying), []), files


def _lines(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _file(part: Part, number: int) -> File:
    content = part.content
    return File(
        name=_file_name(part, number),
        content_type=part.content_type[:100],
        content=content,
        content_id=part.content_id,
    )


def _file_name(part: Part, number: int) -> str:
    """What the sender called it: the last part of a path, nothing invisible, no dots or dashes in front."""
    name = DECEPTIVE.sub("", part.name).replace("\\", "/").rpartition("/")[2].strip(" .-")
    if len(name) > 200:
        stem, dot, ending = name.rpartition(".")
        name = f"{stem[:180]}{dot}{ending[:15]}" if dot else name[:200]
    if name:
        return name
    subtype = part.content_type.partition("/")[2]
    ending = {"rfc822": "eml", "plain": "txt", "calendar": "ics", "octet-stream": "bin"}.get(subtype, subtype)
    return f"file-{number}.{re.sub(r'[^a-z0-9]', '', ending)[:10] or 'bin'}"
