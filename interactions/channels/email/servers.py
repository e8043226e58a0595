"""The mail servers of a line, as its settings name them, and connections to them."""

import imaplib
import smtplib
import ssl
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, Final

from django.core.mail import get_connection
from django.core.mail.backends.base import BaseEmailBackend
from django.utils.translation import gettext as _
from imap_tools import BaseMailBox, MailBox, MailBoxStartTls, MailBoxUnencrypted
from imap_tools.errors import ImapToolsError, MailboxLoginError

from ccx.kernel.mail import SmtpBackend
from interactions.channels.contract import Line
from interactions.channels.email.oauth import ConsentIsNeededError, access_token

TIMEOUT_SECONDS: Final = 10
SECURITIES: Final = ("tls", "starttls", "none")
IMAP_PORTS: Final = {"tls": 993, "starttls": 143, "none": 143}
SMTP_PORTS: Final = {"tls": 465, "starttls": 587, "none": 25}


@dataclass(frozen=True, kw_only=True)
class Server:
    """One server and how to get in. `security`: tls from the start, starttls, or none (on one's own machine)."""

    host: str = ""
    port: int = 0
    security: str = "tls"
    user: str = ""
    password: str = field(default="", repr=False)
    has_token: bool = False


class _SignsInByToken:
    """smtplib's, whose password is a token."""

    def login(self, user: str, password: str, *, initial_response_ok: bool = True) -> tuple[int, bytes]:
        told = f"user={user}\1auth=Bearer {password}\1\1"
        self.ehlo_or_helo_if_needed()  # type: ignore[attr-defined]
        # A server that refuses says why in a challenge; an empty answer to that gets its last word.
        answer: tuple[int, bytes] = self.auth(  # type: ignore[attr-defined]
            "XOAUTH2", lambda challenge=None: told if challenge is None else "", initial_response_ok=True
        )
        return answer


class TokenSmtpBackend(SmtpBackend):
    """Ours, signing in with XOAUTH2."""

    @property
    def connection_class(self) -> type[smtplib.SMTP]:
        return type("_TokenSmtp", (_SignsInByToken, super().connection_class), {})


def imap_of(line: Line) -> Server:
    """Where the line's mail lies; without a host it is not fetched (a pipe may bring it)."""
    return _server(line, "imap", IMAP_PORTS)


def smtp_of(line: Line) -> Server:
    """Through whom the line sends; without a host through the installation's own server."""
    return _server(line, "smtp", SMTP_PORTS)


def folder_of(line: Line) -> str:
    """The IMAP folder that is read."""
    return str(_told(line, "imap").get("folder") or "INBOX")


def takes_old_mail(line: Line) -> bool:
    """Whether mail that lay in the folder before it was connected is taken in too."""
    return _told(line, "imap").get("start") == "all"


def open_imap(line: Line) -> BaseMailBox:
    """A connection that is signed in. Raises OSError, imaplib's or imap-tools' errors, ConsentIsNeededError.

    A token that the server does not take is renewed once: it may have been taken back before its time.
    """
    server = imap_of(line)
    token = access_token(line) if server.has_token else ""
    try:
        return _open(server, token)
    except MailboxLoginError as error:
        if not server.has_token:
            raise
        try:
            return _open(server, access_token(line, refused=token))
        except MailboxLoginError:
            raise ConsentIsNeededError(
                _("The mail server does not take the token. Look whether who gave consent may open this mailbox.")
            ) from error


def _open(server: Server, token: str) -> BaseMailBox:
    box = connect_imap(server)
    try:
        sign_in_imap(box, server, token=token)
    except Exception:
        box.client.shutdown()
        raise
    return box


def connect_imap(server: Server) -> BaseMailBox:
    """A connection on which nobody has signed in yet."""
    context = ssl.create_default_context()
    if server.security == "tls":
        return MailBox(server.host, server.port, timeout=TIMEOUT_SECONDS, ssl_context=context)
    if server.security == "starttls":
        return MailBoxStartTls(server.host, server.port, timeout=TIMEOUT_SECONDS, ssl_context=context)
    return MailBoxUnencrypted(server.host, server.port, timeout=TIMEOUT_SECONDS)


def sign_in_imap(box: BaseMailBox, server: Server, *, token: str = "") -> None:
    """Show who we are, and open no folder."""
    if server.has_token:
        try:
            box.xoauth2(server.user, token, initial_folder=None)
        except imaplib.IMAP4.error as error:
            raise MailboxLoginError(("NO", [str(error).encode()]), "OK") from error
    elif server.user.isascii() and server.password.isascii():
        box.login(server.user, server.password, initial_folder=None)
    else:
        box.login_utf8(server.user, server.password, initial_folder=None)


def close_imap(box: BaseMailBox) -> None:
    """Sign out, or at least hang up."""
    try:
        box.logout()
    except (OSError, imaplib.IMAP4.error, ImapToolsError):
        with suppress(OSError):
            box.client.shutdown()


def smtp_connection(line: Line) -> BaseEmailBackend:
    """A connection through the line's own server, or the installation's."""
    server = smtp_of(line)
    if not server.host:
        return get_connection()
    backend = TokenSmtpBackend if server.has_token else SmtpBackend
    return backend(
        host=server.host,
        port=server.port,
        username=server.user,
        password=access_token(line) if server.has_token else server.password,
        use_tls=server.security == "starttls",
        use_ssl=server.security == "tls",
        timeout=TIMEOUT_SECONDS,
    )


def _server(line: Line, kind: str, ports: dict[str, int]) -> Server:
    told = _told(line, kind)
    security = str(told.get("security") or "tls")
    security = security if security in SECURITIES else "tls"
    return Server(
        host=str(told.get("host") or ""),
        port=int(told.get("port") or ports[security]),
        security=security,
        user=str(told.get("user") or ""),
        password=line.secrets.get(f"{kind}_password", "") if told.get("host") else "",
        has_token=told.get("sign_in") == "token",
    )


def _told(line: Line, kind: str) -> dict[str, Any]:
    told = line.settings.get(kind)
    return told if isinstance(told, dict) else {}
