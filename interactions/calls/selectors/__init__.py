"""Reads about calls: how one stands, what was missed, who is to be called back, what was recorded."""

from interactions.calls.selectors.lists import callbacks_given_up, callbacks_open, missed_calls, recordings_of
from interactions.calls.selectors.standing import (
    CallView,
    call_by_id,
    call_by_leg,
    call_of,
    line_consents,
    softphone_lines,
    standing,
)
from interactions.calls.selectors.waiting import Wait, wait_of

__all__ = [
    "CallView",
    "Wait",
    "call_by_id",
    "call_by_leg",
    "call_of",
    "callbacks_given_up",
    "callbacks_open",
    "line_consents",
    "missed_calls",
    "recordings_of",
    "softphone_lines",
    "standing",
    "wait_of",
]
