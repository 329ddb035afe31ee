"""Where Spark writes the outcomes of every offer: into a folder, to an address, or as tables of a catalog.

A folder has the form of ``results.Results``, but for its parts: Spark makes all of them, or again. At an address the
manifest is a table of one row, ``manifest`` beside ``offers``; in a catalog that is beside ``outcomes``.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from campaign_analytics.assess.assessment import Assessment
from campaign_analytics.errors import CampaignError
from campaign_analytics.large.results import MANIFEST
from campaign_analytics.large.said import room

if TYPE_CHECKING:
    from campaign_analytics.engines.spark import Frame, Session

_MANIFEST = "manifest"


@dataclass(frozen=True)
class Written:
    """A place that takes outcomes, and says whether they are complete."""

    session: Session
    place: str
    nobody: Assessment

    @classmethod
    def at(cls, session: Session, out: str | Path, nobody: Assessment) -> Written:
        """Raises ``CampaignError`` where something else is there."""
        from campaign_analytics.engines import spark

        written = cls(session, str(out), nobody)
        if written.remote:
            held = [spark.table_at(session, spark.inside(written.place, name)) for name in (written.table, _MANIFEST)]
            other = held[0] is not None and held[1] is None
        else:
            folder = Path(out)
            other = folder.exists() and any(folder.iterdir()) and not (folder / MANIFEST).exists()
        if other:
            raise CampaignError(f"{out} is not empty and holds no outcomes; give a new folder: out=")
        return written

    @property
    def remote(self) -> bool:
        """Whether Spark alone knows the place."""
        from campaign_analytics.engines import spark

        return spark.is_remote(self.place)

    @property
    def table(self) -> str:
        """What outcomes are called there: a catalog's database may be that of the market, with its offers."""
        from campaign_analytics.engines import spark

        return "outcomes" if self.place.startswith(spark.CATALOG) else "offers"

    def put(self, outcomes: Frame) -> None:
        """Write the outcomes of all offers in place of those that are there."""
        from campaign_analytics.engines import spark

        if self.remote:
            self._tell(complete=False)
            spark.put(outcomes, spark.inside(self.place, self.table))
            self._tell(complete=True)
            return
        folder = Path(self.place)
        with room(folder):
            folder.mkdir(parents=True, exist_ok=True)
            self._tell(complete=False)
            spark.put(outcomes, str(folder.resolve() / self.table))
            self._tell(complete=True)

    def _tell(self, complete: bool) -> None:
        from campaign_analytics.engines import spark

        book = self.nobody.book
        told: dict[str, Any] = {
            "complete": complete, "rulebook": {"id": book.id, "version": book.version, "hash": book.hash},
            "as_of": self.nobody.as_of.isoformat(), "bits": self.nobody.bits,
        }  # fmt: skip
        if self.remote:
            row = self.session.createDataFrame(pa.Table.from_pylist([told]))
            spark.put(row.coalesce(1), spark.inside(self.place, _MANIFEST))
        else:
            (Path(self.place) / MANIFEST).write_text(json.dumps(told, ensure_ascii=False, indent=1), "utf-8")
