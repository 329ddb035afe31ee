"""The arrays of an index, filled part by part. What an earlier run finished is kept, where it hangs on nothing that
has changed (``ledger``) and is what was written, by its hash."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np

from campaign_analytics.assess.assessment import Assessment
from campaign_analytics.large.condensing import GONE, group_cells, places_of
from campaign_analytics.large.kept import LEVELS, told_codes
from campaign_analytics.large.ledger import Ledger
from campaign_analytics.large.preparing import Prepared
from campaign_analytics.large.prints import hashed
from campaign_analytics.large.said import whole
from campaign_analytics.large.source import Part
from campaign_analytics.market.behind import Files
from campaign_analytics.market.schema import Array
from campaign_analytics.market.typed import HIGH
from campaign_analytics.rulebook.book import Level
from campaign_analytics.simulate.at_rest import AtRest, Codes, Resting

MANIFEST = "index.json"
#: The column of the row of each offer's merchant.
MERCHANT_ROW = "merchant_row"
_ENDED = "parts"  # in the manifest: what was finished, by part


class Filling:
    """See the module. From when it is made until it is closed the folder holds no whole index."""

    rows: int  # offers, once they are known

    def __init__(self, folder: Path, by: Sequence[str]) -> None:
        self.folder, self.by, self.done = folder, tuple(by), 0
        self.names: dict[str, dict[str, int]] = {column: {} for column in by}
        self.arrays: dict[tuple[Level, str], Array] = {}
        self.first: Assessment | None = None
        self.codes: Mapping[Level, Codes] = {}
        self.ledger: Ledger | None = None
        self.waiting: list[tuple[Part, int]] = []  # the parts that are to come, and where each begins
        self.ended: dict[str, dict[str, Any]] = {}
        self.earlier = _earlier(folder / MANIFEST)
        self._keep(self.earlier)

    def go_on(self, prepared: Prepared, nobody: Assessment) -> set[Part]:
        """Take what an earlier run finished; gives these parts, which are not to be added again."""
        self.ledger, self.first, parts = Ledger(prepared), nobody, prepared.source.parts
        self.codes = Resting(nobody).codes(nobody.rules)
        self.rows = prepared.source.rows
        starts = np.cumsum([0, *(part.rows for part in parts)]).tolist()
        placed = dict(zip(parts, starts, strict=False))
        with suppress(KeyError, TypeError, AttributeError):
            self.ledger.tell_gone(self.earlier[_ENDED], self.folder)
        if self.earlier.get("of") == self.ledger.of_all and self.earlier.get("offers") == self.rows:
            with suppress(KeyError, TypeError, AttributeError):  # a manifest that is none: all is made again
                self._take(placed)
        self.waiting = [(part, start) for part, start in placed.items() if Ledger.name(part) not in self.ended]
        self._put("merchants", self.codes["merchants"], 0, nobody.market.merchants.rows)
        self._keep(self._told())
        return {part for part in parts if Ledger.name(part) in self.ended}

    def add(self, part: Assessment) -> None:
        """The next part that is to come."""
        codes = part.codes if isinstance(part, AtRest) else Resting(part).codes(part.rules)
        rows = part.market.offers.rows
        if self.first is None:
            self.first, self.codes = part, codes
            self._put("merchants", codes["merchants"], 0, part.market.merchants.rows)
        of, start = self.waiting.pop(0) if self.waiting else (None, self.done)
        stop = start + rows
        self._put("offers", codes["offers"], start, stop)
        self._array("offers", MERCHANT_ROW, np.int32)[start:stop] = part.market.merchant_row
        for column in self.by:
            cells = group_cells(part, column)
            place = places_of(column, cells, self.names[column])
            self._array("offers", column, np.int16)[start:stop] = np.where(cells.gone, -1, place[cells.values])
        self.done = stop
        if self.ledger and of:
            prints = {
                name: _print_of(array[start:stop]) for (level, name), array in self.arrays.items() if level == "offers"
            }
            self.ended[Ledger.name(of)] = {"of": self.ledger.of(of), "at": start, "rows": rows, "hashes": prints}
            self._keep(self._told())

    def close(self, files: Files) -> None:
        """Say that it is whole; arrays of an older index go."""
        assert self.first is not None
        first = self.first
        for level in LEVELS:
            for file in (self.folder / level).iterdir():
                if (level, file.stem) not in self.arrays:
                    file.unlink()
        for array in self.arrays.values():
            array.flush()  # type: ignore[attr-defined]  # of a memory map
        self._keep(
            self._told()
            | {
                "rulebook": {"id": first.book.id, "version": first.book.version, "hash": first.book.hash},
                "as_of": first.as_of.isoformat(),
                "rows": {"offers": self.rows, "merchants": first.market.merchants.rows},
                "by": {column: list(names) for column, names in self.names.items()},
                "not_computed": first.not_computed,
                "unmade": sorted(first.unmade),
                "place": files.place,
                "files": hashed(files).prints,
                "codes": {level: told_codes(codes) for level, codes in self.codes.items()},
            }
        )

    # ---- going on

    def _take(self, placed: Mapping[Part, int]) -> None:
        """Open the arrays of the earlier run, and see which of its parts are as they were left."""
        assert self.ledger is not None
        for file in (self.folder / "offers").glob("*.npy"):
            try:
                held = np.load(file, mmap_mode="r+")
            except (OSError, ValueError):
                continue  # what hangs on it is made again
            if held.shape == (self.rows,):
                self.arrays["offers", file.stem] = held
        self.names = {column: {name: i for i, name in enumerate(self.earlier["names"][column])} for column in self.by}
        for part, start in placed.items():
            held = self.earlier[_ENDED].get(Ledger.name(part))
            asked = {"of": self.ledger.of(part), "at": start, "rows": part.rows}
            if held and held.items() >= asked.items() and self._as_left(held["hashes"], start, start + part.rows):
                self.ended[Ledger.name(part)] = held

    def _as_left(self, prints: Mapping[str, str], start: int, stop: int) -> bool:
        """Whether the arrays hold what they held. Of ranges that came with a later part, high ends are the low ones."""
        here = {name: array for (level, name), array in self.arrays.items() if level == "offers"}
        return prints.keys() <= here.keys() and all(
            _print_of(array[start:stop]) == prints.get(name, prints.get(name.removesuffix(HIGH)))
            for name, array in here.items()
        )

    def _told(self) -> dict[str, Any]:
        return {
            "of": self.ledger.of_all if self.ledger else "",
            "offers": self.rows,
            "names": {column: list(names) for column, names in self.names.items()},
            _ENDED: self.ended,
        }

    def _keep(self, told: Mapping[str, Any]) -> None:
        with whole(self.folder / MANIFEST) as beside:
            beside.write_text(json.dumps(told, ensure_ascii=False, indent=1), "utf-8")

    # ---- arrays

    def _put(self, level: Level, codes: Codes, start: int, stop: int) -> None:
        for name, cells in codes.cells.items():
            low = np.where(cells.gone, GONE, cells.values) if cells.type == "flag" else cells.values
            held = self._array(level, name, np.uint8)
            held[start:stop] = low
            if cells.high is not None and (level, name + HIGH) not in self.arrays:
                self._array(level, name + HIGH, np.uint8)[:] = held
            if (level, name + HIGH) in self.arrays:
                self._array(level, name + HIGH, np.uint8)[start:stop] = low if cells.high is None else cells.high

    def _array(self, level: Level, name: str, dtype: Any) -> Array:
        if (level, name) not in self.arrays:
            assert self.first is not None
            rows = self.rows if level == "offers" else self.first.market.merchants.rows
            path = self.folder / level / f"{name}.npy"
            self.arrays[level, name] = np.lib.format.open_memmap(path, "w+", dtype, (rows,))
            _reserve(path)
        return self.arrays[level, name]


def _earlier(manifest: Path) -> dict[str, Any]:
    """What an earlier run left to go on with; nothing where there was none, or it cannot be told."""
    try:
        told = json.loads(manifest.read_text("utf-8"))
        return {name: told[name] for name in ("of", "offers", "names", _ENDED)}
    except (OSError, ValueError, KeyError, TypeError):
        return {}


def _print_of(array: Array) -> str:
    return hashlib.blake2b(np.ascontiguousarray(array).data, digest_size=16).hexdigest()


def _reserve(path: Path) -> None:
    """Take the room of a file now: a map of it that runs out of room ends the process without a word."""
    if hasattr(os, "posix_fallocate"):
        with path.open("r+b") as opened:
            os.posix_fallocate(opened.fileno(), 0, path.stat().st_size)
