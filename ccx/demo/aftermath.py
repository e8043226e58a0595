"""What follows contacts: customers found to be one, one who asked to be forgotten, and today."""

import random
from collections.abc import Mapping
from datetime import timedelta

from ccx.demo.centre import Centre
from ccx.demo.demand import HOURS_OF
from ccx.demo.drafts import Plan
from ccx.demo.people import Person
from ccx.demo.story import Story
from ccx.kernel.models import User
from interactions.cases.choices import Outcome
from interactions.channels.choices import Channel
from interactions.channels.contact import Receipt
from interactions.customers.models import Customer, Identity
from interactions.customers.services import erase_customer, merge_customers, undo_merge
from interactions.handling.models import PresenceSpan, PresenceState
from interactions.handling.services import Saying, accept_interaction, add_message
from interactions.intake.services import receive
from interactions.models import Interaction

SAID_SHARE = 0.8
# Group of reasons -> how many of its contacts need not have been.
AVOIDABLE = {"delivery": 0.7, "billing": 0.55, "returns": 0.4, "account": 0.5, "product": 0.15, "orders": 0.3}
MOST_WAITING = 24
MOST_IN_HAND = 6


def judge_contacts(receipts: Mapping[str, Receipt], rng: random.Random) -> None:
    """Whether most contacts could have been avoided, as agents say when they wrap up; some do not say."""
    told = [receipt.interaction_id for receipt in receipts.values() if receipt.interaction_id is not None]
    handled = Interaction.objects.filter(pk__in=told, outcome=Outcome.HANDLED, reason__isnull=False)
    judged: dict[bool, list[int]] = {True: [], False: []}
    for number, code in handled.order_by("pk").values_list("pk", "reason__code"):
        if rng.random() < SAID_SHARE:
            judged[rng.random() < AVOIDABLE.get(code.partition(".")[0], 0.3)].append(number)
    for was_avoidable, numbers in judged.items():
        Interaction.objects.filter(pk__in=numbers).update(was_avoidable=was_avoidable)


def tidy_customers(centre: Centre, strangers: list[Person], regulars: list[Person]) -> None:
    """Strangers known twice become one, one merge was a mistake, and one customer asked to be forgotten."""
    lead = centre.leads["Phone"]
    merges = []
    for person in strangers:
        owners = Identity.objects.filter(value__in=person.identities.values()).values_list("customer_id", flat=True)
        numbers = sorted(set(owners))
        merges += [merge_customers(survivor_id=numbers[0], merged_id=other, by=lead) for other in numbers[1:]]
        if len(merges) >= 12:
            break
    if not merges:
        first, second = regulars[0].customer_id, regulars[1].customer_id
        merges = [merge_customers(survivor_id=first, merged_id=second, by=lead)]
    if len(merges) > 3:
        undo_merge(merge_id=merges[-1].pk, by=lead)
    seen = Customer.objects.filter(interactions__isnull=False, merged_into__isnull=True, merged_from__isnull=True)
    forgotten = seen.order_by("-pk").first()
    if forgotten is not None:
        erase_customer(customer_id=forgotten.pk, by=centre.administrator)


def begin_today(story: Story, *, but: User) -> int:
    """What has come in and is not over: received as any live contact is, some of it taken up by who is here.

    `but`: somebody who is on the telephone.
    """
    plans = sorted(story.unfinished)[-MOST_WAITING:]
    if len(plans) < 4:
        plans += _fresh(story, 4 - len(plans))
    here = {
        span.agent_id: span.agent
        for span in PresenceSpan.objects.filter(ended_at__isnull=True, state=PresenceState.AVAILABLE).select_related(
            "agent"
        )
    }
    taken = 0
    for plan in plans:
        body = story.talk.opening(plan.issue) if plan.channel != Channel.VOICE else ""
        receipt = receive(contact=story.contact(plan, body=body), by_id=story.centre.by.pk)
        if not receipt.started_interaction or receipt.interaction_id is None:
            continue
        agent = _free(here, plan, story)
        if agent is not None and taken < min(MOST_IN_HAND, len(plans) // 2):
            _take_up(receipt.interaction_id, plan, agent, story)
            del here[agent.pk]
            taken += 1
    return len(plans)


def _fresh(story: Story, missing: int) -> list[Plan]:
    """A few messages of the last hour, so that something waits at whatever hour the centre is made."""
    plans = []
    for _ in range(missing):
        person = story.rng.choice(story.demand.people)
        at = story.now - timedelta(minutes=story.rng.uniform(3, 55))
        issue = story.talk.issue(person, story.rng.choice(story.demand.codes), at)
        plans.append(Plan(at, next(story.numbers), issue, Channel.EMAIL))
    return plans


def _free(here: dict[int, User], plan: Plan, story: Story) -> User | None:
    queue = story.centre.inboxes[plan.channel].default_queue
    team_id = queue.team_id if queue else None
    return next((agent for agent in here.values() if agent.team_id == team_id), None)


def _take_up(interaction_id: int, plan: Plan, agent: User, story: Story) -> None:
    since = max(plan.at + timedelta(seconds=12), story.now - timedelta(minutes=story.rng.uniform(1, 6)))
    accept_interaction(interaction_id=interaction_id, agent=agent, at=min(since, story.now), by=agent)
    if plan.channel == Channel.VOICE:
        return
    first = plan.issue.details["first"]
    body = f"Hello {first}, {agent.name.split()[0]} here. I have your message and am looking it up right now."
    if plan.channel in HOURS_OF or story.rng.random() < 0.4:
        said = Saying(author_kind="agent", body=body, sent_at=min(since + timedelta(seconds=30), story.now))
        add_message(interaction_id=interaction_id, saying=said, by=agent)
