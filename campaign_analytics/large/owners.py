"""The row of the merchant of every offer: looked up by its id once, and kept for when its part is read again."""

from __future__ import annotations

from functools import cached_property
from pathlib import Path
from tempfile import TemporaryFile, gettempdir
from threading import Lock
from typing import IO, Any
from weakref import finalize

import numpy as np
import pandas as pd

from campaign_analytics.errors import MarketError
from campaign_analytics.large.said import room
from campaign_analytics.large.source import Part
from campaign_analytics.market.schema import Array, Cells


class Owners:
    """See the module; ``ids`` are those of all merchants. Raises ``MarketError`` for one that stands in two rows."""

    def __init__(self, ids: Cells) -> None:
        self._ids = ids
        self._kept: dict[Part, int] = {}  # where in the file the rows of its merchants begin
        self._reading = Lock()  # parts are read again by threads
        if not self._index.is_unique:
            again = self._index[self._index.duplicated()][0]
            raise MarketError(f"merchants: merchant_id {again!r} stands in two rows; read the files as exports first")

    def looked_up(self, ids: Cells) -> Array:
        """(offers,) int32 the row of each id, -1 where there is none."""
        if not len(ids):
            return np.zeros(0, np.int32)
        codes, distinct = pd.factorize(ids.values)
        found = self._index.get_indexer(pd.Index(np.asarray(distinct, object))).astype(np.int32)
        return np.where(ids.gone, np.int32(-1), np.append(found, np.int32(-1))[codes])

    def keep(self, part: Part, rows: Array) -> None:
        """Keep those of a part in a temporary file. Raises ``MarketError`` where there is no room."""
        if part not in self._kept:
            with room(Path(gettempdir())):
                self._kept[part] = self._file.tell()
                self._file.write(rows.astype(np.int32, copy=False).data)
                self._file.flush()

    def kept(self, part: Part) -> Array | None:
        """(offers,) int32 those of a part; None where they were not kept."""
        if part not in self._kept:
            return None
        with self._reading:
            self._file.seek(self._kept[part])
            return np.frombuffer(self._file.read(part.rows * np.dtype(np.int32).itemsize), np.int32)

    def let_go(self) -> None:
        """Of nothing that was not kept will be asked soon."""
        self.__dict__.pop("_index", None)

    @cached_property
    def _index(self) -> pd.Index[Any]:
        held: pd.Index[Any] = pd.Index(np.asarray(self._ids.values, object))
        return held

    @cached_property
    def _file(self) -> IO[bytes]:
        file = TemporaryFile()  # noqa: SIM115  (closed when nobody is to read it any more)
        finalize(self, file.close)
        return file
