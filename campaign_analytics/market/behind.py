"""What is behind counts, cubes and indexes: the market that they were made of."""

from __future__ import annotations

from dataclasses import dataclass

from campaign_analytics.words import say


@dataclass(frozen=True)
class Behind:
    """The market of which counts or codes are left, and what these are called."""

    kind: str  # counts_of, cube_of or index_of, as the words call it
    place: str = ""  # a folder, a glob or an address; "" = a market that was held in memory

    def say(self, lang: str = "en") -> str:
        """What is left, and of what: "the cube of exports"."""
        return say(self.kind, lang, place=self.place or say("held_market", lang))

    def __str__(self) -> str:
        return self.say()
