"""Trying a mail line step by step; the first step that fails says what to do, and those behind it are left out."""

import imaplib
import smtplib
import socket
import ssl
from collections.abc import Callable, Iterator
from uuid import uuid4

from django.utils.translation import gettext as _
from imap_tools import BaseMailBox
from imap_tools.errors import ImapToolsError, MailboxFolderSelectError, MailboxLoginError

from ccx.kernel.events.effects import OutcomeIsUnknownError, RefusedEffectError, TemporaryEffectError
from ccx.kernel.mail import post
from interactions.channels.contract import Check, Line, Outgoing
from interactions.channels.email.composing import compose
from interactions.channels.email.oauth import ConsentIsNeededError, access_token
from interactions.channels.email.servers import (
    Server,
    close_imap,
    connect_imap,
    folder_of,
    imap_of,
    sign_in_imap,
    smtp_connection,
    smtp_of,
)

LONGEST_ANSWER = 200


def try_line(line: Line) -> Iterator[Check]:
    """Fetching, then sending: a mail to the line's own address, which is the only customer it may have."""
    if imap_of(line).host:
        yield from _try_imap(line)
    yield from _try_smtp(line)


def _try_imap(line: Line) -> Iterator[Check]:
    server = imap_of(line)
    found = _resolve(server, _("Find the IMAP server"))
    yield found
    if not found.is_well:
        return
    tokens: list[str] = []
    if server.has_token:
        let_in = _step(_("Ask the provider for a token"), lambda: tokens.append(access_token(line)))
        yield let_in
        if not let_in.is_well:
            return
    boxes: list[BaseMailBox] = []
    reached = _step(_connection(server), lambda: boxes.append(connect_imap(server)))
    yield reached
    if not reached.is_well:
        return
    box = boxes[0]
    try:
        signed_in = _step(_("Sign in to the IMAP server"), lambda: sign_in_imap(box, server, token=(*tokens, "")[0]))
        yield signed_in
        if signed_in.is_well:
            folder = folder_of(line)
            yield _step(
                _("Open the folder %(folder)s") % {"folder": folder}, lambda: box.folder.set(folder, readonly=True)
            )
    finally:
        close_imap(box)


def _try_smtp(line: Line) -> Iterator[Check]:
    server = smtp_of(line)
    if server.host:
        found = _resolve(server, _("Find the SMTP server"))
        yield found
        if not found.is_well:
            return
        opened = _step(_("Connect and sign in to the SMTP server"), lambda: _open_and_close(line))
        yield opened
        if not opened.is_well:
            return
    yield _step(
        _("Send a mail to %(address)s") % {"address": line.address or _("the line's own address")},
        lambda: post(compose(line, a_test(line)), connection=smtp_connection(line)),
    )


def _open_and_close(line: Line) -> None:
    connection = smtp_connection(line)
    try:
        connection.open()
    finally:
        connection.close()


def a_test(line: Line) -> Outgoing:
    """A mail to the line itself."""
    return Outgoing(
        reference=uuid4(),
        recipient=line.address,
        subject=_("A test of this line"),
        body=_("This mail shows that the line can send. Nobody has to do anything."),
    )


def _resolve(server: Server, name: str) -> Check:
    try:
        socket.getaddrinfo(server.host, server.port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        return Check(
            name=name,
            is_well=False,
            told=_("No machine of the name %(host)s is known. Look whether it is written right.")
            % {"host": server.host},
        )
    return Check(name=name, is_well=True)


def _connection(server: Server) -> str:
    if server.security == "none":
        return _("Connect to %(host)s at port %(port)d") % {"host": server.host, "port": server.port}
    return _("Connect to %(host)s at port %(port)d over TLS") % {"host": server.host, "port": server.port}


def _step(name: str, do: Callable[[], object]) -> Check:
    try:
        do()
    except (OSError, imaplib.IMAP4.error, smtplib.SMTPException, ImapToolsError) as error:
        return failed(name, error)
    except (TemporaryEffectError, RefusedEffectError, OutcomeIsUnknownError) as error:
        return failed(name, error)
    return Check(name=name, is_well=True)


def failed(name: str, error: Exception) -> Check:
    """A step that did not work, in the words of what lies behind the error."""
    cause = error.__cause__
    known = isinstance(cause, OSError | smtplib.SMTPException)
    return Check(name=name, is_well=False, told=in_words(cause if known and isinstance(cause, Exception) else error))


def in_words(error: Exception) -> str:  # noqa: C901, PLR0911 - one sentence a fault
    """What failed and what to do; the server's own words after it, never a password."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return _("Its certificate is not valid for this name: %(why)s") % {"why": error.verify_message}
    if isinstance(error, ssl.SSLError):
        return _("It does not speak TLS at this port. Try another port, or STARTTLS.")
    if isinstance(error, ConnectionRefusedError):
        return _("Nothing listens at this port. Look at the port, and whether a firewall is in between.")
    if isinstance(error, TimeoutError):
        return _("It does not answer. Look at the port, and whether a firewall is in between.")
    if isinstance(error, ConsentIsNeededError):
        return str(error)
    if isinstance(error, MailboxLoginError):
        return _("It refuses the user or the password: %(answer)s") % {"answer": _answer(error.command_result)}
    if isinstance(error, MailboxFolderSelectError):
        return _("It has no such folder: %(answer)s") % {"answer": _answer(error.command_result)}
    if isinstance(error, smtplib.SMTPAuthenticationError):
        return _("It refuses the user or the password: %(answer)s") % {"answer": _answer(error.smtp_error)}
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        refused = ", ".join(f"{code} {_answer(words)}" for code, words in error.recipients.values())
        return _("It does not take mail for this address: %(answer)s") % {"answer": refused}
    if isinstance(error, smtplib.SMTPResponseException):
        told = f"{error.smtp_code} {_answer(error.smtp_error)}"
        return _("It refused: %(answer)s") % {"answer": told}
    return _("It failed: %(answer)s") % {"answer": _answer(error) or type(error).__name__}


def _answer(told: object) -> str:
    """What a server said, in one line."""
    if isinstance(told, tuple):
        told = told[-1]
    if isinstance(told, list):
        told = b" ".join(part for part in told if isinstance(part, bytes))
    text = told.decode("utf-8", "replace") if isinstance(told, bytes) else str(told)
    return " ".join(text.split())[:LONGEST_ANSWER]
