"""Tables that have typed columns already: DataFrames and parquet files."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pyarrow as pa

from campaign_analytics.errors import MarketError
from campaign_analytics.market.found import Found, Knows, Opened
from campaign_analytics.market.marks import stripped
from campaign_analytics.market.raw import Raw
from campaign_analytics.market.texts import Texts
from campaign_analytics.market.typed import HIGH, UNREAD, is_typed


def open_frame(name: str, frame: pd.DataFrame) -> Found:
    """Take a DataFrame as it is; a named index counts as columns."""
    if not isinstance(frame, pd.DataFrame):
        raise MarketError(f"{name}: expected a pandas DataFrame, not {type(frame).__name__}")
    if any(each is not None for each in frame.index.names):
        frame = frame.reset_index()
    columns = [Texts.of_series(frame.iloc[:, place]) for place in range(frame.shape[1])]
    headers = [stripped(str(header)) for header in frame.columns]
    rows = np.arange(len(frame), dtype=np.int64) + 2
    return Found(f"the DataFrame {name}", headers, columns, rows, called="")


def open_parquet(place: str, raw: Raw, knows: Knows) -> Opened:
    """Take a parquet file's columns; its names are the headers."""
    import pyarrow.parquet

    try:
        table = pyarrow.parquet.read_table(pa.BufferReader(raw.whole()))
    except (pa.ArrowException, OSError) as error:
        raise MarketError(f"{place} can't be read as parquet: {error}; write it again") from error
    rows = np.arange(table.num_rows, dtype=np.int64) + 2
    if is_typed(table.schema):
        own = [name for name in table.column_names if not name.endswith((HIGH, UNREAD))]
        return Opened([Found(place, own, [], rows, typed=table)])
    columns = [Texts.of_arrow(column) for column in table.columns]
    headers = [stripped(header) for header in table.column_names]
    return Opened([Found(place, headers, columns, rows)])
