"""A small API beside the blog: what can be moved to Trivet, and what cannot."""

from datetime import date

from flask import Blueprint, abort, jsonify, request

bp = Blueprint("api", __name__)

THEMES = {1: "travel", 2: "food", 3: "trees"}
COUNTS = {"views": 0}


@bp.get("/themes")
def list_themes():
    word = request.args.get("q", "")
    limit = request.args.get("limit", 10, type=int)
    # Only those with the word.
    found = [{"id": number, "name": name} for number, name in THEMES.items() if word in name]
    return jsonify(found[:limit])


@bp.route("/themes/<int:number>", methods=["GET", "PUT"])
def read_theme(number):
    if number not in THEMES:
        abort(404, "no such theme")
    return {"id": number, "name": THEMES[number], "by": request.method}


@bp.get("/today")
def today():
    return jsonify(today=date(2026, 2, 3))


@bp.get("/views")
def count_views():
    COUNTS["views"] += 1
    return jsonify(COUNTS)
