"""A library on Django: small views, whose settings come from the environment."""

import os
from pathlib import Path

BASE_DIR = Path(__file__).resolve().parent.parent
SECRET_KEY = os.environ.get("LIBRARY_SECRET_KEY", "only-for-tests-of-the-library")
DEBUG = os.environ.get("LIBRARY_DEBUG", "") == "1"
ALLOWED_HOSTS = [one for one in os.environ.get("LIBRARY_HOSTS", "testserver").split(",") if one]
ROOT_URLCONF = "library.urls"
INSTALLED_APPS = [
    "shop",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.staticfiles",
]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]
TEMPLATES = [{"BACKEND": "django.template.backends.django.DjangoTemplates", "APP_DIRS": True}]
DATABASES = {
    "default": {"ENGINE": "django.db.backends.sqlite3", "NAME": BASE_DIR / "db.sqlite3"}
}
SESSION_ENGINE = "django.contrib.sessions.backends.signed_cookies"
SESSION_COOKIE_SECURE = True
STATIC_URL = "static/"
STATIC_ROOT = BASE_DIR / "collected"
MEDIA_ROOT = BASE_DIR / "media"
USE_TZ = True
TIME_ZONE = "Europe/Berlin"
SECURE_HSTS_SECONDS = 3600
SECURE_REFERRER_POLICY = "no-referrer"
EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
EMAIL_HOST = "mail.example.org"
EMAIL_PORT = int(os.environ.get("LIBRARY_MAIL_PORT", "587"))
EMAIL_USE_TLS = True
EMAIL_HOST_USER = "a-name-that-nobody-sees"
EMAIL_HOST_PASSWORD = os.environ.get("LIBRARY_MAIL_PASSWORD", "a-word-that-nobody-sees")
DEFAULT_FROM_EMAIL = "library@example.org"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
