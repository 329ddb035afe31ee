"""Quantities that name their unit: 2手 is two batches, 1手/12件 says as well how many pieces are in one."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from campaign_analytics.market.marks import load_marks
from campaign_analytics.market.quality import Reason

SIZE_UNSURE = Reason("doubted", "the pieces of one batch or of all? the number of pieces is left out")

_LONGEST = 60


class Said(NamedTuple):
    """What a cell says: a quantity as it is spelled, the word and place of its unit, the pieces in one such unit."""

    quantity: str
    word: str
    unit: int
    size: int  # 0 = not said, -1 = of one unit or of all of them


class Measures:
    """The units of one list, looked for behind quantities."""

    def __init__(self, places: Mapping[str, int]) -> None:
        """``places`` are the spellings of units, as ``alike`` gives them, and their places in the list."""
        marks = load_marks()
        self.places = places
        unit, piece = _any(places), _any(marks.pieces)
        open_ends = _any((*marks.ranges["at_least"]["after"], *marks.ranges["at_most"]["after"]))
        self._form = re.compile(
            rf"(?P<quantity>.*?[0-9]\s*\+?)\s*(?P<unit>{unit})(?:{_any(marks.minimum)})?(?P<open>{open_ends})?"
            rf"(?:\s*[/=(,:]?\s*(?P<each>(?:每|一|1\s*)(?:{unit})\s*[=:/]?)?\s*(?:共|含|有|装)?\s*"
            rf"(?P<size>[0-9]{{1,9}})\s*(?:{piece})(?P<per>/(?:{unit}))?\s*\)?)?"
        )

    def of(self, text: str) -> Said | None:
        """What a plain text says of quantity and unit; None where it names no unit."""
        found = self._form.fullmatch(text) if len(text) <= _LONGEST else None
        if not found:
            return None
        size = int(found["size"] or 0)
        if size and found["unit"] in load_marks().pieces:  # 1件 12件 are two quantities
            return None
        alone = found["quantity"].strip() == "1"
        if size and not (alone or found["each"] or found["per"]):
            size = -1
        return Said(found["quantity"] + (found["open"] or ""), found["unit"], self.places[found["unit"]], size)


def _any(words: Iterable[str]) -> str:
    return "|".join(re.escape(word) for word in sorted(words, key=len, reverse=True))
