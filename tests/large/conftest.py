"""A market of several small files, and what a run that went wrong and the next one leave of it."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet
import pytest

import campaign_analytics as ca
from campaign_analytics.assess.assessment import Assessment, assessed
from campaign_analytics.derive import Derivation
from campaign_analytics.large import source
from campaign_analytics.market.schema import Market
from campaign_analytics.rulebook.book import Rulebook
from tests.large.files import written
from tests.large.test_parts import alike

DAY = "2024-02-26"
FILES, OFFERS = 3, 2_100  # files of offers, and offers


@pytest.fixture(scope="module")
def book() -> Rulebook:
    return ca.load_rulebook("spring_2024", "corrected")


@pytest.fixture(scope="module")
def market() -> Market:
    return ca.demo_market(OFFERS, seed=4, profile="wholesale")


@pytest.fixture
def small_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(source, "ROWS", OFFERS // FILES)


@pytest.fixture
def folder(market: Market, tmp_path: Path) -> Path:
    """The market with its offers in several files."""
    place = tmp_path / "market"
    place.mkdir()
    written(market, place)
    whole = pyarrow.parquet.read_table(place / "offers.parquet")
    (place / "offers.parquet").unlink()
    (place / "offers").mkdir()
    for i in range(FILES):
        rows = whole.slice(i * OFFERS // FILES, OFFERS // FILES)
        pyarrow.parquet.write_table(rows, place / f"offers/offers_{i}.parquet", row_group_size=350)
    return place


def finished(out: Path) -> dict[str, int]:
    """The outcomes that are there, and when each was written."""
    assert [path.name for path in out.rglob(".*")] == [], "nothing half written is left"
    return {path.name: path.stat().st_mtime_ns for path in (out / "offers").iterdir()}


def completed(out: Path, before: dict[str, int], folder: Path, book: Rulebook) -> None:
    """Run again: what was finished is not touched, and all of it is what a full run gives."""
    ca.assess(folder, book, DAY, out=out)
    now = finished(out)
    assert before.items() <= now.items()
    assert len(now) == FILES
    assert json.loads((out / "manifest.json").read_text("utf-8"))["complete"]
    ca.assess(folder, book, DAY, out=out.with_name("full"))
    ours, full = (pyarrow.parquet.read_table(each / "offers") for each in (out, out.with_name("full")))
    assert ours.equals(full)


@pytest.fixture
def assessed_rows(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many offers each part had that was assessed since."""
    seen = list[int]()

    def counted(derivation: Derivation, *how: Any, **more: Any) -> Assessment:
        seen.append(derivation.market.offers.rows)
        return assessed(derivation, *how, **more)

    monkeypatch.setattr("campaign_analytics.large.parts.assessed", counted)
    return seen


def indexed(folder: Path, out: Path, book: Rulebook, seen: list[int]) -> list[int]:
    """Make the index, which is what one that is made anew is; gives the parts that were assessed for it."""
    seen.clear()
    ca.build_index(folder, book, out, DAY)
    made = [rows for rows in seen if rows]
    ca.build_index(folder, book, out.with_name("anew"), DAY)
    for level in ("offers", "merchants"):
        ours, anew = (
            {file.name: np.load(file) for file in (each / level).iterdir()} for each in (out, out.with_name("anew"))
        )
        assert ours.keys() == anew.keys()
        for name, array in ours.items():
            np.testing.assert_array_equal(array, anew[name], name)
    alike(ca.assess(out, book), ca.assess(out.with_name("anew"), book))
    shutil.rmtree(out.with_name("anew"))
    return made
