"""Telephone lines: what a provider, or a PBX, tells of calls, and what it is asked to do."""
