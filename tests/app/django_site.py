"""A small Django project in one file: routes, sessions in signed cookies, tokens, a static file."""

from __future__ import annotations

from pathlib import Path
from tempfile import mkdtemp
from typing import Any

import django
from django.conf import settings
from django.core.wsgi import get_wsgi_application
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.middleware.csrf import get_token
from django.templatetags.static import static
from django.urls import path, reverse


def pet(request: HttpRequest, number: int) -> JsonResponse:
    link = reverse("pet", args=[number])
    return JsonResponse(
        {
            "number": number,
            "link": link,
            "static": static("hello.css"),
            "whole": request.build_absolute_uri(link),
        }
    )


def count(request: HttpRequest) -> HttpResponse:
    request.session["count"] = request.session.get("count", 0) + 1
    return HttpResponse(str(request.session["count"]))


def token(request: HttpRequest) -> HttpResponse:
    return HttpResponse(get_token(request))


def form(request: HttpRequest) -> HttpResponse:
    return HttpResponse(f"hello {request.POST['name']}")


urlpatterns = [
    path("pets/<int:number>/", pet, name="pet"),
    path("count/", count),
    path("token/", token),
    path("form/", form),
]


def project() -> Any:  # Any: a WSGI application
    """Set Django up, once for a process, and give its WSGI application."""
    if not settings.configured:
        folder = Path(mkdtemp())
        (folder / "hello.css").write_text("body { color: blue }")
        settings.configure(
            DEBUG=True,
            SECRET_KEY="a secret of the old project",
            ALLOWED_HOSTS=["testserver"],
            ROOT_URLCONF=__name__,
            INSTALLED_APPS=["django.contrib.sessions", "django.contrib.staticfiles"],
            MIDDLEWARE=[
                "django.contrib.sessions.middleware.SessionMiddleware",
                "django.middleware.common.CommonMiddleware",
                "django.middleware.csrf.CsrfViewMiddleware",
            ],
            SESSION_ENGINE="django.contrib.sessions.backends.signed_cookies",
            STATIC_URL="static/",
            FORCE_SCRIPT_NAME="/legacy",
            STATICFILES_DIRS=[folder],
            USE_TZ=True,
        )
        django.setup()
        from django.contrib.staticfiles.urls import staticfiles_urlpatterns  # reads the settings

        urlpatterns.extend(staticfiles_urlpatterns("static/"))
    return get_wsgi_application()
