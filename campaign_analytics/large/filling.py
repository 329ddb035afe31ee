"""The columns of an index, filled part by part. What an earlier run finished is kept, where it hangs on nothing that
has changed (``ledger``) and is what was written, by its hash."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np

from campaign_analytics.assess.assessment import Assessment
from campaign_analytics.large.column import Column
from campaign_analytics.large.condensing import GONE, group_cells, places_of
from campaign_analytics.large.kept import LEVELS, told_codes
from campaign_analytics.large.ledger import Ledger
from campaign_analytics.large.preparing import Prepared
from campaign_analytics.large.prints import hashed
from campaign_analytics.large.said import whole
from campaign_analytics.large.seen import alone, seen
from campaign_analytics.large.source import Part
from campaign_analytics.market.behind import Files, Print
from campaign_analytics.market.schema import Array
from campaign_analytics.market.typed import HIGH
from campaign_analytics.rulebook.book import Level
from campaign_analytics.simulate.along import every_code
from campaign_analytics.simulate.at_rest import AtRest, Codes
from campaign_analytics.simulate.coded import CodedMarket

MANIFEST = "index.json"
#: The column of the row of each offer's merchant.
MERCHANT_ROW = "merchant_row"
_COPIED = 1 << 22  # rows that are copied at once
_ENDED = "parts"  # in the manifest: what was finished, by part


class Filling:
    """See the module. From when it is made until it is closed the folder holds no whole index."""

    rows: int  # offers, once they are known

    def __init__(self, folder: Path, by: Sequence[str]) -> None:
        self.folder, self.by, self.done = folder, tuple(by), 0
        self.names: dict[str, dict[str, int]] = {column: {} for column in by}
        self.columns: dict[tuple[Level, str], Column] = {}
        self.first: Assessment | None = None  # of no row
        self.merchants = 0  # how many
        self.codes: Mapping[Level, Codes] = {}  # of no row
        self.ledger: Ledger | None = None
        self.waiting: list[tuple[Part, int]] = []  # the parts that are to come, and where each begins
        self.ended: dict[str, dict[str, Any]] = {}
        self.left: Print | None = None  # what the manifest was like when it was last written
        self.earlier = _earlier(folder / MANIFEST)
        self._keep(self.earlier)

    def go_on(self, prepared: Prepared, nobody: Assessment) -> set[Part]:
        """Take what an earlier run finished; gives these parts, which are not to be added again."""
        codes, parts = every_code(CodedMarket(nobody), nobody.rules), prepared.source.parts
        self.ledger = Ledger.of_market(prepared, besides=[layout(codes)])
        self.rows = prepared.source.rows
        starts = np.cumsum([0, *(part.rows for part in parts)]).tolist()
        placed = dict(zip(parts, starts, strict=False))
        with suppress(KeyError, TypeError, AttributeError):
            self.ledger.tell_gone(self.earlier[_ENDED], self.folder)
        if self.earlier.get("of") == self.ledger.of_all and self.earlier.get("offers") == self.rows:
            with suppress(KeyError, TypeError, AttributeError):  # a manifest that is none: all is made again
                self._take(placed)
        self.waiting = [(part, start) for part, start in placed.items() if Ledger.name(part) not in self.ended]
        self._begin(nobody, codes)
        self._keep(self._told())
        return {part for part in parts if Ledger.name(part) in self.ended}

    def add(self, part: Assessment) -> None:
        """The next part that is to come."""
        rows = part.market.offers.rows
        if isinstance(part, AtRest):
            codes = part.codes
        else:
            rules = [rule for rule in part.rules if self.first is None or part.book.level(rule) == "offers"]
            codes = every_code(CodedMarket(part), rules)
        if self.first is None:
            self._begin(part, codes)
        if not rows:
            return
        alone(self.folder / MANIFEST, self.left)
        of, start = self.waiting.pop(0) if self.waiting else (None, self.done)
        stop = start + rows
        self._put("offers", codes["offers"], start)
        self._column("offers", MERCHANT_ROW, type_of(MERCHANT_ROW, self.by)).put(start, part.market.merchant_row)
        for column in self.by:
            cells = group_cells(part, column)
            place = places_of(column, cells, self.names[column])
            self._column("offers", column, type_of(column, self.by)).put(
                start, np.where(cells.gone, -1, place[cells.values])
            )
        self.done = stop
        if self.ledger and of:
            prints = {
                name: _print_of(column.read(start, stop))
                for (level, name), column in self.columns.items()
                if level == "offers"
            }
            self.ended[Ledger.name(of)] = {"of": self.ledger.of(of), "at": start, "rows": rows, "hashes": prints}
            self._keep(self._told())

    def _begin(self, first: Assessment, codes: Mapping[Level, Codes]) -> None:
        """Take the merchants from the first part, and see what there is to be kept of offers."""
        nobody = np.zeros(0, np.int64)
        self.first = first.bare
        self.codes = {level: held.map(lambda cells: cells.take(nobody)) for level, held in codes.items()}
        self.merchants = first.market.merchants.rows
        self._put("merchants", codes["merchants"], 0)
        for name in codes["offers"].cells:  # which are there also where there is no offer
            self._column("offers", name, np.uint8)
        for column in (MERCHANT_ROW, *self.by):
            self._column("offers", column, type_of(column, self.by))
        for column in self.by:
            places_of(column, group_cells(first, column), self.names[column])

    def close(self, files: Files) -> None:
        """Say that it is whole; columns of an older index go."""
        assert self.first is not None
        first = self.first
        for level in LEVELS:
            for file in (self.folder / level).iterdir():
                if (level, file.stem) not in self.columns:
                    file.unlink()
        self._keep(
            self._told()
            | {
                "rulebook": {"id": first.book.id, "version": first.book.version, "hash": first.book.hash},
                "as_of": first.as_of.isoformat(),
                "rows": {"offers": self.rows, "merchants": self.merchants},
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
        """Open the columns of the earlier run, and see which of its parts are as they were left."""
        assert self.ledger is not None
        for file in (self.folder / "offers").glob("*.npy"):
            try:
                held = Column(file)
            except (OSError, ValueError):
                continue  # what hangs on it is made again
            if (held.rows, held.dtype) == (self.rows, type_of(file.stem, self.by)):
                self.columns["offers", file.stem] = held
        self.names = {column: {name: i for i, name in enumerate(self.earlier["names"][column])} for column in self.by}
        for part, start in placed.items():
            held = self.earlier[_ENDED].get(Ledger.name(part))
            asked = {"of": self.ledger.of(part), "at": start, "rows": part.rows}
            if held and held.items() >= asked.items() and self._as_left(held["hashes"], start, start + part.rows):
                self.ended[Ledger.name(part)] = held

    def _as_left(self, prints: Mapping[str, str], start: int, stop: int) -> bool:
        """Whether columns hold what they held. Of ranges that came with a later part, high ends are the low ones."""
        here = {name: column for (level, name), column in self.columns.items() if level == "offers"}
        return prints.keys() <= here.keys() and all(
            _print_of(column.read(start, stop)) == prints.get(name, prints.get(name.removesuffix(HIGH)))
            for name, column in here.items()
        )

    def _told(self) -> dict[str, Any]:
        return {
            "of": self.ledger.of_all if self.ledger else "",
            "offers": self.rows,
            "names": {column: list(names) for column, names in self.names.items()},
            _ENDED: self.ended,
        }

    def _keep(self, told: Mapping[str, Any]) -> None:
        alone(self.folder / MANIFEST, self.left)
        with whole(self.folder / MANIFEST) as beside:
            beside.write_text(json.dumps(told, ensure_ascii=False, indent=1), "utf-8")
        self.left = seen(self.folder / MANIFEST)

    # ---- columns

    def _put(self, level: Level, codes: Codes, start: int) -> None:
        for name, cells in codes.cells.items():
            low = np.where(cells.gone, GONE, cells.values) if cells.type == "flag" else cells.values
            self._column(level, name, np.uint8).put(start, low)
            if cells.high is not None and (level, name + HIGH) not in self.columns:
                before = self._column(level, name, np.uint8)
                high = self._column(level, name + HIGH, np.uint8)
                for at in range(0, before.rows, _COPIED):
                    high.put(at, before.read(at, min(at + _COPIED, before.rows)))
            if (level, name + HIGH) in self.columns:
                self._column(level, name + HIGH, np.uint8).put(start, low if cells.high is None else cells.high)

    def _column(self, level: Level, name: str, dtype: Any) -> Column:
        if (level, name) not in self.columns:
            rows = self.rows if level == "offers" else self.merchants
            self.columns[level, name] = Column.make(self.folder / level / f"{name}.npy", dtype, rows)
        return self.columns[level, name]


def type_of(column: str, by: Collection[str]) -> type[np.integer[Any]]:
    """What a column holds: a code, unless it tells an offer's merchant or a group that is counted by."""
    return np.int32 if column == MERCHANT_ROW else np.int16 if column in by else np.uint8


def layout(codes: Mapping[Level, Codes]) -> str:
    """What the columns of codes stand for, as a text."""
    return json.dumps({level: told_codes(codes[level]) for level in LEVELS})


def _earlier(manifest: Path) -> dict[str, Any]:
    """What an earlier run left to go on with; nothing where there was none, or it cannot be told."""
    try:
        told = json.loads(manifest.read_text("utf-8"))
        return {name: told[name] for name in ("of", "offers", "names", _ENDED)}
    except (OSError, ValueError, KeyError, TypeError):
        return {}


def _print_of(array: Array) -> str:
    return hashlib.blake2b(np.ascontiguousarray(array).data, digest_size=16).hexdigest()
