"""A market in files, assessed part by part, gives what the same market gives when it is held; on every engine."""

from __future__ import annotations

import json
import warnings
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet
import pytest

import campaign_analytics as ca
from campaign_analytics.assess.assessment import Assessment
from campaign_analytics.engines.arrays import RULES_PER_WORD
from campaign_analytics.errors import CampaignError, MarketError
from campaign_analytics.large import condensing, of_merchants, source
from campaign_analytics.market.schema import Market
from campaign_analytics.rulebook.book import Rulebook
from tests.large.files import written

ROWS = 700  # offers in a part
COUNTS: list[Callable[[Assessment], pd.DataFrame]] = [
    lambda result: result.summary(by=result.book.header.category),
    lambda result: result.summary(level="merchants"),
    lambda result: result.blockers(by=result.book.header.category),
    lambda result: result.blockers(level="merchants"),
    lambda result: result.misses(by=result.book.header.category),
    lambda result: result.funnel(),
    lambda result: result.combinations(),
    lambda result: result.co_failures(),
]


@pytest.fixture(scope="module", params=["spring_2024", "daily_deals"])
def book(request: pytest.FixtureRequest) -> Rulebook:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return ca.load_rulebook(request.param)


@pytest.fixture(scope="module")
def market(book: Rulebook) -> Market:
    return ca.demo_market(2_000, seed=3, profile={"spring_2024": "wholesale"}.get(book.id, book.id))


@pytest.fixture(scope="module")
def held(market: Market, book: Rulebook) -> Assessment:
    return ca.assess(market, book, "2024-02-26")


@pytest.fixture(autouse=True)
def small_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(source, "ROWS", ROWS)


@pytest.fixture(autouse=True)
def few_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(of_merchants, "OFFERS", 300)  # merchants in seven groups


@pytest.fixture(scope="module")
def files(market: Market, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return written(market, tmp_path_factory.mktemp("market"))


def alike(one: Assessment, other: Assessment) -> None:
    for count in COUNTS:
        pd.testing.assert_frame_equal(count(one), count(other), rtol=1e-9)
    told = other.headline().splitlines()
    assert [line for line in one.headline().splitlines() if line not in told and "not told" not in line] == []


@pytest.mark.parametrize("engine", ["numpy", "duckdb"])
def test_counts_are_those_of_the_market_when_it_is_held(
    files: Path, book: Rulebook, held: Assessment, engine: str
) -> None:
    done: list[tuple[int, int]] = []
    result = ca.assess(files, book, "2024-02-26", lambda *at: done.append(at), engine=engine)
    assert len(done) == 3
    assert done[-1] == (2_000, 2_000)
    alike(result, held)


@pytest.mark.parametrize("engine", ["numpy", "duckdb"])
def test_engines_agree_on_every_offer_and_merchant(
    market: Market, book: Rulebook, held: Assessment, engine: str
) -> None:
    result = ca.assess(market, book, "2024-02-26", engine=engine)
    for level in ("offers", "merchants"):
        np.testing.assert_array_equal(result.words[level], held.words[level])
        np.testing.assert_array_equal(result.not_applicable[level], held.not_applicable[level])


def test_outcomes_of_every_offer_are_written(files: Path, book: Rulebook, held: Assessment, tmp_path: Path) -> None:
    ca.assess(files, book, "2024-02-26", out=tmp_path / "out")
    told = json.loads((tmp_path / "out/manifest.json").read_text("utf-8"))
    assert told["complete"]
    assert told["bits"] == held.bits
    frame = pa.parquet.read_table(tmp_path / "out/offers").to_pandas()
    assert frame["offer_id"].tolist() == held.verdicts()["offer_id"].tolist()
    assert frame["verdict"].tolist() == held.verdicts()["verdict"].tolist()
    for rule in held.rules:
        word, bit = divmod(held.bits[rule], RULES_PER_WORD)
        fails = (frame[f"outcomes_{word}"].to_numpy() >> bit & 1).astype(bool)
        assert fails.tolist() == (held.outcome(rule) == 1).tolist()
    for word, outside in enumerate(held.not_applicable["offers"]):
        assert frame[f"not_applicable_{word}"].to_numpy().view(np.uint64).tolist() == outside.tolist()


def test_a_run_that_was_stopped_goes_on_and_makes_the_rest_alone(
    files: Path, book: Rulebook, held: Assessment, tmp_path: Path
) -> None:
    class Stopped(Exception):
        pass

    def stop(done: int, of: int) -> None:
        if done > ROWS:
            raise Stopped

    with pytest.raises(Stopped):
        ca.assess(files, book, "2024-02-26", stop, out=tmp_path)
    assert not json.loads((tmp_path / "manifest.json").read_text("utf-8"))["complete"]
    first = {path.name: path.stat().st_mtime_ns for path in (tmp_path / "offers").iterdir()}
    assert len(first) == 2
    alike(ca.assess(files, book, "2024-02-26", out=tmp_path), held)
    now = {path.name: path.stat().st_mtime_ns for path in (tmp_path / "offers").iterdir()}
    assert len(now) == 3
    assert first.items() <= now.items()
    assert json.loads((tmp_path / "manifest.json").read_text("utf-8"))["complete"]


def test_only_what_has_changed_is_made_again(market: Market, book: Rulebook, tmp_path: Path) -> None:
    folder = tmp_path / "market"
    folder.mkdir()
    written(market, folder)
    out = tmp_path / "out"
    ca.assess(folder, book, "2024-02-26", out=out)

    def made() -> dict[str, int]:
        return {path.name: path.stat().st_mtime_ns for path in (out / "offers").iterdir()}

    before = made()
    ca.assess(folder, book, "2024-02-26", out=out)
    assert made() == before
    merchants = pyarrow.parquet.read_table(folder / "merchants.parquet")
    pyarrow.parquet.write_table(merchants.slice(0, len(merchants) - 1), folder / "merchants.parquet")
    again = ca.assess(folder, book, "2024-02-26", out=out)
    assert not made().items() & before.items()
    alike(again, ca.assess(folder, book, "2024-02-26"))


def test_what_a_folder_of_counts_lacks_is_refused_by_name(files: Path, book: Rulebook) -> None:
    result = ca.assess(files, book, "2024-02-26")
    with pytest.raises(CampaignError, match="the counts of"):
        result.offers()
    with pytest.raises(CampaignError, match="unknown engine 'dukdb'; did you mean 'duckdb'"):
        ca.assess(files, book, "2024-02-26", engine="dukdb")


def test_files_that_are_no_market_are_refused_by_name(tmp_path: Path, book: Rulebook, files: Path) -> None:
    for place, found in ((tmp_path, "nothing"), (tmp_path / "*", "nothing"), (tmp_path / "typo", "no such folder")):
        with pytest.raises(MarketError, match=f"no parquet file of merchants.*found {found}"):
            ca.assess(place, book, "2024-02-26")
    for file in files.iterdir():
        (tmp_path / file.name).write_bytes(file.read_bytes())
    (tmp_path / "offers.parquet").write_bytes((files / "offers.parquet").read_bytes()[:-100])
    with pytest.raises(MarketError, match=r"offers\.parquet can't be read as parquet"):
        ca.assess(tmp_path, book, "2024-02-26")


def test_a_column_of_too_many_values_is_refused(
    files: Path, book: Rulebook, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(condensing, "VALUES", 3)
    for make in (
        lambda: ca.assess(files, book, "2024-02-26"),
        lambda: ca.build_index(files, book, tmp_path, "2024-02-26"),
    ):
        with pytest.raises(CampaignError, match=f"cannot count by '{book.header.category}': it has more than 3 values"):
            make()


def test_a_market_without_an_offer_is_counted(market: Market, book: Rulebook, tmp_path: Path) -> None:
    none = {
        name: replace(table, rows=0, cells={c: held.take(np.zeros(0, np.int64)) for c, held in table.cells.items()})
        for name, table in market.tables.items()
        if name != "merchants"
    }
    (tmp_path / "files").mkdir()
    files = written(replace(market, tables={**market.tables, **none}), tmp_path / "files")
    held = ca.assess(files, book, "2024-02-26")
    ca.build_index(files, book, tmp_path / "coded", "2024-02-26")
    for result in (held, ca.assess(tmp_path / "coded", book)):
        assert result.summary()["offers"].tolist() == [0]
        assert result.summary(level="merchants")["merchants"].tolist() == [market.merchants.rows]


def test_row_groups_without_an_offer_are_passed_over(
    market: Market, book: Rulebook, held: Assessment, tmp_path: Path
) -> None:
    (tmp_path / "files").mkdir()
    files = written(market, tmp_path / "files")
    offers = pa.parquet.read_table(files / "offers.parquet")
    with pa.parquet.ParquetWriter(files / "offers.parquet", offers.schema) as writer:
        for start, rows in ((0, 0), (0, 900), (900, 0), (900, 1_100)):  # the last is larger than a part
            writer.write_table(offers.slice(start, rows), row_group_size=ROWS * 2)
    ca.build_index(files, book, tmp_path / "coded", "2024-02-26")
    alike(ca.assess(tmp_path / "coded", book), held)
    for _ in range(2):
        alike(ca.assess(files, book, "2024-02-26", out=tmp_path / "out"), held)
