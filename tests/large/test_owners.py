"""The rows of offers' merchants."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from campaign_analytics.errors import MarketError
from campaign_analytics.large.owners import Owners
from campaign_analytics.large.source import Part
from campaign_analytics.market.schema import Cells

IDS = st.text("ab一", max_size=2)


def texts(ids: list[str], gone: list[bool] | None = None) -> Cells:
    return Cells.make("text", pd.array(ids, dtype="str"), None if gone is None else np.array(gone, bool))


@given(
    merchants=st.lists(IDS, unique=True, max_size=8),
    parts=st.lists(st.lists(st.tuples(IDS, st.booleans()), max_size=8), max_size=4),
)
def test_what_is_kept_is_what_was_looked_up(merchants: list[str], parts: list[list[tuple[str, bool]]]) -> None:
    owners, kept = Owners(texts(merchants)), dict[Part, list[int]]()
    for number, offers in enumerate(parts):
        part = Part(Path("offers.parquet"), (number,), 0, len(offers))
        found = owners.looked_up(texts([id for id, _ in offers], [gone for _, gone in offers]))
        kept[part] = [merchants.index(id) if id in merchants and not gone else -1 for id, gone in offers]
        assert found.tolist() == kept[part]
        assert owners.kept(part) is None
        owners.keep(part, found)
    owners.let_go()
    for part, rows in reversed(kept.items()):
        again = owners.kept(part)
        assert again is not None
        assert again.tolist() == rows
    assert owners.looked_up(texts(merchants)).tolist() == [*range(len(merchants))]


def test_an_id_that_stands_twice_is_refused_by_name() -> None:
    with pytest.raises(MarketError, match="merchant_id 'b' stands in two rows"):
        Owners(texts(["a", "b", "b"]))


def test_what_is_kept_leaves_no_file_behind_however_it_ends(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    owners, part = Owners(texts(["a"])), Part(Path("offers.parquet"), (0,), 0, 1)
    owners.keep(part, np.zeros(1, np.int32))
    assert list(tmp_path.iterdir()) == []
    kept = owners.kept(part)
    assert kept is not None
    assert kept.tolist() == [0]


def test_a_folder_that_is_gone_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "gone"))
    with pytest.raises(MarketError, match="gone"):
        Owners(texts(["a"])).keep(Part(Path("offers.parquet"), (0,), 0, 1), np.zeros(1, np.int32))
