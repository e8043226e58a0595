"""The only code that changes the state of interactions and cases after they arrived."""

from interactions.handling.choices import After
from interactions.handling.services.accepting import accept_interaction, decline_offer
from interactions.handling.services.casework import correct_reason, link_cases, move_interaction
from interactions.handling.services.closing import (
    abandon_interaction,
    close_interaction,
    end_overdue_wrap_ups,
    finish_wrap_up,
)
from interactions.handling.services.drafts import Along, choose_way, discard_draft, save_draft
from interactions.handling.services.editing import hear_edit, hear_reaction
from interactions.handling.services.files import add_file, remove_file
from interactions.handling.services.forgetting import forget_old_files, forget_written
from interactions.handling.services.identifying import identify_customer
from interactions.handling.services.inviting import enter_chat
from interactions.handling.services.messages import Said, Saying, add_message
from interactions.handling.services.offering import offer_waiting_work
from interactions.handling.services.phoning import (
    CallEnd,
    Outbound,
    Span,
    Stretch,
    close_for_callback,
    end_call,
    enqueue_interaction,
    hand_over,
    refold_segments,
    return_to_queue,
    start_outbound,
)
from interactions.handling.services.presence import agent_gone, end_silence, hear_agent, hear_agents, set_presence
from interactions.handling.services.promises import keep_promise, make_promise
from interactions.handling.services.replying import (
    add_note,
    confirm_sending,
    leave_failed,
    retry_sending,
    send_reply,
    take_back,
)
from interactions.handling.services.talking import hold_interaction, resume_interaction, wrap_up_interaction
from interactions.handling.services.transferring import transfer_interaction
from interactions.handling.services.voicemails import VoicemailFile, keep_voicemail, settle_voicemail
from interactions.handling.services.waiting import (
    hear_customer,
    snooze_interaction,
    wait_for_customer,
    wake_snoozed,
)

__all__ = [
    "After",
    "Along",
    "CallEnd",
    "Outbound",
    "Said",
    "Saying",
    "Span",
    "Stretch",
    "VoicemailFile",
    "abandon_interaction",
    "accept_interaction",
    "add_file",
    "add_message",
    "add_note",
    "agent_gone",
    "choose_way",
    "close_for_callback",
    "close_interaction",
    "confirm_sending",
    "correct_reason",
    "decline_offer",
    "discard_draft",
    "end_call",
    "end_overdue_wrap_ups",
    "end_silence",
    "enqueue_interaction",
    "enter_chat",
    "finish_wrap_up",
    "forget_old_files",
    "forget_written",
    "hand_over",
    "hear_agent",
    "hear_agents",
    "hear_customer",
    "hear_edit",
    "hear_reaction",
    "hold_interaction",
    "identify_customer",
    "keep_promise",
    "keep_voicemail",
    "leave_failed",
    "link_cases",
    "make_promise",
    "move_interaction",
    "offer_waiting_work",
    "refold_segments",
    "remove_file",
    "resume_interaction",
    "retry_sending",
    "return_to_queue",
    "save_draft",
    "send_reply",
    "set_presence",
    "settle_voicemail",
    "snooze_interaction",
    "start_outbound",
    "take_back",
    "transfer_interaction",
    "wait_for_customer",
    "wake_snoozed",
    "wrap_up_interaction",
]
