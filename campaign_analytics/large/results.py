"""A folder of outcomes: a parquet file for each part of a market, and one manifest that says what they were made of.

A part is made again only if its file of offers, the other tables, what was derived of all offers, the rulebook, its
values or the moment have changed (``ledger``), or its outcomes are not what was written, by their hash; what is there
stays valid when a run is stopped, and the next run makes the rest.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet

from campaign_analytics.assess.assessment import Assessment
from campaign_analytics.assess.outcomes import VERDICTS
from campaign_analytics.errors import CampaignError
from campaign_analytics.large.ledger import Ledger
from campaign_analytics.large.preparing import Prepared
from campaign_analytics.large.said import room, said, whole
from campaign_analytics.large.source import Part, fingerprint
from campaign_analytics.market.schema import Array

MANIFEST = "manifest.json"
#: The columns of words: of outcomes, and of what does not apply.
FORMS = _FAIL, _OUT = "outcomes_{}", "not_applicable_{}"


@dataclass(eq=False)
class Results:
    """The outcomes of a market's parts in a folder. Columns of a file: offer_id, verdict, then for each 32 rules
    ``outcomes_0`` … (bit i: the rule of that bit fails, bit 32 + i: it is unknown) and ``not_applicable_0`` …; the
    manifest tells each rule's bit."""

    folder: Path
    ledger: Ledger  # what the parts hang on
    _made: dict[str, dict[str, Any]] = field(default_factory=dict)

    @classmethod
    def open(cls, folder: Path, prepared: Prepared) -> Results:
        """Begin or go on. Raises ``CampaignError`` for a folder that holds something else."""
        results = cls(folder, Ledger.of_market(prepared))
        manifest = folder / MANIFEST
        if manifest.exists():
            try:
                held = json.loads(manifest.read_text("utf-8"))
                results.ledger.tell_gone(held["parts"], folder)
                if held["of"] == results.ledger.of_all:
                    results._made = held["parts"]
            except (ValueError, KeyError, TypeError, AttributeError) as error:
                raise CampaignError(f"{manifest} is no manifest of outcomes; give another folder: out=") from error
        elif folder.exists() and any(folder.iterdir()):
            raise CampaignError(f"{folder} is not empty and holds no outcomes; give a new folder: out=")
        with room(folder):
            folder.mkdir(parents=True, exist_ok=True)
        results._keep(complete=False)
        return results

    def has(self, part: Part) -> bool:
        """Whether the outcomes of a part are there, whole, and of what it holds now."""
        held = self._made.get(Ledger.name(part))
        path = self._file(Ledger.name(part))
        if held is None or not path.exists() or held["of"] != self.ledger.of(part):
            return False
        return bool(held.get("hash") == fingerprint(path))

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
        path = self._file(Ledger.name(part))
        with room(self.folder):
            path.parent.mkdir(exist_ok=True)
            with whole(path) as beside:
                pyarrow.parquet.write_table(pa.table(columns), beside, compression="zstd")
        self._made[Ledger.name(part)] = {
            "of": self.ledger.of(part),
            "hash": fingerprint(path),
            "rows": part.rows,
        }
        self._keep(complete=False)

    def words(self, part: Part) -> tuple[Array, Array]:
        """(words, offers) uint64 outcomes, and what does not apply, as ``put`` wrote them."""
        path = self._file(Ledger.name(part))
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
        self._made = {name: self._made[name] for name in map(Ledger.name, self.ledger.prepared.source.parts)}
        kept = {self._file(name) for name in self._made}
        with room(self.folder):
            for path in [*self.folder.glob("offers/*.parquet"), *self.folder.glob("offers/.*.parquet")]:
                if path not in kept:
                    path.unlink()
        self._keep(complete=True, bits=bits)

    def _file(self, name: str) -> Path:
        return self.folder / "offers" / f"{name}.parquet"

    def _keep(self, complete: bool, bits: Mapping[str, int] | None = None) -> None:
        prepared, book = self.ledger.prepared, self.ledger.prepared.book
        told = {
            "complete": complete, "rulebook": {"id": book.id, "version": book.version, "hash": book.hash},
            "as_of": prepared.moment.as_of.isoformat(), "of": self.ledger.of_all, "bits": bits or {},
            "parts": self._made,
        }  # fmt: skip
        with room(self.folder), whole(self.folder / MANIFEST) as beside:
            beside.write_text(json.dumps(told, ensure_ascii=False, indent=1), "utf-8")
