"""The door of telephones: who is let in, what a caller may do to our answers, and any telephone system as a source."""

import hashlib
import hmac
import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from django.conf import settings as django_settings
from django.test import Client
from hypothesis import given, settings
from hypothesis import strategies as st

from ccx.kernel.audit.models import AuditEntry
from interactions.calls.models import Call, Recording
from interactions.cases.choices import InteractionStatus, Outcome, SegmentClock, SegmentKind
from interactions.channels.contract import NotVerifiedError, Request
from interactions.channels.models import Inbox
from interactions.channels.twilio.signature import verify_twilio
from interactions.channels.voice.twiml import Twiml
from interactions.customers.choices import Assurance
from interactions.doors.models import Delivery
from interactions.models import Interaction
from tests.factories.contacts import Centre
from tests.factories.people import make_user
from tests.factories.telephones import CALLER, FLOW, NINE, a_line, a_pbx, stretches
from tests.stand_ins.phone_company import PhoneCompany
from tests.stand_ins.phone_orders import ACCOUNT
from tests.stand_ins.twiml_reader import NotTwimlError, read_twiml


@pytest.fixture
def company(db: None) -> Iterator[PhoneCompany]:
    with PhoneCompany(NINE) as company:
        yield company


# TwiML


@pytest.mark.real_data
def test_the_stand_in_reads_every_answer_of_the_companys_own_documents(real_data: Path) -> None:
    files = sorted((real_data / "twiml_examples").iterdir())
    examples = [file for file in files if file.suffix in {".xml", ".twiml"}]
    assert len(examples) == 85
    others = []
    for file in examples:
        try:
            assert read_twiml(file.read_bytes()) is not None
        except NotTwimlError as error:
            others.append(str(error))
    # Two are answers of its REST interface.
    assert others == ["the root is TwilioResponse"] * 2


@given(words=st.text(max_size=300))
@settings(max_examples=200, deadline=None)
def test_whatever_is_said_the_answer_is_well_formed_and_says_no_more(words: str) -> None:
    answer = Twiml()
    answer.say(words, "en")
    answer.listen(words, "de", action="/x?a=1&b=<2>", timeout=5, digits=1, finish="#")
    read = read_twiml(str(answer))
    assert {verb.name for verb in read} <= {"Say", "Gather"}
    assert all(not list(element) for element in ElementTree.fromstring(str(answer)).iter("Say"))


@pytest.mark.real_data
def test_published_signatures_are_judged_as_published(real_data: Path) -> None:
    file = next(iter((real_data / "webhook_signature_vectors").glob("*.json")))
    vectors = [one for one in json.loads(file.read_text()) if one["scheme"] == "twilio"]
    assert len(vectors) >= 3
    for vector in vectors:
        is_form = "params" in vector
        pairs = vector.get("params", {}).items()
        body = (
            "&".join(f"{k}={v.replace('+', '%2B')}" for k, v in pairs).encode() if is_form else vector["body"].encode()
        )
        kind = "application/x-www-form-urlencoded" if is_form else "application/json"
        headers = {"x-twilio-signature": vector["signature"], "content-type": kind}
        request = Request(method="POST", url=vector["url"], headers=headers, body=body)
        try:
            verify_twilio(request, token=vector["token"])
            is_valid = True
        except NotVerifiedError:
            is_valid = False
        assert is_valid == vector["valid"], vector["id"]


# Who is let in


def test_a_caller_cannot_speak_twiml_to_us(company: PhoneCompany, centre: Centre) -> None:
    line = a_line(company, centre, flow=FLOW)
    leg = company.call(CALLER, line, CallerName="<Hangup/>&'\"")
    for digits in ("1" * 10_000, "<Say>", "'; DROP", "\x00\x07", "9"):
        if leg.waits is not None and leg.waits.name == "Gather":
            company.press(leg, digits)
    assert leg.queue is not None
    assert Call.objects.get().answers["_name"] == "<Hangup/>&'\""
    assert not Delivery.objects.exclude(state="done").exists()


def test_a_stranger_hears_nothing_and_leaves_nothing(company: PhoneCompany, centre: Centre) -> None:
    line = a_line(company, centre, flow=FLOW)
    url = f"{django_settings.BASE_URL}/in/{line.public_id}/voice/"
    form = {"CallSid": "CA1", "From": CALLER, "To": line.address, "Direction": "inbound"}
    assert company.post(url, form, token="guessed").status_code == 403
    assert Client().post(url.removeprefix(django_settings.BASE_URL), form).status_code == 403
    for path in ("menu", "wait", "status", "room", "recording", "agent", "to-room", "voicemail"):
        assert company.post(f"{url}{path}/?call=x", form, token="guessed").status_code == 403
    assert (Call.objects.count(), Delivery.objects.count()) == (0, 0)


def test_a_line_never_reaches_the_calls_of_another(company: PhoneCompany, centre: Centre) -> None:
    line = a_line(company, centre, flow=FLOW)
    company.call(CALLER, line)
    call = Call.objects.get()
    other = Inbox.objects.create(
        name="Other", channel=line.channel, settings=line.settings, credentials=line.credentials
    )
    base = f"{django_settings.BASE_URL}/in/{other.public_id}/voice"
    form = {"CallSid": call.provider_id, "AccountSid": ACCOUNT, "Digits": "1"}
    for path in ("menu", "wait", "agent", "to-room", "callback", "queue"):
        answer = company.post(f"{base}/{path}/?call={call.public_id}&step=menu", form)
        assert [verb.name for verb in read_twiml(answer.content)] == ["Hangup"]
    company.post(f"{base}/status/?call={call.public_id}", form | {"CallStatus": "completed"})
    call.refresh_from_db()
    assert (call.ended_at, call.queue) == (None, None)


def test_only_a_carriers_full_attestation_makes_a_number_more_than_a_claim(
    company: PhoneCompany, centre: Centre
) -> None:
    line = a_line(company, centre, flow=FLOW)
    company.call(CALLER, line)
    company.call("+447700900789", line, StirVerstat="TN-Validation-Passed-A")
    company.call("+447700900790", line, StirVerstat="TN-Validation-Passed-B")
    company.call("anonymous", line)
    told = [one.assurance for one in Interaction.objects.order_by("pk")]
    assert told == [Assurance.CLAIMED, Assurance.ATTESTED, Assurance.CLAIMED, Assurance.NONE]


def test_recordings_are_heard_by_who_may_and_every_listening_is_remembered(centre: Centre, client: Client) -> None:
    from django.core.files.base import ContentFile

    now = datetime.now(UTC)
    interaction = Interaction.objects.create(
        inbox=centre.voice, channel=centre.voice.channel, team=centre.team, started_at=now
    )
    call = Call.objects.create(
        inbox=centre.voice, provider_id="CA1", interaction=interaction, started_at=now, heard_at=now
    )
    recording = Recording.objects.create(
        call=call, provider_id="RE1", state="kept", file=ContentFile(b"0123456789", name="x.mp3"), started_at=now
    )
    url = f"/voice/recordings/{recording.public_id}/"
    assert client.get(url).status_code == 302
    client.force_login(make_user("supervisor"))
    assert client.get(url).status_code == 404
    client.force_login(make_user("administrator"))
    assert client.get(url).content == b"0123456789"
    part = client.get(url, headers={"range": "bytes=2-4"})
    assert (part.status_code, part.content, part["Content-Range"]) == (206, b"234", "bytes 2-4/10")
    assert client.get(url, headers={"range": "bytes=99-"}).status_code == 416
    assert client.get(url.replace("-", "0", 1)).status_code == 404
    assert AuditEntry.objects.filter(object_kind="recording", object_id=recording.pk).count() == 3


# Any telephone system


def tell(inbox: Inbox, told: dict[str, Any], *, secret: str = "of the pbx", signs: bool = False, path: str = "") -> Any:
    body = json.dumps(told).encode()
    headers = {"authorization": f"Bearer {secret}"}
    if signs:
        stamp = str(int(datetime.now(UTC).timestamp()))
        mac = hmac.new(secret.encode(), f"{stamp}.".encode() + body, hashlib.sha256).hexdigest()
        headers = {"x-ccx-signature": f"sha256={mac}", "x-ccx-timestamp": stamp}
    return Client().post(f"/in/{inbox.public_id}/{path}", body, content_type="application/json", headers=headers)


def pbx_call(centre: Centre) -> list[dict[str, Any]]:
    def at(seconds: int) -> str:
        return (NINE + timedelta(seconds=seconds)).isoformat()

    alice, bob = centre.alice.email, "201"
    told: list[dict[str, Any]] = [
        {"event": "new", "from": CALLER, "to": "100", "queue": "Service", "at": at(0), "verified": True},
        {"event": "ring", "agent": alice, "at": at(10)},
        {"event": "answer", "agent": alice, "at": at(15)},
        {"event": "hold", "at": at(60)},
        {"event": "resume", "at": at(75)},
        {"event": "transfer", "agent": bob, "at": at(100)},
        {"event": "answer", "agent": bob, "at": at(110)},
        {"event": "hangup", "cause": "customer", "at": at(170)},
    ]
    return [{"call_id": "pbx-1", **one} for one in told]


WHOLE = [
    ("queue", 15, ""),
    ("ring", 5, "Alice"),
    ("talk", 45, "Alice"),
    ("hold", 15, "Alice"),
    ("talk", 25, "Alice"),
    ("ring", 10, "Bob"),
    ("talk", 60, "Bob"),
]


def test_a_telephone_system_that_tells_makes_whole_contacts(centre: Centre) -> None:
    inbox = a_pbx(centre, extensions={"201": centre.bob.email})
    for number, told in enumerate(pbx_call(centre)):
        assert tell(inbox, told, signs=number % 2 == 0).status_code == 200
        assert tell(inbox, told, signs=number % 2 == 1).status_code == 200
    interaction = Interaction.objects.get()
    assert (interaction.status, interaction.agent) == (InteractionStatus.WRAP_UP, centre.bob)
    assert interaction.assurance == Assurance.ATTESTED
    assert stretches(interaction)[:-1] == WHOLE
    talks = interaction.segments.filter(kind__in=[SegmentKind.TALK, SegmentKind.HOLD])
    assert set(talks.values_list("clock", flat=True)) == {SegmentClock.PROVIDER}


@pytest.mark.parametrize("seed", range(3))
def test_its_events_may_come_in_any_order(centre: Centre, seed: int) -> None:
    import random

    inbox = a_pbx(centre, extensions={"201": centre.bob.email})
    told = pbx_call(centre)
    random.Random(seed).shuffle(told)
    for one in told:
        assert tell(inbox, one).status_code == 200
    interaction = Interaction.objects.get()
    found = [one for one in stretches(interaction) if one[0] != "wrap_up"]
    assert sorted(found) == sorted(WHOLE)
    assert interaction.outcome in {None, Outcome.HANDLED}


def test_what_it_may_do_with_a_new_call_is_in_the_answer(centre: Centre) -> None:
    from tests.factories.telephones import a_flow

    inbox = a_pbx(centre)
    inbox.flow = a_flow({"start": "in", "steps": {"in": {"kind": "queue", "queue": "Service"}}})
    inbox.save()
    new = {"event": "new", "call_id": "c1", "from": CALLER}
    assert tell(inbox, new, path="voice/").json() == {"ok": True, "action": "queue", "queue": "Service"}
    inbox.flow = a_flow({"start": "out", "steps": {"out": {"kind": "hang_up"}}})
    inbox.save()
    assert tell(inbox, new | {"call_id": "c2"}, path="voice/").json() == {"ok": True, "action": "reject"}


def test_a_telephone_system_without_the_secret_is_nobody(centre: Centre) -> None:
    inbox = a_pbx(centre)
    new = {"event": "new", "call_id": "c1", "from": CALLER}
    assert tell(inbox, new, secret="wrong").status_code == 403
    assert tell(inbox, new, secret="wrong", signs=True).status_code == 403
    form = Client().post(
        f"/in/{inbox.public_id}/",
        "event=new&call_id=c9&from=%2B447700900456",
        content_type="application/x-www-form-urlencoded",
        headers={"authorization": "Bearer of the pbx"},
    )
    assert form.status_code == 200
    assert Call.objects.get().from_number == CALLER


def test_an_event_that_makes_no_sense_is_put_aside_and_stops_no_other(centre: Centre) -> None:
    inbox = a_pbx(centre)
    for told in ({"event": "new"}, {"event": "new", "call_id": "c1", "at": "yesterday"}, {"call_id": "c1"}):
        assert tell(inbox, told).status_code == 200
    assert tell(inbox, {"event": "new", "call_id": "c1"}).status_code == 200
    assert list(Delivery.objects.order_by("pk").values_list("state", flat=True)) == ["quarantined"] * 3 + ["done"]
