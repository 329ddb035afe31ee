"""Accounts that are one user: those that declare each other or share an identifier, directly or over others.

Only identifiers that are equal tie accounts. One that more than ``max_shared`` accounts share, one that a list names as
a placeholder, and one that hides characters (138****1234) or has none that count ties nobody, and is reported.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple
from weakref import WeakKeyDictionary, ref

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from campaign_analytics.derive.making import Making
from campaign_analytics.derive.texts import numbered, texts_of
from campaign_analytics.market.schema import Array, Cells

IGNORED = ("column", "kind", "value", "accounts", "example")


class Step(NamedTuple):
    """From one account to the next: by which column they are tied, and whether they share what it holds (a link is
    declared by it otherwise)."""

    account: str
    to: str
    column: str
    shared: bool


@dataclass(frozen=True, eq=False)
class Accounts:
    """Every account that a market names: its merchants in their rows' order, then those named elsewhere alone.

    Accounts that hold a tie in common are linked: ``account`` and ``tie`` (pairs,) say who holds which, ``kind``
    (ties,) the place of each tie's column in ``columns``, of which the first ``shared`` are identifiers.
    """

    ids: pa.Array
    account: Array
    tie: Array
    kind: Array
    columns: tuple[str, ...]
    shared: int
    ignored: pd.DataFrame  # identifiers that tie nobody: column, kind, value (of a placeholder), accounts, example
    places: Mapping[Cells, Array]  # by column of merchant ids (rows,) the account that each cell names, -1 for none

    @cached_property
    def user(self) -> Array:
        """(accounts,) the number of the user behind each account, whatever the number of steps between."""
        size = len(self.ids) + len(self.kind)
        held = (np.ones(len(self.tie), bool), (self.account, len(self.ids) + self.tie))
        from scipy.sparse import coo_array  # dear to import
        from scipy.sparse.csgraph import connected_components

        users: Array = connected_components(coo_array(held, shape=(size, size)).tocsr(), directed=False)[1]
        return users[: len(self.ids)]

    def latest_within(self, steps: int, of: Array, day: Array, rows: Array, at: Array, otherwise: int) -> Array:
        """For each account of ``rows`` the latest day, not after its ``at``, of an account at most ``steps`` steps away
        (``day`` is a day of the account ``of``); ``otherwise`` without one."""
        touched = np.isin(self.user, self.user[of])
        place = np.cumsum(touched) - 1  # only these accounts are looked at: a few, mostly
        pairs = touched[self.account]
        account, (ties, tie) = place[self.account[pairs]], np.unique(self.tie[pairs], return_inverse=True)
        order = np.argsort(day, kind="stable")
        of, day = place[of[order]], day[order]
        until = np.where(touched[rows], np.searchsorted(day, at, side="right"), 0)
        found = np.full(len(rows), otherwise)
        for end in np.unique(until[until > 0]):  # no day lies between two that end alike
            held = np.full(int(touched.sum()), otherwise)
            held[of[:end]] = day[:end]  # of one account's days the last stands
            for _ in range(steps):
                before, of_tie = held.copy(), np.full(len(ties), otherwise)
                np.maximum.at(of_tie, tie, held[account])
                np.maximum.at(held, account, of_tie[tie])
                if np.array_equal(before, held):
                    break
            here = until == end
            found[here] = held[place[rows[here]]]
        return found

    def ways(self, sources: Iterable[int]) -> dict[int, tuple[int, int]]:
        """Of every account that is one user with a source: the account before it on the shortest way from the nearest
        source, and their tie; (-1, -1) for a source."""
        before = dict.fromkeys(map(int, sources), (-1, -1))
        waiting, used = deque(before), set[int]()
        while waiting:
            here = waiting.popleft()
            for tie in set(self._ties_of.at(here)) - used:
                used.add(tie)
                for there in self._holders_of.at(tie):
                    if there not in before:
                        before[there] = here, tie
                        waiting.append(there)
        return before

    def steps(self, ways: dict[int, tuple[int, int]], end: int) -> list[Step]:
        """The steps of ``ways`` from its source to ``end``."""
        found: list[Step] = []
        here, tie = ways[end]
        while tie >= 0:
            kind = int(self.kind[tie])
            found.append(Step(self.id(here), self.id(end), self.columns[kind], kind < self.shared))
            end = here
            here, tie = ways[end]
        return found[::-1]

    def place(self, id: str) -> int:
        """The account of a merchant id, -1 for none."""
        found: int = pc.index(self.ids, pa.scalar(id, self.ids.type)).as_py()
        return found

    def id(self, account: int) -> str:
        """The merchant id of an account."""
        return str(self.ids[account].as_py())

    @cached_property
    def _ties_of(self) -> _Lists:
        return _Lists.make(self.account, self.tie, len(self.ids))

    @cached_property
    def _holders_of(self) -> _Lists:
        return _Lists.make(self.tie, self.account, len(self.kind))


class _Lists(NamedTuple):
    """A list of numbers for each of many numbers."""

    held: Array
    first: Array

    @classmethod
    def make(cls, of: Array, held: Array, count: int) -> _Lists:
        first = np.concatenate([[0], np.cumsum(np.bincount(of, minlength=count))])
        return cls(held[np.argsort(of, kind="stable")], first)

    def at(self, number: int) -> list[int]:
        found: list[int] = self.held[self.first[number] : self.first[number + 1]].tolist()
        return found


# ---- from a market


def accounts_of(making: Making) -> Accounts:
    """The accounts that a recipe of linked merchants ties together; made once for as long as their columns stand."""
    tables, own = making.market.tables, making.market.merchants.cells["merchant_id"]
    link = str(making.spec.with_.get("links", ""))
    declared = tables.get(making.book.columns[link].table) if link else None
    ends = [declared.cells[end] for end in ("merchant_id", link) if end in declared.cells] if declared else []
    events = tables.get(making.argument("table"))
    named = [*ends, *([events.cells["merchant_id"]] if events else [])]
    identifiers = _identifiers(making)
    most, placeholders = making.argument("max_shared"), _listed(making)
    asked = (link, *map(ref, named), *((name, ref(cells)) for name, cells in identifiers.items()), most, *placeholders)
    if own not in _MADE or _MADE[own][0] != asked:
        ids, places = _everyone(own, named)
        found = [_shared(name, cells, ids, most, placeholders) for name, cells in identifiers.items()]
        links = [_declared(link, *(places[cells] for cells in ends))] if len(ends) == 2 else []
        _MADE[own] = asked, _gathered(ids, found, links, places)
    return _MADE[own][1]


def holders(making: Making, table: str, which: Array) -> Array:
    """(merchants,) bool: to which merchants the recipe counts one of the rows ``which`` (bool) of ``table``: their own,
    or one of an account that is tied to them."""
    accounts, depth = accounts_of(making), making.argument("max_link_depth")
    named, rows = making.cells("merchant_id", table), np.arange(making.market.merchants.rows)
    if named not in accounts.places:
        return np.zeros(len(rows), bool)
    of = accounts.places[named][which]
    of = of[of >= 0]
    if depth is None:
        return np.isin(accounts.user[rows], accounts.user[of])
    never, day = np.zeros(len(rows), np.int64), np.zeros(len(of), np.int64)
    return accounts.latest_within(int(depth), of, day, rows, never, -1) >= 0


#: Of a market's merchant ids: what their accounts were last made from, and the accounts.
_MADE: WeakKeyDictionary[Cells, tuple[tuple[object, ...], Accounts]] = WeakKeyDictionary()


def _identifiers(making: Making) -> dict[str, Cells]:
    """The columns by which accounts are one user, but for those that the market lacks."""
    held = making.market.merchants.cells
    return {name: held[name] for name in making.spec.with_.get("identifiers", ()) if name in held}


def _listed(making: Making) -> tuple[str, ...]:
    """The texts that stand for no identifier."""
    name = making.spec.with_.get("placeholders")
    return (*making.book.lists[name].values, *making.book.lists[name].aliases) if name else ()


class _Tied(NamedTuple):
    """What one column ties: pairs of account and tie, numbered from 0, and the identifiers that tie nobody."""

    column: str
    account: Array
    tie: Array
    ties: int
    ignored: pd.DataFrame


def _everyone(own: Cells, others: Sequence[Cells]) -> tuple[pa.Array, Mapping[Cells, Array]]:
    """The ids of all accounts, and for each of the columns that name some the account of each cell, -1 for none."""
    texts = [texts_of(cells) for cells in others]
    ids, places = numbered(pa.concat_arrays([pa.array([], pa.large_string()), *texts]), texts_of(own))
    ends = np.cumsum([len(each) for each in texts])
    return ids, dict(zip(others, np.split(places, ends[:-1]), strict=True)) if texts else {}


def _shared(column: str, cells: Cells, ids: pa.Array, most: int | None, placeholders: Iterable[str]) -> _Tied:
    """Accounts of which the same text stands in a column."""
    held = texts_of(cells).dictionary_encode()
    values, code = held.dictionary, np.asarray(held.indices.fill_null(-1))
    accounts = np.bincount(code[code >= 0], minlength=len(values))
    several = np.flatnonzero(accounts > 1)
    texts, counts = values.take(several), accounts[several]
    why = np.select([_placeholders(texts, placeholders), counts > (most or np.inf)], ["placeholder", "hub"], "")
    good = several[why == ""]
    number = np.full(len(values) + 1, -1)
    number[good] = np.arange(len(good))
    tie = number[code]
    account = np.flatnonzero(tie >= 0)
    bad = why != ""
    first = np.zeros(len(values) + 1, np.int64)  # one more behind missing cells
    first[code[::-1]] = np.arange(len(code))[::-1]
    shown = np.where(why == "placeholder", texts.to_numpy(zero_copy_only=False), "")  # a hub's may be somebody's own
    examples = ids.take(pa.array(first[several[bad]])).to_numpy(zero_copy_only=False)
    ignored = pd.DataFrame(
        {"column": column, "kind": why[bad], "value": shown[bad], "accounts": counts[bad], "example": examples}
    )
    return _Tied(column, account, tie[account], len(good), ignored)


def _placeholders(texts: pa.Array, listed: Iterable[str]) -> Array:
    plain = folded(texts)
    named = folded(pa.array([*listed, ""], pa.large_string()))
    return np.asarray(pc.or_(pc.is_in(plain, named), pc.match_substring_regex(texts, r"[*＊]{2}")))


def _declared(column: str, one: Array, other: Array) -> _Tied:
    """Accounts that a row of links names together."""
    both = (one >= 0) & (other >= 0) & (one != other)
    account = np.concatenate([one[both], other[both]])
    count = int(both.sum())
    return _Tied(column, account, np.tile(np.arange(count), 2), count, pd.DataFrame(columns=list(IGNORED)))


def _gathered(ids: pa.Array, shared: list[_Tied], declared: list[_Tied], places: Mapping[Cells, Array]) -> Accounts:
    every = [*shared, *declared]
    first = np.cumsum([0, *(each.ties for each in every)])
    nothing = [np.zeros(0, np.int64)]
    ignored = [each.ignored for each in every if len(each.ignored)]
    return Accounts(
        ids=ids,
        account=np.concatenate([*nothing, *(each.account for each in every)]),
        tie=np.concatenate([*nothing, *(each.tie + start for each, start in zip(every, first[:-1], strict=True))]),
        kind=np.repeat(np.arange(len(every)), [each.ties for each in every]),
        columns=tuple(each.column for each in every),
        shared=len(shared),
        ignored=pd.concat(ignored, ignore_index=True) if ignored else pd.DataFrame(columns=list(IGNORED)),
        places=WeakKeyDictionary(places),
    )


# ---- texts


def folded(texts: pa.Array) -> pa.Array:
    """The texts without what does not tell them apart for people: width, case, spaces and punctuation."""
    lower = pc.utf8_lower(pc.utf8_normalize(texts, "NFKC"))
    return pc.replace_substring_regex(lower, r"[\pP\pS\pZ\pC]+", "")


def similar(making: Making) -> Iterator[tuple[str, Array, Array]]:
    """By identifier the accounts whose texts are alike though not all equal: (n,) accounts, (n,) the group of each.

    Groups of more than ``max_shared``, or of placeholders, are none.
    """
    most = making.argument("max_shared") or np.inf
    for column, cells in _identifiers(making).items():
        held = texts_of(cells).dictionary_encode()
        values, code = held.dictionary, np.asarray(held.indices.fill_null(-1))
        alike = folded(values).dictionary_encode()
        group = np.asarray(alike.indices)
        several = np.bincount(group, minlength=len(alike.dictionary)) > 1
        several[group[_placeholders(values, _listed(making))]] = False
        of = np.append(group, -1)[code]
        several &= np.bincount(of[of >= 0], minlength=len(several)) <= most
        found = np.flatnonzero(np.append(several, False)[of])
        yield column, found, of[found]
