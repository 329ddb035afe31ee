"""Quotas: how many of those that pass the gate may take part, and who comes first.

Several quotas act one after the other, in the file's order: an offer must be inside all of them, and one that is
surely over the first takes no place of the second. Places are those among the pre-qualified offers; an offer that
cannot be decided takes none until it is. Where a limit, or a value that orders, is not known, places and limits are
ranges, and an offer is inside or over only where that holds for all that may come out.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pandas as pd

from campaign_analytics.assess import places, views
from campaign_analytics.assess.outcomes import ADMITTED, OPEN, OVER, PRE_QUALIFIED, STANDINGS, UNDETERMINED
from campaign_analytics.assess.widened import widened
from campaign_analytics.derive.making import ends, gone, on_rows
from campaign_analytics.market.schema import Array, Cells
from campaign_analytics.rulebook.exact import PerName, Sum, bind, largest_sum
from campaign_analytics.rulebook.exact import columns as columns_of
from campaign_analytics.rulebook.model import Quota
from campaign_analytics.rulebook.tree import GROUP_SIZE, Col, Compare, Kind

if TYPE_CHECKING:
    from campaign_analytics.assess.assessment import Assessment

_PLACE = "place of an offer"  # in a limit put as a comparison: no column is called so
UNLIMITED = np.iinfo(np.int64).max  # the highest that a limit which is not known may be


class Groups(NamedTuple):
    """Who shares a quota's places."""

    of: Array  # (offers,) int64 the group of each offer of the market, -1 = not known
    names: pd.Series  # (groups,) str
    cells: Mapping[str, Cells]  # (groups,) what a limit may name


@dataclass(frozen=True, eq=False)
class Cut:
    """One quota over an assessment, and the offers that come to it."""

    name: str
    quota: Quota
    groups: Groups
    low: Array  # (groups,) int64 the limit: so many offers at least
    high: Array  # (groups,) int64 and so many at most; ``UNLIMITED`` = not known
    rows: Array  # (n,) the offers that come to it, as rows of the market
    place: places.Key  # (n,) the least and greatest place of each
    order: Array  # (n,) int64 what orders them within a group, missing values last
    standing: Array  # (n,) int8 codes into ``STANDINGS``


class Cuts:
    """All quotas in force over an assessment."""

    def __init__(self, assessment: Assessment) -> None:
        book = assessment.book
        self.assessment = widened(assessment, [name for quota in book.quotas for name in book.columns_of_quota(quota)])
        self.verdict = assessment.verdict("offers")
        good = self.verdict == PRE_QUALIFIED
        #: (offers,) int8 codes into ``STANDINGS`` by all quotas together; -1 for offers that are not pre-qualified
        self.standing = np.where(good, ADMITTED, -1).astype(np.int8)
        self.cuts = []
        for name, quota in book.quotas.items():
            rows = np.flatnonzero(good & (self.standing != OVER))
            cut = self._cut(name, quota, rows, self.standing[rows] == ADMITTED)
            self.cuts.append(cut)
            self.standing[rows] = np.where(cut.standing == ADMITTED, self.standing[rows], cut.standing)

    def _cut(self, name: str, quota: Quota, rows: Array, sure: Array) -> Cut:
        groups = _groups(self.assessment, quota.per)
        low, high = _limits(self.assessment, name, groups)
        group = groups.of[rows]
        order = self._order(quota, rows, group)
        place = places.places(group, order, sure)
        most, least = (np.append(each, unknown)[group] for each, unknown in ((high, UNLIMITED), (low, 0)))
        standing = np.where(place.worst <= least, ADMITTED, np.where(place.best > most, OVER, OPEN)).astype(np.int8)
        return Cut(name, quota, groups, low, high, rows, place, order.worst, standing)

    def _order(self, quota: Quota, rows: Array, group: Array) -> places.Key:
        """What orders the offers in ``rows``: the quota's columns, then the rulebook's rank, then the id."""
        keys, by_id = [], None
        for name, *direction in (each.split() for each in quota.order.split(",")):
            descending = direction == ["DESC"]
            if name == "offer_id":
                by_id = descending
                break  # it tells any two apart
            if quota.per != "merchant_id" or self.assessment.book.table_of(name) != "merchants":
                keys.append(places.key(self._taken(name, rows), descending))  # else one for the whole group
        exact = all(key.best is key.worst for key in keys)
        worst = [key.worst for key in keys]
        tied = _tied([group + 1, *worst]) if exact else np.ones(len(rows), bool)
        tie = np.zeros(len(rows), np.int64)
        if tied.any() and by_id is not None:
            ids = places.text_order(self.assessment.market.offers.cells["offer_id"].take(rows[tied]).values)
            tie[tied] = len(ids) - 1 - ids if by_id else ids
        elif tied.any():
            tie[tied] = self.assessment.scoring("offers").place[rows[tied]]
        if exact:
            code = places.joined([*worst, tie])
            return places.Key(code, code)
        both = places.joined([np.concatenate([*key]) for key in (*keys, places.Key(tie, tie))])
        return places.Key(*np.split(both, 2))

    def _taken(self, name: str, rows: Array) -> Cells:
        market = self.assessment.market
        if name in market.offers.cells or name not in market.merchants.cells:
            return on_rows(market, self.assessment.book, name, "offers").take(rows)
        return market.merchants.cells[name].take(market.merchant_row[rows])

    def listed(self, standing: int) -> pd.Series:
        """(offers,) str: the quotas in which each offer stands so, joined by ";"."""
        held = np.zeros(len(self.verdict), np.int64)
        for bit, cut in enumerate(self.cuts):
            held[cut.rows[cut.standing == standing]] |= 1 << bit
        sets, of = np.unique(held, return_inverse=True)
        texts = [";".join(cut.name for bit, cut in enumerate(self.cuts) if int(each) >> bit & 1) for each in sets]
        return pd.Series(pd.array(texts, dtype="str")).take(of).reset_index(drop=True)

    def table(self) -> pd.DataFrame:
        """See ``Assessment.quotas``."""
        return pd.concat([_none(_QUOTAS), *map(self._table, self.cuts)], ignore_index=True)

    def _table(self, cut: Cut) -> pd.DataFrame:
        groups = len(cut.groups.names)

        def count(of: Array) -> Array:
            return np.bincount(np.where(of < 0, groups, of), minlength=groups + 1)

        every, came = cut.groups.of, cut.groups.of[cut.rows]
        counts = {
            "offers": count(every),
            "pre_qualified": count(every[self.verdict == PRE_QUALIFIED]),
            "cut_before": np.zeros(groups + 1, np.int64),
            **{name: count(came[cut.standing == code]) for code, name in enumerate(STANDINGS)},
            "undetermined": count(every[self.verdict == UNDETERMINED]),
        }
        counts["cut_before"] = counts["pre_qualified"] - count(came)
        frame = pd.DataFrame(counts)
        least, most = np.append(cut.low, 0), np.append(cut.high, UNLIMITED)
        frame.insert(0, "limit_at_most", pd.Series(most, dtype="Int64").mask(most == UNLIMITED))
        frame.insert(0, "limit", pd.Series(least, dtype="Int64"))
        for name, text in (("per", cut.quota.per), ("clause", cut.quota.clause[0]), ("quota", cut.name)):
            frame.insert(0, name, pd.Series(text, index=frame.index, dtype="str"))
        frame.insert(3, "group", pd.concat([cut.groups.names, pd.Series([""])], ignore_index=True).astype("str"))
        return frame[(frame["offers"] > 0) | ((frame["per"] == "all") & (frame.index == 0))]

    def placed(self) -> pd.DataFrame:
        """See ``Assessment.placed``."""
        return pd.concat([_none(_PLACED), *map(self._placed, self.cuts)], ignore_index=True)

    def _placed(self, cut: Cut) -> pd.DataFrame:
        group = cut.groups.of[cut.rows]
        shown = np.lexsort((cut.order, np.where(group < 0, len(cut.groups.names), group)))
        rows, group = cut.rows[shown], group[shown]
        frame = views.keys(self.assessment, "offers")[["offer_id", "merchant_id"]].take(rows).reset_index(drop=True)
        frame.insert(0, "quota", pd.Series(cut.name, index=frame.index, dtype="str"))
        names = pd.concat([cut.groups.names, pd.Series([""])], ignore_index=True)
        frame["group"] = names.take(group).reset_index(drop=True).astype("str")
        frame["place"], frame["place_at_most"] = cut.place.best[shown], cut.place.worst[shown]
        frame["limit"] = pd.Series(np.append(cut.low, 0)[group], dtype="Int64")
        most = np.append(cut.high, UNLIMITED)[group]
        frame["limit_at_most"] = pd.Series(most, dtype="Int64").mask(most == UNLIMITED)
        frame["standing"] = np.array(STANDINGS)[cut.standing[shown]]
        return frame.astype({"standing": _STANDING})


_STANDING = pd.CategoricalDtype(list(STANDINGS))
_QUOTAS = {
    **dict.fromkeys(("quota", "clause", "per", "group"), "str"), **dict.fromkeys(("limit", "limit_at_most"), "Int64"),
    **dict.fromkeys(("offers", "pre_qualified", "cut_before", *STANDINGS, "undetermined"), "int64"),
}  # fmt: skip
_PLACED = {
    **dict.fromkeys(("quota", "offer_id", "merchant_id", "group"), "str"),
    **dict.fromkeys(("place", "place_at_most"), "int64"), **dict.fromkeys(("limit", "limit_at_most"), "Int64"),
    "standing": _STANDING,
}  # fmt: skip


def _none(columns: Mapping[str, Any]) -> pd.DataFrame:
    return pd.DataFrame({name: pd.Series([], dtype=type) for name, type in columns.items()})


def _tied(parts: list[Array]) -> Array:
    """(n,) bool: which subjects equal another one in all parts."""
    code = places.joined(parts)
    row = np.argsort(code, kind="stable")
    same = np.diff(code[row]) == 0
    tied = np.zeros(len(code), bool)
    tied[row[1:][same]] = tied[row[:-1][same]] = True
    return tied


# ---- groups


def _groups(assessment: Assessment, per: str) -> Groups:
    market, book = assessment.market, assessment.book
    cells: dict[str, Cells] = {}
    if per == "all":
        of, names = np.zeros(market.offers.rows, np.int64), pd.Series(["all"])
    elif per == "merchant_id":
        of, names, cells = _merchants(assessment)
    else:
        held = on_rows(market, book, per, "offers")
        if held.names:
            of, texts = held.values.astype(np.int64), list(held.names)
        else:
            of, found = pd.factorize(held.to_pandas(), use_na_sentinel=True)
            texts = list(found)
        unsure = gone(held) if held.high is None else gone(held) | (held.values != held.high)
        of = np.where(unsure, -1, of)
        names = pd.Series(texts, dtype="str")
        cells = {per: Cells("text", np.arange(len(texts)), names=tuple(texts))}
    size = np.bincount(of[of >= 0], minlength=len(names))
    adrift = int((of < 0).sum())  # may be in any of the groups
    sizes = Cells.make("count", size, None, size + adrift)
    return Groups(of, names, {**cells, GROUP_SIZE: sizes})


def _merchants(assessment: Assessment) -> tuple[Array, pd.Series, dict[str, Cells]]:
    """A group a merchant, whether or not the market knows more of it than its id."""
    market = assessment.market
    ids = market.merchants.cells["merchant_id"].values
    of = market.merchant_row.astype(np.int64)
    orphans = np.flatnonzero(of < 0)
    more, strangers = pd.factorize(market.offers.cells["merchant_id"].take(orphans).to_pandas(), use_na_sentinel=True)
    of[orphans] = np.where(more < 0, -1, len(ids) + more)
    rows = np.concatenate([np.arange(len(ids)), np.full(len(strangers), -1)])
    wanted = [name for name in market.merchants.cells if name != "merchant_id"]
    cells = {name: market.merchants.cells[name] for name in wanted}
    if len(strangers):
        cells = {name: held.take(rows) for name, held in cells.items()}
    return of, pd.concat([pd.Series(ids), pd.Series(strangers)], ignore_index=True).astype("str"), cells


# ---- limits


def _limits(assessment: Assessment, quota: str, groups: Groups) -> tuple[Array, Array]:
    """(groups,) int64 the least and the greatest that each group's limit may be, in whole offers.

    The limit is read off the exact form of ``place <= limit``, so it is as exact as any comparison of a rule.
    """
    book = assessment.book
    test = bind(
        Compare("<=", Col(_PLACE, Kind("count", "offers")), book.limits[quota]),
        {**book.values, **assessment.moment.clock},
    )
    assert isinstance(test, Sum)
    count = len(groups.names)
    unknown = np.zeros(count, bool)
    read = columns_of(test) - {_PLACE}
    absent = {name for name in read if name not in groups.cells} | (read & assessment.unmade)
    if absent or all(name != _PLACE for _, name in test.terms):  # a column that is not there, or no value for anyone
        return np.zeros(count, np.int64), np.full(count, UNLIMITED)
    cells = {name: groups.cells[name] for name in read}
    sizes = {name: held.size for name, held in cells.items() if held.type == "count"}
    dtype = np.int64 if largest_sum(test, {_PLACE: 1, **sizes}) < 2**62 else object
    low = high = _numbers(test.bound, cells, count, unknown).astype(dtype)
    steps = 1
    for coefficient, name in test.terms:
        if name == _PLACE:
            assert isinstance(coefficient, int)
            steps = coefficient
            continue
        factor = _numbers(coefficient, cells, count, unknown).astype(dtype)
        unknown |= gone(cells[name])
        products = [factor * end.astype(dtype) for end in ends(cells[name])]
        low, high = low - np.maximum(*products), high - np.minimum(*products)
    least, most = (np.clip(each // steps, 0, UNLIMITED - 1).astype(np.int64) for each in (low, high))
    return np.where(unknown, 0, least), np.where(unknown, UNLIMITED, most)


def _numbers(number: int | float | PerName, cells: Mapping[str, Cells], count: int, unknown: Array) -> Array:
    """(groups,) a number, or each group's own; where there is none, ``unknown`` is set."""
    if not isinstance(number, PerName):
        return np.full(count, number, object)
    by, held = cells[number.by], dict(number.values)
    table = [held.get(name, number.default) for name in by.names]
    none = np.array([each is None for each in table] + [True])
    at = np.where(gone(by), len(by.names), by.values)
    unknown |= none[at]
    return np.array([0 if each is None else each for each in [*table, 0]], object)[at]
