"""``uncovered_regions``: to which regions an offer does not ship free at its minimum order."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from campaign_analytics.derive.making import Made, Making, ends, gone, unread
from campaign_analytics.market.schema import Array, Cells


def make(making: Making) -> Made:
    """The set of regions that are charged, from a ``list`` of them, a yes/no ``flag`` and "free from N pieces".

    The list decides where there is one. The flag alone: no = every region is charged; yes = not known, or
    the ``standard`` exclusions where ``assume_standard`` is set. A no beside a list within ``standard`` is a
    conflict, settled by ``conflict``: "list", "flag", or else not known. Free only from more pieces than
    ``quantity`` (pieces both): every region is charged. What is not understood may say anything.
    """
    listed, flag = making.column("list"), making.column("flag")
    assert listed is not None
    assert flag is not None
    bits = listed.values
    every = _bits(listed.names, listed.names, bits)
    standard = _bits(listed.names, making.argument("standard"), bits)
    no_list, no_flag = gone(listed), gone(flag)
    says_no = ~flag.values & ~no_flag

    charged = np.where(listed.blank & says_no, every, bits)
    unknown = no_list & ~(listed.blank & says_no)
    if making.argument("assume_standard"):
        assumed = listed.blank & flag.values & ~no_flag
        charged = np.where(assumed, standard, charged)
        unknown &= ~assumed
    conflict = ~no_list & says_no & ((bits & ~standard) == 0)
    if making.argument("conflict") == "flag":
        charged = np.where(conflict, every, charged)
    elif making.argument("conflict") != "list":
        unknown |= conflict

    surely, maybe, not_read = _too_few(making)
    maybe &= (charged & ~standard) == 0  # a region too many is charged either way
    not_read = (not_read & maybe) | unread(listed) | (no_list & unread(flag)) | conflict
    charged, unknown = np.where(surely, every, charged), (unknown | maybe) & ~surely
    return Made(Cells.make("set", charged, unknown, names=listed.names, unread=unknown & not_read))


def _too_few(making: Making) -> tuple[Array, Array, Array]:
    """Where shipping is surely, and where it may be, free only from more pieces than the minimum order; and where one
    of the two is not understood."""
    free_from, quantity = making.column("free_from"), making.column("quantity")
    if free_from is None or quantity is None:
        nowhere = np.zeros(making.rows, bool)
        return nowhere, nowhere, nowhere
    most_free, most_ordered = ends(free_from)[1], ends(quantity)[1]
    told = ~gone(free_from) & (most_free > 1)  # free from one piece on: free at any minimum order
    surely: Array = told & ~gone(quantity) & (free_from.values > most_ordered)
    maybe: Array = told & (gone(quantity) | (most_free > quantity.values))
    return surely, (maybe | unread(free_from)) & ~surely, unread(free_from) | unread(quantity)


def _bits(names: tuple[str, ...], some: Iterable[str], like: Array) -> Any:
    held = frozenset(some)
    return like.dtype.type(sum(1 << i for i, name in enumerate(names) if name in held))
