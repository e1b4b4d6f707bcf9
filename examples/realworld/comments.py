"""Routes about comments on an article."""

from typing import Annotated

from realworld.articles import Named
from realworld.errors import forbidden, missing
from realworld.models import Comment, Following, User
from realworld.people import Me, Viewer
from realworld.schemas import CommentRead, ManyComments, NewComment, OneComment
from trivet import Body, Router
from trivet.db import Query as Rows

router = Router(prefix="/articles/{slug}/comments", tags=["comments"])


async def seen(comments: Rows[Comment], viewer: User | None) -> list[CommentRead]:
    """Give comments as somebody sees them: one query, however many there are."""
    me = viewer.id if viewer else None
    follows = Comment.author.has(User.followers.any(Following.follower_id == me))
    found = []
    for comment, following in await comments.with_(Comment.author).annotate(following=follows):
        found.append(CommentRead.model_validate(comment))
        found[-1].author.following = following
    return found


@router.get("")
async def comments(article: Named, viewer: Viewer) -> ManyComments:
    newest = Comment.where(article_id=article.id).order_by(-Comment.id)
    return ManyComments(comments=await seen(newest, viewer))


@router.post("", status_code=201)
async def write(
    me: Me, article: Named, comment: Annotated[NewComment, Body(embed=True)]
) -> OneComment:
    stored = await Comment.create(body=comment.body, article_id=article.id, author_id=me.id)
    (shown,) = await seen(Comment.where(id=stored.id), me)
    return OneComment(comment=shown)


@router.delete("/{id}", status_code=204)
async def delete(me: Me, article: Named, id: int) -> None:
    comment = await Comment.where(id=id, article_id=article.id).first()
    if comment is None:
        raise missing("comment")
    if comment.author_id != me.id:
        raise forbidden("comment")
    await comment.delete()
