"""What changes surveys, invitations, answers and follow-ups."""

from feedback.surveys.services.answering import do_not_ask_again, record_answer, record_response
from feedback.surveys.services.configuring import make_standard_survey, save_survey
from feedback.surveys.services.following_up import close_follow_up, hand_over_follow_up, look_into, take_follow_up
from feedback.surveys.services.forgetting import forget_words
from feedback.surveys.services.inviting import invite_customers
from feedback.surveys.services.sending import send_due_invitations, send_test, settle_the_silent

__all__ = [
    "close_follow_up",
    "do_not_ask_again",
    "forget_words",
    "hand_over_follow_up",
    "invite_customers",
    "look_into",
    "make_standard_survey",
    "record_answer",
    "record_response",
    "save_survey",
    "send_due_invitations",
    "send_test",
    "settle_the_silent",
    "take_follow_up",
]
