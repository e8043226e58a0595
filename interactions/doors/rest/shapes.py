"""What a contact and a message look like on the way in."""

from typing import Final

from ccx.kernel.access.shapes import Field, Shape, boolean, choice, integer, moment, plain_object, text
from ccx.kernel.files import UNKNOWN
from interactions.cases.choices import AuthorKind
from interactions.customers.choices import Assurance, IdentityKind

MAX_BODY_LENGTH: Final = 200_000
MAX_BULK: Final = 100
# Nothing on this way proves an identity; the most a system can do is vouch for it.
ASSURANCES: Final = {"claimed": Assurance.CLAIMED, "attested": Assurance.ATTESTED}

IDENTITY = Shape(
    {
        "kind": Field(choice({kind.value: kind.value for kind in IdentityKind}), required=True),
        "value": Field(text(min_length=1, max_length=254), required=True),
        "assurance": Field(choice(ASSURANCES), default=Assurance.CLAIMED),
    }
)
CONTACT = Shape(
    {
        "inbox": Field(text(min_length=1, max_length=120), required=True),
        "external_id": Field(text(min_length=1, max_length=250), required=True),
        "occurred_at": Field(moment),
        "identity": Field(IDENTITY),
        "customer_name": Field(text(max_length=200), default=""),
        "language": Field(text(max_length=10), default=""),
        "subject": Field(text(max_length=250), default=""),
        "body": Field(text(max_length=MAX_BODY_LENGTH), default=""),
        "thread_token": Field(text(max_length=120), default=""),
        "queue": Field(text(min_length=1, max_length=120)),
        "reason": Field(text(min_length=1, max_length=60)),
        "priority": Field(integer(low=-100, high=100), default=0),
        "payload": Field(plain_object),
    }
)
MESSAGE = Shape(
    {
        "body": Field(text(min_length=1, max_length=MAX_BODY_LENGTH), required=True),
        "author_kind": Field(choice({kind.value: kind.value for kind in AuthorKind}), default="customer"),
        "is_note": Field(boolean, default=False),
        "external_id": Field(text(min_length=1, max_length=250), default=""),
        "sent_at": Field(moment),
    }
)
# What another system may say of a message of ours that it was handed.
REPORT_STATES: Final = ("sent", "delivered", "read", "failed")
MAX_FILES: Final = 10
REPORT = Shape(
    {
        "state": Field(choice({state: state for state in REPORT_STATES}), required=True),
        "at": Field(moment),
        "error": Field(text(max_length=300), default=""),
        "error_code": Field(text(max_length=40), default=""),
    }
)
FILE = Shape(
    {
        "name": Field(text(min_length=1, max_length=255), required=True),
        "url": Field(text(min_length=1, max_length=2000), required=True),
        "content_type": Field(text(max_length=100), default=UNKNOWN),
        "size": Field(integer(low=0, high=2**40)),
    }
)
