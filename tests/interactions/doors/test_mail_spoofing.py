"""Mails that pretend, copy others in or are made to break what comes after reading."""

import pytest
from django.core.mail import EmailMessage as SentMail
from django.test import Client
from django.urls import reverse

from ccx.kernel.people.choices import Role
from interactions.cases.choices import AuthorKind
from interactions.cases.models import MessageHtml
from interactions.customers.choices import Assurance
from interactions.customers.models import Identity
from interactions.doors.mail.services import take_mail
from interactions.handling.models import Sending
from interactions.handling.selectors.sending import way_out
from interactions.models import Inbox, Interaction, Message
from tests.factories.contacts import Centre
from tests.factories.mailservers import a_mail
from tests.factories.people import make_user


def told(line: Inbox, raw: bytes) -> Message:
    receipt = take_mail(inbox=line, raw=raw).receipt
    assert receipt is not None
    return Message.objects.select_related("interaction__identity").get(pk=receipt.message_id)


def test_a_mail_in_the_name_of_an_agent_is_a_customers(line: Inbox, centre: Centre, mailoutbox: list[SentMail]) -> None:
    asked = told(line, a_mail("Where is my order?"))
    said = told(line, a_mail("Refund it", number=2, sender=centre.alice.email, In_Reply_To="<m1@example.test>"))
    assert (said.author_kind, said.author) == (AuthorKind.CUSTOMER, None)
    assert said.interaction_id != asked.interaction_id
    assert said.interaction.assurance == Assurance.CLAIMED
    assert mailoutbox == []
    assert not Sending.objects.exists()


def test_a_copy_gives_nobody_access(line: Inbox, mailoutbox: list[SentMail]) -> None:
    asked = told(line, a_mail("Where is my order?", Cc="Ben <ben@evil.test>, help@ccx.test"))
    assert [one["address"] for one in asked.meta["cc"]] == ["ben@evil.test", "help@ccx.test"]
    assert not Identity.objects.filter(value="ben@evil.test").exists()

    answer = told(line, a_mail("All of us", number=2, sender="ben@evil.test", In_Reply_To="<m1@example.test>"))

    assert answer.interaction_id != asked.interaction_id
    assert answer.interaction.case_id != asked.interaction.case_id
    assert mailoutbox == []


def test_an_answer_goes_to_the_sender_and_not_where_the_mail_wants_it(line: Inbox) -> None:
    asked = told(line, a_mail("Where is my order?", Reply_To="eve@evil.test"))
    interaction = Interaction.objects.get(pk=asked.interaction_id)
    assert way_out(interaction).recipient == "ann@example.test"
    assert "reply_to_differs" in interaction.raw_contacts.get().payload["flags"]


VOUCHED = {"Authentication_Results": "mx.ccx.test; dmarc=pass header.from=shop.test"}


@pytest.mark.parametrize("trusted", ["noreply@shop.test", "Shop.test", "@shop.test"])
def test_whom_a_form_of_a_trusted_site_names_is_the_customer_and_only_by_claim(line: Inbox, trusted: str) -> None:
    known = told(line, a_mail("It is me", **{"Authentication-Results": "mx.ccx.test; dmarc=pass header.from=x.test"}))
    line.settings = {"authserv_id": "mx.ccx.test", "reply_to_of": ["other.test", trusted]}
    line.save()
    form = {"sender": "noreply@shop.test", "Reply_To": "Ann <ann@example.test>", "Auto_Submitted": "auto-generated"}
    asked = told(line, a_mail("Where is my order?", number=2, **form, **VOUCHED))

    assert (asked.interaction.outcome, asked.interaction.customer) == (None, known.interaction.customer)
    assert asked.interaction.assurance == Assurance.CLAIMED
    assert way_out(asked.interaction).recipient == "ann@example.test"
    assert (asked.meta["sent_through"], asked.meta.get("answers_to")) == ("noreply@shop.test", None)
    # Two customers of one form are two.
    other = told(line, a_mail("And mine?", number=3, **form | {"Reply_To": "ben@example.test"}, **VOUCHED))
    assert other.interaction.customer_id != asked.interaction.customer_id
    assert not Identity.objects.filter(value="noreply@shop.test").exists()


@pytest.mark.parametrize(
    "heads",
    [
        {},
        {"Authentication_Results": "mx.evil.test; dmarc=pass header.from=shop.test"},
        {"Authentication_Results": "mx.ccx.test; dmarc=fail header.from=shop.test"},
        {"Authentication_Results": "mx.ccx.test; dmarc=pass header.from=evil.test"},
        {"sender": "noreply@shop.test.evil.test"} | VOUCHED,
        {"sender": "noreply@evil.shop.test"} | VOUCHED,
        {"Reply_To": "help@ccx.test"} | VOUCHED,
    ],
    ids=str,
)
def test_a_forged_sender_of_a_trusted_site_changes_nothing(line: Inbox, heads: dict[str, str]) -> None:
    line.settings = {"authserv_id": "mx.ccx.test", "reply_to_of": ["shop.test"]}
    line.save()
    form = {"sender": "noreply@shop.test", "Reply_To": "eve@evil.test"} | heads
    asked = told(line, a_mail("Where is my order?", **form))
    assert way_out(asked.interaction).recipient == form["sender"]
    assert asked.meta["answers_to"] == form["Reply_To"]
    assert not Identity.objects.filter(value=form["Reply_To"]).exists()


def test_two_million_different_words_are_kept_whole(line: Inbox) -> None:
    words = " ".join(f"w{number}" for number in range(250_000))
    assert told(line, a_mail(words)).body.split() == words.split()


INVITATION = (
    "From: Eve <eve@evil.test>\nMessage-ID: <i@evil.test>\nContent-Type: multipart/alternative; boundary=b\n\n"
    "--b\nContent-Type: text/html\n\n<p>Meet us</p><a href='javascript:alert(1)'>Join</a>\n"
    "--b\nContent-Type: text/calendar; method=REQUEST\n\nBEGIN:VCALENDAR\nBEGIN:VEVENT\n"
    "URL:javascript:alert(1)\nDESCRIPTION:<script>alert(1)</script>\nEND:VEVENT\nEND:VCALENDAR\n--b--\n"
)


def test_an_invitation_is_a_file_and_leads_nowhere(line: Inbox) -> None:
    message = told(line, INVITATION.encode())
    assert "VCALENDAR" not in message.body
    assert "javascript" not in MessageHtml.objects.get().html
    (kept,) = message.attachments.all()
    assert kept.name.endswith(".ics")
    client = Client()
    client.force_login(make_user(Role.ADMINISTRATOR))
    page = client.get(f"/desk/messages/{message.public_id}/layout/").content.decode()
    loaded = client.get(reverse("interactions:attachment", args=[kept.public_id]), {"inline": ""})
    assert loaded["Content-Disposition"].startswith("attachment")
    assert "Meet us" in page
    assert "javascript" not in page


@pytest.mark.parametrize(
    ("mail", "warning"),
    [
        (a_mail("Two of us", number=2, sender="ann@example.test, eve@evil.test"), "This mail names several senders"),
        (a_mail("Two heads", number=2), ""),
        (a_mail("Other words"), "Another mail came in under the same Message-ID"),
    ],
    ids=["several senders", "nothing odd", "an id that is taken"],
)
def test_what_was_odd_about_a_mail_is_said_beside_it(line: Inbox, mail: bytes, warning: str) -> None:
    told(line, a_mail("Where is my order?"))
    odd = told(line, mail)
    client = Client()
    client.force_login(make_user(Role.ADMINISTRATOR))
    shown = client.get(f"/desk/{odd.interaction.public_id}/").content.decode()
    assert odd.body in shown
    assert ("say-state is-troubled" in shown) == bool(warning)
    assert warning in shown
