"""Prepared or, behind a pooler, as they are: the same effect."""

import pytest
from django.db import connection

from ccx.kernel.audit.models import AuditEntry
from interactions.intake.services import receive
from interactions.models import Customer, Identity, Interaction
from tests.factories.contacts import Centre, claim, contact


@pytest.mark.parametrize("is_pooled", [False, True])
def test_a_contact_is_received_with_and_without_prepared_statements(
    centre: Centre, is_pooled: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(connection.settings_dict, "DISABLE_SERVER_SIDE_CURSORS", is_pooled)

    told = {"identity": claim(), "thread_token": "100%", "payload": {"a": "it's 100 % \\ $1"}}
    first = receive(contact=contact(centre.chat, "m1", **told), by_id=None)
    second = receive(contact=contact(centre.chat, "m2", **told), by_id=None)

    assert second.interaction_id == first.interaction_id
    assert (Customer.objects.count(), Identity.objects.count(), Interaction.objects.count()) == (1, 1, 1)


def test_customers_that_contacts_bring_are_no_entries_of_the_audit_and_others_still_are(centre: Centre) -> None:
    before = AuditEntry.objects.count()
    receive(contact=contact(centre.chat, "m1", identity=claim()), by_id=None)
    assert AuditEntry.objects.count() == before

    Customer.objects.create(name="By hand")

    assert AuditEntry.objects.count() == before + 1
