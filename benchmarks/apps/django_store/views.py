"""The cases with a database in Django: its ORM and its templates."""

import random
from typing import Any

import orjson
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import path

from django_store.models import Fortune, Post, World

EXTRA = "One more, made while you asked."


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
