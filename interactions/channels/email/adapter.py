"""Mail over servers of one's own: fetched over IMAP or handed in by a pipe, sent over SMTP."""

from collections.abc import Iterable, Sequence
from typing import ClassVar, Final

from django.conf import settings
from django.utils.translation import gettext_lazy as _

from ccx.kernel.mail import post
from interactions.channels.choices import Channel
from interactions.channels.contract import Adapter, Capabilities, Check, Field, Handed, Line, Outgoing
from interactions.channels.email.checking import try_line
from interactions.channels.email.composing import compose
from interactions.channels.email.servers import smtp_connection

SECURITIES: Final = (
    ("tls", _("TLS")),
    ("starttls", _("STARTTLS")),
    ("none", _("None (on one's own machine only)")),
)
SIGN_INS: Final = (("password", _("Password")), ("token", _("Consent (Microsoft 365, Google)")))
TOKENS: Final = _("Consent of Microsoft 365, Google or another (OAuth 2)")
MAX_FILES: Final = 20
# What most mail servers take, less what base64 adds.
MAX_FILE: Final = 18 * 1024 * 1024

FROM_NAME: Final = Field(
    name="from_name",
    label=_("Name of sender"),
    help=_("What customers see before the address; empty: the line's name."),
)
AUTHSERV_ID: Final = Field(
    name="authserv_id",
    label=_("Name of our checking server"),
    help=_("Senders that it passes in Authentication-Results are attested; empty: none are."),
    is_rare=True,
)
REPLY_TO_OF: Final = Field(
    name="reply_to_of",
    label=_("Senders whose Reply-To counts"),
    kind="lines",
    help=_(
        "Addresses or domains, one a line: forms of a site that write for customers. Whom their Reply-To names is the"
        " customer. Only where the sender is attested; another's Reply-To is shown and not used."
    ),
    is_rare=True,
)
FIELDS: Final = (
    FROM_NAME,
    AUTHSERV_ID,
    REPLY_TO_OF,
    Field(
        name="imap.host",
        label=_("Server"),
        group=_("Mail comes in (IMAP)"),
        help=_(
            "Microsoft 365: outlook.office365.com; Google: imap.gmail.com. Empty: nothing is fetched, a mail server of"
            " yours hands mail in."
        ),
    ),
    Field(name="imap.port", label=_("Port"), kind="number", group=_("Mail comes in (IMAP)")),
    Field(
        name="imap.security",
        label=_("Security"),
        kind="choice",
        choices=SECURITIES,
        default="tls",
        group=_("Mail comes in (IMAP)"),
    ),
    Field(
        name="imap.sign_in",
        label=_("Sign-in"),
        kind="choice",
        choices=SIGN_INS,
        default="password",
        group=_("Mail comes in (IMAP)"),
    ),
    Field(name="imap.user", label=_("User"), group=_("Mail comes in (IMAP)")),
    Field(name="imap_password", label=_("Password"), kind="secret", group=_("Mail comes in (IMAP)")),
    Field(name="imap.folder", label=_("Folder"), help=_("Empty: INBOX"), group=_("Mail comes in (IMAP)")),
    Field(
        name="imap.start",
        label=_("Mail that is there already"),
        kind="choice",
        choices=(("new", _("Leave it; only what arrives from now on")), ("all", _("Take it in"))),
        default="new",
        group=_("Mail comes in (IMAP)"),
    ),
    Field(
        name="smtp.host",
        label=_("Server"),
        group=_("Answers go out (SMTP)"),
        help=_("Microsoft 365: smtp.office365.com; Google: smtp.gmail.com. Empty: the installation's own server."),
    ),
    Field(name="smtp.port", label=_("Port"), kind="number", group=_("Answers go out (SMTP)")),
    Field(
        name="smtp.security",
        label=_("Security"),
        kind="choice",
        choices=SECURITIES,
        default="tls",
        group=_("Answers go out (SMTP)"),
    ),
    Field(
        name="smtp.sign_in",
        label=_("Sign-in"),
        kind="choice",
        choices=SIGN_INS,
        default="password",
        group=_("Answers go out (SMTP)"),
    ),
    Field(name="smtp.user", label=_("User"), group=_("Answers go out (SMTP)")),
    Field(name="smtp_password", label=_("Password"), kind="secret", group=_("Answers go out (SMTP)")),
    Field(
        name="oauth.provider",
        label=_("Provider"),
        kind="choice",
        choices=(("", _("None")), ("microsoft", "Microsoft 365"), ("google", "Google"), ("other", _("Another"))),
        group=TOKENS,
        is_rare=True,
    ),
    Field(
        name="oauth.client_id",
        label=_("Client ID"),
        group=TOKENS,
        is_rare=True,
        help=_("Of the application that you register at the provider."),
    ),
    Field(
        name="oauth_client_secret",
        label=_("Client secret"),
        kind="secret",
        group=TOKENS,
        is_rare=True,
    ),
    Field(
        name="oauth.tenant",
        label=_("Directory (tenant)"),
        group=TOKENS,
        is_rare=True,
        help=_("Its name or ID. Empty: common, which takes anybody's account."),
    ),
    Field(
        name="oauth.authorize_url",
        label=_("Address of consent"),
        kind="url",
        group=TOKENS,
        is_rare=True,
        help=_("Where a person agrees; it often ends in /authorize."),
    ),
    Field(
        name="oauth.token_url",
        label=_("Address of tokens"),
        kind="url",
        group=TOKENS,
        is_rare=True,
        help=_("Where codes are traded for tokens; it often ends in /token."),
    ),
    Field(
        name="oauth.scope",
        label=_("Scope"),
        group=TOKENS,
        is_rare=True,
        help=_("Empty: what reading and sending mail needs at Microsoft 365 and Google."),
    ),
)


# Where mail is fetched from; also for a provider that takes in none.
MAILBOX: Final = tuple(field for field in FIELDS if field.name.startswith(("imap", "oauth")))


def mail_capabilities(line: Line, *, tells_delivered: bool = False, tells_read: bool = False) -> Capabilities:
    """What a mail can carry, whoever takes it along."""
    return Capabilities(
        can_send=bool(line.address),
        can_start=bool(line.address),
        max_files=MAX_FILES,
        max_file=min(MAX_FILE, settings.CCX_MAIL_MAX_MB * 1024 * 1024),
        has_subject=True,
        tells_delivered=tells_delivered,
        tells_read=tells_read,
    )


class MailAdapter(Adapter):
    """Its mail comes in over the doors' mail room, not over a webhook."""

    channel: ClassVar[Channel] = Channel.EMAIL
    label: ClassVar[str] = _("Mail servers (IMAP and SMTP)")  # type: ignore[assignment]
    identity_kind: ClassVar[str] = "email"
    has_webhook: ClassVar[bool] = False
    guide: ClassVar[str] = "docs/channels/email.md"

    def fields(self) -> Sequence[Field]:
        return FIELDS

    def capabilities(self, line: Line) -> Capabilities:
        return mail_capabilities(line)

    def send(self, line: Line, outgoing: Outgoing) -> Handed:
        """Sent twice it is the same mail: its Message-ID is made of the message."""
        mail = compose(line, outgoing)
        left_out = post(mail, connection=smtp_connection(line))
        return Handed(provider_id=mail.extra_headers["Message-ID"], note="; ".join(left_out))

    def check(self, line: Line) -> Iterable[Check]:
        return try_line(line)
