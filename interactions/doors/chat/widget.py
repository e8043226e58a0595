"""The one script that a site embeds: the modules of static/chat/ joined in their order, its style within it.

One address, one request, and never half of one version with half of another.
"""

import gzip
import hashlib
import json
import re
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Final

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseNotModified
from django.utils.http import parse_etags
from django.views.decorators.http import require_safe

# A module stands after those that it imports.
MODULES: Final = (
    *("dom", "api", "keep", "words", "look", "outbox", "said", "line", "chat"),
    *("files", "thread", "forms", "composer", "panel", "launcher", "app", "embed"),
)
STYLE: Final = "widget.css"
# How long a browser keeps it unasked, and how long it may show it while it asks.
FRESH_SECONDS: Final = 300
STALE_SECONDS: Final = 86_400


@dataclass(frozen=True)
class Script:
    """What is sent, plain and packed."""

    plain: bytes
    packed: bytes
    etag: str


@require_safe
def widget(request: HttpRequest) -> HttpResponse:
    """The script, for pages of any origin: who may chat is decided when it asks for its inbox."""
    script = current_script()
    if _is_known(request.headers.get("If-None-Match", ""), script.etag):
        response: HttpResponse = HttpResponseNotModified()
    elif "gzip" in request.headers.get("Accept-Encoding", ""):
        response = HttpResponse(script.packed, content_type="text/javascript; charset=utf-8")
        response["Content-Encoding"] = "gzip"
    else:
        response = HttpResponse(script.plain, content_type="text/javascript; charset=utf-8")
    response["ETag"] = script.etag
    response["Vary"] = "Accept-Encoding"
    response["Cache-Control"] = f"public, max-age={FRESH_SECONDS}, stale-while-revalidate={STALE_SECONDS}"
    response["Cross-Origin-Resource-Policy"] = "cross-origin"
    response["Access-Control-Allow-Origin"] = "*"
    return response


def current_script() -> Script:
    """As the files are now."""
    files = [folder() / STYLE, *(folder() / f"{name}.js" for name in MODULES)]
    return _script(tuple(path.stat().st_mtime_ns for path in files))


def folder() -> Path:
    """Where its sources are."""
    return Path(settings.BASE_DIR) / "static" / "chat"


@lru_cache(maxsize=1)
def _script(_written: tuple[int, ...]) -> Script:
    style = json.dumps(_style((folder() / STYLE).read_text(encoding="utf-8")), ensure_ascii=False)
    modules = "\n".join(_module((folder() / f"{name}.js").read_text(encoding="utf-8")) for name in MODULES)
    plain = f'(() => {{\n"use strict";\nconst STYLE = {style};\n{modules}\n}})();\n'.encode()
    etag = f'W/"{hashlib.sha256(plain).hexdigest()[:24]}"'
    return Script(plain, gzip.compress(plain, 9, mtime=0), etag)


def _module(source: str) -> str:
    """Its lines without what only readers and other modules need. No string of ours spans lines."""
    lines = (line.strip() for line in source.splitlines())
    kept = (line for line in lines if line and not line.startswith(("//", "/**", "import ")))
    return "\n".join(re.sub(r"^export ", "", line) for line in kept)


def _style(source: str) -> str:
    bare = re.sub(r"/\*.*?\*/", "", source, flags=re.DOTALL)
    return re.sub(r"\s*([{};,])\s*", r"\1", bare).replace(": ", ":").strip()


def _is_known(told: str, etag: str) -> bool:
    known = {tag.removeprefix("W/") for tag in parse_etags(told)}
    return "*" in known or etag.removeprefix("W/") in known
