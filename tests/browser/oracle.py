"""What the page ought to show: the core's answer to a rulebook changed by hand, from a fresh assessment."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import campaign_analytics as ca
from campaign_analytics.dashboard.sliders import spelled


class Oracle:
    """A market under its rulebook, and under changes of it."""

    def __init__(self, folder: Path) -> None:
        self.book = ca.load_rulebook("spring_2024", variant="corrected")
        self.market = ca.read_market(folder, self.book)
        self.before = ca.assess(self.market, self.book)

    def numbers(self, **places: int) -> dict[str, int]:
        """The numbers of a dashboard whose sliders stand at these places."""
        values = {name: spelled(self.book, name, self.book.places(name)[place]) for name, place in places.items()}
        after = ca.assess(self.market, self.book.set(values)) if values else self.before
        was, now = (each.verdicts()["verdict"] for each in (self.before, after))
        did, does = was == "pre_qualified", now == "pre_qualified"
        return {
            "baseline": int(did.sum()),
            "qualifying": int(does.sum()),
            "change": int(does.sum() - did.sum()),
            "gained": int((does & ~did).sum()),
            "lost": int((did & ~does).sum()),
            "undetermined": int((now == "undetermined").sum()),
            "merchants": len(after.merchants(verdict="pre_qualified")),
        }

    def label(self, parameter: str, lang: str = "en") -> str:
        """How a slider's name begins."""
        return self.book.parameters[parameter].label(lang, parameter)

    def place(self, parameter: str, told: str, lang: str = "en") -> int:
        """Which place a slider means by what it tells."""
        texts = [self.book.show(parameter, value, lang) for value in self.book.places(parameter)]
        return texts.index(told)

    def base(self, parameter: str) -> int:
        """The place of the baseline's value."""
        value: Any = self.book.values[parameter]
        return list(self.book.places(parameter)).index(value)

    def last(self, parameter: str) -> int:
        """The last place."""
        return len(self.book.places(parameter)) - 1
