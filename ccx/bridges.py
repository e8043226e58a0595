"""Translations between apps that must not know each other. A few lines each, no rules."""

from interactions.models import ContactReason, Queue


def queue_names() -> list[tuple[int, str]]:
    """Queues, for grants."""
    return list(Queue.objects.order_by("name").values_list("pk", "name"))


def reason_names() -> list[tuple[int, str]]:
    """Contact reasons, for grants."""
    return list(ContactReason.objects.order_by("name").values_list("pk", "name"))
