"""Mail: servers of one's own, and the providers of mail."""

import base64
import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from cryptography.hazmat.primitives.asymmetric import rsa

from ccx.embedded.ports import a_free_port
from interactions.channels.choices import Channel
from interactions.channels.contract import Line, Request
from tests.factories import mailproviders as bring
from tests.factories.mailservers import a_mail, smtp_stub
from tests.factories.webservers import Heard, Said, StandIn
from tests.interactions.channels.kit import Kit, Mood, Wire

ANN = "ann@example.test"
MOODS: Mapping[Mood, dict[str, Any]] = {
    "well": {},
    "limited": {"at_rcpt": "450 4.7.0 Greylisted"},
    "refused": {"at_rcpt": "550 5.1.1 Unknown"},
    "failing": {"at_data": "451 4.3.0 Local error"},
    "broken": {"hangs_up": True},
}


def raw(number: int) -> str:
    return a_mail(f"This is no {number}.", number=f"kit{number}", sender=ANN).decode()


def wire_of(request: Request) -> Wire:
    headers = {name: value for name, value in request.headers.items() if name != "content-type"}
    return Wire(body=request.body, headers=headers, content_type=request.headers["content-type"])


class ServerKit(Kit):
    channel = Channel.EMAIL
    address = "help@ccx.test"
    recipient = ANN

    @contextmanager
    def standing(self, mood: Mood) -> Iterator[tuple[Mapping[str, Any], StandIn | None]]:
        if mood == "down":
            yield {"smtp": {"host": "127.0.0.1", "port": a_free_port(), "security": "none"}}, None
            return
        with smtp_stub(**MOODS[mood]) as server:
            yield {"smtp": {"host": "127.0.0.1", "port": server.port, "security": "none"}}, None


class EspKit(Kit):
    """A provider by what it brings (`mail`, `told`), how it signs that, and what it answers."""

    channel = Channel.EMAIL
    address = "help@ccx.test"
    recipient = ANN
    tells_time = False
    mail: Callable[[int], Any] | None = None
    told: Callable[[str, str], Any] | None = None
    other: Any = None
    # The request that a payload makes, unsigned or signed with the kit's own keys.
    request: Callable[[Any], Request] = staticmethod(bring.as_json)
    answers: Any = {}
    answered: Mapping[str, str] = {"content-type": "application/json"}
    status = 200

    def sign(self, wire: Wire, line: Line, url: str) -> Wire:
        """Basic authentication, as most do."""
        told = base64.b64encode(line.secrets["webhook_secret"].encode()).decode()
        return wire.signed(authorization=f"Basic {told}")

    def message(self, number: int) -> Wire | None:
        return wire_of(self.request(self.mail(number))) if self.mail else None

    def report(self, provider_id: str, state: str) -> Wire | None:
        payload = self.told(provider_id, state) if self.told else None
        return wire_of(self.request(payload)) if payload is not None else None

    def unknown(self) -> Wire | None:
        return wire_of(self.request(self.other)) if self.other is not None else None

    def accepted(self, heard: Heard) -> Said:
        return Said(self.status, json.dumps(self.answers).encode() if self.answers else b"", dict(self.answered))


def keys(*names: str) -> dict[str, str]:
    return {name: bring.SECRETS[name] for name in names}


class PostmarkKit(EspKit):
    provider = "postmark"
    secrets = keys("server_token", "webhook_secret")
    signs_body = False
    mail = staticmethod(lambda number: {"FromFull": {"Email": ANN}, "RawEmail": raw(number)})
    told = staticmethod(
        lambda name, state: {
            "RecordType": {"delivered": "Delivery", "read": "Open"}.get(state, "Bounce"),
            "MessageID": name,
            "Recipient": ANN,
            "Type": "Transient",
        }
    )
    other = {"RecordType": "Something", "MessageID": "x"}
    answers = {"ErrorCode": 0, "Message": "OK", "MessageID": "p1", "To": ANN}


class MailjetKit(EspKit):
    provider = "mailjet"
    secrets = keys("api_key", "secret_key", "webhook_secret")
    signs_body = False
    mail = staticmethod(
        lambda number: {
            "Headers": {"From": ANN, "To": "help@ccx.test", "Message-ID": f"<kit{number}@x.test>"},
            "Text-part": f"This is no {number}.",
        }
    )
    told = staticmethod(
        lambda name, state: {"event": {"delivered": "sent", "read": "open"}.get(state, "other"), "MessageID": name}
    )
    other = {"event": "something", "MessageID": 1}
    answers = {"Messages": [{"Status": "success", "To": [{"Email": ANN, "MessageID": 7, "MessageUUID": "u"}]}]}


class BrevoKit(EspKit):
    provider = "brevo"
    secrets = keys("api_key", "webhook_secret")
    signs_body = False
    mail = staticmethod(
        lambda number: {
            "items": [
                {
                    "Uuid": [f"u{number}"],
                    "Headers": {"From": ANN, "To": "help@ccx.test", "Message-ID": f"<kit{number}@x.test>"},
                    "RawTextBody": f"This is no {number}.",
                }
            ]
        }
    )
    told = staticmethod(
        lambda name, state: {"event": {"read": "opened"}.get(state, state), "message-id": name, "email": ANN}
    )
    other = {"event": "something", "message-id": "x"}
    answers = {"messageId": "<b1@x.test>"}
    status = 201


class SparkPostKit(EspKit):
    provider = "sparkpost"
    secrets = keys("api_key", "webhook_secret")
    signs_body = False
    mail = staticmethod(
        lambda number: [
            {"msys": {"relay_message": {"content": {"email_rfc822": raw(number), "email_rfc822_is_base64": False}}}}
        ]
    )
    told = staticmethod(
        lambda name, state: [
            {
                "msys": {
                    "message_event": {
                        "type": {"delivered": "delivery", "read": "open"}.get(state, "injection"),
                        "transmission_id": name,
                    }
                }
            }
        ]
    )
    other = [{"msys": {"message_event": {"type": "something", "transmission_id": "x"}}}]
    answers = {"results": {"total_accepted_recipients": 1, "total_rejected_recipients": 0, "id": "t1"}}


class SesKit(EspKit):
    provider = "ses"
    settings = {"region": "eu-central-1", "topics": [bring.TOPIC]}
    secrets = keys("access_key_id", "secret_access_key")
    mail = staticmethod(
        lambda number: {"notificationType": "Received", "content": raw(number), "receipt": {"action": {"type": "SNS"}}}
    )
    told = staticmethod(
        lambda name, state: {
            "eventType": {"delivered": "Delivery", "read": "Open"}.get(state, "Send"),
            "mail": {"messageId": name, "destination": [ANN]},
            "delivery": {"recipients": [ANN]},
        }
    )
    other = {"eventType": "Something", "mail": {"messageId": "x", "destination": [ANN]}}
    answers = {"MessageId": "s1"}

    def sign(self, wire: Wire, line: Line, url: str) -> Wire:
        """One note of SNS an event; for a line with other keys somebody else signs."""
        if line.secrets == self.secrets:
            return wire_of(bring.ses(json.loads(wire.body)))
        note = {"Type": "Notification", "MessageId": "n1", "TopicArn": bring.TOPIC, "Message": wire.body.decode()}
        stranger = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        return wire_of(bring.as_json(bring.sns_signed(note, key=stranger)))

    def malformed(self) -> Wire | None:
        return None


class SendGridKit(EspKit):
    """Mail comes to an address with a password; reports are signed where the line has the key."""

    provider = "sendgrid"
    secrets = keys("api_key", "webhook_secret")
    signs_body = False
    told = staticmethod(
        lambda name, state: [
            {"event": {"read": "open"}.get(state, "processed" if state == "sent" else state), "anymail_id": name}
        ]
    )
    other = [{"event": "something", "anymail_id": "x"}]
    status = 202

    def message(self, number: int) -> Wire:
        body = f'--b\r\nContent-Disposition: form-data; name="email"\r\n\r\n{raw(number)}\r\n--b--\r\n'
        return Wire(body=body.encode(), content_type="multipart/form-data; boundary=b")


class SignedKit(EspKit):
    """One whose requests the factory signs, header or body; the key is the line's."""

    key = ""
    signer: Callable[..., Request]

    def sign(self, wire: Wire, line: Line, url: str) -> Wire:
        payload = json.loads(wire.body)
        return wire_of(type(self).signer(payload, key=line.secrets[self.key]))

    def malformed(self) -> Wire | None:
        return None


class MailgunKit(SignedKit):
    provider = "mailgun"
    secrets = keys("api_key", "webhook_signing_key")
    key = "webhook_signing_key"
    signs_body = False
    signer = staticmethod(bring.mailgun)
    mail = staticmethod(lambda number: {"sender": ANN, "recipient": "help@ccx.test", "body-mime": raw(number)})
    told = staticmethod(
        lambda name, state: {
            "event-data": {
                "event": {"read": "opened", "sent": "accepted"}.get(state, state),
                "message": {"headers": {"message-id": name}},
            }
        }
    )
    other = {"event-data": {"event": "something"}}
    answers = {"id": "<g1@ccx.test>", "message": "Queued. Thank you."}
    provider_id = "<g1@ccx.test>"

    def stale(self, wire: Wire, line: Line, url: str) -> Wire:
        import time

        return wire_of(bring.mailgun(json.loads(wire.body), moment=time.time() - 600))


class MandrillKit(SignedKit):
    provider = "mandrill"
    secrets = keys("api_key", "webhook_key")
    key = "webhook_key"
    mail = staticmethod(
        lambda number: [{"event": "inbound", "msg": {"raw_msg": raw(number), "email": "help@ccx.test"}}]
    )
    told = staticmethod(
        lambda name, state: [{"event": {"sent": "send", "read": "open"}.get(state, "deferral"), "_id": name}]
    )
    other = [{"event": "something", "_id": "x"}]
    answers = [{"email": ANN, "status": "sent", "_id": "m1"}]

    def sign(self, wire: Wire, line: Line, url: str) -> Wire:
        return wire_of(bring.mandrill(json.loads(wire.body), key=line.secrets[self.key], url=url))


class PostalKit(EspKit):
    provider = "postal"
    secrets = {"api_key": "key-1", "webhook_key": bring.line_of("postal").secrets["webhook_key"]}
    settings = {"api_url": "https://postal.test"}
    mail = staticmethod(lambda number: {"rcpt_to": "help@ccx.test", "message": raw(number)})
    told = staticmethod(
        lambda name, state: {
            "payload": {
                **(
                    {"url": "https://x.test"}
                    if state == "read"
                    else {"status": {"delivered": "Sent"}.get(state, "Held")}
                ),
                "message": {"id": name, "to": ANN},
            }
        }
    )
    other = {"payload": {"something": 1, "message": {"id": "x"}}}
    answers = {"status": "success", "data": {"messages": {ANN: {"id": 7, "token": "t"}}}}

    def sign(self, wire: Wire, line: Line, url: str) -> Wire:
        return wire.signed(**bring.postal_headers(wire.body, line.secrets["webhook_key"]))


class MailerSendKit(SignedKit):
    provider = "mailersend"
    secrets = keys("api_token", "signing_secret")
    key = "signing_secret"
    signer = staticmethod(bring.mailersend)
    mail = staticmethod(lambda number: {"type": "inbound.message", "data": {"raw": raw(number)}})
    told = staticmethod(
        lambda name, state: {
            "type": f"activity.{state}",
            "data": {"type": {"read": "opened"}.get(state, state), "email": {"message": {"id": name}}},
        }
    )
    other = {"type": "activity.something", "data": {"type": "something"}}
    status = 202
    answered = {"content-type": "text/html", "X-Message-Id": "ms1"}


class ResendKit(SignedKit):
    provider = "resend"
    secrets = {"api_key": "key-1", "signing_secret": f"whsec_{bring.SVIX_KEY}"}
    key = "signing_secret"
    signer = staticmethod(bring.resend)
    told = staticmethod(
        lambda name, state: {
            "type": f"email.{ {'read': 'opened'}.get(state, state) }",
            "data": {"email_id": name, "to": [ANN]},
        }
    )
    other = {"type": "email.something", "data": {"email_id": "1"}}
    answers = {"id": "r1"}


class MailtrapKit(SignedKit):
    provider = "mailtrap"
    secrets = keys("api_token", "tracking_secret")
    key = "tracking_secret"
    signer = staticmethod(bring.mailtrap)
    told = staticmethod(
        lambda name, state: {
            "events": [
                {
                    "event": {"delivered": "delivery", "read": "open"}.get(state, "suspension"),
                    "message_id": name,
                    "timestamp": 1604933623,
                }
            ]
        }
    )
    other = {"events": [{"event": "something", "message_id": "1", "timestamp": 1604933623}]}
    answers = {"success": True, "message_ids": ["mt1"]}


class UnisenderKit(SignedKit):
    provider = "unisender_go"
    settings = {"api_url": "https://go1.unisender.test"}
    secrets = keys("api_key")
    key = "api_key"
    signer = staticmethod(bring.unisender_go)
    told = staticmethod(
        lambda name, state: {
            "event_name": "transactional_email_status",
            "status": {"read": "opened"}.get(state, state),
            "metadata": {"anymail_id": name},
            "email": ANN,
            "event_time": "2026-03-03 10:00:00",
        }
    )
    other = {"event_name": "transactional_spam_block"}
    answers = {"status": "success", "job_id": "j1", "emails": [ANN]}


class ScalewayKit(EspKit):
    provider = "scaleway"
    secrets = keys("secret_key")
    settings = {"project_id": "p1"}
    answers = {"emails": [{"id": "e1", "message_id": "sc1", "mail_rcpt": ANN, "status": "sending"}]}


KITS = (
    *(ServerKit(), PostmarkKit(), MailjetKit(), BrevoKit(), SparkPostKit(), SesKit(), SendGridKit(), MailgunKit()),
    *(MandrillKit(), PostalKit(), MailerSendKit(), ResendKit(), MailtrapKit(), UnisenderKit(), ScalewayKit()),
)
