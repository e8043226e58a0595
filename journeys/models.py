"""Re-exports the models of the rooms; without it Django leaves them out."""

from journeys.ownership.models import (
    CostRate,
    Department,
    JobToBeDone,
    Journey,
    OwnerLetter,
    ReasonTouchpoint,
    Touchpoint,
)

__all__ = ["CostRate", "Department", "JobToBeDone", "Journey", "OwnerLetter", "ReasonTouchpoint", "Touchpoint"]
