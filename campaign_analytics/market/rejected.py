"""Rows that were put aside, repaired by hand and read again: a file that begins with where each was, and why."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from campaign_analytics.market.found import Found
from campaign_analytics.market.quality import ABOUT

_AGAIN = re.compile(r"(.*) \(\d+\)", re.DOTALL)


def as_they_were(found: Found) -> tuple[Found, frozenset[tuple[str, int]]]:
    """The file's own columns, and the places (file, row) at which its rows were put aside; none of any other file."""
    if tuple(found.headers[: len(ABOUT)]) != ABOUT:
        return found, frozenset()
    files, rows = (column.at(np.arange(len(column))) for column in found.columns[:2])
    places = frozenset((file, int(row)) for file, row in zip(files, rows, strict=True) if row.isdecimal())
    own = replace(
        found,
        headers=_unnumbered(found.headers)[len(ABOUT) :],
        columns=found.columns[len(ABOUT) :],
        heads=[line[len(ABOUT) :] for line in found.heads],
        misfits=[(number, cells[len(ABOUT) :]) for number, cells in found.misfits],
    )
    return own, places


def _unnumbered(headers: Sequence[str]) -> list[str]:
    """Headers without the numbers that ``quality.numbered`` gave to those that repeat."""
    own: list[str] = []
    for header in headers:
        again = _AGAIN.fullmatch(header)
        own.append(again[1] if again and again[1] in own else header)
    return own
