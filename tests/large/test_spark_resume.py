"""A run of Spark into a folder or to an address goes on with what an earlier one finished, and equals a full run."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pandas as pd
import pyarrow.parquet
import pytest

import campaign_analytics as ca
from campaign_analytics.assess.assessment import Assessment
from campaign_analytics.engines import spark as engine
from campaign_analytics.engines.arrays import Progress
from campaign_analytics.errors import MarketWarning
from campaign_analytics.large.cluster import writing
from campaign_analytics.large.cluster.writing import Written
from campaign_analytics.large.index import Index
from campaign_analytics.large.source import Part
from campaign_analytics.market.schema import Market
from campaign_analytics.rulebook.book import Rulebook
from tests.large.files import written
from tests.large.test_parts import alike
from tests.large.test_spark import book_named, same_words
from tests.large.test_spark_across import AS_OF as FAIR_DAY
from tests.large.test_spark_across import fair, stalls

pytestmark = pytest.mark.usefixtures("spark")
AS_OF = "2024-02-26"
OFFERS, NAMES = 600, ("a", "b 1%", "商品=2")  # a third of all offers in each file


@pytest.fixture(scope="module")
def book() -> Rulebook:
    return book_named("daily_deals")


@pytest.fixture(scope="module")
def market() -> Market:
    return ca.demo_market(OFFERS, seed=5, profile="daily_deals")


@pytest.fixture(scope="module")
def held(market: Market, book: Rulebook) -> Assessment:
    return ca.assess(market, book, AS_OF)


@pytest.fixture
def folder(market: Market, tmp_path: Path) -> Path:
    return in_files(market, tmp_path / "market", NAMES)


def in_files(market: Market, place: Path, names: tuple[str, ...]) -> Path:
    """The market with its offers in several files."""
    place.mkdir()
    written(market, place)
    whole = pyarrow.parquet.read_table(place / "offers.parquet")
    (place / "offers.parquet").unlink()
    (place / "offers").mkdir()
    for i, name in enumerate(names):
        pyarrow.parquet.write_table(
            whole.slice(i * len(whole) // len(names), len(whole) // len(names)), place / f"offers/{name}.parquet"
        )
    return place


def finished(out: Path) -> dict[str, int]:
    """The files of outcomes that are there, and when each was written."""
    return {str(path): path.stat().st_mtime_ns for path in (out / "offers").rglob("*.parquet")}


def complete(out: Path) -> bool:
    return bool(json.loads((out / "manifest.json").read_text("utf-8"))["complete"])


@contextmanager
def makes(files: int, out: Path) -> Iterator[None]:
    """That the outcomes of so many files of offers are made again, and all others are kept."""
    before = finished(out)
    yield
    now = finished(out)
    assert len(now.items() - before.items()) == files
    assert complete(out)


@pytest.fixture
def a_file_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writing, "LOST", 0)
    monkeypatch.setattr(writing, "LEAST", 1)
    monkeypatch.setattr(engine, "TICK", 0.01)


def stopped(out: Path, run: Callable[[Progress], object]) -> int:
    """Stop a run as soon as something is finished; gives how many files are."""
    manifest = out / "manifest.json"

    def parts() -> int:
        return len(json.loads(manifest.read_text("utf-8"))["parts"]) if manifest.exists() else 0

    def stop(done: int, of: int) -> None:
        if parts():
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run(stop)
    assert not complete(out)
    assert 1 <= parts() < len(NAMES)
    return parts()


@pytest.mark.usefixtures("a_file_at_a_time")
def test_a_run_that_was_stopped_goes_on_and_equals_a_full_run(
    spark: Any, folder: Path, book: Rulebook, held: Assessment, tmp_path: Path
) -> None:
    out = tmp_path / "out"

    def run(progress: Progress) -> Assessment:
        return ca.assess(folder, book, AS_OF, progress, engine=spark, out=out)

    kept = stopped(out, run)
    half = out / "offers/file=商品%3D2/part-of-a-run-that-was-killed.parquet"  # while Spark moved what it had written
    half.parent.mkdir(exist_ok=True)
    half.write_bytes(next((out / "offers").rglob("*.parquet")).read_bytes())
    done: list[tuple[int, int]] = []
    with makes(len(NAMES) - kept, out):
        alike(run(lambda *at: done.append(at)), held)
    same_words(out, held)
    assert done[0][0] >= kept * OFFERS // len(NAMES)
    assert done[-1] == (OFFERS, OFFERS)


@pytest.mark.usefixtures("a_file_at_a_time")
def test_an_index_that_was_stopped_goes_on_and_equals_one_that_was_not(
    spark: Any, folder: Path, book: Rulebook, tmp_path: Path
) -> None:
    out = tmp_path / "coded"

    def run(progress: Progress) -> Index:
        return ca.build_index(folder, book, out, AS_OF, progress, engine=spark)

    kept = stopped(out / "parts", run)
    done: list[tuple[int, int]] = []
    run(lambda *at: done.append(at))
    assert done[0][0] >= kept * OFFERS // len(NAMES)
    assert not (out / "parts").exists()
    alike(ca.assess(out, book), ca.assess(folder, book, AS_OF))


def test_only_what_changed_is_made_again(
    spark: Any, folder: Path, market: Market, book: Rulebook, held: Assessment, tmp_path: Path
) -> None:
    out = tmp_path / "out"

    def run() -> Assessment:
        return ca.assess(folder, book, AS_OF, engine=spark, out=out)

    run()
    with makes(0, out):
        alike(run(), held)
    damaged = next((out / "offers/file=a").glob("*.parquet"))
    damaged.write_bytes(damaged.read_bytes()[:-9])
    with makes(1, out):
        alike(run(), held)
    changed = folder / "offers/b 1%.parquet"
    offers = pyarrow.parquet.read_table(changed)
    pyarrow.parquet.write_table(offers.slice(0, 150), changed)
    with makes(1, out):
        alike(run(), ca.assess(folder, book, AS_OF))
    merchants = pyarrow.parquet.read_table(folder / "merchants.parquet")
    pyarrow.parquet.write_table(merchants.slice(0, len(merchants) - 1), folder / "merchants.parquet")
    with makes(len(NAMES), out):
        alike(run(), ca.assess(folder, book, AS_OF))
    (folder / "offers/a.parquet").unlink()
    with makes(0, out), pytest.warns(MarketWarning, match=r"a\.parquet was there when .* 200 offers are no longer"):
        alike(run(), ca.assess(folder, book, AS_OF))
    ca.assess(folder, book, AS_OF, out=out)  # by NumPy
    same = pyarrow.parquet.read_table(out / "offers")
    assert same.num_rows == len(pyarrow.parquet.read_table(folder / "offers"))


def test_at_an_address_files_are_known_by_size_and_time(
    spark: Any, folder: Path, book: Rulebook, held: Assessment, tmp_path: Path
) -> None:
    out = tmp_path / "out"

    def run() -> Assessment:
        return ca.assess(f"file://{folder}", book, AS_OF, engine=spark, out=f"file://{out}")

    run()
    before = finished(out)
    alike(run(), held)
    same_words(out, held)
    assert finished(out) == before
    changed = folder / "offers/a.parquet"
    pyarrow.parquet.write_table(pyarrow.parquet.read_table(changed).slice(0, 150), changed)
    (folder / "offers/商品=2.parquet").unlink()
    with pytest.warns(MarketWarning, match="商品=2.parquet was there when"):
        alike(run(), ca.assess(folder, book, AS_OF))
    assert len(before.items() & finished(out).items()) == 1
    assert len(finished(out)) == 2
    assert pyarrow.parquet.read_table(out / "manifest")["complete"].to_pylist() == [True]


def test_ranks_hang_on_all_files(spark: Any, tmp_path: Path) -> None:
    book, out = fair(tmp_path).set(best=100), tmp_path / "out"
    folder = in_files(stalls(book), tmp_path / "market", NAMES[:2])
    ca.assess(folder, book, FAIR_DAY, engine=spark, out=out)
    changed = folder / "offers/a.parquet"
    pyarrow.parquet.write_table(pyarrow.parquet.read_table(changed).slice(0, 90), changed)
    with makes(2, out):
        found = ca.assess(folder, book, FAIR_DAY, engine=spark, out=out)
    pd.testing.assert_frame_equal(found.blockers(), ca.assess(folder, book, FAIR_DAY).blockers())


def test_files_are_made_together_up_to_a_share_of_all(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writing, "LOST", 1 / 4)
    monkeypatch.setattr(writing, "LEAST", 30)

    def rows(*files: int) -> list[list[int]]:
        parts = [Part(Path(str(i)), (), 0, each) for i, each in enumerate(files)]
        place = SimpleNamespace(in_catalog=False, kept=set(), source=SimpleNamespace(parts=parts))
        return [[part.rows for part in batch] for batch in Written.batches(place)]  # type: ignore[arg-type]

    assert rows(*[10] * 8) == [[10, 10, 10], [10, 10, 10], [10, 10]]
    assert rows(*[40] * 8) == [[40, 40]] * 4
    assert rows(5, 100, 5) == [[5, 100], [5]]
    assert rows() == []
