"""What can go wrong, said for the person who can mend it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass


class CampaignError(Exception):
    """Base of every error that a user can mend: what is wrong, where, what was expected, what to do."""


class MarketError(CampaignError):
    """A market that can't be read at all: no such folder, no usable table, a required key column absent."""


class ValueFault(CampaignError, ValueError):
    """One value that is not of its type, or not among those allowed."""


def shown(given: object) -> str:
    """What was given, in one line: a value, or what kind of thing it is."""
    return repr(given) if given is None or isinstance(given, str | bytes | int | float) else type(given).__name__


@dataclass(frozen=True)
class Fault:
    """One fault of a rulebook or a scenario: where it stands and what to do about it."""

    place: str  # dotted path in the file, such as rules.growth.condition
    message: str
    line: int | None = None
    file: str = ""

    def __str__(self) -> str:
        where = f"{self.file}:{self.line}" if self.line else self.file
        return ": ".join(part for part in (where, self.place, self.message) if part)


class RulebookError(CampaignError):
    """A rulebook, or a scenario of one, that is refused, with every fault found in it, in the order of its lines."""

    def __init__(self, faults: Iterable[Fault]) -> None:
        self.faults = tuple(faults)
        super().__init__("\n".join(map(str, self.faults)))


class RulebookWarning(UserWarning):
    """Something in a loaded rulebook that its reader should know, such as a probable misprint of the notice."""


class MarketWarning(UserWarning):
    """Something about data that its user should know, such as an index that is older than its market."""
