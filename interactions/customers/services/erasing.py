"""Forgetting a person and keeping the numbers."""

from django.core.files.storage import default_storage
from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from ccx.kernel.audit.services import forget_contents
from ccx.kernel.events.log import announce
from ccx.kernel.models import User
from interactions.customers.events import CustomerErased
from interactions.customers.models import Customer, CustomerMerge, Identity, Preference, ToldApart
from interactions.customers.services.locking import lock_customers

WIPED = {"name": "", "company": "", "language": "", "time_zone": "", "attributes": {}}


@transaction.atomic
def erase_customer(*, customer_id: int, by: User) -> Customer:
    """Wipe what tells who a customer is and what was said, theirs and of everyone merged into them.

    Interactions, cases, segments, consents and amounts keep their numbers, the event log stays as it is, the audit
    log loses its befores and afters; merges can no longer be undone. Erasing again changes nothing.
    """
    [customer] = lock_customers(customer_id)
    if customer.erased_at is not None:
        return customer
    now = timezone.now()
    family = _with_everyone_merged_into(customer)
    audited = _audited_rows(family)
    for member in family:
        _wipe_contacts(member)
        _wipe_what_we_keep(member)
        Customer.objects.filter(pk=member.pk).update(**WIPED, erased_at=now)
    # The journals say what stood in the fields; merges that were undone say it of this customer, too.
    CustomerMerge.objects.filter(Q(survivor__in=family) | Q(merged__in=family)).update(journal={})
    # Last, for the wiping itself was audited with what stood there before.
    forget_contents(rows=audited, by=by)
    announce(*(CustomerErased(customer_id=member.pk) for member in family), by_id=by.pk, at=now)
    customer.refresh_from_db()
    return customer


def _audited_rows(family: list[Customer]) -> dict[str, list[int]]:
    """The rows of which the audit log may hold personal contents, by its name for their kind."""
    return {
        "customer": [member.pk for member in family],
        "identity": list(Identity.objects.filter(customer__in=family).values_list("pk", flat=True)),
        "preference": list(Preference.objects.filter(customer__in=family).values_list("pk", flat=True)),
    }


def _with_everyone_merged_into(customer: Customer) -> list[Customer]:
    family, generation = [customer], [customer]
    while generation:
        rows = Customer.objects.select_for_update().filter(merged_into__in=generation).order_by("pk")
        generation = list(rows)
        family += generation
    return family


def _wipe_contacts(customer: Customer) -> None:
    interactions = customer.interactions.order_by("pk").prefetch_related("messages__attachments", "messages__html")
    for interaction in interactions.iterator(chunk_size=200):
        for message in interaction.messages.all():
            for attachment in message.attachments.all():
                # The file goes before the row: if this fails, everything stays and can be tried again; the other
                # way round a crash would leave a file that nobody knows of.
                attachment.file.delete(save=False)
                for place in attachment.remote.keys() & {"held", "aside"}:
                    default_storage.delete(attachment.remote[place])
                attachment.delete()
            if hasattr(message, "html"):
                message.html.delete()
        interaction.messages.update(body="", external_id="", meta={})
        # The provider's id stays: a repeated delivery must still be known as one.
        interaction.raw_contacts.update(payload={})
    # A thread token may be a phone number, and whoever writes again is somebody new.
    customer.interactions.update(subject="", thread_token="")
    customer.cases.update(title="")


def _wipe_what_we_keep(customer: Customer) -> None:
    customer.identities.all().delete()
    customer.notes.all().delete()
    customer.preferences.all().delete()
    customer.purchases.update(description="")
    ToldApart.objects.of(customer).delete()
