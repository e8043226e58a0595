"""The only code that changes the state of interactions and cases after they arrived."""

from interactions.handling.services.casework import correct_reason, link_cases, move_interaction
from interactions.handling.services.closing import abandon_interaction, close_interaction
from interactions.handling.services.completing import COMPLETE_WITHIN, complete_wrap_up
from interactions.handling.services.identifying import identify_customer
from interactions.handling.services.messages import Said, Saying, add_message
from interactions.handling.services.presence import set_presence
from interactions.handling.services.talking import (
    answer_interaction,
    hold_interaction,
    resume_interaction,
    transfer_interaction,
    wrap_up_interaction,
)

__all__ = [
    "COMPLETE_WITHIN",
    "Said",
    "Saying",
    "abandon_interaction",
    "add_message",
    "answer_interaction",
    "close_interaction",
    "complete_wrap_up",
    "correct_reason",
    "hold_interaction",
    "identify_customer",
    "link_cases",
    "move_interaction",
    "resume_interaction",
    "set_presence",
    "transfer_interaction",
    "wrap_up_interaction",
]
