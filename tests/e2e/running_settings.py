"""Settings of the programs of a running centre: those of tests, with the readers awake and the mail on its way."""

from ccx.settings.base import CCX_WAKE_READERS as WAKE
from ccx.settings.base import EMAIL_BACKEND as MAIL
from ccx.settings.test import *  # noqa: F403

CCX_WAKE_READERS = WAKE
EMAIL_BACKEND = MAIL
