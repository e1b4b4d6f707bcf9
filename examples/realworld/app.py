"""RealWorld ("Conduit") on Trivet: see README.md.

trivet run examples/realworld/app.py
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from realworld import articles, comments, people
from realworld.back_office import admin
from realworld.errors import CONDUIT, handle_errors
from realworld.parts import auth, db, jwt, settings
from trivet import App, Router
from trivet.middleware.cors import Cors


@asynccontextmanager
async def lifespan(app: App) -> AsyncIterator[None]:
    if settings.database_url == "sqlite://":  # in memory, and new each time; others: `migrate`
        await db.create_tables()
    yield


app = App(
    title="Conduit",
    lifespan=lifespan,
    error_shape=CONDUIT,
    hooks=[Cors(allow_origins=["*"], allow_methods=["*"], allow_headers=["Authorization"])],
)
for part in (db, auth, jwt, admin):
    app.use(part)
handle_errors(app)

api = Router(prefix="/api")
for routes in (people, articles, comments):
    api.include_router(routes.router)
app.include_router(api)
