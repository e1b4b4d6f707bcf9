"""The old Flask application, as it has been for years: a small shop.

Nothing in it knows of Trivet. It has its own routing, templates, static files, and sessions in a
signed cookie. It still runs by itself: `flask --app flask_inside.legacy run` in examples/.
"""

import os

from flask import (
    Flask,
    Response,
    abort,
    flash,
    jsonify,
    redirect,
    render_template,
    request,
    session,
)
from flask import url_for as link
from werkzeug.wrappers import Response as AnyResponse

shop = Flask(__name__)
shop.secret_key = os.environ.get("SHOP_SECRET", "only-for-trying-it-out")

TEAS = {1: "Assam", 2: "Darjeeling", 3: "Lapsang Souchong"}
IN_STOCK = {1: 12, 2: 3, 3: 0}


@shop.get("/")
def index() -> str:
    return render_template("index.html", teas=TEAS, stock=IN_STOCK, cart=session.get("cart", []))


@shop.post("/login")
def login() -> AnyResponse:
    name = request.form.get("name", "").strip()
    if not name:
        abort(400)
    session["name"] = name
    flash(f"Welcome, {name}")
    return redirect(link("index"))


@shop.post("/logout")
def logout() -> AnyResponse:
    session.clear()
    return redirect(link("index"))


@shop.post("/cart/<int:tea_id>")
def add_to_cart(tea_id: int) -> AnyResponse:
    if tea_id not in TEAS:
        abort(404)
    session["cart"] = [*session.get("cart", []), tea_id]
    return redirect(link("index"))


@shop.get("/api/teas")
def list_teas() -> Response:
    return jsonify([{"id": number, "name": name} for number, name in TEAS.items()])


@shop.get("/api/teas/<int:tea_id>")
def read_tea(tea_id: int) -> Response:
    if tea_id not in TEAS:
        abort(404)
    return jsonify(id=tea_id, name=TEAS[tea_id])


@shop.get("/api/cart")
def read_cart() -> Response:
    return jsonify([TEAS[number] for number in session.get("cart", [])])
