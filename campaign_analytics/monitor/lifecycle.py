"""The life of an application: which state may follow which, and in which of them rules hold."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from importlib import resources
from typing import Any

import numpy as np

from campaign_analytics.errors import CampaignError
from campaign_analytics.market.schema import Array, Cells
from campaign_analytics.rulebook.values import did_you_mean

#: The code of a state that is not known.
NO_STATE = -1


@dataclass(frozen=True)
class Moves:
    """What became of applications on one day."""

    before: Array  # (n,) codes of the states that they were in
    after: Array  # (n,) codes of those that they are in now; a refused move leaves them where they were
    refused: Array  # (n,) bool
    breach: Array  # (n,) bool, of the refused: what may be done only earlier, such as a withdrawal


@dataclass(frozen=True, eq=False)
class Lifecycle:
    """States and the moves between them. Codes are places in ``names``."""

    states: Mapping[str, Mapping[str, Any]]
    since: Mapping[str, tuple[str, ...]]  # from when on rules may hold -> the columns that tell when it was

    @cached_property
    def names(self) -> tuple[str, ...]:
        return tuple(self.states)

    @cached_property
    def reach(self) -> Array:
        """(states, states) bool: whether the second may follow the first, also over others."""
        size = len(self.names)
        reach = np.eye(size, dtype=bool)
        for name, state in self.states.items():
            for after in state["to"]:
                reach[self.code(name), self.code(after)] = True
        for _ in range(size):
            reach |= (reach.astype(int) @ reach.astype(int)) > 0
        return reach

    def code(self, state: str) -> int:
        """The code of a state. Raises ``CampaignError`` for one that there is not."""
        if state not in self.states:
            near = did_you_mean(state, self.names)
            raise CampaignError(f"no state {state!r}{near}; there are: {', '.join(self.names)}")
        return self.names.index(state)

    def allows(self, before: str, after: str) -> bool:
        """Whether an application may be seen in the one state, and later in the other."""
        return bool(self.reach[self.code(before), self.code(after)])

    def holding(self, start: str) -> Array:
        """(states,) bool: those in which rules hold, if they do from ``start`` on."""
        return self._where("holds", start)

    def result(self, result: str) -> Array:
        """(states,) bool: those in which the platform has decided so."""
        return self._where("result", result)

    def seen(self, status: Cells | None, rows: int) -> Array:
        """(rows,) the codes of a column of states; one that is missing, or not known here, is ``NO_STATE``."""
        if status is None or not status.names:
            return np.full(rows, NO_STATE, np.int8)
        known = [self.names.index(name) if name in self.states else NO_STATE for name in status.names]
        return np.where(status.gone, NO_STATE, np.array(known, np.int8)[status.values]).astype(np.int8)

    def move(self, before: Array, seen: Array, approved: Array) -> Moves:
        """Move applications (n,) from the states ``before`` to those that are seen, as far as that may be.

        ``approved`` (n,) bool: who is known to have been approved, whichever state was seen last.
        """
        known = before != NO_STATE
        late = self._where("before", "approval")[seen] & (seen != NO_STATE) & approved
        approved_state = np.argmax(self.result("approved"))
        earlier = known & ~self.result("approved")[before] & self.reach[before, approved_state]
        before = np.where(late & (earlier | ~known), approved_state, before).astype(np.int8)
        refused = (before != NO_STATE) & (seen != NO_STATE) & ~self.reach[before, seen]
        after = np.where(refused | (seen == NO_STATE), before, seen).astype(np.int8)
        breach = refused & self._where("before", "approval")[seen] & self.result("approved")[before]
        return Moves(before, after, refused, breach)

    def _where(self, key: str, value: str) -> Array:
        said: Iterable[Any] = (state.get(key, ()) for state in self.states.values())
        return np.array([value == each or value in each for each in said])


@cache
def lifecycle() -> Lifecycle:
    """As ``lifecycle.toml`` says."""
    said = tomllib.loads(resources.files(__package__).joinpath("lifecycle.toml").read_text("utf-8"))
    return Lifecycle(said["states"], {name: tuple(columns) for name, columns in said["since"].items()})
