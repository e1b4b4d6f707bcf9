"""The old project's admin."""

from django.contrib import admin

from django_inside.models import Book

admin.site.site_header = "Library"


@admin.register(Book)
class BookAdmin(admin.ModelAdmin):
    list_display = ("title", "author", "borrower")
    search_fields = ("title", "author")
