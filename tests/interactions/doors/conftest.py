"""The API's fixtures."""

from tests.fixtures_api import api, fresh_limits, stranger

__all__ = ["api", "fresh_limits", "stranger"]
