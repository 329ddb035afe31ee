"""How values are spelled, in a rulebook as on a command line, and how they are shown again."""

from __future__ import annotations

import re
import time as clock
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from campaign_analytics.errors import ValueFault
from campaign_analytics.rulebook.values import day_number, did_you_mean, instant, read_value, show_value

ZONE = ZoneInfo("Asia/Shanghai")
MEDALS, REGIONS = ("none yet", "A", "AA", "AAA"), ("甘肃", "青海", "西藏")


def read(raw: Any, type: str, names: tuple[str, ...] = ()) -> Any:
    return read_value(raw, type, names=names, zone=ZONE)


GOOD: list[tuple[str, Any, Any]] = [
    ("flag", True, True),
    ("flag", "true", True),
    ("flag", " False ", False),
    ("count", 60, 60),
    ("count", "60", 60),
    ("count", "-3", -3),
    ("count", Decimal("60.0"), 60),
    ("number", 4.5, Decimal("4.5")),
    ("number", "4.50", Decimal("4.5")),
    ("rate", "90%", Decimal("0.9")),
    ("rate", "0.9", Decimal("0.9")),
    ("rate", 0.9, Decimal("0.9")),
    ("rate", Decimal("0.9"), Decimal("0.9")),
    ("rate", "12.5 %", Decimal("0.125")),
    ("money", 3000, 300000),
    ("money", "12.5", 1250),
    ("money", "12.50", 1250),
    ("money", Decimal("0.01"), 1),
    ("level", "AA", "AA"),
    ("text", "whatever", "whatever"),
    ("set", ["甘肃", "青海"], frozenset({"甘肃", "青海"})),
    ("set", "甘肃、青海", frozenset({"甘肃", "青海"})),
    ("set", "甘肃, 青海，西藏", frozenset(REGIONS)),
    ("set", [], frozenset()),
    ("set", "", frozenset()),
    ("day", date(2031, 5, 31), date(2031, 5, 31)),
    ("day", "2031-05-31", date(2031, 5, 31)),
    ("time", datetime(2031, 5, 31, 8), datetime(2031, 5, 31, 8, tzinfo=ZONE)),
    ("time", "2031-05-31T08:00:00", datetime(2031, 5, 31, 8, tzinfo=ZONE)),
    ("time", "2031-05-31 08:00", datetime(2031, 5, 31, 8, tzinfo=ZONE)),
    ("time", "2031-05-31T00:00:00Z", datetime(2031, 5, 31, 8, tzinfo=ZONE)),
    ("time", date(2031, 5, 31), datetime(2031, 5, 31, tzinfo=ZONE)),
    *(
        (type, raw, None)
        for type in ("flag", "count", "rate", "money", "level", "set", "day")
        for raw in (None, "none")
    ),
]


@pytest.mark.parametrize(("type", "raw", "value"), GOOD)
def test_one_spelling_each(type: str, raw: Any, value: Any) -> None:
    names = {"level": MEDALS, "set": REGIONS}.get(type, ())
    found = read(raw, type, names)
    assert found == value
    assert value is None or found.__class__ is value.__class__


BAD: list[tuple[str, Any, str]] = [
    ("flag", "yes", "'yes' is no flag; write true or false"),
    ("flag", 1, "1 is no flag"),
    ("flag", "TRUE!", "is no flag"),
    ("count", "many", "'many' is no count; write it like 60"),
    ("count", True, "True is no count"),
    ("count", "60%", "'60%' is no count"),
    ("count", "1,000", "'1,000' is no count"),
    ("count", 1.5, "1.5 is no count: it has parts of a whole"),
    ("number", "4,5", "'4,5' is no number; write it like 4.5"),
    ("number", "nan", "'nan' is no number: it must be finite"),
    ("number", "sNaN", "it must be finite"),
    ("number", float("inf"), "inf is no number: it must be finite"),
    ("rate", "-inf%", "it must be finite"),
    ("rate", "9成", "'9成' is no rate; write it like \"90%\" or 0.9"),
    ("rate", "90%%", "is no rate"),
    ("rate", "%", "is no rate"),
    ("rate", "", "is no rate"),
    ("money", "3000元", "'3000元' is no money; write it like 3000 or 12.50"),
    ("money", "0.001", "'0.001' is no money: it has parts of a fen"),
    ("money", [3000], "is no money"),
    ("count", "1e15", "'1e15' is no count: it is too large"),
    ("money", "1e999999999", "it is too large"),
    ("number", "1e-999999999", "it has too many digits"),
    ("rate", "0." + "1" * 40, "it has too many digits"),
    ("level", "AAAA", "'AAAA' is not in the list (none yet、A、AA、AAA); did you mean 'AAA'?"),
    ("level", "", "'' is not in the list"),
    ("set", ["甘肅"], "'甘肅' is not in the list"),
    ("set", 5, "5 is no list of names"),
    ("set", [["甘肃"]], "is not in the list"),
    ("day", "31.5.2031", "'31.5.2031' is no day; write it like 2031-05-31"),
    ("day", "2031-02-30", "is no day"),
    ("day", datetime(2031, 5, 31), "2031-05-31 00:00:00 is a time; a day is expected, such as 2031-05-31"),
    ("day", 5, "5 is no day"),
    ("time", "tomorrow", "'tomorrow' is no time; write it like 2031-05-31T00:00:00"),
    ("time", "2031-05-31T25:00:00", "is no time"),
    ("time", 5, "5 is no time"),
]


@pytest.mark.parametrize(("type", "raw", "message"), BAD)
def test_bad_spellings_say_what_is_expected(type: str, raw: Any, message: str) -> None:
    names = {"level": MEDALS, "set": REGIONS}.get(type, ())
    started = clock.perf_counter()
    with pytest.raises(ValueFault, match=re.escape(message)):
        read(raw, type, names)
    assert clock.perf_counter() - started < 0.5  # no number is so large that reading it takes long


def test_a_long_list_is_cut_in_the_message() -> None:
    with pytest.raises(ValueFault, match=r"name 0、.*、name 11 …\)"):
        read("x", "level", tuple(f"name {i}" for i in range(50)))


def test_names_near_and_far() -> None:
    assert did_you_mean("stok", ["stock", "orders"]) == "; did you mean 'stock'?"
    assert did_you_mean("xyz", ["stock", "orders"]) == ""


# ---- there and back

amounts = st.decimals(-(10**9), 10**9, allow_nan=False, allow_infinity=False, places=6)


@given(amounts)
def test_a_rate_is_the_exact_hundredth_of_its_percentage(percent: Decimal) -> None:
    value = read(f"{percent}%", "rate")
    assert Fraction(value) == Fraction(percent) / 100
    assert read(show_value(value, "rate").replace(",", ""), "rate") == value


@given(amounts)
def test_a_number_is_its_decimal_to_the_last_digit(number: Decimal) -> None:
    value = read(str(number), "number")
    assert Fraction(value) == Fraction(number)
    assert read(show_value(value, "number", unit="stars").replace(",", "").removesuffix(" stars"), "number") == value


@given(st.integers(-(10**15) + 1, 10**15 - 1))
def test_money_is_whole_fen_of_the_yuan_that_stand_there(fen: int) -> None:
    yuan = Decimal(fen) / 100
    assert read(str(yuan), "money") == read(yuan, "money") == fen
    shown = show_value(fen, "money", unit="CNY")
    assert read(shown.replace(",", "").removesuffix(" CNY"), "money") == fen


@given(st.floats(-1e12, 1e12))
def test_a_float_means_its_shortest_decimal(number: float) -> None:
    if abs(number) > 1e-10:
        assert float(read(number, "number")) == number


@given(st.integers(-(10**14), 10**14), st.frozensets(st.sampled_from(REGIONS)), st.dates(), st.booleans())
def test_other_values_are_shown_as_they_are_read(count: int, some: frozenset[str], day: date, flag: bool) -> None:
    assert read(show_value(count, "count").replace(",", ""), "count") == count
    assert read(show_value(some, "set", lang="zh", names=REGIONS), "set", REGIONS) == some
    assert read(show_value(day, "day"), "day") == day
    assert {show_value(flag, "flag"), show_value(not flag, "flag")} == {"yes", "no"}


@given(st.datetimes(datetime(1970, 1, 1), datetime(2100, 1, 1)).map(lambda time: time.replace(microsecond=0)))
def test_a_time_is_shown_in_the_rulebooks_zone(time: datetime) -> None:
    held = read(time, "time")
    assert read(show_value(held, "time"), "time") == held
    assert show_value(read(held.astimezone(UTC), "time"), "time") == show_value(held, "time")


SHOWN: list[tuple[Any, str, str, str, str]] = [
    (None, "count", "", "not set", "未设定"),
    (True, "flag", "", "yes", "是"),
    (False, "flag", "", "no", "否"),
    (Decimal("0.9"), "rate", "", "90%", "90%"),
    (Decimal("0.125"), "rate", "", "12.5%", "12.5%"),
    (Decimal("0"), "rate", "", "0%", "0%"),
    (300000, "money", "CNY", "3,000 CNY", "3,000 CNY"),
    (1250, "money", "CNY", "12.50 CNY", "12.50 CNY"),
    (1, "money", "CNY", "0.01 CNY", "0.01 CNY"),
    (1200, "count", "orders", "1,200 orders", "1,200 orders"),
    (Decimal("4.50"), "number", "stars", "4.5 stars", "4.5 stars"),
    (Decimal("200"), "number", "", "200", "200"),
    ("AA", "level", "", "AA", "AA"),
    (frozenset({"青海", "甘肃"}), "set", "", "甘肃, 青海", "甘肃、青海"),
    (frozenset(), "set", "", "", ""),
    (date(2031, 5, 31), "day", "", "2031-05-31", "2031-05-31"),
    (datetime(2031, 5, 31, tzinfo=ZONE), "time", "", "2031-05-31 00:00", "2031-05-31 00:00"),
    (datetime(2031, 5, 31, 8, 5, 7, tzinfo=ZONE), "time", "", "2031-05-31 08:05:07", "2031-05-31 08:05:07"),
]


@pytest.mark.parametrize(("value", "type", "unit", "en", "zh"), SHOWN)
def test_shown_as_people_write_it(value: Any, type: str, unit: str, en: str, zh: str) -> None:
    names = REGIONS if type == "set" else ()
    assert show_value(value, type, unit=unit, names=names) == en
    assert show_value(value, type, unit=unit, lang="zh", names=names) == zh


@given(st.datetimes(datetime(1900, 1, 1), datetime(2100, 1, 1)))
def test_held_forms_count_days_and_microseconds(time: datetime) -> None:
    utc = time.replace(tzinfo=UTC)
    assert datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=instant(utc)) == utc
    assert date(1970, 1, 1) + timedelta(days=day_number(time.date())) == time.date()
