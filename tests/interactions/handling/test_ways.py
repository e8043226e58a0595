"""Answers that go another way: other lines, files, templates, copies, and a later moment."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.core.files.storage import default_storage
from django.utils import timezone

from ccx.kernel.people.choices import GrantScope
from interactions.cases.choices import Direction, InteractionStatus, Outcome
from interactions.channels.choices import Channel
from interactions.channels.contract import Capabilities, FetchedFile
from interactions.channels.models import Inbox
from interactions.customers.models import Consent, Identity, Preference
from interactions.handling import outgoing, services
from interactions.handling.choices import HELD
from interactions.handling.errors import (
    CopiesAreWrongError,
    FileDoesNotFitError,
    FileIsGoneError,
    ReplyIsNotPossibleError,
    TemplateIsWrongError,
    TextIsTooLongError,
)
from interactions.handling.models import Draft, DraftFile, Sending, SendingState
from interactions.handling.readers import bring_back_the_answered
from interactions.handling.scheduled import hold_overtaken
from interactions.handling.selectors.choosing import Going, chosen_way, length_of, takes, ways_for
from interactions.handling.services import After
from interactions.models import Attachment, Interaction, Message
from tests.factories.contacts import Centre, claim
from tests.factories.desks import arrive, reply
from tests.factories.lines import TEMPLATES, PretendLine, pretend_lines
from tests.factories.people import make_grant, make_user

PHONE = "+4915112345678"
PDF = FetchedFile(name="bill.pdf", content_type="image/png", content=b"%PDF-1.7 a bill")


@pytest.fixture(autouse=True)
def lines() -> Iterator[dict[Channel, PretendLine]]:
    with pretend_lines() as pretended:
        yield pretended


@pytest.fixture(autouse=True)
def grants(centre: Centre) -> None:
    make_grant(centre.alice, GrantScope.TEAM, centre.team.pk)


@pytest.fixture
def whatsapp(centre: Centre) -> Inbox:
    return Inbox.objects.create(name="whatsapp", channel=Channel.WHATSAPP, default_queue=centre.queue)


def the(number: int) -> Interaction:
    return Interaction.objects.get(pk=number)


def give(number: int, channel: Channel | None = Channel.WHATSAPP, state: str = "given") -> None:
    Consent.objects.create(
        customer=the(number).customer, purpose="service", channel=channel, state=state, source="said so"
    )


def known_by_whatsapp(number: int, assurance: int = 2) -> Identity:
    return Identity.objects.create(customer=the(number).customer, kind="whatsapp", value=PHONE, assurance=assurance)


def to(inbox: Inbox, identity: Identity, **more: Any) -> Going:
    return Going(inbox_id=inbox.pk, identity_id=identity.pk, **more)


def put_file(number: int, by: Any, draft_id: Any, file: FetchedFile = PDF, **more: Any) -> DraftFile:
    return services.add_file(interaction_id=number, by=by, file=file, draft_id=draft_id, **more)


def news(*parameters: str) -> dict[str, Any]:
    return {"name": TEMPLATES[0].name, "language": TEMPLATES[0].language, "parameters": list(parameters)}


def test_another_channel_is_open_only_to_an_address_somebody_vouches_for_and_with_consent(
    centre: Centre, whatsapp: Inbox
) -> None:
    number = arrive(centre.email)
    identity = known_by_whatsapp(number, assurance=1)

    def why() -> str:
        return next(way.why_not for way in ways_for(the(number), centre.alice) if way.inbox == whatsapp)

    assert "only claimed" in why()
    Identity.objects.filter(pk=identity.pk).update(assurance=2)
    assert "has not agreed" in why()
    give(number)
    assert why() == ""
    give(number, state="withdrawn")
    assert "asked not to be written" in why()
    with pytest.raises(ReplyIsNotPossibleError):
        reply(number, centre.alice, going=to(whatsapp, identity))
    assert Draft.objects.get().body == "We look into it."


def test_who_may_not_see_the_customer_is_shown_no_other_address(centre: Centre, whatsapp: Inbox) -> None:
    number = arrive(centre.email)
    identity = known_by_whatsapp(number)
    give(number)
    stranger = make_user(team=None, email="stranger@example.test")

    assert [way.inbox for way in ways_for(the(number), stranger)] == [centre.email]
    with pytest.raises(ReplyIsNotPossibleError):
        chosen_way(the(number), user=stranger, inbox_id=whatsapp.pk, identity_id=identity.pk)


def test_the_address_of_another_customer_cannot_be_chosen(centre: Centre, whatsapp: Inbox) -> None:
    number, other = arrive(centre.email), arrive(centre.email, "c2", identity=claim("ben@example.test"))
    theirs = known_by_whatsapp(other)
    give(other)
    with pytest.raises(ReplyIsNotPossibleError):
        reply(number, centre.alice, going=to(whatsapp, theirs))


def test_an_answer_on_another_channel_is_a_contact_of_its_own_in_the_same_case_and_the_customer_finds_back_to_it(
    centre: Centre, whatsapp: Inbox, lines: dict[Channel, PretendLine]
) -> None:
    number = arrive(centre.email)
    identity = known_by_whatsapp(number)
    give(number)
    services.accept_interaction(interaction_id=number, agent=centre.alice, by=centre.alice)

    said = reply(number, centre.alice, "", going=to(whatsapp, identity, template=news("Ann", "A-1")))
    there = said.message.interaction
    assert said.message.body == "Hello Ann, there is news about your order A-1. Answer here to read it."
    assert (there.case_id, there.inbox, there.direction) == (the(number).case_id, whatsapp, Direction.OUTBOUND)
    assert (there.status, there.agent) == (InteractionStatus.PENDING, centre.alice)
    assert the(number).status == InteractionStatus.ACTIVE
    assert reply(number, centre.alice, "again", draft_id=said.message.external_id).is_new is False

    Sending.objects.update(due_at=timezone.now())
    outgoing.send_due_messages()
    (sent,) = lines[Channel.WHATSAPP].sent
    assert (sent.recipient, sent.template["parameters"], sent.thread) == (PHONE, ["Ann", "A-1"], ())

    answer = arrive(whatsapp, "w1", identity=claim(PHONE, kind="whatsapp"), thread_token=PHONE, body="Thank you")
    assert answer == there.pk


def test_taking_back_the_only_words_there_leaves_no_contact_and_gives_the_words_to_where_they_were_written(
    centre: Centre, whatsapp: Inbox
) -> None:
    number = arrive(centre.email)
    identity = known_by_whatsapp(number)
    give(number)
    said = reply(number, centre.alice, "x", going=to(whatsapp, identity, template=news("Ann", "A-1")))

    draft = services.take_back(message_id=said.message.pk, by=centre.alice)

    assert (draft.interaction_id, draft.inbox, draft.recipient) == (number, whatsapp, identity)
    there = the(said.message.interaction_id)
    assert (there.outcome, there.case) == (Outcome.NOT_A_CONTACT, None)
    assert the(number).case is not None


def test_after_a_call_the_first_open_way_is_the_one_they_prefer(centre: Centre, whatsapp: Inbox) -> None:
    arrive(centre.email)
    call = arrive(centre.voice, "v1", identity=claim())
    known_by_whatsapp(call)
    give(call)
    assert chosen_way(the(call), user=centre.alice).inbox == centre.email
    Preference.objects.create(customer=the(call).customer, topic="channel", value="whatsapp", source="said so")
    assert chosen_way(the(call), user=centre.alice).inbox == whatsapp


def test_when_the_window_is_over_only_a_template_goes_and_every_gap_of_it_is_filled(
    centre: Centre, whatsapp: Inbox
) -> None:
    long_ago = timezone.now() - timedelta(hours=25)
    number = arrive(whatsapp, identity=claim(PHONE, kind="whatsapp"), occurred_at=long_ago, thread_token=PHONE)

    for going in (
        Going(),
        Going(template=news("Ann")),
        Going(template=news("Ann", " ")),
        Going(template=news("Ann", "A-1") | {"name": "unknown"}),
    ):
        with pytest.raises(TemplateIsWrongError):
            reply(number, centre.alice, "Free words", going=going)
    assert Draft.objects.get().body == "Free words"
    assert reply(number, centre.alice, "", going=Going(template=news("Ann", "A-1"))).is_new
    assert Sending.objects.get().template["name"] == "order_news"


def test_files_go_along_come_back_with_the_words_and_leave_the_disk_when_they_are_removed(
    centre: Centre, django_capture_on_commit_callbacks: Any
) -> None:
    number, draft_id = arrive(centre.email), uuid4()
    kept, spare = put_file(number, centre.alice, draft_id), put_file(number, centre.alice, draft_id)
    assert (kept.content_type, kept.name) == ("application/pdf", "bill.pdf")

    with django_capture_on_commit_callbacks(execute=True):
        said = reply(number, centre.alice, "", draft_id=draft_id, going=Going(files=(kept.public_id,)))
    (attachment,) = said.message.attachments.all()
    with attachment.file.open() as file:
        assert file.read() == PDF.content
    assert not default_storage.exists(spare.file.name)
    assert not Draft.objects.exists()

    draft = services.take_back(message_id=said.message.pk, by=centre.alice)
    (again,) = draft.files.all()
    assert (again.file.name, Attachment.objects.count()) == (attachment.file.name, 0)
    with django_capture_on_commit_callbacks(execute=True):
        services.remove_file(interaction_id=number, file_id=again.public_id, by=centre.alice)
    assert not default_storage.exists(again.file.name)


def test_a_file_of_somebody_elses_draft_or_one_that_is_gone_does_not_go_along(centre: Centre) -> None:
    number = arrive(centre.email)
    bobs = put_file(number, centre.bob, uuid4())
    for file_id in (bobs.public_id, uuid4()):
        with pytest.raises(FileIsGoneError):
            reply(number, centre.alice, going=Going(files=(file_id,)))
    services.remove_file(interaction_id=number, file_id=bobs.public_id, by=centre.alice)
    assert DraftFile.objects.filter(pk=bobs.pk).exists()


def test_what_the_line_does_not_take_is_refused_when_it_is_attached(
    centre: Centre, lines: dict[Channel, PretendLine]
) -> None:
    number, draft_id = arrive(centre.email), uuid4()
    lines[Channel.EMAIL].can = Capabilities(max_files=1, max_file=100, file_types=("application/pdf", "image/*"))
    refused = {
        "empty": PDF.__class__(name="a", content_type="", content=b""),
        "too large": FetchedFile(name="b", content_type="", content=b"%PDF-" + b"x" * 100),
        "kind": FetchedFile(name="c.pdf", content_type="application/pdf", content=b"MZ a program"),
    }
    for words, file in refused.items():
        with pytest.raises(FileDoesNotFitError, match=words):
            put_file(number, centre.alice, draft_id, file)
    put_file(number, centre.alice, draft_id)
    with pytest.raises(FileDoesNotFitError, match="1 file"):
        put_file(number, centre.alice, draft_id)
    assert DraftFile.objects.count() == 1


def test_a_note_takes_files_whatever_the_line_does_and_words_too_long_stay_a_draft(
    centre: Centre, lines: dict[Channel, PretendLine]
) -> None:
    number, draft_id = arrive(centre.email), uuid4()
    lines[Channel.EMAIL].can = Capabilities(max_text=10)
    file = put_file(number, centre.alice, draft_id, is_note=True)
    note = services.add_note(interaction_id=number, by=centre.alice, body="", draft_id=draft_id, files=[file.public_id])
    assert note.message.attachments.count() == 1
    with pytest.raises(TextIsTooLongError):
        reply(number, centre.alice, "eleven long")
    assert Draft.objects.get().body == "eleven long"


def test_what_counts_is_what_the_provider_counts() -> None:
    can = {counts: Capabilities(counts=counts) for counts in ("characters", "bytes", "utf16")}
    assert [length_of("é😀", can[counts]) for counts in can] == [2, 6, 3]
    assert [takes("image/png", wanted) for wanted in ((), ("image/*",), ("image/jpeg",))] == [True, True, False]


def test_copies_go_to_each_once_and_only_by_mail(
    centre: Centre, whatsapp: Inbox, lines: dict[Channel, PretendLine]
) -> None:
    number = arrive(centre.email)
    told = ("Carl@example.test", "carl@example.test", "ann@example.test", "")
    reply(number, centre.alice, going=Going(copies=told))
    Sending.objects.update(due_at=timezone.now())
    outgoing.send_due_messages()
    assert lines[Channel.EMAIL].sent[0].copies == ("carl@example.test",)
    with pytest.raises(CopiesAreWrongError):
        reply(number, centre.alice, going=Going(copies=("nobody",)))


def test_a_reply_for_later_leaves_then_and_holds_nobody_up(centre: Centre, lines: dict[Channel, PretendLine]) -> None:
    number, tomorrow = arrive(centre.email), timezone.now() + timedelta(days=1)
    said = reply(number, centre.alice, "Later", then=After.WAIT, going=Going(send_at=tomorrow))
    assert (said.message.sent_at, the(number).first_answered_at) == (tomorrow, tomorrow)
    now = reply(number, centre.alice, "Now")
    assert the(number).first_answered_at == now.message.sent_at
    Sending.objects.filter(message=now.message).update(due_at=timezone.now())
    outgoing.send_due_messages()
    assert [sent.body for sent in lines[Channel.EMAIL].sent] == ["Now"]
    services.take_back(message_id=said.message.pk, by=centre.alice)
    assert Draft.objects.get().body == "Later"


def test_a_moment_that_is_over_or_outside_the_window_is_no_moment(centre: Centre, whatsapp: Inbox) -> None:
    number = arrive(whatsapp, identity=claim(PHONE, kind="whatsapp"), thread_token=PHONE)
    for send_at in (timezone.now() - timedelta(minutes=1), timezone.now() + timedelta(hours=25)):
        with pytest.raises(ReplyIsNotPossibleError):
            reply(number, centre.alice, going=Going(send_at=send_at))
    assert reply(number, centre.alice, going=Going(send_at=timezone.now() + timedelta(hours=23))).is_new


def test_who_writes_before_the_moment_has_it_held_back_and_its_author_asked(centre: Centre) -> None:
    number, tomorrow = arrive(centre.email, thread_token="t"), timezone.now() + timedelta(days=1)
    said = reply(number, centre.alice, "Later", then=After.WAIT, going=Going(send_at=tomorrow))
    assert hold_overtaken() == 0

    arrive(centre.email, "c2", thread_token="t", body="Never mind")
    assert (hold_overtaken(), hold_overtaken()) == (1, 0)

    sending = Sending.objects.get()
    assert (sending.state, sending.error_code) == (SendingState.FAILED, HELD)
    assert the(number).status == InteractionStatus.WAITING
    assert the(number).first_answered_at is None
    # It stands where it was written, above what the customer said after it.
    last = Message.objects.order_by("-sent_at").first()
    assert last is not None
    assert last.body == "Never mind"
    draft = services.take_back(message_id=said.message.pk, by=centre.alice)
    assert draft.body == "Later"
    bring_back_the_answered([])


def test_what_was_held_back_can_be_sent_after_all(centre: Centre, lines: dict[Channel, PretendLine]) -> None:
    number, tomorrow = arrive(centre.email, thread_token="t"), timezone.now() + timedelta(days=1)
    said = reply(number, centre.alice, "Later", then=After.WAIT, going=Going(send_at=tomorrow))
    arrive(centre.email, "c2", thread_token="t")
    hold_overtaken()
    services.retry_sending(message_id=said.message.pk, by=centre.alice)
    hold_overtaken()
    outgoing.send_due_messages()
    assert [sent.body for sent in lines[Channel.EMAIL].sent] == ["Later"]


def test_an_erased_customer_leaves_no_draft_no_file_and_no_address(
    centre: Centre, django_capture_on_commit_callbacks: Any
) -> None:
    number = arrive(centre.email)
    reply(number, centre.alice)
    file = put_file(number, centre.alice, uuid4())
    customer_id = the(number).customer_id
    assert customer_id is not None
    with django_capture_on_commit_callbacks(execute=True):
        assert services.forget_written(customer_ids=[customer_id]) >= 1
    assert (Draft.objects.count(), default_storage.exists(file.file.name)) == (0, False)
    sending = Sending.objects.get()
    assert (sending.state, sending.recipient) == (SendingState.CANCELLED, "")


def test_files_that_nobody_sent_for_a_month_are_forgotten_and_the_words_stay(
    centre: Centre, django_capture_on_commit_callbacks: Any
) -> None:
    number = arrive(centre.email)
    services.save_draft(interaction_id=number, author=centre.alice, body="Half")
    file = put_file(number, centre.alice, uuid4())
    assert services.forget_old_files() == 0
    with django_capture_on_commit_callbacks(execute=True):
        later = timezone.now() + timedelta(days=31)
        assert services.forget_old_files(later) == 1
    assert (Draft.objects.get().body, default_storage.exists(file.file.name)) == ("Half", False)


def test_who_is_on_the_line_does_not_wait_for_the_time_to_undo(centre: Centre) -> None:
    number = arrive(centre.chat, identity=claim("v-1", kind="visitor"), thread_token="v-1")
    services.accept_interaction(interaction_id=number, agent=centre.alice, by=centre.alice)
    said = reply(number, centre.alice)
    assert said.message.sending.due_at == said.message.sent_at
