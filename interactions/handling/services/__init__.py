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
from interactions.handling.services.drafts import choose_way, discard_draft, save_draft
from interactions.handling.services.editing import hear_edit
from interactions.handling.services.files import add_file, remove_file
from interactions.handling.services.identifying import identify_customer
from interactions.handling.services.messages import Said, Saying, add_message
from interactions.handling.services.offering import offer_waiting_work
from interactions.handling.services.presence import agent_gone, end_silence, hear_agent, hear_agents, set_presence
from interactions.handling.services.promises import keep_promise, make_promise
from interactions.handling.services.replying import add_note, confirm_sending, retry_sending, send_reply, take_back
from interactions.handling.services.scheduling import hold_overtaken
from interactions.handling.services.talking import hold_interaction, resume_interaction, wrap_up_interaction
from interactions.handling.services.transferring import transfer_interaction
from interactions.handling.services.waiting import (
    hear_customer,
    snooze_interaction,
    wait_for_customer,
    wake_snoozed,
)

__all__ = [
    "After",
    "Said",
    "Saying",
    "abandon_interaction",
    "accept_interaction",
    "add_file",
    "add_message",
    "add_note",
    "agent_gone",
    "choose_way",
    "close_interaction",
    "confirm_sending",
    "correct_reason",
    "decline_offer",
    "discard_draft",
    "end_overdue_wrap_ups",
    "end_silence",
    "finish_wrap_up",
    "hear_agent",
    "hear_agents",
    "hear_customer",
    "hear_edit",
    "hold_interaction",
    "hold_overtaken",
    "identify_customer",
    "keep_promise",
    "link_cases",
    "make_promise",
    "move_interaction",
    "offer_waiting_work",
    "remove_file",
    "resume_interaction",
    "retry_sending",
    "save_draft",
    "send_reply",
    "set_presence",
    "snooze_interaction",
    "take_back",
    "transfer_interaction",
    "wait_for_customer",
    "wake_snoozed",
    "wrap_up_interaction",
]
