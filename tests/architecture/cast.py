"""One signed-in client per role, and the objects that addresses name."""

from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from django.core.files.base import ContentFile
from django.test import Client
from django.utils import timezone

from ccx.kernel.models import User
from ccx.kernel.people.choices import GrantScope, Role
from feedback.models import FollowUp, Invitation
from feedback.surveys.selectors import hash_of
from feedback.surveys.services import make_standard_survey, record_response
from interactions.channels.choices import Channel
from interactions.customers.choices import Assurance
from interactions.models import (
    Attachment,
    Call,
    Case,
    Customer,
    Delivery,
    ImportRun,
    Inbox,
    Interaction,
    Message,
    MessageHtml,
    Recording,
    WebForm,
)
from tests.factories.figures import a_reason
from tests.factories.owners import a_department, a_touchpoint, mapped
from tests.factories.people import make_grant, make_key, make_service_user, make_team, make_user


@dataclass
class Cast:
    """Who asks, and what for. Rooms add their objects in `make_objects`."""

    clients: dict[str, Client] = field(default_factory=dict)
    objects: dict[str, Any] = field(default_factory=dict)


def make_cast() -> Cast:
    """Alice's team with its people, a stranger, a key without a scope, and somebody who was just closed."""
    cast = Cast()
    team, other = make_team("Billing"), make_team("Repairs")
    people = {
        "agent": make_user(Role.AGENT, team=team),
        "supervisor": make_user(Role.SUPERVISOR, team=team),
        "quality_analyst": make_user(Role.QUALITY_ANALYST, team=team),
        "experience_owner": make_user(Role.EXPERIENCE_OWNER, team=team),
        "administrator": make_user(Role.ADMINISTRATOR),
        "stranger": make_user(Role.SUPERVISOR, team=other),
        "disabled": make_user(Role.SUPERVISOR, team=team),
    }
    # A second one, so that the tests may close anybody.
    make_user(Role.ADMINISTRATOR)
    for name in ("agent", "supervisor", "quality_analyst", "experience_owner", "disabled"):
        make_grant(people[name], GrantScope.TEAM, team.pk)
    make_grant(people["stranger"], GrantScope.TEAM, other.pk)
    cast.objects["owner"] = people["experience_owner"]
    cast.clients["anonymous"] = Client()
    for name, user in people.items():
        cast.clients[name] = Client()
        cast.clients[name].force_login(user)
    User.objects.filter(pk=people["disabled"].pk).update(is_active=False)
    service = make_service_user()
    _key, token = make_key(service)
    cast.clients["key"] = Client(headers={"authorization": f"Bearer {token}"})
    cast.objects |= {"bob": make_user(Role.AGENT, team=team), "service": service, "team": team}
    cast.objects |= make_objects(cast)
    return cast


def make_objects(cast: Cast) -> dict[str, Any]:
    """What the addresses of the other rooms name: name in url_matrix.py -> row with a public id."""
    team = cast.objects["team"]
    inbox = Inbox.objects.create(name="Mail", channel=Channel.EMAIL)
    customer = Customer.objects.create(name="Ann")
    case = Case.objects.create(customer=customer, title="Late", opened_at=timezone.now())
    interaction = Interaction.objects.create(
        inbox=inbox,
        channel=Channel.EMAIL,
        customer=customer,
        assurance=Assurance.ATTESTED,
        case=case,
        team=team,
        started_at=timezone.now(),
    )
    message = Message.objects.create(interaction=interaction, author_kind="customer", sent_at=timezone.now())
    file = Attachment.objects.create(
        message=message,
        file=ContentFile(b"<script>", name="x.html"),
        name="x.html",
        content_type="text/html",
        size=8,
        sha256="0" * 64,
    )
    aside = Delivery.objects.create(
        inbox=inbox, kind="mail", body=b"From: (((", digest="0" * 64, state="quarantined", error="too deep"
    )
    form = WebForm.objects.create(inbox=inbox, slug="contact", title="Contact us")
    key, _token = make_key(cast.objects["service"])
    run = ImportRun.objects.create(
        file_name="calls.csv", started_by=make_user(Role.ADMINISTRATOR), state=ImportRun.State.FAILED
    )
    MessageHtml.objects.create(message=message, html="<p>Hello</p>")
    objects = {"attachment": file, "laid_out": message, "aside": aside, "recording": a_recording(interaction)}
    objects |= {
        "import": run,
        "customer": customer,
        "case": case,
        "interaction": interaction,
        "form": form,
        "inbox": inbox,
    }
    return objects | {"api_key": key} | make_answers(interaction) | make_map(cast.objects["owner"])


def a_recording(interaction: Interaction) -> Recording:
    """What was recorded of a call of this contact."""
    now = timezone.now()
    call = Call.objects.create(
        inbox=interaction.inbox, provider_id="CA1", interaction=interaction, started_at=now, heard_at=now
    )
    sound = ContentFile(b"ID3", name="x.mp3")
    return Recording.objects.create(
        call=call, provider_id="RE1", state=Recording.State.KEPT, file=sound, content_type="audio/mpeg", started_at=now
    )


def make_answers(interaction: Interaction) -> dict[str, Any]:
    """A survey whose link holds the secret `known`, and an unhappy answer that nobody looks after."""
    survey = make_standard_survey(by=None)
    now = timezone.now()
    Invitation.objects.create(
        survey=survey,
        interaction=Interaction.objects.create(
            inbox=interaction.inbox, channel=Channel.EMAIL, customer=interaction.customer, started_at=now
        ),
        customer=interaction.customer,
        secret_hash=hash_of("known"),
        state=Invitation.State.SENT,
        due_at=now,
        sent_at=now,
        expires_at=now + timedelta(days=1),
    )
    record_response(interaction=interaction, answers={"csat": 1, "comment": "Late again"}, by=None)
    FollowUp.objects.update(owner=None)
    return {"survey": survey, "follow_up": FollowUp.objects.get()}


def make_map(owner: User) -> dict[str, Any]:
    """What the experience owner answers for, and what others do."""
    department, others = a_department(owner=owner), a_department()
    places = {
        "department": department,
        "others_department": others,
        "touchpoint": a_touchpoint(department),
        "others_touchpoint": a_touchpoint(others),
        "reason": a_reason(),
        "unmapped_reason": a_reason(),
    }
    mapped(places["reason"], places["touchpoint"])
    return places
