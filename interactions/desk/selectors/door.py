"""Which contacts a person may open at the desk, and which they may do something with."""

from uuid import UUID

from django.db.models import Exists, OuterRef, Q, QuerySet

from ccx.kernel.models import User
from interactions.cases.models import Interaction, Message
from interactions.routing.models import Offer


def readable(user: User) -> QuerySet[Interaction]:
    """Contacts whose text they may read: those of their grants, and what they have or rings for them.

    A contact handed to somebody of another team is theirs to read although no grant names it.
    """
    return _with_own(Interaction.objects.readable_by(user), user)


def workable(user: User) -> QuerySet[Interaction]:
    """Contacts they may take, answer or move."""
    return _with_own(Interaction.objects.visible_to(user), user)


def find(*, public_id: UUID, user: User) -> Interaction:
    """A contact to read, with what its page names; else Interaction.DoesNotExist."""
    related = ("inbox", "inbox__reply_inbox", "case", "customer", "identity", "queue", "team", "agent")
    return readable(user).select_related(*related, "reason", "disposition").get(public_id=public_id)


def find_to_work(*, public_id: UUID, user: User) -> Interaction:
    """A contact to do something with; else Interaction.DoesNotExist."""
    return workable(user).get(public_id=public_id)


def message_of(interaction: Interaction, message_id: UUID, user: User) -> Message:
    """A message of a contact that was found here, or of another of its case to work on; else Message.DoesNotExist."""
    message = Message.objects.select_related("interaction").get(public_id=message_id)
    if message.interaction_id == interaction.pk:
        return message
    of_case = interaction.case_id is not None and message.interaction.case_id == interaction.case_id
    if not of_case or not workable(user).filter(pk=message.interaction_id).exists():
        raise Message.DoesNotExist
    return message


def _with_own(rows: QuerySet[Interaction], user: User) -> QuerySet[Interaction]:
    if user.sees_everything:
        return rows
    if not user.is_active:
        return rows.none()
    rings_here = Offer.objects.visible_to(user).ringing().filter(interaction_id=OuterRef("pk"))
    return Interaction.objects.filter(Q(pk__in=rows.values("pk")) | Q(agent=user) | Exists(rings_here))
