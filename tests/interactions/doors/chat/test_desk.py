"""What the desk shows of a chat, and what no log does."""

import logging

import pytest
from django.test import Client

from ccx.kernel.models import EventRow
from ccx.kernel.people.choices import GrantScope
from interactions.models import Interaction, Message
from tests.factories.contacts import Centre
from tests.factories.people import make_grant
from tests.factories.visitors import SHOP, Visitor, open_line, signed


def test_the_desk_shows_what_was_asked_where_from_and_what_went_on_by_mail(centre: Centre) -> None:
    visitor = Visitor(open_line(centre.chat, questions="Order number *\n<b>Odd</b>"))
    visitor.begin(
        answers={"order_number": "<i>4711</i>", "boddb": "yes"},
        page={"url": f"{SHOP}/lamps?x=1", "title": "<script>alert(1)</script>"},
        email="ann@example.test",
    )
    visitor.say()
    chat = Interaction.objects.get()
    Message.objects.update(meta=Message.objects.get().meta | {"mailed_at": "2026-11-28T10:00:00+00:00"})
    make_grant(centre.alice, GrantScope.TEAM, centre.team.pk)
    client = Client()
    client.force_login(centre.alice, backend="ccx.kernel.people.backends.PersonBackend")
    page = client.get(f"/desk/{chat.public_id}/").content.decode()
    for words in ("Order number", "&lt;i&gt;4711&lt;/i&gt;", "ann@example.test", f'href="{SHOP}/lamps?x=1"'):
        assert words in page
    assert "this went on by e-mail" in page
    assert "<script>alert" not in page
    assert 'id="desk-customer"' in page
    stranger = Client()
    stranger.force_login(centre.bob, backend="ccx.kernel.people.backends.PersonBackend")
    assert stranger.get(f"/desk/{chat.public_id}/").status_code == 404


def test_an_address_that_comes_after_the_first_words_stands_beside_them(centre: Centre) -> None:
    visitor = Visitor(open_line(centre.chat))
    visitor.begin()
    visitor.say()
    visitor.say("Hello?")
    for _twice in range(2):
        assert visitor.ask("email", {"email": "Ann@example.test"}).status_code == 200
    first, second = Message.objects.order_by("sent_at", "pk")
    assert (first.meta["chat"]["email"], second.meta) == ("ann@example.test", {})
    told = EventRow.objects.filter(kind="interaction_changed", data={"what": "email"})
    assert [row.interaction_id for row in told] == [first.interaction_id]


def test_no_log_has_a_token_or_a_word(centre: Centre, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    visitor = Visitor(open_line(centre.chat))
    user = signed(visitor.inbox)
    visitor.begin(user=user)
    visitor.say("My secret words")
    visitor.state()
    Visitor(visitor.inbox).ask("link", {"token": "a-token-of-a-link"})
    told = caplog.text
    assert visitor.token not in told
    for words in ("My secret words", "a-token-of-a-link", user["signature"], "ann@example.test"):
        assert words not in told
