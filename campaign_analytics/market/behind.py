"""What is behind counts, cubes and indexes: the market that they were made of, and where it is to be found."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from campaign_analytics.words import say

if TYPE_CHECKING:
    from campaign_analytics.market.schema import Market


class Print(NamedTuple):
    """What a file was like when it was read."""

    bytes: int
    at: int  # nanoseconds since 1970: when it was last written
    hash: str = ""  # of what it holds; "" = not taken


@dataclass(frozen=True)
class Files:
    """A market in files of typed columns, as it was read."""

    place: str  # the folder or glob, from the root on
    prints: Mapping[str, Print]  # by file, from the root on


@dataclass(frozen=True, eq=False)
class Behind:
    """The market of which counts or codes are left, and what these are called."""

    kind: str  # counts_of, cube_of or index_of, as the words call it
    place: str = ""  # what people call it: a folder, a glob or an address; "" = a market that was held in memory
    source: Files | Market | None = None  # where it can be asked again; None = nowhere

    def say(self, lang: str = "en") -> str:
        """What is left, and of what: "the cube of exports"."""
        return say(self.kind, lang, place=self.place or say("held_market", lang))

    def __str__(self) -> str:
        return self.say()
