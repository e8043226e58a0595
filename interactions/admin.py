"""Brings in the configuration pages of the rooms; Django looks for them here only."""

from interactions.cases import admin as cases
from interactions.routing import admin as routing

__all__ = ["cases", "routing"]
