"""Roles, what they may do, and what a grant can be about."""

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _


class Role(TextChoices):
    AGENT = "agent", _("Agent")
    SUPERVISOR = "supervisor", _("Supervisor")
    QUALITY_ANALYST = "quality_analyst", _("Quality analyst")
    EXPERIENCE_OWNER = "experience_owner", _("Experience owner")
    ADMINISTRATOR = "administrator", _("Administrator")
    INTEGRATION = "integration", _("Integration")


class UserKind(TextChoices):
    PERSON = "person", _("Person")
    SERVICE = "service", _("Service user")


class Ability(TextChoices):
    """What a role may do at all; which rows it may do it to is `visible_to`."""

    HANDLE_CONTACTS = "handle_contacts", _("Handle contacts")
    SEE_CUSTOMERS = "see_customers", _("See customers")
    SEE_DASHBOARDS = "see_dashboards", _("See dashboards")
    EXPORT = "export", _("Export figures and rows")
    MERGE_CUSTOMERS = "merge_customers", _("Merge customers")
    ERASE_CUSTOMERS = "erase_customers", _("Erase customers")
    IMPORT_HISTORY = "import_history", _("Import history")
    CONFIGURE = "configure", _("Change the centre's configuration")
    SEE_AUDIT = "see_audit", _("Read the audit log")
    OPERATE = "operate", _("See and replay readers")
    SUPERVISE = "supervise", _("See the floor live and reassign contacts")
    FOLLOW_UP = "follow_up", _("Follow up unhappy answers")
    OWN_EXPERIENCE = "own_experience", _("See what one's part of the business causes")


ROLE_ABILITIES: dict[str, frozenset[Ability]] = {
    Role.AGENT: frozenset({Ability.HANDLE_CONTACTS, Ability.SEE_CUSTOMERS}),
    Role.SUPERVISOR: frozenset(
        {
            Ability.HANDLE_CONTACTS,
            Ability.SEE_CUSTOMERS,
            Ability.SEE_DASHBOARDS,
            Ability.EXPORT,
            Ability.MERGE_CUSTOMERS,
            Ability.SUPERVISE,
            Ability.FOLLOW_UP,
        }
    ),
    Role.QUALITY_ANALYST: frozenset({Ability.SEE_CUSTOMERS, Ability.SEE_DASHBOARDS, Ability.EXPORT}),
    Role.EXPERIENCE_OWNER: frozenset(
        {Ability.SEE_DASHBOARDS, Ability.EXPORT, Ability.OWN_EXPERIENCE, Ability.FOLLOW_UP}
    ),
    Role.ADMINISTRATOR: frozenset(Ability),
    # A key's scopes say what it may do: customers:read, figures:read; its grants say to which rows.
    Role.INTEGRATION: frozenset({Ability.SEE_CUSTOMERS, Ability.SEE_DASHBOARDS}),
}


class GrantScope(TextChoices):
    """The dimensions a grant may name: just those that roll-ups have, so that a figure and its list agree."""

    ALL = "all", _("Everything")
    TEAM = "team", _("Team")
    QUEUE = "queue", _("Queue")
    REASON = "reason", _("Contact reason")
