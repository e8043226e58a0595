"""An invitation goes out once, or nobody knows; never twice."""

import re
from datetime import timedelta
from pathlib import Path
from threading import Thread

import pytest
from django.conf import settings
from django.core import mail
from django.db import connection
from django.test import Client, override_settings
from django.utils import timezone

from analytics.facts.models import Fact
from analytics.rollups.refresh import refresh_facts
from ccx.kernel.events.effects import RefusedEffectError, TemporaryEffectError
from ccx.kernel.events.failpoints import KILLED
from ccx.kernel.events.models import EventRow
from feedback.models import Invitation
from feedback.surveys.selectors import hash_of
from feedback.surveys.services import invite_customers, save_survey, send_due_invitations, settle_the_silent
from feedback.surveys.services import sending as sending_module
from feedback.surveys.services.sending import DEAD_AFTER, MAX_ATTEMPTS
from interactions.customers.choices import ConsentState
from interactions.customers.services import erase_customer, merge_customers
from interactions.models import Consent, Identity
from tests.factories.customers import CustomerCentre
from tests.factories.surveys import a_customer, a_survey, just_closed
from tests.killing import exit_code_of

pytestmark = pytest.mark.django_db
State = Invitation.State
LINK = re.compile(r"/s/([\w-]+)/")


@pytest.fixture
def queued(centre: CustomerCentre) -> Invitation:
    """Ann is to be asked about the contact that ended half an hour ago."""
    a_survey(centre)
    invite_customers(interaction_ids=[just_closed(centre, a_customer("Ann", language="de"), subject="My secret").pk])
    return Invitation.objects.get()


def secrets_of(text: str) -> set[str]:
    return set(LINK.findall(text))


def test_the_mail_leads_to_a_page_of_its_own_and_only_the_hash_of_its_secret_is_kept(queued: Invitation) -> None:
    assert send_due_invitations() == 1

    queued.refresh_from_db()
    (sent,) = mail.outbox
    assert sent.to == ["ann@customer.test"]
    (secret,) = secrets_of(sent.body)
    assert len(secret) >= 43
    assert (queued.state, queued.secret_hash) == (State.SENT, hash_of(secret))
    assert queued.expires_at > timezone.now() + timedelta(days=13)
    assert sent.extra_headers["List-Unsubscribe"] == f"<{settings.BASE_URL}/s/{secret}/stop/>"
    assert sent.extra_headers["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    html = sent.alternatives[0][0]
    assert secrets_of(html) == {secret}
    assert f"/s/{secret}/?csat=5" in html
    assert "My secret" not in sent.body + html + sent.subject
    assert Client().get(f"/s/{secret}/").status_code == 200


def test_what_was_sent_counts_as_invited(queued: Invitation) -> None:
    send_due_invitations()
    assert EventRow.objects.filter(kind="customer_invited", interaction_id=queued.interaction_id).count() == 1
    refresh_facts([queued.interaction_id])
    assert Fact.objects.values_list("invited", "invited_answered").get(pk=queued.interaction_id) == (1, 0)


def test_nothing_is_sent_before_its_time(queued: Invitation) -> None:
    Invitation.objects.update(due_at=timezone.now() + timedelta(minutes=1))
    assert (send_due_invitations(), mail.outbox) == (0, [])


@pytest.mark.parametrize("what", ["erased", "asked_not_to", "no_address", "switched_off"])
def test_what_came_in_between_is_heeded(centre: CustomerCentre, queued: Invitation, what: str) -> None:
    if what == "erased":
        erase_customer(customer_id=queued.customer_id, by=centre.ada)
    elif what == "asked_not_to":
        Consent.objects.create(
            customer=queued.customer, purpose="surveys", state=ConsentState.WITHDRAWN, source="agent"
        )
    elif what == "no_address":
        Identity.objects.all().delete()
    else:
        save_survey(survey_id=queued.survey_id, values={"is_active": False}, by=centre.ada)
    send_due_invitations()
    queued.refresh_from_db()
    assert (queued.state, queued.last_error, mail.outbox) == (State.FAILED, what, [])


def test_two_who_turn_out_to_be_one_person_get_one_mail(centre: CustomerCentre, queued: Invitation) -> None:
    twin = a_customer("Anne")
    invite_customers(interaction_ids=[just_closed(centre, twin).pk])
    merge_customers(survivor_id=queued.customer_id, merged_id=twin.pk, by=centre.alice)
    send_due_invitations()
    assert len(mail.outbox) == 1
    assert sorted(Invitation.objects.values_list("state", "last_error")) == [("failed", "lately"), ("sent", "")]


def test_a_mail_that_is_refused_is_not_tried_again(queued: Invitation, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sending_module, "deliver", _raising(RefusedEffectError("no such address")))
    send_due_invitations()
    queued.refresh_from_db()
    assert queued.state == State.FAILED
    assert queued.last_error.startswith("RefusedEffectError")
    assert send_due_invitations() == 0


def test_a_server_that_is_away_is_asked_again_later_and_not_for_ever(queued, monkeypatch) -> None:
    monkeypatch.setattr(sending_module, "deliver", _raising(TemporaryEffectError("later")))
    waits = []
    for _ in range(MAX_ATTEMPTS):
        assert send_due_invitations() == 1
        queued.refresh_from_db()
        waits.append((queued.due_at - timezone.now()).total_seconds())
        Invitation.objects.filter(state=State.QUEUED).update(due_at=timezone.now())
    assert queued.state == State.FAILED
    assert 14 < waits[0] < 31
    assert 5 * 3600 / 2 < waits[10] < 6.1 * 3600


def test_a_line_that_breaks_leaves_it_unknown_and_nobody_sends_it_again(queued, monkeypatch) -> None:
    monkeypatch.setattr(sending_module, "deliver", _raising(OSError("broken")))
    send_due_invitations()
    queued.refresh_from_db()
    assert queued.state == State.UNKNOWN
    assert send_due_invitations() == 0


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(("failpoint", "mails"), [("invitation.before_send", 0), ("invitation.after_send", 1)])
def test_a_worker_killed_while_sending_leaves_it_unknown_and_never_sent_twice(
    queued: Invitation, tmp_path: Path, failpoint: str, mails: int
) -> None:
    assert _work(tmp_path, failpoint) == KILLED
    assert _work(tmp_path) == 0
    assert settle_the_silent() == 0
    assert settle_the_silent(timezone.now() + DEAD_AFTER) == 1
    assert _work(tmp_path) == 0
    queued.refresh_from_db()
    assert (queued.state, len(list(tmp_path.iterdir()))) == (State.UNKNOWN, mails)
    if not mails:
        return
    # It did arrive, and whoever answers has got it.
    text = next(tmp_path.iterdir()).read_text(encoding="utf-8").replace("=\n", "")
    (secret, *_) = secrets_of(text)
    assert Client().post(f"/s/{secret}/", {"csat": "4"}).status_code == 302
    queued.refresh_from_db()
    assert (queued.state, queued.sent_at) == (State.SENT, queued.claimed_at)


@pytest.mark.django_db(transaction=True)
def test_many_workers_send_each_invitation_once(centre: CustomerCentre, queued: Invitation) -> None:
    for number in range(5):
        invite_customers(interaction_ids=[just_closed(centre, a_customer(f"Ben{number}")).pk])

    def work() -> None:
        try:
            send_due_invitations()
        finally:
            connection.close()

    threads = [Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(address for one in mail.outbox for address in one.to) == sorted(
        ["ann@customer.test", *(f"ben{number}@customer.test" for number in range(5))]
    )
    assert set(Invitation.objects.values_list("state", flat=True)) == {State.SENT}


def _raising(error: Exception):
    def deliver(**_given: object) -> None:
        raise error

    return deliver


def _work(folder: Path, failpoint: str = "") -> int:
    """A worker's whole life, with mails into a folder; its exit code."""
    with override_settings(
        EMAIL_BACKEND="django.core.mail.backends.filebased.EmailBackend", EMAIL_FILE_PATH=str(folder)
    ):
        return exit_code_of(send_due_invitations, failpoint)
