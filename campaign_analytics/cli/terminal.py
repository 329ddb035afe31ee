"""What only a terminal gets: progress on one line that is written over, and colour. A pipe gets neither."""

from __future__ import annotations

import os
import sys
import unicodedata
from collections.abc import Callable, Iterable, Sequence
from types import TracebackType
from typing import Self, TextIO

BAR = 24  # characters


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


def columns(rows: Iterable[Sequence[str]]) -> list[str]:
    """Rows as lines whose cells stand below each other; a Chinese character takes two places."""
    held = [[str(cell) for cell in row] for row in rows]
    widths = [max(map(_width, column)) for column in zip(*held, strict=True)]
    return [
        "  ".join(cell + " " * (width - _width(cell)) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in held
    ]


def _width(text: str) -> int:
    return sum(1 + (unicodedata.east_asian_width(character) in "WF") for character in text)
