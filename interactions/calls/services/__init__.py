"""What happens to calls: they are heard of, folded into contacts, and told what to do."""

from interactions.calls.services.beginning import begin_call, make_contact
from interactions.calls.services.callbacks import (
    MOST_TRIES,
    ask_callback,
    call_back,
    cancel_callback,
    start_due_callbacks,
)
from interactions.calls.services.calling import SoftphoneToken, dial_customer, token_for
from interactions.calls.services.controlling import (
    cancel_consult,
    complete_transfer,
    consult,
    hang_up,
    hold_call,
    join_all,
    resume_call,
    transfer_call,
)
from interactions.calls.services.flowing import answer_step, end_flow, note_alive, start_flow, take_callback
from interactions.calls.services.flowkeeping import keep_flow
from interactions.calls.services.folding import refold
from interactions.calls.services.following import follow_desk
from interactions.calls.services.hearing import conclude, hear, hear_event
from interactions.calls.services.recordings import (
    keep_recording,
    note_fetch_failure,
    pause_recording,
    resume_recording,
    start_recording,
    stop_recording,
)

__all__ = [
    "MOST_TRIES",
    "SoftphoneToken",
    "answer_step",
    "ask_callback",
    "begin_call",
    "call_back",
    "cancel_callback",
    "cancel_consult",
    "complete_transfer",
    "conclude",
    "consult",
    "dial_customer",
    "end_flow",
    "follow_desk",
    "hang_up",
    "hear",
    "hear_event",
    "hold_call",
    "join_all",
    "keep_flow",
    "keep_recording",
    "make_contact",
    "note_alive",
    "note_fetch_failure",
    "pause_recording",
    "refold",
    "resume_call",
    "resume_recording",
    "start_due_callbacks",
    "start_flow",
    "start_recording",
    "stop_recording",
    "take_callback",
    "token_for",
    "transfer_call",
]
