"""Queues as the API tells them."""

from rest_framework import serializers

from interactions.routing.models import Queue


class QueueSerializer(serializers.ModelSerializer[Queue]):
    id = serializers.UUIDField(source="public_id")
    team = serializers.UUIDField(source="team.public_id", default=None, allow_null=True)

    class Meta:
        model = Queue
        fields = ["id", "name", "team", "is_active"]
