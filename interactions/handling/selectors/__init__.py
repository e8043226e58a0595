"""Reads about what runs: what happened since one looked, who is there, who is free, and the way to the customer."""

from interactions.handling.selectors.presence import presence_of
from interactions.handling.selectors.seeing import changes_since, said_to_customers, seen_cursor
from interactions.handling.selectors.sending import WayOut, message_senders, way_out
from interactions.handling.selectors.work import free_desks, waiting_for

__all__ = [
    "WayOut",
    "changes_since",
    "free_desks",
    "message_senders",
    "presence_of",
    "said_to_customers",
    "seen_cursor",
    "waiting_for",
    "way_out",
]
