"""What could not be read is read again: by itself where its reader failed, else when a person says so."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from ccx.kernel.people.errors import NotAllowedError
from interactions.channels.email.errors import ReaderFailedError
from interactions.doors.deliveries.services import read_again
from interactions.doors.mail import services
from interactions.doors.mail.services import take_mail
from interactions.doors.webhooks.services import sweep_deliveries
from interactions.models import Delivery, Inbox, Message
from tests.factories.mailservers import a_mail


def test_a_mail_put_aside_can_be_read_again_once_the_fault_is_mended(
    line: Inbox, admin: Any, alice: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = a_mail("mended") + b"\r\n" * 3_000_000
    with monkeypatch.context() as patched:
        patched.setattr(services, "read_in_child", lambda *_a, **_k: 1 / 0)
        assert take_mail(inbox=line, raw=whole).is_unreadable
        aside = Delivery.objects.get()
        assert not read_again(delivery_id=aside.pk, by=admin)
    aside.refresh_from_db()
    assert (aside.attempts, "division" in aside.error) == (2, True)
    assert bytes(aside.body) == whole
    with pytest.raises(NotAllowedError):
        read_again(delivery_id=aside.pk, by=alice)
    assert read_again(delivery_id=aside.pk, by=admin)
    assert Message.objects.get().body == "mended"
    aside.refresh_from_db()
    assert aside.settled_at is not None


def _reader_fails(*_args: Any, **_more: Any) -> Any:
    raise ReaderFailedError("it takes too long to be read")


def test_a_mail_whose_reader_fails_is_tried_again_by_itself_and_put_aside_in_the_end(
    line: Inbox, admin: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    arrived = timezone.now() - timedelta(hours=2)
    later = timezone.now() + timedelta(minutes=1, seconds=1)
    with monkeypatch.context() as patched:
        patched.setattr(services, "read_in_child", _reader_fails)
        assert take_mail(inbox=line, raw=a_mail("unlucky"), received_at=arrived, is_cut=True).is_late
        assert sweep_deliveries() == 0
        take_mail(inbox=line, raw=a_mail("hostile", number=2))
    unlucky, hostile = Delivery.objects.order_by("pk")
    assert {(one.state, one.attempts) for one in (unlucky, hostile)} == {("received", 1)}
    Delivery.objects.filter(pk=hostile.pk).update(received_at=later)
    assert sweep_deliveries(now=later) == 1
    # When it came, and that it was cut, is not forgotten.
    said = Message.objects.select_related("interaction").get()
    assert said.body.startswith("unlucky")
    assert "too large" in said.body
    assert said.interaction.started_at == arrived
    assert Delivery.objects.get(pk=unlucky.pk).state == "done"

    monkeypatch.setattr(services, "read_in_child", _reader_fails)
    for tried in (2, 3):
        sweep_deliveries(now=later + timedelta(hours=1))
        assert Delivery.objects.get(pk=hostile.pk).attempts == tried
    assert Delivery.objects.get(pk=hostile.pk).state == "quarantined"
    assert sweep_deliveries(now=later + timedelta(days=1)) == 0
    assert not read_again(delivery_id=hostile.pk, by=admin)
