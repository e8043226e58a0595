"""The demonstration centre: believable, whole, and nowhere it does not belong."""

import logging
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.db import connection, transaction
from django.db.models import Count, Sum
from django.test import Client, override_settings
from django.utils import timezone

from analytics.facts.models import AgentDay, Fact
from analytics.rollups.audit import count_differing_facts, differing_by_table
from ccx.demo import seeding
from ccx.demo.demand import DAYS, INCIDENT_DAYS
from ccx.demo.words import reasons, words
from ccx.kernel.events.models import EventRow, LogHead, ReaderPosition
from ccx.kernel.models import ApiKey, Grant, Team, User
from ccx.kernel.people.choices import Role
from feedback.models import FollowUp, Invitation, Response
from interactions.calls.minding import bring_back_the_lost, look_after_the_silent
from interactions.calls.models import CallState
from interactions.cases.choices import SegmentKind
from interactions.channels.choices import Channel
from interactions.handling.services import end_silence, offer_waiting_work
from interactions.models import (
    Call,
    Case,
    Consent,
    ContactReason,
    Customer,
    CustomerMerge,
    CustomerNote,
    Identity,
    Interaction,
    Message,
    Preference,
    PresenceSpan,
    Purchase,
    Queue,
    Segment,
    ServiceTarget,
)
from journeys.models import ReasonTouchpoint, Touchpoint

COUNTED = (User, Team, Grant, Customer, Identity, Interaction, Message, Segment, Case, Response, EventRow, PresenceSpan)


@dataclass(frozen=True)
class Made:
    """What the command printed, what was logged meanwhile, and where the sign-ins are."""

    printed: str
    logged: str
    sign_ins: Path


class _Collecting(logging.Handler):
    """Keeps what is logged, as it would be written."""

    def __init__(self) -> None:
        super().__init__(level=0)
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(f"{record.getMessage()} {record.__dict__}")


@pytest.fixture(scope="module")
def made(django_db_setup: None, django_db_blocker: object, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Made]:
    """The centre, small, made once for all tests of this file and rolled back after them."""
    var, printed, collecting = tmp_path_factory.mktemp("var"), StringIO(), _Collecting()
    with (
        django_db_blocker.unblock(),
        override_settings(DEMO=True, PRODUCTION=False, VAR_DIR=var),
        transaction.atomic() as _,
    ):
        block = transaction.get_connection().atomic_blocks[-1]
        block._from_testcase = True  # as TestCase does, so that the pump may say "durable"
        root, level = logging.getLogger(), logging.getLogger().level
        root.addHandler(collecting)
        root.setLevel(logging.DEBUG)
        try:
            call_command("seed_demo", "--contacts", "420", stdout=printed)
            yield Made(printed.getvalue(), "\n".join(collecting.lines), var / seeding.SIGN_INS)
        finally:
            root.setLevel(level)
            root.removeHandler(collecting)
            transaction.set_rollback(True)


def _passwords(made: Made) -> list[str]:
    return [line.split()[-1] for line in made.sign_ins.read_text(encoding="utf-8").splitlines()]


def test_facts_and_rollups_are_what_the_records_say(made: Made) -> None:
    assert Fact.objects.count() == Interaction.objects.count()
    assert count_differing_facts() == 0
    assert set(differing_by_table().values()) == {0}


def test_nothing_is_left_for_the_readers_to_do(made: Made) -> None:
    assert not EventRow.objects.filter(position__isnull=True).exists()
    assert ReaderPosition.objects.get(name="facts").position == LogHead.objects.get().position


def test_every_channel_and_every_kind_of_trouble_has_rows(made: Made) -> None:
    sums = Fact.objects.aggregate(
        *map(Sum, ("live_abandoned", "transferred", "repeat", "self_served", "not_contacts", "outbound", "hold_s")),
        *map(Sum, ("case_switched", "fcr_n", "csat_n", "ces_n", "nps_n", "first_response_n", "answered_target")),
    )
    assert {name for name, total in sums.items() if not total} == set()
    used = set(Interaction.objects.values_list("channel", flat=True).distinct())
    assert used == {one.value for one in seeding_channels()}
    assert Interaction.objects.exclude(status="closed").exists()
    assert Case.objects.filter(status="open").exists()
    assert Case.objects.filter(reopened_count__gt=0).exists()


def seeding_channels() -> list[Channel]:
    return [Channel.VOICE, Channel.CHAT, Channel.EMAIL, Channel.SMS, Channel.WHATSAPP, Channel.WEB_FORM]


def test_the_centre_is_set_up_with_all_that_pages_show(made: Made) -> None:
    assert Team.objects.count() == 5
    assert User.objects.filter(role=Role.AGENT).count() == 25
    assert Queue.objects.count() == 6
    assert ContactReason.objects.filter(parent__isnull=True).count() == 6
    assert ContactReason.objects.filter(resolution_window_days=30).count() == 1
    unmapped = ContactReason.objects.filter(parent__isnull=False).count() - ReasonTouchpoint.objects.count()
    assert 0 < unmapped < Touchpoint.objects.count()
    changed = ServiceTarget.objects.values("queue", "channel").annotate(times=Count("id")).filter(times__gt=1)
    assert changed.exists()
    for model in (Purchase, Preference, Consent, CustomerNote):
        assert model.objects.exists(), model


def test_agents_were_at_work_on_every_working_day(made: Made) -> None:
    days = set(AgentDay.objects.filter(contact_seconds__gt=0).values_list("day", flat=True))
    assert len(days) > DAYS * 0.6
    total = AgentDay.objects.aggregate(busy=Sum("contact_seconds"), idle=Sum("idle_seconds"))
    assert 0.2 < total["busy"] / (total["busy"] + total["idle"]) < 0.9
    agents = set(User.objects.filter(role=Role.AGENT).values_list("pk", flat=True))
    assert set(PresenceSpan.objects.filter(ended_at__isnull=True).values_list("agent_id", flat=True)) == agents


def test_some_customers_were_merged_and_one_was_erased(made: Made) -> None:
    assert CustomerMerge.objects.standing().exists()
    erased = Customer.objects.get(erased_at__isnull=False)
    assert erased.name == ""
    assert Interaction.objects.filter(customer=erased).exists()


def test_three_weeks_ago_customers_asked_where_their_orders_were(made: Made) -> None:
    asking = Interaction.objects.filter(reason__code="delivery.where_is_my_order")
    today = timezone.localdate()
    bad = asking.filter(started_at__date__in=[today - timedelta(days=ago) for ago in INCIDENT_DAYS]).count()
    since = asking.filter(started_at__date__gt=today - timedelta(days=7)).count()
    assert bad > 2 * since


def test_conversations_are_about_their_reasons_and_leave_no_gap_unfilled(made: Made) -> None:
    bodies = list(Message.objects.exclude(body="").values_list("body", flat=True))
    assert len(set(bodies)) > len(bodies) / 2
    assert [body for body in bodies if "{" in body or "lorem" in body.lower()] == []
    wismo = Message.objects.filter(
        interaction__reason__code="delivery.where_is_my_order", interaction__customer__language="en"
    )
    said = " ".join(wismo.values_list("body", flat=True)).lower()
    assert "tracking" in said
    assert len(reasons()) >= 25


def test_names_are_written_as_people_write_them(made: Made) -> None:
    names = "".join(Customer.objects.values_list("name", flat=True))
    assert any("\u0590" <= letter <= "\u06ff" for letter in names)
    assert any(letter in names for letter in "éöüßñ")


def test_nothing_happens_before_its_time_or_after_now(made: Made) -> None:
    now = timezone.now()
    assert not Interaction.objects.filter(started_at__gt=now).exists()
    assert not Message.objects.filter(sent_at__gt=now).exists()
    assert not Response.objects.filter(answered_at__gt=now).exists()
    assert not Segment.objects.filter(ended_at__gt=now).exists()
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM interactions_message m JOIN interactions_interaction i ON i.id = m.interaction_id"
            " WHERE m.sent_at < i.started_at OR m.sent_at > i.closed_at"
        )
        assert cursor.fetchone()[0] == 0


def test_sign_ins_are_readable_to_the_owner_only_and_work(made: Made) -> None:
    assert stat.S_IMODE(made.sign_ins.stat().st_mode) == 0o600
    lines = [line.split() for line in made.sign_ins.read_text(encoding="utf-8").splitlines()]
    known = {user.email: user for user in User.objects.all()}
    for *_, email, password in lines[:-1]:
        assert known[email].check_password(password)
    shown = {known[line[-2]].role for line in lines}
    assert shown == set(Role)
    answer = Client().get("/api/v1/queues", headers={"authorization": f"Bearer {lines[-1][-1]}"})
    assert "Escalations" in answer.content.decode()
    assert ApiKey.objects.count() == 1
    assert len(set(_passwords(made))) == len(lines)


def test_no_password_is_printed_into_a_pipe_or_logged(made: Made) -> None:
    for password in _passwords(made):
        assert password not in made.printed
        assert password not in made.logged


def test_the_public_form_is_open(made: Made) -> None:
    page = Client().get("/forms/contact/")
    assert page.status_code == 200
    assert "Write to Fernwood" in page.content.decode()


def test_a_second_run_changes_nothing(made: Made) -> None:
    before = {model: model.objects.count() for model in COUNTED}, made.sign_ins.read_text(encoding="utf-8")
    printed = StringIO()
    call_command("seed_demo", "--if-empty", stdout=printed)
    with pytest.raises(CommandError, match="not empty"):
        call_command("seed_demo")
    assert ({model: model.objects.count() for model in COUNTED}, made.sign_ins.read_text(encoding="utf-8")) == before
    assert "nothing was done" in printed.getvalue()


def test_it_refuses_in_production(db: None) -> None:
    with override_settings(PRODUCTION=True, DEMO=True), pytest.raises(CommandError, match="CCX_PRODUCTION"):
        call_command("seed_demo", "--if-empty")
    assert not User.objects.exists()


def test_it_refuses_on_a_server_of_your_own_unless_asked(db: None) -> None:
    with override_settings(DEMO=False, EMBEDDED={}), pytest.raises(CommandError, match="CCX_DEMO"):
        call_command("seed_demo", "--if-empty")
    assert not User.objects.exists()


def test_it_needs_no_asking_on_the_embedded_server(settings: object) -> None:
    settings.DEMO, settings.EMBEDDED = False, {"DATABASE_URL": settings.DATABASE_URL}
    seeding.refuse_where_it_does_not_belong()


def test_on_a_working_day_some_contacts_are_with_an_agent(db: None, settings: object, tmp_path: Path) -> None:
    settings.VAR_DIR = tmp_path
    settings.DEMO = True
    today = timezone.localdate()
    wednesday = today - timedelta(days=(today.weekday() - 2) % 7 or 7)
    seeded = seeding.seed(
        contacts=300, now=datetime(wednesday.year, wednesday.month, wednesday.day, 11, tzinfo=seeding.zone())
    )
    assert seeded is not None
    assert Interaction.objects.filter(status="active", agent__isnull=False).exists()
    assert Interaction.objects.filter(status="waiting").exists()
    assert count_differing_facts() == 0


def test_customers_were_asked_and_enough_answered_for_figures(made: Made) -> None:
    since = timezone.now() - timedelta(days=30)
    assert Response.objects.filter(answered_at__gt=since, invitation__isnull=False).count() >= 15
    sent = Invitation.objects.filter(state=Invitation.State.SENT)
    assert sent.count() > 2 * Response.objects.count()
    assert Invitation.objects.filter(state=Invitation.State.FAILED).exists()
    sums = Fact.objects.aggregate(Sum("invited"), Sum("invited_answered"))
    assert sums == {"invited__sum": sent.count(), "invited_answered__sum": Response.objects.count()}


def test_unhappy_answers_are_looked_after(made: Made) -> None:
    rows = FollowUp.objects.all()
    assert rows.filter(closed_at__isnull=False).exclude(cause="").exists()
    assert not rows.filter(closed_at__gt=timezone.now()).exists()
    assert not rows.filter(owner__isnull=True, closed_at__isnull=False).exists()


def test_a_case_on_three_channels_lies_on_a_desk_with_a_call_in_progress_that_lasts_a_working_day(made: Made) -> None:
    call = Call.objects.select_related("interaction__agent").get(provider_id="demo-one-case")
    contact = call.interaction
    assert contact is not None
    assert contact.agent is not None
    contacts = Interaction.objects.filter(case=contact.case).order_by("started_at")
    assert [one.channel for one in contacts] == [Channel.CHAT, Channel.EMAIL, Channel.VOICE, Channel.VOICE]
    assert {one.customer_id for one in contacts} == {contact.customer_id}
    stretches = contact.segments.order_by("started_at").values_list("kind", flat=True)
    kinds = SegmentKind
    assert [kinds(kind) for kind in stretches] == [
        *(kinds.IVR, kinds.QUEUE, kinds.RING, kinds.TALK, kinds.HOLD, kinds.TALK),
    ]

    def page() -> str:
        client = Client()
        client.force_login(contact.agent, backend="ccx.kernel.people.backends.PersonBackend")
        return client.get(f"/desk/{contact.public_id}/").content.decode()

    shown = page()
    for shown_words in ("demonstration: no provider", "split backrest", "By Chat", "By E-mail", "By Voice", "<audio"):
        assert shown_words in shown, shown_words
    later = timezone.now() + timedelta(hours=7, minutes=50)
    with transaction.atomic():
        look_after_the_silent(now=later)
        bring_back_the_lost()
        end_silence(later)
        offer_waiting_work(now=later)
        assert Call.objects.get(pk=call.pk).state == CallState.TALKING
        assert 'data-call-state="talking"' in page()
        look_after_the_silent(now=later + timedelta(hours=1))
        assert Call.objects.get(pk=call.pk).state == CallState.ENDED
        transaction.set_rollback(True)


def test_who_stands_for_one_case_has_numbers_that_no_other_customer_is_given() -> None:
    told = words("one_case")
    numbers = {told["customer"]["phone"], told["twin"]["phone"]}
    given = {pattern.partition("{")[0] for country in words("people")["countries"] for pattern in country["phones"]}
    assert not [number for number in numbers if number.startswith(tuple(given))]
