"""The pretend shop of a demonstration: it embeds the chat, and signs who is signed in there."""

import hashlib
import hmac
import json
import re
from html import unescape

import pytest
from django.conf import LazySettings
from django.test import Client

from interactions.channels.choices import Channel
from interactions.channels.models import Inbox
from interactions.channels.services import keep_credentials
from tests.factories.contacts import make_centre

SECRET = "a-secret-of-the-shop-and-the-line-only"


@pytest.fixture
def line(db: None, settings: LazySettings) -> Inbox:
    settings.DEMO = True
    make_centre()
    line = Inbox.objects.filter(channel=Channel.CHAT).order_by("pk")[0]
    return keep_credentials(inbox_id=line.pk, credentials={"identity_secret": SECRET}, by=None)


def test_every_page_of_the_shop_embeds_the_chat_by_one_script_tag(line: Inbox, client: Client) -> None:
    shelf = client.get("/demo/shop/")
    products = re.findall(r'href="(/demo/shop/[a-z-]+/)"', shelf.text)
    assert len(products) == 4
    for address in ["/demo/shop/", *products]:
        assert f'<script src="/chat/widget.js" data-inbox="{line.public_id}" async>' in client.get(address).text
    assert client.get("/demo/shop/no-such-thing/").status_code == 404


def test_the_shop_signs_who_is_signed_in_and_never_shows_the_secret(line: Inbox, client: Client) -> None:
    assert 'data-signed=""' in client.get("/demo/shop/").text
    client.post("/demo/shop/sign-in/", {"shopper": "c-1001"})
    page = client.get("/demo/shop/moss-vase/").text
    user = json.loads(unescape(re.findall(r'data-signed="([^"]+)"', page)[0]))
    message = f"{user['id']}|{user['email']}|{user['expires']}|{line.public_id}"
    assert user["signature"] == hmac.new(SECRET.encode(), message.encode(), hashlib.sha256).hexdigest()
    assert SECRET not in page
    client.post("/demo/shop/sign-in/", {"shopper": ""})
    assert 'data-signed=""' in client.get("/demo/shop/").text


def test_a_shop_without_a_line_or_a_secret_says_so_and_works(line: Inbox, client: Client) -> None:
    keep_credentials(inbox_id=line.pk, credentials={"identity_secret": ""}, by=None)
    assert "Signed in as" not in client.get("/demo/shop/").text
    Inbox.objects.update(is_active=False)
    page = client.get("/demo/shop/")
    assert "No chat line is set up" in page.text
    assert "widget.js" not in page.text


def test_outside_a_demonstration_there_is_no_shop(line: Inbox, client: Client, settings: LazySettings) -> None:
    settings.DEMO = False
    for address in ("/demo/shop/", "/demo/shop/moss-vase/"):
        assert client.get(address).status_code == 404
    assert client.post("/demo/shop/sign-in/", {}).status_code == 404
