"""What an API key may do, and which of it a person signed in may do without one."""

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _

from ccx.kernel.people.choices import Ability


class Scope(TextChoices):
    CONTACTS_WRITE = "contacts:write", _("Send contacts and messages")
    CONTACTS_ATTEST = "contacts:attest", _("Vouch for who a contact is from")
    CONTACTS_READ = "contacts:read", _("Read interactions, cases and messages")
    CUSTOMERS_READ = "customers:read", _("Read customers")
    CUSTOMERS_WRITE = "customers:write", _("Change customers")
    CONFIG_READ = "config:read", _("Read inboxes, queues, reasons and teams")
    FIGURES_READ = "figures:read", _("Read figures")
    IMPORTS_WRITE = "imports:write", _("Import history")


# A browser session may do through the API what its person may do on pages. Only a key can attest an identity.
ABILITY_SCOPES: dict[Ability, frozenset[Scope]] = {
    Ability.HANDLE_CONTACTS: frozenset({Scope.CONTACTS_WRITE, Scope.CONTACTS_READ}),
    Ability.SEE_CUSTOMERS: frozenset({Scope.CUSTOMERS_READ, Scope.CONTACTS_READ}),
    Ability.SEE_DASHBOARDS: frozenset({Scope.FIGURES_READ}),
    Ability.MERGE_CUSTOMERS: frozenset({Scope.CUSTOMERS_WRITE}),
    Ability.IMPORT_HISTORY: frozenset({Scope.IMPORTS_WRITE}),
}
