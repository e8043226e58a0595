"""History is never quoted to a lower assurance: whatever way an answer goes, it carries what was typed and no more."""

from collections.abc import Iterator
from uuid import uuid4

import pytest
from django.utils import timezone

from ccx.kernel.people.choices import GrantScope
from interactions.channels.choices import Channel
from interactions.channels.email.composing import compose
from interactions.channels.models import Inbox
from interactions.channels.registry import line_of
from interactions.customers.choices import Assurance
from interactions.customers.models import Consent, Identity
from interactions.handling import outgoing, services
from interactions.handling.errors import ReplyIsNotPossibleError
from interactions.handling.models import Draft, Sending
from interactions.handling.selectors.choosing import Going, ways_for
from interactions.models import Interaction, Message
from tests.factories.contacts import Centre, claim
from tests.factories.desks import arrive, reply
from tests.factories.lines import PretendLine, pretend_lines
from tests.factories.people import make_grant

SECRETS = ("My card is 4711", "The door code is 0815", "Note: owes us money")
OTHER = {"sms": ("phone", "+4915112345678"), "email": ("email", "ann@elsewhere.test")}


@pytest.fixture(autouse=True)
def lines(centre: Centre) -> Iterator[dict[Channel, PretendLine]]:
    make_grant(centre.alice, GrantScope.TEAM, centre.team.pk)
    centre.email.address = "help@ccx.test"
    centre.email.save()
    with pretend_lines() as pretended:
        yield pretended


def conversation(centre: Centre, assurance: Assurance) -> int:
    """What was said so far: by the customer, by us, among ourselves."""
    number = arrive(centre.email, body=SECRETS[0], subject="My order", identity=claim(assurance=assurance))
    services.accept_interaction(interaction_id=number, agent=centre.alice, by=centre.alice)
    reply(number, centre.alice, SECRETS[1])
    services.add_note(interaction_id=number, by=centre.alice, body=SECRETS[2], draft_id=uuid4())
    Sending.objects.update(due_at=timezone.now())
    outgoing.send_due_messages()
    return number


def line_for(centre: Centre, way: str) -> Inbox:
    if way == "email":
        return centre.email
    return Inbox.objects.create(name="sms", channel=Channel.SMS, default_queue=centre.queue)


@pytest.mark.parametrize("way", sorted(OTHER))
def test_a_way_that_nobody_vouches_for_takes_nothing_at_all(
    centre: Centre, lines: dict[Channel, PretendLine], way: str
) -> None:
    number = conversation(centre, Assurance.ATTESTED)
    before = {channel: len(line.sent) for channel, line in lines.items()}
    kind, value = OTHER[way]
    customer = Interaction.objects.get(pk=number).customer
    identity = Identity.objects.create(customer=customer, kind=kind, value=value, assurance=Assurance.CLAIMED)
    Consent.objects.create(customer=customer, purpose="service", channel=None, state="given", source="said so")
    inbox = line_for(centre, way)

    (offered,) = [one for one in ways_for(Interaction.objects.get(pk=number), centre.alice) if one.identity == identity]
    assert "only claimed" in offered.why_not
    with pytest.raises(ReplyIsNotPossibleError):
        reply(number, centre.alice, "On another way", going=Going(inbox_id=inbox.pk, identity_id=identity.pk))
    assert not Sending.objects.filter(recipient=value).exists()
    assert outgoing.send_due_messages() == 0
    assert {channel: len(line.sent) for channel, line in lines.items()} == before
    assert Draft.objects.get(interaction=number).body == "On another way"


@pytest.mark.parametrize("way", [*sorted(OTHER), "usual, claimed", "usual, attested"])
def test_what_goes_carries_the_words_that_were_typed_and_none_of_the_earlier_ones(
    centre: Centre, lines: dict[Channel, PretendLine], way: str
) -> None:
    number = conversation(centre, Assurance.CLAIMED if way == "usual, claimed" else Assurance.ATTESTED)
    going = Going()
    if way in OTHER:
        kind, value = OTHER[way]
        customer = Interaction.objects.get(pk=number).customer
        identity = Identity.objects.create(customer=customer, kind=kind, value=value, assurance=Assurance.ATTESTED)
        inbox = line_for(centre, way)
        Consent.objects.create(
            customer=customer, purpose="service", channel=inbox.channel, state="given", source="said so"
        )
        going = Going(inbox_id=inbox.pk, identity_id=identity.pk)

    said = reply(number, centre.alice, "It leaves tomorrow.", going=going).message
    Sending.objects.update(due_at=timezone.now())
    assert outgoing.send_due_messages() == 1

    sending = Sending.objects.select_related("inbox").get(message=said)
    sent = lines[Channel(sending.channel)].sent[-1]
    assert (sent.body, sent.files, sent.template) == ("It leaves tomorrow.", (), {})
    whole = repr(sent)
    if sending.channel == Channel.EMAIL:
        whole += compose(line_of(sending.inbox), sent).message().as_string()
    assert [secret for secret in SECRETS if secret in whole] == []
    assert Message.objects.get(pk=said.pk).body == "It leaves tomorrow."
