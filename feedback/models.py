"""Re-exports the models of the rooms; without it Django leaves them out."""

from feedback.surveys.models import FollowUp, Invitation, Response, Survey

__all__ = ["FollowUp", "Invitation", "Response", "Survey"]
