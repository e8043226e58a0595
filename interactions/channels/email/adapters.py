"""Everybody who carries mail: servers of one's own, and the providers that django-anymail speaks."""

from typing import Final

from interactions.channels.contract import Adapter
from interactions.channels.email.adapter import MailAdapter
from interactions.channels.email.esp_more_providers import (
    Brevo,
    MailerSend,
    Mailtrap,
    Resend,
    Scaleway,
    SparkPost,
    UnisenderGo,
)
from interactions.channels.email.esp_providers import Mailgun, Mailjet, Mandrill, Postal, Postmark, SendGrid
from interactions.channels.email.esp_ses import AmazonSes

MAIL_ADAPTERS: Final[tuple[Adapter, ...]] = (
    MailAdapter(),
    *(AmazonSes(), Brevo(), MailerSend(), Mailgun(), Mailjet(), Mailtrap(), Mandrill()),
    *(Postal(), Postmark(), Resend(), Scaleway(), SendGrid(), SparkPost(), UnisenderGo()),
)
