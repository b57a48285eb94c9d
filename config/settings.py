"""Every setting comes from the environment and is declared once, in ``env`` below.

Each variable may instead be given as ``NAME_FILE``, the path of a file that holds its value. README.md and
.env.example describe all of them; a test compares the three lists.
"""

import base64
from decimal import Decimal
from pathlib import Path
from typing import Any

import environ
from celery.schedules import crontab
from csp.constants import NONCE, SELF
from django.core.exceptions import ImproperlyConfigured

BASE_DIR = Path(__file__).resolve().parent.parent

env = environ.FileAwareEnv(
    # The server itself
    DEBUG=(bool, False),
    SECRET_KEY=(str, ""),
    ALLOWED_HOSTS=(list, ["localhost", "127.0.0.1"]),
    SITE_URL=(str, "http://localhost:8000"),
    BEHIND_PROXY=(bool, False),
    LOG_LEVEL=(str, "INFO"),
    # Stores
    DATABASE_URL=(str, ""),
    DATABASE_POOL_SIZE=(int, 10),
    REDIS_URL=(str, ""),
    MEDIA_ROOT=(str, str(BASE_DIR / "var" / "media")),
    SPOOL_ROOT=(str, str(BASE_DIR / "var" / "spool")),
    STATIC_ROOT=(str, str(BASE_DIR / "var" / "static")),
    STATIC_COLLECTED=(bool, False),
    S3_BUCKET=(str, ""),
    S3_ENDPOINT_URL=(str, ""),
    S3_REGION=(str, ""),
    S3_ACCESS_KEY_ID=(str, ""),
    S3_SECRET_ACCESS_KEY=(str, ""),
    # Secrets that protect other secrets
    VAULT_KEYS=(list, []),
    LEDGER_KEYS=(list, []),
    # People
    EMAIL_URL=(str, "consolemail://"),
    DEFAULT_FROM_EMAIL=(str, "Atelier <atelier@localhost>"),
    OWNER_EMAIL=(str, ""),
    OWNER_PASSWORD=(str, ""),
    OIDC_SERVER_URL=(str, ""),
    OIDC_CLIENT_ID=(str, ""),
    OIDC_CLIENT_SECRET=(str, ""),
    OIDC_NAME=(str, "Single sign-on"),
    # The provider
    SEGMIND_BASE_URL=(str, "https://api.segmind.com"),
    SEGMIND_STORAGE_URL=(str, "https://workflows-api.segmind.com"),
    SEGMIND_HISTORY_URL=(str, ""),
    SEGMIND_RESULT_HOSTS=(list, ["images.segmind.com", "storage.segmind.com"]),
    SANDBOX_URL=(str, ""),
    SEGMIND_CONNECT_TIMEOUT=(float, 10.0),
    SEGMIND_WRITE_TIMEOUT=(float, 60.0),
    SEGMIND_READ_TIMEOUT=(float, 150.0),
    SEGMIND_SUBMIT_TIMEOUT=(float, 60.0),
    # Limits
    CALLS_PER_KEY=(int, 50),
    CALLS_PER_PROCESS=(int, 2000),
    BYTES_IN_FLIGHT=(int, 256 * 1024 * 1024),
    MAX_BODY_BYTES=(int, 2 * 1024 * 1024),
    MAX_UPLOAD_BYTES=(int, 50 * 1024 * 1024),
    UNUSED_UPLOAD_BYTES=(int, 2 * 1024 * 1024 * 1024),
    UPLOADS_PER_DAY=(int, 500),
    DRAFT_BYTES=(int, 256 * 1024 * 1024),
    MAX_RESPONSE_BYTES=(int, 200 * 1024 * 1024),
    MAX_IMAGE_PIXELS=(int, 64_000_000),
    # Money
    HOLD_DEFAULT_USD=(Decimal, Decimal("0.50")),
)

DEBUG: bool = env("DEBUG")


def strong_secret(name: str, value: str) -> str:
    """``value``, or ImproperlyConfigured naming the variable and the command that makes a good one."""
    if len(value) < 32 or len(set(value)) < 8:
        raise ImproperlyConfigured(
            f"{name} is missing or weak. Set it (or {name}_FILE) to at least 32 random characters, for example "
            'from: python -c "import secrets; print(secrets.token_urlsafe(48))"'
        )
    return value


def key_ring(variable: str, entries: list[str]) -> list[tuple[str, bytes]]:
    """The key ring of ``variable`` as (key id, 32 bytes), newest first; ImproperlyConfigured when unusable."""
    advice = (
        f"{variable} is missing or weak. Set it (or {variable}_FILE) to a comma-separated list of name:key, "
        "newest first. A key is made by: "
        "python -c \"import base64, secrets; print('k1:' + base64.b64encode(secrets.token_bytes(32)).decode())\""
    )
    ring: list[tuple[str, bytes]] = []
    for entry in entries:
        name, _, text = entry.strip().partition(":")
        try:
            key = base64.b64decode(text, validate=True)
        except ValueError:
            key = b""
        if not 0 < len(name) <= 40 or len(key) != 32 or len(set(key)) < 8 or name in dict(ring):
            raise ImproperlyConfigured(advice)
        ring.append((name, key))
    if not ring:
        raise ImproperlyConfigured(advice)
    return ring


SECRET_KEY = strong_secret("SECRET_KEY", env("SECRET_KEY"))
VAULT_RING = key_ring("VAULT_KEYS", env("VAULT_KEYS"))
LEDGER_RING = key_ring("LEDGER_KEYS", env("LEDGER_KEYS"))
SITE_URL: str = env("SITE_URL").rstrip("/")
ALLOWED_HOSTS: list[str] = env("ALLOWED_HOSTS")
CSRF_TRUSTED_ORIGINS = [SITE_URL]
HTTPS = SITE_URL.startswith("https://")

INSTALLED_APPS = [
    "accounts",
    "playground",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.socialaccount",
    "allauth.socialaccount.providers.openid_connect",
    "allauth.usersessions",
    "csp",
    "django_htmx",
    "pgtrigger",
    "servestatic",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "servestatic.middleware.ServeStaticMiddleware",
    "config.middleware.keep_private",
    "config.middleware.refuse_odd_paths",
    "config.middleware.CompressPages",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.auth.middleware.LoginRequiredMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "accounts.zone.TeamZoneMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "allauth.usersessions.middleware.UserSessionsMiddleware",
]

ROOT_URLCONF = "config.urls"
ASGI_APPLICATION = "config.asgi.application"

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
                "csp.context_processors.nonce",
                "accounts.context.shell",
            ],
        },
    }
]

# -- Stores ------------------------------------------------------------------------------------------------

if not env("DATABASE_URL"):
    raise ImproperlyConfigured(
        "DATABASE_URL is missing. Set it (or DATABASE_URL_FILE) to postgresql://user:password@host:5432/name, "
        "or start with `make run`, which brings its own PostgreSQL."
    )
if not env("REDIS_URL"):
    raise ImproperlyConfigured(
        "REDIS_URL is missing. Set it (or REDIS_URL_FILE) to redis://host:6379/0, "
        "or start with `make run`, which brings its own Redis."
    )
DATABASES: dict[str, dict[str, Any]] = {"default": environ.Env.db_url_config(env("DATABASE_URL"))}
# Under ASGI every request has a thread of its own, so persistent connections (CONN_MAX_AGE) are never found again.
DATABASES["default"].setdefault("OPTIONS", {})["pool"] = {
    "min_size": 1,
    "max_size": env("DATABASE_POOL_SIZE"),
    "timeout": 20,
}
# Without a number Django has the driver prepare nothing, not even what asks for it (playground/prepared.py). With this
# one nothing else is.
DATABASES["default"]["OPTIONS"]["prepare_threshold"] = 2**31
# Without it, each pooled connection that a restart of PostgreSQL cut costs one visitor an error page.
DATABASES["default"]["CONN_HEALTH_CHECKS"] = True
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

REDIS_URL: str = env("REDIS_URL")
CACHES = {
    "default": {
        "BACKEND": "config.cache.ForgivingRedisCache",
        "LOCATION": REDIS_URL,
        "OPTIONS": {"socket_timeout": 2, "socket_connect_timeout": 1},
    }
}
# Not through the cache: a sign-out while Redis is away would be undone by what Redis still holds when it is back.
SESSION_ENGINE = "django.contrib.sessions.backends.db"

MEDIA_ROOT = env("MEDIA_ROOT")
SPOOL_ROOT = env("SPOOL_ROOT")
STATIC_URL = "/static/"
STATIC_ROOT = env("STATIC_ROOT")
STATICFILES_DIRS = [BASE_DIR / "static"]
# Collected files are served compressed. Without `collectstatic` they come straight from their folders.
SERVESTATIC_USE_FINDERS = not env("STATIC_COLLECTED")
SERVESTATIC_AUTOREFRESH = DEBUG

_default_storage: dict[str, Any] = {
    "BACKEND": "django.core.files.storage.FileSystemStorage",
    # What a team attaches and makes is nobody else's on this machine.
    "OPTIONS": {"file_permissions_mode": 0o600, "directory_permissions_mode": 0o700},
}
if env("S3_BUCKET"):
    _default_storage = {
        "BACKEND": "storages.backends.s3.S3Storage",
        "OPTIONS": {
            "bucket_name": env("S3_BUCKET"),
            "endpoint_url": env("S3_ENDPOINT_URL") or None,
            "region_name": env("S3_REGION") or None,
            "access_key": env("S3_ACCESS_KEY_ID") or None,
            "secret_key": env("S3_SECRET_ACCESS_KEY") or None,
            "default_acl": "private",
            "file_overwrite": False,
        },
    }
STORAGES = {
    "default": _default_storage,
    # Names stay as they are: a script that another one imports must not be loaded twice under two names.
    "staticfiles": {"BACKEND": "servestatic.storage.CompressedStaticFilesStorage"},
}

# -- Celery ------------------------------------------------------------------------------------------------

CELERY_BROKER_URL = REDIS_URL
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_SERIALIZER = "json"
CELERY_ACCEPT_CONTENT = ["json"]
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
# A page never waits for the broker: a nudge that cannot be sent is dropped at once, the table keeps the run.
CELERY_BROKER_TRANSPORT_OPTIONS = {
    "max_retries": 0,
    "interval_start": 0,
    "interval_step": 0,
    "interval_max": 0,
    "connect_retries_timeout": 1,
    "socket_connect_timeout": 1,
}
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_TASK_DEFAULT_QUEUE = "atelier"
CELERY_TIMEZONE = "UTC"
CELERY_BEAT_SCHEDULE = {
    "ledger-watch": {"task": "ledger.watch", "schedule": 60.0, "options": {"expires": 60}},
    "ledger-foresee": {"task": "ledger.foresee", "schedule": 900.0, "options": {"expires": 900}},
    "accounts-zones": {"task": "accounts.apply_zones", "schedule": 600.0, "options": {"expires": 600}},
    "ledger-mails": {"task": "ledger.mails", "schedule": 3600.0, "options": {"expires": 3600}},
    "workbench-sweeps": {"task": "workbench.sweeps", "schedule": 5.0, "options": {"expires": 5}},
    "runs-recover": {"task": "runs.recover", "schedule": 15.0, "options": {"expires": 15}},
    "runs-retention": {"task": "runs.retention", "schedule": 3600.0, "options": {"expires": 3600}},
    "workbench-retention": {
        "task": "workbench.retention",
        "schedule": 3600.0,
        "options": {"expires": 3600},
    },
    "payloads-purge": {"task": "payloads.purge", "schedule": 3600.0, "options": {"expires": 3600}},
    "ledger-seal": {"task": "ledger.seal", "schedule": 60.0, "options": {"expires": 60}},
    "ledger-verify": {"task": "ledger.verify", "schedule": crontab(hour=2, minute=20)},
    "ledger-compare": {"task": "ledger.compare", "schedule": crontab(hour=3, minute=20)},
    "runs-resolve": {"task": "runs.resolve", "schedule": 600.0, "options": {"expires": 600}},
    "ledger-check": {"task": "ledger.check_balances", "schedule": 3600.0, "options": {"expires": 3600}},
    "ledger-gather": {"task": "ledger.gather_balances", "schedule": 900.0, "options": {"expires": 900}},
    "ledger-mail": {"task": "ledger.mail_unexplained", "schedule": 1800.0, "options": {"expires": 1800}},
}

# -- People ------------------------------------------------------------------------------------------------

AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.Argon2PasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in ("UserAttributeSimilarityValidator", "MinimumLengthValidator", "CommonPasswordValidator")
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "/"
LOGOUT_REDIRECT_URL = "account_login"

ACCOUNT_ADAPTER = "accounts.adapter.AccountAdapter"
SOCIALACCOUNT_ADAPTER = "accounts.adapter.SocialAccountAdapter"
ACCOUNT_FORMS = {"signup": "accounts.forms.SignupForm"}
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*"]
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_UNIQUE_EMAIL = True
ACCOUNT_PREVENT_ENUMERATION = True
ACCOUNT_SESSION_REMEMBER = True
ACCOUNT_LOGOUT_ON_PASSWORD_CHANGE = True
ACCOUNT_REAUTHENTICATION_TIMEOUT = 300
ACCOUNT_RATE_LIMITS = {
    "login": "60/m/ip",
    # The key of a sign-in is its address and its client together (accounts/adapter.py).
    "login_failed": "20/m/ip,8/5m/key",
    "login_failed_anywhere": "100/5m/key",
    "link_password": "8/5m/key",
    "reauthenticate": "10/m/user",
    "reset_password": "20/m/ip,5/m/key",
    "signup": "20/m/ip",
    "change_password": "5/m/user",
    "manage_email": "10/m/user",
}
# How far a forwarded address may be trusted; without it every login behind a proxy would share one limit.
ALLAUTH_TRUSTED_PROXY_COUNT = 1 if env("BEHIND_PROXY") else 0
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_TOTP_ISSUER = "Atelier"
# Addresses come from invitations and many teams run without mail, so nobody could verify one first.
MFA_ALLOW_UNVERIFIED_EMAIL = True
# Signing in elsewhere under a verified address links the two accounts (accounts/adapter.py says for whom).
SOCIALACCOUNT_EMAIL_AUTHENTICATION_AUTO_CONNECT = True
MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = SITE_URL.startswith("http://localhost")
USERSESSIONS_TRACK_ACTIVITY = False
SOCIALACCOUNT_PROVIDERS: dict[str, Any] = {}
OIDC_ORIGIN = "/".join(env("OIDC_SERVER_URL").split("/")[:3])
if env("OIDC_SERVER_URL"):
    SOCIALACCOUNT_PROVIDERS["openid_connect"] = {
        "APPS": [
            {
                "provider_id": "oidc",
                "name": env("OIDC_NAME"),
                "client_id": env("OIDC_CLIENT_ID"),
                "secret": env("OIDC_CLIENT_SECRET"),
                "settings": {"server_url": env("OIDC_SERVER_URL"), "oauth_pkce_enabled": True},
            }
        ]
    }

vars().update(environ.Env.email_url_config(env("EMAIL_URL")))
DEFAULT_FROM_EMAIL = env("DEFAULT_FROM_EMAIL")
OWNER_EMAIL = env("OWNER_EMAIL")
OWNER_PASSWORD = env("OWNER_PASSWORD")

# -- The provider and its limits ---------------------------------------------------------------------------

SEGMIND_BASE_URL: str = env("SEGMIND_BASE_URL").rstrip("/")
SEGMIND_STORAGE_URL: str = env("SEGMIND_STORAGE_URL").rstrip("/")
SEGMIND_HISTORY_URL: str = env("SEGMIND_HISTORY_URL").rstrip("/")
SEGMIND_RESULT_HOSTS: list[str] = env("SEGMIND_RESULT_HOSTS")
SANDBOX_URL: str = env("SANDBOX_URL").rstrip("/")
SEGMIND_CONNECT_TIMEOUT: float = env("SEGMIND_CONNECT_TIMEOUT")
SEGMIND_WRITE_TIMEOUT: float = env("SEGMIND_WRITE_TIMEOUT")
SEGMIND_READ_TIMEOUT: float = env("SEGMIND_READ_TIMEOUT")
SEGMIND_SUBMIT_TIMEOUT: float = env("SEGMIND_SUBMIT_TIMEOUT")
CALLS_PER_KEY: int = env("CALLS_PER_KEY")
CALLS_PER_PROCESS: int = env("CALLS_PER_PROCESS")
BYTES_IN_FLIGHT: int = env("BYTES_IN_FLIGHT")
MAX_BODY_BYTES: int = env("MAX_BODY_BYTES")
MAX_UPLOAD_BYTES: int = env("MAX_UPLOAD_BYTES")
UNUSED_UPLOAD_BYTES: int = env("UNUSED_UPLOAD_BYTES")
UPLOADS_PER_DAY: int = env("UPLOADS_PER_DAY")
DRAFT_BYTES: int = env("DRAFT_BYTES")
MAX_RESPONSE_BYTES: int = env("MAX_RESPONSE_BYTES")
MAX_IMAGE_PIXELS: int = env("MAX_IMAGE_PIXELS")
HOLD_DEFAULT_USD: Decimal = env("HOLD_DEFAULT_USD")
# A posted form carries the body once more as text beside its other fields.
DATA_UPLOAD_MAX_MEMORY_SIZE = 4 * MAX_BODY_BYTES + 1024 * 1024

# -- What a browser is told --------------------------------------------------------------------------------

CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": ["'none'"],
        "script-src": [SELF],
        "style-src": [SELF, NONCE],
        "img-src": [SELF, "data:", "blob:"],
        "media-src": [SELF, "blob:"],
        "font-src": [SELF],
        "connect-src": [SELF],
        # Signing in elsewhere begins as a form here, and the browser checks where its redirects lead.
        "form-action": [SELF, *([OIDC_ORIGIN] if OIDC_ORIGIN else [])],
        "frame-ancestors": ["'none'"],
        "base-uri": ["'none'"],
        "manifest-src": [SELF],
    }
}
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = HTTPS
SESSION_COOKIE_NAME = "atelier_session"
CSRF_COOKIE_NAME = "atelier_csrf"
SESSION_COOKIE_AGE = 14 * 24 * 3600
SECURE_HSTS_SECONDS = 31_536_000 if HTTPS else 0
if env("BEHIND_PROXY"):
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    USE_X_FORWARDED_HOST = True

USE_TZ = True
TIME_ZONE = "UTC"
LANGUAGE_CODE = "en"
USE_I18N = False
USE_THOUSAND_SEPARATOR = False

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "filters": {"redact": {"()": "config.logs.RedactKeys"}},
    "formatters": {
        "line": {"format": "%(asctime)s %(levelname)s %(name)s: %(message)s", "()": "config.logs.Line"}
    },
    "handlers": {"stderr": {"class": "logging.StreamHandler", "filters": ["redact"], "formatter": "line"}},
    "root": {"handlers": ["stderr"], "level": env("LOG_LEVEL")},
    # httpx logs each URL at INFO; a result's address is a bearer of the file behind it.
    "loggers": {"httpx": {"level": "WARNING"}, "httpcore": {"level": "WARNING"}},
}
