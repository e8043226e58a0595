"""The public form: for people, without JavaScript, and dull for machines."""

import html
import re
from typing import Any

import pytest
import time_machine
from django.core import mail
from django.test import Client
from django.utils import timezone

from interactions.channels.choices import Channel
from interactions.customers.choices import Assurance
from interactions.doors.models import WebForm
from interactions.models import Identity, Inbox, Interaction, Message, RawContact

FIELDS = [
    {"name": "name", "label": "Your name", "kind": "text", "required": True},
    {"name": "mail", "label": "E-mail", "kind": "email", "required": True},
    {"name": "phone", "label": "Phone", "kind": "tel"},
    {"name": "topic", "label": "Topic", "kind": "select", "required": True, "choices": ["Bill", "Order"]},
    {"name": "message", "label": "Message", "kind": "textarea", "required": True, "max_length": 500},
    {"name": "terms", "label": "I agree", "kind": "checkbox", "required": True},
]
FILLED = {
    "f_name": "Ann",
    "f_mail": "Ann@Example.test",
    "f_topic": "Order",
    "f_message": "Where is it?\nStill waiting.",
    "f_terms": "on",
}
URL = "/forms/contact/"


@pytest.fixture
def web_form(db: None) -> WebForm:
    inbox = Inbox.objects.create(name="Contact form", channel=Channel.WEB_FORM)
    return WebForm.objects.create(
        inbox=inbox, slug="contact", title="Contact us", fields=FIELDS, thanks="We are on it."
    )


class Visitor:
    """Somebody with a browser that runs no script and keeps no cookie."""

    def __init__(self) -> None:
        self.client = Client(enforce_csrf_checks=True)
        page = self.client.get(URL)
        assert page.status_code == 200
        self.page = page.content.decode()
        found = re.search(r'name="ticket" value="([^"]+)"', self.page)
        assert found is not None
        self.ticket = html.unescape(found[1])

    def send(self, *, after: float = 10, **changes: Any) -> Any:
        data = FILLED | {"ticket": self.ticket} | changes
        with time_machine.travel(timezone.now().timestamp() + after, tick=True):
            return self.client.post(URL, {name: value for name, value in data.items() if value is not None})


def test_what_is_filled_in_becomes_one_contact_of_a_claimed_identity(web_form: WebForm) -> None:
    answer = Visitor().send()
    assert answer.status_code == 200
    assert "We are on it." in answer.content.decode()
    interaction = Interaction.objects.select_related("customer").get()
    assert (interaction.inbox, interaction.channel) == (web_form.inbox, Channel.WEB_FORM)
    assert interaction.assurance == Assurance.CLAIMED
    assert interaction.customer.name == "Ann"
    assert interaction.subject == "Contact us"
    identity = Identity.objects.get()
    assert (identity.value, identity.assurance) == ("ann@example.test", Assurance.CLAIMED)
    assert Message.objects.get().body == (
        "Where is it?\nStill waiting.\n\nE-mail: Ann@Example.test\nTopic: Order\nI agree: ✓"
    )
    assert RawContact.objects.get().payload["topic"] == "Order"
    # The short answers by themselves, among which addresses are looked for.
    assert Message.objects.get().meta == {
        "form": {
            "answers": [{"label": "Your name", "answer": "Ann"}, {"label": "E-mail", "answer": "Ann@Example.test"}]
        }
    }


def test_nobody_is_written_to(web_form: WebForm) -> None:
    Visitor().send()
    assert mail.outbox == []


def test_sent_twice_it_is_one_contact(web_form: WebForm) -> None:
    visitor = Visitor()
    assert [visitor.send().status_code for _ in range(2)] == [200, 200]
    assert (Interaction.objects.count(), RawContact.objects.count()) == (1, 1)


def test_two_people_are_two_contacts(web_form: WebForm) -> None:
    Visitor().send()
    Visitor().send(f_mail="bob@example.test")
    assert Interaction.objects.count() == 2


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("f_name", ""),
        ("f_mail", "no address"),
        ("f_topic", "Free money"),
        ("f_message", "x" * 501),
        ("f_message", "a\x00b"),
        ("f_terms", None),
        ("f_mail", None),
    ],
)
def test_what_is_wrong_is_said_at_its_field_and_nothing_typed_is_lost(
    field: str, value: str | None, web_form: WebForm
) -> None:
    answer = Visitor().send(**{field: value})
    page = answer.content.decode()
    assert answer.status_code == 400
    assert f'id="field-{field}_error"' in page
    assert 'role="alert"' in page
    assert page.count('class="form-error"') == 1
    if field != "f_message":
        assert "Still waiting." in page
    assert RawContact.objects.count() == 0


def test_a_form_with_errors_can_be_sent_again_right_away(web_form: WebForm) -> None:
    visitor = Visitor()
    assert visitor.send(f_name="").status_code == 400
    assert visitor.send().status_code == 200
    assert Interaction.objects.count() == 1


def test_what_fills_every_field_is_thanked_and_ignored(web_form: WebForm) -> None:
    answer = Visitor().send(website="https://spam.example")
    assert answer.status_code == 200
    assert RawContact.objects.count() == 0


def test_nobody_writes_that_fast(web_form: WebForm) -> None:
    visitor = Visitor()
    hasty = visitor.send(after=1)
    assert (hasty.status_code, RawContact.objects.count()) == (400, 0)
    assert "Still waiting." in hasty.content.decode()
    assert visitor.send(after=8).status_code == 200


@pytest.mark.parametrize("ticket", ["", "x", "a:b:c", "W10:1abc:xyz", "x" * 5000, None])
def test_a_ticket_that_is_not_ours_sends_nothing_and_brings_a_new_one(ticket: str | None, web_form: WebForm) -> None:
    answer = Visitor().send(ticket=ticket)
    assert (answer.status_code, RawContact.objects.count()) == (400, 0)
    assert 'name="ticket" value="' in answer.content.decode()
    assert "Still waiting." in answer.content.decode()


def test_a_ticket_of_another_form_or_of_yesterday_is_not_taken(web_form: WebForm) -> None:
    visitor = Visitor()
    assert visitor.send(after=25 * 3600).status_code == 400
    inbox = Inbox.objects.create(name="Other form", channel=Channel.WEB_FORM)
    WebForm.objects.create(inbox=inbox, slug="other", title="Other", fields=FIELDS)
    with time_machine.travel(timezone.now().timestamp() + 10):
        answer = visitor.client.post("/forms/other/", FILLED | {"ticket": visitor.ticket})
    assert (answer.status_code, RawContact.objects.count()) == (400, 0)


def test_a_flood_from_one_address_is_held_back_and_loses_nothing_typed(web_form: WebForm) -> None:
    answers = [Visitor().send() for _ in range(12)]
    statuses = [answer.status_code for answer in answers]
    assert statuses == [200] * 8 + [429] * 4
    assert int(answers[-1]["Retry-After"]) >= 1
    assert "Still waiting." in answers[-1].content.decode()
    assert Interaction.objects.count() <= 8


def test_markup_is_shown_as_text(web_form: WebForm) -> None:
    answer = Visitor().send(f_name='"><script>alert(1)</script>', f_mail="")
    assert "<script>alert" not in answer.content.decode()


def test_fields_that_the_form_does_not_have_do_not_arrive(web_form: WebForm) -> None:
    Visitor().send(f_priority="9", priority="9", f_admin="1")
    assert set(RawContact.objects.get().payload) == {"name", "mail", "phone", "topic", "message", "terms"}
    assert Interaction.objects.get().priority == 0


@pytest.mark.parametrize("what", ["form", "inbox", "slug"])
def test_a_form_that_is_off_is_not_there(what: str, web_form: WebForm) -> None:
    slug = "nowhere" if what == "slug" else "contact"
    WebForm.objects.update(is_active=what != "form")
    Inbox.objects.update(is_active=what != "inbox")
    assert Client().get(f"/forms/{slug}/").status_code == 404
    assert Client().post(f"/forms/{slug}/", FILLED).status_code == 404


def test_the_page_works_without_script_and_names_each_field(web_form: WebForm) -> None:
    page = Visitor().page
    form = page[page.index("<form") : page.index("</form>")]
    assert "<script" not in form
    assert "onclick" not in page
    for spec in FIELDS:
        assert f'for="field-f_{spec["name"]}"' in form or f'id="field-f_{spec["name"]}"' in form
    assert 'autocomplete="email"' in form


def test_looking_changes_nothing_and_sets_no_cookie(web_form: WebForm) -> None:
    client = Client()
    for method in (client.get, client.head):
        assert method(URL).status_code == 200
    assert client.put(URL).status_code == 405
    assert not client.cookies
    assert RawContact.objects.count() == 0


def test_a_form_configured_badly_still_opens(web_form: WebForm) -> None:
    WebForm.objects.update(fields=[{"name": "a"}, {"label": "nameless"}, "text", {"name": "b", "kind": "unheard of"}])
    page = Client().get(URL).content.decode()
    assert 'id="field-f_a"' in page
    assert 'id="field-f_b"' in page
