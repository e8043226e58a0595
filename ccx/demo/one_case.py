"""One customer whose case went over three channels, and who is on the telephone now: for whoever looks at a desk.

No provider holds that call. It was told as a telephone system tells its calls, so its stretches are what was told; as
one that cannot be asked it is believed for a working day, and then it is over.
"""

import random
from datetime import datetime, time, timedelta
from decimal import Decimal
from typing import Any, Final

from ccx.demo.calls import tell_call
from ccx.demo.centre import Centre
from ccx.demo.words import words
from ccx.kernel.models import User
from interactions.calls.services import hear
from interactions.cases.choices import AuthorKind, Outcome, SegmentEnd, SegmentKind
from interactions.channels.choices import Channel
from interactions.channels.contact import IdentityClaim, InboundContact, Past, PastMessage, PastSegment
from interactions.channels.voice.told import CallTold, Told
from interactions.customers.choices import Assurance, IdentityKind
from interactions.customers.models import Customer, Identity
from interactions.customers.services import add_customer, add_identity, record_purchase, set_preference
from interactions.handling.services import make_promise
from interactions.intake.services import receive_many
from interactions.models import Call, Interaction, Message

SURE: Final = {
    Channel.CHAT: (IdentityKind.ACCOUNT, "account", Assurance.PROVEN, "shop sign-in"),
    Channel.EMAIL: (IdentityKind.EMAIL, "email", Assurance.ATTESTED, "dmarc"),
    Channel.VOICE: (IdentityKind.PHONE, "phone", Assurance.ATTESTED, "carrier"),
}
WRAP_UP: Final = timedelta(seconds=70)
# Seconds ago that the call came, that its menu was through, that it rang, was answered, was put on hold, was resumed.
RUNNING: Final = (231, 214, 202, 197, 96, 61)


def tell_one_case(centre: Centre, now: datetime, rng: random.Random) -> User:
    """The customer, what was said and done so far, and the call; whose desk it is on."""
    told = words("one_case")
    customer = _customer(centre, told, now)
    contacts = [_contact(centre, told, row, now) for row in told["contacts"]]
    twin = _twin(centre, told["twin"], now)
    receipts = receive_many(contacts=[*contacts, twin], by_id=centre.by.pk, mode="history")
    spoken = Interaction.objects.select_related("case", "agent", "identity", "queue", "inbox").get(
        pk=receipts[2].interaction_id or 0
    )
    agent = centre.agents["Phone"][0]
    Message.objects.filter(interaction=receipts[0].interaction_id, body=told["contacts"][0]["words"][0]["body"]).update(
        meta={"chat": told["contacts"][0]["asked"]}
    )
    # Whoever had them said that it is the one case.
    Interaction.objects.filter(case=spoken.case).update(is_case_assumed=False)
    if spoken.case is not None:
        spoken.case.title = told["title"]
        spoken.case.save(update_fields=["title"])
    promise = told["promise"]
    make_promise(
        interaction_id=spoken.pk,
        body=promise["body"],
        due_at=now + timedelta(minutes=promise["due_minutes"]),
        at=_moment(now, promise["at"]),
        by=agent,
    )
    tell_call(spoken, rng, answers={"menu": told["contacts"][2]["pressed"]})
    _ring(centre, customer, agent, now)
    return agent


def _customer(centre: Centre, told: dict[str, Any], now: datetime) -> Customer:
    who, bought = told["customer"], told["purchase"]
    profile = {name: who[name] for name in ("name", "language", "time_zone")}
    customer = add_customer(**profile, by=centre.by)
    for kind, name, assurance, source in SURE.values():
        value: dict[str, Any] = {"kind": kind, "value": who[name], "assurance": assurance, "source": source}
        add_identity(customer_id=customer.pk, by=centre.by, **value)
    since = _moment(now, bought["at"])
    Customer.objects.filter(pk=customer.pk).update(created_at=since)
    Identity.objects.filter(customer=customer).update(first_seen_at=since)
    record_purchase(
        customer_id=customer.pk,
        reference=bought["reference"],
        description=bought["description"],
        price=(Decimal(bought["amount"]), bought["currency"]),
        purchased_at=since,
        by=centre.by,
    )
    set_preference(customer_id=customer.pk, **told["preference"], source="agent", by=centre.agents["Phone"][0])
    return customer


def _contact(centre: Centre, told: dict[str, Any], row: dict[str, Any], now: datetime) -> InboundContact:
    """A contact that is over: it came, was taken up, and ended."""
    channel = Channel.from_slug(row["channel"])
    came, taken, ended = (_moment(now, moment) for moment in row["moments"])
    agent, queue = centre.agents[row["team"]][0], centre.inboxes[channel].default_queue
    kind, name, assurance, source = SURE[channel]
    where: dict[str, Any] = {"queue_id": queue.pk if queue else None, "team_id": agent.team_id}
    segments = (
        PastSegment(kind=SegmentKind.QUEUE, started_at=came, ended_at=taken, ended_by=SegmentEnd.DONE, **where),
        PastSegment(kind=SegmentKind.TALK, started_at=taken, ended_at=ended, agent_id=agent.pk, **where),
        PastSegment(kind=SegmentKind.WRAP_UP, started_at=ended, ended_at=ended + WRAP_UP, agent_id=agent.pk, **where),
    )
    past = Past(
        outcome=Outcome.HANDLED,
        closed_at=ended + WRAP_UP,
        first_answered_at=taken,
        is_resolved=False,
        disposition_id=centre.dispositions["waiting_for_others"].pk,
        segments=segments,
        messages=tuple(_said(centre, one, now) for one in row["words"]),
    )
    return InboundContact(
        inbox_id=centre.inboxes[channel].pk,
        channel=channel,
        external_id=f"demo-one-case-{channel.slug}",
        occurred_at=came,
        identity=IdentityClaim(kind=kind, value=told["customer"][name], assurance=assurance, source=source),
        subject=row.get("subject", ""),
        agent_id=agent.pk,
        reason_id=centre.reasons[told["reason"]].pk,
        past=past,
        **where,
    )


def _said(centre: Centre, one: dict[str, Any], now: datetime) -> PastMessage:
    author = centre.agents[one["who"]][0] if "who" in one else None
    return PastMessage(
        author_kind=AuthorKind.AGENT if author else AuthorKind.CUSTOMER,
        body=one["body"],
        sent_at=_moment(now, one["at"]),
        author_id=author.pk if author else None,
        is_note=one.get("is_note", False),
    )


def _twin(centre: Centre, twin: dict[str, Any], now: datetime) -> InboundContact:
    """A stranger of the same name who called once, and gave an address that was typed in the chat, too."""
    line, came = centre.inboxes[Channel.VOICE], _moment(now, twin["at"])
    agent = centre.agents["Phone"][1]
    owner = add_customer(name=twin["name"], by=centre.by)
    add_identity(customer_id=owner.pk, kind=IdentityKind.EMAIL, value=twin["email"], source="agent", by=agent)
    add_identity(customer_id=owner.pk, kind=IdentityKind.PHONE, value=twin["phone"], source="agent", by=agent)
    queue, ended = line.default_queue, came + timedelta(minutes=3)
    where: dict[str, Any] = {"queue_id": queue.pk if queue else None, "team_id": agent.team_id, "agent_id": agent.pk}
    note = PastMessage(author_kind=AuthorKind.AGENT, body=twin["said"], sent_at=ended, author_id=agent.pk, is_note=True)
    talk = PastSegment(kind=SegmentKind.TALK, started_at=came, ended_at=ended, **where)
    return InboundContact(
        inbox_id=line.pk,
        channel=Channel.VOICE,
        external_id="demo-one-case-twin",
        occurred_at=came,
        identity=IdentityClaim(
            kind=IdentityKind.PHONE, value=twin["phone"], assurance=Assurance.CLAIMED, source="agent"
        ),
        past=Past(
            outcome=Outcome.HANDLED,
            closed_at=ended,
            first_answered_at=came,
            is_resolved=True,
            segments=(talk,),
            messages=(note,),
        ),
        **where,
    )


def _ring(centre: Centre, customer: Customer, agent: User, now: datetime) -> None:
    """She calls, is put through to the agent, waited on hold once, and talks on."""
    line = centre.inboxes[Channel.VOICE]
    number = customer.identities.get(kind=IdentityKind.PHONE).value
    call_id, leg = "demo-one-case", f"agent:{agent.email}"
    came, queued, rang, answered, held, resumed = (now - timedelta(seconds=seconds) for seconds in RUNNING)
    began = {"from": number, "to": line.address, "verified": "true"}
    steps: list[tuple[datetime, Told, dict[str, Any]]] = [
        (came, Told.BEGAN, {"leg": call_id, "data": began}),
        (queued, Told.QUEUED, {"data": {"queue": "Phone"}}),
        (rang, Told.DIALLED, {"leg": leg, "agent": agent.email}),
        (answered, Told.JOINED, {"leg": leg, "agent": agent.email}),
        (answered, Told.JOINED, {"leg": call_id}),
        (held, Told.HELD, {"leg": call_id}),
        (resumed, Told.RESUMED, {"leg": call_id}),
    ]
    for place, (at, kind, more) in enumerate(steps):
        one = CallTold(kind=kind, key=f"{place}:{kind}", call_id=call_id, at=at, **more)
        hear(inbox=line, told=[one], arrived_at=at)
    call = Call.objects.get(inbox=line, provider_id=call_id)
    Call.objects.filter(pk=call.pk).update(answers={**call.answers, "menu": "1"}, heard_at=now)


def _moment(now: datetime, told: list[Any]) -> datetime:
    """So many days before today, at a time of the centre's day."""
    days, clock = told
    return datetime.combine(now.date() - timedelta(days=days), time.fromisoformat(clock), tzinfo=now.tzinfo)
