"""What a visitor may do."""

from interactions.doors.chat.services.ending import close_empty_chats, end_chat, leave_lost_chats
from interactions.doors.chat.services.forgetting import forget_the_silent, forget_visitors
from interactions.doors.chat.services.presence import are_seen, hear_typing, is_seen, keep_page, show_up_to
from interactions.doors.chat.services.saying import say
from interactions.doors.chat.services.sessions import begin_session, keep_email, open_link
from interactions.doors.chat.services.uploads import forget_uploads, keep_upload
from interactions.doors.chat.services.writing import take_form

__all__ = [
    "are_seen",
    "begin_session",
    "close_empty_chats",
    "end_chat",
    "forget_the_silent",
    "forget_uploads",
    "forget_visitors",
    "hear_typing",
    "is_seen",
    "keep_email",
    "keep_page",
    "keep_upload",
    "leave_lost_chats",
    "open_link",
    "say",
    "show_up_to",
    "take_form",
]
