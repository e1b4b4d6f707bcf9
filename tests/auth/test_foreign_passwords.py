"""What Django, Werkzeug, bcrypt and argon2-cffi stored goes on to be somebody's password."""

from __future__ import annotations

import re

import bcrypt
import pytest
from argon2 import PasswordHasher
from django.contrib.auth import hashers  # type: ignore[import-untyped]
from hypothesis import given, settings
from hypothesis import strategies as st
from werkzeug.security import generate_password_hash

from tests.app.django_site import project
from trivet.auth.passwords import Passwords, Verdict
from trivet.auth.passwords.foreign import verify_foreign
from trivet.errors import MissingExtraError

project()  # one set of settings for a process, whichever test comes first

PASSWORD = "pässword of Ann, 愛"
DJANGO = {
    "pbkdf2_sha256": hashers.PBKDF2PasswordHasher(),
    "pbkdf2_sha1": hashers.PBKDF2SHA1PasswordHasher(),
    "scrypt": hashers.ScryptPasswordHasher(),
    "bcrypt_sha256": hashers.BCryptSHA256PasswordHasher(),
    "bcrypt": hashers.BCryptPasswordHasher(),
    "argon2": hashers.Argon2PasswordHasher(),
}


def django_hash(name: str, password: str) -> str:
    hasher = DJANGO[name]
    salt = hasher.salt()
    stored = hasher.encode(password, salt)
    assert stored.startswith(f"{name}$")
    return str(stored)


def stored_by_others() -> dict[str, str]:
    found = {f"django {name}": django_hash(name, PASSWORD) for name in DJANGO}
    for method in ("scrypt", "scrypt:16384:8:2", "pbkdf2", "pbkdf2:sha1:1000", "pbkdf2:sha512:9"):
        found[f"werkzeug {method}"] = generate_password_hash(PASSWORD, method)
    found["bcrypt"] = bcrypt.hashpw(PASSWORD.encode(), bcrypt.gensalt(4)).decode()
    found["bcrypt 2a"] = bcrypt.hashpw(PASSWORD.encode(), bcrypt.gensalt(4, b"2a")).decode()
    found["argon2"] = PasswordHasher(1, 1024, 2).hash(PASSWORD)
    return found


@pytest.fixture(scope="module")
def stored() -> dict[str, str]:
    return stored_by_others()


@pytest.fixture
def passwords() -> Passwords:
    return Passwords(time_cost=1, memory_cost=8)


@pytest.mark.parametrize(
    "name",
    [
        *(f"django {name}" for name in DJANGO), "werkzeug scrypt", "werkzeug scrypt:16384:8:2",
        "werkzeug pbkdf2", "werkzeug pbkdf2:sha1:1000", "werkzeug pbkdf2:sha512:9", "bcrypt",
        "bcrypt 2a", "argon2",
    ],
)  # fmt: skip
async def test_a_hash_of_another_is_right_once_and_ours_afterwards(
    name: str, stored: dict[str, str], passwords: Passwords
) -> None:
    verdict = await passwords.verify(PASSWORD, stored[name])

    assert passwords.is_usable(stored[name])
    assert verdict.ok
    assert verdict.upgraded is not None
    assert verdict.upgraded.startswith("$argon2id$v=19$m=8,t=1,p=1$")
    assert await passwords.verify(PASSWORD, verdict.upgraded) == Verdict(True)
    assert await passwords.verify(PASSWORD + "x", stored[name]) == Verdict(False)


async def test_djangos_marker_of_no_password_is_nobodys(passwords: Passwords) -> None:
    marked = hashers.make_password(None)

    assert not passwords.is_usable(marked)
    assert not await passwords.verify(PASSWORD, marked)
    assert not hashers.is_password_usable(passwords.unusable())


@pytest.mark.parametrize("name", ["bcrypt", "bcrypt_sha256"])
async def test_a_long_password_of_bcrypt_is_read_as_it_was(name: str, passwords: Passwords) -> None:
    long = "x" * 72
    stored = django_hash(name, long)

    assert await passwords.verify(long, stored)
    behind = await passwords.verify(long + " and more", stored)
    assert behind.ok == (name == "bcrypt")  # which never read further
    assert not await passwords.verify("x" * 71, stored)


async def test_a_password_in_another_spelling_is_tried_as_it_was_typed(
    passwords: Passwords,
) -> None:
    typed = "Zoe\u0308 cafe\u0301"

    assert await passwords.verify(typed, generate_password_hash(typed, "pbkdf2:sha256:9"))


HEX, BASE64 = "0" * 64, "A" * 43 + "="
BCRYPT = "." * 53


@pytest.mark.parametrize(
    "hostile",
    [
        f"pbkdf2_sha256$999999999$salt${BASE64}",
        f"pbkdf2_sha256$5000001$salt${BASE64}",
        f"pbkdf2_sha256$0$salt${BASE64}",
        f"pbkdf2_sha256$99999999999999999999$salt${BASE64}",
        f"pbkdf2_sha256$1$salt${BASE64}=",
        "pbkdf2_sha256$1$salt$" + "A" * 17,
        f"pbkdf2_md5$1$salt${BASE64}",
        f"pbkdf2:sha256:999999999$salt${HEX}",
        f"pbkdf2:sha256:1$salt${HEX}0",
        f"pbkdf2:sha256:1$salt${'é' * 64}",
        f"pbkdf2:shake_128:1$salt${HEX}",
        f"scrypt$16384$salt$8$100${BASE64}",
        f"scrypt$1048576$salt$8$1${BASE64}",
        f"scrypt$16383$salt$8$1${BASE64}",
        f"scrypt$1$salt$8$1${BASE64}",
        f"scrypt$0$salt$8$1${BASE64}",
        f"scrypt$2$salt$0$1${BASE64}",
        f"scrypt$2$salt$524289$1${BASE64}",
        f"scrypt:536870912:1:1$salt${HEX}",
        f"scrypt:2:1:536870912$salt${HEX}",
        f"scrypt:2:1:0$salt${HEX}",
        f"$2b$31${BCRYPT}",
        f"$2b$16${BCRYPT}",
        f"$2b$03${BCRYPT}",
        f"$2x$04${BCRYPT}",
        f"bcrypt$$2b$31${BCRYPT}",
        f"bcrypt_sha256$$2b$99${BCRYPT}",
        "argon2$argon2id$v=19$m=9999999,t=1,p=1$c2FsdHNhbHQ$aGFzaGhhc2hoYXNoaGFzaA",
        "md5$salt$" + "0" * 32,
        "unsalted_md5$" + "0" * 32,
        "sha1$salt$" + "0" * 40,
        "plain$password",
        PASSWORD,
    ],
)
def test_what_asks_for_too_much_or_is_not_known_is_refused_without_work(
    hostile: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def work(*given: object, **named: object) -> None:
        raise AssertionError("it was computed")

    monkeypatch.setattr("hashlib.pbkdf2_hmac", work)
    monkeypatch.setattr("hashlib.scrypt", work)
    monkeypatch.setattr("bcrypt.checkpw", work)

    assert verify_foreign(PASSWORD.encode(), hostile) is False


@settings(max_examples=300, deadline=None)
@given(
    st.one_of(
        st.from_regex(
            r"\A(pbkdf2_sha(1|256)|scrypt|bcrypt|bcrypt_sha256|argon2)\$[0-9]{0,2}\$.{0,9}\$.*\Z"
        ),
        st.from_regex(
            r"\A(scrypt|pbkdf2):(sha256|[0-9]{1,2}):[0-9]{1,2}(:[0-9])?\$.*\$[0-9a-f]*\Z"
        ),
        st.from_regex(r"\A\$2[abxy]\$0[0-9]\$[./A-Za-z0-9]{53}\Z"),
    )
)
async def test_no_stored_text_of_others_raises(stored: str) -> None:
    verdict = await Passwords(time_cost=1, memory_cost=8).verify("not it", stored)

    assert verdict == Verdict(False)


@pytest.mark.parametrize(
    "long",
    ["$" * 500, "scrypt$" * 70, "pbkdf2_sha256$1$" + "A" * 480, "argon2$argon2" + "$" * 400],
)
def test_a_text_that_nearly_fits_is_read_once(long: str) -> None:
    assert verify_foreign(b"x", long) is False
    assert verify_foreign(b"x", long * 20_000) is False


async def test_without_bcrypt_its_hashes_say_what_to_install(
    passwords: Passwords, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(__import__("sys").modules, "bcrypt", None)

    with pytest.raises(MissingExtraError, match=re.escape('pip install "trivet[bcrypt]"')):
        await passwords.verify(PASSWORD, f"$2b$04${BCRYPT}")
