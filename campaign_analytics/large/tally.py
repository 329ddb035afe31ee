"""Counting what there is millions of, of which much is alike: rows of bytes get a number each, and numbers are counted.

Both keep what they have seen in narrow arrays, so that counts of hundreds of millions stay small.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor

import numpy as np
import pandas as pd

from campaign_analytics.market.schema import Array
from campaign_analytics.market.texts import let_go_of_all

_HALF = np.uint64(32)
_LOW = np.uint64((1 << 32) - 1)
_STRETCH = 1 << 18  # keys of a stretch, of those that are brought together at once
_WAITING = 1 << 18  # keys that wait at least until they are brought together with the others


class Kinds:
    """Rows of columns of 8 or 16 bits, each kept once, with a number: those that came earlier have lower ones."""

    def __init__(self) -> None:
        # the words of 64 bits that occur, sorted, and the number of each; by place, after the first also of pairs
        self._known: list[tuple[Array, Array]] = []

    def __len__(self) -> int:
        return len(self._known[-1][0]) if self._known else 0

    def numbers(self, columns: Sequence[Array]) -> Array:
        """(n,) uint64 the number of each row of (n,) columns, which are always as many, of the same types."""
        number = np.zeros(0, np.uint64)
        for place, words in enumerate(packed(columns)):
            own = self._number(max(2 * place - 1, 0), words)
            number = self._number(2 * place, number << _HALF | own) if place else own
        return number

    def columns(self, types: Sequence[type]) -> list[Array]:
        """(kinds,) the columns, by number, which had these types."""
        number, words = np.arange(len(self), dtype=np.uint64), list[Array]()
        for place in range(len(self._known) // 2, 0, -1):
            pairs = self._by_number(2 * place)[number]
            words.insert(0, self._by_number(2 * place - 1)[pairs & _LOW])
            number = pairs >> _HALF
        words.insert(0, self._by_number(0)[number])
        return unpacked(np.array(words), types)

    def _number(self, at: int, values: Array) -> Array:
        if at == len(self._known):
            self._known.append((np.zeros(0, np.uint64), np.zeros(0, np.uint64)))
        within, distinct = pd.factorize(values, sort=True)  # which are found sooner
        words, numbers = self._known[at]
        place = np.searchsorted(words, distinct)
        there = place < len(words)
        there[there] = words[place[there]] == distinct[there]
        if not there.all():
            new = ~there
            own = np.arange(len(words), len(words) + np.count_nonzero(new), dtype=np.uint64)
            words, numbers = np.insert(words, place[new], distinct[new]), np.insert(numbers, place[new], own)
            self._known[at] = words, numbers
            place += np.cumsum(new) - new  # those that came between
        found: Array = numbers[place][within]
        return found

    def _by_number(self, at: int) -> Array:
        words, numbers = self._known[at]
        held = np.zeros_like(words)
        held[numbers] = words
        return held


class Tally:
    """How often each key has come: sorted, in stretches of which one is brought together with what waits at a time.
    Keys are counted in a thread, while others are made."""

    def __init__(self) -> None:
        self._held: list[tuple[Array, Array]] = []  # by stretch: its keys, and how often each came
        self._waiting: list[tuple[Array, Array]] = []
        self._counting: Future[tuple[Array, Array]] | None = None
        self._thread = ThreadPoolExecutor(1)

    def __len__(self) -> int:
        """How many keys there were when they were last brought together."""
        return sum(len(keys) for keys, _ in self._held)

    def most(self) -> int:
        """How often the most frequent key had come by then."""
        return max((int(counts.max()) for _, counts in self._held), default=0)

    def add(self, keys: Array) -> None:
        """Count (n,) uint64 keys."""
        self._wait()
        self._counting = self._thread.submit(_counted, keys)
        if sum(len(each) for each, _ in self._waiting) > max(len(self) // 4, _WAITING):
            self._bring_together()

    def settle(self) -> None:
        """Bring together all that was added."""
        self._wait()
        self._bring_together()

    def _wait(self) -> None:
        """Let what is counted now wait with the others."""
        if self._counting:
            self._waiting.append(self._counting.result())
            self._counting = None

    def _bring_together(self) -> None:
        """Bring together what waits and what is held, a stretch after the other."""
        if not self._waiting:
            return
        waiting, held = self._waiting, self._held or [_NONE]
        starts = [keys[0] for keys, _ in held[1:]]
        cuts = [[0, *np.searchsorted(keys, starts).tolist(), len(keys)] for keys, _ in waiting]
        self._waiting, self._held = [], []
        for i in range(len(held)):
            own, held[i] = held[i], _NONE  # let go as soon as it is brought together
            some = [(k[cut[i] : cut[i + 1]], n[cut[i] : cut[i + 1]]) for cut, (k, n) in zip(cuts, waiting, strict=True)]
            self._held += _stretches(*_together([own, *some]))
        let_go_of_all()

    def settled(self) -> Iterator[tuple[Array, Array]]:
        """One stretch after the other, which then is no longer held: (keys,) uint64, each greater than those before,
        and (keys,) how often each came."""
        self.settle()
        while self._held:
            yield self._held.pop(0)
            let_go_of_all()


_NONE = np.zeros(0, np.uint64), np.zeros(0, np.uint8)


def _counted(keys: Array) -> tuple[Array, Array]:
    """Keys sorted, each once, and how often it came."""
    codes, each = pd.factorize(keys)  # which leaves fewer to sort
    order = np.argsort(each)
    return each[order], _narrow(np.bincount(codes)[order])


def _narrow(counts: Array) -> Array:
    return counts.astype(np.min_scalar_type(int(counts.max(initial=0))))


def _together(some: Sequence[tuple[Array, Array]]) -> tuple[Array, Array]:
    """Keys of several runs, sorted, each once, and how often it came in all of them."""
    keys = np.concatenate([keys for keys, _ in some])
    counts = np.concatenate([counts for _, counts in some])
    order = np.argsort(keys, kind="stable")  # which merges runs
    keys = keys[order]
    first = np.flatnonzero(np.append(True, keys[1:] != keys[:-1])[: len(keys)])
    return keys[first], _narrow(np.add.reduceat(counts[order], first, dtype=np.int64) if len(first) else counts)


def _stretches(keys: Array, counts: Array) -> Iterator[tuple[Array, Array]]:
    for start in range(0, len(keys), _STRETCH):
        yield keys[start : start + _STRETCH].copy(), counts[start : start + _STRETCH].copy()


# ---- columns side by side in words


def packed(columns: Sequence[Array]) -> Array:
    """(words, n) uint64 of (n,) columns of 8 or 16 bits."""
    size = sum(column.itemsize for column in columns)
    rows = np.zeros((len(columns[0]), -(-size // 8) * 8), np.uint8)
    at = 0
    for column in columns:
        rows[:, at : at + column.itemsize] = column[:, np.newaxis].view(np.uint8)
        at += column.itemsize
    return rows.view(np.uint64).T


def unpacked(words: Array, types: Sequence[type]) -> list[Array]:
    """The columns out of ``packed``."""
    rows, at, found = np.ascontiguousarray(words.T).view(np.uint8), 0, list[Array]()
    for each in types:
        size = np.dtype(each).itemsize
        found.append(np.ascontiguousarray(rows[:, at : at + size]).view(each)[:, 0])
        at += size
    return found
