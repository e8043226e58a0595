"""What is recorded of calls, and what callers leave on the voicemail."""

from datetime import datetime, timedelta

from django.core.files.base import ContentFile
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from ccx.kernel.live.nudging import nudge
from ccx.kernel.live.topics import interaction_topic
from ccx.kernel.models import User
from interactions.calls.errors import NothingIsRecordedError
from interactions.calls.models import Call, Recording
from interactions.calls.selectors import line_consents
from interactions.calls.services.controlling import the_call
from interactions.calls.services.ordering import order
from interactions.channels.contract import FetchedFile
from interactions.channels.voice.told import CallTold
from interactions.handling.services import VoicemailFile, keep_voicemail, settle_voicemail

STATES = {
    "in-progress": Recording.State.RUNNING,
    "paused": Recording.State.PAUSED,
    "stopped": Recording.State.PENDING,
    "completed": Recording.State.PENDING,
    "processing": Recording.State.PENDING,
    "absent": Recording.State.LOST,
    "failed": Recording.State.LOST,
}
# What comes late never moves a recording back.
RANK = {
    Recording.State.RUNNING: 0,
    Recording.State.PAUSED: 0,
    Recording.State.PENDING: 1,
    Recording.State.LOST: 2,
    Recording.State.KEPT: 3,
}
TRIES = 8


def tell_pages(call: Call) -> None:
    """Legs and recordings make no event of their own: whoever has the contact open reads it again."""
    if call.interaction is not None:
        nudge(interaction_topic(call.interaction.public_id), what="call")


@transaction.atomic
def hear_recording(*, call: Call, told: CallTold, now: datetime) -> Recording | None:
    """The provider told of a recording of a locked call. Once complete it is fetched; a voicemail becomes a message."""
    state = STATES.get(str(told.data.get("state", "")))
    if state is None:
        return None
    kind = Recording.Kind.VOICEMAIL if told.data.get("kind") == "voicemail" else Recording.Kind.CALL
    provider_id = str(told.data["recording"])[:120]
    recording, is_new = Recording.objects.select_for_update().get_or_create(
        call=call,
        provider_id=provider_id,
        defaults={"kind": kind, "state": state, "started_at": told.at or now, "remote": {"recording": provider_id}},
    )
    if not is_new and RANK[state] < RANK[Recording.State(recording.state)]:
        return recording
    recording.state = state
    recording.seconds = told.data.get("seconds") if told.data.get("seconds") is not None else recording.seconds
    if state == Recording.State.PENDING:
        recording.due_at = now
    recording.save(update_fields=["state", "seconds", "due_at"])
    if kind == Recording.Kind.VOICEMAIL and state == Recording.State.PENDING and call.interaction_id is not None:
        words = _("Voicemail, %(seconds)s seconds") % {"seconds": recording.seconds or 0}
        keep_voicemail(
            interaction_id=call.interaction_id,
            external_id=f"voicemail:{provider_id}",
            body=words,
            at=recording.started_at,
        )
    elif kind == Recording.Kind.VOICEMAIL and state == Recording.State.LOST:
        _settle(recording, None)
    return recording


@transaction.atomic
def keep_recording(*, recording_id: int, file: FetchedFile) -> Recording:
    """A recording was fetched."""
    recording = Recording.objects.select_for_update(of=("self",)).select_related("call").get(pk=recording_id)
    if recording.state == Recording.State.KEPT:
        return recording
    recording.file.save(f"{recording.public_id}.mp3", ContentFile(file.content), save=False)
    recording.state, recording.content_type = Recording.State.KEPT, file.content_type
    recording.due_at, recording.error = None, ""
    recording.save(update_fields=["file", "state", "content_type", "due_at", "error"])
    tell_pages(recording.call)
    if recording.kind == Recording.Kind.VOICEMAIL:
        path, kind = str(recording.file.name), file.content_type
        _settle(recording, VoicemailFile(path=path, name="voicemail.mp3", content_type=kind, content=file.content))
    return recording


def _settle(recording: Recording, file: VoicemailFile | None) -> None:
    """The message of a voicemail has its file, or says that there will be none."""
    if (number := recording.call.interaction_id) is not None:
        settle_voicemail(interaction_id=number, external_id=f"voicemail:{recording.provider_id}", file=file)


@transaction.atomic
def note_fetch_failure(*, recording_id: int, error: str, is_final: bool, wait: float | None = None) -> Recording:
    """A recording could not be fetched now; after TRIES, or when the provider says never, it is lost."""
    recording = Recording.objects.select_for_update().get(pk=recording_id)
    recording.attempts += 1
    recording.error = error[:300]
    if is_final or recording.attempts >= TRIES:
        recording.state, recording.due_at = Recording.State.LOST, None
    else:
        seconds = max(wait or 0.0, min(10.0 * 2**recording.attempts, 3600.0))
        recording.due_at = timezone.now() + timedelta(seconds=seconds)
    recording.save(update_fields=["attempts", "error", "state", "due_at"])
    if recording.state == Recording.State.LOST and recording.kind == Recording.Kind.VOICEMAIL:
        _settle(recording, None)
    return recording


@transaction.atomic
def start_recording(*, interaction_id: int, by: User) -> Call:
    """Record from now on. Refused on a line that does not announce it to callers."""
    call = the_call(interaction_id=interaction_id)
    if not line_consents(call.inbox):
        raise NothingIsRecordedError(_("This line does not tell callers that it records; so it does not."))
    order(call, "record", key=f"by:{by.pk}:{timezone.now().isoformat()}")
    return call


@transaction.atomic
def pause_recording(*, interaction_id: int, by: User) -> Call:
    """What is said now is not kept (a card number, a password)."""
    return _change(interaction_id, "paused", by)


@transaction.atomic
def resume_recording(*, interaction_id: int, by: User) -> Call:
    """Record again after a pause."""
    return _change(interaction_id, "in-progress", by)


@transaction.atomic
def stop_recording(*, interaction_id: int, by: User) -> Call:
    """Record no more."""
    return _change(interaction_id, "stopped", by)


def _change(interaction_id: int, to: str, by: User) -> Call:
    call = the_call(interaction_id=interaction_id)
    running = call.recordings.filter(
        kind=Recording.Kind.CALL, state__in=[Recording.State.RUNNING, Recording.State.PAUSED]
    )
    recording = running.order_by("-pk").first()
    if recording is None:
        raise NothingIsRecordedError
    key = f"{recording.provider_id}:{to}:{timezone.now().isoformat()}"
    order(call, "change_recording", key=key, recording=recording.provider_id, to=to)
    if to != "stopped":
        recording.state = Recording.State.PAUSED if to == "paused" else Recording.State.RUNNING
        recording.save(update_fields=["state"])
    return call
