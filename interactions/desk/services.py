"""What the desk does with a contact in one step that handling has in two, and the name of a case."""

from django.db import transaction

from ccx.kernel.events.log import announce
from ccx.kernel.models import User
from interactions.cases.events import InteractionChanged
from interactions.cases.models import Case, Interaction
from interactions.handling.services import accept_interaction, transfer_interaction


@transaction.atomic
def take_over(*, interaction_id: int, by: User) -> Interaction:
    """A supervisor takes a contact that somebody else has: a transfer to themselves, accepted at once."""
    transfer_interaction(interaction_id=interaction_id, to_agent=by, by=by)
    return accept_interaction(interaction_id=interaction_id, agent=by, by=by)


@transaction.atomic
def name_case(*, interaction_id: int, title: str, by: User) -> Case:
    """Say in a line what the case of a contact is about. The title it has already is a no-op."""
    interaction = Interaction.objects.get(pk=interaction_id)
    case = Case.objects.select_for_update(no_key=True).get(pk=interaction.case_id or 0)
    if case.title == title:
        return case
    case.title = title
    case.save(update_fields=["title"])
    event = InteractionChanged(
        interaction_id=interaction.pk,
        case_id=case.pk,
        customer_id=interaction.customer_id,
        agent_id=interaction.agent_id,
        what="named",
    )
    announce(event, by_id=by.pk)
    return case
