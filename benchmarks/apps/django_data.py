"""The cases with a database in Django: its ORM, its templates, only its common middleware."""

import os
import random
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import django
import orjson
from django.conf import settings
from django.core.wsgi import get_wsgi_application
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import path

URL = urlsplit(os.environ["BENCH_DATABASE"])
ON_POSTGRESQL = {
    "ENGINE": "django.db.backends.postgresql",
    "NAME": URL.path.lstrip("/"),
    "USER": URL.username or "",
    "PASSWORD": URL.password or "",
    "HOST": URL.hostname or "",
    "PORT": URL.port or "",
    "OPTIONS": {"pool": {"min_size": 10, "max_size": 10}},
}
ON_SQLITE = {
    "ENGINE": "django.db.backends.sqlite3",
    "NAME": URL.path.removeprefix("/"),
    "CONN_MAX_AGE": None,
    "OPTIONS": {
        "transaction_mode": "IMMEDIATE",
        "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;",
    },
}
TEMPLATES = {
    "BACKEND": "django.template.backends.django.DjangoTemplates",
    "DIRS": [Path(__file__).with_name("templates")],
}

settings.configure(
    ALLOWED_HOSTS=["127.0.0.1"],
    DATABASES={"default": ON_SQLITE if URL.scheme == "sqlite" else ON_POSTGRESQL},
    DEBUG=False,
    MIDDLEWARE=["django.middleware.common.CommonMiddleware"],
    ROOT_URLCONF=__name__,
    SECRET_KEY="only for measuring",
    TEMPLATES=[TEMPLATES],
    USE_TZ=True,
)
django.setup()

# Models can be declared only now, and a table of our own making is nobody's to migrate.
from django.db import models  # noqa: E402

EXTRA = "One more, made while you asked."


class Author(models.Model):
    id = models.BigAutoField(primary_key=True)
    name = models.CharField(max_length=50)

    class Meta:
        app_label = "data"
        db_table = "author"


class Tag(models.Model):
    id = models.BigAutoField(primary_key=True)
    name = models.CharField(max_length=30)

    class Meta:
        app_label = "data"
        db_table = "tag"


class Post(models.Model):
    id = models.BigAutoField(primary_key=True)
    title = models.CharField(max_length=200)
    body = models.TextField()
    published = models.BooleanField()
    views = models.BigIntegerField()
    created = models.DateTimeField()
    author = models.ForeignKey(Author, on_delete=models.CASCADE)
    tags = models.ManyToManyField(Tag, db_table="post_tag")

    class Meta:
        app_label = "data"
        db_table = "post"


class World(models.Model):
    id = models.BigAutoField(primary_key=True)
    randomnumber = models.BigIntegerField()

    class Meta:
        app_label = "data"
        db_table = "world"


class Fortune(models.Model):
    id = models.BigAutoField(primary_key=True)
    message = models.CharField(max_length=2048)

    class Meta:
        app_label = "data"
        db_table = "fortune"


def some(request: HttpRequest) -> list[int]:
    count = min(max(int(request.GET.get("queries", 1)), 1), 500)
    return sorted(random.sample(range(1, 10_001), count))


def shown(post: Post) -> dict[str, Any]:
    return {
        "id": post.id,
        "title": post.title,
        "body": post.body,
        "published": post.published,
        "views": post.views,
        "created": post.created,
        "author_id": post.author_id,
    }


def answer(value: Any) -> HttpResponse:
    body = orjson.dumps(value, option=orjson.OPT_UTC_Z)
    return HttpResponse(body, content_type="application/json")


def post(request: HttpRequest, id: int) -> HttpResponse:
    try:
        return answer(shown(Post.objects.get(id=id)))
    except Post.DoesNotExist:
        raise Http404 from None


def posts(request: HttpRequest) -> HttpResponse:
    newest = Post.objects.filter(published=True).order_by("-id")
    found = newest.select_related("author").prefetch_related("tags")[:20]
    return answer(
        [
            {
                **shown(post),
                "author": {"id": post.author.id, "name": post.author.name},
                "tags": [{"id": tag.id, "name": tag.name} for tag in post.tags.all()],
            }
            for post in found
        ]
    )


def worlds(request: HttpRequest) -> HttpResponse:
    found = [World.objects.get(id=id) for id in some(request)]
    return answer([{"id": world.id, "randomnumber": world.randomnumber} for world in found])


def updates(request: HttpRequest) -> HttpResponse:
    found = [World.objects.get(id=id) for id in some(request)]
    for world in found:
        world.randomnumber = random.randint(1, 10_000)
    World.objects.bulk_update(found, ["randomnumber"])
    return answer([{"id": world.id, "randomnumber": world.randomnumber} for world in found])


def fortunes(request: HttpRequest) -> HttpResponse:
    found = [*Fortune.objects.all(), Fortune(id=0, message=EXTRA)]
    found.sort(key=lambda fortune: fortune.message)
    return render(request, "fortunes.html", {"fortunes": found})


urlpatterns = [
    path("posts/<int:id>", post),
    path("posts", posts),
    path("worlds", worlds),
    path("updates", updates),
    path("fortunes", fortunes),
]
app = get_wsgi_application()
