"""The desks of the people one signs in as: something waits, something is in hand, something was put off."""

import random
from datetime import timedelta
from typing import Final

from ccx.demo.drafts import Plan
from ccx.demo.story import Story
from ccx.kernel.models import User
from interactions.cases.choices import AuthorKind
from interactions.channels.choices import Channel
from interactions.handling.services import (
    Saying,
    accept_interaction,
    add_message,
    snooze_interaction,
    transfer_interaction,
    wait_for_customer,
)
from interactions.intake.services import receive

# Whose first agent gets a desk, what their customers write on, and the queue it waits in if not the line's own.
DESKS: Final = {
    "E-mail desk": (Channel.EMAIL, ""),
    "Chat and messaging": (Channel.WHATSAPP, ""),
    "Billing": (Channel.EMAIL, "Billing"),
    "Escalations": (Channel.EMAIL, "Escalations"),
}
# Minutes ago that each began: waiting in the queue; in hand, with room for one that rings; put off.
WAITING: Final = (4, 11, 26, 47, 95, 190)
IN_HAND: Final = (18, 140)
PUT_OFF: Final = (1500, 2900)
AGAIN: Final = (
    "Thank you for the quick answer. One more thing: will I get a confirmation by e-mail?",
    "Sorry, I forgot the order number. It is {order}.",
)
SEED: Final = 7


def fill_desks(story: Story) -> int:
    """Give each of them a morning's work; how many contacts that is."""
    rng = random.Random(SEED)  # noqa: S311 - the same desks each time
    told = 0
    for team, (channel, queue) in DESKS.items():
        agent = story.centre.agents[team][0]
        for minutes in WAITING:
            told += _arrive(story, rng, channel, queue, minutes) is not None
        for place, minutes in enumerate(IN_HAND):
            told += _take_up(story, rng, agent, (channel, queue, minutes), place)
        for place, minutes in enumerate(PUT_OFF):
            told += _put_off(story, rng, agent, (channel, queue, minutes), place)
    return told


def _arrive(story: Story, rng: random.Random, channel: Channel, queue: str, minutes: int) -> tuple[int, Plan] | None:
    """A contact so many minutes ago, in the queue it belongs to; None if it went on with a running one."""
    person = rng.choice([one for one in story.demand.people if channel in one.channels()])
    at = story.now - timedelta(minutes=minutes, seconds=rng.randrange(50))
    plan = Plan(at, next(story.numbers), story.talk.issue(person, rng.choice(story.demand.codes), at), channel)
    body = story.talk.opening(plan.issue)
    receipt = receive(contact=story.contact(plan, body=body), by_id=story.centre.by.pk)
    if not receipt.started_interaction or receipt.interaction_id is None:
        return None
    if queue:
        to = story.centre.queues[queue]
        transfer_interaction(interaction_id=receipt.interaction_id, to_queue=to, at=at, by=story.centre.by)
    return receipt.interaction_id, plan


def _take_up(story: Story, rng: random.Random, agent: User, where: tuple[Channel, str, int], place: int) -> bool:
    arrived = _arrive(story, rng, *where)
    if arrived is None:
        return False
    number, plan = arrived
    _answer(number, plan, agent, wait=6)
    if place:
        body = AGAIN[place].format(order=plan.issue.details["order"])
        again = Saying(author_kind=AuthorKind.CUSTOMER, body=body, sent_at=plan.at + timedelta(minutes=where[2] * 0.7))
        add_message(interaction_id=number, saying=again, by=story.centre.by)
    return True


def _put_off(story: Story, rng: random.Random, agent: User, where: tuple[Channel, str, int], place: int) -> bool:
    arrived = _arrive(story, rng, *where)
    if arrived is None:
        return False
    number, plan = arrived
    _answer(number, plan, agent, wait=35)
    later = plan.at + timedelta(minutes=45)
    if place:
        morning = (story.now + timedelta(days=1)).replace(hour=9, minute=0, second=0, microsecond=0)
        snooze_interaction(interaction_id=number, until=morning, by=agent, at=later)
    else:
        wait_for_customer(interaction_id=number, by=agent, at=later)
    return True


def _answer(number: int, plan: Plan, agent: User, *, wait: int) -> None:
    at = plan.at + timedelta(minutes=wait)
    accept_interaction(interaction_id=number, agent=agent, at=at, by=agent)
    first = plan.issue.details["first"]
    body = f"Hello {first}, {agent.name.split()[0]} from Fernwood here. I have your message and am looking into it."
    said = Saying(author_kind=AuthorKind.AGENT, body=body, sent_at=at + timedelta(minutes=2))
    add_message(interaction_id=number, saying=said, by=agent)
