"""Providers that are none: they behave like the real ones, on this machine."""
