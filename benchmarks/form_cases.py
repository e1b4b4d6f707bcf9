"""The cases of pages with forms, and what is to be reached in them."""

from __future__ import annotations

from urllib.parse import urlencode

from benchmarks.case import LoadCase, Request, Threshold
from benchmarks.form_pages import Field, judge_form

PATH = "/book"
FORM_TYPE = ("content-type", "application/x-www-form-urlencoded")
MEALS = ["meat", "fish", "plants"]
EMPTY = {
    "name": Field("text", is_required=True),
    "email": Field("email", is_required=True),
    "seats": Field("number", is_required=True),
    "meal": Field("select", "plants", choices=MEALS),
    "note": Field("textarea"),
}
TYPED = {
    "name": "",
    "email": "ann at example.org",
    "seats": "11",
    "meal": "fish",
    "note": "<b>by</b> the \"window\" & the 'door'",
}
WRONG = {
    "name": Field("text", is_required=True, is_wrong=True),
    "email": Field("email", TYPED["email"], is_required=True, is_wrong=True),
    "seats": Field("number", TYPED["seats"], is_required=True, is_wrong=True),
    "meal": Field("select", TYPED["meal"], choices=MEALS),
    "note": Field("textarea", TYPED["note"]),
}
# A visitor's cookie, under the name that each peer gives it, as each of them makes it.
_COOKIE = ("cookie", f"csrf={'0' * 32}; csrftoken={'A' * 32}")
_WRONG_TOKENS = {"csrf_token": "0" * 64, "csrfmiddlewaretoken": "B" * 64}


def _post(fields: dict[str, str], *headers: tuple[str, str]) -> Request:
    return Request(PATH, "POST", urlencode(fields), (FORM_TYPE, *headers))


FORM_CASES = (
    LoadCase(
        name="form-shown",
        title="A page with a form of five fields and a token",
        request=Request(PATH),
        content_type="text/html",
        page=lambda body: judge_form(body, EMPTY),
        app="forms",
        fills_in=PATH,
    ),
    # The answer is 200 everywhere: 422 would be as good, and is what Trivet's own pages say.
    LoadCase(
        name="form-refused",
        title="The same posted with three errors, and shown again",
        request=_post(TYPED),
        content_type="text/html",
        page=lambda body: judge_form(body, WRONG),
        refused=(_post(TYPED, _COOKIE), _post({**_WRONG_TOKENS, **TYPED}, _COOKIE)),
        app="forms",
        fills_in=PATH,
    ),
)

FORM_THRESHOLDS = tuple(
    Threshold(case.name, "cost_us", "at most 1/2 of Django's cost", "django", 1 / 2)
    for case in FORM_CASES
)
