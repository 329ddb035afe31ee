"""Texts as phrases are looked for in them: one form of every character, with its place in the text kept.

Case, width, script and look-alikes make no difference, and neither do spaces, invisible characters and marks put
between characters: "最 大", "NO.①", "Ｔ·Ｏ·Ｐ１". Marks that end a clause or part a list stay, as one mark: no phrase
runs across them.
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from functools import cache
from threading import Lock
from typing import Any

import numpy as np
import opencc

from campaign_analytics.market.schema import Array

#: What every mark becomes that no phrase runs across. Texts are joined with it.
BREAK = "\n"
_BREAKS = frozenset("\n\r\v\f\x85\u2028\u2029，。！？；：、,!?;:｡､")
_KEPT = frozenset("%‰")  # marks that mean something beside a number
#: Cyrillic and Greek letters that look like Latin ones, after casefold.
_LOOK_ALIKES = str.maketrans("авекморстухіѕјԁԛԝαβεικνορτυχ", "abekmopctyxisjdqwabeikvoptux")
_HAN_DIGITS = str.maketrans("〇零一二三四五六七八九壹贰叁肆伍陆柒捌玖弌弍弎", "00123456789123456789123")
_APART = "\x1f"  # a control character: it folds to nothing, so no text's own one is met
_CODE_POINTS = 0x110000

#: Kinds of characters, for words that may not go on: TOP1 is neither in TOP10 nor in LAPTOP1.
OTHER, LETTER, DIGIT, INVISIBLE = range(4)


@dataclass(frozen=True, eq=False)
class Folded:
    """Several texts as one row of characters, ``BREAK`` after each."""

    points: Array  # (n,) uint32 code points of the folded characters
    at: Array  # (n,) place of each in ``source``
    source: Array  # (m,) uint32 code points of the texts as they are
    begins: Array  # (texts,) place in ``source`` at which each text begins

    def kinds(self) -> Array:
        """(m,) uint8 kind of each character of ``source``."""
        kinds: Array = _learnt().kind[self.source]
        return kinds


class _Learnt:
    """What each character met so far becomes: ``size[c]`` characters from ``first[c]`` on in ``pool``."""

    def __init__(self) -> None:
        self.known = np.zeros(_CODE_POINTS, bool)
        self.size = np.zeros(_CODE_POINTS, np.uint8)
        self.first = np.zeros(_CODE_POINTS, np.int32)
        self.kind = np.zeros(_CODE_POINTS, np.uint8)
        self.pool: Array = np.zeros(0, np.uint32)
        self._simplify = opencc.OpenCC("t2s").convert

    def learn(self, points: Array) -> None:
        new = np.unique(points[~self.known[points]])
        if not len(new):
            return
        wide = [_wide(chr(point)) for point in new.tolist()]
        # each character by itself: a phrase would be turned as a whole, and the places in it lost
        forms = list(map(_narrow, self._simplify(_APART.join(wide)).split(_APART)))
        self.size[new] = [len(form) for form in forms]
        self.first[new] = len(self.pool) + np.cumsum([0, *(len(form) for form in forms[:-1])])
        self.kind[new] = [_kind(chr(point), form) for point, form in zip(new.tolist(), forms, strict=True)]
        self.pool = np.concatenate([self.pool, code_points("".join(forms))])
        self.known[new] = True


#: Parts of a market are made in several threads; what one has learnt serves all.
_LEARNING = Lock()


@cache
def _learnt() -> _Learnt:
    return _Learnt()


def fold(texts: list[str]) -> Folded:
    """Fold texts, all in one go."""
    source = code_points("".join(text + BREAK for text in texts))
    with _LEARNING:
        learnt = _learnt()
        learnt.learn(source)
    sizes = learnt.size[source]
    at = np.repeat(np.arange(len(source), dtype=np.int32), sizes)
    places = learnt.first[source[at]]
    if sizes.max(initial=0) > 1:  # the second, third … of what one character became
        begun = np.cumsum(sizes, dtype=np.int64) - sizes
        places = places + (np.arange(len(at)) - begun[at])
    lengths = np.fromiter(map(len, texts), np.int64, len(texts))
    begins = np.cumsum(lengths + 1) - lengths - 1
    return Folded(learnt.pool[places], at, source, begins)


def folded(text: str) -> str:
    """One text in the form in which it is compared."""
    points = fold([text]).points[:-1]
    return "".join(map(chr, points.tolist()))


def code_points(text: str) -> Array:
    """(n,) uint32."""
    return np.frombuffer(text.encode("utf-32-le", "surrogatepass"), np.uint32)


def _wide(character: str) -> str:
    """A character without width, case and accents, or a digit for what stands for one; nothing for what is not seen."""
    if character in _BREAKS:
        return BREAK
    category = unicodedata.category(character)
    if category[0] in "CZM":
        return ""
    value: Any = -1 if category == "Lo" else unicodedata.numeric(character, -1)
    if value in range(10):
        return str(int(value))
    return unicodedata.normalize("NFKD", character).casefold().translate(_LOOK_ALIKES)


def _narrow(simplified: str) -> str:
    """Letters, digits and breaks alone, Chinese digits as Arabic ones."""
    breaks = (BREAK if each in _BREAKS else each for each in simplified)
    kept = (each for each in breaks if each in _KEPT or each == BREAK or unicodedata.category(each)[0] in "LN")
    return "".join(kept).translate(_HAN_DIGITS)


def _kind(character: str, form: str) -> int:
    if not form and unicodedata.category(character)[0] in "CM":
        return INVISIBLE
    if form.isascii() and form.isalpha():
        return LETTER
    han = any(unicodedata.category(each) == "Lo" for each in unicodedata.normalize("NFKD", character))
    return DIGIT if form.isascii() and form.isdigit() and not han else OTHER
