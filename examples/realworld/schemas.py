"""What clients send and see: camelCase, and each thing under its own name, `{"user": {…}}`."""

from datetime import datetime
from typing import Annotated

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainSerializer,
    WithJsonSchema,
)
from pydantic.alias_generators import to_camel

from realworld.errors import filled
from trivet.auth.users import normal_email, normal_username


def name(text: str) -> str:
    """Keep a name as it was typed, if it is one."""
    normal_username(text)
    return text


def in_milliseconds(moment: datetime) -> str:
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


Text = Annotated[str, AfterValidator(filled)]
Title = Annotated[Text, Field(max_length=200)]
TagName = Annotated[Text, Field(max_length=100)]
Name = Annotated[Text, AfterValidator(name)]
Email = Annotated[Text, AfterValidator(normal_email)]
Image = Annotated[str, Field(max_length=2000)]
Nothing = BeforeValidator(lambda text: None if text == "" else text)
Moment = Annotated[
    datetime,
    PlainSerializer(in_milliseconds),
    WithJsonSchema({"type": "string", "format": "date-time"}),
]


class Schema(BaseModel):
    model_config = ConfigDict(alias_generator=to_camel, validate_by_name=True, from_attributes=True)


# -- what they send ------------------------------------------------------------------------------


class LogIn(Schema):
    email: Text
    password: Text


class NewUser(Schema):
    username: Name
    email: Email
    password: Text


class ChangedUser(NewUser):
    bio: Annotated[str | None, Nothing]
    image: Annotated[Image | None, Nothing]


class NewArticle(Schema):
    title: Title
    description: Text
    body: Text
    tag_list: list[TagName] = []


class NewComment(Schema):
    body: Text


# -- what they see -------------------------------------------------------------------------------


class UserRead(Schema):
    email: str
    token: str
    username: str
    bio: str | None
    image: str | None


class Profile(Schema):
    username: str = Field(validation_alias="name")
    bio: str | None
    image: str | None
    following: bool = False


class ArticleInList(Schema):
    slug: str
    title: str
    description: str
    tag_list: list[str]
    created_at: Moment
    updated_at: Moment
    favorited: bool = False
    favorites_count: int = 0
    author: Profile


class ArticleRead(ArticleInList):
    body: str


class CommentRead(Schema):
    id: int
    created_at: Moment
    updated_at: Moment
    body: str
    author: Profile


class OneUser(Schema):
    user: UserRead


class OneProfile(Schema):
    profile: Profile


class OneArticle(Schema):
    article: ArticleRead


class ManyArticles(Schema):
    articles: list[ArticleInList]
    articles_count: int


class OneComment(Schema):
    comment: CommentRead


class ManyComments(Schema):
    comments: list[CommentRead]


class Tags(Schema):
    tags: list[str]
