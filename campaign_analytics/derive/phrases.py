"""Phrases of a word list in texts, however they are written, but for those inside phrases that are harmless.

One Aho-Corasick automaton reads every text once, so the time grows with the length of the texts and with nothing else.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

import numpy as np
from ahocorasick_rs import BytesAhoCorasick

from campaign_analytics.derive.folding import BREAK, DIGIT, INVISIBLE, LETTER, Folded, code_points, fold, folded
from campaign_analytics.market.schema import Array

_TOGETHER = 1 << 16  # texts folded in one go
_WIDTH = 4  # bytes of a code point


class Hits(NamedTuple):
    """Phrases found, in the order of their places; each array is (hits,)."""

    text: Array  # which of the texts, int64
    start: Array  # the place of its first character, counted from 0 in code points, int64
    end: Array  # the place behind its last one, int64
    word: Array  # places in ``Phrases.words``, int64


class Phrases:
    """Words to look for, and phrases in which they mean nothing.

    ``words`` gives for each spelling the word that it stands for. A word that begins inside a harmless phrase is not
    found ("最大" in "最大码", "不是最大"), unless it is the longer of two that begin together. Words that overlap are
    found once, as what they cover together, under the first and longest of them. A word that begins or ends with a
    Latin letter or an Arabic digit does not go on with another: "TOP1" is not in "TOP10".
    """

    def __init__(self, words: Mapping[str, str], harmless: Iterable[str] = ()) -> None:
        self.words = tuple(dict.fromkeys(words.values()))
        place = {word: i for i, word in enumerate(self.words)}
        held = {folded(phrase): -1 for phrase in harmless} | {folded(each): place[word] for each, word in words.items()}
        if "" in held or any(BREAK in phrase for phrase in held):
            raise ValueError("a phrase is of letters and digits, without marks that end a clause")
        self._word = np.array([*held.values(), -1], np.int64)
        self._automaton = BytesAhoCorasick([code_points(phrase).tobytes() for phrase in held])

    def find(self, texts: Sequence[str]) -> Hits:
        """Every place in ``texts`` where a word stands."""
        found = [
            self._found(fold(list(texts[base : base + _TOGETHER])), base) for base in range(0, len(texts), _TOGETHER)
        ]
        empty = np.zeros(0, np.int64)
        return Hits(*map(np.concatenate, zip(*found, strict=True))) if found else Hits(empty, empty, empty, empty)

    def _found(self, texts: Folded, base: int) -> Hits:
        matched = self._automaton.find_matches_as_indexes(texts.points.tobytes(), overlapping=True)
        raw = np.array(matched, np.int64).reshape(-1, 3)
        raw = raw[raw[:, 1] % _WIDTH == 0]  # others begin amid a character
        word, first, behind = self._word[raw[:, 0]], raw[:, 1] // _WIDTH, raw[:, 2] // _WIDTH
        harmless = word < 0
        meant = ~harmless & _whole(texts, first, behind)
        meant[meant] = ~_covered(first[meant], behind[meant], first[harmless], behind[harmless], len(texts.points))
        word, first, behind = word[meant], first[meant], behind[meant]

        order = np.lexsort((-behind, first))
        word, first, behind = word[order], first[order], behind[order]
        reached = np.maximum.accumulate(behind)
        new = np.flatnonzero(np.append(True, first[1:] >= reached[:-1])[: len(first)])
        start = texts.at[first[new]].astype(np.int64)
        end = texts.at[np.maximum.reduceat(behind, new) - 1].astype(np.int64) + 1 if len(new) else start
        text = np.searchsorted(texts.begins, start, "right") - 1
        return Hits(text + base, start - texts.begins[text], end - texts.begins[text], word[new])


def _whole(texts: Folded, first: Array, behind: Array) -> Array:
    """(matches,) bool: neither of its ends goes on with a letter after a letter or a digit after a digit."""
    kinds = texts.kinds()
    seen = np.flatnonzero(kinds != INVISIBLE)
    start, last = texts.at[first], texts.at[behind - 1]
    before = seen[np.searchsorted(seen, start) - 1]  # of the first character the last one, a break
    after = seen[np.minimum(np.searchsorted(seen, last, "right"), len(seen) - 1)]

    def goes_on(inside: Array, outside: Array) -> Array:
        kind = kinds[inside]
        joined: Array = ((kind == LETTER) | (kind == DIGIT)) & (kind == kinds[outside])
        return joined

    return ~goes_on(start, before) & ~goes_on(last, after)


def _covered(first: Array, behind: Array, harmless_first: Array, harmless_behind: Array, length: int) -> Array:
    """(words,) bool: it begins after the begin of a harmless phrase and before its end, or with one as long."""
    depth = np.zeros(length + 2, np.int32)
    np.add.at(depth, harmless_first + 1, 1)
    np.add.at(depth, harmless_behind, -1)
    longest = np.zeros(length, np.int64)
    np.maximum.at(longest, harmless_first, harmless_behind)
    covered: Array = (np.cumsum(depth)[first] > 0) | (longest[first] >= behind)
    return covered
