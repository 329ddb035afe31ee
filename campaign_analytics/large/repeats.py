"""Whether some offers stand in more than one row of a market in parts, where each row is counted.

A hash of every id waits in a temporary file, 8 bytes an offer, where those that may be equal lie together. At the end
they are compared by so many at a time as stay in a processor's cache, which takes half the work of sorting them.
Hashes are made here: pandas makes those of texts one by one, and DuckDB is an extra.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from functools import cached_property
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryFile, gettempdir
from typing import IO, Any
from weakref import finalize

import numpy as np
import pandas as pd
import pyarrow as pa

from campaign_analytics.errors import MarketWarning
from campaign_analytics.large.said import room
from campaign_analytics.large.source import Part, Source
from campaign_analytics.market.schema import Array, Cells

#: So many hashes are compared at once, unless they would be in more groups; both as powers of two.
_AT_ONCE, _GROUPS = 18, 12
_ONE, _SOME = (
    "row is of an offer that has a row already, and was",
    "rows are of offers that have a row already, and were",
)
_HASH = np.dtype(np.uint64)
_ODD, _OTHER, _HALF = np.uint64(0x9E3779B97F4A7C15), np.uint64(0xBF58476D1CE4E5B9), np.uint64(32)


class Repeats:
    """See the module; of all offers of ``source``, part by part."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self._bits = min(_GROUPS, max(1, source.rows.bit_length() - _AT_ONCE))
        self._kept: list[tuple[Part, int, Array]] = []  # where the hashes of a part begin, and where those alike end

    def add(self, part: Part, ids: Cells) -> None:
        """Keep the hashes of a part's ids. Raises ``MarketError`` where there is no room."""
        held = hashes(ids)
        alike = (held >> np.uint64(64 - self._bits)).astype(np.uint16)
        ends = np.cumsum(np.bincount(alike, minlength=1 << self._bits))
        with room(Path(gettempdir())):
            self._kept.append((part, self._file.tell(), ends))
            self._file.write(held[np.argsort(alike, kind="stable")].data)

    def read(self, part: Part) -> None:
        """Keep those of a part that nobody else reads."""
        self.add(part, self._source.offers(part, ["offer_id"]).cells["offer_id"])

    def tell(self) -> None:
        """Warn of rows of offers that another row is of, too: how many, and where one of them is."""
        rows, example = 0, ""
        for held, of in self._alike():
            again = np.flatnonzero(pd.Index(held).duplicated())
            rows += len(again)
            if len(again) and not example:
                example = self._example(held[again[0]], of[held == held[again[0]]])
        if example:
            warnings.warn(
                f"{self._source.place}: {rows:,} {_ONE if rows == 1 else _SOME} counted as well: {example}. Leave one "
                "row of each, or read the market whole or from its exports, where they are brought together",
                MarketWarning,
                stacklevel=2,
            )

    def _alike(self) -> Iterator[tuple[Array, Array]]:
        """The hashes that may be equal to each other, and the part of each."""
        for number in range(1 << self._bits):
            held = list[Array]()
            for _, at, ends in self._kept:
                start, end = (int(ends[number - 1]) if number else 0), int(ends[number])
                self._file.seek(at + start * _HASH.itemsize)
                held.append(np.frombuffer(self._file.read((end - start) * _HASH.itemsize), _HASH))
            if held:
                yield np.concatenate(held), np.repeat(np.arange(len(held)), [len(some) for some in held])

    def _example(self, hash: Any, of: Array) -> str:
        """An offer and two of its rows, in the parts ``of``; "" where they are two offers of one hash."""
        found = list[tuple[str, str]]()
        among = {self._kept[number][0] for number in of.tolist()}
        for part in (part for part in self._source.parts if part in among):
            ids = self._source.offers(part, ["offer_id"]).cells["offer_id"]
            rows = np.flatnonzero(hashes(ids) == hash).tolist()
            found += [(str(ids.values[row]), f"{part.file.name} row {part.start + row + 1:,}") for row in rows]
        (one, first), (other, second), *_ = found
        return f"{one!r} stands in {first} and in {second}" if one == other else ""

    @cached_property
    def _file(self) -> IO[bytes]:
        file = TemporaryFile()  # noqa: SIM115  (closed when nobody is to read it any more)
        finalize(self, file.close)
        return file


def tell_repeats(source: Source) -> None:
    """Warn of them in one go, where nobody else reads all ids."""
    repeats = Repeats(source)
    for part in source.parts:
        repeats.read(part)
    repeats.tell()


def hashes(ids: Cells) -> Array:
    """(n,) uint64 of texts, the same for equal ones."""
    held = pa.array(ids.values, pa.large_string())
    sizes = np.diff(_offsets(held))
    order = None
    if len(sizes) and (sizes != sizes[0]).any():  # those of one size together
        order = np.argsort(sizes, kind="stable")
        held, sizes = held.take(pa.array(order)), sizes[order]
    offsets, bytes_ = _offsets(held), np.frombuffer(held.buffers()[2] or b"", np.uint8)
    found = (sizes.astype(_HASH) + np.uint64(1)) * _ODD
    for start, end in pairwise([0, *(np.flatnonzero(np.diff(sizes)) + 1).tolist(), len(sizes)]):
        size = int(sizes[start]) if end else 0
        words = np.zeros((end - start, -(-size // _HASH.itemsize) * _HASH.itemsize), np.uint8)
        words[:, :size] = bytes_[offsets[start] : offsets[end]].reshape(end - start, size)
        some = found[start:end]
        for word in words.view(_HASH).T:
            some ^= word
            some *= _ODD
            some ^= some >> _HALF
    found *= _OTHER
    found ^= found >> _HALF
    if order is None:
        return found
    told = np.empty_like(found)
    told[order] = found
    return told


def _offsets(held: pa.Array) -> Array:
    """(n + 1,) where each text begins among the bytes, and the last one ends."""
    return np.frombuffer(held.buffers()[1], np.int64)[held.offset : held.offset + len(held) + 1]
