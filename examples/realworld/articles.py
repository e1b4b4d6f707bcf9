"""Routes about articles: lists, single ones, writing, favorites, tags."""

from collections.abc import Sequence
from typing import Annotated, TypeVar

from realworld.errors import forbidden, missing
from realworld.models import Article, Favorite, Following, Tag, User, slug_of
from realworld.people import Me, Viewer
from realworld.schemas import ArticleInList, ArticleRead, ManyArticles, NewArticle, OneArticle, Tags
from trivet import Body, Depends, Query, Router
from trivet.db import Query as Rows
from trivet.db import related
from trivet.schema.partial import Partial

router = Router(tags=["articles"])

Limit = Annotated[int, Query(ge=1, description="100 at most are given")]
Offset = Annotated[int, Query(ge=0)]
Shown = TypeVar("Shown", bound=ArticleInList)


async def seen(kind: type[Shown], articles: Rows[Article], viewer: User | None) -> list[Shown]:
    """Give articles as somebody sees them: two queries, however many there are."""
    me = viewer.id if viewer else None
    rows = articles.with_(Article.author, Article.tags).annotate(
        favorited=Article.favorites.any(Favorite.user_id == me),
        favorites_count=related(Article.favorites),
        following=Article.author.has(User.followers.any(Following.follower_id == me)),
    )
    found = []
    for article, favorited, favorites_count, following in await rows:
        shown = kind.model_validate(article)
        shown.favorited, shown.favorites_count = favorited, favorites_count
        shown.author.following = following
        found.append(shown)
    return found


async def page(
    articles: Rows[Article], viewer: User | None, limit: int, offset: int
) -> ManyArticles:
    part = articles.order_by(-Article.id).limit(min(limit, 100)).offset(offset)
    shown = await seen(ArticleInList, part.defer(Article.body), viewer)
    return ManyArticles(articles=shown, articles_count=await articles.count())


async def one(article: Article, viewer: User | None) -> OneArticle:
    (shown,) = await seen(ArticleRead, Article.where(id=article.id), viewer)
    return OneArticle(article=shown)


# -- lists ---------------------------------------------------------------------------------------


@router.get("/articles")
async def articles(
    viewer: Viewer,
    tag: str | None = None,
    author: str | None = None,
    favorited: str | None = None,
    limit: Limit = 20,
    offset: Offset = 0,
) -> ManyArticles:
    found = Article.all()
    if tag is not None:
        found = found.where(tags__name=tag)
    if author is not None:
        found = found.where(author__username=author.casefold())
    if favorited is not None:
        found = found.where(favorites__user__username=favorited.casefold())
    return await page(found, viewer, limit, offset)


@router.get("/articles/feed")
async def feed(me: Me, limit: Limit = 20, offset: Offset = 0) -> ManyArticles:
    found = Article.where(author__followers__follower_id=me.id)
    return await page(found, me, limit, offset)


@router.get("/tags", tags=["tags"])
async def tags() -> Tags:
    rows = await Tag.all().group_by(Tag.name).order_by(Tag.name)
    return Tags(tags=[name for (name,) in rows])


# -- one article ---------------------------------------------------------------------------------


async def of_slug(slug: str) -> Article:
    """Give the article that the path names."""
    found = await Article.where(slug=slug).first()
    if found is None:
        raise missing("article")
    return found


Named = Annotated[Article, Depends(of_slug)]


async def own(me: Me, article: Named) -> Article:
    """Give the article that the path names, to its author alone."""
    if article.author_id != me.id:
        raise forbidden("article")
    return article


Own = Annotated[Article, Depends(own)]


async def set_tags(article: Article, names: Sequence[str]) -> None:
    await Tag.where(article_id=article.id).delete()
    await Tag.bulk_create(
        {"article_id": article.id, "name": name, "position": position}
        for position, name in enumerate(dict.fromkeys(names))
    )


@router.post("/articles", status_code=201)
async def write(article: Annotated[NewArticle, Body(embed=True)], me: Me) -> OneArticle:
    values = article.model_dump(exclude={"tag_list"})
    stored = await Article.create(**values, slug=slug_of(article.title), author_id=me.id)
    await set_tags(stored, article.tag_list)
    return await one(stored, me)


@router.get("/articles/{slug}")
async def article(article: Named, viewer: Viewer) -> OneArticle:
    return await one(article, viewer)


@router.put("/articles/{slug}")
async def change(
    article: Annotated[Partial[NewArticle], Body(embed=True)], stored: Own, me: Me
) -> OneArticle:
    values = article.model_dump()
    tag_list = values.pop("tag_list", None)
    if values.get("title", stored.title) != stored.title:
        values["slug"] = slug_of(article.title)
    await stored.update(**values)
    if tag_list is not None:
        await set_tags(stored, tag_list)
    return await one(stored, me)


@router.delete("/articles/{slug}", status_code=204)
async def delete(article: Own) -> None:
    await article.delete()


@router.post("/articles/{slug}/favorite")
async def favor(me: Me, article: Named) -> OneArticle:
    await Favorite.get_or_create(user_id=me.id, article_id=article.id)
    return await one(article, me)


@router.delete("/articles/{slug}/favorite")
async def unfavor(me: Me, article: Named) -> OneArticle:
    await Favorite.where(user_id=me.id, article_id=article.id).delete()
    return await one(article, me)
