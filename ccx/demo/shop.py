"""A pretend shop that embeds the chat as any site would: a few products, and customers who can be signed in."""

import json
from dataclasses import dataclass
from typing import Final

from django.utils import timezone

from interactions.channels.choices import Channel
from interactions.channels.models import Inbox
from interactions.channels.services import credentials_of
from interactions.doors.chat.tokens import SiteUser, signature_of

SIGNED_FOR_SECONDS: Final = 3600
SECRET: Final = "identity_secret"  # noqa: S105 - its name among the line's credentials


@dataclass(frozen=True)
class Product:
    """Something on the shelf."""

    slug: str
    name: str
    price: str
    line: str
    told: str


PRODUCTS: Final = (
    Product(
        "alder-lamp",
        "Alder table lamp",
        "€ 89",
        "A warm light to read by",
        "Turned from one piece of alder, with a linen shade that is sewn by hand. The cable is two metres long and "
        "covered in cotton. It takes any E27 bulb; a warm one of 6 watts comes with it.",
    ),
    Product(
        "hollow-chair",
        "Hollow chair",
        "€ 249",
        "Ash, woven paper cord",
        "A light chair of ash with a seat of woven paper cord. It carries 130 kilos, weighs four, and stands in "
        "stacks of three. The frame is oiled; the cord wants nothing but a dry cloth.",
    ),
    Product(
        "brook-table",
        "Brook side table",
        "€ 139",
        "Three legs, no wobble",
        "Three legs never wobble. The top is solid oak, 42 centimetres across; the legs screw in without a tool, and "
        "everything comes in a box that fits under an arm.",
    ),
    Product(
        "moss-vase",
        "Moss vase",
        "€ 45",
        "Stoneware, each a little different",
        "Thrown and glazed in a workshop of two people. The glaze runs as it likes, so no vase is like another. "
        "Watertight, and safe in the dishwasher.",
    ),
)


@dataclass(frozen=True)
class Shopper:
    """Somebody with an account at the shop."""

    id: str
    name: str
    email: str


SHOPPERS: Final = (
    Shopper("c-1001", "Maria Lopez", "maria.lopez@customer.example"),
    Shopper("c-1002", "Tom Becker", "tom.becker@customer.example"),
)


def product_named(slug: str) -> Product | None:
    """One of the shelf."""
    return next((product for product in PRODUCTS if product.slug == slug), None)


def shopper_named(number: str) -> Shopper | None:
    """Who has this account."""
    return next((shopper for shopper in SHOPPERS if shopper.id == number), None)


def chat_line() -> Inbox | None:
    """The line that the shop's chat belongs to."""
    return Inbox.objects.filter(channel=Channel.CHAT, is_active=True).order_by("pk").first()


def signs(line: Inbox | None) -> bool:
    """Whether the shop shares a secret with the line, so that it can say who is signed in."""
    return line is not None and bool(credentials_of(line).get(SECRET))


def signed(shopper: Shopper, line: Inbox) -> str:
    """Who is signed in, as JSON for the widget: signed on the server, good for an hour and for this line only."""
    expires = int(timezone.now().timestamp()) + SIGNED_FOR_SECONDS
    user = SiteUser(id=shopper.id, email=shopper.email)
    signature = signature_of(user, expires=expires, inbox=line.public_id, secret=credentials_of(line)[SECRET])
    told = {"id": shopper.id, "name": shopper.name, "email": shopper.email, "expires": expires, "signature": signature}
    return json.dumps(told)
