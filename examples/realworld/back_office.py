"""What staff see in the admin, at /admin."""

from realworld.models import Article, Comment, Tag, User
from trivet.admin import Admin, Card, Chart, Inline, ModelAdmin

admin = Admin(title="Conduit")
admin.card(Card("Articles", Article.all(), link="article/"))
admin.card(Card("People", User.all(), link="user/"))
admin.chart(Chart("Articles", rows=Article.all(), on=Article.created_at))


@admin.register(User)
class UserAdmin(ModelAdmin):
    columns = (User.name, User.email, User.joined_at, User.is_active)
    search = (User.name, User.email)
    filters = (User.is_active, User.joined_at)


@admin.register(Article)
class ArticleAdmin(ModelAdmin):
    columns = (Article.title, Article.author, Article.created_at, Article.tags, Article.favorites)
    search = (Article.title, Article.description, "author__name")
    filters = (Article.author, Article.created_at)
    hierarchy = Article.created_at
    order = "-created_at"
    readonly = (Article.slug,)
    inlines = (
        Inline(Tag, columns=(Tag.name,), order_by=Tag.position),
        Inline(Comment, columns=(Comment.author, Comment.body)),
    )


@admin.register(Comment)
class CommentAdmin(ModelAdmin):
    columns = (Comment.body, Comment.author, Comment.article, Comment.created_at)
    search = (Comment.body, "author__name")
    filters = (Comment.author, Comment.created_at)
    order = "-created_at"
