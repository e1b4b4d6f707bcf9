"""The old project's addresses."""

from django.contrib import admin
from django.contrib.staticfiles.views import serve
from django.urls import path

from django_inside import views

urlpatterns = [
    path("", views.index, name="index"),
    path("api/books", views.list_books, name="list-books"),
    path("api/books/<int:book_id>", views.read_book, name="read-book"),
    path("api/count", views.count_books, name="count-books"),
    path("admin/", admin.site.urls),
    # Good for trying it out. A real site runs collectstatic and serves the folder.
    path("static/<path:path>", serve, {"insecure": True}),
]
