"""NumPy, DuckDB and Spark find the same for every offer of any messy files as one gets who reads them whole: counts by
category, and outcomes offer by offer."""

from __future__ import annotations

import tempfile
import warnings
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet
import pytest
from hypothesis import HealthCheck, Phase, assume, given, settings
from hypothesis import strategies as st

import campaign_analytics as ca
from campaign_analytics.large import of_merchants, source
from campaign_analytics.market.schema import KEYS, Cells, Declared, Market, Table, joined
from campaign_analytics.rulebook.book import Rulebook
from campaign_analytics.rulebook.load import shipped_rulebooks
from campaign_analytics.rulebook.quantities import kind_of
from tests.engines.subjects import cell, cells_of, near_values
from tests.large.files import written
from tests.large.test_parts import alike
from tests.large.test_spark import AS_OF, book_named, same_words

OFFERS, ROWS = 90, 40  # of a market, and of a part
PROFILES = {"spring_2024": "wholesale"}
FEW = settings(phases=(Phase.explicit, Phase.generate), suppress_health_check=[*HealthCheck])  # each takes seconds


@cache
def told_of(name: str) -> tuple[Rulebook, Market]:
    """A rulebook, and a small market of its kind. (As arguments hypothesis would print them.)"""
    return book_named(name), ca.demo_market(OFFERS, seed=7, profile=PROFILES.get(name, name))


@pytest.fixture(scope="module", autouse=True)
def small_parts() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(source, "ROWS", ROWS)
        patch.setattr(of_merchants, "OFFERS", OFFERS // 3)
        yield


@pytest.mark.parametrize("name", shipped_rulebooks())
@settings(FEW, max_examples=5)
@given(data=st.data())
def test_numpy_and_duckdb_find_what_is_found_of_a_market_that_is_held(name: str, data: st.DataObject) -> None:
    agree(name, data, ("numpy", "duckdb"))


@pytest.mark.usefixtures("spark")
@pytest.mark.parametrize("name", shipped_rulebooks())
@settings(FEW, max_examples=1)
@given(data=st.data())
def test_so_does_spark(name: str, data: st.DataObject) -> None:
    agree(name, data, ("spark",))


def agree(name: str, data: st.DataObject, engines: tuple[str, ...]) -> None:
    book, plain = told_of(name)
    told = data.draw(messes(book, plain))
    assume(told.seed)  # the simplest of all, which comes first, is what other tests are of
    book = book.set(told.switches)
    with tempfile.TemporaryDirectory() as place:
        market, out = Path(place, "market"), Path(place, "out")
        market.mkdir()
        write(messy(plain, book, told), market, told)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            held = ca.assess(ca.read_market(market, book), book, AS_OF)
        for engine in engines:
            alike(ca.assess(market, book, AS_OF, engine=engine, out=out / engine), held)
            same_words(out / engine, held)


@dataclass(frozen=True)
class Mess:
    """What becomes of a plain market, and the switches of its rulebook."""

    seed: int
    switches: Mapping[str, bool]
    declared: Declared
    pools: Mapping[
        tuple[str, str], tuple[float, list[Any]]
    ]  # by table and column: the share of cells that become these
    strange: bool  # now and then a name that is in no list
    lacks: list[str]  # columns of offers that one file is without


def messes(book: Rulebook, plain: Market) -> st.SearchStrategy[Mess]:
    """Cells of any column that are missing, not understood, ranges, or beside what rules compare them with."""
    pools: dict[tuple[str, str], st.SearchStrategy[tuple[float, list[Any]]]] = {}
    for table in plain.tables.values():
        for column in set(table.cells) - {*KEYS[table.name]}:
            kind = kind_of(book.quantity(column), book.lists, book.header.currency)
            rules = [rule for rule in book.rules if column in book.columns_of(rule)]
            near = [value for rule in rules for value in near_values(book, rule, kind)]
            each = cell(kind, [value for value in near if not kind.names or value in kind.names])
            some = st.just([None]) if kind.type == "text" and not kind.names else st.lists(each, min_size=3, max_size=8)
            pools[table.name, column] = st.tuples(st.sampled_from([0.1, 0.5, 0]), some)
    switches = [name for name, of in book.parameters.items() if of.type == "flag"]
    return st.builds(
        Mess,
        seed=st.integers(0, 2**32 - 1),
        switches=st.fixed_dictionaries({name: st.booleans() for name in switches}),
        declared=st.builds(Declared, penalty_feed_complete=st.booleans(), offers_are_complete=st.booleans()),
        pools=st.fixed_dictionaries(dict(sorted(pools.items()))),
        strange=st.booleans(),
        lacks=st.lists(st.sampled_from(sorted(set(plain.offers.cells) - {*KEYS["offers"]})), max_size=3, unique=True),
    )


def messy(plain: Market, book: Rulebook, told: Mess) -> Market:
    """The market with these cells; with three offers in ten of one merchant, and some of none."""
    rng = np.random.default_rng(told.seed)
    tables = {name: _messy(table, book, told, rng) for name, table in plain.tables.items()}
    ids = np.asarray(plain.offers.cells["merchant_id"].values, object).copy()
    ids[: len(ids) * 3 // 10] = ids[0]
    ids[-9:-4], gone = "nobody", np.arange(len(ids)) >= len(ids) - 4
    owners = Cells.make("text", pd.array(np.where(gone, "", ids), dtype="str"), gone)
    tables["offers"] = tables["offers"].with_cells({"merchant_id": owners})
    return replace(plain, tables=tables, declared=told.declared)


def _messy(table: Table, book: Rulebook, told: Mess, rng: np.random.Generator) -> Table:
    changed = dict(table.cells)
    for name, held in table.cells.items():
        share, pool = told.pools.get((table.name, name), (0, []))
        if share:
            kind = kind_of(book.quantity(name), book.lists, book.header.currency)
            if kind.type == "text" and not kind.names:
                cells = Cells.make("text", pd.array([""], dtype="str"), np.array([True]))
            else:
                cells = cells_of(kind, pool)
            other = len(held) + rng.integers(0, len(cells), len(held))
            rows = np.where(rng.random(len(held)) < share, other, np.arange(len(held)))
            changed[name] = joined([held, cells]).take(rows)
    return replace(table, cells=changed)


def write(market: Market, folder: Path, told: Mess) -> None:
    """Its files: offers in two, of which one may be without some columns."""
    written(market, folder)
    for file in sorted(folder.glob("*.parquet")):
        held = pyarrow.parquet.read_table(file)
        for place, column in enumerate(held.schema if told.strange else ()):
            if pa.types.is_dictionary(column.type):
                texts, odd = held[column.name].cast(pa.string()), pa.array(np.arange(len(held)) % 7 == place % 7)
                held = held.set_column(place, column.name, pc.if_else(odd, "no such name", texts))
        pyarrow.parquet.write_table(held, file, row_group_size=ROWS // 2)
    offers = pyarrow.parquet.read_table(folder / "offers.parquet")
    (folder / "offers.parquet").unlink()
    lacks = [name for name in offers.column_names if name.partition("__")[0] in told.lacks]
    for number, rows in enumerate((offers.slice(0, 50), offers.slice(50).drop_columns(lacks))):
        pyarrow.parquet.write_table(rows, folder / f"offers_{number}.parquet", row_group_size=ROWS // 2)
