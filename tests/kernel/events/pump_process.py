"""A pump in a process of its own, for tests that kill it: python -m tests.kernel.events.pump_process"""

import os

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "ccx.settings.test")


def main() -> None:
    """Pump everything once; CCX_FAILPOINT says where to die."""
    django.setup()
    from django.conf import settings

    settings.CCX_READERS = "tests.kernel.events.recording.READERS"
    settings.CCX_SENDERS = "tests.kernel.events.recording.SENDERS"

    from ccx.kernel.events.pumping import pump_everything

    pump_everything()


if __name__ == "__main__":
    main()
