"""The telephone at the desk: who may sign in, who may press what, and what the thread tells of a call."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.core.files.base import ContentFile
from django.test import Client
from django.utils import timezone

from ccx.kernel.people.choices import Role
from interactions.calls.models import Call, Callback, CallEvent, CallLeg, CallState, IvrFlow, Recording
from interactions.cases.choices import InteractionStatus, Outcome
from interactions.channels.choices import Channel
from interactions.customers.choices import Assurance, IdentityKind
from interactions.models import Identity, Interaction
from tests.factories.live_desk import Desk, make_desk, make_mine
from tests.factories.people import make_user
from tests.factories.telephones import CALLER, FLOW, a_line
from tests.stand_ins.phone_company import PhoneCompany

HTMX = {"HTTP_HX_REQUEST": "true"}


@pytest.fixture
def desk(db: None) -> Iterator[Desk]:
    with PhoneCompany(timezone.now()) as company:
        made = make_desk()
        made.voice = made.inboxes[Channel.VOICE]  # type: ignore[attr-defined]
        made.inboxes[Channel.VOICE] = a_line(company, made, recording="always", consent="We record.")  # type: ignore[arg-type]
        yield made


def signed_in(user: Any) -> Client:
    client = Client()
    client.force_login(user)
    return client


def a_call(desk: Desk, **fields: Any) -> tuple[Interaction, Call]:
    """Bob talks with Ann by telephone."""
    contact = make_mine(desk, desk.bob, "Ann", channel=Channel.VOICE)
    now = timezone.now()
    told = {"state": CallState.TALKING, "started_at": now - timedelta(minutes=2), "answered_at": now, "heard_at": now}
    call = Call.objects.create(
        inbox=desk.inboxes[Channel.VOICE],
        provider_id=f"CA{contact.pk}",
        interaction=contact,
        from_number=CALLER,
        **{**told, **fields},
    )
    leg = {"call": call, "started_at": call.started_at, "answered_at": now}
    CallLeg.objects.create(provider_id=call.provider_id, kind=CallLeg.Kind.CUSTOMER, **leg)
    CallLeg.objects.create(provider_id=f"CB{contact.pk}", kind=CallLeg.Kind.AGENT, agent=desk.bob, **leg)
    return contact, call


def orders(call: Call) -> list[str]:
    return [event.kind for event in CallEvent.objects.filter(call=call, kind__startswith="order_").order_by("pk")]


def test_a_browser_signs_in_to_the_lines_of_its_agent_and_to_no_others(desk: Desk) -> None:
    line = str(desk.inboxes[Channel.VOICE].public_id)
    told = signed_in(desk.bob).post("/desk/phone/token/", {"line": line})
    assert told.json()["identity"] == f"agent-{desk.bob.public_id.hex}"
    assert told.json()["token"].count(".") == 2
    assert "no-store" in told.headers["Cache-Control"]
    assert signed_in(desk.bob).post("/desk/phone/token/", {"line": "x"}).status_code == 404
    # A call may be handed to another team, so everybody who handles contacts has a telephone, each as oneself only.
    other = signed_in(desk.charlie).post("/desk/phone/token/", {"line": line})
    assert other.json()["identity"] == f"agent-{desk.charlie.public_id.hex}"
    owner = make_user(Role.QUALITY_ANALYST, team=desk.team, name="Quentin")
    assert signed_in(owner).post("/desk/phone/token/", {"line": line}).status_code == 404


def test_only_the_page_of_who_has_a_line_may_reach_the_provider(desk: Desk) -> None:
    mine = signed_in(desk.bob).get("/desk/")
    inbox = desk.inboxes[Channel.VOICE]
    inbox.settings = {**inbox.settings, "api_key_sid": ""}
    inbox.save()
    theirs = signed_in(desk.bob).get("/desk/")
    assert "wss://voice-js.roaming.twilio.com" in mine.headers["Content-Security-Policy"]
    assert 'id="phone"' in mine.content.decode()
    assert "twilio" not in theirs.headers["Content-Security-Policy"]
    assert 'id="phone"' not in theirs.content.decode()
    assert "unsafe" not in mine.headers["Content-Security-Policy"]


def test_the_bar_offers_what_the_call_allows_and_its_buttons_reach_the_telephone(desk: Desk) -> None:
    contact, call = a_call(desk)
    bob = signed_in(desk.bob)
    page = bob.get(f"/desk/{contact.public_id}/").content.decode()
    assert 'data-call-state="talking"' in page
    for what in ("hold/", "_transfer/", "_consult/", "call/record/", "call/hang-up/"):
        assert (
            f'action="/desk/{contact.public_id}/{what}"' in page or f'href="/desk/{contact.public_id}/{what}"' in page
        )
    assert "call/complete/" not in page
    answer = bob.post(f"/desk/{contact.public_id}/call/complete/", **HTMX)
    assert "Choose one colleague" in answer.headers["HX-Trigger"]
    assert bob.post(f"/desk/{contact.public_id}/call/hang-up/", **HTMX).status_code == 204
    assert orders(call) == ["order_end_all"]
    assert bob.post(f"/desk/{contact.public_id}/call/nonsense/").status_code == 404


def test_a_colleague_who_was_asked_can_be_handed_the_call_or_sent_away(desk: Desk) -> None:
    contact, call = a_call(desk)
    bob = signed_in(desk.bob)
    assert "Choose a colleague" in bob.post(f"/desk/{contact.public_id}/_consult/", **HTMX).content.decode()
    asked = bob.post(f"/desk/{contact.public_id}/_consult/", {"to": f"agent:{desk.dina.public_id}"}, **HTMX)
    assert (asked.status_code, "ccx:dialog-done" in asked.headers["HX-Trigger"]) == (204, True)
    assert orders(call) == ["order_dial_agent"]
    now = timezone.now()
    CallLeg.objects.create(
        call=call, provider_id="CC1", kind=CallLeg.Kind.AGENT, agent=desk.dina, started_at=now, answered_at=now
    )
    CallLeg.objects.filter(call=call, kind=CallLeg.Kind.CUSTOMER).update(is_held=True)
    page = bob.get(f"/desk/{contact.public_id}/").content.decode()
    assert "You talk with Dina Duval, the customer waits" in page
    for what in ("complete", "cancel", "join"):
        assert f"call/{what}/" in page
    assert bob.post(f"/desk/{contact.public_id}/call/complete/", **HTMX).status_code == 204
    contact.refresh_from_db()
    assert contact.agent == desk.dina
    assert orders(call)[-1] == "order_end_leg"


def test_a_number_that_may_not_be_called_is_refused_in_words(desk: Desk) -> None:
    contact, call = a_call(desk)
    refused = signed_in(desk.bob).post(f"/desk/{contact.public_id}/_consult/", {"number": "+1 900 555 0100"}, **HTMX)
    assert refused.status_code == 422
    assert "not allowed from this line" in refused.content.decode()
    assert orders(call) == []


def test_a_stranger_steers_hears_and_reads_nothing_of_a_call(desk: Desk) -> None:
    contact, call = a_call(desk)
    recording = Recording.objects.create(call=call, provider_id="RE1", started_at=timezone.now(), state="kept")
    recording.file.save("a.mp3", ContentFile(b"ID3"))
    charlie, dina = signed_in(desk.charlie), signed_in(desk.dina)
    base = f"/desk/{contact.public_id}/"
    for what in ("call/hang-up/", "call/record/", "dial/", "_consult/"):
        assert charlie.post(base + what).status_code == 404
    assert charlie.get(base).status_code == 404
    assert charlie.get(f"/voice/recordings/{recording.public_id}/").status_code == 404
    # A colleague may read it, and press nothing: it is Bob's.
    assert "call-end" not in dina.get(base).content.decode()
    dina.post(f"{base}call/hang-up/", **HTMX)
    assert dina.get(f"{base}_consult/").status_code == 404
    assert orders(call) == []


def test_the_thread_tells_what_was_pressed_and_plays_what_was_recorded(desk: Desk) -> None:
    contact, call = a_call(desk, answers={"menu": "1", "_language": "en"})
    desk.inboxes[Channel.VOICE].flow = IvrFlow.objects.create(name="Menu", definition=FLOW)
    desk.inboxes[Channel.VOICE].save()
    states = {"kept": "<audio controls", "pending": "Not fetched from the provider yet", "lost": "has lost it"}
    for state in states:
        Recording.objects.create(call=call, provider_id=state, started_at=timezone.now(), state=state, seconds=62)
    page = signed_in(desk.bob).get(f"/desk/{contact.public_id}/_thread/").content.decode()
    assert "Pressed 1: service" in page
    assert "_language" not in page
    for words in states.values():
        assert words in page
    assert page.count("<audio") == 1


def test_a_customer_with_a_number_somebody_vouches_for_can_be_called(desk: Desk) -> None:
    contact = make_mine(desk, desk.bob, "Ben", channel=Channel.CHAT)
    bob = signed_in(desk.bob)
    refused = bob.post(f"/desk/{contact.public_id}/dial/", **HTMX)
    assert "Nobody vouches" in refused.headers["HX-Trigger"]
    number = Identity.objects.create(
        customer=contact.customer, kind=IdentityKind.PHONE, value="+441134960777", assurance=Assurance.ATTESTED
    )
    assert f'value="{number.pk}"' in bob.get(f"/desk/{contact.public_id}/_context/", **HTMX).content.decode()
    called = bob.post(f"/desk/{contact.public_id}/dial/", {"identity": number.pk}, **HTMX)
    call = Call.objects.get()
    assert call.interaction is not None
    assert str(call.interaction.public_id) in called.headers["HX-Location"]
    assert "ccx:phone-expects" in called.headers["HX-Trigger"]
    assert (call.interaction.agent, call.interaction.case_id) == (desk.bob, contact.case_id)
    assert "already running" in bob.post(f"/desk/{contact.public_id}/dial/", **HTMX).headers["HX-Trigger"]


def test_who_was_given_up_is_listed_and_can_be_called_again_or_left(desk: Desk) -> None:
    bob, charlie = signed_in(desk.bob), signed_in(desk.charlie)
    now = timezone.now()
    contact = make_mine(desk, desk.bob, "Eve <b>", channel=Channel.VOICE)
    Interaction.objects.filter(pk=contact.pk).update(
        status=InteractionStatus.CLOSED, outcome=Outcome.CALLBACK, closed_at=now, agent=None
    )
    told = {"asked_in": contact, "queue": contact.queue, "place_at": now, "state": Callback.State.GIVEN_UP}
    given_up = Callback.objects.create(number=CALLER, attempts=3, next_try_at=now, expires_at=now, **told)
    Callback.objects.create(
        number="+441134960111", next_try_at=now - timedelta(days=8), expires_at=now - timedelta(days=8), **told
    )
    page = bob.get("/desk/calls/").content.decode()
    assert "tried 3 times and not reached" in page
    assert "Eve &lt;b&gt;" in page
    assert "+441134960111" not in page
    assert "1 not reached" in bob.get("/desk/_list/").content.decode()
    assert CALLER not in charlie.get("/desk/calls/").content.decode()
    address = f"/desk/calls/{given_up.public_id}/"
    assert charlie.post(f"{address}now/").status_code == 404
    taken = bob.post(f"{address}now/")
    given_up.refresh_from_db()
    assert given_up.interaction is not None
    assert (given_up.state, given_up.interaction.agent) == (Callback.State.CALLING, desk.bob)
    assert taken.headers["Location"] == f"/desk/{given_up.interaction.public_id}/#calling"

    Callback.objects.filter(pk=given_up.pk).update(state=Callback.State.GIVEN_UP)
    bob.post(f"{address}cancel/")
    assert CALLER not in bob.get("/desk/calls/").content.decode()


def test_who_has_no_telephone_is_offered_no_call(desk: Desk) -> None:
    contact, call = a_call(desk, state=CallState.ENDED, ended_at=timezone.now())
    bob = signed_in(desk.bob)
    missed = make_mine(desk, desk.bob, "Eve", channel=Channel.VOICE)
    Interaction.objects.filter(pk=missed.pk).update(
        status=InteractionStatus.CLOSED, outcome=Outcome.ABANDONED, closed_at=timezone.now(), first_answered_at=None
    )
    address, dial = f"/desk/{contact.public_id}/", f'action="/desk/{missed.public_id}/dial/"'
    assert f'action="{address}dial/"' in bob.get(address).content.decode()
    assert dial in bob.get("/desk/calls/").content.decode()

    inbox = desk.inboxes[Channel.VOICE]
    inbox.settings = {**inbox.settings, "api_key_sid": ""}
    inbox.save()
    assert f'action="{address}dial/"' not in bob.get(address).content.decode()
    page = bob.get("/desk/calls/").content.decode()
    assert dial not in page
    assert "You have no telephone at this desk" in page
    assert call.interaction == contact


def test_missed_calls_and_callbacks_are_listed_for_those_who_see_them(desk: Desk) -> None:
    bob, charlie, alice = (signed_in(user) for user in (desk.bob, desk.charlie, desk.alice))
    assert "Nobody waits to be called back." in bob.get("/desk/calls/").content.decode()
    missed = make_mine(desk, desk.bob, "Eve", channel=Channel.VOICE)
    now = timezone.now()
    Interaction.objects.filter(pk=missed.pk).update(
        status=InteractionStatus.CLOSED, outcome=Outcome.ABANDONED, closed_at=now, agent=None, first_answered_at=None
    )
    asked = Callback.objects.create(
        asked_in=missed, queue=missed.queue, number=CALLER, place_at=now, next_try_at=now, expires_at=now + timedelta(1)
    )
    page, work = bob.get("/desk/calls/").content.decode(), bob.get("/desk/_list/").content.decode()
    assert CALLER in page
    assert "1 to call back" in work
    assert "1 missed call" in work
    assert CALLER not in charlie.get("/desk/calls/").content.decode()
    assert "1 to call back" in alice.get("/desk/floor/").content.decode()
    address = f"/desk/calls/{asked.public_id}/"
    assert charlie.post(f"{address}cancel/").status_code == 404
    assert bob.post(f"{address}nonsense/").status_code == 404
    taken = bob.post(f"{address}now/")
    asked.refresh_from_db()
    assert asked.interaction is not None
    assert (asked.state, asked.interaction.agent) == (Callback.State.CALLING, desk.bob)
    assert taken.headers["Location"] == f"/desk/{asked.interaction.public_id}/#calling"
