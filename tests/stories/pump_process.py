"""A pump with the real facts reader in a process of its own: python -m tests.stories.pump_process"""

import os
import sys
from dataclasses import replace

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "ccx.settings.test")


def main() -> None:
    """Pump everything once in batches of so many events; CCX_FAILPOINT says where to die."""
    django.setup()
    from django.conf import settings

    from tests.stories import letters

    size = int(sys.argv[1]) if len(sys.argv) > 1 else 2000
    letters.READERS = tuple(replace(reader, batch_size=size) for reader in letters.READERS)
    settings.CCX_READERS = "tests.stories.letters.READERS"
    settings.CCX_SENDERS = "tests.stories.letters.SENDERS"

    from ccx.kernel.events.pumping import pump_everything

    pump_everything()


if __name__ == "__main__":
    main()
