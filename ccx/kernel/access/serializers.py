"""What the API says of the caller and of teams."""

from typing import Any

from rest_framework import serializers

from ccx.kernel.access.choices import Scope
from ccx.kernel.people.models import Team


class CallerSerializer(serializers.Serializer[Any]):
    """Whoever the API takes you for."""

    user = serializers.UUIDField()
    name = serializers.CharField()
    scopes = serializers.ListField(child=serializers.ChoiceField(choices=Scope.choices))
    key_prefix = serializers.CharField(allow_null=True)
    expires_at = serializers.DateTimeField(allow_null=True)


class TeamSerializer(serializers.ModelSerializer[Team]):
    id = serializers.UUIDField(source="public_id")

    class Meta:
        model = Team
        fields = ["id", "name", "is_active"]
