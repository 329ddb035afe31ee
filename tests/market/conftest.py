"""A rulebook, and short ways to read a few cells or a small folder."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pytest

from campaign_analytics.market.read import read_market
from campaign_analytics.market.schema import Declared, Market
from campaign_analytics.rulebook.book import Rulebook
from campaign_analytics.rulebook.load import load_rulebook
from campaign_analytics.rulebook.model import Column

ReadOffers = Callable[..., Market]
Write = Callable[[Mapping[str, str | bytes]], Path]


@pytest.fixture(scope="session")
def book() -> Rulebook:
    return load_rulebook("spring_2024", "corrected")


@pytest.fixture(scope="session")
def read_offers(book: Rulebook) -> ReadOffers:
    """Read offers 1, 2, 3 ... of one merchant, with these columns of cells."""

    def read(
        columns: Mapping[str, Sequence[Any]], declared: Declared | None = None, more: Mapping[str, Column] | None = None
    ) -> Market:
        rows = len(next(iter(columns.values())))
        keys = {"offer_id": [str(row + 1) for row in range(rows)], "merchant_id": ["m"] * rows}
        offers = pd.DataFrame({**keys, **columns})
        wider = replace(book, columns={**book.columns, **(more or {})})
        return read_market({"offers": offers, "merchants": pd.DataFrame({"merchant_id": ["m"]})}, wider, declared)

    return read


@pytest.fixture
def folder(tmp_path: Path) -> Write:
    """Write files into a folder that has one merchant and one offer unless told otherwise."""

    def write(files: Mapping[str, str | bytes]) -> Path:
        names = {Path(name).stem for name in files}
        for table, text in {"merchants": "merchant_id\nm\n", "offers": "offer_id,merchant_id\n1,m\n"}.items():
            if table not in names:
                (tmp_path / f"{table}.csv").write_text(text, "utf-8")
        for name, content in files.items():
            (tmp_path / name).write_bytes(content if isinstance(content, bytes) else content.encode("utf-8"))
        return tmp_path

    return write


def pa_texts(*texts: str) -> pa.StringArray:
    """Distinct texts, as readers take them."""
    return pa.array(texts, pa.string())


def shown(market: Market, column: str) -> list[Any]:
    """The cells of an offers column as people read them; None = missing."""
    cells = market.offers.cells[column].to_pandas()
    return [None if pd.isna(cell) else cell for cell in cells]


def reasons(market: Market, column: str, kind: str = "missing") -> dict[str, str]:
    """Raw text -> why it is reported, of one column of offers."""
    assert market.quality is not None
    cells = market.quality.cells(kind)
    cells = cells[(cells["column"] == column) & (cells["table"] == "offers")]
    return dict(zip(cells["raw"], cells["reason"], strict=True))
