"""Django's settings for the cases with a database: only its common middleware."""

from pathlib import Path

from django.conf import settings
from django.core.wsgi import get_wsgi_application
from django_store.databases import DATABASES

TEMPLATES = {
    "BACKEND": "django.template.backends.django.DjangoTemplates",
    "DIRS": [Path(__file__).with_name("templates")],
}

settings.configure(
    ALLOWED_HOSTS=["127.0.0.1"],
    DATABASES=DATABASES,
    DEBUG=False,
    INSTALLED_APPS=["django_store"],
    MIDDLEWARE=["django.middleware.common.CommonMiddleware"],
    ROOT_URLCONF="django_store.views",
    SECRET_KEY="only for measuring",
    TEMPLATES=[TEMPLATES],
    USE_TZ=True,
)

app = get_wsgi_application()
