"""Columns of texts as Arrow holds them, and the number of each text among those that are known."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from campaign_analytics.derive.making import gone
from campaign_analytics.market.schema import Array, Cells


def texts_of(cells: Cells) -> pa.Array:
    """A column of texts, null where a cell is missing or empty."""
    held = np.asarray(cells.names, object)[cells.values] if cells.names else cells.values
    texts = pa.array(held, pa.large_string(), from_pandas=True)
    if isinstance(texts, pa.ChunkedArray):
        texts = texts.combine_chunks()
    empty = pc.equal(texts, "")
    if cells.missing is not None:
        empty = pc.or_(empty, pa.array(gone(cells)))
    return pc.if_else(empty.fill_null(True), None, texts) if pc.any(empty).as_py() else texts


def numbered(texts: pa.Array, known: pa.Array) -> tuple[pa.Array, Array]:
    """The texts ``known``, each once, and those that are new, and (n,) int64 the place of each of ``texts`` among them;
    -1 for a null."""
    places = _places(texts, known)
    strange = places < 0
    strangers = texts.filter(pa.array(strange))
    new = strangers.unique().drop_null()
    found = _places(strangers, new)
    places[strange] = np.where(found < 0, -1, len(known) + found)
    return pa.concat_arrays([known, new]), places


def _places(texts: pa.Array, among: pa.Array) -> Array:
    return np.array(pc.index_in(texts, among, skip_nulls=True).fill_null(-1), np.int64)
