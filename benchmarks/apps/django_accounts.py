"""Who is signed in, by a session in the database: Django's accounts and sessions."""

import django
from django.conf import settings
from django.core.management import call_command
from django.core.wsgi import get_wsgi_application
from django_store.databases import DATABASES

settings.configure(
    ALLOWED_HOSTS=["127.0.0.1"],
    DATABASES=DATABASES,
    DEBUG=False,
    INSTALLED_APPS=[
        "django.contrib.auth",
        "django.contrib.contenttypes",
        "django.contrib.sessions",
    ],
    MIDDLEWARE=[
        "django.contrib.sessions.middleware.SessionMiddleware",
        "django.middleware.common.CommonMiddleware",
        "django.contrib.auth.middleware.AuthenticationMiddleware",
    ],
    ROOT_URLCONF=__name__,
    SECRET_KEY="only for measuring",
    SESSION_ENGINE="django.contrib.sessions.backends.db",
    USE_TZ=True,
)
django.setup()

# Behind the set-up: models are known from there on.
from django.contrib.auth import get_user_model, login  # noqa: E402
from django.http import HttpRequest, HttpResponse, JsonResponse  # noqa: E402
from django.urls import path  # noqa: E402

call_command("migrate", verbosity=0)
User = get_user_model()
if not User.objects.filter(username="ann").exists():
    User.objects.create_user("ann", "ann@example.org", first_name="Ann")


def hello(request: HttpRequest) -> HttpResponse:
    return HttpResponse("hello")


def sign_in(request: HttpRequest) -> HttpResponse:
    login(request, User.objects.get(username="ann"))
    return HttpResponse(status=204)


def me(request: HttpRequest) -> HttpResponse:
    user = request.user
    if not user.is_authenticated:
        return JsonResponse({"detail": "Not authenticated"}, status=401)
    return JsonResponse({"email": user.email, "name": user.first_name})


urlpatterns = [path("hello", hello), path("sign-in", sign_in), path("me", me)]
app = get_wsgi_application()
