"""A provider's request as django-anymail's code wants it: a Django request, read without Django's limits for forms.

A mail with its files is one field of a form, larger than Django lets a field be; the door has limited the whole.
"""

import json
import re
from io import BytesIO
from typing import Any, Final
from urllib.parse import urlsplit

from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.handlers.wsgi import WSGIRequest
from django.http import HttpRequest, QueryDict
from django.utils.datastructures import MultiValueDict

from interactions.channels.contract import Request, UnreadableDeliveryError

MAX_PARTS: Final = 1000
BOUNDARY: Final = re.compile(r"boundary=\"?([^\";,]{1,200})", re.IGNORECASE)
NAME: Final = re.compile(r"[;\s]name=\"((?:[^\"\\]|\\.){0,300})\"", re.IGNORECASE)
FILE_NAME: Final = re.compile(r"[;\s]filename=\"((?:[^\"\\]|\\.){0,500})\"", re.IGNORECASE)


def django_request(request: Request) -> HttpRequest:
    """The same request; its body and form are in hand already. Raises UnreadableDeliveryError."""
    parts = urlsplit(request.url)
    environ = {
        "REQUEST_METHOD": request.method,
        "SERVER_NAME": parts.hostname or "localhost",
        "SERVER_PORT": str(parts.port or 443),
        "PATH_INFO": parts.path,
        "QUERY_STRING": parts.query,
        "CONTENT_TYPE": request.headers.get("content-type", ""),
        "CONTENT_LENGTH": str(len(request.body)),
        "wsgi.url_scheme": parts.scheme or "https",
        "wsgi.input": BytesIO(),
    }
    for name, value in request.headers.items():
        if name not in {"content-type", "content-length"}:
            environ[f"HTTP_{name.upper().replace('-', '_')}"] = value
    made = WSGIRequest(environ)
    fields, files = QueryDict(mutable=True), MultiValueDict[str, SimpleUploadedFile]()
    if made.content_type == "multipart/form-data":
        _read_parts(request, fields, files)
    elif made.content_type == "application/x-www-form-urlencoded":
        for name, value in request.form():
            fields.appendlist(name, value)
    # Where Django puts what it has read (django/http/request.py); it then reads nothing itself.
    made._body, made._post, made._files = request.body, fields, files  # type: ignore[attr-defined]
    return made


def read_json(content: bytes | str) -> Any:
    """JSON of a provider. Raises UnreadableDeliveryError for what is none, or goes too deep."""
    try:
        return json.loads(content)
    except (ValueError, RecursionError) as error:
        raise UnreadableDeliveryError("this is no JSON") from error


def _read_parts(request: Request, fields: QueryDict, files: "MultiValueDict[str, SimpleUploadedFile]") -> None:
    """The parts of a form (RFC 7578), each as its sender wrote it."""
    found = BOUNDARY.search(request.headers.get("content-type", ""))
    if found is None:
        raise UnreadableDeliveryError("the form has no boundary")
    pieces = (b"\r\n" + request.body).split(b"\r\n--" + found[1].encode("latin-1", "replace"))
    if len(pieces) < 2 or len(pieces) > MAX_PARTS:
        raise UnreadableDeliveryError("the form cannot be read")
    for piece in pieces[1:]:
        if piece.startswith(b"--"):
            return
        head, _, content = piece.partition(b"\r\n\r\n")
        told = head[:5000].decode("utf-8", "replace")
        if (name := NAME.search(told)) is None:
            continue
        kind = re.search(r"content-type:\s{0,5}([^\s;]{1,100})", told, re.IGNORECASE)
        if (file_name := FILE_NAME.search(told)) is not None:
            content_type = kind[1] if kind else "application/octet-stream"
            files.appendlist(name[1], SimpleUploadedFile(file_name[1] or "file", content, content_type))
        else:
            fields.appendlist(name[1], content.decode("utf-8", "replace"))
    raise UnreadableDeliveryError("the form ends too soon")
