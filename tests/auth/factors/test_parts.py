"""Both factors as parts: what is said at start-up, and by `trivet check`."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tests.auth.factors.site import SECRET, SITE
from trivet import App
from trivet.auth import Auth, AuthOptions
from trivet.auth.passkeys import Passkeys
from trivet.auth.passkeys.relying import Relying
from trivet.auth.totp import Totp
from trivet.checks import Finding
from trivet.db import Database
from trivet.errors import SetupError


def auth(site: str | None = SITE) -> Auth:
    return Auth(Database("sqlite://"), options=AuthOptions(site=site))


def codes(found: list[Finding] | tuple[Finding, ...]) -> list[str]:
    return [one.code for one in found]


def test_secrets_that_are_stored_as_they_are_are_told() -> None:
    assert codes([*Totp(auth()).checks(App())]) == ["auth.totp-unsealed"]
    assert codes([*Totp(auth()).checks(App(debug=True))]) == []
    assert codes([*Totp(auth(), secrets=SECRET).checks(App())]) == []


def test_passkeys_ask_for_which_site_they_are() -> None:
    with pytest.raises(SetupError) as raised:
        App().use(Passkeys(auth(site=None)))

    assert raised.value.code == "auth.passkeys-site"


def test_while_it_is_developed_the_request_says_which_site_it_is() -> None:
    app = App(debug=True)

    passkeys = app.use(Passkeys(auth(site=None)))

    assert codes([*passkeys.checks(app)]) == ["auth.passkeys-site"]
    assert codes([*Passkeys(auth()).checks(app)]) == []


def test_a_domain_above_the_host_may_be_named() -> None:
    relying = Relying(None, "example.org", [SITE, "https://help.example.org"])

    assert relying.is_known


def test_the_id_of_a_site_is_its_host() -> None:
    assert Relying(SITE, None, []).is_known
    assert Relying("http://localhost:8000", None, []).is_known
    assert Relying(SITE, None, [SITE, "android:apk-key-hash:abc"]).is_known


@pytest.mark.parametrize(
    ("rp_id", "origin"),
    [
        (None, "http://shop.example.org"),
        (None, "https://shop.example.org/"),
        (None, "https://shop.example.org/path"),
        (None, "shop.example.org"),
        ("other.org", "https://shop.example.org"),
        ("hop.example.org", "https://shop.example.org"),
        ("shop.example.org", "https://example.org"),
    ],
)
def test_pages_that_could_not_ask_are_refused(rp_id: str | None, origin: str) -> None:
    with pytest.raises(SetupError) as raised:
        Passkeys(auth(), rp_id=rp_id, origins=[origin])

    assert raised.value.code == "auth.passkeys-site"


@pytest.mark.parametrize(
    ("package", "module"),
    [("webauthn", "passkeys"), ("pyotp", "totp"), ("segno", "totp"), ("joserfc", "totp")],
)
def test_a_package_that_is_missing_is_named(package: str, module: str) -> None:
    script = f"import sys; sys.modules[{package!r}] = None; import trivet.auth.{module}"

    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=False
    )

    assert 'pip install "trivet[auth]"' in done.stderr
    assert repr(package) in done.stderr


def test_accounts_alone_load_none_of_their_packages() -> None:
    script = (
        "import sys, trivet.auth;"
        "print(sorted({'webauthn', 'pyotp', 'segno', 'joserfc'} & set(sys.modules)))"
    )

    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )

    assert done.stdout.strip() == "[]"
