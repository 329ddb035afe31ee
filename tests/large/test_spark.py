"""A market assessed by Spark gives what the same market gives when it is held, subject by subject; and what Spark
cannot tell is refused in words."""

from __future__ import annotations

import json
import shutil
import sys
import time
import warnings
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet
import pytest

import campaign_analytics as ca
from campaign_analytics.assess.assessment import Assessment
from campaign_analytics.engines import spark as engine
from campaign_analytics.errors import CampaignError, MarketError
from campaign_analytics.market.schema import Cells, Declared, Market
from campaign_analytics.rulebook.book import Rulebook
from tests.large.files import write_without, written
from tests.large.test_faulty_files import KEYLESS
from tests.large.test_parts import alike

pytestmark = pytest.mark.usefixtures("spark")
AS_OF = "2024-02-26"


def book_named(name: str) -> Rulebook:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return ca.load_rulebook(name)


def skewed(market: Market) -> Market:
    """With three offers in ten of one merchant, and some of none that is known."""
    owners = market.offers.cells["merchant_id"]
    ids = np.asarray(owners.values, object).copy()
    ids[: len(ids) * 3 // 10] = ids[0]
    ids[-40:] = "nobody"
    cells = {**market.offers.cells, "merchant_id": Cells("text", pd.array(ids, dtype="str"))}
    return replace(market, tables={**market.tables, "offers": replace(market.offers, cells=cells)})


def same_words(folder: Path, held: Assessment) -> None:
    """What was written of every offer is what the held market has."""
    frame = pa.parquet.read_table(folder / "offers").to_pandas().set_index("offer_id")
    assert len(frame) == held.market.offers.rows
    frame = frame.loc[held.market.offers.cells["offer_id"].values]
    assert frame["verdict"].tolist() == held.verdicts()["verdict"].tolist()
    for number, word in enumerate(held.words["offers"]):
        np.testing.assert_array_equal(frame[f"outcomes_{number}"].to_numpy().view(np.uint64), word)
        outside = held.not_applicable["offers"][number]
        np.testing.assert_array_equal(frame[f"not_applicable_{number}"].to_numpy().view(np.uint64), outside)


@pytest.mark.parametrize("name", ["spring_2024", "daily_deals"])
def test_every_offer_has_the_outcome_of_the_market_when_it_is_held(name: str, tmp_path: Path) -> None:
    book = book_named(name)
    market = skewed(ca.demo_market(2_000, seed=3, profile={"spring_2024": "wholesale"}.get(name, name)))
    held = ca.assess(market, book, AS_OF)
    (tmp_path / "market").mkdir()
    done: list[tuple[int, int]] = []
    result = ca.assess(
        written(market, tmp_path / "market"), book, AS_OF, lambda *at: done.append(at), engine="spark",
        out=tmp_path / "out",
    )  # fmt: skip
    alike(result, held)
    same_words(tmp_path / "out", held)
    assert done[-1] == (2_000, 2_000)
    told = json.loads((tmp_path / "out/manifest.json").read_text("utf-8"))
    assert told["complete"]
    assert told["bits"] == held.bits


@pytest.fixture(scope="module")
def book() -> Rulebook:
    return book_named("daily_deals")


@pytest.fixture(scope="module")
def market() -> Market:
    return ca.demo_market(600, seed=5, profile="daily_deals")


@pytest.fixture(scope="module")
def held(market: Market, book: Rulebook) -> Assessment:
    return ca.assess(market, book, AS_OF)


@pytest.fixture(scope="module")
def files(market: Market, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return written(market, tmp_path_factory.mktemp("market"))


def test_tables_of_a_catalog_are_read_and_written_by_name(
    spark: Any, market: Market, book: Rulebook, files: Path
) -> None:
    spark.sql("CREATE DATABASE shop")
    for table in market.tables:
        spark.read.parquet(str(files / f"{table}.parquet")).write.saveAsTable(f"shop.{table}")
    with pytest.raises(CampaignError, match="the moment of the assessment is not known"):
        ca.assess("catalog:shop", book, engine=spark)
    expected = ca.assess(replace(market, declared=Declared()), book, AS_OF)
    alike(ca.assess("catalog:shop", book, AS_OF, engine=spark, out="catalog:shop"), expected)
    frame = (
        spark.table("shop.outcomes")
        .toArrow()
        .to_pandas()
        .set_index("offer_id")
        .loc[market.offers.cells["offer_id"].values]
    )
    assert frame["verdict"].tolist() == expected.verdicts()["verdict"].tolist()
    told = spark.table("shop.manifest").toArrow().to_pylist()
    assert [(row["complete"], row["bits"]) for row in told] == [(True, expected.bits)]


def test_a_catalog_declares_in_a_table_of_one_row(spark: Any, market: Market, book: Rulebook, files: Path) -> None:
    spark.sql("CREATE DATABASE told")
    for table in market.tables:
        spark.read.parquet(str(files / f"{table}.parquet")).write.saveAsTable(f"told.{table}")
    spark.sql("CREATE TABLE told.market AS SELECT DATE'2024-02-26' AS as_of, true AS penalty_feed_complete")
    declared = Declared(date(2024, 2, 26), penalty_feed_complete=True)
    alike(ca.assess("catalog:told", book, engine=spark), ca.assess(replace(market, declared=declared), book))
    spark.sql("INSERT INTO told.market SELECT * FROM told.market")
    with pytest.raises(MarketError, match="catalog:told: table market: several rows; expected one"):
        ca.assess("catalog:told", book, engine=spark)
    spark.sql("CREATE OR REPLACE TEMP VIEW wrong AS SELECT true AS penalties_complete")
    spark.table("wrong").write.mode("overwrite").saveAsTable("told.market")
    with pytest.raises(MarketError, match="table market: unknown key 'penalties_complete'"):
        ca.assess("catalog:told", book, engine=spark)


def test_an_address_is_read_with_what_its_owner_declares_and_written(
    market: Market, book: Rulebook, held: Assessment, files: Path, tmp_path: Path
) -> None:
    out = (tmp_path / "out").as_uri()
    alike(ca.assess(files.as_uri(), book, AS_OF, engine="spark", out=out), held)
    same_words(tmp_path / "out", held)
    assert pyarrow.parquet.read_table(tmp_path / "out/manifest")["complete"].to_pylist() == [True]
    with pytest.raises(CampaignError, match="is not empty and holds no outcomes"):
        ca.assess(files.as_uri(), book, AS_OF, engine="spark", out=files.as_uri())


def test_files_of_one_table_may_differ_in_width_and_in_what_they_hold(
    market: Market, book: Rulebook, held: Assessment, files: Path, tmp_path: Path
) -> None:
    offers = pyarrow.parquet.read_table(files / "offers.parquet")
    for file in files.iterdir():
        if file.name != "offers.parquet":
            (tmp_path / file.name).write_bytes(file.read_bytes())
    narrow = [field.name for field in offers.schema if pa.types.is_int8(field.type) or pa.types.is_int16(field.type)]
    assert narrow
    wide = offers.schema
    for name in narrow:
        wide = wide.set(wide.get_field_index(name), pa.field(name, pa.int64()))
    pyarrow.parquet.write_table(offers.slice(0, 400), tmp_path / "offers_1.parquet")
    pyarrow.parquet.write_table(offers.slice(400).cast(wide), tmp_path / "offers_2.parquet")
    alike(ca.assess(tmp_path, book, AS_OF, engine="spark"), held)


def test_a_held_market_is_assessed_too(market: Market, book: Rulebook, held: Assessment) -> None:
    result = ca.assess(market, book, AS_OF, engine="spark")
    for level in ("offers", "merchants"):
        np.testing.assert_array_equal(result.words[level], held.words[level])


def test_what_is_no_longer_waited_for_stops_on_spark(spark: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine, "TICK", 0.01)
    status, running = spark.sparkContext.statusTracker(), list[int]()

    def long() -> None:
        spark.sparkContext.parallelize(range(2_000), 2).foreach(lambda _: time.sleep(0.05))

    def stop() -> None:
        running.extend(status.getActiveJobsIds())
        if running:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        engine.awaited(spark, long, stop)
    assert [status.getJobInfo(job).status for job in running] == ["FAILED"]


def test_a_run_that_is_interrupted_is_marked_as_not_complete(
    spark: Any, book: Rulebook, files: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine, "TICK", 0.01)

    def stop(done: int, of: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        ca.assess(files, book, AS_OF, stop, engine=spark, out=tmp_path / "out")
    assert not json.loads((tmp_path / "out/manifest.json").read_text("utf-8"))["complete"]


def test_what_a_worker_finds_wrong_is_said_in_its_words(book: Rulebook, files: Path, tmp_path: Path) -> None:
    for file in files.iterdir():
        (tmp_path / file.name).write_bytes(file.read_bytes())
    offers = pyarrow.parquet.read_table(tmp_path / "offers.parquet")
    price = next(field.name for field in offers.schema if pa.types.is_decimal(field.type))
    place = offers.schema.get_field_index(price)
    changed = offers.set_column(place, price, offers[price].cast(pa.float64()))
    pyarrow.parquet.write_table(changed, tmp_path / "offers.parquet")
    with pytest.raises(MarketError, match=rf"offers\.parquet: {price}: double where decimal\(18, 2\) is expected"):
        ca.assess(tmp_path, book, AS_OF, engine="spark")
    times = pa.array([0] * len(offers), pa.timestamp("ns", "UTC"))
    pyarrow.parquet.write_table(offers.append_column("seen_at", times), tmp_path / "offers.parquet")
    with pytest.raises(MarketError, match=r"offers\.parquet: seen_at: Spark reads no nanoseconds; write microseconds"):
        ca.assess(tmp_path, book, AS_OF, engine="spark")


@pytest.fixture(scope="module")
def spring(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small market of every table."""
    return written(ca.demo_market(300, seed=4, profile="wholesale"), tmp_path_factory.mktemp("spring"))


@pytest.mark.parametrize(("name", "key"), [(name.split("/")[0], key) for name, key in KEYLESS])
def test_a_row_without_its_key_is_refused_as_it_is_by_the_others(
    spring: Path, tmp_path: Path, name: str, key: str
) -> None:
    shutil.copytree(spring, tmp_path, dirs_exist_ok=True)
    write_without(tmp_path / f"{name}.parquet", key, 2)
    for by in ("numpy", "spark"):
        with pytest.raises(MarketError, match=rf"{name}\.parquet: row 2 has no {key}; expected one in every row"):
            ca.assess(tmp_path, book_named("spring_2024"), AS_OF, engine=by)


@pytest.mark.parametrize(("name", "key"), [("offers", "offer_id"), ("skus", "offer_id"), ("links", "merchant_id")])
def test_at_an_address_workers_find_a_row_without_its_key(spring: Path, tmp_path: Path, name: str, key: str) -> None:
    shutil.copytree(spring, tmp_path, dirs_exist_ok=True)
    write_without(tmp_path / f"{name}.parquet", key, 2)
    with pytest.raises(MarketError, match=f": {name}: a row has no {key}; expected .* it again, from the exports$"):
        ca.assess(tmp_path.as_uri(), book_named("spring_2024"), AS_OF, engine="spark")


def test_brackets_and_stars_in_names_are_no_patterns(
    book: Rulebook, files: Path, held: Assessment, tmp_path: Path
) -> None:
    market, out = tmp_path / "a[1] {b,c} *?", tmp_path / "out[2]"
    market.mkdir()
    for file in files.iterdir():
        (market / file.name).write_bytes(file.read_bytes())
    (market / "offers.parquet").rename(market / "offers_[3].parquet")
    for _ in range(2):
        alike(ca.assess(market, book, AS_OF, engine="spark", out=out), held)
    same_words(out, held)


def test_what_is_not_there_or_broken_is_refused_by_name(book: Rulebook, files: Path, tmp_path: Path) -> None:
    with pytest.raises(MarketError, match="catalog:nowhere: no table of merchants; found nothing"):
        ca.assess("catalog:nowhere", book, AS_OF, engine="spark")
    with pytest.raises(MarketError, match=r"no table of merchants; found nothing"):
        ca.assess(tmp_path.as_uri(), book, AS_OF, engine="spark")
    with pytest.raises(MarketError, match=r"no parquet file of merchants"):
        ca.assess(tmp_path, book, AS_OF, engine="spark")
    for file in files.iterdir():
        (tmp_path / file.name).write_bytes(file.read_bytes())
    (tmp_path / "offers.parquet").write_bytes((files / "offers.parquet").read_bytes()[:-100])
    with pytest.raises(MarketError, match=r"offers\.parquet can't be read as parquet"):
        ca.assess(tmp_path, book, AS_OF, engine="spark")
    (tmp_path / "out").mkdir()
    (tmp_path / "out/mine.txt").write_text("mine", "utf-8")
    with pytest.raises(CampaignError, match="is not empty and holds no outcomes"):
        ca.assess(files, book, AS_OF, engine="spark", out=tmp_path / "out")


def test_without_pyspark_or_java_it_says_what_to_install(
    spark: Any, market: Market, book: Rulebook, files: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(type(spark), "getActiveSession", lambda: None)
    monkeypatch.setenv("JAVA_HOME", "/nowhere")
    with pytest.raises(CampaignError, match=r"needs Java 17 or newer \(JAVA_HOME, /nowhere, has none\)"):
        ca.assess(files, book, AS_OF, engine="spark")
    monkeypatch.delitem(sys.modules, "campaign_analytics.engines.spark")
    monkeypatch.delattr(sys.modules["campaign_analytics.engines"], "spark")
    monkeypatch.setitem(sys.modules, "pyspark.sql", None)
    for source in (market, files):
        with pytest.raises(CampaignError, match=r"pip install 'campaign-analytics\[spark\]'"):
            ca.assess(source, book, AS_OF, engine="spark")
