"""A page with a form of five fields, and the same with errors: Django's forms and templates.

The template loader keeps its templates, as it does wherever DEBUG is off.
"""

from pathlib import Path

from django import forms
from django.conf import settings
from django.core.wsgi import get_wsgi_application
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path

settings.configure(
    ALLOWED_HOSTS=["127.0.0.1"],
    DEBUG=False,
    MIDDLEWARE=[
        "django.middleware.common.CommonMiddleware",
        "django.middleware.csrf.CsrfViewMiddleware",
    ],
    ROOT_URLCONF=__name__,
    SECRET_KEY="only for measuring",
    TEMPLATES=[
        {
            "BACKEND": "django.template.backends.django.DjangoTemplates",
            "DIRS": [Path(__file__).with_name("templates")],
        }
    ],
)

MEALS = [("meat", "meat"), ("fish", "fish"), ("plants", "plants")]


class Booking(forms.Form):
    name = forms.CharField(max_length=80)
    email = forms.EmailField()
    seats = forms.IntegerField(min_value=1, max_value=10)
    meal = forms.ChoiceField(choices=MEALS, initial="plants")
    note = forms.CharField(widget=forms.Textarea, required=False, max_length=500)


def hello(request: HttpRequest) -> HttpResponse:
    return HttpResponse("hello")


def book(request: HttpRequest) -> HttpResponse:
    if request.method == "POST":
        form = Booking(request.POST)
        if form.is_valid():
            return redirect("/hello")
    else:
        form = Booking()
    return render(request, "book_django.html", {"form": form})


urlpatterns = [path("hello", hello), path("book", book)]
app = get_wsgi_application()
