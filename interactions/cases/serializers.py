"""Interactions, messages and cases as the API tells them. Ids are public ids, codes are words."""

from typing import Any

from rest_framework import serializers

from interactions.cases.choices import AuthorKind, CaseStatus, Direction, InteractionStatus, Outcome
from interactions.cases.models import Attachment, Case, ContactReason, Interaction, Message
from interactions.channels.choices import Channel
from interactions.customers.choices import Assurance


class WordField(serializers.ChoiceField):
    """A stored number told as the lower-case name of its choice."""

    def __init__(self, enum: Any, **kwargs: Any) -> None:
        self.enum = enum
        super().__init__(choices=[(member.name.lower(), member.label) for member in enum], **kwargs)

    def to_representation(self, value: Any) -> str:
        """The word."""
        return str(self.enum(value).name.lower())

    def to_internal_value(self, data: Any) -> int:  # type: ignore[override]
        """The number."""
        return int(self.enum[str(super().to_internal_value(data)).upper()].value)


class ReasonSerializer(serializers.ModelSerializer[ContactReason]):
    id = serializers.UUIDField(source="public_id")
    parent = serializers.UUIDField(  # type: ignore[assignment]
        source="parent.public_id", default=None, allow_null=True
    )

    class Meta:
        model = ContactReason
        fields = ["id", "code", "name", "parent", "resolution_window_days", "is_active"]


class InteractionSerializer(serializers.ModelSerializer[Interaction]):
    id = serializers.UUIDField(source="public_id")
    inbox = serializers.UUIDField(source="inbox.public_id")
    channel = WordField(Channel)
    direction = WordField(Direction)
    outcome = WordField(Outcome, allow_null=True)
    assurance = WordField(Assurance)
    customer = serializers.UUIDField(source="customer.public_id", default=None, allow_null=True)
    case = serializers.UUIDField(source="case.public_id", default=None, allow_null=True)
    queue = serializers.UUIDField(source="queue.public_id", default=None, allow_null=True)
    team = serializers.UUIDField(source="team.public_id", default=None, allow_null=True)
    agent = serializers.UUIDField(source="agent.public_id", default=None, allow_null=True)
    reason = serializers.CharField(source="reason.code", default=None, allow_null=True)
    disposition = serializers.CharField(source="disposition.code", default=None, allow_null=True)

    class Meta:
        model = Interaction
        fields = [
            "id",
            "inbox",
            "channel",
            "direction",
            "status",
            "outcome",
            "is_resolved",
            "customer",
            "assurance",
            "case",
            "is_case_assumed",
            "queue",
            "team",
            "agent",
            "reason",
            "disposition",
            "priority",
            "subject",
            "started_at",
            "last_customer_message_at",
            "first_answered_at",
            "closed_at",
        ]


class AttachmentSerializer(serializers.ModelSerializer[Attachment]):
    id = serializers.UUIDField(source="public_id")

    class Meta:
        model = Attachment
        fields = ["id", "name", "content_type", "size", "sha256"]


class MessageSerializer(serializers.ModelSerializer[Message]):
    id = serializers.UUIDField(source="public_id")
    author_kind = serializers.ChoiceField(choices=AuthorKind.choices)
    author = serializers.UUIDField(source="author.public_id", default=None, allow_null=True)
    attachments = AttachmentSerializer(many=True)

    class Meta:
        model = Message
        fields = ["id", "author_kind", "author", "is_note", "body", "external_id", "sent_at", "attachments"]


class CaseSerializer(serializers.ModelSerializer[Case]):
    id = serializers.UUIDField(source="public_id")
    status = serializers.ChoiceField(choices=CaseStatus.choices)
    customer = serializers.UUIDField(source="customer.public_id", default=None, allow_null=True)
    reason = serializers.CharField(source="reason.code", default=None, allow_null=True)
    follows = serializers.UUIDField(source="follows.public_id", default=None, allow_null=True)

    class Meta:
        model = Case
        fields = [
            "id",
            "customer",
            "title",
            "status",
            "reason",
            "follows",
            "opened_at",
            "resolved_at",
            "reopened_count",
            "last_reopened_at",
        ]


class InteractionQuery(serializers.Serializer[Any]):
    """Which interactions, and in which order."""

    inbox = serializers.UUIDField(required=False)
    channel = WordField(Channel, required=False)
    status = serializers.ChoiceField(choices=InteractionStatus.choices, required=False)
    customer = serializers.UUIDField(required=False)
    case = serializers.UUIDField(required=False)
    started_from = serializers.DateTimeField(required=False, help_text="Inclusive.")
    started_before = serializers.DateTimeField(required=False, help_text="Exclusive.")
    sort = serializers.ChoiceField(choices=["started_at", "-started_at"], default="-started_at")


class ChangesQuery(serializers.Serializer[Any]):
    """Where to begin, when there is no cursor yet."""

    since = serializers.DateTimeField(required=False, help_text="Recorded from then on; empty: from the beginning.")


class CaseQuery(serializers.Serializer[Any]):
    """Which cases, and in which order."""

    status = serializers.ChoiceField(choices=CaseStatus.choices, required=False)
    customer = serializers.UUIDField(required=False)
    sort = serializers.ChoiceField(choices=["opened_at", "-opened_at"], default="-opened_at")


class ReasonQuery(serializers.Serializer[Any]):
    """Which reasons."""

    is_active = serializers.BooleanField(required=False, allow_null=True, default=None)
