"""A web process that takes one delivery, for tests that kill it: python -m tests.interactions.doors.webhook_process"""

import os

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "ccx.settings.test")


def main() -> None:
    """Take one delivery of the pretend line; CCX_FAILPOINT says where to die."""
    django.setup()
    from django.test.utils import setup_test_environment

    from interactions.channels.models import Inbox
    from tests.factories.providers import PretendAdapter, bring, register

    setup_test_environment()
    register(PretendAdapter())
    bring(Inbox.objects.get(provider="pretend"), {"messages": [{"id": "m1", "text": "Hello"}]})


if __name__ == "__main__":
    main()
