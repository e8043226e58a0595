"""All settings. A difference between machines is an environment variable (docs/settings.md)."""

from pathlib import Path
from secrets import token_urlsafe

from celery.schedules import crontab

from ccx.logs import configure_structlog, logging_config
from ccx.settings.env import (
    database_from_url,
    embedded_services,
    env_bool,
    env_int,
    env_list,
    env_secret,
    env_str,
)
from ccx.sockets import allowed_origins

BASE_DIR = Path(__file__).resolve().parent.parent.parent
VAR_DIR = Path(env_str("CCX_VAR", str(BASE_DIR / "var")))

PRODUCTION = env_bool("CCX_PRODUCTION", default=False)
DEBUG = env_bool("CCX_DEBUG", default=False)
# What `make run` remembers about its own servers. Production never looks there.
EMBEDDED = {} if PRODUCTION else embedded_services(VAR_DIR)
SECRET_KEY = env_secret("CCX_SECRET_KEY", EMBEDDED.get("CCX_SECRET_KEY") or ("" if PRODUCTION else token_urlsafe(50)))
# For what is kept encrypted (ccx/kernel/secrets.py): the first encrypts, all decrypt. Only production needs one.
CCX_ENCRYPTION_KEYS = [key.strip() for key in env_secret("CCX_ENCRYPTION_KEYS").split(",") if key.strip()]
BASE_URL = env_str("CCX_BASE_URL", "http://127.0.0.1:8000")
ALLOWED_HOSTS = env_list("CCX_ALLOWED_HOSTS", "127.0.0.1,localhost,[::1]")
CSRF_TRUSTED_ORIGINS = env_list("CCX_CSRF_TRUSTED_ORIGINS")
DEMO = env_bool("CCX_DEMO", default=False)
DEMO_CONTACTS = env_int("CCX_DEMO_CONTACTS", 7000)
TRUSTED_PROXIES = env_int("CCX_TRUSTED_PROXIES", 0)
HEALTH_TOKEN = env_secret("CCX_HEALTH_TOKEN")
# Where browsers find the socket process; both empty behind a proxy that passes /ws/ on (ccx/sockets.py).
SOCKETS_URL = env_str("CCX_SOCKETS_URL")
SOCKETS_PORT = env_int("CCX_SOCKETS_PORT", 0)

INSTALLED_APPS = [
    "ccx.apps.WiringConfig",
    "ccx.kernel",
    "interactions",
    "feedback",
    "journeys",
    "analytics",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
    "django.contrib.postgres",
    "allauth",
    "allauth.account",
    "axes",
    "channels",
    "rest_framework",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "django_htmx",
    "django_structlog",
]

MIDDLEWARE = [
    "ccx.health.ProbeMiddleware",
    "ccx.request_id.RequestIdMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "ccx.kernel.access.middleware.ApiMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django_structlog.middlewares.RequestMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "ccx.kernel.people.middleware.TimeZoneMiddleware",
    "ccx.kernel.people.middleware.SignInMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "ccx.kernel.audit.middleware.AuditContextMiddleware",
    "ccx.kernel.audit.middleware.NoStoreMiddleware",
    "axes.middleware.AxesMiddleware",
]

ROOT_URLCONF = "ccx.urls"
WSGI_APPLICATION = "ccx.wsgi.application"
ASGI_APPLICATION = "ccx.asgi.application"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "ccx.kernel.people.context.navigation",
                "ccx.sockets.address",
            ],
        },
    },
]

# The list of places on the rail; the kernel draws it and knows none of them.
CCX_NAVIGATION = "ccx.navigation.ITEMS"

DATABASE_URL = env_secret("DATABASE_URL")
OWN_DATABASE = bool(DATABASE_URL)
DATABASE_URL = DATABASE_URL or EMBEDDED.get("DATABASE_URL", "postgresql://ccx@127.0.0.1:5432/ccx")
DATABASES = {"default": database_from_url(DATABASE_URL)}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

REDIS_URL = env_secret("REDIS_URL")
OWN_REDIS = bool(REDIS_URL)
REDIS_URL = REDIS_URL or EMBEDDED.get("REDIS_URL", "redis://127.0.0.1:6379/0")
CACHES = {
    "default": {
        "BACKEND": "ccx.kernel.forgetful.ForgetfulCache",
        "LOCATION": REDIS_URL,
        "KEY_PREFIX": "ccx",
    }
}
CHANNEL_LAYERS = {
    "default": {
        "BACKEND": "channels_redis.pubsub.RedisPubSubChannelLayer",
        "CONFIG": {"hosts": [{"address": REDIS_URL, "socket_timeout": 30, "max_connections": 5000}]},
    }
}

# People and signing in.
AUTH_USER_MODEL = "kernel.User"
AUTHENTICATION_BACKENDS = [
    "axes.backends.AxesStandaloneBackend",
    "ccx.kernel.people.backends.PersonBackend",
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "home"
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*", "password2*"]
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_FORMS = {"login": "ccx.kernel.people.forms.SignInForm"}
ACCOUNT_ADAPTER = "ccx.kernel.people.adapters.AccountAdapter"
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_PREVENT_ENUMERATION = True
ACCOUNT_LOGOUT_ON_GET = False
ACCOUNT_SESSION_REMEMBER = True  # for SESSION_COOKIE_AGE, one shift; nobody is asked
# Beside the lock on (e-mail, address) below: all failures from one address, and all on one e-mail from devices that
# never signed in with it (ccx/kernel/people/adapters.py lets known ones through).
ACCOUNT_RATE_LIMITS = {"login": "120/m/ip", "login_failed": "60/m/ip,100/h/key"}
PASSWORD_RESET_TIMEOUT = 24 * 3600
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_FAILURE_LIMIT = 5
AXES_COOLOFF_TIME = 0.25
AXES_USERNAME_FORM_FIELD = "login"
AXES_USERNAME_CALLABLE = "ccx.kernel.people.lockout.email_tried"
AXES_CLIENT_IP_CALLABLE = "ccx.kernel.people.address.client_address"
AXES_DISABLE_ACCESS_LOG = True
AXES_RESET_ON_SUCCESS = True
AXES_LOCKOUT_TEMPLATE = "account/locked.html"
AXES_IPWARE_PROXY_COUNT = TRUSTED_PROXIES
AXES_VERBOSE = False
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]

# Language, time and money.
LANGUAGE_CODE = "en"
LANGUAGES = [("en", "English"), ("de", "Deutsch")]
FORMAT_MODULE_PATH = "ccx.kernel.look.formats"
LOCALE_PATHS = [BASE_DIR / "locale"]
USE_I18N = True
USE_TZ = True
TIME_ZONE = env_str("CCX_TIME_ZONE", "UTC")
CCX_CURRENCY = env_str("CCX_CURRENCY", "EUR")

# Static files: ours from static/, third-party ones from npm packages by an exact list.
STATIC_URL = "/static/"
STATIC_ROOT = Path(env_str("CCX_STATIC_ROOT", str(VAR_DIR / "static")))
STATICFILES_DIRS = [BASE_DIR / "static"]
STATICFILES_FINDERS = [
    "django.contrib.staticfiles.finders.FileSystemFinder",
    "django.contrib.staticfiles.finders.AppDirectoriesFinder",
    "ccx.assets.PackageAssetsFinder",
]
STORAGES = {
    "default": {
        "BACKEND": "django.core.files.storage.FileSystemStorage",
        # What customers sent is for the programs of CCX alone.
        "OPTIONS": {"file_permissions_mode": 0o600, "directory_permissions_mode": 0o700},
    },
    "staticfiles": {"BACKEND": "ccx.assets.HashedStorage"},
}
MEDIA_ROOT = Path(env_str("CCX_MEDIA_ROOT", str(VAR_DIR / "media")))
DATA_UPLOAD_MAX_MEMORY_SIZE = 10 * 1024 * 1024

# Work queues.
CELERY_BROKER_URL = REDIS_URL
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_CONNECTION_MAX_RETRIES = None  # however long a broker is away, a worker waits for it
CELERY_BROKER_TRANSPORT_OPTIONS = {
    "visibility_timeout": 900,
    "unacked_restore_interval": 5,
    "unacked_restore_throttle": 1,
}
CELERY_TASK_DEFAULT_QUEUE = "ccx"
CELERY_TIMEZONE = "UTC"
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_WORKER_SEND_TASK_EVENTS = False
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_BEAT_SCHEDULE: dict[str, dict[str, object]] = {
    "heartbeat": {"task": "ccx.heartbeat", "schedule": 15.0},
    # `expires`: while no worker runs, sweeps do not pile up.
    "readers-sweep": {"task": "ccx.readers.pump", "schedule": 3.0, "options": {"expires": 3}},
    "effects-sweep": {"task": "ccx.readers.send_effects", "schedule": 5.0, "options": {"expires": 5}},
    # Mondays from seven on where the centre is; the rest of the time it finds what is to be tried again.
    "owners-letters": {"task": "ownership.send_letters", "schedule": 300.0, "options": {"expires": 290}},
    "figures-audit": {"task": "analytics.rollups.tasks.audit_figures", "schedule": crontab(hour=2, minute=40)},
    "hours-kept": {"task": "analytics.rollups.tasks.drop_old_hours", "schedule": crontab(hour=3, minute=20)},
    "event-months": {
        "task": "ccx.readers.ensure_event_partitions",
        "schedule": 6 * 3600.0,
        "options": {"expires": 600},
    },
    "imports-sweep": {"task": "interactions.imports.sweep", "schedule": 60.0, "options": {"expires": 55}},
    "mail-sweep": {"task": "interactions.mail.sweep", "schedule": 20.0, "options": {"expires": 20}},
    "deliveries-sweep": {"task": "interactions.deliveries.sweep", "schedule": 30.0, "options": {"expires": 30}},
    "deliveries-missed": {"task": "interactions.deliveries.missed", "schedule": 300.0, "options": {"expires": 300}},
    "imports-kept": {"task": "interactions.imports.purge", "schedule": crontab(hour=3, minute=45)},
    "deliveries-kept": {"task": "interactions.deliveries.purge", "schedule": crontab(hour=3, minute=50)},
    "files-sweep": {"task": "interactions.files.fetch", "schedule": 3.0, "options": {"expires": 3}},
    "offers-sweep": {"task": "interactions.handling.offer", "schedule": 2.0, "options": {"expires": 2}},
    "clocks-sweep": {"task": "interactions.handling.keep_time", "schedule": 2.0, "options": {"expires": 2}},
    "messages-sweep": {"task": "interactions.handling.send_messages", "schedule": 2.0, "options": {"expires": 2}},
    "messages-in-doubt": {
        "task": "interactions.handling.settle_messages",
        "schedule": 30.0,
        "options": {"expires": 30},
    },
    "calls-sweep": {"task": "interactions.calls.sweep", "schedule": 2.0, "options": {"expires": 2}},
    "calls-silent": {"task": "interactions.calls.look_after", "schedule": 10.0, "options": {"expires": 10}},
    "chats-sweep": {"task": "interactions.chat.sweep", "schedule": 10.0, "options": {"expires": 10}},
    "forms-tidy": {"task": "interactions.webform.tidy", "schedule": crontab(hour=3, minute=55)},
    "chats-tidy": {"task": "interactions.chat.tidy", "schedule": crontab(hour=3, minute=50)},
    "invitations-sweep": {"task": "surveys.send_invitations", "schedule": 15.0, "options": {"expires": 15}},
    "invitations-silent": {
        "task": "surveys.settle_silent_invitations",
        "schedule": 60.0,
        "options": {"expires": 55},
    },
    "forget_old_answers": {"task": "access.forget_old_answers", "schedule": 3600.0},
}

# The kernel wakes the readers through this hook, so that it need not know Celery, and finds them through the next two.
CCX_WAKE_READERS = "ccx.readers.wake"
CCX_READERS = "ccx.subscriptions.READERS"
CCX_SENDERS = "ccx.subscriptions.SENDERS"
# Who writes the weekly letters to owners: figures stand above the app that sends them.
CCX_OWNER_LETTER = "analytics.dashboards.owner_letters.write_letter"
# Where browsers find the socket process, as it is told to pages; widgets on other sites are told it too.
CCX_SOCKET_ADDRESS = "ccx.sockets.address"
# Sockets: who may follow what; who is told which agents' browsers live, and that the last socket of one has closed.
CCX_LIVE_TOPICS = "ccx.subscriptions.LIVE_TOPICS"
CCX_LIVE_HEARD = "interactions.handling.services.hear_agents"
CCX_LIVE_GONE = "interactions.handling.services.agent_gone"
# Who is told that an answer is being written, for customers whose channel shows that.
CCX_LIVE_TYPES = "interactions.handling.tasks.agent_types"
# Who makes the link that opens the chat which a message offers: visitors are the chat's door's.
CCX_CHAT_LINK = "interactions.doors.chat.offering.link_of"
# Who knows the lines whose mail does not come in: mailboxes are a door's, and the desk tells its agents of them.
CCX_MAILBOXES_DOWN = "interactions.doors.mail.selectors.mailboxes_down"
# Who tells a worker that a telephone is owed an order; empty: the sweep finds it.
CCX_CALLS_WAKE = "interactions.calls.tasks.wake"
# What a grant may name besides teams: scope -> who lists the choices (id, name). The kernel knows no queues.
CCX_GRANT_TARGETS = {"queue": "ccx.bridges.queue_names", "reason": "ccx.bridges.reason_names"}
# For tests that kill: the named place where the process dies. Both variables are needed, and production has none.
CCX_FAILPOINT = env_str("CCX_FAILPOINT") if not PRODUCTION and env_bool("CCX_FAILPOINTS_ALLOWED", default=False) else ""

# Whether those who may see a customer may read the contacts that other teams had with them.
CCX_WHOLE_CUSTOMER = env_bool("CCX_WHOLE_CUSTOMER", default=True)

# The largest mail that is taken in whole; of a larger one the headers are.
CCX_MAIL_MAX_MB = env_int("CCX_MAIL_MAX_MB", 40)

# Machines inside the house that CCX may call over HTTP, as host:port (ccx/kernel/egress.py); all others are public.
CCX_EGRESS_ALLOW = [told.lower() for told in env_list("CCX_EGRESS_ALLOW")]
# Who looks into customers' files before anybody may open them: unix:/path or tcp://host:port of clamd; empty: nobody.
CCX_VIRUS_SCANNER = env_str("CCX_VIRUS_SCANNER")
# For how long a provider's delivery that was taken in is kept as it came.
CCX_DELIVERIES_DAYS = env_int("CCX_DELIVERIES_DAYS", 30)
# For how long an import's listed rows are kept, and its file if nobody went on with it.
CCX_IMPORTS_DAYS = env_int("CCX_IMPORTS_DAYS", 30)

# How many workers may speak to one line's provider at once: a slow one must not have them all.
CCX_LINE_SENDERS = env_int("CCX_LINE_SENDERS", min(4, max(1, env_int("CCX_WORKER_PROCESSES", 2) - 1)))
# How long a reply may be taken back before it leaves.
CCX_UNDO_SECONDS = env_int("CCX_UNDO_SECONDS", 5)
# How long an agent may be offline before what waits for them waits for anybody.
CCX_OWNER_AWAY_SECONDS = env_int("CCX_OWNER_AWAY_SECONDS", 900)

# The largest file that may be uploaded for an import.
CCX_IMPORT_MAX_MB = env_int("CCX_IMPORT_MAX_MB", 500)

# REST.
CCX_API_REQUESTS_PER_MINUTE = env_int("CCX_API_REQUESTS_PER_MINUTE", 6000)
REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "ccx.kernel.access.authentication.ApiKeyAuthentication",
        "rest_framework.authentication.SessionAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["ccx.kernel.access.permissions.HasScope"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["ccx.kernel.access.parsers.StrictJSONParser"],
    "DEFAULT_PAGINATION_CLASS": "ccx.kernel.paging.CursorPages",
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "EXCEPTION_HANDLER": "ccx.api_errors.problem_response",
    "PAGE_SIZE": 50,
}
SPECTACULAR_SETTINGS = {
    "TITLE": "CCX",
    "VERSION": "1",
    "DESCRIPTION": "Tell contacts and read what became of them. See docs/api.md.",
    "OAS_VERSION": "3.1.0",
    "SERVE_INCLUDE_SCHEMA": False,
    "SERVE_AUTHENTICATION": [],
    "SERVE_PERMISSIONS": ["rest_framework.permissions.AllowAny"],
    "SCHEMA_PATH_PREFIX": "/api/v1",
    "POSTPROCESSING_HOOKS": [
        "drf_spectacular.hooks.postprocess_schema_enums",
        "ccx.kernel.access.schema.add_refusals",
    ],
    "COMPONENT_SPLIT_REQUEST": True,
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "REDOC_DIST": "SIDECAR",
}

# Mail.
EMAIL_BACKEND = "ccx.kernel.mail.SmtpBackend"
EMAIL_HOST = env_str("CCX_SMTP_HOST", "localhost")
EMAIL_PORT = env_int("CCX_SMTP_PORT", 25)
EMAIL_HOST_USER = env_str("CCX_SMTP_USER")
EMAIL_HOST_PASSWORD = env_secret("CCX_SMTP_PASSWORD")
EMAIL_USE_TLS = env_bool("CCX_SMTP_TLS", default=False)
EMAIL_TIMEOUT = 10
DEFAULT_FROM_EMAIL = env_str("CCX_FROM_EMAIL", "CCX <ccx@localhost>")

# Where the browser's telephone signs in and sends its voice: allowed on desks of agents who have a voice line.
CCX_PHONE_ORIGINS = env_list(
    "CCX_PHONE_ORIGINS", "https://eventgw.twilio.com,wss://voice-js.roaming.twilio.com,https://sdk.twilio.com"
)

# What the browser may load and where cookies go.
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": ["'self'"],
        "img-src": ["'self'", "data:"],
        "style-src": ["'self'"],
        "script-src": ["'self'"],
        "connect-src": ["'self'", *allowed_origins(url=SOCKETS_URL, port=SOCKETS_PORT, hosts=ALLOWED_HOSTS)],
        "frame-ancestors": ["'none'"],
        "base-uri": ["'none'"],
        "form-action": ["'self'"],
        "object-src": ["'none'"],
    }
}
SECURE = env_bool("CCX_HTTPS", default=PRODUCTION)
SESSION_COOKIE_SECURE = SECURE
CSRF_COOKIE_SECURE = SECURE
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_AGE = 12 * 3600
SECURE_SSL_REDIRECT = SECURE
SECURE_HSTS_SECONDS = 31_536_000 if SECURE else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE
SECURE_HSTS_PRELOAD = SECURE
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
if TRUSTED_PROXIES:
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")

# Logs: JSON lines on standard error, without secrets and without a customer's words (ccx/logs.py).
configure_structlog()
LOGGING = logging_config(
    level=env_str("CCX_LOG_LEVEL", "INFO").upper(), as_json=env_str("CCX_LOG_FORMAT", "json") == "json"
)
DJANGO_STRUCTLOG_CELERY_ENABLED = True
DJANGO_STRUCTLOG_TRUST_UPSTREAM_REQUEST_ID = True
DJANGO_STRUCTLOG_IP_LOGGING_ENABLED = False
