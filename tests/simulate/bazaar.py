"""Random rulebooks over the bazaar's columns and parameters, random markets near their thresholds, random moves."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal
from functools import cached_property
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
from hypothesis import strategies as st

from campaign_analytics.assess import Assessment, assess
from campaign_analytics.market.schema import KEYS, Cells, Market, Table
from campaign_analytics.rulebook.book import Rulebook
from campaign_analytics.rulebook.condition import parse
from campaign_analytics.rulebook.exact import PerValue, per_value_columns
from campaign_analytics.rulebook.load import load_rulebook
from campaign_analytics.rulebook.model import Rule
from campaign_analytics.rulebook.quantities import kind_of
from campaign_analytics.rulebook.tree import Kind, Tree
from tests.engines.subjects import cell, cells_of, known

NOON = datetime(2031, 5, 1, 12, tzinfo=ZoneInfo("Asia/Shanghai"))
BAZAAR = load_rulebook(Path(__file__).with_name("bazaar.toml"))


def _kinds(entries: Mapping[str, Any]) -> dict[str, Kind]:
    return {name: kind_of(each, BAZAAR.lists, BAZAAR.header.currency) for name, each in entries.items()}


OWN = {name: held for name, held in BAZAAR.columns.items() if name in BAZAAR.document.columns}
COLUMNS = {
    table: _kinds({name: column for name, column in OWN.items() if column.table == table})
    for table in ("offers", "merchants", "transactions")
}
DERIVED = _kinds(BAZAAR.derived)
PARAMETERS = _kinds(BAZAAR.parameters)

# ---- conditions

#: Amounts by kind, of an offer's columns, a merchant's, and of parameters alone.
AMOUNTS = {
    "piece": [
        "n", "m", "mn", "sales", "ranked", "n + m", "n - :count", "m + :more", ":share * n", ":per_word * m", "-n",
        "n - m - 1", ":plain * n", ":score * m", "(1 - :share) * n", ":count", ":more", ":per_level", ":per_town",
        ":asleep", ":count + :more", "0", "1",
    ],
    "money": [
        "p", "q", "mp", "p + q", "p - :share * q", ":share * q", "(1 - :share) * p", ":per_word * q", ":plain * p",
        ":share * :sum", ":sum", "0", "mp - :sum",
    ],
    "rate": ["r", "s", "mr", ":share", "1 - :share", ":floor", ":floor + :share", ":per_word", "0", "1"],
    "point": ["g", "h", ":score", "1 - :score", "0"],
    "level": ["lev", "mlev", ":level", "'middle'"],
    "day": ["d", "e", ":day", "today", "d + :days", "today - :days"],
    "span": ["d - e", "today - d", "today - :day", ":days", "0", "1"],
    "time": ["t", ":time", "as_of"],
}  # fmt: skip
SINGLE = [
    "f", "NOT f", "mf", ":strict", "NOT :strict", ":loose", "w IN (:words)", "w NOT IN ('red', 'blue')", "w = :word",
    "'red' IN (c)", ":word IN (c)", "c IN (:words)", "c NOT IN ('red', 'green')", "lev IN ('low', 'top')",
    "p IS NULL", "r IS NOT NULL", "mn IS NULL", ":word = 'red'", ":level IN ('low', 'top')",
    "n BETWEEN :count AND :more", "n BETWEEN :count AND m", "g NOT BETWEEN :score AND h", "d BETWEEN e AND today",
    "mn BETWEEN :asleep AND :count", "r BETWEEN :floor AND :share",
]  # fmt: skip
SHAPES = [
    "n >= :count", "p <= :share * q", "r >= :floor", "n IS NULL OR n >= :count", "r >= :per_word", "n >= :per_level",
    "mn >= :per_town", "mr >= :share", "mlev >= :level AND mf", "NOT :strict OR g >= :score", "sales >= :count",
    "n >= :asleep", "n > :count AND p <= :share * q", "n >= :count OR m >= :count", "d - e <= :days", "t < :time",
]  # fmt: skip


def conditions() -> st.SearchStrategy[str]:
    """Conditions, some of which the language refuses."""
    compared = st.sampled_from(sorted(AMOUNTS)).flatmap(
        lambda kind: st.tuples(
            st.sampled_from(AMOUNTS[kind]),
            st.sampled_from(["<", "<=", ">", ">=", "=", "<>"]),
            st.sampled_from(AMOUNTS[kind]),
        ).map(" ".join)
    )
    leaf = st.sampled_from(SHAPES) | compared | compared | st.sampled_from(SINGLE)
    return st.recursive(
        leaf,
        lambda inner: (
            st.tuples(inner, st.sampled_from(["AND", "OR"]), inner).map(lambda t: f"({' '.join(t)})")
            | inner.map(lambda c: f"NOT ({c})")
        ),
        max_leaves=4,
    )


def read(text: str) -> Tree:
    """The tree of a condition. Raises ValueError where a rulebook would be refused for it."""
    tree, problems = parse(text, {**COLUMNS["offers"], **COLUMNS["merchants"], **DERIVED}, PARAMETERS)
    if tree is None or len(per_value_columns(tree, BAZAAR.values)) > 1:
        raise ValueError(problems)
    return tree


def _readable(text: str) -> bool:
    try:
        read(text)
    except ValueError:
        return False
    return True


TREES = conditions().filter(_readable)


def rulebook(rules: Mapping[str, Mapping[str, Any]]) -> Rulebook:
    """The bazaar with other rules: condition, when, severity."""
    document = BAZAAR.document.model_copy(
        update={"rules": {name: Rule(clause=("1",), zh=name, en=name, **rule) for name, rule in rules.items()}}
    )
    conditions = {name: read(rule["condition"]) for name, rule in rules.items()}
    guards = {name: read(rule["when"]) for name, rule in rules.items() if rule.get("when")}
    return replace(BAZAAR, document=document, conditions=conditions, guards=guards)


def rules(most: int = 4) -> st.SearchStrategy[dict[str, dict[str, Any]]]:
    """Rules made up, up to ``most``: some with guards, some that only warn, some off."""
    rule = st.fixed_dictionaries(
        {"condition": TREES},
        optional={"when": TREES, "severity": st.sampled_from(["block", "block", "warn", "off"])},
    )
    return st.lists(rule, min_size=1, max_size=most).map(lambda rules: {f"rule{i}": r for i, r in enumerate(rules)})


# ---- markets


@dataclass(frozen=True)
class Bazaar:
    """Rules and a market."""

    rules: Mapping[str, Mapping[str, Any]]
    offers: Sequence[Mapping[str, Any]]
    merchants: Sequence[Mapping[str, Any]]
    transactions: Sequence[Mapping[str, Any]] = ()

    @cached_property
    def book(self) -> Rulebook:
        return rulebook(self.rules)

    @cached_property
    def market(self) -> Market:
        return market(self.offers, self.merchants, self.transactions)

    @cached_property
    def assessment(self) -> Assessment:
        return assess(self.market, self.book, NOON)

    def reassessed(self, book: Rulebook) -> Assessment:
        return assess(self.market, book, NOON)

    @cached_property
    def parameters(self) -> list[str]:
        """Those that may move an outcome."""
        held = self.book
        read = {column for rule in held.conditions for column in held.columns_of(rule)} & held.derived.keys()
        named = {name for rule in held.conditions for name in held.parameters_of(rule)}
        return sorted(named | {name for column in read for name in held.recipe_parameters(column)})

    @cached_property
    def sliders(self) -> list[str]:
        """``parameters``, and each value of those that vary."""
        held = [(name, self.book.values[name]) for name in self.parameters]
        return [name for name, _ in held] + [
            f"{name}[{of}]"
            for name, value in held
            if isinstance(value, PerValue)
            for of in BAZAAR.names_of(BAZAAR.columns[value.by])
        ]


def near(kind: Kind) -> list[Any]:
    """The places of the sliders of a kind, and for whole numbers small ones, whose sums and shares lie among them."""
    alike = [BAZAAR.places(name) for name, held in PARAMETERS.items() if held.type == kind.type and name != "many"]
    places = [place for held in alike for place in held]
    return places + (4 * [*range(13)] if kind.type in ("count", "money") else [])


CELLS = {name: cell(kind, near(kind)) for held in COLUMNS.values() for name, kind in held.items()}


@st.composite
def bazaars(draw: st.DrawFn, most: int = 4, given: Mapping[str, Mapping[str, Any]] | None = None) -> Bazaar:
    """Up to ``most`` rules, or those given; up to six offers of up to two merchants, some of nobody; offers with
    sales."""
    made = draw(rules(most)) if given is None else given
    held = rulebook(made)
    read = {column for rule in held.conditions for column in held.columns_of(rule)}
    needed = read | {source for column in read for source in held.sources(column)} | {"w"}

    def rows(table: str, most: int, **keys: st.SearchStrategy[Any]) -> Any:
        cells = {name: CELLS[name] for name in COLUMNS[table] if name in needed}
        return draw(st.lists(st.fixed_dictionaries({**keys, **cells}), max_size=most))

    owner = st.sampled_from(["m0", "m1", "m0", "m1", "nobody"])
    offers = rows("offers", 6, merchant_id=owner)
    sales = rows("transactions", 4, offer_id=st.sampled_from(["o0", "o1", "nothing"])) if "sales" in read else []
    return Bazaar(made, offers, rows("merchants", 2), sales)


def market(
    offers: Sequence[Mapping[str, Any]],
    merchants: Sequence[Mapping[str, Any]] = (),
    transactions: Sequence[Mapping[str, Any]] = (),
) -> Market:
    """A market of typed values; ids are o0, o1 ..., m0, m1 ... where none are given."""
    tables: dict[str, Sequence[Mapping[str, Any]]] = {
        "offers": [{"offer_id": f"o{i}", "merchant_id": "m0"} | dict(row) for i, row in enumerate(offers)],
        "merchants": [{"merchant_id": f"m{i}"} | dict(row) for i, row in enumerate(merchants)],
        "transactions": transactions,
    }
    return Market({name: _table(name, rows) for name, rows in tables.items()})


def _table(name: str, rows: Sequence[Mapping[str, Any]]) -> Table:
    cells: dict[str, Cells] = {}
    for key in KEYS[name]:
        ids = [row[key] for row in rows]
        cells[key] = Cells.make("text", pd.array(ids, dtype="str"), np.zeros(len(ids), bool))
    for column in {column for row in rows for column in row} & COLUMNS[name].keys():
        cells[column] = cells_of(COLUMNS[name][column], [row.get(column) for row in rows])
    return Table(name, cells, len(rows))


# ---- moves


@st.composite
def values(draw: st.DrawFn, name: str) -> Any:
    """A value of a parameter as typed: mostly one of its places, else off the grid or out of bounds."""
    kind, places = PARAMETERS[name], BAZAAR.places(name)
    anywhere = st.frozensets(st.sampled_from(kind.names)) if kind.type == "set" else known(kind)
    if kind.type == "rate":
        anywhere = st.decimals(0, 2, places=3)
    if kind.type == "count":
        anywhere = st.integers(-5, 200)
    if kind.type in ("level", "flag") or not places:
        return draw(anywhere)
    return draw(st.sampled_from(places) | st.sampled_from(places) | anywhere)


def written(value: Any, kind: Kind) -> Any:
    """A typed value as ``set`` takes it."""
    if kind.type == "money":
        return Decimal(value) / 100
    if kind.type == "set":
        return sorted(value)
    if isinstance(value, date | bool | str | int):
        return value
    return f"{value * 100}%" if kind.type == "rate" else str(value)


@st.composite
def moves(draw: st.DrawFn, bazaar: Bazaar) -> dict[str, Any]:
    """One parameter, or one value of one that varies, set."""
    place = draw(st.sampled_from(bazaar.sliders))
    name = place.partition("[")[0]
    if draw(st.integers(0, 9)) == 0:
        return {place: "none"}
    return {place: written(draw(values(name)), PARAMETERS[name])}
