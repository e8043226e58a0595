from django.db import connection

from ccx.kernel.models import User
from interactions.customers.services import erase_customer
from interactions.models import Customer, Identity, Preference


def test_an_erased_person_is_not_in_the_audit_log_any_more(admin: User) -> None:
    customer = Customer.objects.create(name="Annabel Mauve", company="Secretco")
    Identity.objects.create(customer=customer, kind="email", value="annabel@example.org")
    Preference.objects.create(customer=customer, topic="drink", value="peppermint", source="said")
    Customer.objects.filter(pk=customer.pk).update(name="Annabel Mauve-Smith")
    erase_customer(customer_id=customer.pk, by=admin)
    with connection.cursor() as cursor:
        cursor.execute("SELECT string_agg(entry::text, ' ') FROM kernel_auditentry AS entry")
        written = cursor.fetchone()[0].lower()
    assert [word for word in ("annabel", "mauve", "secretco", "peppermint") if word in written] == []
    assert '"customer": [' in written.replace('""', '"')
