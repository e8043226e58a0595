"""What may stop the embedded servers, told in one sentence."""


class CannotStartError(Exception):
    """One sentence for the person at the terminal: what is wrong and what to do."""
