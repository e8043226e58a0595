"""Filling an empty database with the demonstration centre, whole or not at all."""

import random
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import connection, transaction
from django.utils import timezone

from analytics.facts.agent_days import rebuild_agent_days
from ccx.demo.aftermath import begin_today, judge_contacts, tidy_customers
from ccx.demo.calls import tell_calls
from ccx.demo.centre import Centre, make_centre
from ccx.demo.demand import DAYS, Demand
from ccx.demo.desks import fill_desks
from ccx.demo.one_case import tell_one_case
from ccx.demo.people import People, Person, store_people, store_what_we_keep
from ccx.demo.rota import Rota
from ccx.demo.signins import give_sign_ins, keep_sign_ins
from ccx.demo.story import Story
from ccx.demo.surveys import ask_customers
from ccx.kernel.events.pumping import pump_everything
from ccx.kernel.models import User
from interactions.channels.choices import Channel
from interactions.channels.contact import Receipt
from interactions.intake.services import MAX_BATCH, receive_many
from interactions.models import Interaction

SEED: Final = 20_240_229
SIGN_INS: Final = "demo-signins.txt"
# Beginnings per contact told at the end, found by trying: others are repeats, redials and follow-ups.
BEGINNINGS: Final = 0.8
STRANGERS: Final = 0.05
_SEED_LOCK: Final = 5_102_330


class SeedRefusedError(Exception):
    """The demonstration centre does not belong here; the message says why."""


@dataclass(frozen=True)
class Seeded:
    """What was made, and the text with the sign-ins."""

    contacts: int
    customers: int
    responses: int
    running: int
    sign_ins: str


def refuse_where_it_does_not_belong() -> None:
    """Only on the embedded servers, or with CCX_DEMO=1; never in production."""
    if settings.PRODUCTION:
        raise SeedRefusedError("CCX_PRODUCTION is set: demo people would get accounts. Nothing was done.")
    is_embedded = settings.EMBEDDED.get("DATABASE_URL") == settings.DATABASE_URL
    if not is_embedded and not settings.DEMO:
        raise SeedRefusedError(
            "The database is a server of your own: set CCX_DEMO=1 to fill it with the demonstration centre."
        )


def is_empty() -> bool:
    """Whether nobody has worked here yet."""
    return not (User.objects.exists() or Interaction.objects.exists())


def seed(*, contacts: int, now: datetime | None = None) -> Seeded | None:
    """Make the centre with about so many contacts up to now; None if the database is not empty."""
    moment = (now or timezone.now()).astimezone(zone())
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_SEED_LOCK])
        if not is_empty():
            return None
        seeded = _seed(contacts, moment)
        keep_sign_ins(seeded.sign_ins, sign_ins_path())
    # From here on it is what a worker would do anyway.
    pump_everything()
    rebuild_agent_days()
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE (SKIP_LOCKED)")  # autovacuum may be at some table already
    return seeded


def zone() -> ZoneInfo:
    """The centre's own time."""
    return ZoneInfo(settings.TIME_ZONE)


def sign_ins_path() -> Path:
    """Where the sign-ins are kept."""
    return Path(settings.VAR_DIR) / SIGN_INS


def _seed(contacts: int, now: datetime) -> Seeded:
    rng = random.Random(SEED)  # noqa: S311 - the same centre each time is the point
    centre = make_centre(now=now)
    first = now.date() - timedelta(days=DAYS)
    customers = max(contacts * 5 // 14, 30)
    maker = People(rng)
    people = [maker.make() for _ in range(customers)]
    strangers = people[: max(int(customers * STRANGERS), 3)]
    regulars = people[len(strangers) :]
    since = now - timedelta(days=DAYS + 1)
    store_people(regulars, since=since, by=centre.by, rng=rng)
    demand = Demand(people, now=now, holidays=centre.holidays, rng=rng)
    rota = Rota(centre, first=first, last=now.date() + timedelta(days=3), now=now, rng=rng)
    story = Story(centre, demand, rota, rng)
    story.play(round(contacts * BEGINNINGS))
    receipts = _tell(story, centre)
    _keep(centre, regulars, now, rng)
    responses = ask_customers(story.memories, receipts, now=now, centre=centre, rng=rng)
    judge_contacts(receipts, random.Random(SEED))  # noqa: S311
    tidy_customers(centre, strangers, regulars)
    rota.store_presence()
    running = begin_today(story, but=centre.agents["Phone"][0]) + fill_desks(story) + 1
    tell_calls(centre.inboxes[Channel.VOICE], rng)
    tell_one_case(centre, now, random.Random(SEED))  # noqa: S311
    return Seeded(len(receipts), customers, responses, running, give_sign_ins(centre))


def _tell(story: Story, centre: Centre) -> dict[str, Receipt]:
    told = sorted(story.contacts, key=lambda contact: (contact.occurred_at, contact.external_id))
    receipts: dict[str, Receipt] = {}
    for start in range(0, len(told), MAX_BATCH):
        batch = told[start : start + MAX_BATCH]
        for receipt in receive_many(contacts=batch, by_id=centre.by.pk, mode="history"):
            receipts[receipt.external_id] = receipt
    return receipts


def _keep(centre: Centre, regulars: list[Person], now: datetime, rng: random.Random) -> None:
    authors = [agent for agents in centre.agents.values() for agent in agents]
    store_what_we_keep(regulars, authors, until=now, rng=rng)
