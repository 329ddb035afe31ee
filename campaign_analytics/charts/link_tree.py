"""Accounts of one user in an order in which they can be drawn: each under the one from which a record reaches it."""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

import pandas as pd


@dataclass(frozen=True)
class Place:
    """An account: the place of the one it hangs from in the order (None for none), how many are above it, and whether
    the record that decides for somebody comes this way."""

    id: str
    above: int | None
    depth: int
    reached: bool


@dataclass(frozen=True)
class Tie:
    """What accounts hold in common: the columns, and whether one of them is an identifier that they share."""

    columns: tuple[str, ...]
    shared: bool


@dataclass(frozen=True)
class Tree:
    """The accounts drawn, each behind the one it hangs from; the other accounts; ties that are no edge of the tree."""

    places: Sequence[Place]
    rest: Sequence[str]
    across: Sequence[tuple[tuple[int, ...], Tie]]
    edges: Mapping[int, Tie]  # by place: the tie to the account above


def arrange(ids: Iterable[str], ties: pd.DataFrame, steps: pd.DataFrame, sources: Collection[str], most: int) -> Tree:
    """The ``most`` accounts that are nearest to the ``sources``, those on a way of ``steps`` first.

    ``ties`` and ``steps`` are as of ``Links``: an account hangs from the one before it on a way, or else from the
    nearest that it is tied to.
    """
    held: dict[str, set[int]] = defaultdict(set)
    holders: dict[int, list[str]] = defaultdict(list)
    for id, tie in zip(ties["merchant_id"], ties["tie"], strict=True):
        held[id].add(tie)
        holders[tie].append(id)
    onward: dict[str, list[str]] = defaultdict(list)
    for start, end in zip(steps["from_id"], steps["to_id"], strict=True):
        onward[start].append(end)
    near = {id: [other for tie in sorted(held[id]) for other in holders[tie]] for id in ids}

    above: dict[str, str | None] = dict.fromkeys(sorted(sources))
    _hang(above, onward)
    reached = set(above)
    _hang(above, near)
    for id in near:
        if id not in above:  # no source is near
            above[id] = None
            _hang(above, near)
    depth: dict[str, int] = {}
    for id, over in above.items():  # in the order of hanging
        depth[id] = 0 if over is None else depth[over] + 1
    order = sorted(above, key=lambda id: (id not in reached, depth[id]))
    drawn = set(order[:most])
    places = _in_order([id for id in order if id in drawn], above, depth, reached)
    at = {place.id: i for i, place in enumerate(places)}
    kinds = dict(zip(ties["tie"], zip(ties["column"], ties["shared"], strict=True), strict=True))
    edges = {
        i: _tie(held[place.id] & held[places[place.above].id], kinds)
        for i, place in enumerate(places)
        if place.above is not None
    }
    return Tree(places, order[most:], _across(places, holders, at, held, kinds), edges)


def _hang(above: dict[str, str | None], near: Mapping[str, Sequence[str]]) -> None:
    """Hang everybody who can be reached from those that hang already, the nearest first."""
    waiting = deque(above)
    while waiting:
        here = waiting.popleft()
        for there in near.get(here, ()):
            if there not in above:
                above[there] = here
                waiting.append(there)


def _in_order(
    ids: Sequence[str], above: Mapping[str, str | None], depth: Mapping[str, int], reached: Collection[str]
) -> list[Place]:
    below: dict[str | None, list[str]] = defaultdict(list)
    for id in ids:
        below[above[id]].append(id)
    places: list[Place] = []
    waiting: list[tuple[str, int | None]] = [(id, None) for id in reversed(below[None])]
    while waiting:
        id, over = waiting.pop()
        waiting += [(each, len(places)) for each in reversed(below[id])]
        places.append(Place(id, over, depth[id], id in reached))
    return places


def _across(
    places: Sequence[Place],
    holders: Mapping[int, Sequence[str]],
    at: Mapping[str, int],
    held: Mapping[str, Collection[int]],
    kinds: Mapping[int, tuple[str, bool]],
) -> list[tuple[tuple[int, ...], Tie]]:
    """Ties whose holders the edges of the tree do not join, those of the same holders as one; most holders first."""
    found: dict[tuple[int, ...], set[int]] = defaultdict(set)
    for tie, ids in holders.items():
        here = sorted(at[id] for id in ids if id in at)
        joined = sum((over := places[i].above) is not None and tie in held[places[over].id] for i in here)
        if len(here) - joined > 1:
            found[tuple(here)].add(tie)
    across = [(here, _tie(each, kinds)) for here, each in found.items()]
    return sorted(across, key=lambda pair: (-len(pair[0]), pair[0]))


def _tie(ties: Iterable[int], kinds: Mapping[int, tuple[str, bool]]) -> Tie:
    each = [kinds[tie] for tie in sorted(ties)]
    return Tie(tuple(dict.fromkeys(column for column, _ in each)), any(shared for _, shared in each))
