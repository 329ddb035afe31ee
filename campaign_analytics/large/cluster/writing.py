"""Where Spark writes the outcomes of every offer: into a folder, to an address, or as tables of a catalog.

A folder, or what lies at an address, has ``offers`` in it, and there ``file=NAME`` for each file of offers: a part, as
the parts of ``results.Results`` are. Some files are made at a time, so that what was finished stays when a run is
stopped. Beside the columns of ``Results`` are those that counts are made of. At an address the manifest is a table
``manifest``, of one row when all is complete. In a catalog that is beside ``outcomes``, which are always made again:
its tables do not tell whether they are what they were.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

import pyarrow as pa

from campaign_analytics.large.cluster import prints
from campaign_analytics.large.cluster.frames import Frames
from campaign_analytics.large.ledger import Ledger
from campaign_analytics.large.manifest import Manifest
from campaign_analytics.large.source import Part

if TYPE_CHECKING:
    from campaign_analytics.engines.spark import Frame, Session

#: The column of the name of an offer's file.
BY_FILE = "file"
#: Files are made together that hold this share of what there is to be made, and at least so many offers: that is what
#: a run that is stopped may lose.
LOST, LEAST = 1 / 8, 1 << 23
_MANIFEST = "manifest"
_FOLDER = "file:"  # before the path of a folder, whatever Spark takes a path for


@dataclass(frozen=True)
class Written:
    """A place that takes outcomes, and says whether they are complete."""

    session: Session
    place: str  # as Spark knows it
    source: Frames
    bits: Mapping[str, int]
    manifest: Manifest

    @classmethod
    def open(
        cls, session: Session, out: str | Path, source: Frames, bits: Mapping[str, int], ledger: Ledger
    ) -> Written:
        """Begin or go on. Raises ``CampaignError`` where something else is there."""
        from campaign_analytics.engines import spark

        remote = spark.is_remote(str(out))
        manifest = _Tables(out, ledger, session=session, bits=bits) if remote else Manifest(out, ledger)
        manifest.go_on()
        place = str(out) if remote else f"{_FOLDER}{Path(out).resolve()}"
        written = cls(session, place, source, bits, manifest)
        if not written.in_catalog:
            written._remove_others()
        return written

    @property
    def in_catalog(self) -> bool:
        """Whether outcomes are a table of a catalog."""
        from campaign_analytics.engines import spark

        return self.place.startswith(spark.CATALOG)

    @property
    def table(self) -> str:
        """The outcomes."""
        return _outcomes(self.place)

    @cached_property
    def kept(self) -> frozenset[Part]:
        """The parts of which outcomes are there already, as they were written."""
        if self.in_catalog:
            return frozenset()
        known = {part: written for part in self.source.parts if (written := self.manifest.written(part))}
        there = self._prints(known)
        return frozenset(part for part, written in known.items() if there[part] == written)

    def batches(self) -> list[list[Part]]:
        """The parts that are to be made, those together that are made at once."""
        if self.in_catalog:
            return [[*self.source.parts]]
        parts = [part for part in self.source.parts if part not in self.kept]
        least, batches, rows = max(LEAST, LOST * sum(part.rows for part in parts)), list[list[Part]](), 0
        for part in parts:
            if not batches or rows >= least:
                batches.append([])
                rows = 0
            batches[-1].append(part)
            rows += part.rows
        return batches

    def fill(self, make: Callable[[Sequence[Frames]], Iterator[Frame]]) -> None:
        """Write what ``make`` makes of the offers of each of some sources, for all parts that are not kept."""
        batches = self.batches()
        for parts, outcomes in zip(batches, make([self.source.of(parts) for parts in batches]), strict=True):
            self._put(outcomes, parts)

    def _put(self, outcomes: Frame, parts: Sequence[Part]) -> None:
        from campaign_analytics.engines import spark

        if self.in_catalog:
            spark.put(outcomes.drop(BY_FILE), self.table)
            return
        spark.put(outcomes, self.table, "append", [BY_FILE])
        for part, written in self._prints(parts).items():
            self.manifest.add(part, written)
        self.manifest.write()

    def close(self) -> None:
        """All parts are there: say that outcomes are complete."""
        if not self.in_catalog:
            self.manifest.keep(self.source.parts)
        self.manifest.write(self.bits, complete=True)

    def read(self) -> Frame | None:
        """The outcomes; None where there is no part."""
        from campaign_analytics.engines import spark

        place = self.table if spark.is_remote(self.place) else spark.literally(self.table)
        return spark.table_at(self.session, place)

    @property
    def _folder(self) -> Path:
        return Path(self.table.removeprefix(_FOLDER))

    def _prints(self, parts: Collection[Part]) -> dict[Part, str]:
        """The hash of what is written of each part."""
        from campaign_analytics.engines import spark

        folders = {self.source.name_of(part): part for part in parts}
        found: dict[Part, dict[str, str]] = {part: {} for part in parts}
        if spark.is_remote(self.place):
            files = prints.of_address(self.session, self.table)
        else:
            each = [folder for folder in self._folder.glob("*") if _part(folder.name) in folders]
            files = prints.of_paths(self.session, [file for folder in each for file in folder.glob("*.parquet")])
        for file, held in files.items():
            if part := folders.get(_part(file.split("/")[-2])):
                found[part][file] = held
        return {part: prints.together(held) for part, held in found.items()}

    def _remove_others(self) -> None:
        """Take away all but what is kept."""
        from campaign_analytics.engines import spark

        kept = {self.source.name_of(part) for part in self.kept}
        if not kept:
            others = {self.table}
        elif spark.is_remote(self.place):
            split = [file.rpartition("/") for file, *_ in spark.listed(self.session, self.table)]
            others = {folder if _part(folder.rpartition("/")[2]) else f"{folder}/{file}" for folder, _, file in split}
            others = {each for each in others if _part(each.rpartition("/")[2]) not in kept}
        else:
            others = {f"{_FOLDER}{path}" for path in self._folder.iterdir() if _part(path.name) not in kept}
        for each in others:
            spark.remove(self.session, each)


@dataclass(eq=False)
class _Tables(Manifest):
    """That of an address or a catalog: a table, of a row for each time that it was written."""

    session: Session = field(kw_only=True)
    bits: Mapping[str, int] = field(kw_only=True)
    begun: bool = False

    def taken(self) -> bool:
        """See ``Manifest``."""
        from campaign_analytics.engines import spark

        return spark.table_at(self.session, _outcomes(str(self.out))) is not None

    def read(self) -> Mapping[str, Any] | None:
        """See ``Manifest``."""
        from campaign_analytics.engines import spark

        frame = spark.table_at(self.session, spark.inside(str(self.out), _MANIFEST))
        if frame is None:
            return None
        told: dict[str, Any] = {"parts": {}}
        for row in frame.toArrow().to_pylist():
            told = {"of": row["of"], "parts": told["parts"] | json.loads(row["parts"])}
        return told

    def write(self, bits: Mapping[str, int] | None = None, complete: bool = False) -> None:
        """See ``Manifest``."""
        from campaign_analytics.engines import spark

        told = self.told(self.bits, complete)
        row = self.session.createDataFrame(pa.Table.from_pylist([told | {"parts": json.dumps(told["parts"])}]))
        place = spark.inside(str(self.out), _MANIFEST)
        spark.put(row.coalesce(1), place, "append" if self.begun and not complete else "overwrite")
        self.begun = True


def _outcomes(place: str) -> str:
    """Where outcomes are; a catalog's database may be that of the market, with its offers."""
    from campaign_analytics.engines import spark

    return spark.inside(place, "outcomes" if place.startswith(spark.CATALOG) else "offers")


def _part(folder: str) -> str:
    """The file whose offers a folder has the outcomes of, as Spark calls it; "" of another folder."""
    return unquote(folder.removeprefix(f"{BY_FILE}=")) if folder.startswith(f"{BY_FILE}=") else ""
