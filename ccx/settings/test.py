"""Overrides for tests only; everything else is base.py."""

from ccx.settings.base import *  # noqa: F403
from ccx.settings.base import DATABASES, STORAGES
from ccx.settings.env import env_str

SECRET_KEY = "a-key-for-tests-only"  # noqa: S105
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
STORAGES = STORAGES | {"staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}}
EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
CCX_WAKE_READERS = ""
CCX_CALLS_WAKE = ""
# The name of the test database, where several people share one server.
DATABASES["default"]["TEST"] = {"NAME": env_str("CCX_TEST_DATABASE") or None}
options = DATABASES["default"]["OPTIONS"]
assert isinstance(options, dict)  # noqa: S101 - for the type checker
# Tests that commit end by emptying all tables; the audit log refuses that everywhere else.
DATABASES["default"]["OPTIONS"] = dict(options, options="-c ccx.audit_may_be_emptied=on")
# Static files straight from where they are: nothing is collected for a test.
WHITENOISE_USE_FINDERS = True
WHITENOISE_AUTOREFRESH = True
# A browser of the tests does not outlive a change of them.
WHITENOISE_MAX_AGE = 3600
