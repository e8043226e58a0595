"""Telling open pages that something changed. Nudges carry no data: pages read again what they may read."""
