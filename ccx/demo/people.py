"""The customers: who they are, how they can be reached, what they bought and what we remember of them."""

import random
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from itertools import count

from ccx.demo.words import Words, words
from ccx.kernel.events.log import Event, event_rows, insert_rows
from ccx.kernel.events.models import Origin
from ccx.kernel.models import User
from interactions.channels.choices import Channel
from interactions.customers.choices import Assurance, ConsentState, IdentityKind
from interactions.customers.events import CustomerAdded, CustomerChanged, IdentityAdded, PurchaseRecorded
from interactions.customers.models import Consent, Customer, CustomerNote, Identity, Preference, Purchase

EVENTS_AT_ONCE = 500
# Letters that lose nothing but their shape in an address.
PLAIN = str.maketrans({"ß": "ss", "ł": "l", "Ł": "L", "\u0131": "i", "’": "", "'": ""})
KIND_OF_CHANNEL = {
    Channel.VOICE: IdentityKind.PHONE,
    Channel.CHAT: IdentityKind.ACCOUNT,
    Channel.EMAIL: IdentityKind.EMAIL,
    Channel.SMS: IdentityKind.PHONE,
    Channel.WHATSAPP: IdentityKind.WHATSAPP,
    Channel.WEB_FORM: IdentityKind.EMAIL,
}


@dataclass
class Person:
    """One customer as the story needs them."""

    name: str
    given: str
    country: Words
    city: str
    street: str
    company: str
    identities: dict[str, str] = field(default_factory=dict)
    customer_id: int = 0

    @property
    def language(self) -> str:
        return str(self.country["language"])

    def channels(self) -> list[Channel]:
        """The channels on which this customer can turn to us."""
        return [channel for channel, kind in KIND_OF_CHANNEL.items() if kind in self.identities]

    def money(self, amount: float) -> str:
        """An amount as it is written where the customer lives."""
        return str(self.country["sign"]).format(f"{amount:.2f}")


class People:
    """Makes customers, each different from the others."""

    def __init__(self, rng: random.Random) -> None:
        self.rng = rng
        self.countries = words("people")["countries"]
        self.weights = [country["weight"] for country in self.countries]
        self.numbers = {country["code"]: _numbers(country["phones"]) for country in self.countries}
        self.serial = count(1)

    def make(self) -> Person:
        """One more customer."""
        rng = self.rng
        country = rng.choices(self.countries, self.weights)[0]
        given, family = rng.choice(country["given"]), rng.choice(country["family"])
        person = Person(
            name=f"{given} {family}",
            given=given,
            country=country,
            city=rng.choice(country["cities"]),
            street=rng.choice(country["streets"]).format(n=rng.randint(1, 140)),
            company=rng.choice(words("people")["companies"]) if rng.random() < 0.07 else "",
        )
        number = next(self.serial)
        person.identities[IdentityKind.EMAIL] = f"{_plain(given, family)}{number}@{country['code']}-mail.example"
        phone = next(self.numbers[country["code"]], None) if rng.random() < 0.88 else None
        if phone:
            person.identities[IdentityKind.PHONE] = phone
            if rng.random() < 0.5:
                person.identities[IdentityKind.WHATSAPP] = phone
        if rng.random() < 0.72:
            person.identities[IdentityKind.ACCOUNT] = f"shop-{100000 + number * 7}"
        return person


def _numbers(formats: list[str]) -> Iterator[str]:
    """Phone numbers in the given ranges, each once."""
    for pattern in formats:
        digits = int(pattern[pattern.index("{:0") + 3])
        yield from (pattern.format(number) for number in range(10**digits))


def _plain(*names: str) -> str:
    text = ".".join(name.translate(PLAIN) for name in names).lower().replace(" ", "")
    letters = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().strip(".")
    return letters or "customer"


def store_people(people: list[Person], *, since: datetime, by: User, rng: random.Random) -> None:
    """Customers and identities as the shop told them before the story begins."""
    rows = Customer.objects.bulk_create(
        Customer(
            name=person.name,
            company=person.company,
            language=person.language,
            time_zone=person.country["zone"] if rng.random() < 0.7 else "",
            attributes={"shop_tier": rng.choices(["standard", "silver", "gold"], [80, 15, 5])[0], "city": person.city},
            created_at=since - timedelta(days=rng.randint(1, 1400), minutes=rng.randint(0, 1400)),
        )
        for person in people
    )
    identities = []
    for person, row in zip(people, rows, strict=True):
        person.customer_id = row.pk
        for kind, value in person.identities.items():
            identities.append(
                Identity(
                    customer=row,
                    kind=kind,
                    value=value,
                    assurance=Assurance.PROVEN if kind == IdentityKind.ACCOUNT else Assurance.ATTESTED,
                    source="shop",
                    first_seen_at=row.created_at,
                    last_seen_at=row.created_at,
                )
            )
    known = Identity.objects.bulk_create(identities)
    tell((CustomerAdded(customer_id=row.pk) for row in rows), by=by, at=since)
    tell(
        (IdentityAdded(customer_id=one.customer_id, identity_id=one.pk, assurance=one.assurance) for one in known),
        by=by,
        at=since,
    )


def store_what_we_keep(people: list[Person], authors: list[User], *, until: datetime, rng: random.Random) -> None:
    """Purchases, preferences, consents and notes."""
    items, notes = words("people")["items"], words("people")["customer_notes"]
    purchases: list[Purchase] = []
    preferences: list[Preference] = []
    consents: list[Consent] = []
    remembered: list[CustomerNote] = []
    numbers = count(40211)
    for person in people:
        for _ in range(rng.choices([0, 1, 2, 3, 5], [10, 45, 25, 15, 5])[0]):
            name, price = rng.choice(items)
            purchases.append(
                Purchase(
                    customer_id=person.customer_id,
                    reference=f"FW-{next(numbers)}",
                    description=f"{name.removeprefix('the ').capitalize()}",
                    amount=Decimal(price) * rng.choice([1, 1, 1, 2]),
                    currency=person.country["currency"],
                    purchased_at=until - timedelta(days=rng.randint(1, 300), minutes=rng.randint(0, 1400)),
                )
            )
        set_at = until - timedelta(days=rng.randint(5, 300))
        for topic, value in _preferences(person, rng):
            preferences.append(
                Preference(customer_id=person.customer_id, topic=topic, value=value, source="customer", set_at=set_at)
            )
        for purpose, state in _consents(rng):
            consents.append(
                Consent(customer_id=person.customer_id, purpose=purpose, state=state, source="checkout", at=set_at)
            )
        if rng.random() < 0.05:
            remembered.append(
                CustomerNote(
                    customer_id=person.customer_id,
                    author=rng.choice(authors),
                    body=rng.choice(notes),
                    created_at=set_at,
                )
            )
    Preference.objects.bulk_create(preferences)
    Consent.objects.bulk_create(consents)
    CustomerNote.objects.bulk_create(remembered)
    _tell_what_we_keep(Purchase.objects.bulk_create(purchases), preferences, consents, remembered)


def _tell_what_we_keep(
    purchases: list[Purchase], preferences: list[Preference], consents: list[Consent], notes: list[CustomerNote]
) -> None:
    changes: list[tuple[Event, datetime]] = [
        (PurchaseRecorded(customer_id=one.customer_id, purchase_id=one.pk), one.purchased_at) for one in purchases
    ]
    changes += [(CustomerChanged(customer_id=one.customer_id, what="preference"), one.set_at) for one in preferences]
    changes += [(CustomerChanged(customer_id=one.customer_id, what="consent"), one.at) for one in consents]
    changes += [(CustomerChanged(customer_id=one.customer_id, what="note"), one.created_at) for one in notes]
    rows = [row for event, at in changes for row in event_rows([event], by_id=None, origin=Origin.HISTORY, at=at)]
    _insert(rows)


def _preferences(person: Person, rng: random.Random) -> list[tuple[str, str]]:
    told = []
    if rng.random() < 0.3:
        told.append(("channel", rng.choice(person.channels()).slug))
    if rng.random() < 0.12:
        told.append(("time of day", rng.choice(["mornings", "after 17 h", "weekends"])))
    return told


def _consents(rng: random.Random) -> list[tuple[str, str]]:
    told = []
    if rng.random() < 0.55:
        told.append(("newsletter", ConsentState.GIVEN.value))
        if rng.random() < 0.2:
            told.append(("newsletter", ConsentState.WITHDRAWN.value))
    if rng.random() < 0.4:
        told.append(("surveys", ConsentState.GIVEN.value))
    return told


def tell(events: Iterable[Event], *, by: User | None, at: datetime) -> None:
    """Put events about the past into the log, many at once."""
    _insert(event_rows(events, by_id=by.pk if by else None, origin=Origin.HISTORY, at=at))


def _insert(rows: list[tuple[object, ...]]) -> None:
    for start in range(0, len(rows), EVENTS_AT_ONCE):
        insert_rows(rows[start : start + EVENTS_AT_ONCE])
