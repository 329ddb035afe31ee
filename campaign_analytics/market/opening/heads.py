"""Where a table's headers stand: below notes, in one row or in two, of which the upper one names groups."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from campaign_analytics.market.found import Knows
from campaign_analytics.market.marks import stripped

#: How many rows are searched from the first that holds something, and how many cells at most.
MOST_ROWS = 50
_MOST_CELLS = 100_000
_LONGEST_GROUP = 20


@dataclass(frozen=True)
class Heads:
    """The rows above a table's data."""

    above: int  # rows above the headers
    rows: int  # rows that hold the headers
    headers: Sequence[str]
    notes: Sequence[tuple[int, str]]  # of the rows above, those that hold something: number and text
    known: int  # how many of the headers are known

    @property
    def blank(self) -> int:
        """Empty rows above the headers."""
        return self.above - len(self.notes)

    @property
    def data(self) -> int:
        """How many rows stand above the data."""
        return self.above + self.rows

    def told(self) -> tuple[str, ...]:
        """Where the headers stand, unless they stand where everybody looks for them."""
        if self.rows > 1:
            return (f"headers in rows {self.above + 1} and {self.above + 2}",)
        return (f"headers in row {self.above + 1}",) if self.above else ()


def find_heads(rows: Sequence[Sequence[str]], knows: Knows) -> Heads | None:
    """The headers among the first ``rows``: those of which most are known, else the first row that holds something.

    None = there is no such row.
    """
    first = next((place for place, row in enumerate(rows) if any(map(stripped, row))), len(rows))
    rows = [[stripped(cell) for cell in row] for row in rows[: first + MOST_ROWS]]
    filled = [sum(map(bool, row)) for row in rows]
    known = [0] * len(rows)
    cells = 0
    for place, row in enumerate(rows):
        cells += filled[place]
        known[place] = knows(row) if filled[place] and (place == first or cells <= _MOST_CELLS) else 0
    if not any(filled):
        return None
    best = max(range(len(rows)), key=lambda place: (known[place], filled[place] if known[place] else 0, -place))
    if not known[best]:
        best = next(place for place, count in enumerate(filled) if count)
        return _heads(rows, best, 1, rows[best], 0)
    if best + 1 < len(rows):
        both = _together(rows[best], rows[best + 1], knows)
        if knows(both) > known[best]:
            return _heads(rows, best, 2, both, knows(both))
        if _as_well(known[best + 1], known[best]):
            return _heads(rows, best, 2, rows[best], known[best])
    if best and _as_well(known[best - 1], known[best]):
        return _heads(rows, best - 1, 2, rows[best], known[best])
    if best and _are_groups(rows[best - 1]):
        both = _together(rows[best - 1], rows[best], knows)
        if knows(both) * 2 >= known[best]:
            return _heads(rows, best - 1, 2, both, knows(both))
    return _heads(rows, best, 1, rows[best], known[best])


def _as_well(known: int, best: int) -> bool:
    """Whether a row of which so many are known names the same columns once more, in another language."""
    return known > 1 and known * 2 >= best


def _are_groups(row: Sequence[str]) -> bool:
    """Whether a row above headers names groups of them: several short words, no note."""
    held = [cell for cell in row if cell]
    return len(held) > 1 and all(
        len(cell) <= _LONGEST_GROUP and any(map(str.isalpha, cell)) and not set(cell) & set(":：") for cell in held
    )


def _heads(rows: Sequence[Sequence[str]], above: int, count: int, headers: Sequence[str], known: int) -> Heads:
    notes = [(place + 1, " ".join(filter(None, row))) for place, row in enumerate(rows[:above]) if any(row)]
    return Heads(above, count, headers, notes, known)


def _together(groups: Sequence[str], names: Sequence[str], knows: Knows) -> list[str]:
    """One header for each column of two rows of them; a group stands over the empty cells at its right too.

    A name is enough, unless it is known together with its group alone, stands in several groups, or its group tells
    which of several it is by a number ("7 days", "30 days").
    """
    width = max(len(groups), len(names))
    groups, names = ([*row, *[""] * (width - len(row))] for row in (groups, names))
    times = Counter(names)
    headers: list[str] = []
    over = ""
    for group, name in zip(groups, names, strict=True):
        over = group or over
        whole = f"{over} {name}"
        if not name:
            headers.append(group)
        elif not over or over == name:
            headers.append(name)
        elif times[name] > 1 or any(map(str.isdigit, over)) or (knows([whole]) and not knows([name])):
            headers.append(whole)
        else:
            headers.append(name)
    return headers
