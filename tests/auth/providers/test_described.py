"""Providers as an application describes them: GitHub, the ready ones, and mistakes."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.auth.providers.conftest import Acme, Making
from tests.auth.providers.own_provider import CLIENT, SECRET, OwnProvider
from tests.auth.site import quick_passwords
from trivet import App
from trivet.auth import Auth, AuthOptions
from trivet.auth.providers import GitHub, OidcProvider, SignInWith, gitlab, google, microsoft
from trivet.db import Database
from trivet.errors import SetupError
from trivet.sessions import DatabaseSessions, Sessions

TENANT = "72f988bf-86f1-41af-91ab-2d7cd011db47"
ANN = [
    {"email": "old@example.org", "primary": False, "verified": True},
    {"email": "ann@example.org", "primary": True, "verified": True},
]


@pytest.fixture(scope="module")
def kind() -> str:
    return "sqlite"


# -- GitHub --------------------------------------------------------------------------------------


def as_github(provider: OwnProvider, user: object, emails: object) -> None:
    """Let a provider answer as GitHub does."""
    token = {"access_token": "a token", "token_type": "bearer", "scope": "read:user"}
    for path, told in (
        ("/login/oauth/access_token", token),
        ("/user", user),
        ("/user/emails", emails),
    ):
        body = json.dumps(told).encode()
        provider.answers[path] = lambda body=body: (200, body)  # type: ignore[misc]


@pytest.fixture
def github(making: Making) -> Acme:
    """Give a site whose provider `acme` is GitHub."""
    shop = making()
    issuer = shop.provider.issuer
    hub = GitHub("acme", client_id=CLIENT, client_secret=SECRET, site=issuer, api=issuer)
    shop.part.flow.providers = {"acme": hub}
    return shop


async def test_github_tells_who_somebody_is(github: Acme) -> None:
    as_github(github.provider, {"id": 7, "login": "ann", "name": None}, ANN)
    ann = github.traveller()

    assert (await ann.travel()).status_code == 303

    assert await ann.me() == "ann@example.org"
    assert (await ann.client.get("/auth/me")).json()["name"] == "ann"


async def test_log_in_that_changed_hands_is_another_person(github: Acme) -> None:
    ann, eve = github.traveller(), github.traveller()
    as_github(github.provider, {"id": 7, "login": "ann"}, ANN)
    await ann.travel()

    as_github(github.provider, {"id": 8, "login": "ann"}, [])
    await eve.travel()

    assert await eve.me() not in (None, "ann@example.org")


@pytest.mark.parametrize(
    "emails",
    [
        [{"email": "ann@example.org", "primary": True, "verified": False}],
        [{"email": "ann@example.org", "primary": False, "verified": True}],
        [{"email": "ann@example.org", "primary": True, "verified": "true"}],
        [{"email": ["ann@example.org"], "primary": True, "verified": True}],
        [7, None],
        {},
    ],
)
async def test_github_address_counts_where_it_is_the_verified_one(
    github: Acme, emails: object
) -> None:
    as_github(github.provider, {"id": 7, "login": "ann"}, emails)
    ann = github.traveller()

    assert (await ann.travel()).status_code == 303

    assert "@" not in (await ann.me() or "@")


@pytest.mark.parametrize("user", [None, [], {}, {"id": "7"}, {"id": True}, {"id": None}])
async def test_github_user_without_a_number_is_nobody(github: Acme, user: object) -> None:
    as_github(github.provider, user, ANN)

    assert (await github.traveller().travel()).status_code == 400


async def test_github_code_that_it_does_not_take_is_told_of(github: Acme) -> None:
    told = b'{"error": "bad_verification_code", "error_description": "<b>"}'
    github.provider.answers["/login/oauth/access_token"] = lambda: (200, told)

    answer = await github.traveller().travel()

    assert answer.status_code == 400
    assert "<b>" not in answer.text


# -- ready ones ----------------------------------------------------------------------------------


def test_ready_providers_are_what_their_names_say() -> None:
    ready = [
        google(client_id="a", client_secret="b"),
        microsoft(tenant=TENANT, client_id="a", client_secret="b"),
        gitlab(client_id="a", client_secret="b", site="https://git.example.org"),
    ]

    assert [(one.name, one.issuer) for one in ready] == [
        ("google", "https://accounts.google.com"),
        ("microsoft", f"https://login.microsoftonline.com/{TENANT}/v2.0"),
        ("gitlab", "https://git.example.org"),
    ]
    assert google(client_id="a", client_secret="b", more={"hd": "example.org"}).more == {
        "hd": "example.org"
    }


@pytest.fixture
def somewhere() -> Database:
    """Give a database that nobody asks."""
    return Database("sqlite://")


# -- mistakes ------------------------------------------------------------------------------------


def oidc(**changed: Any) -> OidcProvider:
    given: dict[str, Any] = {"name": "acme", "issuer": "https://id.acme.org", "client_id": "shop"}
    given |= changed
    return OidcProvider(given.pop("name"), **given)


@pytest.mark.parametrize(
    "changed",
    [
        {"name": "Acme"},
        {"name": "a/b"},
        {"name": ""},
        {"issuer": "http://id.acme.org"},
        {"issuer": "id.acme.org"},
        {"issuer": "https://id.acme.org?tenant=1"},
        {"client_id": ""},
        {"scopes": ["email"]},
        {"scopes": "openid"},
        {"algorithms": ["none"]},
        {"algorithms": "RS256"},
        {"algorithms": []},
        {"algorithms": ["HS256"]},
        {"algorithms": ["HS256"], "client_secret": "short"},
        {"algorithms": ["HS256", "RS256"], "client_secret": SECRET},
        {"more": {"redirect_uri": "https://evil.example"}},
        {"more": {"state": "x"}},
    ],
)
def test_provider_that_cannot_be_is_refused(changed: dict[str, Any]) -> None:
    with pytest.raises(SetupError) as caught:
        oidc(**changed)

    assert caught.value.code == "auth.provider"
    assert "short" not in str(caught.value)


def test_other_mistakes_are_refused(somewhere: Database) -> None:
    auth = Auth(somewhere, passwords=quick_passwords())

    for make in (
        lambda: microsoft(tenant="common", client_id="a", client_secret="b"),
        lambda: GitHub(client_id="a", client_secret="b", api="http://api.github.com"),
        lambda: SignInWith(auth, []),
        lambda: SignInWith(auth, [oidc(), oidc()]),
        lambda: SignInWith(auth, [oidc(), oidc(name="other")]),
        lambda: SignInWith(auth, [oidc()], trusted=["google"]),
        lambda: SignInWith(auth, [oidc()], trusted="acme"),
    ):
        with pytest.raises(SetupError, match=r"auth\.provider"):
            make()


def test_site_has_to_be_known_where_it_is_not_being_developed(somewhere: Database) -> None:
    app = App(debug=False)
    auth = Auth(somewhere, passwords=quick_passwords())

    with pytest.raises(SetupError, match=r"auth\.no-site"):
        app.use(SignInWith(auth, [oidc()]))

    assert App(debug=True).use(SignInWith(auth, [oidc()])) is not None


def test_cookie_that_does_not_come_back_is_found(somewhere: Database) -> None:
    app = App()
    sessions = Sessions(DatabaseSessions(somewhere), same_site="strict")
    options = AuthOptions(site="https://shop.example.org")
    auth = Auth(somewhere, sessions=sessions, passwords=quick_passwords(), options=options)
    part = SignInWith(auth, [oidc()])

    assert [one.code for one in part.checks(app)] == ["auth.strict-cookie"]


def test_secrets_are_in_no_repr() -> None:
    shown = [
        oidc(client_secret=SECRET),
        GitHub(client_id="a", client_secret=SECRET),
        google(client_id="a", client_secret=SECRET),
    ]

    assert SECRET not in repr(shown)
