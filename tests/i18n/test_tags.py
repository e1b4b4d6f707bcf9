"""Names of locales, and what they fall back on."""

from __future__ import annotations

import pytest

from trivet.errors import SetupError
from trivet.i18n.tags import fallbacks, parsed, script_of, tag_of, truncations


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("pt-BR", ["pt_Latn_BR", "pt_BR", "pt_Latn", "pt"]),
        ("es_MX", ["es_Latn_MX", "es_MX", "es_419", "es_Latn", "es"]),
        ("zh_CN", ["zh_Hans_CN", "zh_CN", "zh_Hans", "zh"]),
        ("zh_TW", ["zh_Hant_TW", "zh_TW", "zh_Hant"]),
        ("sr-Latn", ["sr_Latn"]),
        ("de", ["de_Latn", "de"]),
    ],
)
def test_locale_falls_back_on_what_its_readers_can_read(name: str, expected: list[str]) -> None:
    assert fallbacks(parsed(name)) == expected


@pytest.mark.parametrize("name", ["", "klingon", "../etc", "de DE", "xx-YY", "d" * 5000])
def test_unknown_locale_is_a_mistake(name: str) -> None:
    with pytest.raises(SetupError) as caught:
        parsed(name)

    assert caught.value.code == "i18n.locale"


def test_tags_are_written_as_the_web_writes_them() -> None:
    assert [tag_of(parsed(one)) for one in ("pt_br", "zh-hans", "de")] == ["pt-BR", "zh-Hans", "de"]
    assert list(truncations("de-ch-x-old")) == ["de-ch-x-old", "de-ch", "de"]
    assert [script_of(one) for one in ("zh-TW", "ar", "sr-Latn", "qq")] == [
        "hant",
        "arab",
        "latn",
        "",
    ]
