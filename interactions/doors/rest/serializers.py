"""What OpenAPI says of the way in. Bodies are read by `shapes`; a test holds the two together."""

from typing import Any

from rest_framework import serializers

from interactions.cases.choices import AuthorKind
from interactions.customers.choices import IdentityKind
from interactions.doors.rest.shapes import ASSURANCES, MAX_BODY_LENGTH, MAX_BULK, MAX_FILES, REPORT_STATES


class IdentityIn(serializers.Serializer[Any]):
    kind = serializers.ChoiceField(choices=IdentityKind.choices)
    value = serializers.CharField(max_length=254, help_text="An e-mail address, an international phone number, …")
    assurance = serializers.ChoiceField(
        choices=list(ASSURANCES),
        default="claimed",
        help_text="`attested`: your system vouches for it; needs the scope contacts:attest.",
    )


class ContactIn(serializers.Serializer[Any]):
    inbox = serializers.CharField(max_length=120, help_text="Public id or name.")
    external_id = serializers.CharField(
        max_length=250, help_text="Your id of this contact. The same one again on the same inbox changes nothing."
    )
    occurred_at = serializers.DateTimeField(required=False, allow_null=True, help_text="With its offset; default now.")
    identity = IdentityIn(required=False, allow_null=True)
    customer_name = serializers.CharField(required=False, allow_null=True, allow_blank=True, max_length=200)
    language = serializers.CharField(required=False, allow_null=True, allow_blank=True, max_length=10)
    subject = serializers.CharField(required=False, allow_null=True, allow_blank=True, max_length=250)
    body = serializers.CharField(required=False, allow_null=True, allow_blank=True, max_length=MAX_BODY_LENGTH)
    thread_token = serializers.CharField(
        required=False, allow_null=True, allow_blank=True, max_length=120, help_text="What your channel threads by."
    )
    queue = serializers.CharField(required=False, allow_null=True, max_length=120, help_text="Public id or name.")
    reason = serializers.CharField(required=False, allow_null=True, max_length=60, help_text="The reason's code.")
    priority = serializers.IntegerField(required=False, allow_null=True, min_value=-100, max_value=100)
    payload = serializers.DictField(
        required=False, allow_null=True, help_text="Kept as it came, beside what is made of it."
    )


class BulkIn(serializers.Serializer[Any]):
    contacts = serializers.ListField(
        child=ContactIn(), min_length=1, max_length=MAX_BULK, help_text="Each is taken in or refused on its own."
    )


class MessageIn(serializers.Serializer[Any]):
    body = serializers.CharField(max_length=MAX_BODY_LENGTH)
    author_kind = serializers.ChoiceField(
        choices=AuthorKind.choices, default="customer", help_text="`agent` only from a person signed in."
    )
    is_note = serializers.BooleanField(default=False, help_text="Only we see it.")
    external_id = serializers.CharField(
        required=False, allow_null=True, max_length=250, help_text="Your id of it; again, it is the same message."
    )
    sent_at = serializers.DateTimeField(required=False, allow_null=True, help_text="With its offset; now by default.")


class ReportIn(serializers.Serializer[Any]):
    state = serializers.ChoiceField(choices=list(REPORT_STATES), help_text="It only ever goes forward.")
    at = serializers.DateTimeField(required=False, allow_null=True, help_text="With its offset; now by default.")
    error = serializers.CharField(
        required=False, allow_null=True, allow_blank=True, max_length=300, help_text="Why it failed, for the agent."
    )
    error_code = serializers.CharField(required=False, allow_null=True, allow_blank=True, max_length=40)


class ReportOut(serializers.Serializer[Any]):
    message = serializers.UUIDField()
    state = serializers.CharField(help_text="How the message stands now.")
    is_new = serializers.BooleanField(help_text="false: it had come that far before, and nothing was done.")


class FileIn(serializers.Serializer[Any]):
    name = serializers.CharField(max_length=255)
    url = serializers.CharField(max_length=2000, help_text="A public address, fetched within seconds and only by us.")
    content_type = serializers.CharField(required=False, allow_null=True, allow_blank=True, max_length=100)
    size = serializers.IntegerField(required=False, allow_null=True, min_value=0, max_value=2**40)


class FilesIn(serializers.Serializer[Any]):
    files = serializers.ListField(child=FileIn(), min_length=1, max_length=MAX_FILES)


class FilesOut(serializers.Serializer[Any]):
    message = serializers.UUIDField()
    owed = serializers.IntegerField(help_text="How many files will be fetched.")


class ReceiptOut(serializers.Serializer[Any]):
    external_id = serializers.CharField()
    is_new = serializers.BooleanField(help_text="false: it had been received before, and nothing was done.")
    started_interaction = serializers.BooleanField(help_text="false: it went on with one that was running.")
    interaction = serializers.UUIDField(allow_null=True)
    case = serializers.UUIDField(allow_null=True)
    customer = serializers.UUIDField(allow_null=True)
    message = serializers.UUIDField(allow_null=True)


class ItemErrorOut(serializers.Serializer[Any]):
    pointer = serializers.CharField()
    code = serializers.CharField()
    detail = serializers.CharField()


class ItemOut(serializers.Serializer[Any]):
    index = serializers.IntegerField()
    status = serializers.IntegerField(help_text="201 new, 200 known, 4xx refused.")
    external_id = serializers.CharField(allow_null=True)
    receipt = ReceiptOut(allow_null=True)
    errors = ItemErrorOut(many=True)  # type: ignore[assignment]


class BulkOut(serializers.Serializer[Any]):
    accepted = serializers.IntegerField()
    refused = serializers.IntegerField()
    results = ItemOut(many=True, help_text="One for each contact, in the order given.")


class SaidOut(serializers.Serializer[Any]):
    message = serializers.UUIDField()
    interaction = serializers.UUIDField()
    is_new = serializers.BooleanField()
