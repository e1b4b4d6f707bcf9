"""An old Django project, mounted under a prefix and replaced route by route.

The old library keeps running below /library, with its own addresses, admin, sessions, templates,
static files and database. A route that is declared here, before the mount, takes the place of the
old one; all others fall through to Django. What has moved still reads Django's tables through
Django's models, and knows who logged in there.

It needs `pip install django`; the database is made in a temporary folder:

    trivet run examples/django_inside/app.py

    curl http://127.0.0.1:8000/library/                 # Django's page
    curl http://127.0.0.1:8000/library/api/books        # replaced: typed and documented
    curl http://127.0.0.1:8000/library/api/count        # still Django's
    curl http://127.0.0.1:8000/library-wsgi/api/count   # the same, over Django's WSGI face

Log in at http://127.0.0.1:8000/library/admin/ as librarian, password only-for-trying-it-out, and
open http://127.0.0.1:8000/library/api/me. The replaced routes are at http://127.0.0.1:8000/docs.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Annotated

from asgiref.sync import sync_to_async
from django.contrib.auth import aget_user
from django.contrib.sessions.backends.db import SessionStore
from django.core.asgi import get_asgi_application
from django.core.wsgi import get_wsgi_application
from django.db import close_old_connections
from django.http import HttpRequest
from pydantic import BaseModel, Field

from django_inside.first_books import prepare_database
from django_inside.models import Book
from trivet import App, Cookie, Depends, HTTPException, Path, Query, RedirectResponse, Router
from trivet.adapters.wsgi import WSGI


class BookRead(BaseModel):
    """A book, as the new API tells it."""

    id: int
    title: str
    author: str
    is_borrowed: bool = Field(description="The old API did not tell")


class Reader(BaseModel):
    """Who is logged in."""

    username: str
    is_librarian: bool


# -- what the new routes share with the old project ----------------------------------------------


async def tidy_connections() -> AsyncIterator[None]:
    """Do for our routes what Django does around its own: drop connections that went stale."""
    await sync_to_async(close_old_connections)()
    yield
    await sync_to_async(close_old_connections)()


async def find_reader(sessionid: Annotated[str | None, Cookie()] = None) -> Reader:
    """Give who logged in to the old project, by Django's own check, or answer with 401."""
    request = HttpRequest()
    request.session = SessionStore(sessionid)
    user = await aget_user(request)
    if not user.is_authenticated:
        raise HTTPException(401, "Nobody is logged in")
    return Reader(username=user.get_username(), is_librarian=user.is_staff)


def told(book: Book) -> BookRead:
    """Give a book as the new API tells it."""
    return BookRead(
        id=book.pk, title=book.title, author=book.author, is_borrowed=book.borrower_id is not None
    )


# -- the routes that have moved ------------------------------------------------------------------

moved = Router(
    prefix="/library/api", tags=["moved from Django"], dependencies=[Depends(tidy_connections)]
)

# The largest number that the column takes.
BookId = Annotated[int, Path(ge=1, le=2**63 - 1)]


@moved.get("/books")
async def list_books(author: Annotated[str, Query(max_length=200)] = "") -> list[BookRead]:
    """List books; of those whose author's name has `author` in it, if that is given."""
    found = Book.objects.filter(author__icontains=author)
    return [told(book) async for book in found]


@moved.get("/books/{book_id}", responses={404: {"description": "There is no such book"}})
async def read_book(book_id: BookId) -> BookRead:
    """Read one book."""
    book = await Book.objects.filter(pk=book_id).afirst()
    if book is None:
        raise HTTPException(404, f"There is no book {book_id}")
    return told(book)


@moved.get("/me", responses={401: {"description": "Nobody is logged in"}})
async def read_me(reader: Annotated[Reader, Depends(find_reader)]) -> Reader:
    """Say who is logged in to the old project."""
    return reader


# -- the application -----------------------------------------------------------------------------


@asynccontextmanager
async def lifespan(app: App) -> AsyncIterator[None]:
    """Have a database before the first request."""
    await sync_to_async(prepare_database)()
    yield


app = App(title="Library", summary="An old Django project on its way", lifespan=lifespan)
app.include_router(moved)


@app.get("/", include_in_schema=False)
async def home() -> RedirectResponse:
    return RedirectResponse("/library/")


# Last: what has moved stands above and is asked first. One of the two faces is enough; ASGI where
# the project has async views, WSGI where it has middleware that expects it.
app.mount("/library", get_asgi_application())
app.mount("/library-wsgi", WSGI(get_wsgi_application()))
