"""What a column's distinct texts are read as, before they are put back into rows."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pyarrow as pa

from campaign_analytics.market.marks import alike, load_marks
from campaign_analytics.market.quality import Reason
from campaign_analytics.market.schema import Array

NOT_COMPUTED = Reason("missing", "a formula without a result; open the file in a spreadsheet program and save it")
#: What no text begins with: a function, or a cell with nothing, a sign or a bracket behind it. "=?" is a formula of
#: which nothing is known.
_FORMULA = re.compile(
    r"=(?:\?$|[-+(]*(?:[A-Za-z][A-Za-z0-9.]*\(|(?:[^\s=!]+!)?\$?[A-Za-z]{1,3}\$?[0-9]{1,7}\s*(?:$|[-+*/&^<>:,;)%])))"
)


@dataclass(eq=False)
class Reading:
    """The meaning of each distinct text of a column."""

    values: Any  # (distinct,) in the type's held form
    empty: Array  # (distinct,) bool: says that there is nothing
    notes: dict[Reason, list[int]] = field(default_factory=dict)  # why some texts are reported; missing ones included
    names: tuple[str, ...] = ()
    high: Array | None = None  # (distinct,) high ends where some texts are ranges; ``values`` are the low ends
    grain: Array | None = None  # rates: one unit of the last decimal written
    shares: Array | None = None  # money: (distinct,) millionths of another price, 0 = a price of its own
    units: Array | None = None  # counts: (distinct,) place of the unit that is named beside it, -1 = none
    sizes: Array | None = None  # counts: (distinct,) pieces in that unit, 0 = not said, -1 = unsure
    remark: tuple[Reason, int, str] | None = None  # on the whole column: reason, cells, example

    @property
    def says_more(self) -> bool:
        """Whether some text says something beside its value."""
        return any(each is not None for each in (self.grain, self.shares, self.units, self.sizes))

    def note(self, reason: Reason, places: Array | list[int]) -> None:
        """Report the texts at ``places``."""
        if len(places):
            self.notes.setdefault(reason, []).extend(np.asarray(places).tolist())

    def unread(self) -> Array:
        """(distinct,) bool: something is there that is not understood (not yet: a discount), or impossible."""
        held = np.zeros(len(self.empty), bool) if self.shares is None else self.shares > 0
        for reason, places in self.notes.items():
            if reason.kind == "missing":
                held[places] = True
        return held

    def missing(self) -> Array:
        """(distinct,) bool: empty, or not understood."""
        return self.empty | self.unread()


#: One text that is not in the plain form: its value, and what is to be said of it. None = no value.
One = Callable[[str], tuple[Any, Reason | None]]


def read_one_by_one(texts: pa.StringArray, values: Any, plain: Array, one: One) -> Reading:
    """Fill in ``values`` of the texts that are not ``plain``: those that say nothing, and those that ``one`` reads.
    Formulas that were not computed are missing."""
    missing = load_marks().missing
    reading = Reading(values, np.zeros(len(texts), bool))
    places = np.flatnonzero(~plain)
    for place, text in zip(places.tolist(), texts.take(pa.array(places)).to_pylist(), strict=True):
        value, reason = one(text)
        if _FORMULA.match(text):
            value, reason = None, NOT_COMPUTED
        if value is None and (reason is None or alike(text) in missing):
            reading.empty[place] = True
            continue
        if reason is not None:
            reading.notes.setdefault(reason, []).append(place)
        if value is not None:
            values[place] = value
    return reading
