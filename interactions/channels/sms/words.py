"""Words by which a person takes back, or gives again, that we may write to their phone. Carriers know them too."""

from typing import Final

STOP: Final = frozenset({"stop", "stopall", "unsubscribe", "cancel", "end", "quit", "revoke", "optout"})
# YES would be one as well; but people say yes to questions of ours.
START: Final = frozenset({"start", "unstop"})


def consent_in(body: str, told: str = "") -> bool | None:
    """Whether a message does nothing but give (True) or take back (False) consent. `told`: what the provider says."""
    if told:
        return {"STOP": False, "START": True}.get(told.upper())
    word = body.strip().strip(".!\"' ").lower()
    if word in STOP:
        return False
    return True if word in START else None
