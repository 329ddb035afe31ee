"""Offers brought together by merchant, so that what is made of them is held for some merchants at a time."""

from __future__ import annotations

import pickle
from collections.abc import Iterator, Mapping
from pathlib import Path
from tempfile import TemporaryFile, gettempdir
from weakref import finalize

import numpy as np

from campaign_analytics.large.said import room
from campaign_analytics.market.schema import Array, Cells, joined

#: So many offers are looked at together, unless those of few merchants are more.
OFFERS = 1 << 22


class ByMerchant:
    """Some columns of all offers, in a temporary file for each ``every``-th merchant."""

    def __init__(self, offers: int) -> None:
        self.every = max(1, -(-offers // OFFERS))
        with room(Path(gettempdir())):
            self._files = [TemporaryFile() for _ in range(self.every)]  # noqa: SIM115  (closed once they have been read)
        for file in self._files:
            finalize(self, file.close)  # or when nobody is to read them any more

    def add(self, merchant_row: Array, cells: Mapping[str, Cells]) -> None:
        """Keep some offers; those of no merchant are left out."""
        of = np.where(merchant_row < 0, self.every, merchant_row % self.every)
        order = np.argsort(of, kind="stable")
        ends = np.cumsum(np.bincount(of, minlength=self.every))[: self.every].tolist()
        for file, start, end in zip(self._files, [0, *ends], ends, strict=False):
            rows = order[start:end]
            held = merchant_row[rows], {name: column.take(rows) for name, column in cells.items()}
            with room(Path(gettempdir())):
                pickle.dump(held, file, pickle.HIGHEST_PROTOCOL)

    def each(self) -> Iterator[tuple[int, Array, dict[str, Cells]]]:
        """The number of a file, the row of each of its offers' merchants, and the columns."""
        for number, file in enumerate(self._files):
            with file:
                end = file.tell()
                file.seek(0)
                held = list[tuple[Array, dict[str, Cells]]]()
                while file.tell() < end:
                    held.append(pickle.load(file))  # what ``add`` wrote
            rows = np.concatenate([rows for rows, _ in held])
            there = [name for name in held[0][1] if all(name in cells for _, cells in held)]
            yield number, rows, {name: joined([cells[name] for _, cells in held]) for name in there}
