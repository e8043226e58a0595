"""What becomes of a mail: a contact, more of one, news of a mail of ours, or nothing that anybody waits for."""

from email.message import EmailMessage
from typing import Any

import pytest
from django.core.files.storage import default_storage
from django.core.mail import EmailMessage as SentMail
from django.db import OperationalError
from django.utils import timezone

from ccx.kernel.events.pumping import pump_everything
from interactions.cases.choices import InteractionStatus
from interactions.channels.email import tokens
from interactions.channels.email.tokens import read_reply_token, reply_token, sent_id
from interactions.customers.choices import Assurance
from interactions.doors.files import fetch_due_files
from interactions.doors.mail import services
from interactions.doors.mail.services import Taken, take_mail
from interactions.handling import services as handling
from interactions.handling.models import Sending
from interactions.handling.outgoing import send_due_messages
from interactions.models import Attachment, Delivery, Inbox, Interaction, Message, RawContact
from tests.factories.contacts import Centre, claim
from tests.factories.desks import arrive, reply, sit_down
from tests.factories.mailservers import a_mail, bounce_of


@pytest.fixture(autouse=True)
def files(settings: Any, tmp_path: Any) -> None:
    settings.MEDIA_ROOT = tmp_path


@pytest.fixture
def line(centre: Centre) -> Inbox:
    """The mail line, with an address and a server that vouches for senders."""
    centre.email.address = "help@ccx.test"
    centre.email.settings = {"authserv_id": "mx.ccx.test"}
    centre.email.save()
    return centre.email


def take(line: Inbox, raw: bytes) -> Taken:
    return take_mail(inbox=line, raw=raw)


def number_of(taken: Taken) -> int:
    assert taken.receipt is not None
    assert taken.receipt.interaction_id is not None
    return taken.receipt.interaction_id


def answered(number: int, centre: Centre, mailoutbox: list[SentMail]) -> EmailMessage:
    """Alice answers, and the mail that leaves."""
    said = reply(number, centre.alice)
    Sending.objects.filter(message=said.message).update(due_at=said.message.sent_at)
    assert send_due_messages() == 1
    sent: EmailMessage = mailoutbox[-1].message()  # type: ignore[assignment]
    return sent


def test_a_mail_told_twice_is_one_contact_and_a_forged_twin_another(line: Inbox) -> None:
    first = take(line, a_mail("one"))
    again = take(line, a_mail("one"))
    twin = take(line, a_mail("other words under the same id"))

    assert again.receipt is not None
    assert not again.receipt.is_new
    assert number_of(again) == number_of(first)
    assert Message.objects.count() == 2
    assert RawContact.objects.order_by("pk").last().payload["flags"] == ["message_id_taken"]  # type: ignore[union-attr]
    assert twin.receipt is not None
    assert twin.receipt.is_new


def test_a_mail_to_two_lines_is_one_message_that_both_know(line: Inbox, centre: Centre) -> None:
    other = Inbox.objects.create(name="sales", channel=line.channel, default_queue=centre.queue)
    first, second = take(line, a_mail("both")), take(other, a_mail("both"))

    assert number_of(first) == number_of(second)
    assert Message.objects.count() == 1
    assert set(RawContact.objects.values_list("inbox", "interaction")) == {
        (line.pk, number_of(first)),
        (other.pk, number_of(first)),
    }


def test_an_answer_to_our_mail_goes_on_with_its_contact_and_brings_it_back(
    line: Inbox, centre: Centre, mailoutbox: list[SentMail]
) -> None:
    number = number_of(take(line, a_mail("Where is my order?")))
    sent = answered(number, centre, mailoutbox)

    assert sent["In-Reply-To"] == "<m1@example.test>"
    assert sent["Subject"] == "Re: My order"
    back = a_mail("Thanks", number=2, To=sent["Reply-To"], Subject="A subject of its own")
    assert number_of(take(line, back)) == number
    # The address was lost, the ids were not.
    back = a_mail("And more", number=3, In_Reply_To=str(sent["Message-ID"]))
    assert number_of(take(line, back)) == number
    interaction = Interaction.objects.select_related("identity").get(pk=number)
    assert interaction.assurance == Assurance.ATTESTED
    assert interaction.identity is not None
    assert interaction.identity.source == "reply token"


def _broken(token: str) -> dict[str, str]:
    other = reply_token(read_reply_token(token) + 1)  # type: ignore[operator]
    return {
        "wrong seal": token[:-1] + ("a" if token[-1] != "a" else "b"),
        "truncated seal": token[:-1],
        "empty seal": token[: -tokens.SEAL_LENGTH],
        "longer seal": f"{token}0",
        "other case": token.upper(),
        "another contact's seal": token[: -tokens.SEAL_LENGTH] + other[-tokens.SEAL_LENGTH :],
        "zero in front": f"0{token}",
        "letters of another alphabet": "١" + token[1:],
    }


def test_a_token_from_before_seals_were_short_is_still_read(line: Inbox) -> None:
    number = number_of(take(line, a_mail("Where is my order?")))
    old = f"{tokens._written(number)}{tokens._long_seal(number)}"
    assert number_of(take(line, a_mail("Thanks", number=2, To=f"help+{old}@ccx.test"))) == number
    for wrong in (old[:-1], f"{old}0", f"0{old}", old[:-1] + ("a" if old[-1] != "a" else "b"), old.upper()):
        assert read_reply_token(wrong) is None


@pytest.mark.parametrize("how", sorted(_broken(reply_token(1))))
def test_a_forged_token_is_a_new_contact(line: Inbox, how: str) -> None:
    number = number_of(take(line, a_mail("Where is my order?")))
    token = _broken(reply_token(number))[how]

    assert read_reply_token(token) is None
    forged = a_mail("Let me in", number=2, To=f"help+{token}@ccx.test")
    other = number_of(take(line, forged))
    assert other != number
    assert Interaction.objects.get(pk=other).assurance == Assurance.CLAIMED


@pytest.mark.parametrize("how", ["token", "our id", "their id"])
def test_a_true_token_in_the_hands_of_somebody_else_is_a_new_contact(
    line: Inbox, centre: Centre, mailoutbox: list[SentMail], how: str
) -> None:
    number = number_of(take(line, a_mail("Where is my order?")))
    sent = answered(number, centre, mailoutbox)
    heads = {
        "token": {"To": sent["Reply-To"]},
        "our id": {"References": sent["Message-ID"]},
        "their id": {"In-Reply-To": "<m1@example.test>"},
    }[how]

    other = number_of(take(line, a_mail("Let me in", number=9, sender="eve@evil.test", **heads)))

    assert other != number
    first, second = Interaction.objects.get(pk=number), Interaction.objects.get(pk=other)
    assert first.case_id != second.case_id
    assert second.assurance == Assurance.CLAIMED


def test_a_forged_id_of_ours_is_none(line: Inbox, centre: Centre) -> None:
    number = number_of(take(line, a_mail("Where is my order?")))
    message = reply(number, centre.alice).message
    whole = sent_id(message.public_id, domain="ccx.test")
    name, _, rest = whole.partition(".")
    for forged in (f"{name}@ccx.test>", f"{name}.@ccx.test>", whole.replace(rest[:10], ""), whole.upper()):
        assert tokens.read_sent_id(forged) is None
    assert tokens.read_sent_id(whole) == message.public_id


def test_a_claim_does_not_enter_a_thread_that_is_vouched_for(line: Inbox) -> None:
    vouched = {"Authentication-Results": "mx.ccx.test; dmarc=pass header.from=example.test"}
    number = number_of(take(line, a_mail("It is me", **vouched)))
    assert Interaction.objects.get(pk=number).assurance == Assurance.ATTESTED

    assert number_of(take(line, a_mail("Me too?", number=2, In_Reply_To="<m1@example.test>"))) != number
    assert number_of(take(line, a_mail("Me!", number=3, In_Reply_To="<m1@example.test>", **vouched))) == number


def test_our_own_thread_of_a_sender_goes_on_without_a_word_of_ours(line: Inbox) -> None:
    number = number_of(take(line, a_mail("Where is my order?")))
    assert number_of(take(line, a_mail("PS", number=2, References="<m1@example.test>"))) == number


def test_a_bounce_settles_the_mail_it_names_and_opens_nothing(
    line: Inbox, centre: Centre, mailoutbox: list[SentMail]
) -> None:
    number = number_of(take(line, a_mail("Where is my order?")))
    sent = answered(number, centre, mailoutbox)
    assert Sending.objects.get().state == "sent"
    forged = sent["Message-ID"].replace(".", ".0")

    assert take(line, bounce_of(sent["Message-ID"], action="delayed", number=1)).bounced == 0
    assert take(line, bounce_of(forged, number=2)).bounced == 0
    assert Sending.objects.get().state == "sent"
    assert take(line, bounce_of(sent["Message-ID"], number=3)).bounced == 1
    take(line, bounce_of(sent["Message-ID"], number=3))

    assert Sending.objects.get().state == "failed"
    assert Interaction.objects.filter(outcome=None).count() == 1
    assert RawContact.objects.get(external_id="<dsn3@mx.test>").interaction_id == number


FILES = (
    b"From: ann@example.test\nMessage-ID: <f@example.test>\nContent-Type: multipart/mixed; boundary=b\n\n"
    b"--b\nContent-Type: text/plain\n\nSee files\n"
    b'--b\nContent-Disposition: attachment; filename="../../x.html"\nContent-Type: text/html\n\n<script>x</script>\n'
    b'--b\nContent-Disposition: attachment; filename="big.bin"\n\n' + b"y" * 2000 + b"\n--b--\n"
)


def test_files_are_kept_under_names_of_ours_and_what_is_too_large_is_named(
    line: Inbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("interactions.doors.files.MAX_FILE", 1000)
    take(line, FILES)
    take(line, FILES)

    kept = Attachment.objects.get()
    assert (kept.name, kept.content_type, kept.size) == ("x.html", "text/html", 18)
    assert kept.file.name.startswith("attachments/")
    assert "html" not in kept.file.name
    with kept.file.open() as file:
        assert file.read() == b"<script>x</script>"
    assert "big.bin" in Message.objects.get().body
    folder = kept.file.name.rpartition("/")[0]
    assert default_storage.listdir(folder)[1] == [kept.file.name.rpartition("/")[2]]


def test_a_full_disk_keeps_the_words(line: Inbox, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_args: object, **_more: object) -> str:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(default_storage, "save", full)
    take(line, FILES)
    assert Message.objects.get().body == "See files"
    assert set(Attachment.objects.values_list("name", "state")) == {("x.html", "pending"), ("big.bin", "pending")}
    assert Delivery.objects.get().state == "done"
    monkeypatch.undo()
    Attachment.objects.update(due_at=timezone.now())
    assert fetch_due_files() == 2
    kept = Attachment.objects.get(name="x.html")
    with kept.file.open() as file:
        assert (kept.state, kept.size, kept.remote, file.read()) == ("kept", 18, {}, b"<script>x</script>")


def test_trouble_with_the_database_is_not_the_mails_fault(line: Inbox, monkeypatch: pytest.MonkeyPatch) -> None:
    def gone(**_: object) -> None:
        raise OperationalError

    monkeypatch.setattr(services, "receive", gone)
    with pytest.raises(OperationalError):
        take(line, FILES)
    assert default_storage.listdir("")[0] in ([], ["attachments"])
    assert not Attachment.objects.exists()


def test_a_form_is_answered_by_mail_and_the_customers_answer_comes_back_to_it(
    line: Inbox, centre: Centre, mailoutbox: list[SentMail]
) -> None:
    form = Inbox.objects.create(name="form", channel=9, default_queue=centre.queue, reply_inbox=line)
    number = arrive(form, "form:1", identity=claim(assurance=Assurance.CLAIMED), subject="Where is it?")
    sit_down(centre.alice)
    handling.accept_interaction(interaction_id=number, agent=centre.alice, by=centre.alice)
    sent = answered(number, centre, mailoutbox)
    handling.wait_for_customer(interaction_id=number, by=centre.alice)
    pump_everything()
    assert (sent["To"], sent["From"]) == ("ann@example.test", "email <help@ccx.test>")

    back = number_of(take(line, a_mail("Thanks!", number=7, To=sent["Reply-To"])))
    pump_everything()

    assert back == number
    interaction = Interaction.objects.get(pk=number)
    assert (interaction.status, interaction.agent) == (InteractionStatus.WAITING, centre.alice)
    assert [one.body for one in interaction.messages.order_by("pk")][-1] == "Thanks!"


def test_a_line_end_in_a_name_or_subject_makes_no_header(
    line: Inbox, centre: Centre, mailoutbox: list[SentMail]
) -> None:
    line.settings = {"from_name": "Help\r\nBcc: eve@evil.test"}
    line.save()
    number = arrive(line, "c1", subject="x\nBcc: eve@evil.test")
    sent = answered(number, centre, mailoutbox)
    assert sent["Bcc"] is None
    assert mailoutbox[0].recipients() == ["ann@example.test"]


def test_a_name_too_long_for_the_seal_leaves_the_thread_to_the_ids(
    line: Inbox, centre: Centre, mailoutbox: list[SentMail]
) -> None:
    line.address = f"{'the-customer-service-desk-' * 2}@ccx.test"
    line.save()
    number = number_of(take(line, a_mail("Where is my order?")))
    sent = answered(number, centre, mailoutbox)
    assert sent["Reply-To"] is None
    assert number_of(take(line, a_mail("Thanks", number=2, References=sent["Message-ID"]))) == number


def test_a_sent_mail_is_the_same_mail_when_sent_again(line: Inbox, centre: Centre, mailoutbox: list[SentMail]) -> None:
    number = number_of(take(line, a_mail("Where is my order?")))
    answered(number, centre, mailoutbox)
    Sending.objects.update(state="queued", sent_at=None, provider_id="", due_at=timezone.now())
    send_due_messages()
    first, second = [mail.message()["Message-ID"] for mail in mailoutbox]
    assert first == second


def test_a_colleagues_address_in_a_mail_from_outside_makes_it_no_colleagues_word(
    line: Inbox, centre: Centre, mailoutbox: list[SentMail]
) -> None:
    number = number_of(take(line, a_mail("Where is my order?")))
    sent = answered(number, centre, mailoutbox)
    back = a_mail("Send it to my new address.", number=2, sender=centre.alice.email, To=sent["Reply-To"])

    other = number_of(take(line, back))
    assert other != number
    assert Message.objects.filter(interaction=number).count() == 2
    spoofed = Message.objects.get(interaction=other)
    assert (spoofed.author_kind, spoofed.author) == ("customer", None)
    assert len(mailoutbox) == 1


def test_an_answer_goes_to_the_sender_and_to_nobody_whom_a_mail_names_besides(
    line: Inbox, centre: Centre, mailoutbox: list[SentMail]
) -> None:
    heads = {"Cc": "eve@evil.test", "Reply_To": "mallory@evil.test"}
    number = number_of(take(line, a_mail("Where is my order?", **heads)))
    sent = answered(number, centre, mailoutbox)
    assert mailoutbox[-1].recipients() == ["ann@example.test"]
    assert "reply_to_differs" in RawContact.objects.get().payload["flags"]
    assert "Where is my order?" not in sent.get_payload()  # nothing is quoted to whom an agent may copy in
