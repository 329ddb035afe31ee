"""A folder of outcomes: a parquet file for each part of a market, and one manifest that says what they were made of.

A part is made again only if its file of offers, the other tables, the rulebook, its values or the moment have changed;
what is there stays valid when a run is stopped, and the next run makes the rest.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet

from campaign_analytics.assess.assessment import Assessment
from campaign_analytics.assess.outcomes import VERDICTS
from campaign_analytics.errors import CampaignError
from campaign_analytics.large.preparing import Prepared
from campaign_analytics.large.said import room
from campaign_analytics.large.source import Part, fingerprint
from campaign_analytics.market.schema import Array

MANIFEST = "manifest.json"
_FAIL, _OUT = "outcomes_{}", "not_applicable_{}"


@dataclass(eq=False)
class Results:
    """The outcomes of a market's parts in a folder. Columns of a file: offer_id, verdict, then for each 32 rules
    ``outcomes_0`` … (bit i: the rule of that bit fails, bit 32 + i: it is unknown) and ``not_applicable_0`` …; the
    manifest tells each rule's bit."""

    folder: Path
    prepared: Prepared
    _made: dict[str, dict[str, Any]] = field(default_factory=dict)
    _prints: dict[Path, str] = field(default_factory=dict)

    @classmethod
    def open(cls, folder: Path, prepared: Prepared) -> Results:
        """Begin or go on. Raises ``CampaignError`` for a folder that holds something else."""
        results = cls(folder, prepared)
        manifest = folder / MANIFEST
        if manifest.exists():
            try:
                held = json.loads(manifest.read_text("utf-8"))
                if held["of"] == results.of:
                    results._made = held["parts"]
            except (ValueError, KeyError, TypeError) as error:
                raise CampaignError(f"{manifest} is no manifest of outcomes; give another folder: out=") from error
        elif folder.exists() and any(folder.iterdir()):
            raise CampaignError(f"{folder} is not empty and holds no outcomes; give a new folder: out=")
        with room(folder):
            folder.mkdir(parents=True, exist_ok=True)
        results._keep(complete=False)
        return results

    @property
    def of(self) -> str:
        """A hash of everything but the parts that outcomes depend on."""
        prepared, source, book = self.prepared, self.prepared.source, self.prepared.book
        told = [book.hash, *(f"{name} {book.values[name]!r}" for name in sorted(book.values))]
        told += [repr(sorted(book.severities.items())), prepared.moment.as_of.isoformat(), repr(source.declared)]
        told += [repr(prepared.by), version("campaign-analytics")]
        decisive = [table for table in source.files if table != "offers" or prepared.reduced]
        told += [f"{table} {self._print(file)}" for table in decisive for file in source.files[table]]
        return hashlib.blake2b("\n".join(told).encode(), digest_size=16).hexdigest()

    def has(self, part: Part) -> bool:
        """Whether the outcomes of a part are there, whole, and of what it holds now."""
        held = self._made.get(self._name(part))
        path = self.folder / "offers" / f"{self._name(part)}.parquet"
        if held is None or held["offers"] != self._print(part.file) or not path.exists():
            return False
        return bool(path.stat().st_size == held["bytes"])

    def put(self, part: Part, assessment: Assessment) -> None:
        """Write the outcomes of a part. Raises ``MarketError`` where there is no room; what is there stays valid."""
        columns: dict[str, Any] = {"offer_id": pa.array(assessment.market.offers.cells["offer_id"].values, pa.string())}
        codes = pa.array(assessment.verdict().astype(np.int8))
        columns["verdict"] = pa.DictionaryArray.from_arrays(codes, pa.array(VERDICTS))
        for number, (outcomes, outside) in enumerate(
            zip(assessment.words["offers"], assessment.not_applicable["offers"], strict=True)
        ):
            columns[_FAIL.format(number)], columns[_OUT.format(number)] = (
                outcomes.view(np.int64),
                outside.view(np.int64),
            )
        path = self.folder / "offers" / f"{self._name(part)}.parquet"
        with room(self.folder):
            path.parent.mkdir(exist_ok=True)
            beside = path.with_suffix(".part")
            pyarrow.parquet.write_table(pa.table(columns), beside, compression="zstd")
            beside.replace(path)
        self._made[self._name(part)] = {
            "offers": self._print(part.file),
            "bytes": path.stat().st_size,
            "rows": part.rows,
        }
        self._keep(complete=False)

    def words(self, part: Part) -> tuple[Array, Array]:
        """(words, offers) uint64 outcomes, and what does not apply, as ``put`` wrote them."""
        held = pyarrow.parquet.read_table(self.folder / "offers" / f"{self._name(part)}.parquet")
        names = [name for name in held.column_names if name.startswith("outcomes_")]
        both = (
            np.array([np.asarray(held[form.format(number)]) for number in range(len(names))], np.int64).view(np.uint64)
            for form in (_FAIL, _OUT)
        )
        outcomes, outside = both
        return outcomes, outside

    def close(self, bits: Mapping[str, int]) -> None:
        """All parts are there: drop those of files that are gone, and say that it is complete."""
        names = {self._name(part) for part in self.prepared.source.parts}
        for name in self._made.keys() - names:
            (self.folder / "offers" / f"{name}.parquet").unlink(missing_ok=True)
            del self._made[name]
        self._keep(complete=True, bits=bits)

    def _name(self, part: Part) -> str:
        return f"{part.file.stem}-{part.start:012}"

    def _print(self, file: Path) -> str:
        if file not in self._prints:
            self._prints[file] = fingerprint(file)
        return self._prints[file]

    def _keep(self, complete: bool, bits: Mapping[str, int] | None = None) -> None:
        book = self.prepared.book
        told = {
            "complete": complete, "rulebook": {"id": book.id, "version": book.version, "hash": book.hash},
            "as_of": self.prepared.moment.as_of.isoformat(), "of": self.of, "bits": bits or {}, "parts": self._made,
        }  # fmt: skip
        beside = self.folder / f".{MANIFEST}"
        with room(self.folder):
            beside.write_text(json.dumps(told, ensure_ascii=False, indent=1), "utf-8")
            beside.replace(self.folder / MANIFEST)
