"""One column of an index: a ``.npy`` file of which some rows are read and written at a time.

Pages of a file that is mapped count as memory for as long as it is; so a whole column is mapped only where all of it is
asked for.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from campaign_analytics.market.schema import Array


class Column:
    """See the module. Raises ``OSError`` or ``ValueError`` for a file that is none."""

    def __init__(self, path: Path) -> None:
        try:
            held = np.load(path, mmap_mode="r")
        except EOFError as error:  # of a file that is empty
            raise ValueError(str(error)) from error
        self.path, self.dtype, self.rows, self._begin = path, held.dtype, len(held), held.offset

    @classmethod
    def make(cls, path: Path, dtype: Any, rows: int) -> Column:
        """A new file of zeros."""
        np.lib.format.open_memmap(path, "w+", dtype, (rows,))
        return cls(path)

    def mapped(self) -> Array:
        """(rows,) all of it."""
        whole: Array = np.load(self.path, mmap_mode="r")
        return whole

    def read(self, start: int, stop: int) -> Array:
        """(stop - start,) some rows."""
        return np.fromfile(self.path, self.dtype, stop - start, offset=self._begin + start * self.dtype.itemsize)

    def put(self, start: int, values: Array) -> None:
        """Write rows from ``start`` on. Raises ``OSError`` where there is no room."""
        with self.path.open("r+b") as opened:
            opened.seek(self._begin + start * self.dtype.itemsize)
            opened.write(np.ascontiguousarray(values, self.dtype).data)
