"""Which passwords may be chosen, and what people are told of those that may not."""

from __future__ import annotations

import hashlib
import logging
from typing import Any

import anyio
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from trivet.auth.passwords import (
    MinimumLength,
    NotBreached,
    NotCommon,
    NotLikeUser,
    NotOnlyDigits,
    PasswordRefused,
    Passwords,
    Reason,
)

COMMON = """
    password Password1 P@ssw0rd p4$$w0rd passw0rd! Pa$$word!2024 PASSWORD123 drowssap pässwörd
    passwordpassword letmein123 welcome1 Welcome2026! admin123 iloveyou iloveyou2 qwerty123
    qwertyuiop 1q2w3e4r 1qaz2wsx qazwsxedc asdfghjkl zxcvbnm1 zaq12wsx 12345678 123456789
    1234567890 0987654321 87654321 11111111 00000000 aaaaaaaa abcabcabc 123123123 12341234
    abcdefgh abcd1234 147258369 19841984 31121999 20240101 01011990 sunshine princess football
    monkey123 dragon12345678 superman1 batman99 michael1 Jennifer2000 charlie! starwars77 trustno1
    mustang69 liverpool1 chelsea1 m1chelle j3nnifer !@#$%^&* azerty123 motdepasse passwort1
    hallo123 schatz123 fussball1 contraseña senha123 p.a.s.s.w.o.r.d i_love_you hello-world
    changeme1 Summer2025 Winter2024! Monday01 london2012
""".split()  # noqa: SIM905
UNCOMMON = [
    "correct horse battery staple",
    "Tr0ub4dor&3x",
    "vRk8#mQz2p",
    "purple-kettle-sings",
    "ogre under bridge",
    "kx7wq9pz",
    "mein Hund frisst gern Käse",
    "password manager made me do it",
    "愛と平和と自由と海",
    "dragon8471938471",
    "zmxqncbvl-aksjdhfg",
]


@pytest.mark.parametrize("password", [*COMMON, "\uff50\uff41ssword"])
async def test_what_everybody_thinks_of_is_common(password: str) -> None:
    found = await NotCommon().check(password, ())

    assert found is not None
    assert found.code == "common"


@pytest.mark.parametrize("password", [*UNCOMMON, "password" * 9])
async def test_what_few_think_of_is_not(password: str) -> None:
    assert await NotCommon().check(password, ()) is None


async def test_a_site_has_common_words_of_its_own() -> None:
    rule = NotCommon(also=["Blümchen Shop"])

    for password in ("blumchenshop1", "Blümchen-Shop", "pohsnehcmulb"):
        assert await rule.check(password, ()) is not None
        assert await NotCommon().check(password, ()) is None


async def test_too_short_is_told_with_how_much_is_enough() -> None:
    found = await MinimumLength(12).check("elevenchars", ())

    assert found == Reason("too-short", "This password is too short: use at least 12 characters.")
    assert await MinimumLength(12).check("twelve chars", ()) is None


async def test_digits_alone_are_refused_of_any_script() -> None:
    assert await NotOnlyDigits().check("8471938471", ()) is not None
    assert await NotOnlyDigits().check("٨٤٧١٩٣٨٤", ()) is not None
    assert await NotOnlyDigits().check("8471938471x", ()) is None


ANN = ("ann.miller@blooms-shop.example", "Ann Miller", "Ännchen", "")


@pytest.mark.parametrize(
    "password",
    [
        "ann.miller@blooms-shop.example", "annmiller", "AnnMiller1985", "millerann!", "rellim99",
        "miller99", "Blooms-Shop1", "blooms2024", "annchen1", "ann_miller_", "mi11er99",
    ],
)  # fmt: skip
async def test_what_is_like_the_person_is_refused(password: str) -> None:
    found = await NotLikeUser().check(password, ANN)

    assert found is not None
    assert found.code == "like-user"


@pytest.mark.parametrize(
    "password", ["correct horse battery", "annual report 17", "the miller's tale is long", "x"]
)
async def test_what_only_has_a_name_somewhere_is_not(password: str) -> None:
    assert await NotLikeUser().check(password, ANN) is None
    assert await NotLikeUser().check(password, ()) is None


async def test_all_reasons_are_told_together_as_other_input_is() -> None:
    passwords = Passwords()

    with pytest.raises(PasswordRefused) as caught:
        await passwords.check("1234567", about=["1234567@example.org"])

    assert [one.code for one in caught.value.reasons] == [
        "too-short", "only-digits", "common", "like-user",
    ]  # fmt: skip
    assert caught.value.status_code == 422
    detail: Any = caught.value.detail
    assert detail[0] == {
        "type": "password.too-short",
        "loc": ["body", "password"],
        "msg": "This password is too short: use at least 8 characters.",
    }


async def test_a_good_password_passes_and_rules_may_be_anybodys() -> None:
    class NoSpaces:
        async def check(self, password: str, about: object, /) -> Reason | None:
            return Reason("spaces", "No spaces, please.") if " " in password else None

    await Passwords().check("correct horse battery staple", about=ANN)
    await Passwords(rules=[]).check("x")
    with pytest.raises(PasswordRefused) as caught:
        await Passwords(rules=[NoSpaces()]).check("correct horse")
    assert [one.text for one in caught.value.reasons] == ["No spaces, please."]


@settings(max_examples=150, deadline=None)
@given(st.text(max_size=200), st.lists(st.text(max_size=200), max_size=12))
async def test_no_rule_raises_and_none_repeats_the_password(
    password: str, about: list[str]
) -> None:
    for rule in (MinimumLength(), NotOnlyDigits(), NotCommon(), NotLikeUser()):
        found = await rule.check(password, about)
        assert found is None or found.text.startswith("This password ")


@pytest.mark.parametrize(
    "long",
    [
        "a" * 1024, "ab" * 512, "1" * 1023 + "x", "qwertyuiop" * 102, "a!" * 512, "é" * 512,
        "!" * 1023 + "a", "._-" * 341, "\ufdfa" * 300, "password " * 110,
    ],
)  # fmt: skip
async def test_what_is_compared_is_bounded(long: str, monkeypatch: pytest.MonkeyPatch) -> None:
    sizes: list[int] = []
    are_alike = NotLikeUser._are_alike

    def counted(self: NotLikeUser, chosen: str, part: str) -> bool:
        sizes.append(len(chosen) * len(part))
        return are_alike(self, chosen, part)

    monkeypatch.setattr(NotLikeUser, "_are_alike", counted)

    await NotLikeUser(most=1.1).check(long, [long, "x y z " * 10_000] * 50)
    await NotCommon().check(long, ())

    assert len(sizes) <= 96
    assert all(size <= 64 * 64 for size in sizes)


# -- stolen passwords ----------------------------------------------------------------------------


def answer_for(password: str, count: str = "7") -> str:
    digest = hashlib.sha1(password.encode()).hexdigest().upper()
    others = "\r\n".join(f"{number:035X}:1" for number in range(300))
    return f"{others}\r\n{digest[5:]}:{count}\r\n"


async def test_a_stolen_password_is_refused_and_five_digits_leave() -> None:
    asked: list[str] = []

    async def fetch(prefix: str) -> str:
        asked.append(prefix)
        return answer_for("correct horse")

    rule = NotBreached(fetch)
    found = await rule.check("correct horse", ())

    assert found is not None
    assert found.code == "breached"
    assert await rule.check("correct horses", ()) is None
    assert asked[0] == hashlib.sha1(b"correct horse").hexdigest()[:5].upper()
    assert {len(one) for one in asked} == {5}


async def test_what_was_seen_no_time_only_hides_the_others() -> None:
    async def fetch(prefix: str) -> str:
        return answer_for("correct horse", "0")

    assert await NotBreached(fetch).check("correct horse", ()) is None


@pytest.mark.parametrize("kind", ["away", "slow", "nonsense"])
async def test_where_nobody_can_say_the_password_may_be_chosen(
    kind: str, caplog: pytest.LogCaptureFixture
) -> None:
    async def fetch(prefix: str) -> str:
        if kind == "away":
            raise OSError(f"no way to {prefix}")
        if kind == "slow":
            await anyio.sleep(60)
        return "\x00é:::\n" * 3

    with caplog.at_level(logging.WARNING, "trivet.auth"):
        assert await NotBreached(fetch, timeout=0.01).check("correct horse", ()) is None

    assert ("could not be asked" in caplog.text) == (kind != "nonsense")
    assert hashlib.sha1(b"correct horse").hexdigest()[:5].upper() not in caplog.text
