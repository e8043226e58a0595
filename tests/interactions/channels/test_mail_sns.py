"""Notes of Amazon SNS: signed by Amazon, for a topic of the line's, with a certificate that Amazon hands out."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from django.core.cache import cache

from ccx.kernel.events.effects import RefusedEffectError
from interactions.channels.contract import NotVerifiedError, Parsed, StaleDeliveryError, UnreadableDeliveryError
from interactions.channels.email.adapters import MAIL_ADAPTERS
from interactions.channels.email.esp_sns import certificate_key
from tests.factories import mailproviders as bring
from tests.factories.mailproviders import SNS_CERTIFICATE, TOPIC, a_certificate, line_of, sns_signed

ADAPTER = next(adapter for adapter in MAIL_ADAPTERS if adapter.provider == "ses")
LINE = line_of("ses")
NOTE = {
    "Type": "Notification",
    "MessageId": "22b80b92-fdea-4c2c-8f9d-bdfb0c7bf324",
    "TopicArn": TOPIC,
    "Subject": "Grüße",
    "Message": json.dumps({"eventType": "Send", "mail": {"messageId": "s1"}}),
}
YES = f"https://sns.eu-central-1.amazonaws.com/?Action=ConfirmSubscription&TopicArn={TOPIC}&Token=t"
SUBSCRIPTION = {"Type": "SubscriptionConfirmation", "MessageId": "n2", "TopicArn": TOPIC, "Token": "token"}
SUBSCRIPTION |= {"Message": "You have chosen to subscribe.", "SubscribeURL": YES}


def verify(note: Any, line: Any = LINE) -> None:
    ADAPTER.verify(line, bring.as_json(note))


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, str]]:
    """What goes out through the guard; nothing there has a certificate."""
    heard: list[tuple[str, str]] = []

    def ask(method: str, url: str, **_told: Any) -> None:
        heard.append((method, url))
        raise RefusedEffectError("404")

    monkeypatch.setattr("ccx.kernel.egress.ask", ask)
    return heard


@pytest.mark.parametrize("version", ["1", "2"])
@pytest.mark.parametrize("note", [NOTE, {**NOTE, "Subject": None}, SUBSCRIPTION])
def test_what_amazon_signed_is_believed_in_both_versions(note: dict[str, Any], version: str) -> None:
    told = {name: value for name, value in note.items() if value is not None}
    verify(sns_signed(told, version=version))
    verify({**note, **sns_signed(told, version=version)})


@pytest.mark.parametrize("version", ["1", "2"])
@pytest.mark.parametrize("note", [NOTE, SUBSCRIPTION])
def test_one_altered_character_of_what_is_signed_is_refused(note: dict[str, Any], version: str) -> None:
    signed = sns_signed(note, version=version)
    for name in [*note, "Timestamp", "Signature"]:
        value = signed[name]
        for place in {0, len(value) // 2, len(value) - 3}:
            other = "A" if value[place] != "A" else "B"
            with pytest.raises(NotVerifiedError):
                verify({**signed, name: value[:place] + other + value[place + 1 :]})
        with pytest.raises(NotVerifiedError):
            verify({**signed, name: None if name != "Subject" else 7})
        with pytest.raises(NotVerifiedError):
            verify({key: told for key, told in signed.items() if key != name})


def test_a_signature_counts_for_its_own_version_and_kind_only() -> None:
    signed = sns_signed(NOTE)
    for change in (
        {"SignatureVersion": "1"},
        {"SignatureVersion": "3"},
        {"SignatureVersion": ["2"]},
        {"Type": "Else"},
        {"Signature": "é"},
        {"Signature": ""},
        {"Signature": 7},
    ):
        with pytest.raises(NotVerifiedError):
            verify({**signed, **change})
    for body in (b"", b"[]", b"7", b"{", b"[" * 100_000, b"\xff"):
        with pytest.raises(NotVerifiedError):
            ADAPTER.verify(LINE, bring.brought(body))


def test_one_part_of_what_is_signed_cannot_pass_for_another() -> None:
    signed = sns_signed({**NOTE, "Message": "a\nMessageId\nb"})
    shifted = {**signed, "Message": "a", "MessageId": f"b\nMessageId\n{NOTE['MessageId']}"}
    with pytest.raises(NotVerifiedError):
        verify(shifted)


def test_a_topic_of_somebody_else_is_refused_however_well_it_is_signed(asked: list[tuple[str, str]]) -> None:
    stranger = sns_signed({**NOTE, "TopicArn": "arn:aws:sns:eu-central-1:666666666666:mail"})
    with pytest.raises(NotVerifiedError):
        verify(stranger)
    for topics in ([], None, TOPIC, [TOPIC[:-1]]):
        with pytest.raises(NotVerifiedError):
            verify(sns_signed(NOTE), replace(LINE, settings={"topics": topics}))
    assert asked == []


@pytest.mark.parametrize(
    "url",
    [
        "http://sns.eu-central-1.amazonaws.com/SimpleNotificationService-0123abc.pem",
        "https://sns.eu-central-1.amazonaws.com.evil.test/SimpleNotificationService-0123abc.pem",
        "https://sns.eu-central-1.amazonaws.com@evil.test/SimpleNotificationService-0123abc.pem",
        "https://evil.test/?https://sns.eu-central-1.amazonaws.com/SimpleNotificationService-0123abc.pem",
        "https://sns.eu-central-1.amazonaws.com:8443/SimpleNotificationService-0123abc.pem",
        "https://sns.eu.central.amazonaws.com/SimpleNotificationService-0123abc.pem",
        "https://sns.eu-central-1.amazonaws.com/SimpleNotificationService-0123abc.pem\n",
        "https://sns.eu-central-1.amazonaws.com/?Action=Publish&x=.pem",
        "https://sns.eu-central-1.amazonaws.com/../SimpleNotificationService-0123abc.pem",
        "https://mybucket.s3.amazonaws.com/SimpleNotificationService-0123abc.pem",
        "HTTPS://SNS.eu-central-1.amazonaws.com/SimpleNotificationService-0123abc.pem",
        "",
        None,
    ],
)
def test_a_certificate_that_is_not_amazons_is_never_asked_for(url: Any, asked: list[tuple[str, str]]) -> None:
    with pytest.raises(NotVerifiedError):
        verify(sns_signed(NOTE, url=url))
    assert asked == []


def test_a_certificate_is_fetched_once_and_one_that_is_not_there_not_again_at_once(
    monkeypatch: pytest.MonkeyPatch, asked: list[tuple[str, str]]
) -> None:
    there, missing = (f"https://sns.cn-north-1.amazonaws.com.cn/SimpleNotificationService-{name}.pem" for name in "ab")
    cache.delete_many([certificate_key(there), certificate_key(missing)])
    for _ in range(2):
        with pytest.raises(NotVerifiedError):
            verify(sns_signed(NOTE, url=missing))
    assert asked == [("GET", missing)]

    def ask(method: str, url: str, **_told: Any) -> Any:
        asked.append((method, url))
        return type("Answer", (), {"content": a_certificate(bring.RSA)})()

    monkeypatch.setattr("ccx.kernel.egress.ask", ask)
    for _ in range(2):
        verify(sns_signed(NOTE, url=there))
    assert asked == [("GET", missing), ("GET", there)]


def test_a_certificate_that_is_over_weak_or_of_another_kind_proves_nothing() -> None:
    signed = sns_signed(NOTE)
    weak = rsa.generate_private_key(public_exponent=65537, key_size=1024)
    for certificate in (
        a_certificate(bring.RSA, ended=True),
        a_certificate(ec.generate_private_key(ec.SECP256R1())),
        a_certificate(weak),
        b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----",
        b"",
    ):
        cache.set(certificate_key(SNS_CERTIFICATE), certificate)
        with pytest.raises(NotVerifiedError):
            verify(signed)


def test_what_was_signed_yesterday_is_stale_and_a_try_an_hour_later_is_not() -> None:
    def at(moment: datetime) -> Any:
        return sns_signed({**NOTE, "Timestamp": moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")})

    now = datetime.now(UTC)
    verify(at(now - timedelta(hours=1)))
    for moment in (now - timedelta(hours=25), now + timedelta(minutes=6)):
        with pytest.raises(StaleDeliveryError):
            verify(at(moment))
    for stamp in ("yesterday", "2026-03-03T10:00:00"):
        with pytest.raises(NotVerifiedError):
            verify(sns_signed({**NOTE, "Timestamp": stamp}))


def test_a_subscription_is_confirmed_at_amazon_for_the_lines_topic_only(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[tuple[str, str]] = []
    monkeypatch.setattr("ccx.kernel.egress.ask", lambda method, url, **_: asked.append((method, url)))

    def understood(note: Any) -> Parsed:
        request = bring.as_json(sns_signed(note))
        ADAPTER.verify(LINE, request)
        return ADAPTER.parse(LINE, request, received_at=datetime.now(UTC))

    assert understood(SUBSCRIPTION) == Parsed()
    assert asked == [("GET", YES)]
    for url in (
        YES.replace("https", "http"),
        YES.replace("amazonaws.com", "amazonaws.com.evil.test"),
        YES.replace(".com/", ".com:8443/"),
        YES.replace("sns.", "bucket.s3."),
        YES.replace(TOPIC, f"{TOPIC}2"),
        YES.replace("Confirm", "Delete"),
        f"{YES}&TopicArn=another",
        "",
    ):
        with pytest.raises(UnreadableDeliveryError):
            understood({**SUBSCRIPTION, "SubscribeURL": url})
    other = {**SUBSCRIPTION, "TopicArn": f"{TOPIC}2"}
    with pytest.raises(NotVerifiedError):
        understood(other)
    assert understood({**SUBSCRIPTION, "Type": "UnsubscribeConfirmation"}) == Parsed()
    ready = "Successfully validated SNS topic for Amazon SES event publishing."
    assert understood({**NOTE, "Message": ready}) == Parsed()
    assert asked == [("GET", YES)]
