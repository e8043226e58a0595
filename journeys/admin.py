"""Brings in the configuration pages of the rooms; Django looks for them here only."""

from journeys.ownership import admin as ownership

__all__ = ["ownership"]
