"""Re-exports the models of the rooms; without it Django leaves them out."""

from journeys.ownership.models import Department, ReasonTouchpoint, Touchpoint

__all__ = ["Department", "ReasonTouchpoint", "Touchpoint"]
