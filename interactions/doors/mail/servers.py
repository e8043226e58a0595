"""The servers of a line, as its settings name them, and connections to them."""

import imaplib
import ssl
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, Final

from django.core.mail import get_connection
from django.core.mail.backends.base import BaseEmailBackend
from imap_tools import BaseMailBox, MailBox, MailBoxStartTls, MailBoxUnencrypted
from imap_tools.errors import ImapToolsError

from interactions.channels.models import Inbox
from interactions.channels.services import credentials_of

TIMEOUT_SECONDS: Final = 10
SECURITIES: Final = ("tls", "starttls", "none")


@dataclass(frozen=True, kw_only=True)
class Server:
    """One server and how to get in. `security`: tls from the start, starttls, or none (on one's own machine)."""

    host: str = ""
    port: int = 0
    security: str = "tls"
    user: str = ""
    password: str = field(default="", repr=False)


def imap_of(inbox: Inbox) -> Server:
    """Where the line's mail lies; without a host it is not fetched (a pipe may bring it)."""
    return _server(inbox, "imap")


def smtp_of(inbox: Inbox) -> Server:
    """Through whom the line sends; without a host through the installation's own server."""
    return _server(inbox, "smtp")


def folder_of(inbox: Inbox) -> str:
    """The IMAP folder that is read."""
    return str(_told(inbox, "imap").get("folder") or "INBOX")


def takes_old_mail(inbox: Inbox) -> bool:
    """Whether mail that lay in the folder before it was connected is taken in too."""
    return _told(inbox, "imap").get("start") == "all"


def open_imap(server: Server) -> BaseMailBox:
    """A connection that is signed in. Raises OSError, imaplib's or imap-tools' errors."""
    box: BaseMailBox
    if server.security == "tls":
        box = MailBox(
            server.host, server.port or 993, timeout=TIMEOUT_SECONDS, ssl_context=ssl.create_default_context()
        )
    elif server.security == "starttls":
        box = MailBoxStartTls(
            server.host, server.port or 143, timeout=TIMEOUT_SECONDS, ssl_context=ssl.create_default_context()
        )
    else:
        box = MailBoxUnencrypted(server.host, server.port or 143, timeout=TIMEOUT_SECONDS)
    try:
        if server.user.isascii() and server.password.isascii():
            box.login(server.user, server.password, initial_folder=None)
        else:
            box.login_utf8(server.user, server.password, initial_folder=None)
    except Exception:
        box.client.shutdown()
        raise
    return box


def close_imap(box: BaseMailBox) -> None:
    """Sign out, or at least hang up."""
    try:
        box.logout()
    except (OSError, imaplib.IMAP4.error, ImapToolsError):
        with suppress(OSError):
            box.client.shutdown()


def smtp_connection(inbox: Inbox) -> BaseEmailBackend:
    """A connection through the line's own server, or the installation's."""
    server = smtp_of(inbox)
    if not server.host:
        return get_connection()
    ports = {"tls": 465, "starttls": 587, "none": 25}
    return get_connection(
        "ccx.kernel.mail.SmtpBackend",
        host=server.host,
        port=server.port or ports[server.security],
        username=server.user,
        password=server.password,
        use_tls=server.security == "starttls",
        use_ssl=server.security == "tls",
        timeout=TIMEOUT_SECONDS,
    )


def _server(inbox: Inbox, kind: str) -> Server:
    told = _told(inbox, kind)
    security = str(told.get("security") or "tls")
    return Server(
        host=str(told.get("host") or ""),
        port=int(told.get("port") or 0),
        security=security if security in SECURITIES else "tls",
        user=str(told.get("user") or ""),
        password=credentials_of(inbox).get(f"{kind}_password", "") if told.get("host") else "",
    )


def _told(inbox: Inbox, kind: str) -> dict[str, Any]:
    told = inbox.settings.get(kind)
    return told if isinstance(told, dict) else {}
