"""Customers as the API tells them."""

from typing import Any

from rest_framework import serializers

from interactions.customers.choices import Assurance, IdentityKind
from interactions.customers.models import Customer, Identity


class IdentitySerializer(serializers.ModelSerializer[Identity]):
    assurance = serializers.ChoiceField(choices=[member.name.lower() for member in Assurance], source="assurance_word")

    class Meta:
        model = Identity
        fields = ["kind", "value", "assurance", "first_seen_at", "last_seen_at"]

    def to_representation(self, instance: Identity) -> dict[str, Any]:
        """One address and how sure we are of it."""
        return {
            "kind": instance.kind,
            "value": instance.value,
            "assurance": Assurance(instance.assurance).name.lower(),
            "first_seen_at": instance.first_seen_at.isoformat(),
            "last_seen_at": instance.last_seen_at.isoformat(),
        }


class CustomerSerializer(serializers.ModelSerializer[Customer]):
    id = serializers.UUIDField(source="public_id")
    merged_into = serializers.UUIDField(source="merged_into.public_id", default=None, allow_null=True)
    identities = IdentitySerializer(many=True)
    attributes = serializers.DictField()

    class Meta:
        model = Customer
        fields = [
            "id",
            "name",
            "company",
            "language",
            "time_zone",
            "attributes",
            "identities",
            "created_at",
            "merged_into",
            "erased_at",
        ]


class CustomerQuery(serializers.Serializer[Any]):
    """Whose address it is; the API lists no customers at large."""

    identity_kind = serializers.ChoiceField(choices=IdentityKind.choices)
    identity_value = serializers.CharField(max_length=254)
