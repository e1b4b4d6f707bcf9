"""A locale's texts, dates, numbers and zone."""

from __future__ import annotations

import pickle
from datetime import UTC, date, datetime, time
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest

from tests.i18n.conftest import Site, Write
from trivet.errors import SetupError
from trivet.i18n import Locale, lazy, nlazy, plazy
from trivet.i18n.zones import zone_or_none

ARABIC = (
    "nplurals=6; plural=(n==0 ? 0 : n==1 ? 1 : n==2 ? 2 : n%100>=3 && n%100<=10 ? 3 :"
    " n%100>=11 && n%100<=99 ? 4 : 5)"
)
NOON = datetime(2026, 7, 1, 12, tzinfo=UTC)


def speaking(site: Site, name: str, timezone: str | None = None) -> Locale:
    return site("en", name)[1].locale(name, timezone)


# -- texts ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("number", "expected"),
    [(0, "f0"), (1, "f1"), (2, "f2"), (3, "f3"), (10, "f3"), (11, "f4"), (99, "f4"), (100, "f5")],
)
def test_arabic_has_six_forms(site: Site, write: Write, number: int, expected: str) -> None:
    forms = [f"f{at}" for at in range(6)]
    write("ar", {("%(num)s book", "%(num)s books"): forms}, plural=ARABIC)

    assert speaking(site, "ar").ngettext("%(num)s book", "%(num)s books", number) == expected


def test_texts_have_contexts_values_and_plurals(site: Site, write: Write) -> None:
    texts = {
        "May": "können",
        ("month", "May"): "Mai",
        "Hello %(name)s": "Hallo %(name)s",
        ("%(num)s book", "%(num)s books"): ["%(num)s Buch", "%(num)s Bücher"],
    }
    write("de", texts)
    german = speaking(site, "de")

    assert german.gettext("May") == "können"
    assert german.pgettext("month", "May") == "Mai"
    assert german.gettext("Hello %(name)s", name="Ann") == "Hallo Ann"
    assert german.ngettext("%(num)s book", "%(num)s books", 2) == "2 Bücher"
    assert german.npgettext("shelf", "%(num)s book", "%(num)s books", 1) == "1 book"
    assert german.gettext("not translated") == "not translated"
    assert german.gettext("") == ""


def test_lazy_texts_are_english_until_a_locale_shows_them(site: Site, write: Write) -> None:
    write("de", {"Name": "Name", "Save": "Speichern", ("month", "May"): "Mai"})
    write("fr", {("%(num)s day", "%(num)s days"): ["%(num)s jour", "%(num)s jours"]})
    days = nlazy("%(num)s day", "%(num)s days")
    german, french = speaking(site, "de"), speaking(site, "fr")

    assert lazy("Save") == "Save"
    assert german.gettext(lazy("Save")) == "Speichern"
    assert german.gettext(plazy("month", "May")) == "Mai"
    assert days.with_values(num=3) == "3 days"
    assert french.gettext(days.with_values(num=3)) == "3 jours"
    assert french.gettext(days, num=1) == "1 jour"
    assert german.gettext(lazy("Hi %(who)s", who="Ann")) == "Hi Ann"
    assert german.gettext(pickle.loads(pickle.dumps(lazy("Save")))) == "Speichern"


def test_broken_placeholder_shows_the_original(site: Site, write: Write) -> None:
    write("de", {"Hello %(name)s": "Hallo %(nmae)s", "%(n)s left": "%(n)d übrig", "a %(b)s": "50%"})
    german = speaking(site, "de")

    assert german.gettext("Hello %(name)s", name="Ann") == "Hello Ann"
    assert german.gettext("%(n)s left", n="many") == "many left"
    assert german.gettext("a %(b)s", b=1) == "a 1"


def test_text_without_values_is_not_filled(site: Site, write: Write) -> None:
    write("de", {"100% sure": "100% sicher"})

    assert speaking(site, "de").gettext("100% sure") == "100% sicher"


# -- dates and times -----------------------------------------------------------------------------


def test_moments_are_shown_in_the_zone(site: Site) -> None:
    german = speaking(site, "de", "Europe/Berlin")

    assert german.format_datetime(NOON, "short") == "01.07.26, 14:00"
    assert german.format_time(NOON) == "14:00"
    assert german.format_date(datetime(2026, 7, 1, 23, tzinfo=UTC), "long") == "2. Juli 2026"


def test_moments_without_a_zone_are_utc(site: Site) -> None:
    tokyo = speaking(site, "ja", "Asia/Tokyo")

    assert tokyo.format_datetime(datetime(2026, 1, 1, 0, 0), "short") == "2026/01/01 9:00"
    assert speaking(site, "ja").format_time(datetime(2026, 1, 1, 0, 0)) == "0:00"


def test_days_and_times_of_day_have_no_zone(site: Site) -> None:
    there = speaking(site, "de", "Pacific/Kiritimati")

    assert there.format_date(date(2026, 7, 1), "short") == "01.07.26"
    assert there.format_time(time(9, 30)) == "09:30"


@pytest.mark.parametrize(
    ("moment", "expected"),
    [
        (datetime(2026, 3, 29, 0, 59, tzinfo=UTC), "01:59 MEZ"),
        (datetime(2026, 3, 29, 1, 0, tzinfo=UTC), "03:00 MESZ"),
        (datetime(2026, 10, 25, 0, 30, tzinfo=UTC), "02:30 MESZ"),
        (datetime(2026, 10, 25, 1, 30, tzinfo=UTC), "02:30 MEZ"),
    ],
)
def test_clocks_go_forward_and_back(site: Site, moment: datetime, expected: str) -> None:
    assert speaking(site, "de", "Europe/Berlin").format_time(moment, "HH:mm z") == expected


def test_how_long_ago_is_said_in_words(site: Site) -> None:
    german = speaking(site, "de")
    three_hours_ago = datetime(2026, 7, 1, 9, tzinfo=UTC)

    assert german.format_relative(three_hours_ago, now=NOON) == "vor 3 Stunden"
    assert german.format_relative(NOON, now=three_hours_ago) == "in 3 Stunden"
    assert german.format_relative(date(2026, 6, 1), now=NOON) == "vor 1 Monat"
    assert german.format_relative(datetime(2000, 1, 1)).startswith("vor ")


# -- numbers, lists ------------------------------------------------------------------------------


def test_numbers_and_money_are_written_as_the_place_does(site: Site) -> None:
    german, indian = speaking(site, "de"), speaking(site, "hi")

    assert german.format_number(Decimal("1234567.89012")) == "1.234.567,89012"
    assert german.format_number(1234.5, "#,##0.00") == "1.234,50"
    assert indian.format_number(1234567) == "12,34,567"
    assert german.format_percent(0.25) == "25\xa0%"
    assert german.format_currency(Decimal("9.9"), "EUR") == "9,90\xa0€"
    assert speaking(site, "ja").format_currency(1000, "JPY") == "￥1,000"


def test_lists_are_joined_as_in_a_sentence(site: Site) -> None:
    german = speaking(site, "de")

    assert german.format_list(["a", "b", "c"]) == "a, b und c"
    assert german.format_list([1, 2], "or") == "1 oder 2"
    assert german.format_list([]) == ""
    assert german.format_list([lazy("Must be a date."), "b"]) == "Muss ein Datum sein. und b"


def test_direction_and_name_are_the_language_s_own(site: Site) -> None:
    arabic = speaking(site, "ar")

    assert (arabic.direction, arabic.name, arabic.language) == ("rtl", "العربية", "ar")
    assert speaking(site, "pt-BR").direction == "ltr"
    assert (str(arabic), repr(arabic)) == ("ar", "Locale('ar')")


# -- zones ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "name",
    [
        "",
        "Mars/Base",
        "../../etc/passwd",
        "/etc/passwd",
        "Europe/Berlin\x00",
        "%2e%2e%2fpasswd",
        "x",
    ],
)
def test_zones_that_are_none_are_not_found(name: str) -> None:
    assert zone_or_none(name) is None


def test_zones_are_found_as_they_are_and_percent_encoded() -> None:
    assert (
        zone_or_none("Europe%2FBerlin")
        == zone_or_none("Europe/Berlin")
        == ZoneInfo("Europe/Berlin")
    )
    assert zone_or_none("Europe/Berlin" + " " * 500) is None


def test_unknown_zone_is_a_mistake(site: Site) -> None:
    with pytest.raises(SetupError) as caught:
        site(timezone="Mars/Base")

    assert caught.value.code == "i18n.timezone"
    with pytest.raises(SetupError):
        site()[1].locale("de", "Mars/Base")
