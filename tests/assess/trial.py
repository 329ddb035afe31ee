"""A small invented rulebook with every kind of gap, and small markets of typed values to score with it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd

from campaign_analytics.assess import Assessment, assess
from campaign_analytics.market.schema import KEYS, Cells, Market, Table
from campaign_analytics.rulebook.book import Level, Rulebook
from campaign_analytics.rulebook.load import load_rulebook
from campaign_analytics.rulebook.quantities import kind_of
from tests.engines.subjects import cells_of

NOON = datetime(2031, 5, 1, 12, tzinfo=ZoneInfo("Asia/Shanghai"))

TRIAL = Path(__file__).with_name("trial.toml").read_text("utf-8")


def trial(folder: Path, changes: Mapping[str, str] | None = None) -> Rulebook:
    """The trial rulebook, with some of its text replaced."""
    text = TRIAL
    for old, new in (changes or {}).items():
        assert old in text
        text = text.replace(old, new)
    path = folder / "trial.toml"
    path.write_text(text, "utf-8")
    return load_rulebook(path)


def assessed(
    book: Rulebook, offers: Sequence[Mapping[str, Any]], merchants: Sequence[Mapping[str, Any]] = ({},)
) -> Assessment:
    """Assess rows of typed values. Ids are o0, o1 ... and m0, m1 ... where none are given; offers belong to m0."""
    tables = {
        "offers": [{"offer_id": f"o{i}", "merchant_id": "m0"} | dict(row) for i, row in enumerate(offers)],
        "merchants": [{"merchant_id": f"m{i}"} | dict(row) for i, row in enumerate(merchants)],
    }
    return assess(Market({name: _table(book, name, rows) for name, rows in tables.items()}), book, NOON)


def one(book: Rulebook, level: Level = "offers", **values: Any) -> dict[str, Any]:
    """The scores of one offer, or of its merchant, whose values are ``GOOD`` but for ``values``."""
    own = {name: value for name, value in values.items() if book.table_of(name) == "offers"}
    shop = {name: value for name, value in values.items() if name not in own}
    return first(assessed(book, [GOOD | own], [GOOD_SHOP | shop]).scores(level))


def first(frame: pd.DataFrame) -> dict[str, Any]:
    """The first row of a frame."""
    return {str(name): value for name, value in frame.iloc[0].items()}


def _table(book: Rulebook, name: str, rows: Sequence[Mapping[str, Any]]) -> Table:
    cells = {}
    for column in dict.fromkeys([*KEYS[name], *(column for row in rows for column in row)]):
        values = [row.get(column) for row in rows]
        if column in ("offer_id", "merchant_id"):
            gone = np.array([value is None for value in values])
            cells[column] = Cells.make("text", pd.array(values, dtype="str"), gone)
        else:
            cells[column] = cells_of(kind_of(book.quantity(column), book.lists, book.header.currency), values)
    return Table(name, cells, len(rows))


#: Values that pass every rule of the trial.
GOOD: dict[str, Any] = {
    "aisle": "toys", "stars": 5, "store": 512, "price": 50, "tag": 100, "grade": "top", "famous": False, "late": 0,
    "back": 0, "sold": 100,
}  # fmt: skip
GOOD_SHOP: dict[str, Any] = {"bond": 9000, "insured": True, "banned": False}
