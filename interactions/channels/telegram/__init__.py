"""Telegram: the messages of a bot."""
