"""Files that Meta keeps: fetched from its own hosts only, with the token only where it is asked for."""

from typing import Final
from urllib.parse import urlsplit

import httpx

from ccx.kernel import egress
from ccx.kernel.events.effects import RefusedEffectError
from interactions.channels.contract import FetchedFile, Line
from interactions.channels.meta.graph import base_of

# Where Meta's files lie; a name ends with one of these or is one.
HOSTS: Final = ("fbsbx.com", "fbcdn.net", "cdninstagram.com", "facebook.com", "instagram.com", "whatsapp.net")
SECONDS: Final = 60.0


def download(line: Line, url: str, *, name: str, max_bytes: int, with_token: bool) -> FetchedFile:
    """A file by its address. An address that is none of Meta's is not asked, and hears of no token."""
    if not is_of_meta(line, url):
        raise RefusedEffectError("the file is not on a host of the provider")
    headers = {"authorization": f"Bearer {line.secrets.get('access_token', '')}"} if with_token else {}
    answer: httpx.Response = egress.ask(
        "GET", url, is_idempotent=True, timeout=SECONDS, max_bytes=max_bytes, headers=headers
    )
    kind = answer.headers.get("content-type", "").partition(";")[0].strip()
    return FetchedFile(name=name, content_type=kind, content=answer.content)


def is_of_meta(line: Line, url: str) -> bool:
    """Whether an address is one of Meta's over https, or of the very server that stands in for it."""
    try:
        told, ours = urlsplit(url), urlsplit(base_of(line))
        host, at_ours = told.hostname or "", (told.scheme, told.hostname, told.port)
        if at_ours == (ours.scheme, ours.hostname, ours.port):
            return not told.username
        is_plain = told.scheme == "https" and told.port in {None, 443} and not told.username
    except ValueError:
        return False
    return is_plain and any(host == known or host.endswith(f".{known}") for known in HOSTS)
