"""How the centre is set up: teams and people, queues and hours, reasons and who owns what causes them."""

import secrets
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

from django.conf import settings

from ccx.demo.words import reasons, words
from ccx.kernel.models import Team, User
from ccx.kernel.people.choices import GrantScope, Role
from ccx.kernel.people.services.accounts import create_person
from ccx.kernel.people.services.grants import give_grant
from ccx.kernel.people.services.service_users import service_user
from ccx.kernel.people.services.teams import create_team
from interactions.cases.services.reasons import save_reason
from interactions.channels.choices import Channel
from interactions.channels.models import Inbox
from interactions.channels.services import keep_credentials
from interactions.doors.models import WebForm
from interactions.models import (
    AgentSkill,
    BusinessHours,
    BusinessInterval,
    ContactReason,
    Disposition,
    Holiday,
    Queue,
    ServiceTarget,
    Skill,
)
from journeys.ownership.choices import PartKind
from journeys.ownership.services.mapping import map_reasons, name_job
from journeys.ownership.services.parts import save_part, save_touchpoint
from journeys.ownership.services.rates import set_cost_rate

DOMAIN = "fernwood.example"
STAFF = {
    "Phone": ["Martha Quinn", "Deniz Aydin", "Rowan Blythe", "Salma Haddad", "Peter Lindqvist", "Joyce Mensah",
              "Tomasz Król", "Hannah Weir"],
    "Chat and messaging": ["Mina Park", "Luca Ferri", "Abena Owusu", "Jonas Kühn", "Carys Bevan"],
    "E-mail desk": ["Ingrid Dahl", "Samuel Osei", "Noor Rahman", "Élise Caron", "Patrick Moran"],
    "Billing": ["Ruth Ellery", "Viktor Novák", "Amara Diallo", "Stefan Brandt"],
    "Escalations": ["Gwen Hollis", "Arjun Mehta", "Beatriz Lima"],
}  # fmt: skip
LEADS = {"Phone": "Colin Ashdown", "E-mail desk": "Fiona Marsh"}
OWNERS = {"Logistics": "Henrik Sund", "Finance": "Leila Nazari"}
# Queue -> (team, hours). The first team name of a queue answers it.
QUEUES = {
    "Phone": ("Phone", "Service line"),
    "Chat": ("Chat and messaging", "Service line"),
    "Messaging": ("Chat and messaging", "Desk"),
    "E-mail and forms": ("E-mail desk", "Desk"),
    "Billing": ("Billing", "Desk"),
    "Escalations": ("Escalations", "Desk"),
}
INBOXES = {
    Channel.VOICE: ("Service line", "+441134960100", "Phone"),
    Channel.CHAT: ("Shop chat", "shop.fernwood.example", "Chat"),
    Channel.EMAIL: ("Help mailbox", f"help@{DOMAIN}", "E-mail and forms"),
    Channel.SMS: ("Text messages", "+447700900100", "Messaging"),
    Channel.WHATSAPP: ("WhatsApp", "+447700900101", "Messaging"),
    Channel.WEB_FORM: ("Contact form", "/forms/contact/", "E-mail and forms"),
}
CHAT_SETTINGS = {
    "title": "Fernwood",
    "intro": "Hello, this is Fernwood. Ask us anything about an order, a delivery or a piece of furniture.",
    "accent": "#2f6b4f",
    "wants_email": "offline",
    "away_minutes": 1,
}
TOUCHPOINTS = {
    "Logistics": ["Dispatch e-mail and tracking", "Home delivery", "Packaging"],
    "Finance": ["Refunds"],
    "Online shop": ["Checkout", "Payment page", "Product page", "Customer account"],
    "Stores and returns": ["Return portal"],
    "Buying and quality": ["Suppliers and quality"],
}
JOURNEYS = {
    "Choosing and buying": ["Product page", "Checkout", "Payment page", "Customer account"],
    "Getting it home": ["Dispatch e-mail and tracking", "Home delivery", "Packaging"],
    "Sending it back": ["Return portal", "Refunds"],
}
# Group of reasons -> what customers want to get done there.
JOBS = {
    "delivery": "Know when it arrives",
    "billing": "Pay the right amount",
    "returns": "Get my money back without a fight",
    "account": "Manage my things myself",
    "product": "Choose what fits",
}
SKILLS = {"german": "German", "french": "French", "payments": "Payments", "furniture": "Furniture and assembly",
          "complaints": "Complaints"}  # fmt: skip
DISPOSITIONS = (
    ("solved", "Solved", True),
    ("answered", "Question answered", True),
    ("refunded", "Refunded or goodwill", True),
    ("waiting_for_others", "Waiting for another department", False),
    ("not_solved", "Could not be solved", False),
    ("follow_up", "Follow-up promised", None),
)
HOUR = 3600


@dataclass
class Centre:
    """The rows that the story needs, by name."""

    by: User
    administrator: User
    agents: dict[str, list[User]] = field(default_factory=dict)
    leads: dict[str, User] = field(default_factory=dict)
    owners: dict[str, User] = field(default_factory=dict)
    analyst: User | None = None
    queues: dict[str, Queue] = field(default_factory=dict)
    inboxes: dict[int, Inbox] = field(default_factory=dict)
    reasons: dict[str, ContactReason] = field(default_factory=dict)
    dispositions: dict[str, Disposition] = field(default_factory=dict)
    holidays: frozenset[date] = frozenset()


def make_centre(*, now: datetime) -> Centre:
    """Everything that is configuration, and the people of the centre. Nobody has a password yet."""
    administrator = create_person(email=f"admin@{DOMAIN}", name="Nell Fernwood", role=Role.ADMINISTRATOR, by=None)
    centre = Centre(by=service_user("seed"), administrator=administrator)
    teams = {name: create_team(name=name, by=administrator) for name in STAFF}
    _hire(centre, teams)
    _open_lines(centre, teams, now)
    _promise(centre, now)
    _grow_reasons(centre)
    _share_out(centre)
    _price(centre, now)
    _teach(centre)
    return centre


def address_of(name: str) -> str:
    """A person's e-mail address at work."""
    plain = name.translate(str.maketrans("éÉüóá", "eEuoa")).lower().replace(" ", ".")
    return f"{plain}@{DOMAIN}"


def _hire(centre: Centre, teams: dict[str, Team]) -> None:
    boss = centre.administrator
    for team, names in STAFF.items():
        for name in names:
            agent = create_person(email=address_of(name), name=name, role=Role.AGENT, team=teams[team], by=boss)
            give_grant(user_id=agent.pk, scope=GrantScope.TEAM, target_id=teams[team].pk, by=boss)
            centre.agents.setdefault(team, []).append(agent)
    for team, name in LEADS.items():
        lead = create_person(email=address_of(name), name=name, role=Role.SUPERVISOR, team=teams[team], by=boss)
        centre.leads[team] = lead
    looked_after = {"Phone": ("Phone", "Chat and messaging", "Escalations"), "E-mail desk": ("E-mail desk", "Billing")}
    for lead_of, names_of_teams in looked_after.items():
        for team in names_of_teams:
            give_grant(user_id=centre.leads[lead_of].pk, scope=GrantScope.TEAM, target_id=teams[team].pk, by=boss)
    analyst = create_person(email=address_of("Oona Keane"), name="Oona Keane", role=Role.QUALITY_ANALYST, by=boss)
    give_grant(user_id=analyst.pk, scope=GrantScope.ALL, target_id=None, by=boss)
    centre.analyst = analyst


def _open_lines(centre: Centre, teams: dict[str, Team], now: datetime) -> None:
    zone = str(now.tzinfo)
    today = now.date()
    centre.holidays = frozenset({today - timedelta(days=38), today + timedelta(days=19)})
    # The service line closes over lunch on Saturdays, the desk does every day.
    weekday, split = [(time(8), time(20))], [(time(8), time(12, 30)), (time(13), time(18))]
    hours = {
        "Service line": {**dict.fromkeys(range(5), weekday), 5: [(time(9), time(12)), (time(13), time(16))]},
        "Desk": {**{day: list(split) for day in range(5)}, 5: [(time(9), time(13))]},
    }
    calendars = {}
    for name, week in hours.items():
        calendars[name] = BusinessHours.objects.create(name=name, time_zone=zone)
        BusinessInterval.objects.bulk_create(
            BusinessInterval(hours=calendars[name], weekday=day, opens=opens, closes=closes)
            for day, intervals in week.items()
            for opens, closes in intervals
        )
        Holiday.objects.bulk_create(
            Holiday(hours=calendars[name], date=day, name="Stocktaking") for day in sorted(centre.holidays)
        )
    for name, (team, calendar) in QUEUES.items():
        centre.queues[name] = Queue.objects.create(name=name, team=teams[team], business_hours=calendars[calendar])
    for channel, (name, address, queue) in INBOXES.items():
        centre.inboxes[channel] = Inbox.objects.create(
            name=name,
            channel=channel,
            address=address,
            default_queue=centre.queues[queue],
            business_hours=centre.queues[queue].business_hours,
        )
    form, mail = centre.inboxes[Channel.WEB_FORM], centre.inboxes[Channel.EMAIL]
    form.reply_inbox = mail
    form.save(update_fields=["reply_inbox"])
    mail.settings = {"from_name": "Fernwood"}
    mail.save(update_fields=["settings"])
    chat = centre.inboxes[Channel.CHAT]
    here = settings.BASE_URL.replace("//127.0.0.1", "//localhost")  # our own address may embed it anyway
    chat.settings, chat.reply_inbox = CHAT_SETTINGS | {"origins": [here]}, mail
    chat.business_hours = None  # so that it can be tried at any hour
    chat.save(update_fields=["settings", "reply_inbox", "business_hours"])
    # The pretend shop (/demo/shop/) says with it who is signed in there.
    keep_credentials(
        inbox_id=chat.pk, credentials={"identity_secret": secrets.token_urlsafe(32)}, by=centre.administrator
    )
    _publish_form(centre)


def _publish_form(centre: Centre) -> None:
    topics = [group["name"] for group in words("reasons")] + ["Something else"]
    WebForm.objects.create(
        inbox=centre.inboxes[Channel.WEB_FORM],
        slug="contact",
        title="Write to Fernwood",
        intro="We answer on working days, most of the time within a day.",
        fields=[
            {"name": "name", "label": "Your name", "kind": "text", "required": True},
            {"name": "email", "label": "E-mail", "kind": "email", "required": True},
            {"name": "order", "label": "Order number (FW-…)", "kind": "text", "required": False},
            {"name": "topic", "label": "What is it about?", "kind": "select", "required": True, "choices": topics},
            {"name": "message", "label": "How can we help?", "kind": "textarea", "required": True},
        ],
        thanks="Thank you. We have it, and you will hear from us by e-mail.",
    )


def _promise(centre: Centre, now: datetime) -> None:
    """Service targets; the service line promised more since a month ago."""
    before, changed = now - timedelta(days=400), now - timedelta(days=30)
    promises: list[tuple[str | None, Channel | None, datetime, int]] = [
        (None, None, before, 30),
        (None, Channel.CHAT, before, 45),
        ("Phone", Channel.VOICE, before, 40),
        ("Phone", Channel.VOICE, changed, 20),
        ("Billing", Channel.VOICE, before, 60),
        (None, Channel.EMAIL, before, 48 * HOUR),
        (None, Channel.EMAIL, changed, 24 * HOUR),
        (None, Channel.WEB_FORM, before, 48 * HOUR),
        (None, Channel.SMS, before, 4 * HOUR),
        (None, Channel.WHATSAPP, before, 2 * HOUR),
    ]
    ServiceTarget.objects.bulk_create(
        ServiceTarget(
            queue=centre.queues[queue] if queue else None,
            channel=channel,
            valid_from=since,
            answer_within_seconds=seconds,
            short_abandon_seconds=10 if channel == Channel.CHAT else 5,
        )
        for queue, channel, since, seconds in promises
    )


def _grow_reasons(centre: Centre) -> None:
    for group in words("reasons"):
        parent = save_reason(reason=ContactReason(code=group["code"], name=group["name"]), by=centre.by)
        centre.reasons[group["code"]] = parent
        for leaf in group["reasons"]:
            centre.reasons[leaf["code"]] = save_reason(
                reason=ContactReason(
                    code=leaf["code"],
                    name=leaf["name"],
                    parent=parent,
                    resolution_window_days=leaf.get("window", 7),
                ),
                by=centre.by,
            )
    for code, name, is_resolved in DISPOSITIONS:
        centre.dispositions[code] = Disposition.objects.create(code=code, name=name, is_resolved=is_resolved)


def _share_out(centre: Centre) -> None:
    """Departments, journeys, jobs and touchpoints, and where each reason belongs; owners see what is theirs."""
    boss = centre.administrator
    for name, person in OWNERS.items():
        centre.owners[name] = create_person(email=address_of(person), name=person, role=Role.EXPERIENCE_OWNER, by=boss)

    def parts(kind: PartKind, names: Iterable[str]) -> dict[str, Any]:
        return {
            name: save_part(kind=kind, part_id=None, name=name, owner=centre.owners.get(name), by=boss)
            for name in names
        }

    journeys, jobs = parts(PartKind.JOURNEY, JOURNEYS), parts(PartKind.JOB, JOBS.values())
    on_journey = {place: journeys[name] for name, places in JOURNEYS.items() for place in places}
    places = {
        place: save_touchpoint(
            touchpoint_id=None, name=place, department=department, journey=on_journey.get(place), by=boss
        )
        for name, department in parts(PartKind.DEPARTMENT, TOUCHPOINTS).items()
        for place in TOUCHPOINTS[name]
    }
    for place, touchpoint in places.items():
        here = [centre.reasons[code].pk for code, leaf in reasons().items() if leaf.get("touchpoint") == place]
        map_reasons(reason_ids=here, touchpoint=touchpoint, by=boss)
    for group, job in JOBS.items():
        here = [centre.reasons[code].pk for code, leaf in reasons().items() if leaf["group"] == group]
        name_job(reason_ids=here, job=jobs[job], by=boss)


def _price(centre: Centre, now: datetime) -> None:
    """What handling costs: dearer since a month ago, and the phone dearer than the rest."""
    before, raised = (now - timedelta(days=400)).date(), (now - timedelta(days=30)).date()
    rates: list[tuple[Channel | None, date, str, str]] = [
        (None, before, "36.50", "0.10"),
        (None, raised, "38.90", "0.10"),
        (Channel.VOICE, before, "38.00", "0.42"),
        (Channel.VOICE, raised, "40.50", "0.42"),
        (Channel.WHATSAPP, before, "36.50", "0.26"),
    ]
    for channel, day, hour, contact in rates:
        amounts = (Decimal(hour), Decimal(contact))
        set_cost_rate(channel=channel, from_day=day, amounts=amounts, is_past_meant=True, by=centre.administrator)


def _teach(centre: Centre) -> None:
    skills = {code: Skill.objects.create(code=code, name=name) for code, name in SKILLS.items()}
    known = {"Phone": "furniture", "Chat and messaging": "german", "E-mail desk": "french", "Billing": "payments",
             "Escalations": "complaints"}  # fmt: skip
    AgentSkill.objects.bulk_create(
        AgentSkill(agent=agent, skill=skills[known[team]], level=2 + place % 4)
        for team, agents in centre.agents.items()
        for place, agent in enumerate(agents)
    )
    centre.queues["Billing"].skills.add(skills["payments"])
    centre.queues["Escalations"].skills.add(skills["complaints"])
