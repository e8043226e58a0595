"""Every adapter of the registry keeps the same promises; a kit (tests/interactions/channels/kits) knows its provider.

An adapter without a kit fails. What its provider does not have (a webhook, a signature with a time, reports) is left
out for it and for nobody else.
"""

from dataclasses import replace
from typing import Any, Final
from uuid import UUID

import pytest
from django.conf import LazySettings
from django.db.models import Model
from django.test import Client
from django.utils import timezone

from ccx.kernel.events.effects import RefusedEffectError, TemporaryEffectError
from interactions.channels.contract import Adapter, Capabilities, Handed, Line, Outgoing
from interactions.channels.models import Inbox
from interactions.channels.registry import ADAPTERS, line_of, webhook_url
from interactions.channels.services import keep_credentials
from interactions.doors.models import Delivery
from interactions.handling.models import Sending
from interactions.models import Interaction, Message
from tests.interactions.channels.kit import Kit, Wire
from tests.interactions.channels.kits import all_kits

pytestmark = pytest.mark.django_db
KITS: Final = all_kits()
REFERENCE: Final = UUID("01a22063-60c4-76b0-a123-7b5998754224")


def kit_of(adapter: Adapter) -> Kit:
    kit = KITS.get((adapter.channel.value, adapter.provider))
    assert kit is not None, f"{type(adapter).__name__} has no kit in tests/interactions/channels/kits"
    return kit


def named(adapter: Adapter) -> str:
    return f"{adapter.channel.slug}-{adapter.provider or 'usual'}"


every_adapter = pytest.mark.parametrize("adapter", ADAPTERS, ids=named)
with_webhook = pytest.mark.parametrize("adapter", [one for one in ADAPTERS if one.has_webhook], ids=named)


def line_with(adapter: Adapter, **settings: Any) -> Inbox:
    kit = kit_of(adapter)
    inbox = Inbox.objects.create(
        name="Line",
        channel=adapter.channel,
        provider=adapter.provider,
        address=kit.address,
        settings={**kit.settings, **settings},
    )
    return keep_credentials(inbox_id=inbox.pk, credentials=kit.secrets, by=None) if kit.secrets else inbox


def signed(inbox: Inbox, wire: Wire, *, is_stale: bool = False) -> Wire | None:
    kit = KITS[inbox.channel, inbox.provider]
    sign = kit.stale if is_stale else kit.sign
    return sign(wire, line_of(inbox), f"{webhook_url(inbox)}{wire.path}")


def bring(inbox: Inbox, wire: Wire | None) -> int:
    """Bring something that is signed already; the status that the provider hears."""
    assert wire is not None
    local = "/" + f"{webhook_url(inbox)}{wire.path}".split("/", 3)[3]
    headers = dict(wire.headers)
    return Client().generic(wire.method, local, wire.body, content_type=wire.content_type, headers=headers).status_code


def said() -> list[str]:
    return list(Message.objects.order_by("sent_at", "pk").values_list("body", flat=True))


def count(*models: type[Model]) -> list[int]:
    return [model._default_manager.count() for model in models]


@every_adapter
def test_it_has_a_kit_and_says_what_it_is(adapter: Adapter) -> None:
    kit = kit_of(adapter)
    assert str(adapter.label)
    names = [field.name for field in adapter.fields()]
    assert len(names) == len(set(names))
    assert {*kit.secrets} <= {field.name for field in adapter.fields() if field.kind == "secret"}
    told = adapter.capabilities(line_of(line_with(adapter)))
    assert isinstance(told, Capabilities)
    assert told.can_send or not told.max_files


@with_webhook
def test_the_same_delivery_twice_is_one_message(adapter: Adapter) -> None:
    wire = kit_of(adapter).message(1)
    if wire is None:
        return
    inbox = line_with(adapter)
    assert [bring(inbox, signed(inbox, wire)) // 100 for _ in range(3)] == [2] * 3
    assert len(said()) == 1
    assert "no 1" in said()[0]
    # The provider comes again after its deliveries are long forgotten.
    Delivery.objects.all().delete()
    bring(inbox, signed(inbox, wire))
    assert count(Message, Interaction) == [1, 1]


@with_webhook
def test_messages_out_of_order_end_in_their_order_in_one_contact(adapter: Adapter) -> None:
    kit = kit_of(adapter)
    inbox = line_with(adapter)
    wires = [kit.message(number) for number in (2, 3, 1)]
    if None in wires or not kit.tells_time:
        return
    for wire in wires:
        assert wire is not None
        assert bring(inbox, signed(inbox, wire)) // 100 == 2
    assert [next(n for n in "123" if f"no {n}" in body) for body in said()] == ["1", "2", "3"]
    assert Interaction.objects.count() == 1


@with_webhook
def test_who_cannot_sign_leaves_nothing_behind(adapter: Adapter) -> None:
    kit = kit_of(adapter)
    inbox = line_with(adapter)
    wire = kit.message(1) or kit.unknown() or kit.malformed()
    if wire is None:
        return
    other = replace(line_of(inbox), secrets={name: f"{word[:-4]}AAAA" for name, word in kit.secrets.items()})
    url = f"{webhook_url(inbox)}{wire.path}"
    attempts = [wire, kit.sign(wire, other, url)]
    good = kit.sign(wire, line_of(inbox), url)
    if kit.signs_body:
        attempts.append(replace(good, body=wire.body + b" "))
        attempts.append(replace(good, body=wire.body.replace(b"1", b"2", 1)))
    assert [bring(inbox, attempt) for attempt in attempts] == [403] * len(attempts)
    assert count(Delivery, Message) == [0, 0]
    assert bring(inbox, good) // 100 == 2


@with_webhook
def test_an_old_signature_is_refused_where_the_scheme_has_a_time(adapter: Adapter) -> None:
    wire = kit_of(adapter).message(1)
    if wire is None:
        return
    inbox = line_with(adapter)
    old = signed(inbox, wire, is_stale=True)
    if old is None:
        return
    assert bring(inbox, old) == 400
    assert count(Delivery, Message) == [0, 0]


@with_webhook
def test_a_kind_that_nobody_knows_is_taken_and_does_nothing(adapter: Adapter) -> None:
    wire = kit_of(adapter).unknown()
    if wire is None:
        return
    inbox = line_with(adapter)
    assert bring(inbox, signed(inbox, wire)) // 100 == 2
    assert Delivery.objects.get().state == "done"
    assert Message.objects.count() == 0


@with_webhook
def test_what_is_signed_and_cannot_be_read_is_kept_and_answered(adapter: Adapter) -> None:
    kit = kit_of(adapter)
    wire = kit.malformed()
    if wire is None:
        return
    inbox = line_with(adapter)
    assert bring(inbox, signed(inbox, wire)) == kit.malformed_status
    kept = Delivery.objects.get()
    assert (kept.state, bytes(kept.body)) == ("quarantined", wire.body)
    assert kept.error


@with_webhook
def test_hostile_bodies_get_no_further_than_the_door(adapter: Adapter, settings: LazySettings) -> None:
    inbox = line_with(adapter)
    bodies = [b"[" * 100_000, b'{"a": NaN}', b"\xff\x00", b"%00=%ff&" * 500, b"--x\r\n\r\n", b""]
    for kind in ("application/json", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x"):
        assert {bring(inbox, Wire(body=body, content_type=kind)) for body in bodies} <= {400, 401, 403}
    local = webhook_url(inbox).removeprefix(settings.BASE_URL)
    huge = Client().generic("POST", local, b"x", CONTENT_LENGTH=str(adapter.max_body + 1))
    assert huge.status_code == 413
    assert bring(inbox, Wire(method="GET", path="?hub.mode=subscribe&hub.challenge=x&hub.verify_token=y")) // 100 == 4
    assert Delivery.objects.count() == 0


def outgoing(kit: Kit) -> Outgoing:
    return Outgoing(
        reference=REFERENCE,
        recipient=kit.recipient,
        body="Your parcel is on its way.",
        subject="Your order",
        author="Alice",
        language="en",
        last_heard_at=timezone.now(),
    )


def sending(adapter: Adapter, mood: Any) -> tuple[Handed | None, Exception | None]:
    kit = kit_of(adapter)
    with kit.standing(mood) as (settings, _server):
        inbox = line_with(adapter, **settings)
        try:
            return adapter.send(line_of(inbox), outgoing(kit)), None
        except Exception as error:
            return None, error


def sends(adapter: Adapter) -> bool:
    kit = KITS.get((adapter.channel.value, adapter.provider))
    return kit is None or kit.sends


that_send = pytest.mark.parametrize("adapter", [one for one in ADAPTERS if sends(one)], ids=named)


@that_send
def test_what_is_handed_over_bears_the_providers_id(adapter: Adapter) -> None:
    handed, error = sending(adapter, "well")
    assert error is None
    assert isinstance(handed, Handed)
    assert len(handed.provider_id) <= 250
    assert handed.state in {"sent", "delivered"}


@that_send
def test_a_provider_that_is_not_there_or_busy_is_asked_again(adapter: Adapter) -> None:
    _handed, error = sending(adapter, "down")
    assert isinstance(error, TemporaryEffectError), error


@that_send
def test_a_provider_that_wants_less_says_for_how_long(adapter: Adapter) -> None:
    _handed, error = sending(adapter, "limited")
    assert isinstance(error, TemporaryEffectError), error
    assert error.retry_after in {7, None}


@that_send
def test_what_the_provider_refuses_is_not_sent_again(adapter: Adapter) -> None:
    _handed, error = sending(adapter, "refused")
    assert isinstance(error, RefusedEffectError), error


@that_send
@pytest.mark.parametrize("mood", ["failing", "broken"])
def test_a_lost_answer_is_never_taken_for_a_refusal_or_a_success(adapter: Adapter, mood: str) -> None:
    """Either nobody knows, or sending again is harmless because the provider goes by our own id."""
    handed, error = sending(adapter, mood)
    assert handed is None
    assert error is not None
    assert not isinstance(error, RefusedEffectError), error


@that_send
def test_trying_a_line_whose_provider_is_away_says_what_failed(adapter: Adapter, settings: LazySettings) -> None:
    kit = kit_of(adapter)
    with kit.standing("down") as (changed, _server):
        line: Line = line_of(line_with(adapter, **changed))
        steps = list(adapter.check(line))
    failed = [step for step in steps if not step.is_well]
    assert failed
    assert all(step.told for step in failed)


@with_webhook
def test_reports_only_ever_move_a_message_forward(adapter: Adapter) -> None:
    """Read comes before delivered and sent, twice each: it stays read; and a stranger's report changes nothing."""
    kit = kit_of(adapter)
    furthest = next((state for state in ("read", "delivered") if kit.report("x", state)), None)
    if furthest is None:
        return
    inbox = line_with(adapter)
    message = Message.objects.create(
        interaction=Interaction.objects.create(inbox=inbox, channel=inbox.channel, started_at=timezone.now()),
        author_kind="system",
        sent_at=timezone.now(),
    )
    Sending.objects.create(
        message=message,
        inbox=inbox,
        channel=inbox.channel,
        recipient=kit.recipient,
        state="sent",
        due_at=timezone.now(),
        sent_at=timezone.now(),
        provider_id=kit.provider_id,
    )
    states = ["read", "delivered", "sent", "read", "delivered"]
    wires = [kit.report(named, state) for named in (kit.provider_id, "not-ours") for state in states]
    for wire in filter(None, wires):
        assert bring(inbox, signed(inbox, wire)) // 100 == 2
    assert Sending.objects.get().state == furthest
    assert set(Delivery.objects.values_list("state", flat=True)) == {"done"}
