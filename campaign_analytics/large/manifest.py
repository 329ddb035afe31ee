"""What the parts of a market's outcomes were made of and what was written of each, in hashes: what an earlier run
finished is taken over where it hangs on nothing that has changed (``ledger``) and is what was written."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from campaign_analytics.errors import CampaignError
from campaign_analytics.large.ledger import Ledger
from campaign_analytics.large.said import room, whole
from campaign_analytics.large.seen import alone, seen
from campaign_analytics.large.source import Part
from campaign_analytics.market.behind import Print

MANIFEST = "manifest.json"


@dataclass(eq=False)
class Manifest:
    """See the module; that of a folder is one file in it."""

    out: str | Path
    ledger: Ledger  # what the parts hang on
    _made: dict[str, dict[str, Any]] = field(default_factory=dict)
    _left: Print | None = None  # what its file was like when it was last written

    def go_on(self) -> None:
        """Take what an earlier run wrote down, and say that outcomes are not complete. Raises ``CampaignError`` for a
        place that holds something else."""
        try:
            earlier = self.read()
            if earlier is not None:
                self.ledger.tell_gone(earlier["parts"], self.out)
                if earlier["of"] == self.ledger.of_all:
                    self._made = dict(earlier["parts"])
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise CampaignError(f"{self.out}: its manifest is none of outcomes; give another place: out=") from error
        if earlier is None and self.taken():
            raise CampaignError(f"{self.out} is not empty and holds no outcomes; give a new folder: out=")
        self.write()

    def written(self, part: Part) -> str | None:
        """The hash of the outcomes of a part, where they are of what it holds now; None where there are none."""
        held = self._made.get(Ledger.name(part), {})
        found: str | None = held.get("hash") if held.get("of") == self.ledger.of(part) else None
        return found

    def add(self, part: Part, written: str) -> None:
        """The outcomes of a part are there, with this hash."""
        self._made[Ledger.name(part)] = {"of": self.ledger.of(part), "hash": written, "rows": part.rows}

    def keep(self, parts: Iterable[Part]) -> None:
        """Forget all but these parts."""
        self._made = {name: self._made[name] for name in map(Ledger.name, parts)}

    def told(self, bits: Mapping[str, int], complete: bool) -> dict[str, Any]:
        """What there is to be written down."""
        prepared, book = self.ledger.prepared, self.ledger.prepared.book
        return {
            "complete": complete, "rulebook": {"id": book.id, "version": book.version, "hash": book.hash},
            "as_of": prepared.moment.as_of.isoformat(), "of": self.ledger.of_all, "bits": bits,
            "parts": self._made,
        }  # fmt: skip

    # ---- where it is kept

    def taken(self) -> bool:
        """Whether something is there."""
        folder = Path(self.out)
        return folder.is_dir() and any(folder.iterdir())

    def read(self) -> Mapping[str, Any] | None:
        """What is written down; None where nothing is."""
        file = Path(self.out, MANIFEST)
        held: Mapping[str, Any] | None = json.loads(file.read_text("utf-8")) if file.exists() else None
        return held

    def write(self, bits: Mapping[str, int] | None = None, complete: bool = False) -> None:
        """Write it down. Raises ``MarketError`` where there is no room, ``CampaignError`` where another run writes."""
        folder = Path(self.out)
        self.alone()
        with room(folder):
            folder.mkdir(parents=True, exist_ok=True)
            with whole(folder / MANIFEST) as beside:
                beside.write_text(json.dumps(self.told(bits or {}, complete), ensure_ascii=False, indent=1), "utf-8")
            self._left = seen(folder / MANIFEST)

    def alone(self) -> None:
        """Raise ``CampaignError`` where another run has begun to write here."""
        alone(Path(self.out, MANIFEST), self._left)
