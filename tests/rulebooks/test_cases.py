"""Every boundary case of ``tests/cases``, assessed; cases of like circumstances share a market, one shop each."""

from __future__ import annotations

import json
import tomllib
import warnings
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from campaign_analytics import assess, load_rulebook
from campaign_analytics.errors import RulebookWarning
from campaign_analytics.market.schema import Cells, Declared, Market, Table
from campaign_analytics.monitor.phases import every_phase
from campaign_analytics.rulebook.book import Rulebook
from campaign_analytics.rulebook.model import Quantity
from campaign_analytics.rulebook.scalar import Range, truth
from campaign_analytics.rulebook.values import day_number, instant, read_value

FOLDER = Path(__file__).parents[1] / "cases"
AS_OF = {"spring_2024": datetime(2024, 2, 26, 10), "daily_deals": datetime(2031, 5, 3, 9)}
BOOKS = tuple(AS_OF)
CIRCUMSTANCES = ("set", "variant", "as_of", "declared")
MORE_ROWS = {"shops": "merchants", "offers": "offers"} | {
    name: name for name in ("penalties", "links", "transactions", "skus", "price_tiers", "price_history")
}


@dataclass(frozen=True, eq=False)
class Case:
    book: str
    rule: str
    name: str
    given: Mapping[str, Any]
    outcome: str  # what the clause means
    today: str  # what it gives while its recipe is not wholly built

    def __str__(self) -> str:
        return f"{self.book}-{self.rule}-{self.name}"

    @property
    def circumstances(self) -> str:
        return json.dumps([self.given.get(name) for name in CIRCUMSTANCES], default=str, ensure_ascii=False)


def _cases() -> Iterator[Case]:
    for book in BOOKS:
        for file in sorted((FOLDER / book).glob("*.toml")):
            for rule, held in tomllib.loads(file.read_text("utf-8"), parse_float=Decimal).items():
                for name, given, outcome, *today in held["cases"]:
                    yield Case(book, rule, name, {**held.get("given", {}), **given}, outcome, *today or [outcome])


CASES = tuple(_cases())


@cache
def _book(name: str, variant: str | None = None) -> Rulebook:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RulebookWarning)  # the probable misprint, which is tested elsewhere
        return load_rulebook(name, variant)


def _book_of(case: Case) -> Rulebook:
    return _book(case.book, case.given.get("variant")).set(case.given.get("set", {}))


def _as_of(case: Case) -> datetime:
    time = read_value(case.given.get("as_of", AS_OF[case.book]), "time", zone=_book(case.book).zone)
    assert isinstance(time, datetime)
    return time


def _columns(case: Case) -> dict[str, Any]:
    """The cells of the case's own shop and offer."""
    return {name: raw for name, raw in case.given.items() if name not in CIRCUMSTANCES and name not in MORE_ROWS}


# ---- the market of the cases of like circumstances


def _market(cases: Sequence[Case], book: Rulebook) -> Market:
    rows: dict[str, list[dict[str, Any]]] = {"merchants": [], "offers": []}
    for number, case in enumerate(cases):
        shop, offer = {"merchant_id": f"shop-{number}"}, {"offer_id": f"offer-{number}"}
        own: dict[str, dict[str, Any]] = {"merchants": {}, "offers": {}}
        for column, raw in _columns(case).items():
            own[book.columns[column].table][column] = raw
        rows["merchants"].append(own["merchants"] | shop)
        rows["offers"].append(own["offers"] | shop | offer)
        for key in case.given.keys() & MORE_ROWS.keys():
            for place, row in enumerate(case.given[key]):
                another = {"offer_id": f"offer-{number}-{place}"} if key == "offers" else offer
                keys = {} if key == "shops" else shop | another
                rows.setdefault(MORE_ROWS[key], []).append(keys | row)
    return Market(
        {name: _table(name, held, book) for name, held in rows.items()},
        Declared(**cases[0].given.get("declared", {})),
    )


def _table(name: str, rows: list[dict[str, Any]], book: Rulebook) -> Table:
    columns = dict.fromkeys(column for row in rows for column in row)
    return Table(name, {c: _cells([row.get(c) for row in rows], book.quantity(c), book) for c in columns}, len(rows))


def _cells(raw: list[Any], quantity: Quantity, book: Rulebook) -> Cells:
    typed = [_typed(each, quantity, book) for each in raw]
    names = book.names_of(quantity)
    missing = np.array([each is None for each in typed])
    if quantity.type == "text" and not names:
        return Cells.make("text", pd.array(typed, dtype="str"), missing)
    if quantity.type == "text":  # an open list takes names of its own
        names = tuple(dict.fromkeys([*names, *(each for each in typed if each is not None)]))
    ends = [each if isinstance(each, Range) else Range(each, each) for each in typed]
    low, high = [_held(each.low, names) for each in ends], [_held(each.high, names) for each in ends]
    return Cells.make(quantity.type, np.array(low), missing, np.array(high) if low != high else None, names)


def _typed(raw: Any, quantity: Quantity, book: Rulebook) -> Any:
    if isinstance(raw, list) and quantity.type != "set":
        low, high = (_typed(end, quantity, book) for end in raw)
        return Range(low, high)
    closed = not (quantity.of and book.lists[quantity.of].open)
    return read_value(raw, quantity.type, names=book.names_of(quantity) if closed else (), zone=book.zone)


def _held(value: Any, names: tuple[str, ...]) -> Any:
    """A typed value in the form that ``Cells`` holds; 0 where it is missing."""
    if value is None:
        return 0
    if isinstance(value, frozenset):
        return sum(1 << names.index(name) for name in value)
    if isinstance(value, str):
        return names.index(value)
    if isinstance(value, datetime):
        return instant(value)
    if isinstance(value, Decimal):
        return float(value)
    return value if isinstance(value, int) else day_number(value)


# ---- outcomes


@cache
def _assessed(book_id: str, circumstances: str) -> dict[Case, str]:
    like = [each for each in CASES if (each.book, each.circumstances) == (book_id, circumstances)]
    cases = [each for each in like if not _not_run(each)]
    book = every_phase(_book_of(cases[0]))
    result = assess(_market(cases, book), book, as_of=_as_of(cases[0]))
    offers, shops = result.outcomes("offers"), result.outcomes("merchants")
    rows = {"offers": offers.set_index("offer_id"), "merchants": shops.set_index("merchant_id")}
    found = {}
    for number, case in enumerate(cases):
        level = book.level(case.rule)
        subject = f"{'offer' if level == 'offers' else 'shop'}-{number}"
        found[case] = str(rows[level].loc[subject, case.rule]) if case.rule in result.rules else "dormant"
    return found


def _plain(case: Case) -> str:
    """The outcome by the plainest reading of the rule, from the case's own cells."""
    book = _book_of(case)
    row = {name: _typed(raw, _quantity(book, name), book) for name, raw in _columns(case).items()}
    values = {**book.values, "as_of": _as_of(case), "today": _as_of(case).date()}
    guard = truth(book.guards[case.rule], row, values) if case.rule in book.guards else True
    holds = truth(book.conditions[case.rule], row, values)
    if guard is False:
        return "not_applicable"
    if holds:
        return "pass"
    return "fail" if guard and holds is False else "unknown"


def _quantity(book: Rulebook, name: str) -> Quantity:
    tiers = book.document.ladders.get(name)
    return Quantity(type="text", options=tiers.tiers) if tiers else book.quantity(name)


def _not_run(case: Case) -> bool:
    """Rules that an assessment leaves to the ladders."""
    return bool(_book(case.book).rules[case.rule].ladder)


def _derives_nothing(case: Case) -> bool:
    book = _book_of(case)
    awake = case.rule in every_phase(book).active or _not_run(case)
    return awake and not any(column in book.derived for column in book.columns_of(case.rule))


@pytest.mark.parametrize("case", [case for case in CASES if not _not_run(case)], ids=str)
def test_an_assessment_finds_the_outcome(case: Case) -> None:
    assert _assessed(case.book, case.circumstances)[case] == case.today


@pytest.mark.parametrize("case", [case for case in CASES if _derives_nothing(case)], ids=str)
def test_the_plainest_reading_finds_the_same_outcome(case: Case) -> None:
    assert _plain(case) == case.outcome


# ---- the cases themselves


@pytest.mark.parametrize("name", BOOKS)
def test_every_rule_has_cases_and_every_case_a_rule(name: str) -> None:
    assert {case.rule for case in CASES if case.book == name} == _book(name).rules.keys()


@pytest.mark.parametrize("name", BOOKS)
def test_rules_on_amounts_have_four_cases_and_others_three(name: str) -> None:
    book = _book(name)
    amounts = ("count", "number", "rate", "money", "level", "day", "time")
    for rule in book.rules:
        on_amounts = any(book.quantity(column).type in amounts for column in book.columns_of(rule))
        cases = [case for case in CASES if (case.book, case.rule) == (name, rule)]
        assert len(cases) >= (4 if on_amounts else 3), rule


@pytest.mark.parametrize("name", BOOKS)
def test_every_rule_is_seen_to_pass_and_to_fail(name: str) -> None:
    for rule in _book(name).rules:
        seen = {case.outcome for case in CASES if (case.book, case.rule) == (name, rule)}
        assert seen >= {"pass", "fail"} or seen == {"dormant"}, rule


def test_names_are_told_once() -> None:
    assert len({str(case) for case in CASES}) == len(CASES)


@pytest.mark.parametrize("case", CASES, ids=str)
def test_a_case_names_known_columns(case: Case) -> None:
    book = _book(case.book)
    rows = [_columns(case), *(row for key in case.given.keys() & MORE_ROWS.keys() for row in case.given[key])]
    assert {name for row in rows for name in row} <= book.columns.keys() | book.document.ladders.keys()
