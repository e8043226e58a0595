"""Contacts from public web forms."""
