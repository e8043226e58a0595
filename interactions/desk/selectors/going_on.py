"""Where an agent goes when a contact has left the desk."""

from django.urls import reverse

from ccx.kernel.models import User
from interactions.cases.choices import InteractionStatus
from interactions.cases.models import Interaction


def next_address(user: User) -> str:
    """One's own running contact whose customer has waited longest, else the list."""
    mine = Interaction.objects.filter(
        agent=user, status__in=[InteractionStatus.ACTIVE, InteractionStatus.WAITING, InteractionStatus.WRAP_UP]
    )
    found = mine.order_by("last_customer_message_at", "pk").values_list("public_id", flat=True).first()
    return reverse("desk:conversation", args=[found]) if found else reverse("desk:home")
