"""A folder of outcomes: a parquet file for each part of a market, and one manifest that says what they were made of.

A part is made again only if its file of offers, the other tables, what was derived of all offers, the rulebook, its
values or the moment have changed (``ledger``), or its outcomes are not what was written, by their hash (``manifest``);
what is there stays valid when a run is stopped, and the next run makes the rest.
"""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet

from campaign_analytics.assess.assessment import Assessment
from campaign_analytics.assess.outcomes import VERDICTS
from campaign_analytics.large.ledger import Ledger
from campaign_analytics.large.manifest import Manifest
from campaign_analytics.large.preparing import Prepared
from campaign_analytics.large.said import room, said, whole
from campaign_analytics.large.seen import fingerprint
from campaign_analytics.large.source import Part
from campaign_analytics.market.schema import Array

#: The columns of words: of outcomes, and of what does not apply.
FORMS = _FAIL, _OUT = "outcomes_{}", "not_applicable_{}"


@dataclass(eq=False)
class Results:
    """The outcomes of a market's parts in a folder. Columns of a file: offer_id, verdict, then for each 32 rules
    ``outcomes_0`` … (bit i: the rule of that bit fails, bit 32 + i: it is unknown) and ``not_applicable_0`` …; the
    manifest tells each rule's bit."""

    folder: Path
    manifest: Manifest

    @classmethod
    def open(cls, folder: Path, prepared: Prepared) -> Results:
        """Begin or go on. Raises ``CampaignError`` for a folder that holds something else."""
        results = cls(folder, Manifest(folder, Ledger.of_market(prepared)))
        results.manifest.go_on()
        return results

    def has(self, part: Part) -> bool:
        """Whether the outcomes of a part are there, whole, and of what it holds now."""
        path, written = self._file(part), self.manifest.written(part)
        return written is not None and path.exists() and fingerprint(path) == written

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
        path = self._file(part)
        self.manifest.alone()
        with room(self.folder):
            path.parent.mkdir(exist_ok=True)
            with whole(path) as beside:
                pyarrow.parquet.write_table(pa.table(columns), beside, compression="zstd")
        self.manifest.add(part, fingerprint(path))
        self.manifest.write()

    def words(self, part: Part) -> tuple[Array, Array]:
        """(words, offers) uint64 outcomes, and what does not apply, as ``put`` wrote them."""
        path = self._file(part)
        with said(path):
            held = pyarrow.parquet.read_table(path)
        names = [name for name in held.column_names if name.startswith("outcomes_")]
        both = (
            np.array([np.asarray(held[form.format(number)]) for number in range(len(names))], np.int64).view(np.uint64)
            for form in (_FAIL, _OUT)
        )
        outcomes, outside = both
        return outcomes, outside

    def close(self, bits: Mapping[str, int]) -> None:
        """All parts are there: drop whatever else is, and say that it is complete."""
        self.manifest.alone()
        parts = self.manifest.ledger.prepared.source.parts
        kept = {self._file(part) for part in parts}
        with room(self.folder):
            for path in [*self.folder.glob("offers/*.parquet"), *self.folder.glob("offers/.*.parquet")]:
                if path not in kept:
                    path.unlink()
            for of_spark in self.folder.glob("offers/file=*"):
                shutil.rmtree(of_spark)
        self.manifest.keep(parts)
        self.manifest.write(bits, complete=True)

    def _file(self, part: Part) -> Path:
        return self.folder / "offers" / f"{Ledger.name(part)}.parquet"
