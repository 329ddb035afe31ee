"""What the parts of a market were made of, in hashes: a part is made again only if something that it hangs on changed.

A part hangs on its file of offers and what was derived of all offers for it; and all parts on the other tables, the
rulebook, its values, the moment and the version of this package.
"""

from __future__ import annotations

import hashlib
import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pyarrow as pa

from campaign_analytics.errors import MarketWarning
from campaign_analytics.large.kept import in_force
from campaign_analytics.large.preparing import Prepared
from campaign_analytics.large.seen import fingerprint
from campaign_analytics.large.source import Part
from campaign_analytics.market.schema import Cells, Table
from campaign_analytics.market.typed import to_arrow


@dataclass(frozen=True, eq=False)
class Ledger:
    """See the module."""

    prepared: Prepared  # what parts need of it
    of_all: str  # a hash of what all parts hang on
    print_of: Callable[[Path], str]  # a hash of what a file holds
    _prints: dict[Path, str]

    @classmethod
    def of_market(
        cls, prepared: Prepared, print_of: Callable[[Path], str] = fingerprint, besides: Sequence[str] = ()
    ) -> Ledger:
        """The hashes of a market; those of files are taken now, before any part is read. ``besides`` are those of what
        else all parts hang on."""
        ledger = cls(prepared.lean(), "", print_of, {})
        for part in prepared.source.parts:
            ledger._print(part.file)
        return replace(ledger, of_all=ledger._of_all(prepared, besides))

    def _of_all(self, prepared: Prepared, besides: Sequence[str]) -> str:
        source, book = prepared.source, prepared.book
        told = [book.hash, repr(sorted(in_force(book).items())), prepared.moment.as_of.isoformat()]
        told.append(repr(source.declared))
        told += [repr(prepared.by), version("campaign-analytics"), *sorted(prepared.unmade | prepared.partly)]
        others = [table for table in source.files if table != "offers"]
        told += [f"{table} {self._print(file)}" for table in others for file in source.files[table]]
        merchants = prepared.sides["merchants"]
        told.append(cells_print({name: cells for name, cells in merchants.cells.items() if name in book.derived}))
        told += besides
        return hashlib.blake2b("\n".join(told).encode(), digest_size=16).hexdigest()

    def of(self, part: Part) -> str:
        """A hash of what one part hangs on besides."""
        return self._print(part.file) + cells_print(self.prepared.across_of(part))

    def tell_gone(self, before: Mapping[str, Mapping[str, Any]], folder: str | Path) -> None:
        """Warn of files that an earlier run into ``folder`` had, by its parts."""
        source = self.prepared.source
        now = {part.file.stem for part in source.parts}
        gone = {name: held["rows"] for name, held in before.items() if name.rpartition("-")[0] not in now}
        if gone:
            files = ", ".join(sorted({f"{name.rpartition('-')[0]}.parquet" for name in gone}))
            warnings.warn(
                f"{source.place}: {files} was there when {folder} was last written, and is gone; its "
                f"{sum(gone.values()):,} offers are no longer counted. Put it back and run the same again if it is "
                "missing",
                MarketWarning,
                stacklevel=2,
            )

    @staticmethod
    def name(part: Part) -> str:
        """What a part is called: by its file's name and its first row."""
        return f"{part.file.stem}-{part.start:012}"

    def _print(self, file: Path) -> str:
        if file not in self._prints:
            self._prints[file] = self.print_of(file)
        return self._prints[file]


def cells_print(cells: Mapping[str, Cells]) -> str:
    """A hash of columns; "" of none."""
    if not cells:
        return ""
    held, written = to_arrow(Table("", cells, len(next(iter(cells.values()))))), pa.BufferOutputStream()
    with pa.ipc.new_stream(written, held.schema) as stream:
        stream.write_table(held)
    return hashlib.blake2b(written.getvalue(), digest_size=16).hexdigest()
