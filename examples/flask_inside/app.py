"""An old Flask application, mounted under a prefix and replaced route by route.

The old shop in legacy.py keeps running below /shop, with its own routing, templates, static files
and sessions. A route that is declared here, before the mount, takes the place of the old one; all
others fall through to Flask. So each release moves as many routes as it likes, and none at once.

It needs `pip install flask`:

    trivet run examples/flask_inside/app.py

    curl http://127.0.0.1:8000/shop/                 # Flask's page
    curl http://127.0.0.1:8000/shop/api/teas         # replaced: typed, documented, faster
    curl http://127.0.0.1:8000/shop/api/cart         # still Flask's

Log in at http://127.0.0.1:8000/shop/ and open http://127.0.0.1:8000/shop/api/me: a new route that
knows who logged in to the old application. The replaced routes are at http://127.0.0.1:8000/docs.
"""

from typing import Annotated, Any

from flask.sessions import SecureCookieSessionInterface
from itsdangerous import BadSignature
from pydantic import BaseModel

from flask_inside.legacy import IN_STOCK, TEAS, shop
from trivet import App, Cookie, Depends, HTTPException, RedirectResponse, Router
from trivet.adapters.wsgi import WSGI


class Tea(BaseModel):
    """A tea, as the new API tells it; the old one did not know the stock."""

    id: int
    name: str
    in_stock: int


class Customer(BaseModel):
    """Who is logged in."""

    name: str
    cart: list[str]


# -- what the old application remembers of a visitor ---------------------------------------------

_signer = SecureCookieSessionInterface().get_signing_serializer(shop)
_seconds = int(shop.permanent_session_lifetime.total_seconds())


def read_session(session: Annotated[str | None, Cookie()] = None) -> dict[str, Any]:
    """Read the cookie that Flask signed; whatever Flask would not take is an empty session."""
    if session is None or _signer is None:
        return {}
    try:
        found: dict[str, Any] = _signer.loads(session, max_age=_seconds)
    except BadSignature:
        return {}
    return found


FlaskSession = Annotated[dict[str, Any], Depends(read_session)]

# -- the routes that have moved ------------------------------------------------------------------

moved = Router(prefix="/shop/api", tags=["moved from Flask"])


def find_tea(tea_id: int) -> Tea:
    """Give the tea of that number, or answer with 404."""
    if tea_id not in TEAS:
        raise HTTPException(404, f"There is no tea {tea_id}")
    return Tea(id=tea_id, name=TEAS[tea_id], in_stock=IN_STOCK[tea_id])


@moved.get("/teas")
async def list_teas() -> list[Tea]:
    return [find_tea(number) for number in TEAS]


@moved.get("/teas/{tea_id}", responses={404: {"description": "There is no such tea"}})
async def read_tea(tea: Annotated[Tea, Depends(find_tea)]) -> Tea:
    return tea


@moved.get("/me", responses={401: {"description": "Nobody is logged in"}})
async def read_me(session: FlaskSession) -> Customer:
    if "name" not in session:
        raise HTTPException(401, "Nobody is logged in")
    return Customer(name=session["name"], cart=[TEAS[number] for number in session.get("cart", [])])


# -- the application -----------------------------------------------------------------------------

app = App(title="Shop", summary="An old Flask application on its way")
app.include_router(moved)


@app.get("/", include_in_schema=False)
async def home() -> RedirectResponse:
    return RedirectResponse("/shop/")


# Last: what has moved stands above and is asked first.
app.mount("/shop", WSGI(shop))
