"""The list of orders in Django's admin, for a superuser by a session in the database.

With BENCH_DEFAULTS as the admin comes; without it, as its documentation advises for large tables:
all rows are not counted once more for a list that is narrowed.
"""

import os

import django
from django.conf import settings
from django.core.management import call_command
from django.core.wsgi import get_wsgi_application
from django_store.databases import DATABASES

settings.configure(
    ALLOWED_HOSTS=["127.0.0.1"],
    DATABASES=DATABASES,
    DEBUG=False,
    DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
    INSTALLED_APPS=[
        "django.contrib.admin",
        "django.contrib.auth",
        "django.contrib.contenttypes",
        "django.contrib.messages",
        "django.contrib.sessions",
        "django.contrib.staticfiles",
        "django_shop",
    ],
    MIDDLEWARE=[
        "django.middleware.security.SecurityMiddleware",
        "django.contrib.sessions.middleware.SessionMiddleware",
        "django.middleware.common.CommonMiddleware",
        "django.middleware.csrf.CsrfViewMiddleware",
        "django.contrib.auth.middleware.AuthenticationMiddleware",
        "django.contrib.messages.middleware.MessageMiddleware",
        "django.middleware.clickjacking.XFrameOptionsMiddleware",
    ],
    ROOT_URLCONF=__name__,
    SECRET_KEY="only for measuring",
    STATIC_URL="static/",
    TEMPLATES=[
        {
            "BACKEND": "django.template.backends.django.DjangoTemplates",
            "APP_DIRS": True,
            "OPTIONS": {
                "context_processors": [
                    "django.template.context_processors.request",
                    "django.contrib.auth.context_processors.auth",
                    "django.contrib.messages.context_processors.messages",
                ],
            },
        }
    ],
    USE_TZ=True,
)
django.setup()

# Behind the set-up: models are known from there on.
from django.contrib import admin  # noqa: E402
from django.contrib.auth import get_user_model, login  # noqa: E402
from django.http import HttpRequest, HttpResponse  # noqa: E402
from django.urls import path  # noqa: E402
from django.views.decorators.csrf import csrf_exempt  # noqa: E402
from django_shop.models import Customer, Order, Product, Warehouse  # noqa: E402

call_command("migrate", verbosity=0)
User = get_user_model()
if not User.objects.filter(username="ann").exists():
    User.objects.create_superuser("ann", "ann@example.org", first_name="Ann")


@admin.register(Order)
class OrderAdmin(admin.ModelAdmin):
    list_display = (
        *("number", "status", "amount", "created", "note"),
        *("customer", "product", "warehouse"),
    )
    list_select_related = ("customer", "product", "warehouse")
    list_per_page = 50
    list_filter = ("status",)
    search_fields = ("^number",)
    ordering = ("-created",)
    show_full_result_count = "BENCH_DEFAULTS" in os.environ


admin.site.register([Customer, Product, Warehouse])


def hello(request: HttpRequest) -> HttpResponse:
    return HttpResponse("hello")


@csrf_exempt
def sign_in(request: HttpRequest) -> HttpResponse:
    login(request, User.objects.get(username="ann"))
    return HttpResponse(status=204)


urlpatterns = [path("hello", hello), path("sign-in", sign_in), path("admin/", admin.site.urls)]
app = get_wsgi_application()
