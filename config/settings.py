"""All settings, read from the environment (the table of variables is in README.md)."""

import datetime
import decimal
from pathlib import Path

import environ
from csp.constants import NONE, SELF
from django.core.exceptions import ImproperlyConfigured

from sms import credentials

BASE_DIR = Path(__file__).resolve().parent.parent
env = environ.Env()
if (BASE_DIR / ".env").is_file():
    environ.Env.read_env(BASE_DIR / ".env")

# What this city is ------------------------------------------------------------------------
CITY_NAME = env("CITY_NAME", default="八王子市")
CITY_NAME_EN = env("CITY_NAME_EN", default="Hachioji City")
CITY_AREA_CODE = env("CITY_AREA_CODE", default="042")
CITY_PHONE = env("CITY_PHONE", default="042-626-3111")
# Whole days that a posted letter needs before its reader counts as told (rule 29).
POSTED_DAYS = env.int("POSTED_DAYS", default=3)
# Minutes after which a call that an operator claimed is free for others again.
CALL_CLAIM_MINUTES = env.int("CALL_CLAIM_MINUTES", default=15)
# Between these times of day people may be called.
CALLS_FROM = datetime.time.fromisoformat(env("CALLS_FROM", default="09:00"))
CALLS_UNTIL = datetime.time.fromisoformat(env("CALLS_UNTIL", default="20:00"))
# An SMS that nobody confirms becomes a call: about an offer or a lesson after so many hours, about
# a lesson that is near after so many minutes (rule 55).
SMS_UNCONFIRMED_HOURS = env.int("SMS_UNCONFIRMED_HOURS", default=6)
SMS_UNCONFIRMED_MINUTES = env.int("SMS_UNCONFIRMED_MINUTES", default=30)
# So many hours before its end, an offer that was told by SMS and not answered is called about.
OFFER_ENDING_HOURS = env.int("OFFER_ENDING_HOURS", default=24)
TRAINING_MODE = env.bool("TRAINING_MODE", default=False)

# Running ----------------------------------------------------------------------------------
DEBUG = env.bool("DEBUG", default=False)
INSECURE_KEY = "insecure-key-for-the-demo-on-one-machine-only"
SECRET_KEY = env("SECRET_KEY", default=INSECURE_KEY)
# True where the pages are served over https: secure cookies, HSTS, redirect.
HTTPS = env.bool("HTTPS", default=False)
if HTTPS and (SECRET_KEY == INSECURE_KEY or len(SECRET_KEY) < 50):
    raise ImproperlyConfigured("Set SECRET_KEY to 50 or more random characters.")
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", default=["localhost", "127.0.0.1", "[::1]"])
CSRF_TRUSTED_ORIGINS = env.list("CSRF_TRUSTED_ORIGINS", default=[])
ROOT_URLCONF = "config.urls"
WSGI_APPLICATION = "config.wsgi.application"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

INSTALLED_APPS = [
    "config.admin.AdminConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "django_htmx",
    "axes",
    "csp",
    "simple_history",
    "config",
    "classes",
    "skill_levels",
    "learners",
    "sms",
    "staff",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "staff.middleware.LanguageMiddleware",
    "staff.middleware.NoStoreMiddleware",
    "staff.middleware.SignInMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "csp.middleware.CSPMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "staff.middleware.RoleMiddleware",
    "simple_history.middleware.HistoryRequestMiddleware",
    "axes.middleware.AxesMiddleware",
]

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
                "classes.views.demo.stale_demo",
            ],
        },
    }
]

# Database ---------------------------------------------------------------------------------
DATABASES = {
    "default": env.db("DATABASE_URL", default=f"sqlite:///{BASE_DIR / 'data' / 'desk.sqlite3'}")
}
# Connecting anew costs more than most requests; a connection that broke is replaced.
DATABASES["default"].setdefault("CONN_MAX_AGE", 600)
DATABASES["default"]["CONN_HEALTH_CHECKS"] = True
if DATABASES["default"]["ENGINE"] == "django.db.backends.sqlite3":
    # Django's own, whose writers wait in turn.
    DATABASES["default"]["ENGINE"] = "config.sqlite"
    DATABASES["default"]["OPTIONS"] = {
        "transaction_mode": "IMMEDIATE",
        "timeout": 20,
        "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL",
    }

# Who signs in -----------------------------------------------------------------------------
AUTH_USER_MODEL = "staff.StaffMember"
AUTHENTICATION_BACKENDS = ["staff.backends.StaffBackend"]
# Who may open which page (config/permissions.py); enforced by staff.middleware.RoleMiddleware.
ROUTE_ROLES = "config.permissions.ROUTES"
LOGIN_URL = "sign_in"
LOGIN_REDIRECT_URL = "home"
LOGOUT_REDIRECT_URL = "sign_in"
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {
        "NAME": "django.contrib.auth.password_validation.MinimumLengthValidator",
        "OPTIONS": {"min_length": 10},
    },
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
AXES_FAILURE_LIMIT = env.int("SIGN_IN_FAILURE_LIMIT", default=5)
AXES_COOLOFF_TIME = env.float("SIGN_IN_COOLOFF_HOURS", default=0.25)
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_RESET_ON_SUCCESS = True
AXES_SENSITIVE_PARAMETERS = ["username", "ip_address"]
AXES_USERNAME_CALLABLE = "staff.views.username_for_throttle"
AXES_LOCKOUT_CALLABLE = "staff.views.locked_out"
AXES_ENABLE_ADMIN = False
# Attempts are kept to throttle, not to watch who came and went.
AXES_DISABLE_ACCESS_LOG = True

# Language and time ------------------------------------------------------------------------
LANGUAGE_CODE = "ja"
LANGUAGES = [("ja", "日本語"), ("en", "English")]
LOCALE_PATHS = [BASE_DIR / "locale"]
USE_I18N = True
USE_TZ = True
TIME_ZONE = "Asia/Tokyo"

# Files ------------------------------------------------------------------------------------
STATIC_URL = "static/"
STATICFILES_DIRS = [BASE_DIR / "static"]
STATIC_ROOT = BASE_DIR / "staticfiles"
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"
        if DEBUG
        else "whitenoise.storage.CompressedManifestStaticFilesStorage"
    },
}
WHITENOISE_USE_FINDERS = DEBUG
# Bytes of an uploaded workbook; the larger ones are refused with a sentence (imports).
IMPORT_MAX_BYTES = env.int("IMPORT_MAX_BYTES", default=10 * 1024 * 1024)

# Messages ---------------------------------------------------------------------------------
# Without an account messages go to the simulator.
TWILIO_ACCOUNT_SID = env("TWILIO_ACCOUNT_SID", default="")
# The token also checks the signature of callbacks; with a key of its own it may be left out.
TWILIO_AUTH_TOKEN = env("TWILIO_AUTH_TOKEN", default="")
TWILIO_API_KEY = env("TWILIO_API_KEY", default="")
TWILIO_API_SECRET = env("TWILIO_API_SECRET", default="")
# Either of the two: the service that chooses a sender, or the sender itself.
TWILIO_MESSAGING_SERVICE_SID = env("TWILIO_MESSAGING_SERVICE_SID", default="")
TWILIO_SENDER = env("TWILIO_SENDER", default="")
# For stand-ins: where Twilio's addresses are sent to instead.
TWILIO_BASE_URL = env("TWILIO_BASE_URL", default="")
TWILIO_TIMEOUT = env.float("TWILIO_TIMEOUT", default=10)
# The https address at which Twilio reaches us; empty where nothing can come in, then we ask.
PUBLIC_URL = env("PUBLIC_URL", default="").rstrip("/")
# What all workers together send in a second, and how many calls one of them has open.
SMS_PER_SECOND = env.float("SMS_PER_SECOND", default=10)
SMS_CONCURRENCY = env.int("SMS_CONCURRENCY", default=32)
# Seconds after an unclear answer until the provider's "no such message" is believed.
SMS_UNKNOWN_GRACE_SECONDS = env.int("SMS_UNKNOWN_GRACE_SECONDS", default=60)
# Seconds after which a worker that holds messages and says nothing is given up for dead.
SMS_CLAIM_SECONDS = env.int("SMS_CLAIM_SECONDS", default=180)
# Yen a segment, for what is shown before sending.
SMS_SEGMENT_PRICE = env("SMS_SEGMENT_PRICE", cast=decimal.Decimal, default=decimal.Decimal("12"))
if problem := credentials.problem(
    account=TWILIO_ACCOUNT_SID,
    token=TWILIO_AUTH_TOKEN,
    key=TWILIO_API_KEY,
    secret=TWILIO_API_SECRET,
    service=TWILIO_MESSAGING_SERVICE_SID,
    sender=TWILIO_SENDER,
    public_url=PUBLIC_URL,
):
    raise ImproperlyConfigured(problem)

# Security ---------------------------------------------------------------------------------
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF],
        "font-src": [SELF],
        "connect-src": [SELF],
        "form-action": [SELF],
        "base-uri": [NONE],
        "frame-ancestors": [NONE],
    }
}
SESSION_COOKIE_AGE = env.int("SESSION_HOURS", default=12) * 3600
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SECURE = HTTPS
CSRF_COOKIE_SECURE = HTTPS
SECURE_SSL_REDIRECT = HTTPS
# Whoever watches from inside asks without https; it names nobody.
SECURE_REDIRECT_EXEMPT = [r"^healthz$"]
SECURE_HSTS_SECONDS = 31_536_000 if HTTPS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = HTTPS
SECURE_HSTS_PRELOAD = HTTPS
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
CSRF_FAILURE_VIEW = "staff.views.csrf_failure"
if env.bool("BEHIND_PROXY", default=False):
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")

# Logs (never personal data) ---------------------------------------------------------------
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "{asctime} {levelname} {name} {message}", "style": "{"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["console"], "level": env("LOG_LEVEL", default="INFO")},
    # Who signs in when is no news; failures are.
    # A call to look a message up has the number in its address.
    "loggers": {"axes": {"level": "WARNING"}, "urllib3": {"level": "ERROR"}},
}
