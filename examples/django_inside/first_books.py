"""Fills an empty database, so that there is something to look at."""

import os

from django.contrib.auth.models import User
from django.core.management import call_command

from django_inside.models import Book

BOOKS = (
    ("Alice's Adventures in Wonderland", "Lewis Carroll"),
    ("Middlemarch", "George Eliot"),
    ("The Time Machine", "H. G. Wells"),
)


def prepare_database() -> None:
    """Make the tables, a few books, and a user `librarian` who may enter the admin."""
    call_command("migrate", run_syncdb=True, verbosity=0)
    if not User.objects.filter(username="librarian").exists():
        password = os.environ.get("LIBRARY_PASSWORD", "only-for-trying-it-out")
        User.objects.create_superuser("librarian", password=password)
    for title, author in BOOKS:
        Book.objects.get_or_create(title=title, author=author)
