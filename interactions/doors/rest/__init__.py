"""Contacts told by other systems over REST."""
