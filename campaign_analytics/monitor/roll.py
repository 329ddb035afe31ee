"""Who was ever seen: subjects numbered as they appear, and arrays that grow with them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa

from campaign_analytics.derive.texts import numbered
from campaign_analytics.market.schema import Array, Cells


class Roll:
    """The ids of all subjects of one level, in the order in which they first appeared."""

    def __init__(self) -> None:
        self._ids = pa.array([], pa.large_string())
        self._asked = self._ids
        self._rows: Array = np.zeros(0, np.int64)
        self._texts: Array = np.zeros(0, object)

    def __len__(self) -> int:
        return len(self._ids)

    @property
    def ids(self) -> Array:
        """(subjects,) texts, as an array of objects."""
        if len(self._texts) < len(self._ids):
            self._texts = self._ids.to_numpy(zero_copy_only=False)
        return self._texts

    def rows(self, keys: Cells, add: bool = True) -> Array:
        """(n,) int64 the number of each key; new ones are added, or -1 without ``add``."""
        asked = texts(keys)
        if add and asked.equals(self._asked):  # most days have the same rows
            return self._rows
        ids, rows = numbered(asked, self._ids)
        if not add:
            return np.where(rows < len(self._ids), rows, -1)
        self._ids, self._asked, self._rows = ids, asked, rows
        return rows


class Grown:
    """Arrays by name with one entry a subject, the last axis; who is new has the ``fills``."""

    def __init__(self, **fills: Array) -> None:
        self._fills = fills
        self._size = self._room = 0
        self._held = {name: np.empty((*fill.shape, 0), fill.dtype) for name, fill in fills.items()}

    def grow(self, size: int) -> None:
        """Make room for ``size`` subjects, and for some more, so that a few new ones a day are cheap."""
        if size > self._room:
            self._room = size + size // 8
            for name, held in self._held.items():
                roomy = np.empty((*held.shape[:-1], self._room), held.dtype)
                roomy[..., : self._size] = held[..., : self._size]
                roomy[..., self._size :] = self._fills[name][..., None]
                self._held[name] = roomy
        self._size = size

    def __getitem__(self, name: str) -> Array:
        """(..., subjects)"""
        return self._held[name][..., : self._size]


def texts(keys: Cells) -> Any:
    """Ids as one array of texts."""
    held = pa.array(keys.values, from_pandas=True)
    held = held.combine_chunks() if isinstance(held, pa.ChunkedArray) else held
    return held.cast(pa.large_string())
