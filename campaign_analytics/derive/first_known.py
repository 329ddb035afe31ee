"""``first_known``: the first of several columns that is known, such as the moment of enrolment, else the
assessment's."""

from __future__ import annotations

import numpy as np

from campaign_analytics.derive.making import Made, Making, ends, gone, unread
from campaign_analytics.market.schema import Array, Cells


def make(making: Making) -> Made:
    """Take each row's value from the first column of ``columns`` that is not blank there.

    A cell in which something stood that is not understood is no blank: the value stays missing.
    """
    chosen, *others = (making.cells(name) for name in making.argument("columns"))
    for other in others:
        if chosen.missing is None:
            break
        chosen = _filled(chosen, other, chosen.blank)
    return Made(chosen)


def _filled(first: Cells, other: Cells, blank: Array) -> Cells:
    names = tuple(dict.fromkeys((*first.names, *other.names)))
    values = np.where(blank, _codes(other, names), first.values)
    high = None
    if first.high is not None or other.high is not None:
        high = np.where(blank, ends(other)[1], ends(first)[1])
    missing = gone(first) & (~blank | gone(other))
    return Cells.make(first.type, values, missing, high, names, unread(first) | blank & unread(other))


def _codes(cells: Cells, names: tuple[str, ...]) -> Array:
    """Values as codes over ``names``: two columns of one open list may know different extra names."""
    if cells.type != "text" or cells.names == names[: len(cells.names)]:
        return np.asarray(cells.values)
    place = {name: code for code, name in enumerate(names)}
    codes: Array = np.array([place[name] for name in cells.names] or [0])[cells.values]
    return codes
