"""Who is signed in, by a signed access token: Django's accounts and PyJWT.

Django has no access tokens. djangorestframework-simplejwt is how most bring them: PyJWT, and one
query for the account. The same is done here without REST framework's views, which cost more.
"""

from datetime import UTC, datetime, timedelta

import django
import jwt
from django.conf import settings
from django.core.management import call_command
from django.core.wsgi import get_wsgi_application
from django_store.databases import DATABASES

SECRET_KEY = "only for measuring, and long enough for a key of HS256"
ALGORITHM = "HS256"

settings.configure(
    ALLOWED_HOSTS=["127.0.0.1"],
    DATABASES=DATABASES,
    DEBUG=False,
    INSTALLED_APPS=["django.contrib.auth", "django.contrib.contenttypes"],
    MIDDLEWARE=["django.middleware.common.CommonMiddleware"],
    ROOT_URLCONF=__name__,
    SECRET_KEY=SECRET_KEY,
    USE_TZ=True,
)
django.setup()

# Behind the set-up: models are known from there on.
from django.contrib.auth import get_user_model  # noqa: E402
from django.http import HttpRequest, HttpResponse, JsonResponse  # noqa: E402
from django.urls import path  # noqa: E402

call_command("migrate", verbosity=0)
User = get_user_model()
if not User.objects.filter(username="ann").exists():
    User.objects.create_user("ann", "ann@example.org", first_name="Ann")


def hello(request: HttpRequest) -> HttpResponse:
    return HttpResponse("hello")


def token(request: HttpRequest) -> HttpResponse:
    ends = datetime.now(UTC) + timedelta(minutes=10)
    user = User.objects.get(username="ann")
    claims = {"sub": str(user.pk), "exp": ends}
    return JsonResponse({"access_token": jwt.encode(claims, SECRET_KEY, algorithm=ALGORITHM)})


def me(request: HttpRequest) -> HttpResponse:
    scheme, _, given = request.headers.get("Authorization", "").partition(" ")
    try:
        if scheme != "Bearer":
            raise jwt.InvalidTokenError
        claims = jwt.decode(given, SECRET_KEY, algorithms=[ALGORITHM])
        user = User.objects.get(pk=claims["sub"])
    except (jwt.InvalidTokenError, KeyError, ValueError, User.DoesNotExist):
        return JsonResponse({"detail": "Not authenticated"}, status=401)
    if not user.is_active:
        return JsonResponse({"detail": "Not authenticated"}, status=401)
    return JsonResponse({"email": user.email, "name": user.first_name})


urlpatterns = [path("hello", hello), path("token", token), path("me", me)]
app = get_wsgi_application()
