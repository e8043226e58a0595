#!/usr/bin/env python
"""The command line of CCX."""

import os
import sys


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "ccx.settings.base")
    from django.core.management import execute_from_command_line
    from django.db import OperationalError

    try:
        execute_from_command_line(sys.argv)
    except OperationalError as error:
        reason = str(error).strip().splitlines() or [type(error).__name__]
        if "connection" not in reason[0]:
            raise
        sys.exit(f"The database does not answer: {reason[0]}. Is `make run` up, or DATABASE_URL right?")


if __name__ == "__main__":
    main()
