"""Sets: several names of a list in one cell, with or without separators, or a sentence around them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from functools import cache

import numpy as np
import pyarrow as pa

from campaign_analytics.market.marks import alike, load_marks, narrow
from campaign_analytics.market.quality import Reason
from campaign_analytics.market.reading import Reading, read_one_by_one
from campaign_analytics.market.words import NEW_NAME, NOT_LISTED, spellings

TOO_MANY_NAMES = Reason("missing", "not in the list, which has no room for more")
SENTENCE = Reason("repaired", "a sentence, read as the names that it means")

_MOST_NAMES = 64
_PARTS = re.compile(r"[、,;/|]")
_LONGEST = 400
#: Which kinds of sentences may stand in one cell without contradicting each other.
_TOGETHER = (
    *({"these"}, {"these", "rest"}, {"none"}, {"none", "these"}),
    *({"others"}, {"others", "these"}, {"all"}, {"all", "these"}),
)
#: A name of one letter is told from its neighbours by a separator alone.
_RUNS_ON = re.compile(r".{2,}|[^a-z0-9]")


def read_sets(
    texts: pa.StringArray,
    names: Sequence[str],
    aliases: Mapping[str, str],
    extend: bool,
    groups: Mapping[str, Sequence[str]] | None = None,
    says: Mapping[str, str] | None = None,
) -> Reading:
    """Bits over a list, of names in one cell. A cell with a name that is not in a closed list is missing as a whole.

    ``groups`` are words for several names, ``says`` the sentences of the column: see ``Sentences``.
    """
    places = spellings(names, aliases)
    marks = load_marks()
    held = list(names)
    word_of = cache(alike)  # the same few names stand in many cells

    @cache
    def sentences() -> Sentences:
        return Sentences(places, len(names), groups or {}, says or {})

    def members(text: str) -> list[str]:
        """The parts of a cell: between separators, and between spaces too where a part is no name."""
        parts = [part for part in _PARTS.split(narrow(text)) if part.strip()]
        if extend or all(word_of(part) in places for part in parts):
            return parts
        return [word for part in parts for word in ([part] if word_of(part) in places else part.split())]

    def one(text: str) -> tuple[int | None, Reason | None]:
        whole = alike(text)
        if whole in places:
            return 1 << places[whole], NEW_NAME if places[whole] >= len(names) else None
        if whole in marks.empty_set:
            return 0, None
        if whole in marks.missing:
            return None, None
        bits, reason, parts = 0, None, members(text)
        if not parts:
            return None, NOT_LISTED
        for name in parts:
            word = word_of(name)
            if word not in places:
                if not extend:
                    meant = sentences().bits(whole)
                    return meant, NOT_LISTED if meant is None else SENTENCE
                if len(held) == _MOST_NAMES:
                    return None, TOO_MANY_NAMES
                places[word], reason = len(held), NEW_NAME
                held.append(narrow(name))
            elif places[word] >= len(names):
                reason = NEW_NAME
            bits |= 1 << places[word]
        return bits, reason

    reading = read_one_by_one(texts, np.zeros(len(texts), np.uint64), np.zeros(len(texts), bool), one)
    reading.names = tuple(held)
    return reading


class Sentences:
    """What is written around names: 除新疆、西藏外包邮, 全国包邮(海南除外), or names that run on.

    A form is a sentence with {} where the names stand, a comma where it may be broken, and # for an amount. It means
    "these" names, all "others", "all" or "none"; the "rest" of a list says nothing by itself. Of several sentences in a
    cell each adds its names.
    """

    def __init__(
        self, places: Mapping[str, int], count: int, groups: Mapping[str, Sequence[str]], says: Mapping[str, str]
    ) -> None:
        self.every = (1 << count) - 1
        self.words = {word: 1 << place for word, place in places.items()} | {
            alike(word): sum(1 << places[alike(name)] for name in names) for word, names in groups.items()
        }
        self._name = re.compile(_any(filter(_RUNS_ON.fullmatch, self.words)))
        joined = _any(load_marks().joining)
        self._between = re.compile(rf"(?:{joined})*+")
        names = rf"(?P<names>(?:(?:{joined})*+(?:{self._name.pattern}))++(?:{joined})*+)"
        signs = {"{}": names, ",": rf"(?:{joined})*+", "#": r"[0-9.]*[1-9][0-9.]*"}
        self._forms = [(re.compile(_filled(form, signs)), means) for form, means in {"{}": "these", **says}.items()]

    def bits(self, text: str) -> int | None:
        """The names that a text (as ``alike`` gives it) means, as bits; None where some of it is not understood, or
        contradicts the rest."""
        if len(text) > _LONGEST:
            return None
        at, bits, meant = self._after(text, 0), 0, list[str]()
        while at < len(text):
            found = [(form.match(text, at), means) for form, means in self._forms]
            sentence, means = max(found, key=lambda each: each[0].end() if each[0] else -1)
            if sentence is None or sentence.end() == at:
                return None
            listed = 0
            for name in self._name.findall(sentence.groupdict().get("names", "")):
                listed |= self.words[name]
            bits |= {"these": listed, "others": self.every & ~listed, "all": self.every}.get(means, 0)
            meant.append(means)
            at = self._after(text, sentence.end())
        twice = meant.count("others") > 1
        return bits if set(meant) in _TOGETHER and not twice else None

    def _after(self, text: str, at: int) -> int:
        """The place after what stands between two sentences."""
        found = self._between.match(text, at)
        return found.end() if found else at


def _filled(form: str, signs: Mapping[str, str]) -> str:
    parts = re.split(r"(\{\}|[,#])", form)
    return "".join(signs.get(part, re.escape(alike(part))) for part in parts)


def _any(words: Iterable[str]) -> str:
    return "|".join(re.escape(word) for word in sorted(words, key=len, reverse=True))
