"""What only a terminal gets: progress on one line that is written over, and colour. A pipe gets neither."""

from __future__ import annotations

import os
import sys
import unicodedata
from collections.abc import Callable, Iterable, Sequence
from types import TracebackType
from typing import TYPE_CHECKING, Self, TextIO

from campaign_analytics.words import say

if TYPE_CHECKING:
    from campaign_analytics.charts.tables import Table

BAR = 24  # characters
MOST, LAST = 48, 160  # characters of a cell, and of the last one in a row, which shifts no other


class Progress:
    """Says on stderr what is being done; the line is gone when the ``with`` block ends."""

    def __init__(self) -> None:
        self._live = sys.stderr.isatty()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: object, trace: TracebackType | None) -> None:
        self._write("")

    def say(self, doing: str) -> None:
        """Show what is being done now."""
        self._write(f"{doing} …")

    def bar(self, doing: str) -> Callable[[int, int], None]:
        """Show a bar, moved by calling the result with how many are done and how many there are."""

        def step(done: int, total: int) -> None:
            share = done / total if total else 1.0
            filled = round(share * BAR)
            self._write(f"{doing} {'━' * filled}{'╌' * (BAR - filled)} {share:4.0%}")

        return step

    def _write(self, text: str) -> None:
        if self._live:
            sys.stderr.write(f"\r\x1b[2K{text}")
            sys.stderr.flush()


def bold(text: str, stream: TextIO) -> str:
    """``text`` in bold where ``stream`` is a terminal that shows it."""
    return _styled(text, "1", stream)


def red(text: str, stream: TextIO) -> str:
    """``text`` in red where ``stream`` is a terminal that shows it."""
    return _styled(text, "31", stream)


def _styled(text: str, code: str, stream: TextIO) -> str:
    plain = not stream.isatty() or "NO_COLOR" in os.environ or os.environ.get("TERM") == "dumb"
    return text if plain else f"\x1b[{code}m{text}\x1b[0m"


def print_table(table: Table) -> None:
    """The rows of a table that are shown, and how many there are where these are not all; long texts are cut."""
    rows = [[*(_cut(cell) for cell in row[:-1]), _cut(row[-1], LAST)] for row in table.cells()]
    if not rows:
        return
    from pandas.api.types import is_numeric_dtype  # only where there is a table: usage and help answer at once

    numeric = [is_numeric_dtype(table.frame[name].dtype) for name in table.frame.columns]
    print(*columns([[_cut(title) for title in table.titles()], *rows], numeric), sep="\n")
    if len(rows) < len(table.frame):
        print(say("table_rows", table.lang, shown=len(rows), rows=len(table.frame)))


def _cut(text: str, most: int = MOST) -> str:
    return text if len(text) <= most else f"{text[: most - 1]}…"


def columns(rows: Iterable[Sequence[str]], numeric: Sequence[bool] = ()) -> list[str]:
    """Rows as lines whose cells stand below each other, numbers to the right; a Chinese character takes two places."""
    held = [[str(cell) for cell in row] for row in rows]
    widths = [max(map(_width, column)) for column in zip(*held, strict=True)]
    right = numeric or [False] * len(widths)
    return ["  ".join(map(_padded, row, widths, right)).rstrip() for row in held]


def _padded(cell: str, width: int, right: bool) -> str:
    space = " " * (width - _width(cell))
    return space + cell if right else cell + space


def _width(text: str) -> int:
    return sum(1 + (unicodedata.east_asian_width(character) in "WF") for character in text)
