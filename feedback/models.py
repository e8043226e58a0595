"""Re-exports the models of the rooms; without it Django leaves them out."""

from feedback.surveys.models import Response

__all__ = ["Response"]
