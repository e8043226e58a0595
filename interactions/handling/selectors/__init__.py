"""Reads about what runs: what happened since one looked, who is there, who is free, and the way to the customer."""

from interactions.handling.selectors.presence import presence_of
from interactions.handling.selectors.seeing import changes_since, said_to_customers, seen_cursor
from interactions.handling.selectors.sending import Way, capabilities_of, way_out, ways_out
from interactions.handling.selectors.work import free_desks, waiting_for

__all__ = [
    "Way",
    "capabilities_of",
    "changes_since",
    "free_desks",
    "presence_of",
    "said_to_customers",
    "seen_cursor",
    "waiting_for",
    "way_out",
    "ways_out",
]
