"""Where a table's headers stand: below notes, in one row or in two, of which the upper one names groups; and what units
stand below them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace

from campaign_analytics.market.found import Knows
from campaign_analytics.market.headers import bare
from campaign_analytics.market.marks import stripped

#: How many rows are searched from the first that holds something, and how many cells at most.
MOST_ROWS = 50
_MOST_CELLS = 100_000
_LONGEST_GROUP = 20


@dataclass(frozen=True)
class Heads:
    """The rows above a table's data."""

    above: int  # rows above the headers
    lines: Sequence[Sequence[str]]  # the rows that hold the headers, cell by cell
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
        return self.above + len(self.lines)

    def told(self) -> tuple[str, ...]:
        """Where the headers stand, unless they stand where everybody looks for them."""
        if len(self.lines) > 1:
            return (f"headers in rows {self.above + 1} and {self.data}",)
        return (f"headers in row {self.above + 1}",) if self.above else ()

    def of_width(self, width: int) -> Heads:
        """The same of rows that are wider."""
        lines = [_of_width(line, width) for line in self.lines]
        return replace(self, lines=lines, headers=_of_width(self.headers, width))


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
    return _with_units(rows, _around(rows, best, known, knows))


def _around(rows: Sequence[Sequence[str]], best: int, known: Sequence[int], knows: Knows) -> Heads:
    """The headers of which the ``best`` row is one."""
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


def _with_units(rows: Sequence[Sequence[str]], heads: Heads) -> Heads:
    """The headers with the units below them, where the next row holds these alone."""
    below = rows[heads.data] if heads.data < len(rows) else []
    units = [unit if not unit or _is_unit(unit) else f"({unit})" for unit in _of_width(below, len(heads.headers))]
    if not any(units) or len(below) > len(units) or not all(_is_unit(unit) for unit in units if unit):
        return heads
    headers = [f"{header}{unit}" if header else "" for header, unit in zip(heads.headers, units, strict=True)]
    return replace(heads, headers=headers, lines=[*heads.lines, below])


def _is_unit(text: str) -> bool:
    """Whether a text is a unit in brackets."""
    name, unit = bare(text)
    return not name and bool(unit)


def _of_width(row: Sequence[str], width: int) -> list[str]:
    return [*row, *[""] * (width - len(row))]


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
    return Heads(above, rows[above : above + count], headers, notes, known).of_width(len(headers))


def _together(groups: Sequence[str], names: Sequence[str], knows: Knows) -> list[str]:
    """One header for each column of two rows of them; a group stands over the empty cells at its right too.

    A name is enough, unless it is known together with its group alone, stands in several groups, or its group tells
    which of several it is by a number ("7 days", "30 days").
    """
    width = max(len(groups), len(names))
    groups, names = _of_width(groups, width), _of_width(names, width)
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
