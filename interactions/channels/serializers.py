"""Inboxes as the API tells them."""

from rest_framework import serializers

from interactions.channels.choices import Channel
from interactions.channels.models import Inbox


class InboxSerializer(serializers.ModelSerializer[Inbox]):
    id = serializers.UUIDField(source="public_id")
    channel = serializers.ChoiceField(choices=[(channel.slug, channel.label) for channel in Channel], source="slug")
    default_queue = serializers.UUIDField(source="default_queue.public_id", default=None, allow_null=True)

    class Meta:
        model = Inbox
        fields = ["id", "name", "channel", "address", "time_zone", "default_queue", "is_active"]

    def to_representation(self, instance: Inbox) -> dict[str, object]:
        """The channel by its word."""
        queue = instance.default_queue
        return {
            "id": str(instance.public_id),
            "name": instance.name,
            "channel": Channel(instance.channel).slug,
            "address": instance.address,
            "time_zone": instance.time_zone,
            "default_queue": str(queue.public_id) if queue else None,
            "is_active": instance.is_active,
        }
