"""The addresses of the chat. docs/channels/chat.md says what each takes and gives."""

from dataclasses import asdict
from typing import Any, Final
from uuid import UUID

from django.conf import settings
from django.core.files.uploadedfile import UploadedFile
from django.http import FileResponse, HttpRequest
from django.http.response import HttpResponseBase
from django.utils import timezone
from django.utils.http import content_disposition_header
from django.utils.module_loading import import_string
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from ccx.kernel.access.errors import BodyTooLargeError, NotFoundError
from ccx.kernel.access.rates import Rate
from ccx.kernel.access.shapes import Field, Shape, WrongValue, integer, plain_object, public_id, text
from ccx.kernel.files import IMAGES, is_showable, kind_of, safe_name
from interactions.channels.chat.adapter import FILE_TYPES, MAX_FILE, MAX_FILES, MAX_TEXT
from interactions.channels.chat.line import LANGUAGES
from interactions.channels.contract import FetchedFile
from interactions.doors.chat.edge import Asked, chat, spend, told
from interactions.doors.chat.errors import FileIsRefusedError
from interactions.doors.chat.selectors import availability, file_of, is_running, message_of, state_of
from interactions.doors.chat.services import (
    begin_session,
    end_chat,
    hear_typing,
    keep_email,
    keep_page,
    keep_upload,
    open_link,
    say,
    show_up_to,
    take_form,
)
from interactions.doors.chat.services.saying import Words
from interactions.doors.chat.services.sessions import Introduction
from interactions.doors.chat.services.writing import Form, offers_form
from interactions.doors.chat.tokens import opens_file

POLL_SECONDS: Final = 5
LONGEST_TICKET: Final = 2_000
# By address and line. An office behind one address has dozens of people; a machine wants thousands.
SESSION_RATE: Final = Rate(name="chat-session", per_minute=20, burst=60)
LINK_RATE: Final = Rate(name="chat-link", per_minute=10, burst=20)
SAYING_RATE: Final = Rate(name="chat-saying", per_minute=240, burst=120)
FILE_RATE: Final = Rate(name="chat-file", per_minute=30, burst=30)
FORM_RATE: Final = Rate(name="chat-form", per_minute=3, burst=10)
# By browser.
WORDS_RATE: Final = Rate(name="chat-words", per_minute=40, burst=20)
TYPING_RATE: Final = Rate(name="chat-typing", per_minute=60, burst=3)
# By visitor: chats that begin anew.
BEGINNING_RATE: Final = Rate(name="chat-beginning", per_minute=1, burst=6)


def _list_of_tickets(value: Any) -> list[str]:
    if not isinstance(value, list) or len(value) > MAX_FILES:
        raise WrongValue("not_files", f"At most {MAX_FILES} files.")
    if not all(isinstance(ticket, str) and len(ticket) <= LONGEST_TICKET for ticket in value):
        raise WrongValue("not_files", "Ids of files are expected.")
    return value


def _user(value: Any) -> dict[str, Any]:
    """What a site says of its user; members that are not ours are the site's own business."""
    given = plain_object(value)
    said = {name: given.get(name) for name in ("id", "email", "signature")}
    texts = {name: str(word) if isinstance(word, str | int) else "" for name, word in said.items()}
    expires = given.get("expires")
    is_number = isinstance(expires, int) or (isinstance(expires, str) and expires.isascii() and expires.isdigit())
    return texts | {"expires": int(expires) if is_number and len(str(expires)) <= 12 else 0}  # type: ignore[arg-type]


PAGE: Final = Shape(
    {"url": Field(text(max_length=2_000), default=""), "title": Field(text(max_length=500), default="")}
)
SESSION: Final = Shape(
    {
        "language": Field(text(max_length=35), default=""),
        "page": Field(PAGE),
        "answers": Field(plain_object),
        "name": Field(text(max_length=200), default=""),
        "email": Field(text(max_length=254), default=""),
        "user": Field(_user),
    }
)
LINK: Final = Shape({"token": Field(text(min_length=1, max_length=128), required=True)})
MESSAGE: Final = Shape(
    {
        "id": Field(public_id, required=True),
        "body": Field(text(max_length=MAX_TEXT), default=""),
        "files": Field(_list_of_tickets, default=[]),
    }
)
SHOWN: Final = Shape({"seq": Field(integer(low=0, high=2**53), required=True)})
EMAIL: Final = Shape({"email": Field(text(max_length=254), default="")})
FORM: Final = Shape(
    {
        "id": Field(public_id),
        "name": Field(text(max_length=200), default=""),
        "email": Field(text(max_length=254), required=True),
        "body": Field(text(max_length=MAX_TEXT), required=True),
        "answers": Field(plain_object),
        "page": Field(PAGE),
        "language": Field(text(max_length=35), default=""),
    }
)
NOTHING: Final = Shape({})


@chat("GET", needs_token=False)
def config(asked: Asked) -> HttpResponseBase:
    """How the widget is to look and what it may offer."""
    line = asked.line
    is_open, opens_at = availability(asked.inbox, line, timezone.now())
    return told(
        {
            "title": line.title,
            "intro": line.intro,
            "accent": line.accent,
            "position": line.position,
            "language": line.language,
            "languages": LANGUAGES,
            "is_open": is_open,
            "opens_at": opens_at.isoformat() if opens_at is not None else None,
            "questions": [asdict(question) for question in line.questions],
            "wants_email": line.wants_email,
            "has_form": offers_form(asked.inbox),
            "max_text": MAX_TEXT,
            "files": {"max_bytes": MAX_FILE, "max": MAX_FILES if line.takes_files else 0, "types": FILE_TYPES},
            "socket": _socket(asked.request, asked.inbox.public_id),
            "poll_seconds": POLL_SECONDS,
        }
    )


@chat("POST", body=SESSION, rates=(SESSION_RATE,), needs_token=False)
def sessions(asked: Asked) -> HttpResponseBase:
    """A token for a browser; with the one it has it may be told whose it is now."""
    values = asked.values
    said = Introduction(
        name=values["name"],
        email=values["email"],
        language=_language(values["language"]),
        page=values["page"] or {},
        answers=values["answers"] or {},
        user=values["user"],
    )
    token, visitor = begin_session(inbox=asked.inbox, line=asked.line, said=said, device=asked.known, token=asked.token)
    return told({"token": token, "state": state_of(visitor, inbox=asked.inbox)}, status=201)


@chat("POST", body=LINK, rates=(LINK_RATE,), needs_token=False)
def link(asked: Asked) -> HttpResponseBase:
    """The link of a mail for a token of this browser."""
    token, visitor = open_link(inbox=asked.inbox, token=asked.values["token"])
    return told({"token": token, "state": state_of(visitor, inbox=asked.inbox)}, status=201)


@chat("GET")
def state(asked: Asked) -> HttpResponseBase:
    """Everything the widget shows, and the messages that are new to it."""
    after = asked.request.GET.get("after", "0")
    seq = int(after) if after.isascii() and after.isdigit() and len(after) <= 16 else 0
    return told(state_of(asked.device.visitor, inbox=asked.inbox, after=seq))


@chat("POST", body=MESSAGE, rates=(SAYING_RATE,))
def messages(asked: Asked) -> HttpResponseBase:
    """The visitor says something."""
    visitor, values = asked.device.visitor, asked.values
    spend(bucket=str(asked.device.pk), rate=WORDS_RATE)
    if not is_running(visitor.interaction):
        spend(bucket=str(visitor.pk), rate=BEGINNING_RATE)
    words = Words(id=values["id"], body=values["body"], tickets=values["files"])
    said = say(visitor=visitor, inbox=asked.inbox, line=asked.line, words=words)
    return told({"message": message_of(visitor, said, inbox=asked.inbox)}, status=201)


@chat("POST", rates=(FILE_RATE,))
def files(asked: Asked) -> HttpResponseBase:
    """A file that a message will carry."""
    visitor = asked.device.visitor
    if int(asked.request.META.get("CONTENT_LENGTH") or 0) > MAX_FILE + 64 * 1024:
        raise BodyTooLargeError(_("The file is too large."))
    given = asked.request.FILES.get("file")
    if not asked.line.takes_files or not isinstance(given, UploadedFile) or not given.name:
        raise FileIsRefusedError(_("No file can be taken here."))
    if (given.size or 0) > MAX_FILE:
        raise BodyTooLargeError(_("The file is too large."))
    content = given.read()
    kind = kind_of(content, given.content_type or "")
    if not content or not _may_be_sent(kind) or (kind in IMAGES and not is_showable(content)):
        raise FileIsRefusedError(_("Files of this kind cannot be sent here."))
    file = FetchedFile(name=safe_name(given.name), content_type=kind, content=content)
    return told(keep_upload(visitor=visitor, file=file), status=201)


@chat("GET", needs_token=False)
def file(asked: Asked, public_id: UUID) -> HttpResponseBase:
    """A file of a chat, for whoever was given its key. It is handed over, and whatever is in it runs nowhere."""
    found = file_of(asked.inbox, public_id) if opens_file(public_id, asked.request.GET.get("key", "")) else None
    if found is None:
        raise NotFoundError
    try:
        response = FileResponse(found.file.open(), content_type=found.content_type or "application/octet-stream")
    except OSError:
        raise NotFoundError from None
    response["Content-Disposition"] = content_disposition_header(as_attachment=True, filename=found.name)
    response["Content-Security-Policy"] = "sandbox; default-src 'none'"
    return response


@chat("POST", body=NOTHING)
def typing(asked: Asked) -> HttpResponseBase:
    """The visitor writes; more often than once a second is not worth a word."""
    spend(bucket=str(asked.device.pk), rate=TYPING_RATE)
    hear_typing(visitor_id=asked.device.visitor_id)
    return told({})


@chat("POST", body=SHOWN)
def shown(asked: Asked) -> HttpResponseBase:
    """What was said up to there was on the screen."""
    show_up_to(visitor=asked.device.visitor, seq=asked.values["seq"])
    return told({})


@chat("POST", body=EMAIL)
def email(asked: Asked) -> HttpResponseBase:
    """Where the chat goes on when the visitor leaves."""
    visitor = keep_email(visitor=asked.device.visitor, email=asked.values["email"])
    return told({"email": visitor.email})


@chat("POST", body=PAGE)
def page(asked: Asked) -> HttpResponseBase:
    """The visitor went to another page."""
    keep_page(visitor=asked.device.visitor, line=asked.line, page=asked.values)
    return told({})


@chat("POST", body=NOTHING)
def end(asked: Asked) -> HttpResponseBase:
    """The visitor is done."""
    visitor = end_chat(visitor=asked.device.visitor)
    return told(state_of(visitor, inbox=asked.inbox))


@chat("POST", body=FORM, rates=(FORM_RATE,), needs_token=False)
def offline(asked: Asked) -> HttpResponseBase:
    """The form when nobody is there."""
    values = asked.values
    form = Form(
        id=values["id"],
        name=values["name"],
        email=values["email"],
        body=values["body"],
        answers=values["answers"] or {},
    )
    visitor = asked.known.visitor if asked.known is not None else None
    language = _language(values["language"]) or (get_language() or "")[:10]
    take_form(inbox=asked.inbox, line=asked.line, form=form, visitor=visitor, language=language)
    return told({}, status=201)


def _may_be_sent(kind: str) -> bool:
    if kind in {"image/svg+xml", "text/html"}:
        return False
    return any(kind == known or (known.endswith("/*") and kind.startswith(known[:-1])) for known in FILE_TYPES)


def _language(told_by_browser: str) -> str:
    """The part of a language that we may speak; anything else is kept as it is, short."""
    main = told_by_browser.replace("_", "-").partition("-")[0].lower()
    return main if main in LANGUAGES else told_by_browser[:10]


def _socket(request: HttpRequest, inbox: UUID) -> str:
    """Where the visitor's socket is, from wherever the page is."""
    base: str = import_string(settings.CCX_SOCKET_ADDRESS)(request)["sockets_url"]
    if base.startswith("/"):
        base = f"{'wss' if request.is_secure() else 'ws'}://{request.get_host()}{base}"
    elif base.startswith("http"):
        base = f"ws{base.removeprefix('http')}"
    return f"{base}chat/{inbox}"
