"""``largest_share``: which value of a column most of a subject's rows have, such as a shop's main industry."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pandas as pd

from campaign_analytics.derive.making import Made, Making, gone, rows_of
from campaign_analytics.market.schema import Array, Cells


def make(making: Making) -> Made:
    """The value of ``of`` that the largest share of the subject's rows of ``table`` has.

    Not known where two values have the same share, where rows without a value could change it, or where offers are
    counted that the market's owner does not declare complete. Blank for a subject without rows.
    """
    if making.argument("table") not in making.market.tables:
        return Made(making.cells(making.name))
    share = largest_share(making)
    of, unread = making.cells(making.argument("of"), making.argument("table")), share.there & ~share.known
    return Made(Cells.make(of.type, np.where(share.known, share.value, 0), ~share.known, names=of.names, unread=unread))


class Share(NamedTuple):
    """The value that most rows of each subject have, each (subjects,)."""

    value: Array  # as a code of the column
    known: Array  # bool
    there: Array  # bool: the subject has rows at all


def largest_share(making: Making) -> Share:
    """What ``make`` makes, for a table that is there."""
    table = making.argument("table")
    subject = rows_of(making.market, table, making.spec.table)
    of = making.cells(making.argument("of"), table)
    belongs, missing = subject >= 0, gone(of)
    held = np.flatnonzero(belongs & ~missing)
    largest, most, second = _largest(subject[held], of.values[held], max(len(of.names), 1), making.rows)
    untold = np.bincount(subject[belongs & missing], minlength=making.rows)
    there = np.bincount(subject[belongs], minlength=making.rows) > 0
    vouched = table != "offers" or making.market.declared.offers_are_complete
    return Share(largest, there & (most > second + untold) & vouched, there)


def _largest(subject: Array, value: Array, values: int, subjects: int) -> tuple[Array, Array, Array]:
    """(subjects,) each: a value that most of the subject's rows have, how many have it, and how many any other one."""
    of, pairs = pd.factorize(subject.astype(np.int64) * values + value)
    counts = np.bincount(of, minlength=len(pairs))
    order = np.lexsort((counts, pairs // values))
    owner, value, counts = (pairs // values)[order], (pairs % values)[order], counts[order]
    largest, most, second = (np.zeros(subjects, np.int64) for _ in range(3))
    last = np.flatnonzero(np.diff(owner, append=-1))  # of each subject the pair of the highest count
    largest[owner[last]], most[owner[last]] = value[last], counts[last]
    again = last[(last > 0) & (owner[last - 1] == owner[last])]
    second[owner[again]] = counts[again - 1]
    return largest, most, second
