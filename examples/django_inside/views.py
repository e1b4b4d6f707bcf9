"""The old project's views: a page that counts visits in the session, and a small API."""

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, render

from django_inside.models import Book


def index(request: HttpRequest) -> HttpResponse:
    request.session["visits"] = request.session.get("visits", 0) + 1
    context = {"books": Book.objects.all(), "visits": request.session["visits"]}
    return render(request, "django_inside/index.html", context)


def list_books(request: HttpRequest) -> JsonResponse:
    return JsonResponse({"books": list(Book.objects.values("id", "title", "author"))})


def read_book(request: HttpRequest, book_id: int) -> JsonResponse:
    book = get_object_or_404(Book, pk=book_id)
    return JsonResponse({"id": book.pk, "title": book.title, "author": book.author})


def count_books(request: HttpRequest) -> JsonResponse:
    return JsonResponse({"books": Book.objects.count()})
